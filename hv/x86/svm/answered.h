/* SPDX-License-Identifier: Apache-2.0 */
/* How an exit ends that was answered between two VMRUNs. */
#ifndef X86_SVM_ANSWERED_H
#define X86_SVM_ANSWERED_H

#include "core/stats_exit.h"
#include "core/trace.h"
#include "x86/asm.h"
#include "x86/svm/svm.h"

/* The trace is on. */
struct vmcb *svm_traced(const struct svm_run *run, enum hv_exit_reason reason, uint64_t left, uint64_t now);

void svm_answered_debug(struct svm_run *run); /* flags of a debugger are set */

/* The guest goes on behind the instruction that made it leave. length: of that, without the CPU's help, which knows of prefixes. */
/* REQ-RT-031 REQ-RT-060 */
static inline struct vmcb *svm_answered(struct svm_run *run, enum hv_exit_reason reason, uint64_t length, uint64_t left)
{
    struct vmcb *vmcb = run->vmcb;
    uint64_t now;
    if (svm_features.next_rip) {
        vmcb->rip = vmcb->next_rip;
    } else {
        vmcb->rip += length;
    }
    vmcb->interrupt_state &= ~INTERRUPT_SHADOW;
    if ((vmcb->rflags & (RFLAGS_TF | RFLAGS_RF)) != 0U) {
        svm_answered_debug(run);
    }
    now = asm_rdtsc();
    stats_exit_quick(run->stats, reason, left, now);
    if (trace_events != 0U) {
        vmcb = svm_traced(run, reason, left, now);
    }
    return vmcb;
}

#endif
