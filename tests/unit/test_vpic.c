/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vpic.c */
/* The virtual pair of 8259As, driven as a kernel and as firmware do: initialisation, lines, reading. */
#include "vpic_helpers.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(before_initialisation_everything_is_masked), T(each_input_has_its_vector), T(the_cascade_input_is_not_a_line),
        T(vcpu_0_is_notified_when_the_output_rises), T(vms_have_their_own_chips),
        T(ports_that_are_not_its_own_do_nothing), T(icw1_starts_over), T(a_chip_in_initialisation_requests_nothing),
        T(icw2_gives_the_upper_five_bits), T(single_mode_has_no_icw3), T(without_icw4_initialisation_ends_after_icw3),
        T(a_pulse_on_an_edge_input_stays_latched), T(an_edge_input_that_stays_high_requests_once),
        T(a_level_input_requests_as_long_as_it_is_high), T(elcr_keeps_isa_inputs_edge_triggered),
        T(an_input_that_turns_to_level_shows_its_line), T(spurious_interrupts_are_input_7_with_nothing_in_service),
        T(ocw3_selects_what_is_read), T(polling_acknowledges), T(a_probe_finds_the_mask_register),
        T(icw1_forgets_every_mode), T(icw1_cancels_a_poll), T(icw1_ends_automatic_rotation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
