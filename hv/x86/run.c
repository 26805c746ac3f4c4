/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run loops (docs/decisions/0004-run-loop-and-kick.md). The hypervisor runs with
 * IF=0; physical interrupts are taken at two points only: just after a guest exit and
 * in the idle wait. Their vectors wait in pcpu.arrived, still in service.
 */
#include "x86/run.h"

#include "core/dispatch.h"
#include "core/irq.h"
#include "core/stats_exit.h"
#include "core/trace.h"
#include "x86/apic.h"
#include "x86/asm.h"
#include "x86/fatal.h"
#include "x86/lock.h"
#include "x86/pcpu.h"
#include "x86/speculation.h"
#include "x86/vcpu_state.h"
#include "x86/vendor.h"

/* Lock held. A level-triggered source is masked before its EOI, or it would arrive again at once. */
/* REQ-INT-003 */
static void arrived_drain(struct pcpu *self)
{
    uint32_t vector = pcpu_take_arrived(self);
    while (vector != 0U) {
        const uint32_t pin = irq_level_pin(vector);
        if (pin != ID_NONE) {
            hw_ioapic_mask(pin, true);
        }
        if (vector == VECTOR_TIMER) {
            self->timer_deadline = TIME_NEVER; /* it has fired; arming the same time again must work */
        }
        apic_eoi();
        if (vector != VECTOR_WAKE) {
            core_host_interrupt(self->id, vector);
        }
        vector = pcpu_take_arrived(self);
    }
}

/* Enters the guest unless a kick came first; true: it ran, and *exit says why it left. Exits that the
 * backend and core/quick.h answer at once do not come here: the mark stays set meanwhile. */
/* REQ-RT-014 REQ-RT-020 REQ-RT-030 REQ-RT-031 REQ-ISO-056 */
static bool guest_enter(struct pcpu *self, vcpu_id_t vcpu, struct vm_exit *exit)
{
    const uint64_t start = asm_rdtsc();
    stats_exit_ends(self->exiting, start);
    if (self->foreign) { /* without the lock, and after the last that was touched of others */
        speculation_clear(self);
        self->foreign = false;
    }
    trace_at(HV_TRACE_ENTRY, vcpu, 0U, start);
    const bool ran = vendor->enter(vcpu, &self->kick, exit);
    const uint64_t end = asm_rdtsc();
    atomic_store(&self->state, PCPU_IN_HV);
    if (ran) {
        stats_exit_begins(vcpu, exit->reason, start, end);
        self->exiting = vcpu + 1U;
        trace_exit(vcpu, exit, end);
    } else {
        trace_at(HV_TRACE_REFUSED, vcpu, 0U, end);
    }
    return ran;
}

/* Nothing to run: the exit that led here is over. */
static void idle_wait(struct pcpu *self)
{
    const uint64_t start = asm_rdtsc();
    stats_exit_ends(self->exiting, start);
    self->exiting = 0U;
    trace_at(HV_TRACE_IDLE, ID_NONE, 0U, start);
    pcpu_wait(self);
    trace_now(HV_TRACE_BUSY, ID_NONE, 0U, 0U);
}

/* REQ-ISO-034 */
static void shared_step(struct pcpu *self, struct vm_exit *exit)
{
    struct run_plan plan;
    /* What a kicker changed before this point is seen below: it holds the lock to change anything. */
    atomic_store(&self->kick, 0U);
    arrived_drain(self);
    plan = core_next(self->id);
    if (plan.action == RUN_VCPU) {
        vcpu_state_load(plan.vcpu);
        /* Marked before the lock is dropped: whoever gets the lock next knows to kick. */
        atomic_store(&self->state, PCPU_IN_GUEST);
        unlock_shared();
        const bool ran = guest_enter(self, plan.vcpu, exit);
        asm_sti_nop_cli();
        lock_shared();
        if (ran) {
            core_exit(plan.vcpu, exit);
        }
    } else {
        unlock_shared();
        idle_wait(self);
        lock_shared();
    }
}

NORETURN void run_shared(void)
{
    struct pcpu *const self = &pcpus[hw_pcpu()];
    struct vm_exit exit = { .reason = HV_EXIT_OTHER };
    apic_timer_init();
    lock_shared();
    for (;;) { /* ends in lock_shared(), when the shared side does */
        fatal_halt_if_wanted();
        shared_step(self, &exit);
    }
}

/* REQ-RT-001 REQ-RT-004 REQ-RT-045 */
NORETURN void run_exclusive(vcpu_id_t vcpu)
{
    struct pcpu *const self = &pcpus[hw_pcpu()];
    struct vm_exit exit = { .reason = HV_EXIT_OTHER };
    for (;;) {
        enum run_action action;
        atomic_store(&self->kick, 0U);
        action = core_exclusive_next(vcpu);
        if (action == RUN_VCPU) {
            vcpu_state_load(vcpu);
        }
        while (action == RUN_VCPU) {
            atomic_store(&self->state, PCPU_IN_GUEST);
            if (guest_enter(self, vcpu, &exit)) {
                action = core_exclusive_exit(vcpu, &exit);
            }
            if (atomic_exchange(&self->kick, 0U) != 0U) {
                action = core_exclusive_next(vcpu);
                if (action == RUN_VCPU) {
                    vcpu_state_load(vcpu); /* it may have begun anew: INIT, restart */
                }
            }
        }
        /* Stopped: whatever still arrives for the guest is acknowledged and dropped. */
        idle_wait(self);
        pcpu_discard_arrived(self);
    }
}
