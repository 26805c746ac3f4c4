/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every PCI function of the machine, found once at boot: header, BARs with
 * their sizes, MSI and MSI-X. All message interrupts are switched off here, so
 * that nothing the firmware left can fire. Chapter numbers: PCI Local Bus 3.0.
 */
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/partition.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"

#define BUSES            256U
#define SLOTS            32U
#define FUNCTIONS        8U
#define CAPABILITIES_MAX 48U    /* a list of 4-byte-aligned entries in 192 bytes */
#define EXTENDED_MAX     480U   /* likewise in 3840 bytes, 8 bytes each at least */

#define HEADER_MULTIFUNCTION 0x80U
#define STATUS_HAS_LIST  0x10U
#define CAP_MSI          0x05U
#define CAP_ENHANCED_ALLOCATION 0x14U
#define CAP_MSIX         0x11U
#define CAP_EXPRESS      0x10U
#define CAP_FLATTENING   0x15U  /* of a bridge: other routing than by the bus numbers that are looked at here */
#define FLATTENING_SIZE  0x24U
#define MSI_ENABLE       0x0001U
#define MSI_64BIT        0x0080U
#define MSI_MASKABLE     0x0100U
#define MSIX_ENABLE      0x8000U

#define VENDOR_INTEL     0x8086U
#define ICH_PMBASE       0x40U

#define EXT_ACS          0x0DU
#define EXT_ATS          0x0FU
#define EXT_SRIOV        0x10U
#define EXT_MULTICAST    0x12U
#define EXT_PAGE_REQUEST 0x13U
#define EXT_RESIZABLE    0x15U
#define EXT_PASID        0x1BU
#define EXT_VF_RESIZABLE 0x24U

#define SRIOV_ENABLE     1U

#define BAR_IO           1U
#define BAR_TYPE_64      4U
#define BAR_TYPE_MASK    6U

struct vpci_function vpci_function[MAX_PCI_FUNCTION];
uint32_t vpci_function_count;
struct vpci_msix_entry vpci_msix_entry[VPCI_MSIX_POOL];
static uint32_t msix_used;

/* REQ-INT-025 */
uint32_t vpci_function_at(uint16_t bdf)
{
    uint32_t found = ID_NONE;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_function[i].bdf == bdf) {
            found = i;
        }
    }
    return found;
}

/* REQ-INT-025 */
static vm_id_t owner_of(const struct vpci_function *fn)
{
    vm_id_t owner = (fn->class_code == PCI_CLASS_IOMMU) ? ID_NONE : VM_SERVICE;

    for (uint32_t v = 1U; (v < partition.table.vm_count) && (v < PART_MAX_VM); v++) {
        const struct part_vm *part = &partition.table.vm[v];

        for (uint32_t i = 0U; (i < part->pci_count) && (i < PART_MAX_PCI); i++) {
            if (part->pci[i] == fn->bdf) {
                owner = v;
            }
        }
    }
    return owner;
}

/* REQ-INT-026 */
static void capability_close(struct vpci_function *fn, uint32_t offset, uint32_t size)
{
    bool known = false;

    for (uint32_t i = 0U; i < VPCI_CLOSED; i++) {
        known = known || ((i < fn->closed_count) && (fn->closed[i].offset == offset)); /* a list that bites its tail */
    }
    if (known) {
        /* closed already */
    } else if (fn->closed_count < VPCI_CLOSED) {
        fn->closed[fn->closed_count] = (struct vpci_closed){ .offset = offset, .size = size };
        fn->closed_count++;
    } else {
        vpci_say(fn->bdf, " has more capabilities to close than the limit; it is not given to a VM", 0U);
        fn->owner = ID_NONE;
    }
}

static void msi_found(struct vpci_function *fn, uint32_t offset)
{
    uint32_t control = hw_pci_read(fn->bdf, offset + 2U, 2U);

    hw_pci_write(fn->bdf, offset + 2U, 2U, control & ~MSI_ENABLE);
    fn->msi.offset = offset;
    fn->msi.wide = (control & MSI_64BIT) != 0U;
    fn->msi.maskable = (control & MSI_MASKABLE) != 0U;
}

