/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/vmx/vmx.c x86/vmx/control.c x86/vmx/state.c x86/vmx/state_reset.c x86/vmx/event.c x86/vmx/exit.c x86/vmx/quick.c x86/vmx/bitmap.c x86/vmx/apic.c x86/flush.c x86/exception.c */
/* What emulators do not show of the VT-x backend: flushes, shadowed bits, what an exit says (from an entry to the next: test_vmx_entry.c). */
#include "vmx_machine.h"

/* ---- translations: the machine's TLB remembers, and an entry with a stale one fails the test ---- */

/* REQ-ISO-013 */
static void the_first_entry_flushes_and_the_next_does_not(void **state)
{
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(invepts, 1U);
    assert_int_equal(invvpids, 1U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(invepts, 1U);
}

/* REQ-ISO-012 */
static void a_shoot_down_drops_what_the_core_remembers(void **state)
{
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    life++;
    vmx_vendor.flush(GUEST);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(invepts, 2U);
}

/* REQ-ISO-013 */
static void a_core_that_missed_a_flush_flushes_when_it_gets_the_vcpu(void **state)
{
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    core = 1U;
    vmx_vendor.vcpu_load(GUEST);
    life++;
    leave(VMX_EXIT_INTERRUPT, 0U);
    core = 0U; /* its TLB is still of the life before */
    vmx_vendor.vcpu_load(GUEST);
    leave(VMX_EXIT_INTERRUPT, 0U);
}

/* REQ-ISO-013 */
static void another_root_and_a_reset_flush(void **state)
{
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    life++;
    vmx_vendor.vcpu_init(GUEST, false);
    leave(VMX_EXIT_INTERRUPT, 0U);
    life++;
    vmx_vendor.set_stage2(GUEST, ROOT, 2U); /* the same tables for a new VM */
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(invepts, 3U);
}

/* REQ-ISO-012 */
static void a_flush_that_was_asked_for_is_done_once_even_if_a_kick_comes(void **state)
{
    struct vm_exit exit;
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    life++;
    vmx_vendor.flush(GUEST);
    kick_before = true;
    assert_false(vmx_vendor.enter(GUEST, &kick, &exit));
    kick_before = false;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(invepts, 2U);
}

/* REQ-ISO-013 */
static void no_vpid_is_the_hosts(void **state)
{
    (void)state;
    vmx_vendor.set_stage2(GUEST, 0x5000U, 0x12345U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_in_range(entered[VMCS_VPID], 1U, 0xFFFFU);
    assert_int_equal(entered[VMCS_EPT_POINTER], 0x5000U | 0x1EU);
}

/* ---- state ---- */

/* REQ-ISO-033 */
static void an_entry_has_the_reset_state_and_all_constant_controls(void **state)
{
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_BASE + 2U], 0xFFFF0000U);
    assert_int_equal(entered[VMCS_GUEST_SELECTOR + 2U], 0xF000U);
    assert_int_equal(entered[VMCS_GUEST_ACCESS + 2U], 0x9BU);
    assert_int_equal(entered[VMCS_GUEST_ACCESS + 14U], 0x8BU); /* TR */
    assert_int_equal(entered[VMCS_GUEST_LIMIT + 18U], 0xFFFFU); /* IDTR */
    assert_int_equal(entered[VMCS_GUEST_CR0], 0x30U); /* NE for the CPU; CD and NW stay the host's */
    assert_int_equal(entered[VMCS_CR0_SHADOW], 0x60000000U);
    assert_int_equal(entered[VMCS_GUEST_CR4], 0x2040U); /* VMXE, MCE */
    assert_int_equal(entered[VMCS_CR4_SHADOW], 0U);
    assert_int_equal(entered[VMCS_GUEST_DR7], 0x400U);
    assert_int_equal(entered[VMCS_GUEST_RIP], 0x1000U);
    assert_int_equal(entered[VMCS_EXCEPTION_BITMAP], 0x60002U); /* #DB #AC #MC */
    assert_int_equal(vmx_vendor.get(GUEST, REG_CR0), 0x60000010U);
    assert_int_equal(vmx_vendor.get(GUEST, REG_CR4), 0U);
}

/* REQ-ISO-033 */
static void only_what_changed_is_written(void **state)
{
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    vmcs[0][VMCS_GUEST_CR3] = 0x777000U; /* by the guest, and so read back */
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(vmx_vendor.get(GUEST, REG_CR3), 0x777000U);
    vmx_vendor.set(GUEST, REG_CR3, 0x888000U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_CR3], 0x888000U);
}

