/* SPDX-License-Identifier: Apache-2.0 */
/* Shared cores: one exit after another, and what runs next. Lock held throughout. */
#include "core/dispatch.h"
#include "core/cpuid.h"
#include "core/emulate.h"
#include "core/health.h"
#include "core/hw.h"
#include "core/instruction.h"
#include "core/io.h"
#include "core/iommu.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/mmio.h"
#include "core/msr.h"
#include "core/sched.h"
#include "core/trace.h"
#include "core/vm.h"
#include "devices/ivshmem.h"
#include "devices/vlapic.h"
#include "devices/vpic.h"
#include "devices/vuart.h"

/* Whose time passes on a core since its last core_next(), as id + 1; 0: idle. */
static vcpu_id_t dispatch_running[MAX_PCPU];
static uint64_t dispatch_since[MAX_PCPU];

/* REQ-RT-018 */
static void charge(pcpu_id_t pcpu, uint64_t now)
{
    if (dispatch_running[pcpu] != 0U) {
        sched_charge(dispatch_running[pcpu] - 1U, now - dispatch_since[pcpu]);
    }
    dispatch_since[pcpu] = now;
}

/* Fires what is due on this core; returns when the next timer of a vCPU bound to it is due. */
static uint64_t advance_timers(pcpu_id_t pcpu, uint64_t now)
{
    uint64_t next = TIME_NEVER;
    uint32_t bound = sched_member_bound(pcpu);
    for (uint32_t i = 0U; i < bound; i++) {
        vcpu_id_t id = sched_member(pcpu, i);
        if ((id < MAX_VCPU) && (vms[i].state == VM_RUNNING)) {
            uint64_t deadline = vlapic_deadline(id);
            if (deadline <= now) {
                vlapic_advance(id, now);
                deadline = vlapic_deadline(id);
            }
            next = (deadline < next) ? deadline : next;
        }
    }
    return next;
}

/* ExtINT: the vector comes from the vPIC at the moment of delivery (Intel SDM 3, 11.5.1). */
static void dispatch_interrupt(vcpu_id_t id, uint32_t pending)
{
    if (pending == VECTOR_EXTINT) {
        uint32_t vector = vpic_acknowledge(vcpu_vm(id));
        hw_vcpu_inject_interrupt(id, vector);
        trace_now(HV_TRACE_INTERRUPT, id, vector, 0U);
    } else {
        vlapic_accepted(id, pending);
        hw_vcpu_inject_interrupt(id, pending);
        trace_now(HV_TRACE_INTERRUPT, id, pending, 0U);
    }
}

/* At most one event per entry; an event whose delivery was interrupted goes first, and the
 * backend has it queued already. What must wait asks for an exit as soon as it can go in. */
/* REQ-INT-016 */
static void deliver_events(vcpu_id_t id)
{
    uint32_t pending;
    vlapic_settle(id); /* once more: an entry that a kick prevented was no exit */
    pending = vlapic_to_inject(id);
    if (!hw_vcpu_event_queued(id)) {
        if (vcpus[id].nmi_pending && hw_vcpu_can_accept_nmi(id)) {
            vcpus[id].nmi_pending = false;
            hw_vcpu_inject_nmi(id);
            trace_now(HV_TRACE_INTERRUPT, id, HV_TRACE_NMI, 0U);
        } else if ((pending != VECTOR_NONE) && hw_vcpu_can_accept_interrupt(id)) {
            dispatch_interrupt(id, pending);
            /* it was the highest: what else is requested from the APIC waits for its EOI */
            pending = (pending == VECTOR_EXTINT) ? vlapic_to_inject(id) : VECTOR_NONE;
        } else {
            /* nothing to deliver now */
        }
    }
    hw_vcpu_request_window(id, vcpus[id].nmi_pending || (pending != VECTOR_NONE));
    vlapic_lend(id);
}

/* REQ-ISO-012 */
static void prepare_entry(vcpu_id_t id, uint64_t now)
{
    vm_id_t v = vcpu_vm(id);
    deliver_events(id);
    vcpus[id].run_epoch = vcpus[id].epoch;
    if (vcpus[id].seen_generation != vms[v].generation) {
        hw_vcpu_flush(id);
        vcpus[id].seen_generation = vms[v].generation;
    }
    if (vms[v].start_tsc == 0U) {
        vms[v].start_tsc = now;
    }
}

/* before: as in dispatch_running */
static void trace_switch(vcpu_id_t before, vcpu_id_t next)
{
    if (before != (next + 1U)) {
        trace_now(HV_TRACE_SWITCH, next, (before == 0U) ? HV_TRACE_NO_VCPU : (before - 1U), 0U);
    }
}

