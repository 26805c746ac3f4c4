/* SPDX-License-Identifier: Apache-2.0 */
/* What the run loops count for each vCPU (x86/run.c); core/ publishes it as struct hv_stats.
 * Written only by the core that runs the vCPU; a reader may see a value one exit old. */
#ifndef CORE_STATS_H
#define CORE_STATS_H

#include "abi/hv_info.h"
#include "core/limits.h"
#include "core/types.h"

struct vcpu_stats {
    uint64_t exits[HV_EXIT_REASONS];
    uint64_t worst[HV_EXIT_REASONS]; /* longest exit in TSC ticks; abi/hv_info.h says from when to when */
    uint64_t exits_total;
    uint64_t last_exit_tsc;
    uint64_t run_ticks;      /* TSC ticks spent in the guest */
    uint64_t worst_all;      /* the largest of worst[] ... */
    uint64_t worst_tsc;      /* ... and when that exit ended */
    enum hv_exit_reason last_reason;
};
extern struct vcpu_stats vcpu_stats[MAX_VCPU];

/* The core has left the guest of this vCPU, which it had entered at the TSC value "entered". */
/* REQ-RT-014 */
static inline void stats_exit_begins(vcpu_id_t id, enum hv_exit_reason reason, uint64_t entered, uint64_t now)
{
    struct vcpu_stats *stats = &vcpu_stats[id];
    stats->exits[reason]++;
    stats->exits_total++;
    stats->last_exit_tsc = now;
    stats->last_reason = reason;
    stats->run_ticks += now - entered;
}

static inline void stats_longest(struct vcpu_stats *stats, enum hv_exit_reason reason, uint64_t spent, uint64_t now)
{
    if (spent > stats->worst[reason]) {
        stats->worst[reason] = spent;
        if (spent > stats->worst_all) {
            stats->worst_all = spent;
            stats->worst_tsc = now;
        }
    }
}

/* An exit that was answered at once, from left to now: run_ticks has its time, as it goes on till the next other exit. */
/* REQ-RT-014 REQ-RT-030 REQ-RT-060 */
static inline void stats_exit_quick(struct vcpu_stats *stats, enum hv_exit_reason reason, uint64_t left, uint64_t now)
{
    stats->exits[reason]++;
    stats->exits_total++;
    stats->last_exit_tsc = left;
    stats_longest(stats, reason, now - left, now);
}

/* The core goes back to a guest, or begins to wait. exiting: whose exit it was handling, as id + 1; 0: nobody's. */
/* REQ-RT-030 */
static inline void stats_exit_ends(vcpu_id_t exiting, uint64_t now)
{
    if (exiting != 0U) {
        struct vcpu_stats *stats = &vcpu_stats[exiting - 1U];
        stats_longest(stats, stats->last_reason, now - stats->last_exit_tsc, now);
    }
}

void stats_init(void);            /* boot, partition table valid: writes the information page */
void stats_publish(void);         /* lock held: refreshes struct hv_stats in the telemetry range */
void stats_reset_vm(vm_id_t v);   /* a new life of this VM begins at zero */
void stats_log_char(char c);      /* log.c only: appends to the log ring */
void stats_log_summary(vm_id_t v); /* one log line: name, exits, last exit */

#endif