/* REQ-ISO-033 */
static void two_vcpus_of_a_core_do_not_mix(void **state)
{
    struct vm_exit exit;
    (void)state;
    vmx_vendor.set(GUEST, REG_CR3, 0x1000U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    vmx_vendor.vcpu_unload(GUEST);
    vmx_vendor.vcpu_init(OTHER, false);
    vmx_vendor.set_stage2(OTHER, 0x9000U, 3U);
    vmx_vendor.set(OTHER, REG_CR3, 0x2000U);
    vmx_vendor.vcpu_load(OTHER);
    leaves.rip = 0xFFF0U;
    assert_true(vmx_vendor.enter(OTHER, &kick, &exit));
    assert_int_equal(entered[VMCS_GUEST_CR3], 0x2000U);
    assert_int_equal(entered[VMCS_EPT_POINTER], 0x901EU);
    assert_int_equal(switched_out, GUEST);
    vmx_vendor.vcpu_load(GUEST);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_CR3], 0x1000U);
    assert_int_equal(entered[VMCS_EPT_POINTER], ROOT | 0x1EU);
    assert_int_equal(switched_in, GUEST);
}

/* A stopped vCPU is read and reset by a core that has other registers in its VMCS. */
/* REQ-ISO-033 */
static void another_core_reads_and_resets_a_stopped_vcpu(void **state)
{
    (void)state;
    vmx_vendor.set(GUEST, REG_CR3, 0x4000U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    core = 1U;
    assert_int_equal(vmx_vendor.get(GUEST, REG_CR3), 0x4000U);
    vmx_vendor.vcpu_init(GUEST, false);
    assert_int_equal(vmcs[1][VMCS_GUEST_CR3], 0U);
    core = 0U;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_CR3], 0U);
}

/* REQ-ISO-033 */
static void long_mode_follows_from_lme_and_paging(void **state)
{
    (void)state;
    vmx_vendor.set(GUEST, REG_EFER, 0x100U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_ENTRY_CONTROLS] & ENTRY_LONG_MODE, 0U);
    vmx_vendor.set(GUEST, REG_CR0, 0x80000011U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_EFER], 0x500U);
    assert_int_equal(entered[VMCS_ENTRY_CONTROLS] & ENTRY_LONG_MODE, ENTRY_LONG_MODE);
    vmx_vendor.set(GUEST, REG_EFER, 0x400U); /* LMA without LME is no state */
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_EFER], 0U);
    assert_int_equal(entered[VMCS_ENTRY_CONTROLS] & ENTRY_LONG_MODE, 0U);
}

/* REQ-ISO-033 */
static void segment_access_rights_lose_nothing(void **state)
{
    const struct segment code = { 8U, 0xA09BU, 0xFFFFFFFFU, 0x1234U };
    const struct segment null = { 0U, 0U, 0U, 0U };
    struct segment back;
    (void)state;
    vmx_vendor.set_segment(GUEST, SEG_CS, code);
    back = vmx_vendor.get_segment(GUEST, SEG_CS);
    assert_memory_equal(&back, &code, sizeof(code));
    vmx_vendor.set_segment(GUEST, SEG_DS, null);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_ACCESS + 6U], 0x10000U); /* unusable */
    back = vmx_vendor.get_segment(GUEST, SEG_DS);
    assert_memory_equal(&back, &null, sizeof(null));
    vmx_vendor.set_segment(GUEST, SEG_TR, (struct segment){ 0x18U, 0x89U, 0x67U, 0x5000U });
    assert_int_equal(vmx_vendor.get_segment(GUEST, SEG_TR).access, 0x8BU); /* busy */
    vmx_vendor.set_segment(GUEST, SEG_SS, (struct segment){ 0x23U, 0xC0F3U, 0xFFFFFFFFU, 0U });
    assert_int_equal(vmx_vendor.get(GUEST, REG_CPL), 3U);
    vmx_vendor.set(GUEST, REG_CPL, 1U);
    assert_int_equal(vmx_vendor.get(GUEST, REG_CPL), 1U);
}

/* REQ-ISO-033 */
static void registers_outside_the_vmcs_travel(void **state)
{
    (void)state;
    vmx_vendor.set(GUEST, REG_CR2, 0xBADU);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(cr2, 0xBADU);
    cr2 = 0xFEEDU;
    vmx_vcpu[GUEST].cr2 = 0xFEEDU;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(vmx_vendor.get(GUEST, REG_CR2), 0xFEEDU);
}

/* ---- shadowed bits ---- */

