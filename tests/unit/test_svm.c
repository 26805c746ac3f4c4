/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/svm/svm.c x86/svm/exit.c x86/svm/event.c x86/svm/quick.c x86/exception.c x86/svm/intercept.c x86/svm/bitmap.c x86/svm/state.c x86/flush.c x86/memory.c */
/* What emulators do not show of the AMD-V backend: flushes, ASIDs, features that QEMU lacks (from an exit to the next entry: test_svm_exits.c). */
#include "svm_machine.h"

/* ---- translations ---- */

/* REQ-ISO-013 */
static void the_first_entry_flushes_and_the_next_does_not(void **state)
{
    (void)state;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 1U); /* all ASIDs: the CPU cannot flush one */
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 0U);
}

/* REQ-ISO-012 */
static void a_flush_that_was_asked_for_survives_a_kick(void **state)
{
    struct vm_exit exit;
    (void)state;
    leave(0x60U, 0U, 0U);
    svm_vendor.flush(GUEST);
    kicked = true;
    assert_false(svm_vendor.enter(GUEST, &kick, &exit));
    assert_int_equal(entered.tlb_control, 1U);
    kicked = false;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 1U);
}

/* REQ-ISO-013 */
static void a_core_that_changes_vcpu_flushes(void **state)
{
    (void)state;
    leave(0x60U, 0U, 0U);
    svm_vendor.vcpu_load(GUEST);
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 1U);
}

/* REQ-ISO-013 */
static void flush_by_asid_is_used_when_present(void **state)
{
    (void)state;
    svm_features.flush_by_asid = true;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 3U);
}

/* REQ-ISO-013 */
static void no_asid_is_the_hosts_or_beyond_the_cpus(void **state)
{
    (void)state;
    for (uint32_t asid = 0U; asid < 100U; asid++) {
        svm_vendor.set_stage2(GUEST, 0x5000U, asid);
        assert_in_range(svm_vmcb[GUEST].asid, 1U, 15U);
    }
    assert_int_equal(svm_vmcb[GUEST].nested_cr3, 0x5000U);
}

/* REQ-ISO-033 */
static void reset_keeps_stage_2_and_asid(void **state)
{
    const uint32_t asid = svm_vmcb[GUEST].asid;
    (void)state;
    svm_vendor.vcpu_init(GUEST, false);
    assert_int_equal(svm_vmcb[GUEST].nested_cr3, 0x123000U);
    assert_int_equal(svm_vmcb[GUEST].asid, asid);
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 1U);
}

static void no_state_is_declared_clean(void **state)
{
    (void)state;
    svm_vmcb[GUEST].clean_bits = 0xFFFFFFFFU;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.clean_bits, 0U);
}

/* ---- registers ---- */

/* REQ-ISO-033 */
static void svme_is_always_set_and_never_shown(void **state)
{
    (void)state;
    svm_vendor.set(GUEST, REG_EFER, 0x501U);
    assert_int_equal(svm_vmcb[GUEST].efer, 0x1501U);
    assert_int_equal(svm_vendor.get(GUEST, REG_EFER), 0x501U);
}

/* REQ-ISO-033 */
static void segment_access_rights_lose_nothing(void **state)
{
    const struct segment code = { 8U, 0xA09BU, 0xFFFFFFFFU, 0x1234U };
    struct segment back;
    (void)state;
    svm_vendor.set_segment(GUEST, SEG_CS, code);
    assert_int_equal(svm_vmcb[GUEST].cs.attributes, 0xA9BU);
    back = svm_vendor.get_segment(GUEST, SEG_CS);
    assert_memory_equal(&back, &code, sizeof(code));
}

