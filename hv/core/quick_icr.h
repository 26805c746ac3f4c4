/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An interrupt from one vCPU of an exclusive VM to another: the exit that such a VM makes most. What is said of it here is all that
 * there is to decide, in line, so that a backend may ask before everything else.
 */
#ifndef CORE_QUICK_ICR_H
#define CORE_QUICK_ICR_H

#include "core/exclusive_lapic.h"
#include "core/vm.h"

#define QUICK_ICR_MSR    0x830U
#define QUICK_ICR_OTHER  0xC0F00U /* shorthand, logical destination, a mode other than fixed */
#define QUICK_ICR_FIRST  16U      /* vectors below are none */

/* The vCPU writes dest:low to the ICR. The vector of a fixed interrupt to one vCPU of its own exclusive VM, by that one's id: the register holds
 * the value, and the caller sends the vector to *target. Below QUICK_ICR_FIRST: it is anything else; nothing was done. */
/* REQ-RT-060 REQ-INT-008 */
static inline uint32_t core_quick_icr(vcpu_id_t id, uint32_t low, uint32_t dest, pcpu_id_t *target)
{
    const struct vm *vm = &vms[vcpu_vm(id)];
    uint32_t vector = low & 0xFFU;
    if (vm->exclusive && ((low & QUICK_ICR_OTHER) == 0U) && (vector >= QUICK_ICR_FIRST) && (dest < vm->vcpu_count)) {
        exclusive_icr[id].low = low;
        exclusive_icr[id].dest = dest;
        *target = vcpus[vcpu_id(vcpu_vm(id), dest)].pcpu;
    } else {
        vector = 0U;
    }
    return vector;
}

#endif
