/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/trace.c */
/* eva-without: state */
/* What the run loops of hv/x86 call at every exit and entry: the counters and the trace, in any state. */
#include "core/stats.h"
#include "core/stats_exit.h"
#include "core/trace.h"
#include "proofs/eva/eva.h"

struct vcpu_stats vcpu_stats[MAX_VCPU];

int main(void)
{
    vcpu_id_t id = any_below(MAX_VCPU);
    enum hv_exit_reason reason = (enum hv_exit_reason)any_below((uint32_t)HV_EXIT_REASONS);
    struct vm_exit exit = { .reason = reason, .number = (uint32_t)any, .gpa = any };
    /*@ loop unroll MAX_VCPU; */
    for (uint32_t v = 0U; v < MAX_VCPU; v++) {
        vcpu_stats[v].last_reason = (enum hv_exit_reason)any_below((uint32_t)HV_EXIT_REASONS);
    }
    trace_events = (uint32_t)any;
    switch (any_below(7U)) {
    case 0U: stats_exit_begins(id, reason, any, any); break;
    case 1U: stats_exit_quick(&vcpu_stats[id], reason, any, any); break;
    case 2U: stats_exit_ends(any_below(MAX_VCPU + 1U), any); break;
    case 3U: trace_at(HV_TRACE_ENTRY, id, 0U, any); break;
    case 4U: trace_exit(id, &exit, any); break;
    case 5U: trace_quick(id, reason, any, any); break;
    default: trace_now(HV_TRACE_KICK, ID_NONE, any_below(MAX_PCPU), (uint32_t)any); break;
    }
    return 0;
}
