/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c
   devices/vlapic_timer.c devices/vlapic_ipi.c */
/* Acceptance, priority, registers and errors of the virtual local APIC. */
#include "vlapic_setup.h"

/* ---- acceptance and priority ---- */

static void nothing_is_pending_after_reset(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < GUEST_VCPUS; i++) {
        assert_int_equal(vlapic_pending(CPU(i)), VECTOR_NONE);
    }
}

/* REQ-INT-011 */
static void every_legal_vector_is_accepted_and_ended(void **state)
{
    (void)state;
    for (uint32_t vector = 16U; vector < 256U; vector++) {
        vlapic_post(CPU(1), vector, false);
        assert_int_equal(take_interrupt(CPU(1)), vector);
        assert_false(requested(CPU(1), vector));
        assert_int_equal(apic_read(CPU(1), 0x100U + ((vector >> 5U) * 16U)), 1U << (vector & 31U));
        apic_write(CPU(1), 0xB0U, 0U);
        assert_int_equal(apic_read(CPU(1), 0x100U + ((vector >> 5U) * 16U)), 0U);
    }
}

/* REQ-INT-011 */
static void the_highest_request_comes_first(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 0x31U, false);
    vlapic_post(CPU(0), 0xF0U, false);
    vlapic_post(CPU(0), 0x80U, false);
    assert_int_equal(take_interrupt(CPU(0)), 0xF0U);
    apic_write(CPU(0), 0xB0U, 0U);
    assert_int_equal(take_interrupt(CPU(0)), 0x80U);
    apic_write(CPU(0), 0xB0U, 0U);
    assert_int_equal(take_interrupt(CPU(0)), 0x31U);
}

/* REQ-INT-011 */
static void an_interrupt_in_service_blocks_its_class_and_below(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 0x55U, false);
    (void)take_interrupt(CPU(0));
    assert_int_equal(apic_read(CPU(0), 0xA0U), 0x50U);
    vlapic_post(CPU(0), 0x5FU, false);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    vlapic_post(CPU(0), 0x60U, false);
    assert_int_equal(vlapic_pending(CPU(0)), 0x60U);
}

static void eoi_ends_the_highest_in_service_and_lets_the_next_through(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 0x40U, false);
    (void)take_interrupt(CPU(0));
    vlapic_post(CPU(0), 0x90U, false);
    (void)take_interrupt(CPU(0));
    vlapic_post(CPU(0), 0x50U, false);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    apic_write(CPU(0), 0xB0U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x100U + (2U * 16U)), 1U); /* 0x40 still in service */
    assert_int_equal(vlapic_pending(CPU(0)), 0x50U);
}

/* REQ-INT-011 */
static void tpr_blocks_its_class_and_below(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 0x7FU, false);
    apic_write(CPU(0), 0x80U, 0x70U);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    apic_write(CPU(0), 0x80U, 0x6FU);
    assert_int_equal(vlapic_pending(CPU(0)), 0x7FU);
}

static void ppr_is_tpr_or_the_class_in_service_whichever_is_higher(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x80U, 0x3AU);
    assert_int_equal(apic_read(CPU(0), 0xA0U), 0x3AU);
    vlapic_post(CPU(0), 0x47U, false);
    (void)take_interrupt(CPU(0));
    assert_int_equal(apic_read(CPU(0), 0xA0U), 0x40U);
    apic_write(CPU(0), 0x80U, 0x41U);
    assert_int_equal(apic_read(CPU(0), 0xA0U), 0x41U);
}

static void cr8_is_the_upper_half_of_tpr(void **state)
{
    (void)state;
    vlapic_set_cr8(CPU(0), 9U);
    assert_int_equal(apic_read(CPU(0), 0x80U), 0x90U);
    apic_write(CPU(0), 0x80U, 0xC7U);
    assert_int_equal(vlapic_cr8(CPU(0)), 0xCU);
}

static void accepting_what_was_not_requested_changes_nothing(void **state)
{
    (void)state;
    vlapic_accepted(CPU(0), 0x44U);
    vlapic_accepted(CPU(0), VECTOR_EXTINT);
    vlapic_accepted(CPU(0), VECTOR_NONE);
    for (uint32_t i = 0U; i < 8U; i++) {
        assert_int_equal(apic_read(CPU(0), 0x100U + (i * 16U)), 0U);
    }
}