/* REQ-ISO-033 */
static void a_mov_that_changes_shadowed_bits_runs_again(void **state)
{
    struct vm_exit exit;
    (void)state;
    vcpu_regs[GUEST].gpr[GPR_R9] = 0x80000031U;
    ends_after = 2U;
    exit = leave(VMX_EXIT_CR, 9U << 8); /* MOV CR0, R9 */
    assert_int_equal(exit.reason, HV_EXIT_INTERRUPT);
    assert_int_equal(entries, 2U);
    assert_int_equal(entered[VMCS_CR0_SHADOW], 0x20U);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1000U);
    vcpu_regs[GUEST].gpr[GPR_RAX] = 0x6F0U; /* with MCE */
    ends_after = 2U;
    leave(VMX_EXIT_CR, 4U);
    assert_int_equal(entered[VMCS_CR4_SHADOW], 0x40U);
    assert_int_equal(vmx_vendor.get(GUEST, REG_CR4) & 0x2040U, 0x40U);
}

/* REQ-ISO-019 */
static void bits_of_hidden_features_are_bits_that_the_cpu_does_not_have(void **state)
{
    static const uint32_t bits[] = { 13U, 14U, 19U, 23U, 24U, 25U, 27U }; /* VMXE SMXE KL CET PKS UINTR LASS */
    struct vm_exit exit;
    (void)state;
    for (size_t i = 0U; i < (sizeof(bits) / sizeof(bits[0])); i++) {
        entries = 0U;
        vcpu_regs[GUEST].gpr[GPR_RAX] = 0x20U | (1U << bits[i]);
        exit = leave(VMX_EXIT_CR, 4U);
        assert_int_equal(entered[VMCS_CR4_MASK] & (1U << bits[i]), 1U << bits[i]);
        assert_int_equal(exit.reason, HV_EXIT_EXCEPTION);
        assert_int_equal(exit.number, 13U);
        assert_int_equal(exit.length, 0U);
        assert_int_equal(entries, 1U);
    }
    vmx_vendor.set(GUEST, REG_CR4, 0xFFFFFFFFU);
    assert_int_equal(vmx_vendor.get(GUEST, REG_CR4) & VMX_CR4_OWNED, 0x40U);
}

/* REQ-ISO-033 */
static void rsp_as_the_source_is_read_from_where_it_is(void **state)
{
    (void)state;
    vcpu_regs[GUEST].gpr[GPR_RSP] = 0x8000U; /* before the guest ran */
    leaves.rsp = 0x60000011U;
    ends_after = 2U;
    leave(VMX_EXIT_CR, 4U << 8); /* MOV CR0, RSP */
    assert_int_equal(entered[VMCS_CR0_SHADOW], 0x60000000U);
}

/* ---- exits ---- */

/* REQ-IO-014 */
static void lengths_come_from_the_cpu_and_only_for_instructions(void **state)
{
    (void)state;
    leaves.vectoring = VMX_EVENT_VALID | 0x31U; /* no quick exit */
    leaves.length = 4U;
    assert_int_equal(leave(VMX_EXIT_CPUID, 0U).length, 4U);
    assert_int_equal(leave(VMX_EXIT_VMCALL, 0U).length, 4U);
    assert_int_equal(leave(VMX_EXIT_HLT, 0U).length, 4U);
    assert_int_equal(leave(VMX_EXIT_WRMSR, 0U).length, 4U);
    assert_int_equal(leave(VMX_EXIT_XSETBV, 0U).length, 4U);
    assert_int_equal(leave(VMX_EXIT_INVD, 0U).reason, HV_EXIT_WBINVD);
    assert_int_equal(leave(VMX_EXIT_INTERRUPT, 0U).length, 0U);
    assert_int_equal(leave(VMX_EXIT_EPT_VIOLATION, 0U).length, 0U);
    assert_int_equal(leave(VMX_EXIT_MONITOR, 0U).length, 0U);
}

/* REQ-IO-014 */
static void string_output_with_prefix(void **state)
{
    struct vm_exit exit;
    (void)state;
    leaves.info = (1U << 7) | (5U << 15); /* 32-bit addresses, GS */
    exit = leave(VMX_EXIT_IO, (0x3F8U << 16) | 0x30U);
    assert_int_equal(exit.reason, HV_EXIT_IO);
    assert_int_equal(exit.number, 0x3F8U);
    assert_int_equal(exit.size, 1U);
    assert_true(exit.write && exit.string && exit.repeat);
    assert_int_equal(exit.address_size, 4U);
    assert_int_equal(exit.segment, SEG_GS);
    exit = leave(VMX_EXIT_IO, (0xCF8U << 16) | 0xBU); /* IN EAX */
    assert_int_equal(exit.size, 4U);
    assert_true(!exit.write && !exit.string && !exit.repeat);
}

