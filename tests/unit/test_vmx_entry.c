/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/vmx/vmx.c x86/vmx/control.c x86/vmx/state.c x86/vmx/state_reset.c x86/vmx/event.c x86/vmx/exit.c x86/vmx/quick.c x86/vmx/bitmap.c x86/vmx/apic.c x86/flush.c x86/exception.c */
/* What emulators do not show of the VT-x backend, from an entry to the next: refused entries, kicks at any moment, quick exits, requeued events. */
#include "vmx_machine.h"

#define RIP_OF(id) vcpu_regs[id].rip

/* ---- entries that fail ---- */

/* REQ-ISO-033 */
static void a_state_that_entry_refuses_ends_the_guest_and_is_named(void **state)
{
    struct vm_exit exit;
    (void)state;
    leaves.rip = 0xDEADU;
    vmcs[0][VMCS_VECTORING] = VMX_EVENT_VALID | 0x31U; /* of an earlier exit */
    exit = leave(VMX_ENTRY_FAILED | VMX_EXIT_GUEST_STATE, 0U);
    assert_int_equal(exit.reason, HV_EXIT_SHUTDOWN);
    assert_int_equal(exit.cut, CUT_NOTHING);
    assert_int_equal(RIP_OF(GUEST), 0x1000U);
    assert_non_null(strstr(said, "invalid guest state"));
    assert_false(vmx_vendor.event_queued(GUEST));
}

static void a_refused_vmlaunch_ends_the_guest_and_is_named(void **state)
{
    struct vm_exit exit;
    (void)state;
    refused = true;
    vmcs[0][VMCS_INSTRUCTION_ERROR] = 7U;
    assert_true(vmx_vendor.enter(GUEST, &kick, &exit));
    assert_int_equal(exit.reason, HV_EXIT_SHUTDOWN);
    assert_int_equal(RIP_OF(GUEST), 0x1000U);
    assert_non_null(strstr(said, "invalid control field"));
}

static void every_failure_has_a_name(void **state)
{
    (void)state;
    for (uint32_t number = 0U; number < 40U; number++) {
        vmcs[0][VMCS_INSTRUCTION_ERROR] = number;
        assert_non_null(vmx_entry_failure(0U));
        assert_non_null(vmx_entry_failure(VMX_ENTRY_FAILED | number));
    }
}

/* ---- kicks ---- */

/* REQ-INT-029 */
static void a_kick_before_the_entry_leaves_everything_as_it_was(void **state)
{
    const struct event interrupt = { EVENT_INTERRUPT, 0x51U, false, 0U };
    struct vm_exit exit;
    (void)state;
    vmx_vendor.inject(GUEST, interrupt);
    kick_before = true;
    assert_false(vmx_vendor.enter(GUEST, &kick, &exit));
    assert_true(vmx_vendor.event_queued(GUEST));
    assert_int_equal(RIP_OF(GUEST), 0x1000U);
    kick_before = false;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_ENTRY_EVENT], VMX_EVENT_VALID | 0x51U);
    assert_false(vmx_vendor.event_queued(GUEST));
}

/* REQ-INT-029 */
static void a_kick_after_a_quick_exit_keeps_what_the_exit_did(void **state)
{
    struct vm_exit exit;
    (void)state;
    answers = true;
    kick_after_first = true;
    exit = leave(VMX_EXIT_CPUID, 0U);
    assert_int_equal(exit.reason, HV_EXIT_NMI);
    assert_int_equal(exit.cut, CUT_NOTHING);
    assert_int_equal(RIP_OF(GUEST), 0x1002U);
    assert_false(vmx_vcpu[GUEST].live);
}

/* REQ-INT-029 */
static void an_nmi_in_the_window_returns_to_the_kick(void **state)
{
    const uint64_t start = vmx_marks[VMX_MARK_WINDOW];
    const uint64_t end = vmx_marks[VMX_MARK_WINDOW_END];
    const uint64_t kicked = vmx_marks[VMX_MARK_KICKED];
    (void)state;
    assert_int_equal(vmx_vendor.nmi_return(start), kicked);
    assert_int_equal(vmx_vendor.nmi_return(end - 1U), kicked);
    assert_int_equal(vmx_vendor.nmi_return(start - 1U), start - 1U);
    assert_int_equal(vmx_vendor.nmi_return(end), end);
}

