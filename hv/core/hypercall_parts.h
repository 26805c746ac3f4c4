/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls that have files of their own, and what they share with the dispatcher. */
#ifndef CORE_HYPERCALL_PARTS_H
#define CORE_HYPERCALL_PARTS_H

#include "abi/hypercall.h"
#include "core/limits.h"
#include "core/types.h"

/* Where a list for this VM was left off: valid while the same hypercall is repeated, on any vCPU,
 * since the caller's thread may move in between, and no longer than the VM lives. */
struct region_progress {
    bool under_way;
    uint64_t gpa;   /* of the request */
    uint32_t next;  /* region */
    uint64_t done;  /* bytes of it */
    uint64_t bytes; /* in this execution */
};
extern struct region_progress region_progress[MAX_VM];

int64_t hypercall_errno(enum status status);
vm_id_t hypercall_target(uint64_t param);
int64_t hypercall_create_vm(uint64_t gpa);
int64_t hypercall_set_vcpu_regs(vm_id_t v, uint64_t gpa);
int64_t hypercall_set_memory_regions(uint64_t gpa);
void hypercall_memory_forget(vm_id_t v); /* a new life: no list is under way */
/* Register values that the CPU would refuse, or that make no mode (Intel SDM 3, 2.5; AMD APM 2, 15.5.1). */
bool hypercall_regs_valid(const struct hc_regs *regs);

#endif
