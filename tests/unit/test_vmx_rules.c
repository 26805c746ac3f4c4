/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/vmx/vmx.c x86/vmx/control.c x86/vmx/state.c x86/vmx/state_reset.c x86/vmx/event.c x86/vmx/exit.c x86/vmx/quick.c x86/vmx/bitmap.c x86/vmx/apic.c x86/flush.c x86/exception.c */
/* States that a guest may be in and that VM entry, or the CPU behind it, is particular about: each was got wrong once. */
#include "vmx_machine.h"

#define TF 0x100U
#define DB (VMX_EVENT_VALID | (3U << 8) | 1U)
#define ICEBP (VMX_EVENT_VALID | (5U << 8) | 1U)

static const struct event debug_exception = { EVENT_EXCEPTION, 1U, false, 0U };

static void in_64_bit_code(void)
{
    vmx_vendor.set(GUEST, REG_EFER, 0x100U);
    vmx_vendor.set(GUEST, REG_CR0, 0x80000011U);
    vmx_vendor.set_segment(GUEST, SEG_CS, (struct segment){ 8U, 0xA09BU, 0xFFFFFFFFU, 0U });
}

/* ---- debug exceptions ---- */

static uint64_t pending_after_a_single_step(uint32_t shadow, uint64_t flags, uint64_t pending)
{
    vcpu_regs[GUEST].rflags = 2U | flags;
    leaves.event = DB;
    leaves.shadow = shadow;
    leave(VMX_EXIT_EVENT, 0x4000U);
    vmx_vcpu[GUEST].guest[SLOT_PENDING_DEBUG] = pending;
    vmx_vcpu[GUEST].dirty |= 1ULL << SLOT_PENDING_DEBUG;
    vmx_vendor.inject(GUEST, debug_exception);
    leave(VMX_EXIT_INTERRUPT, 0U);
    return entered[VMCS_GUEST_PENDING_DEBUG];
}

/* XSA-308 */
/* REQ-ISO-033 */
static void a_single_step_in_the_shadow_of_sti_or_mov_ss_can_go_in_again(void **state)
{
    (void)state;
    assert_int_equal(pending_after_a_single_step(VMX_SHADOW_STI, TF, 0U), 0x4000U);
    assert_int_equal(pending_after_a_single_step(VMX_SHADOW_MOV_SS, TF, 0x1001U), 0x5001U);
    assert_int_equal(pending_after_a_single_step(VMX_SHADOW_MOV_SS, 0U, 0x4000U), 0U);
    assert_int_equal(pending_after_a_single_step(0U, TF, 0U), 0U);
    assert_int_equal(pending_after_a_single_step(0U, 0U, 0x4000U), 0x4000U); /* the CPU's own */
}

/* REQ-ISO-033 */
static void a_mov_that_runs_again_may_be_in_that_shadow(void **state)
{
    (void)state;
    vcpu_regs[GUEST].rflags = 2U | TF;
    vcpu_regs[GUEST].gpr[GPR_RAX] = 0x31U;
    leaves.shadow = VMX_SHADOW_MOV_SS;
    ends_after = 2U;
    leave(VMX_EXIT_CR, 0U);
    assert_int_equal(entered[VMCS_GUEST_PENDING_DEBUG], 0x4000U);
}

/* REQ-INT-060 */
static void a_single_step_is_pending_and_nothing_else_goes_in(void **state)
{
    (void)state;
    vcpu_regs[GUEST].rflags = 0x302U;
    vmx_vendor.single_step(GUEST);
    assert_true(vmx_vendor.event_queued(GUEST));
    assert_false(vmx_vendor.can_accept(GUEST));
    assert_false(vmx_vendor.can_accept_nmi(GUEST));
    vmx_vendor.request_window(GUEST, true);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_PENDING_DEBUG], 0x4000U);
    assert_int_equal(entered[VMCS_ENTRY_EVENT] & VMX_EVENT_VALID, 0U);
    assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & PRIMARY_NMI_WINDOW, PRIMARY_NMI_WINDOW); /* what waits is looked at behind it */
    assert_false(vmx_vendor.event_queued(GUEST));
    assert_true(vmx_vendor.can_accept(GUEST));
}

/* REQ-INT-060 REQ-RT-060 */
static void a_quick_exit_sees_the_flags_of_a_debugger(void **state)
{
    (void)state;
    answers = true;
    vcpu_regs[GUEST].rflags = 0x10302U; /* RF, TF */
    leave(VMX_EXIT_CPUID, 0U);
    assert_int_equal(entered[VMCS_GUEST_PENDING_DEBUG], 0x4000U);
    assert_int_equal(entered[VMCS_GUEST_RFLAGS], 0x302U);
    vcpu_regs[GUEST].rflags = 0x10202U;
    leave(VMX_EXIT_CPUID, 0U);
    assert_int_equal(entered[VMCS_GUEST_PENDING_DEBUG], 0U);
    assert_int_equal(entered[VMCS_GUEST_RFLAGS], 0x202U);
}