/* ---- quick exits ---- */

/* REQ-RT-031 REQ-RT-060 */
static void an_exit_that_is_answered_goes_straight_back(void **state)
{
    struct vm_exit exit;
    (void)state;
    answers = true;
    leaves.shadow = VMX_SHADOW_STI;
    leaves.length = 3U;
    exit = leave(VMX_EXIT_CPUID, 0U);
    assert_int_equal(exit.reason, HV_EXIT_INTERRUPT);
    assert_int_equal(entries, 2U);
    assert_int_equal(entered[VMCS_GUEST_RIP], 0x1003U);
    assert_int_equal(entered[VMCS_GUEST_SHADOW], 0U);
    assert_int_equal(RIP_OF(GUEST), 0x1003U);
    assert_int_equal(vcpu_regs[GUEST].gpr[GPR_RAX], 0x100U);
}

/* CPUID's answer depends on CR4: it must be the guest's of now, not of the last exit that was saved. */
/* REQ-RT-060 */
static void what_a_quick_exit_asks_is_the_state_of_now(void **state)
{
    (void)state;
    leave(VMX_EXIT_INTERRUPT, 0U);
    vmcs[0][VMCS_GUEST_CR4] = 0x42040U; /* the guest sets OSXSAVE meanwhile */
    leave(VMX_EXIT_CPUID, 0U);
    assert_int_equal(cr4_seen, 0x40000U);
}

/* REQ-RT-060 */
static void each_kind_is_asked_with_its_operands(void **state)
{
    (void)state;
    answers = true;
    leave(VMX_EXIT_IO, (0x80U << 16) | 0x1U); /* OUT, 16 bits */
    assert_int_equal(asked_port, 0x80U);
    assert_int_equal(asked_size, 2U);
    assert_true(asked_write);
    assert_int_equal(quick_traced, 0U); /* nobody listens */
    leave(VMX_EXIT_IO, (0x71U << 16) | 0x8U);
    assert_false(asked_write);
    vmcs[0][VMCS_GUEST_ACCESS + 4U] = 0xF3U;
    vmx_vendor.set(GUEST, REG_CPL, 3U);
    leave(VMX_EXIT_VMCALL, 0U);
    assert_int_equal(asked_cpl, 3U);
    leave(VMX_EXIT_WRMSR, 0U);
    assert_true(asked_write);
    leave(VMX_EXIT_RDMSR, 0U);
    assert_int_equal(asked, 5U);
    leave(VMX_EXIT_IO, (0x80U << 16) | 0x10U); /* a string instruction is not asked about */
    assert_int_equal(asked, 5U);
}

/* REQ-RT-060 */
static void an_event_on_its_way_makes_every_exit_ordinary(void **state)
{
    const struct event nmi = { EVENT_NMI, 2U, false, 0U };
    (void)state;
    answers = true;
    leaves.vectoring = VMX_EVENT_VALID | 0x31U;
    assert_int_equal(leave(VMX_EXIT_CPUID, 0U).reason, HV_EXIT_CPUID);
    leaves.vectoring = 0U;
    vmx_vendor.request_window(GUEST, true);
    assert_int_equal(leave(VMX_EXIT_CPUID, 0U).reason, HV_EXIT_CPUID);
    vmx_vendor.request_window(GUEST, false);
    vmx_vendor.inject(GUEST, nmi);
    assert_int_equal(leave(VMX_EXIT_CPUID, 0U).reason, HV_EXIT_CPUID);
    assert_int_equal(asked, 0U);
}

/* REQ-RT-060 */
static void an_exit_without_an_answer_goes_the_ordinary_way(void **state)
{
    (void)state;
    assert_int_equal(leave(VMX_EXIT_RDMSR, 0U).reason, HV_EXIT_MSR_READ);
    assert_int_equal(entries, 1U);
    assert_int_equal(RIP_OF(GUEST), 0x1000U);
}

/* ---- events ---- */

