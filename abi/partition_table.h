/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The partition table: what the config compiler writes and the hypervisor
 * reads at boot (boot module with the tag "partition-table").
 *
 * One fixed-size little-endian struct followed by a blob area that carries
 * the ACPI tables of pre-launched VMs. Sizes are bytes. Unused entries and
 * padding are zero. The hypervisor copies it once and validates the copy;
 * see partition_validate().
 */
#ifndef ABI_PARTITION_TABLE_H
#define ABI_PARTITION_TABLE_H

#include <stdint.h>

#define PART_MAGIC        0x54504842U /* "BHPT" */
#define PART_VERSION      3U
#define PART_MAX_SIZE     65536U      /* whole table with its blob area */

#define PART_MAX_VM       4U   /* entry 0 is the Service VM, the others are pre-launched */
#define PART_MAX_VCPU     8U
#define PART_MAX_RANGE    16U
#define PART_MAX_PORTS    16U
#define PART_MAX_GSI      16U
#define PART_MAX_PCI      16U
#define PART_MAX_SHARED   4U
#define PART_MAX_MODULE   4U
#define PART_MAX_SAFE     16U
#define PART_MAX_IVSHMEM  8U   /* devices of all VMs */
#define PART_IVSHMEM_REGISTERS 0x2000U /* bytes of a device's register pages: two */
#define PART_IVSHMEM_VECTORS 8U /* doorbells that one device receives */
#define PART_MAX_LINK     4U   /* lines between UARTs of two VMs */
#define PART_UART_PORTS   8U
#define PART_NAME_SIZE    16U  /* NUL-terminated */
#define PART_TAG_SIZE     32U  /* NUL-terminated boot-module tag */
#define PART_CMDLINE_SIZE 1024U /* NUL-terminated */

/* part_vm.kind */
#define PART_VM_SERVICE   1U
#define PART_VM_PRELAUNCH 2U

/* part_vm.face: what CPUID leaves 0x40000000.. present */
#define PART_FACE_KVM     1U /* stock kernels: KVM signature, clock-source features only */
#define PART_FACE_ACRN    2U /* kernels built with ACRN guest support */

/* part_vm.image_type */
#define PART_IMAGE_BZIMAGE   1U /* Linux, 64-bit boot protocol */
#define PART_IMAGE_MULTIBOOT 2U /* ELF32 with a multiboot1 header */

/* part_vm.flags */
#define PART_VM_FORBID_POWEROFF 1U /* the machine stays on while this VM runs */
#define PART_VM_EXCLUSIVE       2U /* its cores run nothing else: local APIC passed through */

/* Ports that an exclusive VM's ACPI tables name, and the values for soft-off and reset. No VM is given these ports. */
#define PART_PORT_SLEEP_CONTROL 0xB2U
#define PART_PORT_SLEEP_STATUS  0xB3U
#define PART_SLEEP_TYPE_OFF     5U   /* SLP_TYP of S5 */
#define PART_PORT_RESET         0xCF9U
#define PART_RESET_VALUE        6U

/* Index of part_vm.on_fault: what went wrong with a pre-launched VM */
#define PART_FAULT_SHUTDOWN      0U /* triple fault */
#define PART_FAULT_STAGE2        1U /* access to an address that it does not have */
#define PART_FAULT_MACHINE_CHECK 2U
#define PART_FAULT_HEARTBEAT     3U /* its counter stood still for heartbeat_us */
#define PART_FAULTS              4U

/* Value of part_vm.on_fault: what follows */
#define PART_ON_FAULT_STOP       0U
#define PART_ON_FAULT_RESTART    1U /* from its pristine image, restart_limit times, then stop */
#define PART_ON_FAULT_SAFE_STATE 2U /* stop, and perform the writes of part_vm.safe */
#define PART_ON_FAULT_HALT       3U /* safe states of all VMs, then the machine stops */
#define PART_ON_FAULT_LAST       3U

/* part_safe.kind */
#define PART_SAFE_PORT    1U /* I/O port */
#define PART_SAFE_MEMORY  2U /* host-physical address in one of the VM's MMIO ranges */