static void eoi_without_service_is_harmless(void **state)
{
    (void)state;
    apic_write(CPU(0), 0xB0U, 0U);
    assert_int_equal(eoi_count, 0U);
}

static void only_level_interrupts_send_their_eoi_to_the_ioapic(void **state)
{
    (void)state;
    vlapic_post(CPU(2), 0x61U, true);
    (void)take_interrupt(CPU(2));
    apic_write(CPU(2), 0xB0U, 0U);
    assert_int_equal(eoi_count, 1U);
    assert_int_equal(eoi_vector, 0x61U);
    vlapic_post(CPU(2), 0x61U, false); /* the same vector, now an edge */
    (void)take_interrupt(CPU(2));
    apic_write(CPU(2), 0xB0U, 0U);
    assert_int_equal(eoi_count, 1U);
}

static void tmr_shows_the_trigger_mode(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 0x65U, true);
    assert_int_equal(apic_read(CPU(0), 0x180U + (3U * 16U)), 0x20U);
    vlapic_post(CPU(0), 0x65U, false);
    assert_int_equal(apic_read(CPU(0), 0x180U + (3U * 16U)), 0U);
}

static void requests_of_one_word_do_not_disturb_each_other(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 0x51U, true);
    vlapic_post(CPU(0), 0x52U, false);
    vlapic_post(CPU(0), 0x53U, true);
    assert_true(requested(CPU(0), 0x51U) && requested(CPU(0), 0x52U) && requested(CPU(0), 0x53U));
    assert_int_equal(apic_read(CPU(0), 0x180U + (2U * 16U)), 0xAU << 16U);
    assert_int_equal(take_interrupt(CPU(0)), 0x53U);
    assert_true(requested(CPU(0), 0x51U) && requested(CPU(0), 0x52U));
}

static void reset_leaves_the_manuals_values(void **state)
{
    static const struct { uint32_t offset, value; } reg[] = {
        { 0x80U, 0U }, { 0xD0U, 0U }, { 0xE0U, 0xFFFFFFFFU }, { 0xF0U, 0xFFU }, { 0x280U, 0U }, { 0x300U, 0U },
        { 0x310U, 0U }, { 0x320U, 0x10000U }, { 0x330U, 0x10000U }, { 0x340U, 0x10000U }, { 0x350U, 0x10000U },
        { 0x360U, 0x400U }, { 0x370U, 0x10000U }, { 0x380U, 0U }, { 0x390U, 0U }, { 0x3E0U, 0U },
    };
    (void)state;
    vlapic_reset(CPU(1));
    for (size_t i = 0U; i < sizeof(reg) / sizeof(reg[0]); i++) {
        assert_int_equal(apic_read(CPU(1), reg[i].offset), reg[i].value);
    }
    vlapic_reset(CPU(0));
    assert_int_equal(apic_read(CPU(0), 0x350U), 0x700U); /* virtual wire */
}

/* ---- software disable ---- */

static void a_software_disabled_apic_drops_fixed_interrupts(void **state)
{
    (void)state;
    apic_write(CPU(0), 0xF0U, 0xFFU);
    vlapic_post(CPU(0), 0x50U, false);
    apic_write(CPU(0), 0xF0U, 0x1FFU);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
}

static void what_was_requested_before_software_disable_stays_deliverable(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 0x50U, false);
    apic_write(CPU(0), 0xF0U, 0xFFU);
    assert_int_equal(vlapic_pending(CPU(0)), 0x50U);
}

static void software_disable_sets_every_lvt_mask_until_enabled(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x320U, 0x40U);
    apic_write(CPU(0), 0xF0U, 0xFFU);
    for (uint32_t offset = 0x320U; offset <= 0x370U; offset += 0x10U) {
        assert_int_equal(apic_read(CPU(0), offset) & 0x10000U, 0x10000U);
        apic_write(CPU(0), offset, 0x41U);
        assert_int_equal(apic_read(CPU(0), offset), 0x10041U);
    }
    apic_write(CPU(0), 0xF0U, 0x1FFU);
    apic_write(CPU(0), 0x320U, 0x40U);
    assert_int_equal(apic_read(CPU(0), 0x320U), 0x40U);
}

/* ---- virtual wire ---- */

static void the_pic_interrupts_vcpu_0_after_reset(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < GUEST_VCPUS; i++) {
        vlapic_reset(CPU(i));
    }
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    pic_output = true;
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_EXTINT);
    assert_int_equal(vlapic_pending(CPU(1)), VECTOR_NONE);
}