/* Its exit has RIP at the instruction, its #DB comes after it. */
/* REQ-ISO-026 */
static void int1_is_over_when_its_exception_goes_in(void **state)
{
    struct vm_exit exit;
    (void)state;
    leaves.event = ICEBP;
    leaves.length = 1U;
    leaves.shadow = VMX_SHADOW_MOV_SS | VMX_SHADOW_NMI;
    exit = leave(VMX_EXIT_EVENT, 0U);
    assert_int_equal(exit.reason, HV_EXIT_EXCEPTION);
    assert_int_equal(exit.number, 1U);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1001U);
    leaves.event = DB;
    leaves.rip = 0x1001U;
    leave(VMX_EXIT_EVENT, 0U);
    assert_int_equal(entered[VMCS_GUEST_RIP], 0x1001U);
    assert_int_equal(entered[VMCS_GUEST_SHADOW], VMX_SHADOW_NMI);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1001U); /* any other #DB leaves it alone */
}

/* REQ-ISO-026 */
static void a_debug_exception_ends_general_detect(void **state)
{
    (void)state;
    vmx_vendor.set(GUEST, REG_DR7, 0x2401U);
    leaves.event = DB;
    leave(VMX_EXIT_EVENT, 0x2000U);
    assert_int_equal(entered[VMCS_GUEST_DR7], 0x2401U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_DR7], 0x401U);
}

/* ---- events ---- */

/* REQ-INT-017 */
static void real_mode_has_no_error_codes(void **state)
{
    const struct event fault = { EVENT_EXCEPTION, 13U, true, 8U };
    (void)state;
    vmx_vendor.inject(GUEST, fault);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_ENTRY_EVENT], VMX_EVENT_VALID | (3U << 8) | 13U);
    vmx_vendor.set(GUEST, REG_CR0, 0x11U);
    vmx_vendor.inject(GUEST, fault);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_ENTRY_EVENT], VMX_EVENT_VALID | VMX_EVENT_HAS_ERROR | (3U << 8) | 13U);
    assert_int_equal(entered[VMCS_ENTRY_ERROR], 8U);
}

static uint64_t windows_asked_for(void)
{
    vmx_vendor.request_window(GUEST, true);
    leave(VMX_EXIT_INTERRUPT, 0U);
    return entered[VMCS_PRIMARY_CONTROLS] & (PRIMARY_WINDOW | PRIMARY_NMI_WINDOW);
}

/* REQ-RT-008 */
static void an_nmi_behind_another_event_does_not_wait_for_if(void **state)
{
    (void)state;
    vmx_vendor.inject(GUEST, debug_exception);
    assert_int_equal(windows_asked_for(), PRIMARY_WINDOW | PRIMARY_NMI_WINDOW);
    leave(VMX_EXIT_NMI_WINDOW, 0U);
    leaves.shadow = VMX_SHADOW_MOV_SS;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(windows_asked_for(), PRIMARY_WINDOW | PRIMARY_NMI_WINDOW);
    leave(VMX_EXIT_NMI_WINDOW, 0U);
    leaves.shadow = VMX_SHADOW_STI; /* where it would open, and nothing could go in */
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(windows_asked_for(), PRIMARY_WINDOW);
    leaves.shadow = 0U;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(windows_asked_for(), PRIMARY_WINDOW);
    vmx_vendor.inject(GUEST, debug_exception);
    vmx_vendor.request_window(GUEST, false);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & (PRIMARY_WINDOW | PRIMARY_NMI_WINDOW), 0U);
}

/* Only an NMI's exit leaves NMIs blocked. */
/* REQ-INT-029 */
static void init_is_no_nmi(void **state)
{
    (void)state;
    assert_int_equal(leave(VMX_EXIT_INIT, 0U).reason, HV_EXIT_INTERRUPT);
    assert_int_equal(nmi_opened, 0U);
}

/* ---- what the guest is told and shown ---- */

/* REQ-RT-014 */
static void a_mov_that_runs_again_is_counted(void **state)
{
    (void)state;
    trace_events = UINT32_MAX;
    vcpu_regs[GUEST].gpr[GPR_RAX] = 0x31U;
    ends_after = 2U;
    leave(VMX_EXIT_CR, 0U);
    trace_events = 0U;
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_CR], 1U);
    assert_int_equal(vcpu_stats[GUEST].exits_total, 1U);
    assert_true(vcpu_stats[GUEST].last_exit_tsc != 0U);
    assert_int_equal(quick_traced, HV_EXIT_CR + 1U);
}

