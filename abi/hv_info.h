/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hypervisor publishes to the Service VM: a small PCI device whose
 * capability names an information page, and behind that page the statistics,
 * the log ring, the trace, the crash records and the shared-memory regions. The Service VM reads memory; it
 * never makes the hypervisor interrupt an exclusive core to learn something.
 *
 * Telemetry range (part_table.telemetry_hpa, identity mapped read-only in the
 * Service VM): page 0 is struct hv_info, then the statistics at
 * HV_STATS_OFFSET, then the log ring at HV_LOG_OFFSET, the trace (abi/trace.h)
 * at HV_TRACE_OFFSET, and what outlives a reset (abi/crash.h) at HV_CRASH_OFFSET.
 */
#ifndef ABI_HV_INFO_H
#define ABI_HV_INFO_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#include "abi/crash.h"
#include "abi/trace.h"

/* The hypervisor's PCI device. The ids are not registered with the PCI-SIG. */
#define HV_PCI_VENDOR     0xB04DU
#define HV_PCI_DEVICE     0x0001U
#define HV_PCI_HOST_BRIDGE 0x0002U  /* device id of a pre-launched VM's host bridge */
#define HV_PCI_CLASS      0x088000U /* system peripheral, other */
#define HV_PCI_CAP_MSI    0x40U     /* MSI, 64-bit address, one vector: the I/O request upcall */
#define HV_PCI_CAP_VENDOR 0x50U     /* vendor-specific: id 09, next, length 0x14, revision 2 */
#define HV_PCI_COMMAND    0x54U     /* 32 bits: write HV_COMMAND_* */
#define HV_PCI_INFO_GPA   0x58U     /* 64 bits, read-only: GPA of struct hv_info */
#define HV_PCI_TRACE      0x60U     /* 32 bits: what the trace records, a mask of 1 << enum hv_trace_kind; 0 after a reset */
#define HV_COMMAND_PUBLISH 1U       /* refresh the statistics before the write completes */
#define HV_COMMAND_CRASH_SEEN 2U    /* all crash records so far are marked as seen */

#define HV_INFO_MAGIC     0x46494842U /* "BHIF" */
#define HV_STATS_MAGIC    0x54534842U /* "BHST" */
#define HV_LOG_MAGIC      0x474C4842U /* "BHLG" */
#define HV_INFO_VERSION   4U
#define HV_STATS_OFFSET   0x1000U
#define HV_LOG_OFFSET     0x10000U
#define HV_TRACE_OFFSET   0x20000U
#define HV_CRASH_OFFSET   0x121000U
#define HV_TELEMETRY_SIZE 0x123000U

#define HV_MAX_REGION     8U
#define HV_REGION_STATS   1U
#define HV_REGION_LOG     2U
#define HV_REGION_SHARED  3U
#define HV_REGION_TRACE   4U
#define HV_REGION_CRASH   5U
#define HV_REGION_WRITE   1U /* flags: the Service VM may write */

struct hv_region {
    char name[16];
    uint64_t gpa;
    uint64_t size;
    uint32_t kind;
    uint32_t flags;
};

struct hv_info {
    uint32_t magic;
    uint32_t version;
    uint32_t region_count;
    uint32_t reserved;
    uint64_t tsc_hz;
    char scenario[32];
    struct hv_region region[HV_MAX_REGION];
};

/* Why a vCPU left the guest; index into hv_vcpu_stats.exits. */
enum hv_exit_reason {
    HV_EXIT_CPUID, HV_EXIT_HLT, HV_EXIT_IO, HV_EXIT_MSR_READ, HV_EXIT_MSR_WRITE,
    HV_EXIT_MMIO, HV_EXIT_HYPERCALL, HV_EXIT_INTERRUPT, HV_EXIT_NMI, HV_EXIT_WINDOW,
    HV_EXIT_CR, HV_EXIT_XSETBV, HV_EXIT_SHUTDOWN, HV_EXIT_EXCEPTION, HV_EXIT_WBINVD,
    HV_EXIT_OTHER, HV_EXIT_REASONS
};

