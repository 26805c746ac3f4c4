/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace rings (abi/trace.h). When nothing is recorded, an event costs the test of one variable. Only the
 * Service VM's register sets it, with the lock held; each core writes its own ring, and reads of it only its own
 * count, which lies in the hypervisor's memory.
 */
#ifndef CORE_TRACE_H
#define CORE_TRACE_H

#include "abi/trace.h"
#include "core/exit.h"
#include "core/hw.h"
#include "core/types.h"

extern volatile uint32_t trace_events; /* mask of 1 << enum hv_trace_kind */

void trace_init(hpa_t base);              /* boot, once: the region, of zeros */
void trace_select(uint32_t events);       /* lock held */
uint32_t trace_selected(void);
/* The calling core's ring; below only. */
void trace_record(enum hv_trace_kind kind, vcpu_id_t vcpu, uint32_t arg, uint32_t value, uint64_t tsc);
void trace_record_quick(vcpu_id_t vcpu, enum hv_exit_reason reason, uint64_t left, uint64_t now);
void trace_record_exit(vcpu_id_t vcpu, const struct vm_exit *exit, uint64_t tsc);

static inline bool trace_wants(enum hv_trace_kind kind)
{
    return ((trace_events >> (uint32_t)kind) & 1U) != 0U;
}

/* vcpu: ID_NONE if it is about none. */
/* REQ-RT-031 */
static inline void trace_at(enum hv_trace_kind kind, vcpu_id_t vcpu, uint32_t arg, uint64_t tsc)
{
    if (trace_wants(kind)) {
        trace_record(kind, vcpu, arg, 0U, tsc);
    }
}

static inline void trace_now(enum hv_trace_kind kind, vcpu_id_t vcpu, uint32_t arg, uint32_t value)
{
    if (trace_wants(kind)) {
        trace_record(kind, vcpu, arg, value, hw_tsc());
    }
}

static inline void trace_exit(vcpu_id_t vcpu, const struct vm_exit *exit, uint64_t tsc)
{
    if (trace_wants(HV_TRACE_EXIT)) {
        trace_record_exit(vcpu, exit, tsc);
    }
}

/* An exit that was answered at once, and the entry that followed. */
static inline void trace_quick(vcpu_id_t vcpu, enum hv_exit_reason reason, uint64_t left, uint64_t now)
{
    if (trace_events != 0U) {
        trace_record_quick(vcpu, reason, left, now);
    }
}

#endif
