/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/svm/svm.c x86/svm/exit.c x86/svm/event.c x86/svm/quick.c x86/exception.c x86/svm/intercept.c x86/svm/bitmap.c x86/svm/state.c x86/flush.c x86/memory.c */
/* What emulators do not show of the AMD-V backend, from an exit to the next entry: quick exits, requeued events, NMIs, windows. */
#include "svm_machine.h"

/* ---- quick exits ---- */

/* Leaves by this exit, which is answered; then by an interrupt. */
static void leave_quickly(uint64_t code, uint64_t info1, uint64_t info2)
{
    answers = true;
    vmruns = 0U;
    asked = 0U;
    svm_vmcb[GUEST].rax = 0x10U;
    svm_vmcb[GUEST].interrupt_state = INTERRUPT_SHADOW;
    svm_vmcb[GUEST].event_injection = EVENT_VALID | (3ULL << 8) | 6U;
    vcpu_regs[GUEST].gpr[GPR_RAX] = 0x10U;
    leaves.rip = 0x1000U;
    assert_int_equal(leave(code, info1, info2).reason, HV_EXIT_INTERRUPT);
    assert_int_equal(vmruns, 2U);
    assert_int_equal(asked, 1U);
    assert_int_equal(entered.rax, 0x110U);
    assert_int_equal(entered.interrupt_state & INTERRUPT_SHADOW, 0U);
    assert_int_equal(entered.tlb_control, 0U);
    assert_int_equal(entered.event_injection, 0U);
    assert_int_equal(vcpu_regs[GUEST].gpr[GPR_RAX], 0x110U);
}

/* REQ-RT-060 */
static void an_exit_that_is_answered_goes_straight_back(void **state)
{
    (void)state;
    leave_quickly(0x72U, 0U, 0U); /* CPUID */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1002U);
    svm_vmcb[GUEST].cpl = 3U;
    leave_quickly(0x81U, 0U, 0U); /* VMMCALL */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1003U);
    assert_int_equal(asked_cpl, 3U);
    leave_quickly(0x7CU, 0U, 0U); /* RDMSR */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1002U);
    assert_false(asked_write);
    leave_quickly(0x7CU, 1U, 0U); /* WRMSR */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1002U);
    assert_true(asked_write);
    leave_quickly(0x7BU, (0x500U << 16) | (1U << 5) | 1U, 0x1001U); /* IN AX, DX */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1001U);
    assert_int_equal(asked_size, 2U);
    assert_int_equal(asked_port, 0x500U);
    assert_false(asked_write);
    leave_quickly(0x7BU, (0x500U << 16) | (1U << 6), 0x1002U); /* OUT imm8, EAX */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1002U);
    assert_int_equal(asked_size, 4U);
    assert_true(asked_write);
}

#define DB_EVENT (EVENT_VALID | (3ULL << 8) | 1U)

/* REQ-INT-060 */
static void a_single_step_is_an_exception_before_any_other_event(void **state)
{
    (void)state;
    vcpu_regs[GUEST].rflags = 0x302U;
    svm_vmcb[GUEST].dr7 = 0x2401U; /* GD */
    svm_vendor.single_step(GUEST);
    assert_false(svm_vendor.can_accept(GUEST));
    assert_false(svm_vendor.can_accept_nmi(GUEST));
    assert_true(svm_vendor.event_queued(GUEST));
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.event_injection, DB_EVENT);
    assert_int_equal(entered.dr6, 0xFFFF4FF0U);
    assert_int_equal(entered.dr7, 0x401U);
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.event_injection, 0U);
}

/* REQ-INT-060 REQ-RT-060 */
static void a_quick_exit_sees_the_flags_of_a_debugger(void **state)
{
    (void)state;
    answers = true;
    vcpu_regs[GUEST].rflags = 0x10302U; /* RF, TF */
    leave(0x72U, 0U, 0U);
    assert_int_equal(entered.event_injection, DB_EVENT);
    assert_int_equal(entered.dr6 & 0x4000U, 0x4000U);
    assert_int_equal(entered.rflags, 0x302U);
    vcpu_regs[GUEST].rflags = 0x10202U;
    leave(0x72U, 0U, 0U);
    assert_int_equal(entered.event_injection, 0U);
    assert_int_equal(entered.rflags, 0x202U);
}