/* REQ-ISO-033 */
static void an_instruction_at_the_end_of_32_bit_addresses_is_followed_by_the_first(void **state)
{
    (void)state;
    answers = true;
    leaves.rip = 0xFFFFFFFEU;
    leave(VMX_EXIT_CPUID, 0U);
    assert_int_equal(entered[VMCS_GUEST_RIP], 0U);
    vcpu_regs[GUEST].rip = 0x100000001U; /* as core/ skips an instruction */
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_RIP], 1U);
    in_64_bit_code();
    leaves.rip = 0xFFFFFFFEU;
    leave(VMX_EXIT_CPUID, 0U);
    assert_int_equal(entered[VMCS_GUEST_RIP], 0x100000000U);
    vcpu_regs[GUEST].rip = 0x100000001U;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_RIP], 0x100000001U);
    vmx_vendor.set_segment(GUEST, SEG_CS, (struct segment){ 8U, 0xC09BU, 0xFFFFFFFFU, 0U }); /* compatibility mode */
    vcpu_regs[GUEST].rip = 0x100000001U;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_RIP], 1U);
}

/* VME PVI TSD DE PSE PAE MCE PGE PCE OSFXSR OSXMMEXCPT UMIP, FSGSBASE PCIDE OSXSAVE, SMEP SMAP (core/cpuid.c): what comes later is hidden. */
/* REQ-ISO-019 */
static void cr4_has_the_bits_that_cpuid_tells_of_and_no_other(void **state)
{
    const uint64_t known = 0xFFFULL | (7ULL << 16) | (3ULL << 20);
    (void)state;
    in_64_bit_code();
    for (uint32_t bit = 0U; bit < 64U; bit++) {
        const bool shown = ((known >> bit) & 1U) != 0U;
        vcpu_regs[GUEST].gpr[GPR_RAX] = 1ULL << bit;
        ends_after = 2U;
        assert_int_equal(leave(VMX_EXIT_CR, 4U).reason, shown ? HV_EXIT_INTERRUPT : HV_EXIT_EXCEPTION);
        assert_int_equal((entered[VMCS_CR4_MASK] >> bit) & 1U, (shown && (bit != 6U)) ? 0U : 1U);
    }
    vmx_vendor.set(GUEST, REG_CR4, UINT64_MAX);
    assert_int_equal(vmx_vendor.get(GUEST, REG_CR4), known);
}

/* REQ-ISO-033 */
static void a_mov_outside_64_bit_code_has_32_bits(void **state)
{
    (void)state;
    vcpu_regs[GUEST].gpr[GPR_RAX] = 0x100000060U;
    ends_after = 2U;
    assert_int_equal(leave(VMX_EXIT_CR, 4U).reason, HV_EXIT_INTERRUPT);
    assert_int_equal(entered[VMCS_CR4_SHADOW], 0x40U);
}

/* ---- entries that fail ---- */

/* REQ-LIF-014 */
static void a_guest_whose_entries_fail_cannot_fill_the_log(void **state)
{
    (void)state;
    leave(VMX_ENTRY_FAILED | VMX_EXIT_GUEST_STATE, 0U);
    assert_int_equal(lines, 1U);
    log_full = true;
    leave(VMX_ENTRY_FAILED | VMX_EXIT_GUEST_STATE, 0U);
    assert_int_equal(lines, 1U);
}

/* REQ-IO-014 */
static void a_machine_check_during_an_entry_is_no_shutdown_of_the_guest(void **state)
{
    struct vm_exit exit;
    (void)state;
    vmcs[0][VMCS_VECTORING] = VMX_EVENT_VALID | 0x31U; /* of an earlier exit */
    exit = leave(VMX_ENTRY_FAILED | VMX_EXIT_ENTRY_MC, 0U);
    assert_int_equal(exit.reason, HV_EXIT_EXCEPTION);
    assert_int_equal(exit.number, 18U);
    assert_int_equal(exit.cut, CUT_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_single_step_in_the_shadow_of_sti_or_mov_ss_can_go_in_again, setup),
        cmocka_unit_test_setup(a_mov_that_runs_again_may_be_in_that_shadow, setup),
        cmocka_unit_test_setup(int1_is_over_when_its_exception_goes_in, setup),
        cmocka_unit_test_setup(a_single_step_is_pending_and_nothing_else_goes_in, setup),
        cmocka_unit_test_setup(a_quick_exit_sees_the_flags_of_a_debugger, setup),
        cmocka_unit_test_setup(a_debug_exception_ends_general_detect, setup),
        cmocka_unit_test_setup(real_mode_has_no_error_codes, setup),
        cmocka_unit_test_setup(an_nmi_behind_another_event_does_not_wait_for_if, setup),
        cmocka_unit_test_setup(init_is_no_nmi, setup),
        cmocka_unit_test_setup(a_mov_that_runs_again_is_counted, setup),
        cmocka_unit_test_setup(an_instruction_at_the_end_of_32_bit_addresses_is_followed_by_the_first, setup),
        cmocka_unit_test_setup(cr4_has_the_bits_that_cpuid_tells_of_and_no_other, setup),
        cmocka_unit_test_setup(a_mov_outside_64_bit_code_has_32_bits, setup),
        cmocka_unit_test_setup(a_guest_whose_entries_fail_cannot_fill_the_log, setup),
        cmocka_unit_test_setup(a_machine_check_during_an_entry_is_no_shutdown_of_the_guest, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