/* part_range.type */
#define PART_RANGE_RAM    1U
#define PART_RANGE_MMIO   2U
#define PART_RANGE_SHARED 3U /* lies in one part_shared region */

/* part_range.flags */
#define PART_RANGE_WRITE  1U
#define PART_RANGE_EXEC   2U
#define PART_RANGE_WC     4U /* MMIO only: write-combining instead of uncached */
#define PART_RANGE_LEND   8U /* MMIO of the Service VM: a device that does no DMA and sends no message; User VMs may get it */

/* part_table.flags */
#define PART_ALLOW_NO_IOMMU 1U

struct part_range { /* 32 bytes; 4 KiB granular */
    uint64_t gpa;
    uint64_t hpa;
    uint64_t size;
    uint32_t type;
    uint32_t flags;
};

struct part_ports { /* I/O ports base .. base + count - 1 */
    uint16_t base;
    uint16_t count;
};

struct part_shared { /* RAM that several VMs may map */
    char name[PART_NAME_SIZE];
    uint64_t hpa;
    uint64_t size;
};

#define PART_IVSHMEM_USER PART_MAX_VM /* in part_ivshmem.vm: the end is open to User VMs, one at a time; and that end's number for its peers */

/* A PCI device of one VM for one shared region, with doorbells between the VMs that have one for it. The first one of the
 * Service VM is function 1 in the slot of the hypervisor's device, that of a pre-launched VM function 0 of device 30 on its bus 0.
 * Where a User VM has its own, its device model says; the region is the Service VM's, too. */
struct part_ivshmem {
    uint64_t registers_gpa;   /* BAR 0, one page, and BAR 1, the next one; below 4 GiB; of a User VM's both addresses are 0 */
    uint64_t memory_gpa;      /* BAR 2; of a pre-launched VM where its shared range is */
    uint16_t vm;
    uint16_t region;          /* index in part_table.shared; its size is a power of two */
    uint16_t vectors;         /* 1..8 doorbells that this VM receives */
    uint16_t reserved;
    uint32_t interval_us;     /* least time between two interrupts by the same doorbell of the same sender, 1..1000000 */
    uint32_t reserved2;
};

/* One end of a line: a 16550 of the hypervisor's in that VM. */
struct part_uart {
    uint16_t vm;
    uint16_t port;            /* first of its ports: 0x3F8, 0x2F8, 0x3E8 or 0x2E8 */
    uint16_t gsi;             /* IOAPIC pin of a VM on shared cores; 0, always so in an exclusive VM: it is polled */
    uint16_t reserved;
};

struct part_board {
    char name[PART_TAG_SIZE];
    uint64_t ram_size;        /* least RAM that the scenario needs, bytes */
    uint64_t tsc_hz;          /* 0: measure at boot against the ACPI PM timer */
    uint64_t mmconfig_base;   /* 0: take it from the MCFG table, or use ports 0xCF8/0xCFC */
    uint32_t pcpu_count;      /* cores that must be present */
    uint32_t shared_pcpu_mask; /* bit n: core n is shared; all others named by a VM are exclusive */
    uint16_t log_port;        /* I/O base of the 16550 that carries the hypervisor's log, 0: none */
    uint16_t s5_slp_typ;      /* SLP_TYP value of soft-off in PM1_CNT (ACPI 4.8.4.2) */
    uint16_t hv_device_bdf;   /* bus << 8 | device << 3 | function of the hypervisor's PCI device */
    uint16_t memory_gbps;     /* memory bandwidth of one L3 cache's cores, 10^9 bytes/s; 0: unknown */
};

struct part_safe { /* one write of a safe state: value, of size 1, 2 or 4 bytes, aligned */
    uint64_t address;
    uint32_t value;
    uint16_t kind;
    uint16_t size;
};

struct part_cache { /* share of caches and memory bandwidth; 0: all */
    uint32_t l2_mask;         /* capacity bit mask of L2 */
    uint32_t l3_mask;         /* of L3 */
    uint32_t bandwidth;       /* per cent of the memory bandwidth, 1..100 */
    uint32_t reserved;
};

