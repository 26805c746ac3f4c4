/* SPDX-License-Identifier: Apache-2.0 */
/* What became of each exclusive VM, by VM of the partition table. Its keeper (exclusive_life.h) writes; anybody reads. */
#ifndef CORE_VM_HEALTH_H
#define CORE_VM_HEALTH_H

#include "core/types.h"

struct vm_health {
    uint32_t restarts;        /* since the machine's start */
    uint32_t last_fault;      /* PART_FAULT_* or FAULT_*, + 1; 0: none yet */
    uint64_t last_fault_tsc;
    uint64_t last_fault_rip;
    uint32_t faults[4];       /* by PART_FAULT_* */
};
extern struct vm_health vm_health[4];

#endif