struct run_plan core_next(pcpu_id_t pcpu)
{
    struct run_plan plan = { RUN_IDLE, ID_NONE };
    uint64_t now = hw_tsc();
    uint64_t timer;
    uint64_t slice_end;
    uint64_t log_due;
    uint64_t health_due;
    uint64_t fault_due = TIME_NEVER;
    uint64_t service_due = TIME_NEVER;
    uint64_t doorbell_due;
    charge(pcpu, now);
    timer = advance_timers(pcpu, now);
    doorbell_due = ivshmem_waiting ? ivshmem_look(now) : TIME_NEVER;
    if (vuart_waiting) {
        vuart_look();
    }
    if (iommu_active) {
        if (vm_service_ends) {
            service_due = vm_service_end(now); /* before the choice of what runs: it may begin anew */
        }
        iommu_irq_settle();
        fault_due = iommu_fault_check(pcpu, now);
    }
    plan.vcpu = sched_pick(pcpu, now);
    if (plan.vcpu < MAX_VCPU) {
        plan.action = RUN_VCPU;
        trace_switch(dispatch_running[pcpu], plan.vcpu);
        dispatch_running[pcpu] = plan.vcpu + 1U;
        prepare_entry(plan.vcpu, now);
    } else {
        dispatch_running[pcpu] = 0U;
    }
    slice_end = sched_slice_end(pcpu);
    log_due = log_drain(now);
    health_due = health_check(pcpu, now);
    timer = (slice_end < timer) ? slice_end : timer;
    timer = (health_due < timer) ? health_due : timer;
    timer = (fault_due < timer) ? fault_due : timer;
    timer = (service_due < timer) ? service_due : timer;
    timer = (doorbell_due < timer) ? doorbell_due : timer;
    hw_timer_arm((log_due < timer) ? log_due : timer);
    return plan;
}

void core_host_interrupt(pcpu_id_t pcpu, uint32_t vector)
{
    /* The timer and the wake-up vector say no more than "look again", which core_next() does. */
    if ((vector >= VECTOR_IRQ_BASE) && (vector <= VECTOR_IRQ_LAST)) {
        irq_arrived(pcpu, vector);
    } else if (vector == VECTOR_IOMMU) {
        iommu_fault_arrived();
    } else {
        /* looked at */
    }
}

/* REQ-ISO-020 */
static void exit_dispatch(vcpu_id_t id, const struct vm_exit *exit)
{
    switch (exit->reason) {
    case HV_EXIT_CPUID:
        cpuid_emulate(id);
        emulate_skip(id, exit->length);
        break;
    case HV_EXIT_HLT:
        instruction_hlt(id, exit->length);
        break;
    case HV_EXIT_IO:
        io_exit(id, exit);
        break;
    case HV_EXIT_MSR_READ:
    case HV_EXIT_MSR_WRITE:
        msr_exit(id, exit);
        break;
    case HV_EXIT_MMIO:
        mmio_exit(id, exit);
        break;
    case HV_EXIT_HYPERCALL:
        instruction_hypercall(id, exit->length);
        break;
    case HV_EXIT_CR:
        instruction_mov_cr(id, exit);
        break;
    case HV_EXIT_XSETBV:
        instruction_xsetbv(id, exit->length);
        break;
    case HV_EXIT_SHUTDOWN:
        instruction_shutdown(id);
        break;
    case HV_EXIT_EXCEPTION:
        instruction_exception(id, exit);
        break;
    case HV_EXIT_WBINVD:
        /* Caches are coherent for all that a guest can see; a guest must not flush those of others. */
        emulate_skip(id, exit->length);
        break;
    case HV_EXIT_INTERRUPT:
    case HV_EXIT_NMI:
    case HV_EXIT_WINDOW:
        /* core_next() does what these ask for */
        break;
    case HV_EXIT_OTHER:
    case HV_EXIT_REASONS:
    default:
        /* Instructions of virtualisation and others that our CPUID says are absent. */
        emulate_ud(id);
        break;
    }
}

/* The VM may have been paused, or the vCPU replaced, while this exit waited for the lock. Nothing
 * of the instruction has been done yet: a paused vCPU will execute it again. */
/* REQ-ISO-021 REQ-LIF-004 */
void core_exit(vcpu_id_t id, const struct vm_exit *exit)
{
    bool current = (vcpus[id].run_epoch == vcpus[id].epoch) && (vcpus[id].state == VCPU_RUNNABLE);
    if (current && (vms[vcpu_vm(id)].state == VM_RUNNING)) {
        vlapic_settle(id);
        exit_dispatch(id, exit);
    }
}