/* The first exit after it is not one of those "behind an answered exit": the event could have been cut short. */
/* REQ-INT-060 */
static void a_single_step_goes_in_once(void **state)
{
    (void)state;
    answers = true;
    repeats = 1U;
    vcpu_regs[GUEST].rflags = 0x302U;
    leaves.exit_code = 0x72U;
    svm_vmcb[GUEST].rflags = 0x302U;
    leave(0x72U, 0U, 0U);
    assert_int_equal(asked, 2U);
    assert_int_equal(then.event_injection, DB_EVENT);
    assert_false(svm_vendor.event_queued(GUEST));
}

/* REQ-RT-060 REQ-IO-014 */
static void the_cpu_tells_where_the_next_instruction_is(void **state)
{
    (void)state;
    svm_features.next_rip = true;
    leaves.next_rip = 0x1005U;
    leave_quickly(0x81U, 0U, 0U);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1005U);
}

/* REQ-RT-031 */
static void quick_exits_are_traced_when_that_is_on(void **state)
{
    (void)state;
    leave_quickly(0x81U, 0U, 0U);
    assert_int_equal(quick_traced, 0U);
    trace_events = HV_TRACE_ALL;
    leave_quickly(0x81U, 0U, 0U);
    trace_events = 0U;
    assert_int_equal(quick_traced, HV_EXIT_HYPERCALL + 1U);
}

/* REQ-RT-060 REQ-RT-014 */
static void quick_exits_are_counted_as_all_others(void **state)
{
    (void)state;
    leave_quickly(0x72U, 0U, 0U);
    leave_quickly(0x81U, 0U, 0U);
    leave_quickly(0x81U, 0U, 0U);
    leave_quickly(0x7CU, 1U, 0U);
    leave_quickly(0x7BU, 1U << 4, 0U);
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_CPUID], 1U);
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_HYPERCALL], 2U);
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_MSR_WRITE], 1U);
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_IO], 1U);
    assert_int_equal(vcpu_stats[GUEST].exits_total, 5U); /* the others are counted by the run loop */
    assert_true(vcpu_stats[GUEST].last_exit_tsc != 0U);
    assert_true(vcpu_stats[GUEST].worst[HV_EXIT_CPUID] != 0U);
    assert_int_equal(vcpu_stats[GUEST].worst[HV_EXIT_MSR_READ], 0U);
}

/* REQ-RT-060 REQ-ISO-013 */
static void answered_exits_that_follow_each_other(void **state)
{
    (void)state;
    answers = true;
    repeats = 2U;
    svm_vmcb[GUEST].event_injection = EVENT_VALID | (3ULL << 8) | 6U;
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_INTERRUPT);
    assert_int_equal(vmruns, 4U);
    assert_int_equal(asked, 3U);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1006U);
    assert_int_equal(then.tlb_control, 0U);
    assert_int_equal(then.event_injection, 0U);
    assert_false(flush_wanted(GUEST));
}

/* A delivery that was cut short may come at any time; whoever waits for a moment to inject does so before the entry. */
/* REQ-RT-060 REQ-INT-016 */
static void after_an_answer_the_next_exit_is_looked_at_as_well(void **state)
{
    struct svm_run run = { &vcpu_regs[GUEST], &svm_vmcb[GUEST], 0U, &kick, &vcpu_stats[GUEST], GUEST, false };
    (void)state;
    answers = true;
    svm_vmcb[GUEST].exit_code = 0x72U;
    assert_ptr_equal(svm_quick(&run, 0U), &svm_vmcb[GUEST]);
    assert_true(run.settled);
    svm_vmcb[GUEST].exit_int_info = EVENT_VALID | 0x31U;
    assert_null(svm_quick(&run, 0U));
    svm_vmcb[GUEST].exit_int_info = 0U;
    svm_vmcb[GUEST].exit_code = 0x60U;
    assert_null(svm_quick(&run, 0U));
    run.settled = false;
    svm_vmcb[GUEST].exit_code = 0x72U;
    svm_vmcb[GUEST].interrupt_control = VINT_IRQ;
    assert_null(svm_quick(&run, 0U));
    assert_false(run.settled);
    assert_int_equal(asked, 1U);
}

