/* SPDX-License-Identifier: Apache-2.0 */
/* What vpci*.c share: the functions of the machine as found at boot, and what the
 * Service VM has written to their virtual registers. Only vpci*.c include this. */
#ifndef DEVICES_VPCI_FUNCTION_H
#define DEVICES_VPCI_FUNCTION_H

#include "core/limits.h"
#include "core/types.h"
#include "devices/vpci_config_spec.h"

#define PCI_COMMAND       0x04U
#define PCI_STATUS        0x06U
#define PCI_CLASS         0x08U
#define PCI_HEADER        0x0CU
#define PCI_HEADER_TYPE   0x0EU
#define PCI_BAR0          0x10U
#define PCI_BUS_NUMBERS   0x18U
#define PCI_CAPABILITIES  0x34U
#define PCI_ROM_TYPE0     0x30U
#define PCI_ROM_TYPE1     0x38U
#define PCI_INTERRUPT     0x3CU
#define PCI_BRIDGE_CONTROL 0x3EU
#define PCI_DEVICE_AREA   0x40U  /* capabilities and registers of the device itself */
#define PCI_LEGACY_SIZE   0x100U
#define PCI_CONFIG_SIZE   0x1000U

#define PCI_COMMAND_IO     0x0001U
#define PCI_COMMAND_MEMORY 0x0002U
#define PCI_COMMAND_MASTER 0x0004U
#define PCI_COMMAND_INTX_OFF 0x0400U

#define PCI_CLASS_HOST_BRIDGE 0x0600U
#define PCI_CLASS_ISA_BRIDGE  0x0601U
#define PCI_CLASS_IOMMU       0x0806U

#define PCI_EXPRESS_CONTROL 0x08U /* Device Control, in the PCI Express capability */
#define PCI_SRIOV_CONTROL  0x08U /* in the capability for virtual functions */
#define PCI_SLOT_FREE  0xFFFFU

#define VPCI_BARS      6U
#define VPCI_ROM       6U        /* index of the expansion ROM in bar[] */
#define VPCI_BAR_SLOTS 7U
#define VPCI_CLOSED    8U        /* closed capabilities of one function */
#define VPCI_MSIX_POOL 2048U     /* MSI-X entries of all functions */

struct vpci_bar {        /* one dword of the header; a 64-bit BAR takes two */
    uint32_t value;      /* as the firmware set it; 0 and mask 0: not implemented, or hidden */
    uint32_t mask;       /* address bits that can be written */
    bool upper;          /* high half of the 64-bit BAR before it */
    bool sizing;         /* the guest wrote all ones last */
};

struct vpci_closed {     /* a capability that no guest uses: its id reads as null, writes are refused */
    uint32_t offset;
    uint32_t size;
};

struct vpci_msi {
    uint32_t offset;     /* of the capability; 0: none */
    bool wide;           /* 64-bit address */
    bool maskable;
    bool enabled;
    uint32_t source;     /* of core/irq.c, or ID_NONE */
    uint64_t address;    /* what the guest wrote */
    uint32_t data;
    uint32_t mask;
};

struct vpci_msix {
    uint32_t offset;     /* of the capability; 0: none */
    uint32_t count;
    uint32_t first;      /* index of its entries in vpci_msix_entry */
    bool enabled;
    bool masked;         /* function mask */
    hpa_t table;
    hpa_t pba;
};

struct vpci_msix_entry {
    uint64_t address;    /* what the guest wrote */
    uint32_t data;
    bool masked;
    bool live;           /* the real one may be unmasked: what is not, and stays so, is not written */
    uint32_t source;     /* of core/irq.c, or ID_NONE */
};

struct vpci_function {
    uint16_t bdf;
    uint16_t class_code; /* base class and subclass */
    bool bridge;         /* type 1 header */
    bool silent;         /* a virtual function whose registers are not known yet, or none any more; its owner is ID_NONE */
    uint16_t device;     /* of a virtual function: its device id; 0: it stays silent */
    vm_id_t owner;       /* ID_NONE: the hypervisor's */
    uint8_t pcie;        /* offset of the PCI Express capability; 0: none */
    uint8_t told;        /* refusals that were logged, a bit each */
    uint16_t acs;        /* of the access control services, below PCI_CONFIG_SIZE - 7; 0: none */
    bool line;           /* not of the Service VM: its interrupt line is its owner's */
    bool walled;         /* the IOMMU's entry of the function names its owner, for good */
    uint8_t vf_sizing;   /* a bit for each BAR of virtual functions that the guest wrote all ones to last, as they are on */
    uint16_t group;      /* functions of one number are not kept apart (vpci_group.c) */
    uint16_t sriov;      /* of the capability for virtual functions, below PCI_CONFIG_SIZE - 0x3F, where the owner may use it; 0: none */
    uint16_t physical;   /* of a virtual function: whose it is (vpci_sriov.c); 0: not one; PCI_SLOT_FREE: no function at all, owner ID_NONE */
    struct vpci_bar bar[VPCI_BAR_SLOTS];
    uint32_t closed_count;
    struct vpci_closed closed[VPCI_CLOSED];
    struct vpci_msi msi;
    struct vpci_msix msix;
};