struct part_vm {
    char name[PART_NAME_SIZE];
    uint32_t kind;
    uint32_t face;
    uint32_t flags;
    uint32_t image_type;
    uint32_t weight;          /* scheduler weight on shared cores, 1..10000, 100 is usual */
    uint32_t vcpu_count;
    uint32_t pcpu[PART_MAX_VCPU]; /* core of each vCPU: index in MADT order, boot core is 0 */
    char kernel[PART_TAG_SIZE];
    char initrd[PART_TAG_SIZE]; /* empty: none */
    char cmdline[PART_CMDLINE_SIZE];
    uint32_t range_count;
    uint32_t ports_count;
    uint32_t gsi_count;
    uint32_t pci_count;
    struct part_range range[PART_MAX_RANGE];
    struct part_ports ports[PART_MAX_PORTS]; /* pre-launched: open; Service VM: open beyond the default */
    uint32_t gsi[PART_MAX_GSI];   /* interrupt lines of a pre-launched VM */
    uint16_t pci[PART_MAX_PCI];   /* PCI functions given to a pre-launched VM */
    char module[PART_MAX_MODULE][PART_TAG_SIZE]; /* multiboot: tags of further boot modules, in order */
    uint32_t module_count;
    uint32_t safe_count;
    struct part_safe safe[PART_MAX_SAFE]; /* in order */
    uint8_t on_fault[PART_FAULTS];
    uint32_t restart_limit;   /* restarts by on_fault and heartbeat since the machine's start; 0: none */
    uint64_t heartbeat_gpa;   /* 64-bit counter of the VM, aligned, in its RAM or a shared region */
    uint32_t heartbeat_us;    /* longest time in which it must change; 0: nobody looks */
    uint32_t reserved;
    struct part_cache cache;
    uint64_t acpi_gpa;        /* where the ACPI blob is copied; its RSDP comes first */
    uint32_t acpi_offset;     /* from the start of the table; 0: no ACPI */
    uint32_t acpi_size;
};

struct part_user_policy { /* what the Service VM may create at run time */
    uint32_t max_vms;         /* 0..4 */
    uint32_t max_vcpus;       /* per VM */
    uint32_t pcpu_mask;       /* subset of board.shared_pcpu_mask */
    uint32_t weight;
};

struct part_table {
    uint32_t magic;
    uint16_t version;
    uint16_t reserved;
    uint32_t total_size;      /* this struct and the blob area */
    uint32_t crc32;           /* IEEE 802.3 over total_size bytes with this field zero */
    char scenario[PART_TAG_SIZE];
    uint32_t flags;
    uint32_t vm_count;
    uint32_t shared_count;
    uint32_t ivshmem_count;
    uint64_t telemetry_hpa;   /* RAM for abi/hv_info.h: info page, statistics, log, trace */
    uint64_t telemetry_size;  /* HV_TELEMETRY_SIZE */
    struct part_board board;
    struct part_user_policy user;
    struct part_shared shared[PART_MAX_SHARED];
    struct part_vm vm[PART_MAX_VM];
    struct part_ivshmem ivshmem[PART_MAX_IVSHMEM]; /* of each VM in the order of its functions */
    uint32_t link_count;
    uint32_t reserved2;
    struct part_uart link_end[2U * PART_MAX_LINK]; /* 2 * n and the next one are the ends of a line: what one sends is what the other one receives */
};

_Static_assert(sizeof(struct part_range) == 32U, "part_range layout");
_Static_assert(sizeof(struct part_shared) == 32U, "part_shared layout");
_Static_assert(sizeof(struct part_ivshmem) == 32U, "part_ivshmem layout");
_Static_assert(sizeof(struct part_uart) == 8U, "part_uart layout");
_Static_assert(sizeof(struct part_board) == 72U, "part_board layout");
_Static_assert(sizeof(struct part_safe) == 16U, "part_safe layout");
_Static_assert(sizeof(struct part_cache) == 16U, "part_cache layout");
_Static_assert(sizeof(struct part_vm) == 2296U, "part_vm layout");
_Static_assert(sizeof(struct part_table) == 9808U, "part_table layout");

#endif
