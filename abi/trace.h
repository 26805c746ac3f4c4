/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The trace: what each core did and when, in one ring a core, in the telemetry range behind the log
 * (abi/hv_info.h, HV_REGION_TRACE). The region begins with a page that holds struct hv_trace; ring c lies at
 * HV_TRACE_RINGS + c * HV_TRACE_RING of it.
 *
 * Recording is off until the Service VM writes a mask of 1 << enum hv_trace_kind to HV_PCI_TRACE of the
 * hypervisor's PCI device. Each ring has one writer, its core, which waits for nobody and looks at nothing that
 * the Service VM can write. A record is complete when written counts it; the one that is being made then lies
 * where number written - capacity was. So what a reader copied as record n is good if, after the copy,
 * n + capacity > written; else it has been overwritten and is lost.
 */
#ifndef ABI_TRACE_H
#define ABI_TRACE_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define HV_TRACE_MAGIC    0x52544842U /* "BHTR" */
#define HV_TRACE_VERSION  1U
#define HV_TRACE_CORES    16U
#define HV_TRACE_CAPACITY 4096U   /* records of a ring, a power of two */
#define HV_TRACE_RINGS    0x1000U
#define HV_TRACE_RING     0x10000U
#define HV_TRACE_SIZE     (HV_TRACE_RINGS + (HV_TRACE_CORES * HV_TRACE_RING))
#define HV_TRACE_NO_VCPU  0xFFU
#define HV_TRACE_NMI      2U      /* in place of a vector */

/* vcpu is the vCPU that it is about, as VM * 8 + index, or HV_TRACE_NO_VCPU. */
enum hv_trace_kind {
    HV_TRACE_ENTRY,     /* the core enters the guest */
    HV_TRACE_EXIT,      /* and has left it; arg: enum hv_exit_reason; value: port, MSR, vector, or page of an MMIO access,
                         * where the hypervisor has looked at it */
    HV_TRACE_REFUSED,   /* the entry did not take place, since a kick came first */
    HV_TRACE_SWITCH,    /* another vCPU runs on this shared core from here on; arg: the one before, or HV_TRACE_NO_VCPU */
    HV_TRACE_IDLE,      /* the core begins to wait for work */
    HV_TRACE_BUSY,      /* and has something to do again */
    HV_TRACE_WAKE,      /* a vCPU that was halted or waited for I/O can run again */
    HV_TRACE_INTERRUPT, /* goes into the guest with the next entry; arg: vector, or HV_TRACE_NMI */
    HV_TRACE_HYPERCALL, /* arg: number, the low 16 bits; value: the first parameter's low 32 bits */
    HV_TRACE_KICK,      /* sent by this core; arg: to which core; value: 1 it was in the hypervisor, 2 in a guest, 3 idle */
    HV_TRACE_KINDS
};
#define HV_TRACE_ALL 0x3FFU /* a bit for each */

struct hv_trace_record {
    uint64_t tsc;
    uint32_t value;
    uint16_t arg;
    uint8_t vcpu;
    uint8_t kind;
};

struct hv_trace_ring { /* a cache line, so that cores do not share any */
    uint64_t written;         /* records ever written; number n lies at n % capacity */
    uint64_t reserved[7];
};

struct hv_trace {
    uint32_t magic;
    uint32_t version;
    uint32_t core_count;      /* rings, from 0 on */
    uint32_t capacity;
    uint32_t record_size;
    uint32_t events;          /* what is recorded now */
    uint64_t tsc_hz;
    uint64_t reserved[4];
    struct hv_trace_ring ring[HV_TRACE_CORES];
};

_Static_assert((HV_TRACE_ALL >> ((uint32_t)HV_TRACE_KINDS - 1U)) == 1U, "a bit for each kind");
_Static_assert(sizeof(struct hv_trace_record) == 16U, "hv_trace_record layout");
_Static_assert(sizeof(struct hv_trace_ring) == 64U, "hv_trace_ring layout");
_Static_assert(sizeof(struct hv_trace) == (64U + (64U * HV_TRACE_CORES)), "hv_trace layout");
_Static_assert(sizeof(struct hv_trace) <= HV_TRACE_RINGS, "hv_trace fits its page");
_Static_assert((HV_TRACE_CAPACITY * sizeof(struct hv_trace_record)) == HV_TRACE_RING, "records fill a ring");

#endif