#define HV_STATS_VMS   8U
#define HV_STATS_VCPUS 8U

/*
 * How long an exit took: TSC ticks from the reading right after the core left this vCPU's guest to the one right
 * before the same core entered a guest again, whichever that was, or began to wait for work. So on a shared core
 * the wait for the shared lock and the interrupts that were served on the way are in it; idle time and the time of
 * other vCPUs are not. An entry that a kick prevented does not end it. The maxima begin at 0 with each life of the
 * VM and cannot be reset otherwise: nobody takes an RTVM's worst moment off the record.
 */
struct hv_vcpu_stats {
    uint64_t exits_total;
    uint64_t last_exit_tsc;
    uint64_t run_ticks;       /* TSC ticks in the guest */
    uint64_t exits[16];       /* by enum hv_exit_reason */
    uint64_t worst_ticks[16]; /* longest exit so far, by enum hv_exit_reason */
    uint64_t worst_tsc;       /* when the longest of all ended; 0: none yet */
    uint32_t pcpu;
    uint32_t state;           /* 0 off, 1 runnable, 2 halted, 3 waiting for an I/O request */
};

struct hv_vm_stats {
    char name[16];
    uint32_t state;           /* 0 free, 1 created, 2 running, 3 paused, 4 stopped */
    uint32_t kind;            /* PART_VM_SERVICE, PART_VM_PRELAUNCH, 3: User VM */
    uint32_t vcpu_count;
    uint32_t pages_used;      /* stage-2 tables */
    uint32_t pages_quota;
    uint32_t exclusive;
    uint64_t start_tsc;       /* just before the first instruction */
    uint64_t memory_size;     /* bytes of RAM mapped */
    uint64_t last_fault_tsc;  /* exclusive VMs: of the last fault, 0: none; over all lives since the machine's start */
    uint32_t last_fault;      /* 0 none, 1 triple fault, 2 stage-2 violation, 3 machine check, 4 missed heartbeat, 5 reset, 6 power off */
    uint32_t restarts;
    uint32_t faults[4];       /* how often: the first four of these */
    uint64_t dma_faults;      /* accesses of its devices that an IOMMU has blocked, since the machine's start */
    struct hv_vcpu_stats vcpu[HV_STATS_VCPUS];
};

struct hv_stats {
    uint32_t magic;
    uint32_t version;
    uint32_t sequence;        /* odd while being written */
    uint32_t vm_count;        /* HV_STATS_VMS */
    uint64_t tsc;             /* when published */
    uint64_t tsc_hz;
    uint64_t boot_tsc;        /* hypervisor entry */
    struct hv_vm_stats vm[HV_STATS_VMS];
};

struct hv_log_ring {
    uint32_t magic;
    uint32_t capacity;        /* bytes of text[], a power of two */
    uint64_t written;         /* bytes ever written; text[written % capacity] is next */
    char text[]; /* DEV-008 */
};

_Static_assert(sizeof(struct hv_region) == 40U, "hv_region layout");
_Static_assert(sizeof(struct hv_info) <= 4096U, "hv_info fits its page");
_Static_assert(sizeof(struct hv_vcpu_stats) == 296U, "hv_vcpu_stats layout");
_Static_assert(sizeof(struct hv_vm_stats) == 2464U, "hv_vm_stats layout");
_Static_assert(HV_CRASH_OFFSET == (HV_TRACE_OFFSET + HV_TRACE_SIZE), "crash records follow the trace");
_Static_assert(HV_TELEMETRY_SIZE == (HV_CRASH_OFFSET + HV_CRASH_SIZE), "crash records end the telemetry range");
_Static_assert(sizeof(struct hv_stats) <= (HV_LOG_OFFSET - HV_STATS_OFFSET), "hv_stats fits");

#endif