/* REQ-RT-060 */
static void an_exit_without_an_answer_goes_the_ordinary_way(void **state)
{
    static const uint64_t codes[] = { 0x81U, 0x7CU, 0x7BU };
    (void)state;
    for (size_t i = 0U; i < 3U; i++) {
        asked = 0U;
        svm_vmcb[GUEST].interrupt_state = INTERRUPT_SHADOW;
        assert_int_not_equal(leave(codes[i], 0x11U, 0x1001U).reason, HV_EXIT_OTHER);
        assert_int_equal(asked, 1U);
        assert_int_equal(vcpu_regs[GUEST].rip, 0x1000U);
        assert_int_equal(svm_vmcb[GUEST].interrupt_state, INTERRUPT_SHADOW);
    }
    assert_int_equal(vmruns, 3U);
    answers = true;
    asked = 0U;
    assert_true(leave(0x7BU, 0x15U, 0x1001U).string); /* INS */
    assert_int_equal(leave(0x8DU, 0U, 0U).reason, HV_EXIT_XSETBV);
    assert_int_equal(asked, 0U);
}

/* REQ-RT-060 REQ-INT-016 REQ-INT-017 */
static void an_event_on_its_way_makes_every_exit_ordinary(void **state)
{
    (void)state;
    answers = true;
    leaves.exit_int_info = EVENT_VALID | 0x31U;
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_CPUID);
    leaves.exit_int_info = 0U;
    svm_vendor.request_window(GUEST, false);
    svm_vmcb[GUEST].interrupt_control = 0U;
    svm_vendor.request_window(GUEST, true); /* someone waits for the moment */
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_CPUID);
    svm_vendor.request_window(GUEST, false);
    deliver_interrupts = false;
    svm_vendor.inject(GUEST, (struct event){ EVENT_INTERRUPT, 0x41U, false, 0U }); /* not gone in yet */
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_CPUID);
    deliver_interrupts = true;
    leave(0x60U, 0U, 0U);
    svm_vendor.inject(GUEST, (struct event){ EVENT_NMI, 2U, false, 0U }); /* in its handler another may wait */
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_CPUID);
    assert_int_equal(asked, 0U);
}

/* ---- events ---- */

/* REQ-INT-016 */
static void an_event_cut_short_is_queued_again(void **state)
{
    (void)state;
    leaves.exit_int_info = EVENT_VALID | 0x31U; /* interrupt 31H */
    leave(0x400U, 0U, 0U);
    assert_true(svm_vendor.event_queued(GUEST));
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.interrupt_control & (VINT_IRQ | VINT_VECTOR), VINT_IRQ | (0x31ULL << VINT_VECTOR_SHIFT));
    assert_int_equal(entered.event_injection, 0U);
    leaves.exit_int_info = EVENT_VALID | EVENT_HAS_ERROR | (3ULL << 8) | 14U | (2ULL << 32); /* #PF, error 2 */
    leave(0x400U, 0U, 0U);
    leaves.exit_int_info = 0U;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.event_injection, EVENT_VALID | EVENT_HAS_ERROR | (3ULL << 8) | 14U | (2ULL << 32));
    assert_false(svm_vendor.event_queued(GUEST));
}

/* REQ-IO-024 */
static void an_exit_says_what_delivery_it_cut_short(void **state)
{
    (void)state;
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_NOTHING);
    leaves.exit_int_info = (3ULL << 8) | 8U; /* stale: not valid */
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_NOTHING);
    leaves.exit_int_info = EVENT_VALID | 0x31U; /* interrupt 31H */
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_BENIGN);
    leaves.exit_int_info = EVENT_VALID | (4ULL << 8) | 8U; /* INT 8 */
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_BENIGN);
    leaves.exit_int_info = EVENT_VALID | EVENT_HAS_ERROR | (3ULL << 8) | 13U;
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_CONTRIBUTORY);
    leaves.exit_int_info = EVENT_VALID | EVENT_HAS_ERROR | (3ULL << 8) | 8U;
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_DOUBLE_FAULT);
}

