/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vpic.c */
/* The virtual pair of 8259As, driven as a kernel and as firmware do. */
#include "device_stubs.h"

#include "devices/vpic.h"

#define MASTER 0x20U
#define SLAVE  0xA0U
#define EOI    0x20U
#define READ_IRR 0x0AU
#define READ_ISR 0x0BU
#define POLL   0x0CU

static void out(uint32_t port, uint32_t value) { vpic_port_write(GUEST, (uint16_t)port, value); }
static uint32_t in(uint32_t port) { return vpic_port_read(GUEST, (uint16_t)port); }

static void chip_init(uint32_t port, uint32_t base, uint32_t icw3, uint32_t icw4)
{
    out(port, 0x11U);
    out(port + 1U, base);
    out(port + 1U, icw3);
    out(port + 1U, icw4);
}

static int setup(void **state)
{
    (void)state;
    stubs_reset();
    vpic_reset(GUEST);
    vpic_reset(GUEST + 1U);
    chip_init(MASTER, 0x30U, 4U, 1U);
    chip_init(SLAVE, 0x38U, 2U, 1U);
    return 0;
}

static void raise_irq(uint32_t irq) { vpic_set_line(GUEST, irq, true); }
static void pulse(uint32_t irq)
{
    vpic_set_line(GUEST, irq, true);
    vpic_set_line(GUEST, irq, false);
}

static uint32_t in_service(uint32_t port)
{
    out(port, READ_ISR);
    return in(port);
}

static uint32_t requests(uint32_t port)
{
    out(port, READ_IRR);
    return in(port);
}

/* ---- basics ---- */

static void before_initialisation_everything_is_masked(void **state)
{
    (void)state;
    vpic_reset(GUEST);
    for (uint32_t irq = 0U; irq < 16U; irq++) {
        pulse(irq);
    }
    assert_false(vpic_pending(GUEST));
    assert_int_equal(in(MASTER + 1U), 0xFFU);
}

static void each_input_has_its_vector(void **state)
{
    (void)state;
    for (uint32_t irq = 0U; irq < 16U; irq++) {
        if (irq == 2U) {
            continue;
        }
        raise_irq(irq);
        assert_true(vpic_pending(GUEST));
        assert_int_equal(vpic_acknowledge(GUEST), 0x30U + irq);
        assert_false(vpic_pending(GUEST));
        if (irq >= 8U) {
            out(SLAVE, EOI);
        }
        out(MASTER, EOI);
        assert_int_equal(in_service(MASTER) | in_service(SLAVE), 0U);
    }
}

static void the_cascade_input_is_not_a_line(void **state)
{
    (void)state;
    raise_irq(2U);
    raise_irq(16U);
    raise_irq(0xFFFFFFFFU);
    assert_false(vpic_pending(GUEST));
}

static void vcpu_0_is_notified_when_the_output_rises(void **state)
{
    (void)state;
    raise_irq(4U);
    assert_int_equal(notified[CPU(0)], 1U);
    raise_irq(5U); /* the output is high already */
    assert_int_equal(notified[CPU(0)], 1U);
    (void)vpic_acknowledge(GUEST);
    out(MASTER, EOI); /* irq 5 is next */
    assert_int_equal(notified[CPU(0)], 2U);
    assert_int_equal(notified[CPU(1)], 0U);
}

/* REQ-INT-014 */
static void vms_have_their_own_chips(void **state)
{
    (void)state;
    raise_irq(4U);
    assert_false(vpic_pending(GUEST + 1U));
    assert_int_equal(notified[vcpu_id(GUEST + 1U, 0U)], 0U);
}

static void ports_that_are_not_its_own_do_nothing(void **state)
{
    (void)state;
    out(0x22U, 0xFFU);
    assert_int_equal(in(0x22U), 0xFFU);
    assert_int_equal(in(MASTER + 1U), 0U);
}

/* ---- initialisation ---- */

static void icw1_starts_over(void **state)
{
    (void)state;
    out(MASTER + 1U, 0xF0U);
    raise_irq(1U);
    (void)vpic_acknowledge(GUEST);
    raise_irq(3U);
    chip_init(MASTER, 0x40U, 4U, 1U);
    assert_int_equal(in(MASTER + 1U), 0U);
    assert_int_equal(in_service(MASTER), 0U);
    assert_int_equal(requests(MASTER), 0U); /* the edge is forgotten */
    vpic_set_line(GUEST, 3U, false);
    raise_irq(3U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x43U);
}