/* REQ-IO-014 */
static void cr8_operand(void **state)
{
    struct vm_exit exit = leave(VMX_EXIT_CR, 8U | (1U << 4) | (9U << 8));
    (void)state;
    assert_int_equal(exit.reason, HV_EXIT_CR);
    assert_int_equal(exit.number, 8U);
    assert_int_equal(exit.gpr, GPR_R9);
    assert_false(exit.write);
    assert_int_equal(exit.length, 2U);
    assert_true(leave(VMX_EXIT_CR, 8U).write);
}

/* REQ-IO-014 */
static void ept_violation(void **state)
{
    struct vm_exit exit;
    (void)state;
    leaves.gpa = 0xFED00010U;
    exit = leave(VMX_EXIT_EPT_VIOLATION, 0x182U);
    assert_int_equal(exit.reason, HV_EXIT_MMIO);
    assert_int_equal(exit.gpa, 0xFED00010U);
    assert_true(exit.write && !exit.execute && !exit.table_walk);
    exit = leave(VMX_EXIT_EPT_VIOLATION, 0x84U);
    assert_true(!exit.write && exit.execute && exit.table_walk);
    exit = leave(VMX_EXIT_EPT_VIOLATION, 0x1U); /* no linear address: not a walk for one */
    assert_true(!exit.write && !exit.execute && !exit.table_walk);
}

/* REQ-IO-014 */
static void exceptions_and_nmis(void **state)
{
    struct vm_exit exit;
    (void)state;
    leaves.event = VMX_EVENT_VALID | VMX_EVENT_HAS_ERROR | (3U << 8) | 17U;
    leaves.event_error = 5U;
    exit = leave(VMX_EXIT_EVENT, 0U);
    assert_int_equal(exit.reason, HV_EXIT_EXCEPTION);
    assert_int_equal(exit.number, 17U);
    assert_int_equal(exit.error, 5U);
    leaves.event = VMX_EVENT_VALID | (3U << 8) | 1U;
    exit = leave(VMX_EXIT_EVENT, 0x4001U);
    assert_int_equal(exit.error, 0U);
    assert_int_equal(debug_seen, 0x4001U);
    assert_int_equal(nmi_opened, 0U);
    leaves.event = VMX_EVENT_VALID | (2U << 8) | 2U;
    assert_int_equal(leave(VMX_EXIT_EVENT, 0U).reason, HV_EXIT_NMI);
    assert_int_equal(nmi_opened, 1U);
}

/* REQ-ISO-019 */
static void instructions_of_hidden_features_are_undefined(void **state)
{
    static const uint32_t reasons[] = { 11U, 19U, 20U, 21U, 22U, 23U, 24U, 25U, 26U, 27U, 36U, 39U, 50U, 53U, 59U, 60U };
    (void)state;
    for (size_t i = 0U; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        const struct vm_exit exit = leave(reasons[i], 0U);
        assert_int_equal(exit.reason, HV_EXIT_EXCEPTION);
        assert_int_equal(exit.number, 6U);
    }
    assert_int_equal(leave(VMX_EXIT_RDPMC, 0U).number, 13U);
}

/* REQ-IO-014 */
static void every_reason_gives_one_of_ours(void **state)
{
    (void)state;
    for (uint32_t reason = 0U; reason < 0x100U; reason++) {
        const struct vm_exit exit = leave(reason, 8U); /* of CR8 */
        assert_in_range(exit.reason, 0, HV_EXIT_REASONS - 1);
    }
    assert_int_equal(leave(VMX_EXIT_TRIPLE_FAULT, 0U).reason, HV_EXIT_SHUTDOWN);
    assert_int_equal(leave(VMX_EXIT_TASK_SWITCH, 0U).reason, HV_EXIT_SHUTDOWN);
    assert_int_equal(leave(VMX_EXIT_TIMER, 0U).reason, HV_EXIT_INTERRUPT);
    assert_int_equal(leave(4U, 0U).reason, HV_EXIT_OTHER);
}

/* ---- bitmaps ---- */

