/* SPDX-License-Identifier: Apache-2.0 */
/* How the run loops count an exit. Apart from stats.h, whose users are in the proofs: this is for x86/ only. */
#ifndef CORE_STATS_EXIT_H
#define CORE_STATS_EXIT_H

#include "core/stats.h"

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

/* The core goes back to a guest, or begins to wait. exiting: whose exit it was handling, as id + 1; 0: nobody's.
 * An exit that gave the VM a new life has no beginning in it: it counts for neither. */
/* REQ-RT-030 */
static inline void stats_exit_ends(vcpu_id_t exiting, uint64_t now)
{
    if (exiting != 0U) {
        struct vcpu_stats *stats = &vcpu_stats[exiting - 1U];
        if (stats->last_exit_tsc != 0U) {
            stats_longest(stats, stats->last_reason, now - stats->last_exit_tsc, now);
        }
    }
}

#endif
