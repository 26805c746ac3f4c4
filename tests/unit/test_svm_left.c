/* SPDX-License-Identifier: Apache-2.0 */
/* The first look at an exit on AMD-V: only an interrupt to a vCPU of the same exclusive VM is dealt with there, everything else is handed on untouched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
static uint64_t clock_now;
static uint64_t asm_rdtsc(void) { return clock_now += 10U; }
static void asm_wrmsr_halves(uint32_t msr, uint32_t low, uint32_t high);

#include "x86/svm/left.c"

#define SENDER 9U  /* vCPU 1 of VM 1, on core 3 */
#define ICR_WRITE 0x830U

struct vcpu_regs vcpu_regs[MAX_VCPU];
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
struct pcpu pcpus[MAX_PCPU];
struct vcpu_stats vcpu_stats[MAX_VCPU];
struct exclusive_icr exclusive_icr[MAX_VCPU];
struct svm_features svm_features;
struct vmcb svm_vmcb[MAX_VCPU];
volatile uint32_t trace_events;

static uint32_t sent, sent_low, sent_to, handed_on, traced;
static void asm_wrmsr_halves(uint32_t msr, uint32_t low, uint32_t high)
{
    assert_int_equal(msr, MSR_X2APIC_ICR);
    sent++;
    sent_low = low;
    sent_to = high;
}

struct vmcb *svm_quick(struct svm_run *run, uint64_t left)
{
    assert_int_equal(left, clock_now);
    handed_on++;
    return run->vmcb;
}

struct vmcb *svm_traced(const struct svm_run *run, enum hv_exit_reason reason, uint64_t left, uint64_t now)
{
    assert_int_equal(reason, HV_EXIT_MSR_WRITE);
    assert_int_equal(now, left + 10U);
    traced++;
    return run->vmcb;
}

static uint32_t debugged;
void svm_answered_debug(struct svm_run *of)
{
    assert_ptr_equal(of->vmcb, &svm_vmcb[SENDER]);
    debugged++;
}

static struct vmcb *const vmcb = &svm_vmcb[SENDER];
static uint64_t *const gpr = vcpu_regs[SENDER].gpr;
static struct svm_run run;

/* Vector 50H to vCPU 0. */
static int setup(void **state)
{
    (void)state;
    memset(vms, 0, sizeof(vms));
    memset(vmcb, 0, sizeof(*vmcb));
    memset(vcpu_stats, 0, sizeof(vcpu_stats));
    memset(exclusive_icr, 0, sizeof(exclusive_icr));
    sent = 0U;
    handed_on = 0U;
    traced = 0U;
    svm_features.next_rip = false;
    vms[1].exclusive = true;
    vms[1].vcpu_count = 2U;
    vcpus[8].pcpu = 2U;
    vcpus[9].pcpu = 3U;
    vcpus[10].pcpu = 1U; /* nobody's */
    pcpus[1].apic_id = 11U;
    pcpus[2].apic_id = 12U;
    pcpus[3].apic_id = 13U;
    run = (struct svm_run){ &vcpu_regs[SENDER], vmcb, 0U, NULL, &vcpu_stats[SENDER], SENDER, true };
    vmcb->exit_code = SVM_EXIT_MSR;
    vmcb->exit_info1 = 1U;
    vmcb->rip = 0x1000U;
    vmcb->next_rip = 0x1003U;
    vmcb->interrupt_state = INTERRUPT_SHADOW | 2U;
    vmcb->rax = 0xABCD00000050ULL;
    gpr[GPR_RCX] = 0x700000000ULL + ICR_WRITE;
    gpr[GPR_RDX] = 0x900000000ULL;
    return 0;
}

/* REQ-RT-060 REQ-INT-008 */
static void an_interrupt_to_the_other_vcpu(void **state)
{
    (void)state;
    assert_ptr_equal(svm_left(&run), vmcb);
    assert_int_equal(handed_on, 0U);
    assert_int_equal(sent, 1U);
    assert_int_equal(sent_low, 0x4050U); /* fixed, physical, asserted */
    assert_int_equal(sent_to, 12U);
    assert_int_equal(vmcb->rip, 0x1002U);
    assert_int_equal(vmcb->interrupt_state, 2U);
    assert_int_equal(vmcb->rax, 0xABCD00000050ULL);
    assert_int_equal(exclusive_icr[SENDER].low, 0x50U);
    assert_int_equal(exclusive_icr[SENDER].dest, 0U);
    svm_features.next_rip = true;
    gpr[GPR_RDX] = 1U; /* itself */
    vmcb->rax = 0x8010U; /* level, which fixed mode ignores; the least vector that is one */
    assert_ptr_equal(svm_left(&run), vmcb);
    assert_int_equal(sent_low, 0x4010U);
    assert_int_equal(sent_to, 13U);
    assert_int_equal(vmcb->rip, 0x1003U);
    assert_int_equal(exclusive_icr[SENDER].low, 0x8010U);
}

