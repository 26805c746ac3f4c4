/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of failures that outlive a reset (abi/crash.h). Whoever records writes a place of its own through a mapping that
 * stands: no lock, no wait, no copy window. A VM's place has one writer, the keeper of an exclusive VM or the holder of the lock.
 */
#ifndef CORE_CRASH_H
#define CORE_CRASH_H

#include "abi/crash.h"
#include "core/types.h"

struct crash_fault {
    uint32_t fault;       /* PART_FAULT_* */
    uint32_t action;      /* HV_CRASH_STOPPED and others */
    uint32_t restarts;
    uint64_t detail;
    uint64_t tsc;
};
struct crash_plan { /* what the boot found */
    uint32_t boot;
    uint32_t seen_boot;
    uint64_t seen_tsc;
    uint32_t place[HV_CRASH_EXCEPTIONS]; /* in which order places of exceptions are taken */
    uint32_t places;                     /* of these */
};

/* Boot, once: looks what earlier boots left at this address, logs it, and begins this boot's records. */
void crash_init(hpa_t base);
void crash_begin(const struct crash_plan *plan); /* crash_init()'s last step */
/* order: 0 for the first caller, counting up; vcpu: ID_NONE if the core carried none. Before crash_init() nothing is recorded. */
void crash_exception(uint32_t order, vcpu_id_t vcpu, bool exclusive, const struct hv_crash_frame *frame, uint64_t cr2);
void crash_vm(vcpu_id_t id, const struct crash_fault *fault);
void crash_seen(void); /* lock held: all so far */

#endif
