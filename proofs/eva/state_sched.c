/* SPDX-License-Identifier: Apache-2.0 */
/* core/sched.c: members are ids, or none, of VMs; a weight is never zero once the vCPU was added. */
#include "core/sched.c"
#include "proofs/eva/eva.h"

void assume_sched(void)
{
    /*@ loop unroll MAX_PCPU; */
    for (uint32_t p = 0U; p < MAX_PCPU; p++) {
        sched_core[p].current = any_below(MAX_VCPU + 1U);
        sched_bound[p] = any_below(MAX_VM + 1U);
        /*@ loop unroll MAX_VM; */
        for (uint32_t v = 0U; v < MAX_VM; v++) {
            sched_members[p][v] = any_below(MAX_VCPU + 1U);
        }
    }
    /*@ loop unroll MAX_VCPU; */
    for (uint32_t id = 0U; id < MAX_VCPU; id++) {
        uint32_t weight = (uint32_t)any;
        sched_weight[id] = (weight != 0U) ? weight : 1U;
    }
}

void check_sched(void)
{
    { uint32_t p = any_below(MAX_PCPU);
        /*@ assert current: sched_core[p].current <= MAX_VCPU; */
        /*@ assert bound: sched_bound[p] <= MAX_VM; */
        { uint32_t v = any_below(MAX_VM);
            /*@ assert member: sched_members[p][v] <= MAX_VCPU; */
        }
    }
    { uint32_t id = any_below(MAX_VCPU);
        /*@ assert weight: sched_weight[id] != 0; */
    }
}
