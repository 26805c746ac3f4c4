/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of a passed-through x2APIC that stay closed: ids are virtual, the interrupt command
 * reaches the VM's own vCPUs only, everything but the timer's LVT is kept in memory. */
#ifndef CORE_EXCLUSIVE_LAPIC_H
#define CORE_EXCLUSIVE_LAPIC_H

#include "core/limits.h"
#include "core/types.h"

/* The interrupt command register of each, as it was written. */
struct exclusive_icr {
    uint32_t low;
    uint32_t dest;
};
extern struct exclusive_icr exclusive_icr[MAX_VCPU];

void exclusive_lapic_reset(vcpu_id_t id);
enum status exclusive_lapic_read(vcpu_id_t id, uint32_t msr, uint64_t *value);
enum status exclusive_lapic_write(vcpu_id_t id, uint32_t msr, uint64_t value);
/* The WRMSR that the vCPU is at, if it sends a fixed interrupt to one vCPU by its id: done. False: anything else, not done. */
bool exclusive_lapic_quick(vcpu_id_t id);

#endif