/* REQ-ISO-033 */
static void a_failed_vmrun_leaves_the_registers_alone(void **state)
{
    struct vm_exit exit;
    (void)state;
    leaves.rip = 0xDEADU; /* QEMU stores host state there */
    exit = leave(0xFFFFFFFFU, 0U, 0U);
    assert_int_equal(exit.reason, HV_EXIT_SHUTDOWN);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1000U);
    exit = leave(0xFFFFFFFFFFFFFFFFU, 0U, 0U);
    assert_int_equal(exit.reason, HV_EXIT_SHUTDOWN);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1000U);
}

/* ---- intercepts and bitmaps ---- */

static void a_shared_vcpu_gives_up_interrupts_hlt_and_tpr(void **state)
{
    const struct vmcb *const vmcb = &svm_vmcb[GUEST];
    (void)state;
    assert_int_equal(vmcb->intercept_misc1 & (MISC1_INTR | MISC1_HLT), MISC1_INTR | MISC1_HLT);
    assert_int_equal(vmcb->intercept_misc2 & MISC2_XSETBV, MISC2_XSETBV);
    assert_int_equal(vmcb->intercept_cr_read, CR8);
    assert_int_equal(vmcb->intercept_cr_write, CR8);
    assert_int_equal(vmcb->interrupt_control, VINT_MASKING);
    assert_int_equal(vmcb->intercept_exception & (1U << 6), 0U);
}

/* REQ-RT-002 */
static void an_exclusive_vcpu_keeps_them(void **state)
{
    const struct vmcb *const vmcb = &svm_vmcb[GUEST];
    (void)state;
    svm_vendor.vcpu_init(GUEST, true);
    assert_int_equal(vmcb->intercept_misc1 & (MISC1_INTR | MISC1_HLT), 0U);
    assert_int_equal(vmcb->intercept_cr_read | vmcb->intercept_cr_write, 0U);
    assert_int_equal(vmcb->interrupt_control, 0U);
}

/* REQ-ISO-019 */
/* REQ-ISO-026 */
static void both_kinds_intercept_what_would_break_isolation(void **state)
{
    const uint32_t misc1 = (1U << 1) | (1U << 2) | (1U << 3) | (1U << 18) | (1U << 27) | (1U << 28) | (1U << 31);
    const uint32_t misc2 = 0x27FU; /* VMRUN .. SKINIT, WBINVD */
    (void)state;
    for (uint32_t exclusive = 0U; exclusive < 2U; exclusive++) {
        svm_vendor.vcpu_init(GUEST, exclusive == 1U);
        assert_int_equal(svm_vmcb[GUEST].intercept_misc1 & misc1, misc1);
        assert_int_equal(svm_vmcb[GUEST].intercept_misc2 & misc2, misc2);
        assert_int_equal(svm_vmcb[GUEST].intercept_exception, (1U << 1) | (1U << 17) | (1U << 18)); /* #DB #AC #MC */
        assert_int_equal(svm_vmcb[GUEST].nested_control, 1U);
    }
}

/* REQ-HYP-016 */
static void only_the_service_vm_exits_on_undefined_opcodes(void **state)
{
    (void)state;
    svm_vendor.vcpu_init(SERVICE_GUEST, false);
    assert_true((svm_vmcb[SERVICE_GUEST].intercept_exception & (1U << 6)) != 0U);
}

