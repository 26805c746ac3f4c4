/* SPDX-License-Identifier: Apache-2.0 */
/* A core with AMD-V behind svm_vmrun(), which the tests tell how its guest leaves. For one test program each. */
#ifndef UNIT_SVM_MACHINE_H
#define UNIT_SVM_MACHINE_H

#include "backend_machine.h"

#include "x86/asm.h"
#include "x86/core_pages.h"
#include "x86/fatal.h"
#include "x86/flush.h"
#include "x86/pcpu.h"
#include "x86/svm/svm.h"

#define SERVICE_GUEST 0U
#define MISC1_INTR (1U << 0)
#define MISC1_HLT (1U << 24)
#define MISC2_XSETBV (1U << 13)
#define CR8 (1U << 8)

uint8_t core_pages[MAX_PCPU][2][PAGE_SIZE];
static struct vmcb entered; /* the VMCB as the CPU would see it at VMRUN */
static struct vmcb leaves;  /* what the CPU would write at #VMEXIT */
static uint32_t vmruns;
static bool kicked;

pcpu_id_t hw_pcpu(void)
{
    return 0U;
}

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
    (void)msr;
    *value = 0U;
    return true;
}

NORETURN void fatal_boot(const char *what, const char *detail)
{
    (void)detail;
    fail_msg("%s", what);
    __builtin_unreachable();
}

void cpuid_emulate(vcpu_id_t id) { (void)answer(id); }

/* x86/svm/left.c: what it deals with itself has a test of its own. */
struct vmcb *svm_left(struct svm_run *run) { return svm_quick(run, asm_rdtsc()); }

static bool deliver_interrupts = true; /* false: a physical interrupt comes first */
static void cpu_runs(struct vmcb *at)
{
    entered = *at;
    vmruns++;
    at->exit_code = leaves.exit_code;
    at->exit_info1 = leaves.exit_info1;
    at->exit_info2 = leaves.exit_info2;
    at->exit_int_info = leaves.exit_int_info;
    at->next_rip = leaves.next_rip;
    at->rip = leaves.rip;
    if (((at->intercept_misc1 & MISC1_VINTR) == 0U) && deliver_interrupts) {
        at->interrupt_control &= ~VINT_IRQ;
    }
}

static uint32_t repeats; /* the same exit comes so often again */
static struct vmcb then;  /* the VMCB at the VMRUN after the last of them */
/* As enter.S has it; quick exits are followed by a physical interrupt at the next instruction. */
uint32_t svm_vmrun(struct svm_run *run)
{
    entered = *run->vmcb;
    assert_ptr_equal(run->kick, &kick);
    assert_ptr_equal(run->regs, &vcpu_regs[run->vcpu]);
    assert_ptr_equal(run->vmcb, &svm_vmcb[run->vcpu]);
    if (!kicked) {
        cpu_runs(run->vmcb);
        while (svm_left(run) != NULL) {
            then = *run->vmcb;
            leaves.exit_code = (repeats == 0U) ? 0x60U : leaves.exit_code;
            leaves.exit_int_info = 0U;
            leaves.rip = run->vmcb->rip;
            repeats -= (repeats == 0U) ? 0U : 1U;
            cpu_runs(run->vmcb);
        }
    }
    return kicked ? 0U : 1U;
}

static int setup(void **state)
{
    const struct svm_features none = { .asid_count = 16U };
    (void)state;
    svm_features = none;
    memset(svm_vmcb, 0, sizeof(svm_vmcb));
    memset(&leaves, 0, sizeof(leaves));
    quick_reset();
    vmruns = 0U;
    kicked = false;
    svm_vendor.bitmaps_close(1U);
    svm_vendor.vcpu_init(GUEST, false);
    svm_vendor.set_stage2(GUEST, 0x123000U, 2U);
    vcpu_regs[GUEST].rip = 0x1000U;
    leaves.rip = 0x1000U;
    return 0;
}

static struct vm_exit leave(uint64_t code, uint64_t info1, uint64_t info2)
{
    struct vm_exit exit;
    leaves.exit_code = code;
    leaves.exit_info1 = info1;
    leaves.exit_info2 = info2;
    assert_true(svm_vendor.enter(GUEST, &kick, &exit));
    return exit;
}

#endif
