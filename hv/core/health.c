/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A counter is looked at once in heartbeat_us. When it has the value of the look before, it has stood still for that long
 * at least; so a VM that hangs is found between one and two of these times later. Until its first beat a life has
 * START_S seconds, as an operating system needs to boot.
 */
#include "core/health.h"
#include "core/exclusive_life.h"
#include "core/hw.h"
#include "core/partition.h"
#include "core/vm.h"

#define START_S      30U
#define COUNTER_SIZE 8U

struct watch {
    uint64_t start_tsc;   /* of the life that is watched */
    uint64_t counter;     /* at the last look */
    uint64_t due;         /* the next look */
    bool beats;           /* it has changed in this life */
    bool missed;          /* the VM's keeper knows; nothing more to be found in this life */
};
static struct watch watch[PART_MAX_VM];
static uint64_t health_due;   /* the earliest look; TIME_NEVER: none */
static pcpu_id_t health_core; /* keeps the time: the first shared core */

static uint64_t period(vm_id_t v)
{
    return (uint64_t)partition.table.vm[v].heartbeat_us * (hw_tsc_hz() / 1000000U);
}

void health_init(void)
{
    uint32_t mask = partition.table.board.shared_pcpu_mask;
    health_core = 0U;
    while ((health_core < (MAX_PCPU - 1U)) && (((mask >> health_core) & 1U) == 0U)) {
        health_core++;
    }
    health_due = TIME_NEVER;
    for (vm_id_t v = 1U; v < PART_MAX_VM; v++) {
        const struct watch none = { 0U, 0U, 0U, false, false };
        watch[v] = none;
        if (partition.table.vm[v].heartbeat_us != 0U) {
            health_due = 0U;
        }
    }
}

static uint64_t counter_of(vm_id_t v)
{
    uint8_t bytes[COUNTER_SIZE] = { 0 };
    uint64_t value = 0U;
    (void)guest_read(v, partition.table.vm[v].heartbeat_gpa, bytes, COUNTER_SIZE); /* mapped: the validator saw to that */
    for (uint32_t i = 0U; i < COUNTER_SIZE; i++) {
        value |= (uint64_t)bytes[i] << (8U * i);
    }
    return value;
}

/* REQ-LIF-035 */
static void watch_look(vm_id_t v, uint64_t now)
{
    struct watch *w = &watch[v];
    uint64_t start = vms[v].start_tsc;
    uint64_t counter = counter_of(v);
    if (start != w->start_tsc) {
        w->start_tsc = start;
        w->beats = false;
        w->missed = false;
    } else if (counter != w->counter) {
        w->beats = w->beats || (counter > w->counter); /* a start that sets it to zero is no beat */
    } else if (w->beats || ((now - start) > (START_S * hw_tsc_hz()))) {
        w->missed = true;
        exclusive_missed_heartbeat(v, start, counter);
    } else {
        /* not yet begun */
    }
    w->counter = counter;
    w->due = hw_tsc() + period(v); /* now may be some while ago: the log has been written in between */
}

/* A life that has not begun, after a restart for instance, is looked for at the next time. */
static bool watched(vm_id_t v)
{
    bool alive = (vms[v].state == VM_RUNNING) && (vms[v].start_tsc != 0U);
    bool told = watch[v].missed && (watch[v].start_tsc == vms[v].start_tsc);
    return alive && !told;
}

uint64_t health_check(pcpu_id_t pcpu, uint64_t now)
{
    if (now >= health_due) {
        health_due = TIME_NEVER;
        for (vm_id_t v = 1U; v < PART_MAX_VM; v++) {
            bool has = partition.table.vm[v].heartbeat_us != 0U;
            if (has && watched(v) && (now >= watch[v].due)) {
                watch_look(v, now);
            } else if (has && (now >= watch[v].due)) {
                watch[v].due = now + period(v);
            } else {
                /* not due */
            }
            if (has && (watch[v].due < health_due)) {
                health_due = watch[v].due;
            }
        }
    }
    return (pcpu == health_core) ? health_due : TIME_NEVER;
}