static void a_chip_in_initialisation_requests_nothing(void **state)
{
    (void)state;
    out(MASTER, 0x11U);
    pulse(1U);
    assert_false(vpic_pending(GUEST));
    out(MASTER + 1U, 0x50U);
    out(MASTER + 1U, 4U);
    out(MASTER + 1U, 1U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x51U);
}

static void icw2_gives_the_upper_five_bits(void **state)
{
    (void)state;
    chip_init(MASTER, 0x77U, 4U, 1U);
    raise_irq(3U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x73U);
}

static void single_mode_has_no_icw3(void **state)
{
    (void)state;
    out(MASTER, 0x12U); /* single, no ICW4 */
    out(MASTER + 1U, 0x60U);
    out(MASTER + 1U, 0xFEU); /* already the mask */
    assert_int_equal(in(MASTER + 1U), 0xFEU);
    out(MASTER, 0x13U); /* single, with ICW4 */
    out(MASTER + 1U, 0x60U);
    out(MASTER + 1U, 0x01U);
    out(MASTER + 1U, 0x5AU);
    assert_int_equal(in(MASTER + 1U), 0x5AU);
}

static void without_icw4_initialisation_ends_after_icw3(void **state)
{
    (void)state;
    out(MASTER, 0x10U);
    out(MASTER + 1U, 0x60U);
    out(MASTER + 1U, 4U);
    out(MASTER + 1U, 0x5AU);
    assert_int_equal(in(MASTER + 1U), 0x5AU);
}

static void icw1_forgets_every_mode(void **state)
{
    (void)state;
    chip_init(MASTER, 0x30U, 4U, 0x13U); /* automatic EOI, special fully nested */
    out(MASTER, 0x80U);                  /* rotating */
    out(MASTER, 0x68U);                  /* special mask */
    out(MASTER, 0xC0U | 3U);             /* input 3 lowest */
    out(MASTER, READ_ISR);
    out(MASTER, 0x10U); /* without ICW4 */
    out(MASTER + 1U, 0x30U);
    out(MASTER + 1U, 4U);
    raise_irq(5U);
    assert_int_equal(in(MASTER), 0x20U); /* reads requests */
    pulse(1U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x31U);
    assert_int_equal(in_service(MASTER), 0x02U); /* no automatic EOI */
    out(MASTER + 1U, 0x02U);
    assert_false(vpic_pending(GUEST)); /* no special mask: input 1 blocks 5 */
    out(MASTER + 1U, 0U);
    out(MASTER, EOI);
    vpic_set_line(GUEST, 12U, true);
    (void)vpic_acknowledge(GUEST);
    vpic_set_line(GUEST, 8U, true);
    assert_false(vpic_pending(GUEST)); /* not specially nested */
}

static void icw1_cancels_a_poll(void **state)
{
    (void)state;
    out(MASTER, POLL);
    chip_init(MASTER, 0x30U, 4U, 1U);
    raise_irq(5U);
    assert_int_equal(in(MASTER), 0x20U);
    assert_true(vpic_pending(GUEST));
}

static void icw1_ends_automatic_rotation(void **state)
{
    (void)state;
    out(MASTER, 0x80U);
    chip_init(MASTER, 0x30U, 4U, 0x03U);
    pulse(3U);
    (void)vpic_acknowledge(GUEST);
    pulse(3U);
    pulse(4U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x33U);
}

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

/* ---- lines ---- */

static void a_pulse_on_an_edge_input_stays_latched(void **state)
{
    (void)state;
    pulse(4U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x34U);
    out(MASTER, EOI);
    assert_false(vpic_pending(GUEST));
}

static void an_edge_input_that_stays_high_requests_once(void **state)
{
    (void)state;
    raise_irq(4U);
    (void)vpic_acknowledge(GUEST);
    out(MASTER, EOI);
    raise_irq(4U);
    assert_false(vpic_pending(GUEST));
}

static void a_level_input_requests_as_long_as_it_is_high(void **state)
{
    (void)state;
    out(0x4D1U, 0x08U); /* irq 11 */
    raise_irq(11U);
    assert_int_equal(vpic_acknowledge(GUEST), 0x3BU);
    out(SLAVE, EOI);
    out(MASTER, EOI);
    assert_true(vpic_pending(GUEST));
    vpic_set_line(GUEST, 11U, false);
    assert_false(vpic_pending(GUEST));
}

