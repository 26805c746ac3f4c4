/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits that end where they began: what core/quick.h can answer without the lock is answered between two VMRUNs, and
 * nothing else of the run loop is done. The core stays marked in-guest, so that whoever changes this vCPU or its
 * tables waits for it; the NMI of its kick is pending while GIF is 0 and ends the next VMRUN before the
 * guest's first instruction, as a physical interrupt does (docs/decisions/0015-quick-exits.md).
 */
#include "core/quick.h"
#include "core/stats_exit.h"
#include "core/trace.h"
#include "x86/asm.h"
#include "x86/svm/svm.h"

enum { EXIT_CPUID = 0x072, EXIT_IOIO = 0x07B, EXIT_MSR = 0x07C, EXIT_VMMCALL = 0x081 };

/* An event on its way into the guest, or waiting for its moment, is looked at by each exit's ordinary way. */
static bool no_event(const struct vmcb *vmcb)
{
    return ((vmcb->exit_int_info & EVENT_VALID) == 0U) && ((vmcb->interrupt_control & VINT_IRQ) == 0U)
           && ((vmcb->intercept_misc1 & MISC1_IRET) == 0U);
}

/* What the exit was when it is answered, else HV_EXIT_OTHER; *next: RIP behind the instruction, without the CPU's help. */
static enum hv_exit_reason answer(const struct svm_run *run, uint64_t *next)
{
    const struct vmcb *const vmcb = run->vmcb;
    const uint32_t info = (uint32_t)vmcb->exit_info1;
    enum hv_exit_reason reason = HV_EXIT_OTHER;
    switch ((uint32_t)vmcb->exit_code) {
    case EXIT_CPUID:
        run->regs->gpr[GPR_RAX] = vmcb->rax;
        cpuid_emulate(run->vcpu);
        *next = vmcb->rip + 2U;
        reason = HV_EXIT_CPUID;
        break;
    case EXIT_VMMCALL:
        *next = vmcb->rip + 3U;
        reason = core_quick_hypercall(run->vcpu, vmcb->cpl) ? HV_EXIT_HYPERCALL : HV_EXIT_OTHER;
        break;
    case EXIT_MSR:
        *next = vmcb->rip + 2U;
        if ((info & 1U) == 0U) {
            reason = core_quick_msr_read(run->vcpu) ? HV_EXIT_MSR_READ : HV_EXIT_OTHER;
        } else {
            run->regs->gpr[GPR_RAX] = vmcb->rax;
            reason = core_quick_msr_write(run->vcpu) ? HV_EXIT_MSR_WRITE : HV_EXIT_OTHER;
        }
        break;
    case EXIT_IOIO:
        *next = vmcb->exit_info2;
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

/* REQ-RT-031 REQ-RT-060 */
uint32_t svm_quick(struct svm_run *run)
{
    const uint64_t left = asm_rdtsc();
    struct vmcb *const vmcb = run->vmcb;
    enum hv_exit_reason reason = HV_EXIT_OTHER;
    uint64_t next = 0U;
    uint64_t now;
    if (vmcb->tlb_control != SVM_TLB_KEEP) {
        vmcb->tlb_control = SVM_TLB_KEEP;
        svm_flush_wanted[run->vcpu] = false;
    }
    if (no_event(vmcb)) {
        reason = answer(run, &next);
    }
    if (reason != HV_EXIT_OTHER) {
        vmcb->rax = run->regs->gpr[GPR_RAX];
        vmcb->rip = svm_features.next_rip ? vmcb->next_rip : next; /* the CPU's knows of prefixes */
        vmcb->interrupt_state &= ~INTERRUPT_SHADOW;
        vmcb->event_injection = 0U; /* it went in whole */
        now = asm_rdtsc();
        stats_exit_quick(run->stats, reason, left, now);
        trace_quick(run->vcpu, reason, left, now);
    }
    return (reason != HV_EXIT_OTHER) ? 1U : 0U;
}