/* REQ-ISO-017 */
static void bitmaps_are_closed_until_opened_one_by_one(void **state)
{
    const uint8_t *const msrs = (const uint8_t *)(uintptr_t)svm_vmcb[GUEST].msrpm_base;
    const uint8_t *const ports = (const uint8_t *)(uintptr_t)svm_vmcb[GUEST].iopm_base;
    (void)state;
    assert_int_equal(open_bits(msrs, 8192U) + open_bits(ports, 12288U), 0U);
    svm_vendor.msr_open(1U, 0x10U, true, false);
    assert_int_equal(msrs[4], 0xFEU);
    svm_vendor.msr_open(1U, 0xC0000102U, true, true);
    assert_int_equal(msrs[2048U + 64U], 0xCFU);
    svm_vendor.msr_open(1U, 0xC0010015U, false, true);
    assert_int_equal(msrs[4096U + 5U], 0xF7U);
    assert_int_equal(open_bits(msrs, 8192U), 4U);
    svm_vendor.msr_open(1U, 0x40000000U, true, true); /* outside the map's ranges: stays closed */
    svm_vendor.msr_open(1U, 0x2000U, true, true);
    svm_vendor.msr_open(1U, 0xBFFFFFFFU, true, true);
    svm_vendor.msr_open(1U, 0xC0002000U, true, true);
    svm_vendor.msr_open(1U, 0xC000FFFFU, true, true);
    svm_vendor.msr_open(1U, 0xC0012000U, true, true);
    assert_int_equal(open_bits(msrs, 8192U), 4U);
    svm_vendor.msr_open(1U, 0x1FFFU, true, true);
    svm_vendor.msr_open(1U, 0xC0001FFFU, true, true);
    svm_vendor.msr_open(1U, 0xC0011FFFU, true, true);
    assert_int_equal(msrs[2047], 0x3FU);
    assert_int_equal(msrs[4095], 0x3FU);
    assert_int_equal(msrs[6143], 0x3FU);
    assert_int_equal(open_bits(msrs, 8192U), 10U);
    svm_vendor.port_open(1U, 0x3F8U);
    assert_int_equal(ports[0x7F], 0xFEU);
    assert_int_equal(open_bits(ports, 12288U), 1U);
    svm_vendor.bitmaps_close(1U);
    assert_int_equal(open_bits(msrs, 8192U) + open_bits(ports, 12288U), 0U);
}

/* ---- exits ---- */

/* REQ-IO-014 */
static void lengths_come_from_a_table_without_next_rip(void **state)
{
    (void)state;
    leaves.exit_int_info = EVENT_VALID | 0x31U; /* an interrupt's delivery cut short: no quick exit */
    assert_int_equal(leave(0x72U, 0U, 0U).length, 2U); /* CPUID */
    assert_int_equal(leave(0x81U, 0U, 0U).length, 3U); /* VMMCALL */
    assert_int_equal(leave(0x78U, 0U, 0U).length, 1U); /* HLT */
    assert_int_equal(leave(0x7CU, 1U, 0U).length, 2U); /* WRMSR */
    assert_int_equal(leave(0x8DU, 0U, 0U).length, 3U); /* XSETBV */
}

/* REQ-IO-014 */
static void next_rip_is_used_when_present(void **state)
{
    (void)state;
    svm_features.next_rip = true;
    leaves.next_rip = 0x1004U; /* a prefix made it longer */
    leaves.exit_int_info = EVENT_VALID | 0x31U;
    assert_int_equal(leave(0x72U, 0U, 0U).length, 4U);
}

/* REQ-IO-014 */
static void string_output_with_prefix(void **state)
{
    /* OUTSB with REP, 32-bit addresses, GS: (APM 2, 15.10.2) */
    const struct vm_exit exit = (svm_features.decode_assists = true,
                                 leave(0x7BU, (0x3F8U << 16) | (5U << 10) | (1U << 8) | (1U << 4) | 0xCU, 0x1002U));
    (void)state;
    assert_int_equal(exit.reason, HV_EXIT_IO);
    assert_int_equal(exit.number, 0x3F8U);
    assert_int_equal(exit.size, 1U);
    assert_true(exit.write && exit.string && exit.repeat);
    assert_int_equal(exit.address_size, 4U);
    assert_int_equal(exit.segment, SEG_GS);
    assert_int_equal(exit.length, 2U);
}

/* REQ-IO-014 */
static void cr8_operand_with_and_without_decode_assists(void **state)
{
    struct vm_exit exit = leave(0x18U, 0U, 0U);
    (void)state;
    assert_int_equal(exit.reason, HV_EXIT_CR);
    assert_int_equal(exit.number, 8U);
    assert_true(exit.write);
    assert_int_equal(exit.gpr, 16U);
    assert_int_equal(exit.length, 0U);
    svm_features.decode_assists = true;
    svm_features.next_rip = true;
    leaves.next_rip = 0x1004U;
    exit = leave(0x08U, (1ULL << 63) | 9U, 0U);
    assert_false(exit.write);
    assert_int_equal(exit.gpr, GPR_R9);
    assert_int_equal(exit.length, 4U);
}