static void capability_found(struct vpci_function *fn, uint32_t id, uint32_t offset)
{
    if ((id == CAP_MSI) && (fn->msi.offset == 0U) && (offset <= (PCI_LEGACY_SIZE - 0x18U))) {
        msi_found(fn, offset);
    } else if ((id == CAP_MSIX) && (fn->msix.offset == 0U) && (offset <= (PCI_LEGACY_SIZE - 12U))) {
        uint32_t control = hw_pci_read(fn->bdf, offset + 2U, 2U);

        hw_pci_write(fn->bdf, offset + 2U, 2U, control & ~MSIX_ENABLE);
        fn->msix.offset = offset;
        fn->msix.count = (control & 0x7FFU) + 1U;
    } else if ((id == CAP_MSI) || (id == CAP_MSIX) || (id == CAP_ENHANCED_ALLOCATION)) {
        capability_close(fn, offset, 0x18U);
    } else if (id == CAP_FLATTENING) {
        capability_close(fn, offset, FLATTENING_SIZE);
    } else if (id == CAP_EXPRESS) {
        fn->pcie = (uint8_t)offset;
    } else {
        /* no concern of the hypervisor */
    }
}

static void list_scan(struct vpci_function *fn)
{
    uint32_t offset = 0U;

    if ((hw_pci_read(fn->bdf, PCI_STATUS, 2U) & STATUS_HAS_LIST) != 0U) {
        offset = hw_pci_read(fn->bdf, PCI_CAPABILITIES, 1U) & 0xFCU;
    }
    for (uint32_t n = 0U; (n < CAPABILITIES_MAX) && (offset >= PCI_DEVICE_AREA); n++) {
        uint32_t entry = hw_pci_read(fn->bdf, offset, 2U);

        capability_found(fn, entry & 0xFFU, offset);
        offset = (entry >> 8U) & 0xFCU;
    }
}

/* Sizes from PCI Express 5.0, chapter 7.8 to 9.3. 0: not a capability to close. */
static uint32_t extended_size(uint32_t id)
{
    uint32_t size;

    switch (id) {
    case EXT_ACS:
    case EXT_ATS:
    case EXT_PASID:
        size = 8U;
        break;
    case EXT_PAGE_REQUEST:
        size = 16U;
        break;
    case EXT_MULTICAST:
        size = 0x30U;
        break;
    case EXT_SRIOV:
        size = 0x40U;
        break;
    case EXT_RESIZABLE:
    case EXT_VF_RESIZABLE:
        size = 0x34U;
        break;
    default:
        size = 0U;
        break;
    }
    return size;
}

/* Virtual functions that the firmware switched on go away (9.3.3.3.1); the Service VM may switch them on again. */
/* REQ-INT-026 */
static void extended_found(struct vpci_function *fn, uint32_t id, uint32_t offset)
{
    if ((id == EXT_ACS) && (offset <= (PCI_CONFIG_SIZE - 8U))) {
        fn->acs = (uint16_t)offset;
    } else if ((id == EXT_SRIOV) && (offset <= (PCI_CONFIG_SIZE - 0x40U))) {
        uint32_t control = hw_pci_read(fn->bdf, offset + PCI_SRIOV_CONTROL, 2U);

        hw_pci_write(fn->bdf, offset + PCI_SRIOV_CONTROL, 2U, control & ~SRIOV_ENABLE);
        if ((fn->owner == VM_SERVICE) && (fn->bdf != 0U) && (fn->physical == 0U)) {
            fn->sriov = (uint16_t)offset;
        }
    } else {
        /* closed, that is all */
    }
}

static void extended_scan(struct vpci_function *fn)
{
    uint32_t offset = PCI_LEGACY_SIZE;

    for (uint32_t n = 0U; (n < EXTENDED_MAX) && (offset >= PCI_LEGACY_SIZE); n++) {
        uint32_t entry = hw_pci_read(fn->bdf, offset, 4U);

        if ((entry == 0U) || (entry == PCI_WORD_ONES)) {
            offset = 0U;
        } else {
            if (extended_size(entry & 0xFFFFU) != 0U) {
                capability_close(fn, offset, extended_size(entry & 0xFFFFU));
                extended_found(fn, entry & 0xFFFFU, offset);
            }
            offset = (entry >> 20U) & 0xFFCU;
        }
    }
}

void vpci_capabilities_scan(struct vpci_function *fn)
{
    list_scan(fn);
    extended_scan(fn);
}

uint32_t vpci_dword_size(uint16_t bdf, uint32_t offset, uint32_t probe)
{
    uint32_t original = hw_pci_read(bdf, offset, 4U);
    uint32_t result;

    hw_pci_write(bdf, offset, 4U, probe);
    result = hw_pci_read(bdf, offset, 4U);
    hw_pci_write(bdf, offset, 4U, original);
    return result;
}

/* 6.2.5.1. Returns how many dwords the BAR takes. A BAR without an address stays hidden:
 * the firmware did not place it, and no guest may. */
