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

void stats_init(void);            /* boot, partition table valid: writes the information page */
void stats_publish(void);         /* lock held: refreshes struct hv_stats in the telemetry range */
void stats_reset_vm(vm_id_t v);   /* a new life of this VM begins at zero */
void stats_log_char(char c);      /* log.c only: appends to the log ring ... */
void stats_log_told(void);        /* ... and this tells its readers how far it is written */
void stats_log_summary(vm_id_t v); /* one log line: name, exits, last exit */

#endif