/* REQ-IO-014 */
static void nested_page_fault(void **state)
{
    struct vm_exit exit = leave(0x400U, (1ULL << 32) | 6U, 0xFED00010U);
    (void)state;
    assert_int_equal(exit.reason, HV_EXIT_MMIO);
    assert_int_equal(exit.gpa, 0xFED00010U);
    assert_true(exit.write && !exit.execute && !exit.table_walk);
    exit = leave(0x400U, (1ULL << 33) | 0x14U, 0x5000U);
    assert_true(!exit.write && exit.execute && exit.table_walk);
}

/* REQ-ISO-019 */
static void instructions_of_hidden_features_are_undefined(void **state)
{
    static const uint32_t codes[] = { 0x80U, 0x82U, 0x83U, 0x84U, 0x85U, 0x86U, 0x7AU, 0x8AU, 0x8BU, 0x8CU, 0x8EU };
    (void)state;
    for (size_t i = 0U; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const struct vm_exit exit = leave(codes[i], 0U, 0U);
        assert_int_equal(exit.reason, HV_EXIT_EXCEPTION);
        assert_int_equal(exit.number, 6U);
    }
    assert_int_equal(leave(0x6FU, 0U, 0U).number, 13U); /* RDPMC */
}

/* REQ-IO-014 */
static void every_code_gives_a_reason_in_range(void **state)
{
    (void)state;
    for (uint64_t code = 0U; code < 0x500U; code++) {
        const struct vm_exit exit = leave(code, UINT64_MAX, UINT64_MAX);
        assert_in_range(exit.reason, 0, HV_EXIT_REASONS - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_entry_flushes_and_the_next_does_not, setup),
        cmocka_unit_test_setup(a_flush_that_was_asked_for_survives_a_kick, setup),
        cmocka_unit_test_setup(a_core_that_changes_vcpu_flushes, setup),
        cmocka_unit_test_setup(flush_by_asid_is_used_when_present, setup),
        cmocka_unit_test_setup(no_asid_is_the_hosts_or_beyond_the_cpus, setup),
        cmocka_unit_test_setup(reset_keeps_stage_2_and_asid, setup),
        cmocka_unit_test_setup(no_state_is_declared_clean, setup),
        cmocka_unit_test_setup(svme_is_always_set_and_never_shown, setup),
        cmocka_unit_test_setup(segment_access_rights_lose_nothing, setup),
        cmocka_unit_test_setup(a_failed_vmrun_leaves_the_registers_alone, setup),
        cmocka_unit_test_setup(a_shared_vcpu_gives_up_interrupts_hlt_and_tpr, setup),
        cmocka_unit_test_setup(an_exclusive_vcpu_keeps_them, setup),
        cmocka_unit_test_setup(both_kinds_intercept_what_would_break_isolation, setup),
        cmocka_unit_test_setup(only_the_service_vm_exits_on_undefined_opcodes, setup),
        cmocka_unit_test_setup(bitmaps_are_closed_until_opened_one_by_one, setup),
        cmocka_unit_test_setup(lengths_come_from_a_table_without_next_rip, setup),
        cmocka_unit_test_setup(next_rip_is_used_when_present, setup),
        cmocka_unit_test_setup(string_output_with_prefix, setup),
        cmocka_unit_test_setup(cr8_operand_with_and_without_decode_assists, setup),
        cmocka_unit_test_setup(nested_page_fault, setup),
        cmocka_unit_test_setup(instructions_of_hidden_features_are_undefined, setup),
        cmocka_unit_test_setup(every_code_gives_a_reason_in_range, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