/* REQ-INT-016 */
static void an_event_cut_short_is_queued_again(void **state)
{
    struct vm_exit exit;
    (void)state;
    leaves.vectoring = VMX_EVENT_VALID | VMX_EVENT_HAS_ERROR | VMX_EVENT_NMI_UNBLOCKED | (3U << 8) | 14U;
    leaves.vectoring_error = 7U;
    exit = leave(VMX_EXIT_EPT_VIOLATION, 0x181U);
    assert_int_equal(exit.cut, CUT_CONTRIBUTORY);
    assert_true(vmx_vendor.event_queued(GUEST));
    leaves.vectoring = 0U;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_ENTRY_EVENT], VMX_EVENT_VALID | VMX_EVENT_HAS_ERROR | (3U << 8) | 14U);
    assert_int_equal(entered[VMCS_ENTRY_ERROR], 7U);
    assert_false(vmx_vendor.event_queued(GUEST));
}

/* REQ-INT-016 */
static void instructions_that_raise_run_again_instead(void **state)
{
    (void)state;
    for (uint32_t type = 4U; type <= 6U; type++) {
        leaves.vectoring = VMX_EVENT_VALID | (type << 8) | 3U;
        assert_int_equal(leave(VMX_EXIT_EPT_VIOLATION, 0x181U).cut, CUT_BENIGN);
        assert_false(vmx_vendor.event_queued(GUEST));
    }
}

/* REQ-INT-016 */
static void an_nmi_cut_short_goes_in_again_although_the_cpu_blocked_the_next(void **state)
{
    (void)state;
    leaves.vectoring = VMX_EVENT_VALID | (2U << 8) | 2U;
    leaves.shadow = VMX_SHADOW_NMI;
    leave(VMX_EXIT_EPT_VIOLATION, 0x181U);
    leaves.vectoring = 0U;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_ENTRY_EVENT], VMX_EVENT_VALID | (2U << 8) | 2U);
    assert_int_equal(entered[VMCS_GUEST_SHADOW], 0U);
}

/* REQ-RT-008 */
static void an_iret_that_faults_blocks_nmis_again(void **state)
{
    (void)state;
    leave(VMX_EXIT_EPT_VIOLATION, VMX_EPT_NMI_UNBLOCKED | 0x181U);
    assert_false(vmx_vendor.can_accept_nmi(GUEST));
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_SHADOW], VMX_SHADOW_NMI);
    leaves.shadow = 0U;
    leaves.event = VMX_EVENT_VALID | VMX_EVENT_NMI_UNBLOCKED | (3U << 8) | 17U;
    leave(VMX_EXIT_EVENT, 0U);
    assert_false(vmx_vendor.can_accept_nmi(GUEST));
    leaves.event = VMX_EVENT_VALID | VMX_EVENT_NMI_UNBLOCKED | (3U << 8) | 8U; /* means nothing for #DF */
    leave(VMX_EXIT_EVENT, 0U);
    assert_true(vmx_vendor.can_accept_nmi(GUEST));
}

static void interrupts_wait_for_if_shadow_and_queue(void **state)
{
    const struct event interrupt = { EVENT_INTERRUPT, 0x51U, false, 0U };
    (void)state;
    assert_false(vmx_vendor.can_accept(GUEST));
    vcpu_regs[GUEST].rflags = 0x202U;
    assert_true(vmx_vendor.can_accept(GUEST));
    vmx_vcpu[GUEST].guest[SLOT_SHADOW] = VMX_SHADOW_NMI; /* in an NMI handler that set IF */
    assert_true(vmx_vendor.can_accept(GUEST));
    assert_false(vmx_vendor.can_accept_nmi(GUEST));
    vmx_vcpu[GUEST].guest[SLOT_SHADOW] = VMX_SHADOW_MOV_SS;
    assert_false(vmx_vendor.can_accept(GUEST));
    assert_false(vmx_vendor.can_accept_nmi(GUEST));
    vmx_vendor.clear_shadow(GUEST);
    assert_true(vmx_vendor.can_accept_nmi(GUEST));
    vmx_vendor.inject(GUEST, interrupt);
    assert_false(vmx_vendor.can_accept(GUEST));
    assert_false(vmx_vendor.can_accept_nmi(GUEST));
}