static void masking_lint0_or_another_mode_cuts_the_pic_off(void **state)
{
    (void)state;
    pic_output = true;
    apic_write(CPU(0), 0x350U, 0x700U);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_EXTINT);
    apic_write(CPU(0), 0x350U, 0x10700U);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    apic_write(CPU(0), 0x350U, 0x400U);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
}

static void tpr_does_not_hold_back_the_pic(void **state)
{
    (void)state;
    pic_output = true;
    apic_write(CPU(0), 0x350U, 0x700U);
    apic_write(CPU(0), 0x80U, 0xFFU);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_EXTINT);
}

static void with_the_apic_disabled_the_pic_is_wired_to_the_processor(void **state)
{
    (void)state;
    pic_output = true;
    msr_write(CPU(0), MSR_APIC_BASE, VLAPIC_BASE);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_EXTINT);
    pic_output = false;
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
}

/* ---- registers ---- */

static void the_id_is_the_vcpu_index_and_cannot_be_written(void **state)
{
    (void)state;
    assert_int_equal(apic_read(CPU(3), 0x20U), 3U << 24U);
    apic_write(CPU(3), 0x20U, 0x7000000U);
    assert_int_equal(apic_read(CPU(3), 0x20U), 3U << 24U);
}

static void the_version_says_six_lvts_and_no_eoi_suppression(void **state)
{
    (void)state;
    assert_int_equal(apic_read(CPU(0), 0x30U), 0x50014U);
}

static void registers_keep_only_their_writable_bits(void **state)
{
    static const struct { uint32_t offset, kept; } reg[] = {
        { 0x80U, 0xFFU }, { 0xD0U, 0xFF000000U }, { 0xE0U, 0xFFFFFFFFU }, { 0xF0U, 0x3FFU },
        { 0x320U, 0x700FFU }, { 0x330U, 0x107FFU }, { 0x340U, 0x107FFU }, { 0x350U, 0x1A7FFU },
        { 0x360U, 0x1A7FFU }, { 0x370U, 0x100FFU }, { 0x3E0U, 0xBU },
    };
    (void)state;
    for (size_t i = 0U; i < sizeof(reg) / sizeof(reg[0]); i++) {
        apic_write(CPU(0), reg[i].offset, 0xFFFFFFFFU);
        assert_int_equal(apic_read(CPU(0), reg[i].offset), reg[i].kept);
    }
    apic_write(CPU(0), 0xE0U, 0U);
    assert_int_equal(apic_read(CPU(0), 0xE0U), 0x0FFFFFFFU);
}

static void read_only_registers_ignore_writes(void **state)
{
    (void)state;
    for (uint32_t offset = 0x100U; offset < 0x280U; offset += 0x10U) {
        apic_write(CPU(0), offset, 0xFFFFFFFFU);
        assert_int_equal(apic_read(CPU(0), offset), 0U);
    }
    apic_write(CPU(0), 0x30U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x30U), 0x50014U);
    apic_write(CPU(0), 0xA0U, 0xFFU);
    assert_int_equal(apic_read(CPU(0), 0xA0U), 0U);
}

static void accesses_between_registers_read_zero(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x84U, 0xFFU);
    assert_int_equal(apic_read(CPU(0), 0x84U), 0U);
    assert_int_equal(apic_read(CPU(0), 0x80U), 0U);
    assert_int_equal(apic_read(CPU(0), 0xFFCU), 0U);
    assert_int_equal(apic_read(CPU(0), 0x400U), 0U);
    assert_int_equal(apic_read(CPU(0), 0xFFFFFFF0U), 0U);
}

/* ---- errors ---- */

static void errors_show_in_esr_after_a_write_to_it(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 15U, false);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0U);
    apic_write(CPU(0), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0x40U);
    apic_write(CPU(0), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0U);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
}

static void an_unknown_register_is_an_error(void **state)
{
    (void)state;
    (void)apic_read(CPU(0), 0x40U);
    apic_write(CPU(0), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0x80U);
    apic_write(CPU(0), 0x3F0U, 0x55U); /* SELF_IPI exists in x2APIC mode only */
    apic_write(CPU(0), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0x80U);
    assert_false(requested(CPU(0), 0x55U));
}

