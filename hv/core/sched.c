/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual run time grows by ticks * 100 / weight; the runnable vCPU with the least runs. It keeps
 * the core for a slice when others could run, and for ever when not. docs/decisions/0005.
 */
#include "core/sched.h"
#include "core/hw.h"
#include "core/trace.h"
#include "core/vm.h"

#define SLICES_PER_SECOND 333U  /* 3 ms */
#define WAKE_PER_SECOND   1000U /* a woken vCPU takes over at once when it is 1 ms behind */
#define WEIGHT_UNIT       100U
#define CHARGE_MAX        0x40000000000U /* 2^42 ticks: keeps the product below 2^64 */

struct sched_core {
    vcpu_id_t current;          /* id + 1; 0: none */
    uint64_t slice_end;
    uint64_t floor;             /* least virtual time of whoever ran last; never decreases */
};
static struct sched_core sched_core[MAX_PCPU];
static vcpu_id_t sched_members[MAX_PCPU][MAX_VM]; /* of each core, by VM: id + 1; 0: none */
static uint32_t sched_bound[MAX_PCPU]; /* one more than the highest VM that has a member there */
static uint64_t sched_vtime[MAX_VCPU];
static uint32_t sched_weight[MAX_VCPU];

static bool runnable(vcpu_id_t id)
{
    return (vcpus[id].state == VCPU_RUNNABLE) && (vms[vcpu_vm(id)].state == VM_RUNNING);
}

static void find_bound(pcpu_id_t pcpu)
{
    uint32_t bound = 0U;
    for (uint32_t i = 0U; i < MAX_VM; i++) {
        bound = (sched_members[pcpu][i] != 0U) ? (i + 1U) : bound;
    }
    sched_bound[pcpu] = bound;
}

void sched_add(vcpu_id_t id, uint32_t weight)
{
    struct sched_core *core = &sched_core[vcpus[id].pcpu];
    sched_members[vcpus[id].pcpu][vcpu_vm(id)] = id + 1U;
    find_bound(vcpus[id].pcpu);
    sched_weight[id] = (weight == 0U) ? 1U : weight;
    sched_vtime[id] = core->floor;
}

void sched_remove(vcpu_id_t id)
{
    struct sched_core *core = &sched_core[vcpus[id].pcpu];
    if (sched_members[vcpus[id].pcpu][vcpu_vm(id)] == (id + 1U)) {
        sched_members[vcpus[id].pcpu][vcpu_vm(id)] = 0U;
        find_bound(vcpus[id].pcpu);
    }
    if (core->current == (id + 1U)) {
        core->current = 0U;
    }
}

uint32_t sched_member_bound(pcpu_id_t pcpu)
{
    return sched_bound[pcpu];
}

vcpu_id_t sched_member(pcpu_id_t pcpu, uint32_t index)
{
    vcpu_id_t id = sched_members[pcpu][index];
    return (id == 0U) ? ID_NONE : (id - 1U);
}

/* REQ-RT-017 */
void sched_wake(vcpu_id_t id)
{
    uint64_t floor = sched_core[vcpus[id].pcpu].floor;
    uint64_t credit = hw_tsc_hz() / SLICES_PER_SECOND;
    uint64_t least = (floor > credit) ? (floor - credit) : 0U;
    if (sched_vtime[id] < least) {
        sched_vtime[id] = least;
    }
    vcpus[id].state = VCPU_RUNNABLE;
    trace_now(HV_TRACE_WAKE, id, 0U, 0U);
}

/* REQ-RT-016 */
void sched_charge(vcpu_id_t id, uint64_t ticks)
{
    uint64_t counted = (ticks > CHARGE_MAX) ? CHARGE_MAX : ticks;
    sched_vtime[id] += (counted * WEIGHT_UNIT) / sched_weight[id];
}

static vcpu_id_t least_virtual_time(pcpu_id_t pcpu)
{
    vcpu_id_t best = ID_NONE;
    for (uint32_t i = 0U; i < sched_bound[pcpu]; i++) {
        vcpu_id_t id = sched_member(pcpu, i);
        if ((id < MAX_VCPU) && runnable(id) && ((best >= MAX_VCPU) || (sched_vtime[id] < sched_vtime[best]))) {
            best = id;
        }
    }
    return best;
}

/* REQ-RT-017 */
static bool keeps_core(const struct sched_core *core, vcpu_id_t best, uint64_t now)
{
    bool keeps = false;
    if ((core->current != 0U) && runnable(core->current - 1U) && (now < core->slice_end)) {
        uint64_t margin = hw_tsc_hz() / WAKE_PER_SECOND;
        keeps = (sched_vtime[best] + margin) >= sched_vtime[core->current - 1U];
    }
    return keeps;
}

/* REQ-RT-016 */
vcpu_id_t sched_pick(pcpu_id_t pcpu, uint64_t now)
{
    struct sched_core *core = &sched_core[pcpu];
    vcpu_id_t best = least_virtual_time(pcpu);
    if (best >= MAX_VCPU) {
        core->current = 0U;
    } else {
        if (sched_vtime[best] > core->floor) {
            core->floor = sched_vtime[best];
        }
        if (((best + 1U) == core->current) && (now < core->slice_end)) {
            /* runs on */
        } else if (keeps_core(core, best, now)) {
            best = core->current - 1U;
        } else {
            core->current = best + 1U;
            core->slice_end = now + (hw_tsc_hz() / SLICES_PER_SECOND);
        }
    }
    return best;
}

uint64_t sched_slice_end(pcpu_id_t pcpu)
{
    const struct sched_core *core = &sched_core[pcpu];
    uint64_t end = TIME_NEVER;
    for (uint32_t i = 0U; i < sched_bound[pcpu]; i++) {
        vcpu_id_t id = sched_member(pcpu, i);
        if ((id < MAX_VCPU) && ((id + 1U) != core->current) && runnable(id)) {
            end = core->slice_end;
        }
    }
    return end;
}