uint32_t vpci_bar_scan(struct vpci_function *fn, uint32_t index, uint16_t bdf, uint32_t offset)
{
    uint32_t value = hw_pci_read(bdf, offset, 4U);
    uint32_t flags = ((value & BAR_IO) != 0U) ? 3U : 15U;
    bool wide = ((value & BAR_IO) == 0U) && ((value & BAR_TYPE_MASK) == BAR_TYPE_64) &&
                ((index + 1U) < pci_bar_count(fn));
    uint32_t mask = vpci_dword_size(bdf, offset, PCI_WORD_ONES) & ~flags;
    uint32_t high = wide ? hw_pci_read(bdf, offset + 4U, 4U) : 0U;
    bool placed = ((value & ~flags) != 0U) || (high != 0U);

    if ((mask != 0U) || wide) {
        if (placed) {
            fn->bar[index] = (struct vpci_bar){ .value = value, .mask = mask };
            if (wide) {
                fn->bar[index + 1U] = (struct vpci_bar){
                    .value = high, .mask = vpci_dword_size(bdf, offset + 4U, PCI_WORD_ONES), .upper = true };
            }
        } else if (offset < PCI_DEVICE_AREA) {
            vpci_say(fn->bdf, " has a BAR without an address; it is hidden", 0U);
        } else {
            /* of virtual functions, which the Service VM places */
        }
    }
    return wide ? 2U : 1U;
}

static void bars_scan(struct vpci_function *fn)
{
    uint32_t command = hw_pci_read(fn->bdf, PCI_COMMAND, 2U);
    uint32_t rom = pci_rom_offset(fn);
    uint32_t index = 0U;

    hw_pci_write(fn->bdf, PCI_COMMAND, 2U, command & ~(PCI_COMMAND_IO | PCI_COMMAND_MEMORY));
    while (index < pci_bar_count(fn)) {
        index += vpci_bar_scan(fn, index, fn->bdf, PCI_BAR0 + (4U * index));
    }
    fn->bar[VPCI_ROM].value = hw_pci_read(fn->bdf, rom, 4U) & 0xFFFFF800U;
    if (fn->bar[VPCI_ROM].value != 0U) {
        fn->bar[VPCI_ROM].mask = vpci_dword_size(fn->bdf, rom, 0xFFFFF800U) & 0xFFFFF800U;
    }
    hw_pci_write(fn->bdf, PCI_COMMAND, 2U, command);
}

static bool msix_fits(const struct vpci_function *fn, uint32_t table)
{
    const uint32_t bar = table & 7U;
    const uint32_t offset = table & ~7U;

    return (vpci_bar_base(fn, bar) != 0U) && /* 6 and 7 are no BARs and have no base */
           (((uint64_t)offset + (16U * (uint64_t)fn->msix.count)) <= vpci_bar_size(fn, bar % VPCI_BARS));
}

/* Where the table lies, from its offset and BAR indicator (6.8.2.4). Without a place for the
 * table, or for its entries here, the capability is closed and the function uses MSI or its pin. */
bool vpci_msix_place(struct vpci_function *fn, uint32_t first)
{
    uint32_t cap = fn->msix.offset;
    bool placed = false;

    if (cap != 0U) {
        uint32_t table = hw_pci_read(fn->bdf, cap + 4U, 4U);
        uint32_t pba = hw_pci_read(fn->bdf, cap + 8U, 4U);
        hpa_t base = vpci_bar_base(fn, table & 7U);

        if (!msix_fits(fn, table) || ((first + fn->msix.count) > VPCI_MSIX_POOL)) {
            vpci_say(fn->bdf, " MSI-X is hidden: no table, or too many entries", 0U);
            fn->msix = (struct vpci_msix){ .offset = 0U };
            capability_close(fn, cap, 12U);
        } else {
            fn->msix.table = base + (table & ~7U);
            fn->msix.pba = vpci_bar_base(fn, pba & 7U) + (pba & ~7U);
            fn->msix.first = first;
            for (uint32_t i = 0U; i < fn->msix.count; i++) {
                vpci_msix_entry[(first + i) % VPCI_MSIX_POOL] = (struct vpci_msix_entry){ .masked = true, .live = true, .source = ID_NONE };
            }
            placed = true;
        }
    }
    return placed;
}

static void msix_scan(struct vpci_function *fn)
{
    if (vpci_msix_place(fn, msix_used)) {
        msix_used += fn->msix.count;
    }
}

/* Firmware's drivers are gone, and units are about to be switched off and on again: a function writes to memory when its own driver has said so.
 * Bridges forward, and nobody switches an ISA bridge on. */
/* REQ-ISO-092 */
static void master_take(const struct vpci_function *fn)
{
    const bool forwards = fn->bridge || (fn->class_code == PCI_CLASS_HOST_BRIDGE) || (fn->class_code == PCI_CLASS_ISA_BRIDGE);

    if ((fn->owner != VM_SERVICE) || !forwards) {
        uint32_t command = hw_pci_read(fn->bdf, PCI_COMMAND, 2U);

        hw_pci_write(fn->bdf, PCI_COMMAND, 2U, vpci_command_allowed(fn, command) & ~PCI_COMMAND_MASTER);
    }
}