/* REQ-IO-024 */
static void a_fault_in_a_delivery_counts_by_what_was_delivered(void **state)
{
    (void)state;
    for (uint32_t vector = 0U; vector < 32U; vector++) {
        const bool contributory = (vector == 0U) || (vector == 10U) || (vector == 11U) || (vector == 12U) || (vector == 13U) || (vector == 14U);
        const enum exit_cut expected = (vector == 8U) ? CUT_DOUBLE_FAULT : (contributory ? CUT_CONTRIBUTORY : CUT_BENIGN);
        assert_int_equal(vendor_cut_exception(vector), expected);
    }
}

/* REQ-INT-016: QEMU's name for a virtual interrupt; injected as an exception it would make VMRUN fail. */
static void an_exception_above_vector_31_is_not_queued(void **state)
{
    (void)state;
    leaves.exit_int_info = EVENT_VALID | (3ULL << 8) | 0xFBU;
    leave(0x400U, 0U, 0U);
    leaves.exit_int_info = 0U;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.event_injection, 0U);
}

/* REQ-INT-016 */
static void instructions_that_raise_run_again_instead(void **state)
{
    (void)state;
    leaves.exit_int_info = EVENT_VALID | (4ULL << 8) | 0x80U; /* INT 80H */
    leave(0x400U, 0U, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
    leaves.exit_int_info = EVENT_VALID | (3ULL << 8) | 3U; /* INT3 */
    leave(0x400U, 0U, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
}

static void stale_information_without_the_valid_bit_is_ignored(void **state)
{
    (void)state;
    leaves.exit_int_info = 0x31U;
    leave(0x400U, 0U, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
}

/* REQ-INT-017 */
static void interrupts_wait_for_if_shadow_and_queue(void **state)
{
    const struct event interrupt = { EVENT_INTERRUPT, 0x40U, false, 0U };
    (void)state;
    assert_false(svm_vendor.can_accept(GUEST));
    vcpu_regs[GUEST].rflags = 0x202U;
    assert_true(svm_vendor.can_accept(GUEST));
    svm_vmcb[GUEST].interrupt_state = INTERRUPT_SHADOW;
    assert_false(svm_vendor.can_accept(GUEST));
    svm_vendor.clear_shadow(GUEST);
    assert_true(svm_vendor.can_accept(GUEST));
    svm_vendor.inject(GUEST, interrupt);
    assert_false(svm_vendor.can_accept(GUEST));
    assert_int_equal(svm_vmcb[GUEST].interrupt_control & (VINT_IRQ | VINT_VECTOR), VINT_IRQ | (0x40ULL << VINT_VECTOR_SHIFT));
}

/* QEMU delivers an interrupt in EVENTINJ twice when the core leaves its loop right after VMRUN. */
/* REQ-INT-017 */
static void interrupts_never_go_through_eventinj(void **state)
{
    const struct event interrupt = { EVENT_INTERRUPT, 0xECU, false, 0U };
    (void)state;
    svm_vendor.inject(GUEST, interrupt);
    assert_int_equal(svm_vmcb[GUEST].event_injection, 0U);
    leaves.exit_int_info = 0U;
    leave(0x60U, 0U, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
}

static void an_interrupt_not_yet_delivered_stays_and_no_window_replaces_it(void **state)
{
    const struct event interrupt = { EVENT_INTERRUPT, 0x51U, false, 0U };
    (void)state;
    leaves.exit_int_info = 0U;
    svm_vendor.inject(GUEST, interrupt);
    deliver_interrupts = false;
    leave(0x60U, 0U, 0U);
    deliver_interrupts = true;
    assert_true(svm_vendor.event_queued(GUEST));
    svm_vendor.request_window(GUEST, true);
    svm_vendor.request_window(GUEST, false);
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.interrupt_control & (VINT_IRQ | VINT_VECTOR), VINT_IRQ | (0x51ULL << VINT_VECTOR_SHIFT));
    assert_int_equal(entered.intercept_misc1 & MISC1_VINTR, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
}

static void a_window_is_asked_for_and_taken_back(void **state)
{
    (void)state;
    svm_vendor.request_window(GUEST, true);
    assert_true((svm_vmcb[GUEST].interrupt_control & (VINT_IRQ | VINT_IGNORE_TPR)) == (VINT_IRQ | VINT_IGNORE_TPR));
    assert_int_equal(leave(0x64U, 0U, 0U).reason, HV_EXIT_WINDOW);
    assert_int_equal(svm_vmcb[GUEST].interrupt_control, VINT_MASKING);
    assert_int_equal(svm_vmcb[GUEST].intercept_misc1 & MISC1_VINTR, 0U);
}

/* REQ-RT-008 */
static void a_second_nmi_waits_for_the_iret_of_the_first(void **state)
{
    const struct event nmi = { EVENT_NMI, 2U, false, 0U };
    (void)state;
    assert_true(svm_vendor.can_accept_nmi(GUEST));
    svm_vendor.inject(GUEST, nmi);
    assert_int_equal(svm_vmcb[GUEST].event_injection, EVENT_VALID | (2ULL << 8) | 2U);
    leave(0x60U, 0U, 0U);
    assert_false(svm_vendor.can_accept_nmi(GUEST));
    assert_true((entered.intercept_misc1 & MISC1_IRET) != 0U);
    assert_int_equal(leave(0x74U, 0U, 0U).reason, HV_EXIT_WINDOW); /* before the IRET */
    assert_false(svm_vendor.can_accept_nmi(GUEST));
    leave(0x60U, 0U, 0U); /* an exit that left RIP at the IRET */
    assert_true((entered.intercept_misc1 & MISC1_IRET) == 0U);
    assert_false(svm_vendor.can_accept_nmi(GUEST));
    leaves.rip = 0x2000U;
    leave(0x60U, 0U, 0U);
    assert_true(svm_vendor.can_accept_nmi(GUEST));
}

static void reset_opens_nmis(void **state)
{
    const struct event nmi = { EVENT_NMI, 2U, false, 0U };
    (void)state;
    svm_vendor.inject(GUEST, nmi);
    svm_vendor.vcpu_init(GUEST, false);
    assert_true(svm_vendor.can_accept_nmi(GUEST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_exit_that_is_answered_goes_straight_back, setup),
        cmocka_unit_test_setup(a_single_step_is_an_exception_before_any_other_event, setup),
        cmocka_unit_test_setup(a_quick_exit_sees_the_flags_of_a_debugger, setup),
        cmocka_unit_test_setup(a_single_step_goes_in_once, setup),
        cmocka_unit_test_setup(the_cpu_tells_where_the_next_instruction_is, setup),
        cmocka_unit_test_setup(quick_exits_are_counted_as_all_others, setup),
        cmocka_unit_test_setup(answered_exits_that_follow_each_other, setup),
        cmocka_unit_test_setup(after_an_answer_the_next_exit_is_looked_at_as_well, setup),
        cmocka_unit_test_setup(quick_exits_are_traced_when_that_is_on, setup),
        cmocka_unit_test_setup(an_exit_without_an_answer_goes_the_ordinary_way, setup),
        cmocka_unit_test_setup(an_event_on_its_way_makes_every_exit_ordinary, setup),
        cmocka_unit_test_setup(an_event_cut_short_is_queued_again, setup),
        cmocka_unit_test_setup(a_fault_in_a_delivery_counts_by_what_was_delivered, setup),
        cmocka_unit_test_setup(an_exit_says_what_delivery_it_cut_short, setup),
        cmocka_unit_test_setup(an_exception_above_vector_31_is_not_queued, setup),
        cmocka_unit_test_setup(instructions_that_raise_run_again_instead, setup),
        cmocka_unit_test_setup(stale_information_without_the_valid_bit_is_ignored, setup),
        cmocka_unit_test_setup(interrupts_wait_for_if_shadow_and_queue, setup),
        cmocka_unit_test_setup(a_second_nmi_waits_for_the_iret_of_the_first, setup),
        cmocka_unit_test_setup(reset_opens_nmis, setup),
        cmocka_unit_test_setup(interrupts_never_go_through_eventinj, setup),
        cmocka_unit_test_setup(an_interrupt_not_yet_delivered_stays_and_no_window_replaces_it, setup),
        cmocka_unit_test_setup(a_window_is_asked_for_and_taken_back, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
