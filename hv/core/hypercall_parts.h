/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls that have files of their own, and what they share with the dispatcher. */
#ifndef CORE_HYPERCALL_PARTS_H
#define CORE_HYPERCALL_PARTS_H

#include "abi/hypercall.h"
#include "core/types.h"

int64_t hypercall_errno(enum status status);
vm_id_t hypercall_target(uint64_t param);
int64_t hypercall_create_vm(uint64_t gpa);
int64_t hypercall_set_vcpu_regs(vm_id_t v, uint64_t gpa);
int64_t hypercall_set_memory_regions(uint64_t gpa);
void hypercall_memory_forget(vm_id_t v); /* a new life: no list is under way */
/* Register values that the CPU would refuse, or that make no mode (Intel SDM 3, 2.5; AMD APM 2, 15.5.1). */
bool hypercall_regs_valid(const struct hc_regs *regs);

#endif