/* Those of pre-launched VMs. */
static void virtual_scan(void)
{
    const uint32_t found = vpci_function_count;

    vpci_sriov_boot();
    for (uint32_t i = found; i < vpci_function_count; i++) {
        vpci_capabilities_scan(&vpci_function[i]);
        msix_scan(&vpci_function[i]);
    }
}

static enum status function_scan(uint16_t bdf)
{
    enum status result = STATUS_OK;

    if (bdf == partition.table.board.hv_device_bdf) {
        log_line("pci", "the place of the hypervisor's own device is taken by a real one");
        result = STATUS_BUSY;
    } else if (vpci_function_count >= MAX_PCI_FUNCTION) {
        log_line("pci", "more functions than the limit");
        result = STATUS_NO_MEMORY;
    } else {
        struct vpci_function *fn = &vpci_function[vpci_function_count];
        uint32_t layout = hw_pci_read(bdf, PCI_HEADER_TYPE, 1U) & 0x7FU;

        *fn = (struct vpci_function){ .bdf = bdf };
        fn->class_code = (uint16_t)(hw_pci_read(bdf, PCI_CLASS + 2U, 2U) & 0xFFFFU);
        fn->bridge = layout == 1U;
        fn->msi.source = ID_NONE;
        fn->owner = (layout <= 1U) ? owner_of(fn) : ID_NONE;
        vpci_capabilities_scan(fn);
        if ((fn->class_code != PCI_CLASS_HOST_BRIDGE) && (layout <= 1U)) {
            bars_scan(fn);
            msix_scan(fn);
        }
        master_take(fn);
        vpci_function_count++;
    }
    return result;
}

static bool function_exists(uint16_t bdf)
{
    uint32_t vendor_id = hw_pci_read(bdf, 0U, 2U);

    return (vendor_id != 0xFFFFU) && (vendor_id != 0U);
}

static enum status slot_scan(uint32_t bus, uint32_t slot)
{
    enum status result = STATUS_OK;
    uint16_t first = (uint16_t)((bus << 8U) | (slot << 3U));

    if (function_exists(first)) {
        uint32_t functions = 1U;

        if ((hw_pci_read(first, PCI_HEADER_TYPE, 1U) & HEADER_MULTIFUNCTION) != 0U) {
            functions = FUNCTIONS;
        }
        for (uint32_t f = 0U; (f < functions) && (result == STATUS_OK); f++) {
            uint16_t bdf = (uint16_t)(first | f);

            if (function_exists(bdf)) {
                result = function_scan(bdf);
            }
        }
    }
    return result;
}

/* Intel ICH9 data sheet, 13.1.13: the ACPI I/O base of an ISA bridge whose ports the FADT names. */
static void ich_find(void)
{
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        uint16_t bdf = vpci_function[i].bdf;

        if ((vpci_function[i].class_code == PCI_CLASS_ISA_BRIDGE) && (hw_pci_read(bdf, 0U, 2U) == VENDOR_INTEL) &&
            (platform.pm1a_event != 0U) && ((hw_pci_read(bdf, ICH_PMBASE, 4U) & 0xFF80U) == platform.pm1a_event)) {
            platform.ich_pm_base = platform.pm1a_event;
        }
    }
}

/* REQ-CFG-020 */
enum status vpci_scan(void)
{
    enum status result = STATUS_OK;

    if (partition.table.board.mmconfig_base != 0U) {
        platform.mmconfig_base = partition.table.board.mmconfig_base;
        platform.mmconfig_buses = (platform.mmconfig_buses == 0U) ? BUSES : platform.mmconfig_buses;
    }
    vpci_function_count = 0U;
    msix_used = 0U;
    /* All buses, not only those behind bridges: some machines have several roots. */
    for (uint32_t bus = 0U; (bus < BUSES) && (result == STATUS_OK); bus++) {
        for (uint32_t slot = 0U; (slot < SLOTS) && (result == STATUS_OK); slot++) {
            result = slot_scan(bus, slot);
        }
    }
    virtual_scan();
    ich_find();
    vpci_hv_reset();
    if (result == STATUS_OK) {
        result = vpci_groups_check();
    }
    if (result == STATUS_OK) {
        result = vpci_bars_check();
    }
    if (result == STATUS_OK) {
        vpci_bridges_open();
        log_begin("pci");
        log_dec(vpci_function_count);
        log_text(" functions");
        log_end();
    }
    return result;
}
