/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls of the Service VM: ACRN's public ABI (version 1.0).
 *
 * Register convention: R8 = id, RDI and RSI = parameters, RAX = result, 0 or a
 * negative errno. VMMCALL, or Intel's VMCALL. The id is
 * HC_BASE | number; any id that is not listed gives -ENOTTY, CPL above 0
 * gives #GP(0). Parameters named gpa are guest-physical addresses of the caller.
 */
#ifndef ABI_HYPERCALL_H
#define ABI_HYPERCALL_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

#define HC_BASE                     0x80000000U
#define HC_SERVICE_VM_OFFLINE_CPU   0x80000001U
#define HC_SET_CALLBACK_VECTOR      0x80000002U
#define HC_CREATE_VM                0x80000010U
#define HC_DESTROY_VM               0x80000011U
#define HC_START_VM                 0x80000012U
#define HC_PAUSE_VM                 0x80000013U
#define HC_RESET_VM                 0x80000015U
#define HC_SET_VCPU_REGS            0x80000016U
#define HC_INJECT_MSI               0x80000023U
#define HC_VM_INTR_MONITOR          0x80000024U
#define HC_SET_IRQLINE              0x80000025U
#define HC_SET_IOREQ_BUFFER         0x80000030U
#define HC_NOTIFY_REQUEST_FINISH    0x80000031U
#define HC_VM_SET_MEMORY_REGIONS    0x80000042U
#define HC_SET_PTDEV_INTR_INFO      0x80000053U
#define HC_RESET_PTDEV_INTR_INFO    0x80000054U
#define HC_ASSIGN_PCIDEV            0x80000055U
#define HC_DEASSIGN_PCIDEV          0x80000056U
#define HC_ASSIGN_MMIODEV           0x80000057U
#define HC_DEASSIGN_MMIODEV         0x80000058U
#define HC_CREATE_VDEV              0x80000059U
#define HC_DESTROY_VDEV             0x8000005AU
#define HC_PM_GET_CPU_STATE         0x80000080U
/*
 * Not ACRN's: NOTIFY_REQUEST_FINISH, and when that succeeds the calling vCPU halts as by HLT behind the instruction. A request of the
 * same VM ends the halt, too, and then comes without an upcall: the caller looks at the page.
 */
#define HC_FINISH_AND_WAIT          0x800000F0U

/* errno values of the ABI (Linux numbering), returned negated in RAX */
#define HC_EPERM   1
#define HC_ENOENT  2
#define HC_ENOMEM  12
#define HC_EFAULT  14
#define HC_EBUSY   16
#define HC_ENODEV  19
#define HC_EINVAL  22
#define HC_ENOTTY  25
#define HC_ENOSYS  38
#define HC_EOPNOTSUPP 95

#define HC_VCPU_UPCALL_VECTOR 0xF3U /* default upcall vector of the ACRN face */

struct hc_vm_creation { /* CREATE_VM: in/out */
    uint16_t vmid;          /* out */
    uint16_t reserved0;
    uint16_t vcpu_num;      /* out */
    uint16_t reserved1;
    uint8_t name[16];
    uint64_t vm_flag;
    uint64_t ioreq_buf;     /* GPA of the I/O request page */
    uint64_t cpu_affinity;  /* mask of cores, 0: policy default */
};

struct hc_descriptor { /* GDT, IDT */
    uint16_t limit;
    uint64_t base;
    uint16_t reserved[3];
} __attribute__((packed));

/* Order of gprs: RAX RCX RDX RBX RSP RBP RSI RDI R8..R15. The CS base and
 * access rights are explicit; the other segments follow their selectors:
 * real-mode bases when CR0.PE is 0, flat otherwise. */
struct hc_regs {
    uint64_t gpr[16];
    struct hc_descriptor gdt;
    struct hc_descriptor idt;
    uint64_t rip;
    uint64_t cs_base;
    uint64_t cr0;
    uint64_t cr4;
    uint64_t cr3;
    uint64_t efer;
    uint64_t rflags;
    uint64_t reserved64[4];
    uint32_t cs_ar;
    uint32_t cs_limit;
    uint32_t reserved32[3];
    uint16_t cs_sel;
    uint16_t ss_sel;
    uint16_t ds_sel;
    uint16_t es_sel;
    uint16_t fs_sel;
    uint16_t gs_sel;
    uint16_t ldt_sel;
    uint16_t tr_sel;
};

