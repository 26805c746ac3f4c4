/* SPDX-License-Identifier: Apache-2.0 */
/* Weighted fair scheduling of vCPUs on each shared core, by virtual run time. */
#ifndef CORE_SCHED_H
#define CORE_SCHED_H

#include "core/limits.h"
#include "core/types.h"

/* Binds the vCPU to vcpus[id].pcpu; one vCPU of a VM per core. weight 1..10000, 100 is usual. */
void sched_add(vcpu_id_t id, uint32_t weight);
void sched_remove(vcpu_id_t id);
/* Makes it runnable; it is placed so that sleeping earns at most one slice over the others. */
void sched_wake(vcpu_id_t id);
/* The vCPU to run now, or ID_NONE. Charges nothing. */
vcpu_id_t sched_pick(pcpu_id_t pcpu, uint64_t now);
/* It ran on its core for so many TSC ticks. */
void sched_charge(vcpu_id_t id, uint64_t ticks);
/* When the picked vCPU must make way: end of its slice if another one could run, else TIME_NEVER. */
uint64_t sched_slice_end(pcpu_id_t pcpu);
/* Members of a core: index 0..MAX_VM-1, ID_NONE where there is none. */
vcpu_id_t sched_member(pcpu_id_t pcpu, uint32_t index);
uint32_t sched_member_bound(pcpu_id_t pcpu); /* no index from here on has one; at most MAX_VM */

#endif