extern struct vpci_function vpci_function[MAX_PCI_FUNCTION];
extern uint32_t vpci_function_count; /* grows with virtual functions; a slot that was used is used again */
extern struct vpci_msix_entry vpci_msix_entry[VPCI_MSIX_POOL];

#define PCI_WORD_ONES 0xFFFFFFFFU

/* The ports 0xCF8, a dword, and 0xCFC to 0xCFF, of one or more bytes (PCI Local Bus 3.0, 3.2.2.3.2). */
#define PCI_PORT_ADDRESS 0xCF8U
#define PCI_PORT_DATA    0xCFCU
#define PCI_PORT_LAST    0xCFFU
#define PCI_ADDRESS_ON   0x80000000U
#define PCI_ADDRESS_BITS (PCI_ADDRESS_ON | 0x00FFFFFCU)

/* All ones of an access size, and where a sub-dword access lies in its dword. */
static inline uint32_t pci_ones(uint32_t size)
{
    return (size >= 4U) ? PCI_WORD_ONES : (((uint32_t)1U << (8U * size)) - 1U);
}
static inline uint32_t pci_dword(uint32_t offset)
{
    return offset - (offset % 4U);
}
static inline uint32_t pci_extract(uint32_t dword, uint32_t offset, uint32_t size)
{
    return (dword >> (8U * (offset % 4U))) & pci_ones(size);
}
static inline uint32_t pci_merge(uint32_t dword, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t shift = 8U * (offset % 4U);
    uint32_t mask = pci_ones(size) << shift;

    return (dword & ~mask) | ((value << shift) & mask);
}
static inline bool pci_data_access(uint32_t address, uint16_t port, uint32_t size)
{
    return (port >= PCI_PORT_DATA) && (port <= PCI_PORT_LAST) && ((size == 1U) || (size == 2U) || (size == 4U)) &&
           (((uint32_t)port + size) <= (PCI_PORT_LAST + 1U)) && ((address & PCI_ADDRESS_ON) != 0U);
}
/* A register, or aligned part of one. */
static inline bool pci_register_valid(uint32_t offset, uint32_t size)
{
    return (offset < PCI_CONFIG_SIZE) && ((size == 1U) || (size == 2U) || (size == 4U)) && ((offset % size) == 0U);
}
static inline uint32_t pci_rom_offset(const struct vpci_function *fn)
{
    return fn->bridge ? PCI_ROM_TYPE1 : PCI_ROM_TYPE0;
}
static inline uint32_t pci_bar_count(const struct vpci_function *fn)
{
    return fn->bridge ? 2U : VPCI_BARS;
}

struct vpci_written {    /* a message as the guest wrote it; live: enabled and not masked */
    uint64_t address;
    uint32_t data;
    bool live;
};

/* vpci_message.c: what to write into the hardware. source: of core/irq.c, or ID_NONE; the function's own. */
struct irq_msi_message;
struct irq_msi_message vpci_message(const struct vpci_function *fn, uint32_t *source, const struct vpci_written *written);
void vpci_message_free(uint32_t *source);

/* One log line for each function and kind of refusal since boot. */
enum vpci_refusal { VPCI_REFUSE_BAR, VPCI_REFUSE_BRIDGE, VPCI_REFUSE_CHIPSET, VPCI_REFUSE_CLOSED,
                    VPCI_REFUSE_SOURCE, VPCI_REFUSE_SRIOV, VPCI_REFUSE_COUNT };
void vpci_refuse(enum vpci_refusal kind, uint16_t bdf, uint32_t offset);

/* vpci_header.c: offsets below PCI_DEVICE_AREA. */
uint32_t vpci_header_read(const struct vpci_function *fn, uint32_t offset, uint32_t size);
void vpci_header_write(struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);
/* Puts the firmware's addresses back, as after a function-level reset. */
void vpci_bars_restore(const struct vpci_function *fn);

/* vpci.c: registers of a function for its owner. Access valid. */
uint32_t vpci_function_read(const struct vpci_function *fn, uint32_t offset, uint32_t size);
void vpci_function_write(struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value);

/* As after its reset: no messages, BARs in their places. */
void vpci_function_restart(struct vpci_function *fn);

/* vpci_given.c: of a pre-launched VM, below PART_MAX_VM. */
bool vpci_given_bus(vm_id_t vm); /* it has a function or a shared-memory device; without any it has no bus */
uint32_t vpci_given_read(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size);
void vpci_given_write(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);
uint32_t vpci_command_allowed(const struct vpci_function *fn, uint32_t command);