/* REQ-RT-060 REQ-RT-014 REQ-RT-030 REQ-RT-031 */
static void it_is_counted_measured_and_traced(void **state)
{
    const struct vcpu_stats *const stats = &vcpu_stats[SENDER];
    (void)state;
    (void)svm_left(&run);
    assert_int_equal(stats->exits[HV_EXIT_MSR_WRITE], 1U);
    assert_int_equal(stats->exits_total, 1U);
    assert_int_equal(stats->last_exit_tsc, clock_now - 10U);
    assert_int_equal(stats->worst[HV_EXIT_MSR_WRITE], 10U);
    assert_int_equal(stats->worst_all, 10U);
    assert_int_equal(traced, 0U);
    trace_events = HV_TRACE_ALL;
    assert_ptr_equal(svm_left(&run), vmcb);
    trace_events = 0U;
    assert_int_equal(traced, 1U);
    assert_int_equal(stats->exits[HV_EXIT_MSR_WRITE], 2U);
}

/* REQ-INT-060 */
static void the_flags_of_a_debugger_are_seen(void **state)
{
    (void)state;
    debugged = 0U;
    assert_ptr_equal(svm_left(&run), vmcb);
    assert_int_equal(debugged, 0U);
    vmcb->rflags = 0x302U;
    assert_ptr_equal(svm_left(&run), vmcb);
    vmcb->rflags = 0x10202U;
    assert_ptr_equal(svm_left(&run), vmcb);
    assert_int_equal(debugged, 2U);
    assert_int_equal(sent, 3U);
}

static void is_handed_on(void)
{
    const struct vmcb before = *vmcb;
    const uint32_t were = handed_on;
    assert_ptr_equal(svm_left(&run), vmcb);
    assert_int_equal(handed_on, were + 1U);
    assert_memory_equal(vmcb, &before, sizeof(before));
    assert_int_equal(sent, 0U);
    assert_int_equal(vcpu_stats[SENDER].exits_total, 0U);
    assert_int_equal(exclusive_icr[SENDER].low, 0U);
    (void)setup(NULL);
    handed_on = were + 1U;
}

/* REQ-RT-060 REQ-INT-009 REQ-INT-016 */
static void anything_else_is_handed_on_untouched(void **state)
{
    (void)state;
    run.settled = false; /* an event may be on its way, a flush may have to be taken back */
    is_handed_on();
    vmcb->exit_int_info = EVENT_VALID | 0x31U; /* a delivery was cut short */
    is_handed_on();
    vmcb->exit_code = 0x72U;
    is_handed_on();
    vmcb->exit_info1 = 0U; /* RDMSR */
    is_handed_on();
    gpr[GPR_RCX] = 0x83FU; /* another register */
    is_handed_on();
    vms[1].exclusive = false;
    is_handed_on();
    gpr[GPR_RDX] = 2U; /* no vCPU of this VM */
    is_handed_on();
    gpr[GPR_RDX] = 0xFFFFFFFFU; /* all */
    is_handed_on();
    for (uint32_t vector = 0U; vector < 16U; vector++) {
        vmcb->rax = vector;
        is_handed_on();
    }
    for (uint32_t bit = 8U; bit < 20U; bit++) { /* a mode, a logical destination, a shorthand */
        if ((bit < 12U) || (bit >= 18U)) {
            vmcb->rax = 0x50U | (1U << bit);
            is_handed_on();
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_interrupt_to_the_other_vcpu, setup),
        cmocka_unit_test_setup(it_is_counted_measured_and_traced, setup),
        cmocka_unit_test_setup(the_flags_of_a_debugger_are_seen, setup),
        cmocka_unit_test_setup(anything_else_is_handed_on_untouched, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
