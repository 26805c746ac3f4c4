/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hypervisor keeps of failures, at the end of the telemetry range (abi/hv_info.h, HV_REGION_CRASH). It does not
 * clear these pages at its start, so they outlive a reset that leaves RAM its content. Each VM has a place for its latest
 * fault; exceptions of the hypervisor have HV_CRASH_EXCEPTIONS places, taken in the order in which they occur, the oldest
 * boot's first; when all are of this boot, further ones are not recorded.
 *
 * A record counts if its magic is HV_CRASH_MAGIC and its CRC is right. With the magic and another CRC it is damaged:
 * the machine stopped while it was written, or RAM lost bits. Without the magic there is none. The Service VM reads
 * only; a write of HV_COMMAND_CRASH_SEEN to HV_PCI_COMMAND marks all records so far as seen, which erases nothing.
 */
#ifndef ABI_CRASH_H
#define ABI_CRASH_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define HV_CRASH_MAGIC      0x52434842U /* "BHCR" */
#define HV_CRASH_VERSION    1U
#define HV_CRASH_SIZE       0x2000U
#define HV_CRASH_HEADER     0U      /* offsets: struct hv_crash_header */
#define HV_CRASH_VM         0x400U  /* struct hv_crash_vm of VM 0 and so on */
#define HV_CRASH_VMS        8U
#define HV_CRASH_EXCEPTION  0xC00U  /* struct hv_crash_exception */
#define HV_CRASH_EXCEPTIONS 5U
#define HV_CRASH_LOG        768U
#define HV_CRASH_NO_VCPU    0xFFU

/* hv_crash_vm.action: what followed */
#define HV_CRASH_STOPPED    0U
#define HV_CRASH_RESTARTED  1U
#define HV_CRASH_SAFE_STATE 2U /* stopped, safe state applied */
#define HV_CRASH_HALTED     3U /* the machine was stopped */
#define HV_CRASH_RESET      4U /* of the Service VM */
#define HV_CRASH_REPORTED   5U /* to the device model of a User VM */
#define HV_CRASH_ACTIONS    6U

/* The first eight bytes of the header and of every record. The CRC (IEEE 802.3) is of the bytes that follow these. */
struct hv_crash_header {
    uint32_t magic;
    uint32_t crc32;
    uint32_t version;
    uint32_t boot;            /* number of this boot, 1: the first since RAM lost its content */
    uint32_t seen_boot;       /* records up to this boot and time are marked as seen; 0: none */
    uint32_t reserved;
    uint64_t seen_tsc;
};

struct hv_crash_vm {
    uint32_t magic;
    uint32_t crc32;
    uint32_t boot;
    uint32_t fault;           /* as hv_vm_stats.last_fault, 1 to 4 */
    uint64_t tsc;
    uint64_t uptime_us;       /* since the hypervisor's start */
    char name[16];
    uint32_t vm;
    uint32_t vcpu;            /* index */
    uint32_t core;            /* that wrote the record */
    uint32_t action;
    uint32_t count;           /* faults of the VMs with this number in this boot, with this one */
    uint32_t restarts;        /* before it */
    uint32_t exit_reason;     /* enum hv_exit_reason of the vCPU's last exit */
    uint32_t reserved;
    uint64_t detail;          /* stage-2 violation: GPA; machine check: the bank's status; heartbeat: the counter */
    uint64_t rip;
    uint64_t rflags;
    uint64_t gpr[16];         /* RAX RCX RDX RBX RSP RBP RSI RDI R8 ... R15 */
    uint64_t reserved2[3];
};

struct hv_crash_frame { /* as the CPU and the hypervisor's exception stubs push them */
    uint64_t r15;
    uint64_t r14;
    uint64_t r13;
    uint64_t r12;
    uint64_t r11;
    uint64_t r10;
    uint64_t r9;
    uint64_t r8;
    uint64_t rdi;
    uint64_t rsi;
    uint64_t rbp;
    uint64_t rbx;
    uint64_t rdx;
    uint64_t rcx;
    uint64_t rax;
    uint64_t vector;
    uint64_t error;
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

struct hv_crash_exception {
    uint32_t magic;
    uint32_t crc32;
    uint32_t boot;
    uint32_t core;
    uint64_t tsc;
    uint64_t uptime_us;
    uint32_t exclusive;       /* the core carries an exclusive VM */
    uint32_t vcpu;            /* whose state the core carried, VM * 8 + index, or HV_CRASH_NO_VCPU */
    uint64_t reserved;
    char name[16];            /* of that VM */
    struct hv_crash_frame registers;
    uint64_t cr2;
    uint64_t reserved2;
    char log[HV_CRASH_LOG];   /* the core's last log lines; begins with zeros if there were fewer, or amid a line */
};

_Static_assert(sizeof(struct hv_crash_header) == 32U, "hv_crash_header layout");
_Static_assert(sizeof(struct hv_crash_vm) == 256U, "hv_crash_vm layout");
_Static_assert(sizeof(struct hv_crash_frame) == 176U, "hv_crash_frame layout");
_Static_assert(sizeof(struct hv_crash_exception) == 1024U, "hv_crash_exception layout");
_Static_assert((HV_CRASH_VM + (HV_CRASH_VMS * sizeof(struct hv_crash_vm))) == HV_CRASH_EXCEPTION, "places of VMs");
_Static_assert((HV_CRASH_EXCEPTION + (HV_CRASH_EXCEPTIONS * sizeof(struct hv_crash_exception))) == HV_CRASH_SIZE, "places of exceptions");

#endif