static void elcr_keeps_isa_inputs_edge_triggered(void **state)
{
    (void)state;
    out(0x4D0U, 0xFFU);
    out(0x4D1U, 0xFFU);
    assert_int_equal(in(0x4D0U), 0xF8U);
    assert_int_equal(in(0x4D1U), 0xDEU);
}

static void an_input_that_turns_to_level_shows_its_line(void **state)
{
    (void)state;
    pulse(5U);
    raise_irq(6U);
    (void)vpic_acknowledge(GUEST); /* irq 5 */
    out(MASTER, EOI);
    (void)vpic_acknowledge(GUEST); /* irq 6 */
    out(MASTER, EOI);
    pulse(5U);
    out(0x4D0U, 0x60U);
    assert_int_equal(requests(MASTER), 0x40U); /* 5 is low, 6 is high */
}

/* ---- reading and polling ---- */

/* REQ-INT-014 */
static void spurious_interrupts_are_input_7_with_nothing_in_service(void **state)
{
    (void)state;
    assert_int_equal(vpic_acknowledge(GUEST), 0x37U);
    assert_int_equal(in_service(MASTER), 0U);
}

static void ocw3_selects_what_is_read(void **state)
{
    (void)state;
    raise_irq(4U);
    (void)vpic_acknowledge(GUEST);
    pulse(6U);
    assert_int_equal(in_service(MASTER), 0x10U);
    assert_int_equal(in(MASTER), 0x10U); /* and stays selected */
    assert_int_equal(requests(MASTER), 0x40U);
}

static void polling_acknowledges(void **state)
{
    (void)state;
    out(MASTER, POLL);
    assert_int_equal(in(MASTER), 0U);
    raise_irq(4U);
    out(MASTER, POLL);
    assert_int_equal(in(MASTER), 0x84U);
    assert_int_equal(in_service(MASTER), 0x10U);
    assert_false(vpic_pending(GUEST));
}

static void a_probe_finds_the_mask_register(void **state)
{
    (void)state;
    out(SLAVE + 1U, 0xFFU);
    out(MASTER + 1U, 0xFBU);
    assert_int_equal(in(MASTER + 1U), 0xFBU);
    assert_int_equal(in(SLAVE + 1U), 0xFFU);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(before_initialisation_everything_is_masked), T(each_input_has_its_vector),
        T(the_cascade_input_is_not_a_line), T(vcpu_0_is_notified_when_the_output_rises), T(vms_have_their_own_chips),
        T(ports_that_are_not_its_own_do_nothing), T(icw1_starts_over), T(a_chip_in_initialisation_requests_nothing),
        T(icw2_gives_the_upper_five_bits), T(single_mode_has_no_icw3),
        T(without_icw4_initialisation_ends_after_icw3), T(lower_inputs_have_priority),
        T(in_service_blocks_its_own_and_lower_priorities), T(nonspecific_eoi_ends_the_highest_priority),
        T(specific_eoi_ends_the_named_input), T(masks_hold_requests_back),
        T(masking_the_slave_takes_its_request_back), T(the_slave_is_blocked_while_its_cascade_is_in_service),
        T(special_fully_nested_mode_lets_the_slave_nest), T(special_mask_mode_lets_lower_priorities_through),
        T(rotation_on_eoi_gives_the_ended_input_the_lowest_priority), T(set_priority_names_the_lowest),
        T(ocw2_without_operation_changes_nothing), T(automatic_eoi_leaves_nothing_in_service),
        T(automatic_eoi_may_rotate), T(a_pulse_on_an_edge_input_stays_latched),
        T(an_edge_input_that_stays_high_requests_once), T(a_level_input_requests_as_long_as_it_is_high),
        T(elcr_keeps_isa_inputs_edge_triggered), T(an_input_that_turns_to_level_shows_its_line),
        T(spurious_interrupts_are_input_7_with_nothing_in_service), T(ocw3_selects_what_is_read),
        T(polling_acknowledges), T(a_probe_finds_the_mask_register),
        T(icw1_forgets_every_mode), T(icw1_cancels_a_poll), T(icw1_ends_automatic_rotation),
        T(after_rotation_the_next_input_is_highest), T(rotation_without_service_changes_nothing), T(reading_leaves_modes_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