struct hc_vcpu_regs { /* SET_VCPU_REGS */
    uint16_t vcpu_id;
    uint16_t reserved[3];
    struct hc_regs regs;
};

struct hc_msi { /* INJECT_MSI */
    uint64_t address;
    uint64_t data;
};

struct hc_memory_regions { /* VM_SET_MEMORY_REGIONS; when it fails, what came before the fault has been done */
    uint16_t vmid;
    uint16_t reserved0;
    uint32_t reserved1;
    uint32_t count;
    uint32_t pad;
    uint64_t regions_gpa;   /* array of struct hc_memory_region */
};

#define HC_REGION_ADD    0U
#define HC_REGION_DEL    2U
#define HC_REGION_MODIFY 3U
#define HC_REGION_READ   0x001U
#define HC_REGION_WRITE  0x002U
#define HC_REGION_EXEC   0x004U
#define HC_REGION_WB     0x040U
#define HC_REGION_UC     0x100U

struct hc_memory_region {
    uint32_t type;
    uint32_t prot;
    uint64_t gpa;             /* of the User VM */
    uint64_t service_vm_gpa;
    uint64_t size;
};

#define HC_PCIDEV_QUIRK 1U  /* assign it although it cannot be reset */

struct hc_pcidev { /* ASSIGN_PCIDEV, DEASSIGN_PCIDEV; the numbers are bus << 8 | device << 3 | function */
    uint32_t type;            /* HC_PCIDEV_* */
    uint16_t virt_bdf;        /* of the User VM */
    uint16_t phys_bdf;
    uint8_t intr_line;
    uint8_t intr_pin;
    uint8_t reserved[2];
    uint32_t bar[6];          /* registers as the User VM finds them */
};

#define HC_VDEV_IVSHMEM 0x11101AF4U /* shared memory with doorbells (docs/decisions/0024-doorbells-between-vms.md) */

struct hc_vdev { /* CREATE_VDEV, DESTROY_VDEV */
    uint32_t id;              /* HC_VDEV_*: vendor, device */
    uint32_t reserved;
    uint64_t slot;            /* of the User VM: bus << 8 | device << 3 | function */
    uint32_t io_addr[6];      /* BAR registers: registers, the page behind them, and the memory, 64-bit */
    uint32_t io_size[6];      /* [2]: the region's */
    uint8_t args[128];        /* name of the region, which "hv:/" may precede; zeros behind it */
};

_Static_assert(sizeof(struct hc_vdev) == 192U, "acrn_vdev");

#define HC_PTDEV_INTX 0U

struct hc_ptdev_irq { /* SET_PTDEV_INTR_INFO, RESET_PTDEV_INTR_INFO; ACRN reads 4 bytes more, which mean nothing */
    uint32_t type;            /* HC_PTDEV_INTX */
    uint16_t virt_bdf;
    uint16_t phys_bdf;
    uint32_t virt_pin;        /* of the User VM's IOAPIC */
    uint32_t phys_pin;        /* of the machine's */
    uint8_t pic_pin;          /* 1: virt_pin is one of the 8259s': refused */
    uint8_t reserved[3];
};

#define HC_MMIODEV_RANGES 3U

struct hc_mmio_range {
    uint64_t user_gpa;
    uint64_t service_gpa;
    uint64_t size;            /* 0: not used */
    uint64_t mem_type;        /* not looked at: as the Service VM has it */
};

struct hc_mmiodev { /* ASSIGN_MMIODEV, DEASSIGN_MMIODEV */
    char name[8];
    struct hc_mmio_range range[HC_MMIODEV_RANGES];
};

_Static_assert(sizeof(struct hc_pcidev) == 36U, "acrn_pcidev");
_Static_assert(sizeof(struct hc_ptdev_irq) == 20U, "acrn_ptdev_irq");
_Static_assert(sizeof(struct hc_mmiodev) == 104U, "acrn_mmiodev");
_Static_assert(sizeof(struct hc_vm_creation) == 48U, "acrn_vm_creation");
_Static_assert(sizeof(struct hc_vcpu_regs) == 296U, "acrn_vcpu_regs");
_Static_assert(sizeof(struct hc_msi) == 16U, "acrn_msi_entry");
_Static_assert(sizeof(struct hc_memory_regions) == 24U, "set_regions");
_Static_assert(sizeof(struct hc_memory_region) == 32U, "vm_memory_region");

#endif