uint32_t vpci_function_at(uint16_t bdf); /* vpci_scan.c: whoever has it; ID_NONE: there is none */
/* vpci_scan.c: a BAR of fn from the register in that function's space, which ends up as it was; returns how many registers it takes. */
uint32_t vpci_bar_scan(struct vpci_function *fn, uint32_t index, uint16_t bdf, uint32_t offset);
uint32_t vpci_dword_size(uint16_t bdf, uint32_t offset, uint32_t probe);
void vpci_capabilities_scan(struct vpci_function *fn);
bool vpci_msix_place(struct vpci_function *fn, uint32_t first); /* entries from first on; false: it has no MSI-X to be used */

/* vpci_lent_map.c: the Service VM has all pages of the BAR, and no other function has registers there. */
bool vpci_bar_of_service(const struct vpci_function *fn, uint32_t index);

/* vpci_sriov.c: the capability of a function of the Service VM. Lock: shared side. */
bool vpci_sriov_covers(const struct vpci_function *fn, uint32_t offset);
void vpci_sriov_write(struct vpci_function *pf, uint32_t offset, uint32_t size, uint32_t value);
bool vpci_sriov_on(const struct vpci_function *pf); /* it has virtual functions */
bool vpci_sriov_held(const struct vpci_function *pf); /* and one is another VM's */
uint32_t vpci_sriov_read(const struct vpci_function *pf, uint32_t dword); /* of the capability */
/* vpci_sriov_boot.c: those of pre-launched VMs, added behind the functions found; what the Service VM sees where one is, else all ones. */
void vpci_sriov_boot(void);
uint32_t vpci_sriov_shadow(uint16_t bdf, uint32_t offset, uint32_t size);
void vpci_sriov_wake(uint16_t bdf); /* before an access: a virtual function there may have become ready */

/* vpci_bars.c: a line of the log about a function, with an address unless that is 0. */
void vpci_say(uint16_t bdf, const char *text, hpa_t at);

/* vpci_bars.c: 0: the BAR is not implemented, hidden, ports, or an upper half. */
hpa_t vpci_bar_base(const struct vpci_function *fn, uint32_t index);
uint64_t vpci_bar_size(const struct vpci_function *fn, uint32_t index);
bool vpci_bar_pages_meet(const struct vpci_function *fn, uint32_t index, const struct vpci_function *other, uint32_t bar);
enum status vpci_bars_check(void);
bool vpci_bar_listed(vm_id_t v, hpa_t base, uint64_t size); /* in the device memory that the table gives the VM, at its own address */

/* vpci_stop.c: function-level reset of PCI Express, and requests that wait for their completion. */
bool vpci_flr_offered(const struct vpci_function *fn);
void vpci_flr_start(const struct vpci_function *fn);
bool vpci_pending(const struct vpci_function *fn);
void vpci_functions_reset(vm_id_t vm);

/* vpci_bridge.c: fn lies behind the bridge; the bridge has a function of another owner behind it. */
bool vpci_behind(const struct vpci_function *bridge, const struct vpci_function *fn);
bool vpci_bridge_shared(const struct vpci_function *fn);
void vpci_bridges_open(void);

/* vpci_group.c: boot, after all functions were found; whether a bridge sends what comes from behind it in its own name. */
enum status vpci_groups_check(void);
bool vpci_bridge_hides(const struct vpci_function *bridge);
uint16_t vpci_requester(const struct vpci_function *fn); /* the number that the IOMMU sees: the function's own, or that of such a bridge */
void vpci_access_control_on(const struct vpci_function *fn);

/* vpci_msi.c: offset lies in the capability; dword access at an aligned offset. */
bool vpci_msi_covers(const struct vpci_function *fn, uint32_t offset);
uint32_t vpci_msi_read(const struct vpci_function *fn, uint32_t offset);
void vpci_msi_write(struct vpci_function *fn, uint32_t offset, uint32_t value);
void vpci_msi_reset(struct vpci_function *fn);

/* vpci_msix.c: the capability, and the table behind it. */
bool vpci_msix_covers(const struct vpci_function *fn, uint32_t offset);
uint32_t vpci_msix_read(const struct vpci_function *fn, uint32_t offset);
void vpci_msix_write(struct vpci_function *fn, uint32_t offset, uint32_t value);
void vpci_msix_reset(struct vpci_function *fn);
bool vpci_decodes_memory(const struct vpci_function *fn);
hpa_t vpci_msix_pages(const struct vpci_function *fn, uint64_t *size); /* that hold its table */
bool vpci_msix_page(vm_id_t vm, gpa_t gpa); /* holds a table of a function of this VM */
uint64_t vpci_msix_mmio_read(vm_id_t vm, gpa_t gpa, uint32_t size);
void vpci_msix_mmio_write(vm_id_t vm, gpa_t gpa, uint32_t size, uint64_t value);

/* vpci_hv.c: the hypervisor's own device. */
void vpci_hv_reset(void);
uint32_t vpci_hv_read(uint32_t offset);
void vpci_hv_write(uint32_t offset, uint32_t value, uint32_t written);

#endif
