/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vpic.c */
/* The virtual pair of 8259As: priorities, masks and ends of interrupts. */
#include "vpic_helpers.h"

/* ---- priorities ---- */

/* REQ-INT-014 */
static void lower_inputs_have_priority(void **state)
{
    (void)state;
    raise_irq(7U);
    raise_irq(3U);
    raise_irq(10U); /* by the cascade, input 2 */
    assert_int_equal(vpic_acknowledge(GUEST), 0x3AU);
    out(SLAVE, EOI);
    out(MASTER, EOI);
    assert_int_equal(vpic_acknowledge(GUEST), 0x33U);
    out(MASTER, EOI);
    assert_int_equal(vpic_acknowledge(GUEST), 0x37U);
}

static void in_service_blocks_its_own_and_lower_priorities(void **state)
{
    (void)state;
    pulse(4U);
    (void)vpic_acknowledge(GUEST);
    pulse(4U);
    pulse(5U);
    assert_false(vpic_pending(GUEST));
    pulse(3U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x33U); /* nested */
    assert_int_equal(in_service(MASTER), 0x18U);
}

/* REQ-INT-014 */
static void nonspecific_eoi_ends_the_highest_priority(void **state)
{
    (void)state;
    raise_irq(4U);
    (void)vpic_acknowledge(GUEST);
    raise_irq(3U);
    (void)vpic_acknowledge(GUEST);
    out(MASTER, EOI);
    assert_int_equal(in_service(MASTER), 0x10U);
}

static void specific_eoi_ends_the_named_input(void **state)
{
    (void)state;
    raise_irq(4U);
    (void)vpic_acknowledge(GUEST);
    raise_irq(3U);
    (void)vpic_acknowledge(GUEST);
    out(MASTER, 0x60U | 4U);
    assert_int_equal(in_service(MASTER), 0x08U);
}

static void masks_hold_requests_back(void **state)
{
    (void)state;
    out(MASTER + 1U, 0x10U);
    raise_irq(4U);
    assert_false(vpic_pending(GUEST));
    assert_int_equal(requests(MASTER), 0x10U);
    out(MASTER + 1U, 0U);
    assert_true(vpic_pending(GUEST));
}

static void masking_the_slave_takes_its_request_back(void **state)
{
    (void)state;
    raise_irq(9U);
    assert_true(vpic_pending(GUEST));
    out(SLAVE + 1U, 0x02U);
    assert_false(vpic_pending(GUEST));
    assert_int_equal(requests(MASTER), 0U);
}

static void the_slave_is_blocked_while_its_cascade_is_in_service(void **state)
{
    (void)state;
    pulse(12U);
    (void)vpic_acknowledge(GUEST);
    pulse(8U); /* higher on the slave, same input on the master */
    assert_false(vpic_pending(GUEST));
    out(MASTER, EOI);
    assert_int_equal(vpic_acknowledge(GUEST), 0x38U);
}

static void special_fully_nested_mode_lets_the_slave_nest(void **state)
{
    (void)state;
    chip_init(MASTER, 0x30U, 4U, 0x11U);
    pulse(12U);
    (void)vpic_acknowledge(GUEST);
    pulse(13U);
    assert_false(vpic_pending(GUEST)); /* lower on the slave */
    pulse(8U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x38U);
}

static void special_mask_mode_lets_lower_priorities_through(void **state)
{
    (void)state;
    pulse(3U);
    (void)vpic_acknowledge(GUEST);
    pulse(6U);
    out(MASTER + 1U, 0x08U);
    assert_false(vpic_pending(GUEST));
    out(MASTER, 0x68U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x36U);
    out(MASTER, EOI); /* irq 3 is masked and does not count */
    assert_int_equal(in_service(MASTER), 0x08U);
    out(MASTER, 0x48U);
    pulse(6U);
    assert_false(vpic_pending(GUEST));
}

static void rotation_on_eoi_gives_the_ended_input_the_lowest_priority(void **state)
{
    (void)state;
    pulse(1U);
    (void)vpic_acknowledge(GUEST);
    out(MASTER, 0xA0U);
    pulse(1U);
    pulse(3U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x33U);
    out(MASTER, 0xE0U | 3U);
    pulse(3U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x31U);
}

static void after_rotation_the_next_input_is_highest(void **state)
{
    (void)state;
    pulse(3U);
    (void)vpic_acknowledge(GUEST);
    out(MASTER, 0xA0U);
    pulse(3U);
    pulse(4U);
    pulse(5U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x34U);
}

static void rotation_without_service_changes_nothing(void **state)
{
    (void)state;
    out(MASTER, 0xA0U);
    pulse(0U);
    pulse(1U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x30U);
}

static void reading_leaves_modes_alone(void **state)
{
    (void)state;
    out(MASTER, 0x68U); /* special mask */
    pulse(3U);
    (void)vpic_acknowledge(GUEST);
    out(MASTER, READ_ISR);
    out(MASTER + 1U, 0x08U);
    pulse(6U);
    assert_true(vpic_pending(GUEST));
    out(MASTER, 0x08U); /* neither read command nor special mask */
    assert_int_equal(in(MASTER), 0x08U);
}

static void set_priority_names_the_lowest(void **state)
{
    (void)state;
    out(MASTER, 0xC0U | 4U);
    pulse(0U);
    pulse(5U);
    pulse(4U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x35U);
    out(MASTER, EOI);
    assert_int_equal(vpic_acknowledge(GUEST), 0x30U);
    out(MASTER, EOI);
    assert_int_equal(vpic_acknowledge(GUEST), 0x34U);
}

static void ocw2_without_operation_changes_nothing(void **state)
{
    (void)state;
    pulse(1U);
    (void)vpic_acknowledge(GUEST);
    out(MASTER, 0x40U);
    assert_int_equal(in_service(MASTER), 0x02U);
}

/* ---- automatic EOI ---- */

static void automatic_eoi_leaves_nothing_in_service(void **state)
{
    (void)state;
    chip_init(MASTER, 0x30U, 4U, 0x03U);
    pulse(5U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x35U);
    assert_int_equal(in_service(MASTER), 0U);
    pulse(6U);
    assert_true(vpic_pending(GUEST));
}

static void automatic_eoi_may_rotate(void **state)
{
    (void)state;
    chip_init(MASTER, 0x30U, 4U, 0x03U);
    out(MASTER, 0x80U);
    pulse(1U);
    (void)vpic_acknowledge(GUEST);
    pulse(1U);
    pulse(7U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x37U);
    out(MASTER, 0x00U); /* rotation off: the order stays */
    pulse(0U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x30U);
    pulse(0U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x30U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(lower_inputs_have_priority), T(in_service_blocks_its_own_and_lower_priorities),
        T(nonspecific_eoi_ends_the_highest_priority), T(specific_eoi_ends_the_named_input), T(masks_hold_requests_back),
        T(masking_the_slave_takes_its_request_back), T(the_slave_is_blocked_while_its_cascade_is_in_service),
        T(special_fully_nested_mode_lets_the_slave_nest), T(special_mask_mode_lets_lower_priorities_through),
        T(rotation_on_eoi_gives_the_ended_input_the_lowest_priority), T(set_priority_names_the_lowest),
        T(ocw2_without_operation_changes_nothing), T(automatic_eoi_leaves_nothing_in_service),
        T(automatic_eoi_may_rotate), T(after_rotation_the_next_input_is_highest),
        T(rotation_without_service_changes_nothing), T(reading_leaves_modes_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
