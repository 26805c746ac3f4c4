/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting cores: what a guest that programs its own local APIC left there must not reach the hypervisor's IDT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
static uint64_t tpr;
static uint64_t tpr_while_waiting;
static uint32_t waits;

static void asm_pause(void) {}
static uint32_t fences;
static void asm_mfence(void) { fences++; }
static bool asm_raise(volatile bool *flag)
{
    const bool was = *flag;
    *flag = true;
    return was;
}
static uint32_t asm_read_gs_first(void) { return 0U; }
static uint64_t asm_rdmsr(uint32_t msr);
static void asm_wrmsr(uint32_t msr, uint64_t value);
static uint32_t sent_low, sent_to;
static void asm_wrmsr_halves(uint32_t msr, uint32_t low, uint32_t high);
static void asm_sti_hlt_cli(void)
{
    waits++;
    tpr_while_waiting = tpr;
}

#include "x86/pcpu.c"

volatile uint32_t trace_events;
static uint32_t kicks_traced;
uint64_t hw_tsc(void) { return 0U; }
void trace_record(enum hv_trace_kind kind, vcpu_id_t vcpu, uint32_t arg, uint32_t value, uint64_t tsc)
{
    (void)vcpu;
    (void)tsc;
    kicks_traced += ((kind == HV_TRACE_KICK) && (arg == 1U) && (value == PCPU_IN_GUEST)) ? 1U : 0U;
}

static uint64_t asm_rdmsr(uint32_t msr)
{
    assert_int_equal(msr, MSR_X2APIC_TPR);
    return tpr;
}

static void asm_wrmsr(uint32_t msr, uint64_t value)
{
    if (msr == MSR_X2APIC_TPR) {
        tpr = value;
    }
}

static void asm_wrmsr_halves(uint32_t msr, uint32_t low, uint32_t high)
{
    assert_int_equal(msr, MSR_X2APIC_ICR);
    sent_low = low;
    sent_to = high;
}

void apic_eoi(void) {}
void apic_send_nmi(uint32_t destination) { (void)destination; }
void apic_send_fixed(uint32_t destination, uint32_t vector) { (void)destination; (void)vector; }
void gdt_load(pcpu_id_t id) { (void)id; }
void idt_load(void) {}

static int setup(void **state)
{
    (void)state;
    tpr = 0U;
    tpr_while_waiting = 0xFFU;
    waits = 0U;
    pcpus[0].exclusive = false;
    atomic_store(&pcpus[0].kick, 0U);
    return 0;
}

/* An RTVM can leave vectors 16 to 31 pending (SELF_IPI, timer, IPI to a vCPU that waits for SIPI):
 * the hypervisor would take them for its own exceptions and stop the core in a panic. */
/* REQ-INT-030 */
static void exclusive_wait_keeps_exception_vectors_out(void **state)
{
    (void)state;
    pcpus[0].exclusive = true;
    pcpu_wait(&pcpus[0]);
    assert_int_equal(waits, 1U);
    assert_int_equal(tpr_while_waiting, 0x10U);
    assert_int_equal(tpr, 0U);
}

/* REQ-INT-029 */
static void exclusive_guest_tpr_does_not_hold_back_the_wake_up(void **state)
{
    (void)state;
    pcpus[0].exclusive = true;
    tpr = 0xF0U;
    pcpu_wait(&pcpus[0]);
    assert_true((tpr_while_waiting >> 4) < (VECTOR_WAKE >> 4));
    assert_int_equal(tpr, 0xF0U);
}

static void shared_wait_leaves_tpr_alone(void **state)
{
    (void)state;
    pcpu_wait(&pcpus[0]);
    assert_int_equal(waits, 1U);
    assert_int_equal(tpr_while_waiting, 0U);
}

/* REQ-INT-029 */
static void pending_kick_does_not_wait(void **state)
{
    (void)state;
    pcpus[0].exclusive = true;
    atomic_store(&pcpus[0].kick, 1U);
    pcpu_wait(&pcpus[0]);
    assert_int_equal(waits, 0U);
    assert_int_equal(atomic_load(&pcpus[0].state), PCPU_IN_HV);
}

/* REQ-RT-031 */
static void a_kick_is_traced_when_that_is_on(void **state)
{
    (void)state;
    atomic_store(&pcpus[1].state, PCPU_IN_GUEST);
    hw_kick(1U);
    assert_int_equal(kicks_traced, 0U);
    trace_events = 1U << (uint32_t)HV_TRACE_KICK;
    hw_kick(1U);
    trace_events = 0U;
    assert_int_equal(kicks_traced, 1U);
}

/* REQ-INT-008 */
static void an_interrupt_of_a_guest_goes_to_that_core(void **state)
{
    (void)state;
    pcpus[2].apic_id = 6U;
    hw_send_ipi(2U, 0x51U);
    assert_int_equal(sent_low, 0x4051U); /* fixed, physical, asserted */
    assert_int_equal(sent_to, 6U);
}

static void a_fence_is_one(void **state)
{
    (void)state;
    fences = 0U;
    hw_fence();
    assert_int_equal(fences, 1U);
}

static void a_flag_is_raised_once(void **state)
{
    volatile bool flag = false;
    (void)state;
    assert_false(hw_raise(&flag));
    assert_true(flag);
    assert_true(hw_raise(&flag));
    assert_true(flag);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(exclusive_wait_keeps_exception_vectors_out, setup),
        cmocka_unit_test_setup(exclusive_guest_tpr_does_not_hold_back_the_wake_up, setup),
        cmocka_unit_test_setup(shared_wait_leaves_tpr_alone, setup),
        cmocka_unit_test_setup(pending_kick_does_not_wait, setup),
        cmocka_unit_test_setup(an_interrupt_of_a_guest_goes_to_that_core, setup),
        cmocka_unit_test_setup(a_kick_is_traced_when_that_is_on, setup),
        cmocka_unit_test_setup(a_fence_is_one, setup),
        cmocka_unit_test_setup(a_flag_is_raised_once, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
