/* SPDX-License-Identifier: Apache-2.0 */
/* The two ways from a core into the policy: an exit came in, and what to run next. */
#ifndef CORE_DISPATCH_H
#define CORE_DISPATCH_H

#include "core/exit.h"
#include "core/limits.h"

enum run_action { RUN_IDLE, RUN_VCPU, RUN_STOP };
struct run_plan {
    enum run_action action;
    vcpu_id_t vcpu;
};

/* Shared core, lock held: choose the vCPU, deliver its pending event, set its timer. The
 * timer of the core is armed for the nearest of vLAPIC deadlines, the end of the slice, and what the log has left. */
struct run_plan core_next(pcpu_id_t pcpu);
/* Shared core, lock held. RIP is advanced by the handler when the instruction is done. */
void core_exit(vcpu_id_t id, const struct vm_exit *exit);
/* Shared core, lock held: this host vector arrived (already acknowledged). */
void core_host_interrupt(pcpu_id_t pcpu, uint32_t vector);

/* Exclusive core, no lock: RUN_VCPU to enter again, RUN_STOP when the VM was stopped. */
enum run_action core_exclusive_next(vcpu_id_t id);
enum run_action core_exclusive_exit(vcpu_id_t id, const struct vm_exit *exit);

/* Host vectors. */
#define VECTOR_TIMER    0xEFU
#define VECTOR_WAKE     0xEEU
#define VECTOR_IOMMU    0xEDU /* faults of devices, to the first shared core */
#define VECTOR_IRQ_BASE 0x30U /* .. 0xDF: allocated to interrupt sources by core/irq.c */
#define VECTOR_IRQ_LAST 0xDFU

#endif
