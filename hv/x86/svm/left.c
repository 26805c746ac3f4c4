/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first look at an exit. A write of the ICR that sends an interrupt to another vCPU of an exclusive VM is dealt with here, in as
 * few instructions as can be; it is a file of its own so that this way keeps no registers for the sake of the others.
 */
#include "core/quick_icr.h"
#include "x86/apic_guest.h"
#include "x86/asm.h"
#include "x86/svm/answered.h"

/* After an answered exit nothing but a delivery that was cut short can keep the next from being answered (struct svm_run). */
static inline bool writes_icr(const struct svm_run *run)
{
    const struct vmcb *const vmcb = run->vmcb;
    return run->settled && ((vmcb->exit_int_info & EVENT_VALID) == 0U) && ((uint32_t)vmcb->exit_code == SVM_EXIT_MSR)
           && (vmcb->exit_info1 == 1U) && ((uint32_t)run->regs->gpr[GPR_RCX] == QUICK_ICR_MSR);
}

/* REQ-RT-031 REQ-RT-060 */
struct vmcb *svm_left(struct svm_run *run)
{
    const uint64_t left = asm_rdtsc();
    struct vmcb *again;
    pcpu_id_t target = 0U;
    uint32_t vector = 0U;
    if (writes_icr(run)) {
        vector = core_quick_icr(run->vcpu, (uint32_t)run->vmcb->rax, (uint32_t)run->regs->gpr[GPR_RDX], &target);
    }
    if (vector >= QUICK_ICR_FIRST) {
        apic_send_for_guest(target, vector);
        again = svm_answered(run, HV_EXIT_MSR_WRITE, 2U, left);
    } else {
        again = svm_quick(run, left);
    }
    return again;
}