static void an_error_raises_its_lvt_once_until_esr_is_written(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x370U, 0xFEU);
    vlapic_post(CPU(0), 3U, false);
    assert_int_equal(take_interrupt(CPU(0)), 0xFEU);
    apic_write(CPU(0), 0xB0U, 0U);
    vlapic_post(CPU(0), 3U, false);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    apic_write(CPU(0), 0x280U, 0U);
    vlapic_post(CPU(0), 3U, false);
    assert_int_equal(vlapic_pending(CPU(0)), 0xFEU);
}

static void an_error_lvt_with_an_illegal_vector_ends_there(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x370U, 0x05U);
    vlapic_post(CPU(0), 3U, false);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
}

static void the_lowest_legal_error_vector_is_16(void **state)
{
    (void)state;
    apic_write(CPU(0), 0x370U, 0x10U);
    vlapic_post(CPU(0), 3U, false);
    assert_int_equal(vlapic_pending(CPU(0)), 0x10U);
    assert_int_equal(notified[CPU(0)], 1U);
}

static void errors_add_up_until_esr_is_written(void **state)
{
    (void)state;
    vlapic_post(CPU(0), 3U, false);
    apic_write(CPU(0), 0x300U, 0x40003U); /* IPI to itself with vector 3 */
    (void)apic_read(CPU(0), 0x40U);
    apic_write(CPU(0), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0xE0U);
}

static void a_software_disabled_apic_raises_no_error_interrupt(void **state)
{
    (void)state;
    apic_write(CPU(0), 0xF0U, 0xFFU);
    apic_write(CPU(0), 0x370U, 0x45U); /* stays masked while disabled */
    (void)apic_read(CPU(0), 0x40U);
    apic_write(CPU(0), 0xF0U, 0x1FFU);
    assert_false(requested(CPU(0), 0x45U));
}

static void registers_of_older_processors_read_zero_and_ignore_writes(void **state)
{
    static const uint32_t offset[] = { 0x90U, 0xB0U, 0xC0U }; /* APR, EOI, RRR */
    (void)state;
    for (uint32_t i = 0U; i < 3U; i++) {
        assert_int_equal(apic_read(CPU(0), offset[i]), 0U);
        apic_write(CPU(0), offset[i], 0xFFFFFFFFU);
        assert_int_equal(apic_read(CPU(0), offset[i]), 0U);
    }
    apic_write(CPU(0), 0x390U, 5U); /* current count */
    assert_int_equal(apic_read(CPU(0), 0x390U), 0U);
    apic_write(CPU(0), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0U); /* none of it was an error */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nothing_is_pending_after_reset), T(every_legal_vector_is_accepted_and_ended),
        T(the_highest_request_comes_first), T(an_interrupt_in_service_blocks_its_class_and_below),
        T(eoi_ends_the_highest_in_service_and_lets_the_next_through), T(tpr_blocks_its_class_and_below),
        T(ppr_is_tpr_or_the_class_in_service_whichever_is_higher), T(cr8_is_the_upper_half_of_tpr),
        T(accepting_what_was_not_requested_changes_nothing), T(eoi_without_service_is_harmless),
        T(only_level_interrupts_send_their_eoi_to_the_ioapic), T(tmr_shows_the_trigger_mode),
        T(a_software_disabled_apic_drops_fixed_interrupts),
        T(what_was_requested_before_software_disable_stays_deliverable),
        T(software_disable_sets_every_lvt_mask_until_enabled), T(the_pic_interrupts_vcpu_0_after_reset),
        T(masking_lint0_or_another_mode_cuts_the_pic_off), T(tpr_does_not_hold_back_the_pic),
        T(with_the_apic_disabled_the_pic_is_wired_to_the_processor), T(the_id_is_the_vcpu_index_and_cannot_be_written),
        T(the_version_says_six_lvts_and_no_eoi_suppression), T(registers_keep_only_their_writable_bits),
        T(read_only_registers_ignore_writes), T(accesses_between_registers_read_zero),
        T(errors_show_in_esr_after_a_write_to_it), T(an_unknown_register_is_an_error),
        T(an_error_raises_its_lvt_once_until_esr_is_written), T(an_error_lvt_with_an_illegal_vector_ends_there),
        T(requests_of_one_word_do_not_disturb_each_other), T(reset_leaves_the_manuals_values),
        T(the_lowest_legal_error_vector_is_16), T(errors_add_up_until_esr_is_written),
        cmocka_unit_test_setup(a_software_disabled_apic_raises_no_error_interrupt, setup),
        cmocka_unit_test_setup(registers_of_older_processors_read_zero_and_ignore_writes, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
