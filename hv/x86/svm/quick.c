/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits that end where they began: what core/quick.h can answer without the lock is answered between two VMRUNs, and
 * nothing else of the run loop is done. The core stays marked in-guest, so that whoever changes this vCPU or its
 * tables waits for it; the NMI of its kick is pending while GIF is 0 and ends the next VMRUN before the
 * guest's first instruction, as a physical interrupt does (docs/decisions/0015-quick-exits.md).
 */
#include "core/quick.h"
#include "x86/flush.h"
#include "x86/svm/answered.h"

enum { EXIT_CPUID = 0x072, EXIT_IOIO = 0x07B, EXIT_MSR = SVM_EXIT_MSR, EXIT_VMMCALL = 0x081 };

/* An event on its way into the guest, or waiting for its moment, is looked at by each exit's ordinary way. */
static bool no_event(const struct svm_run *run)
{
    const struct vmcb *const vmcb = run->vmcb;
    return ((vmcb->exit_int_info & EVENT_VALID) == 0U)
           && (run->settled || (((vmcb->interrupt_control & VINT_IRQ) == 0U) && ((vmcb->intercept_misc1 & MISC1_IRET) == 0U)));
}

/* What the exit was when it is answered, else HV_EXIT_OTHER; *length: of the instruction. */
static enum hv_exit_reason answer(const struct svm_run *run, uint64_t *length)
{
    const struct vmcb *const vmcb = run->vmcb;
    const uint32_t info = (uint32_t)vmcb->exit_info1;
    enum hv_exit_reason reason = HV_EXIT_OTHER;
    switch ((uint32_t)vmcb->exit_code) {
    case EXIT_CPUID:
        run->regs->gpr[GPR_RAX] = vmcb->rax;
        cpuid_emulate(run->vcpu);
        *length = 2U;
        reason = HV_EXIT_CPUID;
        break;
    case EXIT_VMMCALL:
        *length = 3U;
        reason = core_quick_hypercall(run->vcpu, vmcb->cpl) ? HV_EXIT_HYPERCALL : HV_EXIT_OTHER;
        break;
    case EXIT_MSR:
        *length = 2U;
        if ((info & 1U) == 0U) {
            reason = core_quick_msr_read(run->vcpu) ? HV_EXIT_MSR_READ : HV_EXIT_OTHER;
        } else {
            run->regs->gpr[GPR_RAX] = vmcb->rax;
            reason = core_quick_msr_write(run->vcpu) ? HV_EXIT_MSR_WRITE : HV_EXIT_OTHER;
        }
        break;
    case EXIT_IOIO:
        *length = vmcb->exit_info2 - vmcb->rip;
        run->regs->gpr[GPR_RAX] = vmcb->rax;
        if (((info & IO_STRING) == 0U) && core_quick_port(run->vcpu, info >> 16, (info >> 4) & 7U, (info & IO_IN) == 0U)) {
            reason = HV_EXIT_IO;
        }
        break;
    default:
        break;
    }
    return reason;
}

/* REQ-RT-031 */
struct vmcb *svm_traced(const struct svm_run *run, enum hv_exit_reason reason, uint64_t left, uint64_t now)
{
    trace_record_quick(run->vcpu, reason, left, now);
    return run->vmcb;
}

/* An event goes in with the next entry: the exit after it is looked at as the first one. */
/* REQ-INT-060 */
void svm_answered_debug(struct svm_run *run)
{
    struct vmcb *const vmcb = run->vmcb;
    vmcb->rflags &= ~(uint64_t)RFLAGS_RF;
    if ((vmcb->rflags & RFLAGS_TF) != 0U) {
        svm_single_step(run->vcpu);
        run->settled = false;
    }
}

/* REQ-RT-060 */
struct vmcb *svm_quick(struct svm_run *run, uint64_t left)
{
    struct vmcb *const vmcb = run->vmcb;
    struct vmcb *again = NULL;
    enum hv_exit_reason reason = HV_EXIT_OTHER;
    uint64_t length = 0U;
    if ((!run->settled) && (vmcb->tlb_control != SVM_TLB_KEEP)) {
        vmcb->tlb_control = SVM_TLB_KEEP;
        flush_done(run->vcpu);
    }
    if (no_event(run)) {
        reason = answer(run, &length);
    }
    if (reason != HV_EXIT_OTHER) {
        vmcb->rax = run->regs->gpr[GPR_RAX];
        vmcb->event_injection = 0U; /* it went in whole */
        run->settled = true;
        again = svm_answered(run, reason, length, left);
    }
    return again;
}