static void a_window_is_asked_for_and_taken_back(void **state)
{
    (void)state;
    vmx_vendor.request_window(GUEST, true);
    assert_int_equal(leave(VMX_EXIT_WINDOW, 0U).reason, HV_EXIT_WINDOW);
    assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & PRIMARY_WINDOW, PRIMARY_WINDOW);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & PRIMARY_WINDOW, 0U);
}

/* REQ-RT-008 */
static void a_second_nmi_waits_for_the_iret_of_the_first(void **state)
{
    const struct event nmi = { EVENT_NMI, 2U, false, 0U };
    (void)state;
    vmx_vendor.inject(GUEST, nmi);
    leaves.shadow = VMX_SHADOW_NMI;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_ENTRY_EVENT], VMX_EVENT_VALID | (2U << 8) | 2U);
    assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & PRIMARY_NMI_WINDOW, PRIMARY_NMI_WINDOW);
    assert_false(vmx_vendor.can_accept_nmi(GUEST));
    leaves.shadow = 0U;
    assert_int_equal(leave(VMX_EXIT_NMI_WINDOW, 0U).reason, HV_EXIT_WINDOW);
    assert_true(vmx_vendor.can_accept_nmi(GUEST));
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & PRIMARY_NMI_WINDOW, 0U);
}

static void reset_forgets_events(void **state)
{
    const struct event nmi = { EVENT_NMI, 2U, false, 0U };
    (void)state;
    vmx_vendor.inject(GUEST, nmi);
    vmx_vendor.request_window(GUEST, true);
    vmx_vendor.vcpu_init(GUEST, false);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_ENTRY_EVENT] & VMX_EVENT_VALID, 0U);
    assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & (PRIMARY_WINDOW | PRIMARY_NMI_WINDOW), 0U);
}

/* ---- preemption timer ---- */

static void a_slice_ends_when_the_cores_timer_is_due(void **state)
{
    (void)state;
    now_armed = 1U; /* long ago */
    leave(VMX_EXIT_TIMER, 0U);
    assert_int_equal(entered[VMCS_PREEMPTION_TIMER], 0U);
    now_armed = TIME_NEVER;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_PREEMPTION_TIMER], 0xFFFFFFFFU);
    vmx_vendor.vcpu_init(GUEST, true);
    vmcs[0][VMCS_PREEMPTION_TIMER] = 0x55U;
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_PREEMPTION_TIMER], 0x55U); /* an exclusive guest has none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_state_that_entry_refuses_ends_the_guest_and_is_named, setup),
        cmocka_unit_test_setup(a_refused_vmlaunch_ends_the_guest_and_is_named, setup),
        cmocka_unit_test_setup(every_failure_has_a_name, setup),
        cmocka_unit_test_setup(a_kick_before_the_entry_leaves_everything_as_it_was, setup),
        cmocka_unit_test_setup(a_kick_after_a_quick_exit_keeps_what_the_exit_did, setup),
        cmocka_unit_test_setup(an_nmi_in_the_window_returns_to_the_kick, setup),
        cmocka_unit_test_setup(an_exit_that_is_answered_goes_straight_back, setup),
        cmocka_unit_test_setup(what_a_quick_exit_asks_is_the_state_of_now, setup),
        cmocka_unit_test_setup(each_kind_is_asked_with_its_operands, setup),
        cmocka_unit_test_setup(an_event_on_its_way_makes_every_exit_ordinary, setup),
        cmocka_unit_test_setup(an_exit_without_an_answer_goes_the_ordinary_way, setup),
        cmocka_unit_test_setup(an_event_cut_short_is_queued_again, setup),
        cmocka_unit_test_setup(instructions_that_raise_run_again_instead, setup),
        cmocka_unit_test_setup(an_nmi_cut_short_goes_in_again_although_the_cpu_blocked_the_next, setup),
        cmocka_unit_test_setup(an_iret_that_faults_blocks_nmis_again, setup),
        cmocka_unit_test_setup(interrupts_wait_for_if_shadow_and_queue, setup),
        cmocka_unit_test_setup(a_window_is_asked_for_and_taken_back, setup),
        cmocka_unit_test_setup(a_second_nmi_waits_for_the_iret_of_the_first, setup),
        cmocka_unit_test_setup(reset_forgets_events, setup),
        cmocka_unit_test_setup(a_slice_ends_when_the_cores_timer_is_due, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