/* REQ-ISO-017 */
static void bitmaps_are_closed_until_opened_one_by_one(void **state)
{
    const uint8_t *msrs;
    const uint8_t *ports;
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    msrs = (const uint8_t *)(uintptr_t)entered[VMCS_MSR_BITMAP];
    ports = (const uint8_t *)(uintptr_t)entered[VMCS_IO_BITMAP_A];
    assert_int_equal(entered[VMCS_IO_BITMAP_B], entered[VMCS_IO_BITMAP_A] + 4096U);
    assert_int_equal(open_bits(msrs, 4096U) + open_bits(ports, 8192U), 0U);
    vmx_vendor.msr_open(1U, 0x10U, true, false);
    assert_int_equal(msrs[2], 0xFEU);
    vmx_vendor.msr_open(1U, 0xC0000102U, true, true);
    assert_int_equal(msrs[1024U + 32U], 0xFBU);
    assert_int_equal(msrs[3072U + 32U], 0xFBU);
    vmx_vendor.msr_open(1U, 0x83FU, false, true);
    assert_int_equal(msrs[2048U + 0x107U], 0x7FU);
    assert_int_equal(open_bits(msrs, 4096U), 4U);
    vmx_vendor.msr_open(1U, 0x40000000U, true, true); /* outside the ranges: stays closed */
    vmx_vendor.msr_open(1U, 0x2000U, true, true);
    vmx_vendor.msr_open(1U, 0xBFFFFFFFU, true, true);
    vmx_vendor.msr_open(1U, 0xC0002000U, true, true);
    vmx_vendor.msr_open(1U, 0xC0010015U, true, true);
    assert_int_equal(open_bits(msrs, 4096U), 4U);
    vmx_vendor.msr_open(1U, 0x1FFFU, true, true);
    vmx_vendor.msr_open(1U, 0xC0001FFFU, true, true);
    assert_int_equal(msrs[1023], 0x7FU);
    assert_int_equal(msrs[2047], 0x7FU);
    assert_int_equal(msrs[3071], 0x7FU);
    assert_int_equal(msrs[4095], 0x7FU);
    vmx_vendor.port_open(1U, 0x3F8U);
    vmx_vendor.port_open(1U, 0xFFFFU);
    assert_int_equal(ports[0x7F], 0xFEU);
    assert_int_equal(ports[8191], 0x7FU);
    assert_int_equal(open_bits(ports, 8192U), 2U);
    vmx_vendor.bitmaps_close(1U);
    assert_int_equal(open_bits(msrs, 4096U) + open_bits(ports, 8192U), 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_entry_flushes_and_the_next_does_not, setup),
        cmocka_unit_test_setup(a_shoot_down_drops_what_the_core_remembers, setup),
        cmocka_unit_test_setup(a_core_that_missed_a_flush_flushes_when_it_gets_the_vcpu, setup),
        cmocka_unit_test_setup(another_root_and_a_reset_flush, setup),
        cmocka_unit_test_setup(a_flush_that_was_asked_for_is_done_once_even_if_a_kick_comes, setup),
        cmocka_unit_test_setup(no_vpid_is_the_hosts, setup),
        cmocka_unit_test_setup(an_entry_has_the_reset_state_and_all_constant_controls, setup),
        cmocka_unit_test_setup(only_what_changed_is_written, setup),
        cmocka_unit_test_setup(two_vcpus_of_a_core_do_not_mix, setup),
        cmocka_unit_test_setup(another_core_reads_and_resets_a_stopped_vcpu, setup),
        cmocka_unit_test_setup(long_mode_follows_from_lme_and_paging, setup),
        cmocka_unit_test_setup(segment_access_rights_lose_nothing, setup),
        cmocka_unit_test_setup(registers_outside_the_vmcs_travel, setup),
        cmocka_unit_test_setup(a_mov_that_changes_shadowed_bits_runs_again, setup),
        cmocka_unit_test_setup(bits_of_hidden_features_are_bits_that_the_cpu_does_not_have, setup),
        cmocka_unit_test_setup(rsp_as_the_source_is_read_from_where_it_is, setup),
        cmocka_unit_test_setup(lengths_come_from_the_cpu_and_only_for_instructions, setup),
        cmocka_unit_test_setup(string_output_with_prefix, setup),
        cmocka_unit_test_setup(cr8_operand, setup),
        cmocka_unit_test_setup(ept_violation, setup),
        cmocka_unit_test_setup(exceptions_and_nmis, setup),
        cmocka_unit_test_setup(instructions_of_hidden_features_are_undefined, setup),
        cmocka_unit_test_setup(every_reason_gives_one_of_ours, setup),
        cmocka_unit_test_setup(bitmaps_are_closed_until_opened_one_by_one, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
