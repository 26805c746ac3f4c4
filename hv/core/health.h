/* SPDX-License-Identifier: Apache-2.0 */
/* The watchdog over the heartbeats of exclusive VMs. It reads a counter in their memory; an exclusive core learns of
 * it only when the counter stood still. */
#ifndef CORE_HEALTH_H
#define CORE_HEALTH_H

#include "core/types.h"

void health_init(void);                /* boot, partition table valid */
/* Lock held, any shared core: looks at the counters that are due. Returns when the next one is, for the core that
 * keeps the time of it; TIME_NEVER for all others, and when no VM has a heartbeat. */
uint64_t health_check(pcpu_id_t pcpu, uint64_t now);

#endif
