/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration space: who may reach which register. The Service VM's functions
 * are those that vpci_scan found and that are its own, the hypervisor's device and the
 * shared-memory devices (ivshmem.h); everything else reads all ones. vpci_given.c has the view of pre-launched VMs; for User VMs the Service
 * VM's device model answers, but for functions that are lent to them (vpci_lent.h).
 */
#include "devices/vpci.h"
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/partition.h"
#include "devices/ivshmem.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vpci_function.h"
#include "devices/vpci_given.h"
#include "devices/vpci_lent.h"

#define MULTIFUNCTION  0x80U

#define MSI_WINDOW_BASE 0xFEE00000U
#define MSI_WINDOW_SIZE 0x100000U
#define HPET_BASE       0xFED00000U
#define BUS_SIZE        0x100000U

#define VENDOR_INTEL    0x8086U
#define ICH_PIRQ_A      0x60U /* PIRQ[A-D] routing, then serial IRQ control */
#define ICH_PIRQ_D      0x63U
#define ICH_PIRQ_E      0x68U
#define ICH_PIRQ_H      0x6BU
#define ICH_RCBA        0xF0U
#define ICH_RCBA_SIZE   0x4000U

static uint32_t config_address;

/* REQ-INT-024 */
void vpci_refuse(enum vpci_refusal kind, uint16_t bdf, uint32_t offset)
{
    static const char *const text[VPCI_REFUSE_COUNT] = {
        [VPCI_REFUSE_BAR] = "BARs do not move",
        [VPCI_REFUSE_BRIDGE] = "bridges are not reprogrammed",
        [VPCI_REFUSE_CHIPSET] = "chipset registers are the hypervisor's",
        [VPCI_REFUSE_CLOSED] = "this capability is closed",
        [VPCI_REFUSE_SOURCE] = "message interrupt stays masked: bad address, or none left",
        [VPCI_REFUSE_SRIOV] = "virtual functions do not fit, or are in use",
    };
    struct vpci_function *fn = &vpci_function[vpci_function_at(bdf) % MAX_PCI_FUNCTION];
    const uint8_t bit = (uint8_t)(1U << (uint32_t)kind);

    if ((fn->told & bit) == 0U) {
        fn->told = (uint8_t)(fn->told | bit);
        log_begin("pci");
        log_text("write refused, function ");
        log_hex(bdf);
        log_text(" register ");
        log_hex(offset);
        log_text(": ");
        log_text(text[kind]);
        log_end();
    }
}

/* REQ-INT-025 */
static uint32_t function_find(uint16_t bdf)
{
    uint32_t found = ID_NONE;

    /*@ loop invariant i <= vpci_function_count;
        loop invariant found == ID_NONE || (found < vpci_function_count && vpci_function[found].bdf == bdf && vpci_function[found].owner == VM_SERVICE);
        loop assigns i, found;
        loop variant vpci_function_count - i; */
    for (uint32_t i = 0U; (i < vpci_function_count) && (found == ID_NONE); i++) {
        if ((vpci_function[i].bdf == bdf) && (vpci_function[i].owner == VM_SERVICE)) {
            found = i;
        }
    }
    return found;
}

static bool is_hv_device(uint16_t bdf)
{
    return bdf == partition.table.board.hv_device_bdf;
}

/* The closed capability that covers the offset, or ID_NONE. */
static uint32_t closed_find(const struct vpci_function *fn, uint32_t offset)
{
    uint32_t found = ID_NONE;

    /*@ loop invariant i <= VPCI_CLOSED && (found == ID_NONE || found < i);
        loop invariant found == ID_NONE ==> \forall integer k; 0 <= k < i && k < fn->closed_count ==>
          offset < fn->closed[k].offset || offset >= fn->closed[k].offset + fn->closed[k].size;
        loop assigns i, found;
        loop variant VPCI_CLOSED - i; */
    for (uint32_t i = 0U; i < VPCI_CLOSED; i++) {
        if ((i < fn->closed_count) && (offset >= fn->closed[i].offset) &&
            (offset < (fn->closed[i].offset + fn->closed[i].size))) {
            found = i;
        }
    }
    return found;
}

/* The id of a closed capability reads as the null capability, but where virtual functions may be used; the list stays whole. */
static uint32_t closed_read(const struct vpci_function *fn, uint32_t offset, uint32_t size)
{
    uint32_t dword = pci_dword(offset);
    uint32_t value = vpci_sriov_covers(fn, offset) ? vpci_sriov_read(fn, dword) : hw_pci_read(fn->bdf, dword, 4U);

    /*@ loop invariant i <= VPCI_CLOSED;
        loop assigns i, value;
        loop variant VPCI_CLOSED - i; */
    for (uint32_t i = 0U; i < VPCI_CLOSED; i++) {
        if ((i < fn->closed_count) && (dword == fn->closed[i].offset) && (dword != fn->sriov)) {
            value &= (dword < PCI_LEGACY_SIZE) ? 0xFFFFFF00U : 0xFFFF0000U;
        }
    }
    return pci_extract(value, offset, size);
}

/* Function 0 shows that the hypervisor's device shares its slot. */
static uint32_t with_multifunction(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t result = value;

    if ((pci_dword(offset) == PCI_HEADER) &&
        (((fn->bdf ^ partition.table.board.hv_device_bdf) & 0xFFF8U) == 0U)) {
        result |= pci_extract((uint32_t)MULTIFUNCTION << 16U, offset, size);
    }
    return result;
}

uint32_t vpci_function_read(const struct vpci_function *fn, uint32_t offset, uint32_t size)
{
    uint32_t dword = pci_dword(offset);
    uint32_t value;

    if (offset < PCI_DEVICE_AREA) {
        value = with_multifunction(fn, offset, size, vpci_header_read(fn, offset, size));
    } else if (vpci_msi_covers(fn, offset)) {
        value = pci_extract(vpci_msi_read(fn, dword), offset, size);
    } else if (vpci_msix_covers(fn, offset)) {
        value = pci_extract(vpci_msix_read(fn, dword), offset, size);
    } else if (closed_find(fn, offset) != ID_NONE) {
        value = closed_read(fn, offset, size);
    } else {
        value = hw_pci_read(fn->bdf, offset, size);
    }
    return value;
}

/* Registers that move the platform's own resources: host bridges (PCIEXBAR, PAM, SMRAM on
 * q35) and the ISA bridge (PMBASE, RCBA, SMI and reset control), but for interrupt routing. */
/* REQ-INT-024 */
static bool chipset_register(const struct vpci_function *fn, uint32_t offset, uint32_t size)
{
    uint32_t last = offset + size - 1U;
    bool routing = ((offset >= ICH_PIRQ_A) && (last <= ICH_PIRQ_D)) || ((offset >= ICH_PIRQ_E) && (last <= ICH_PIRQ_H));
    bool chipset = fn->class_code == PCI_CLASS_HOST_BRIDGE;

    if (fn->class_code == PCI_CLASS_ISA_BRIDGE) {
        chipset = !routing || (hw_pci_read(fn->bdf, 0U, 2U) != VENDOR_INTEL);
    }
    return chipset;
}

void vpci_function_write(struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t dword = pci_dword(offset);

    if (offset < PCI_DEVICE_AREA) {
        vpci_header_write(fn, offset, size, value);
    } else if (vpci_msi_covers(fn, offset)) {
        vpci_msi_write(fn, dword, pci_merge(vpci_msi_read(fn, dword), offset, size, value));
    } else if (vpci_msix_covers(fn, offset)) {
        vpci_msix_write(fn, dword, pci_merge(vpci_msix_read(fn, dword), offset, size, value));
    } else if (closed_find(fn, offset) != ID_NONE) {
        vpci_refuse(VPCI_REFUSE_CLOSED, fn->bdf, offset);
    } else if (chipset_register(fn, offset, size)) {
        vpci_refuse(VPCI_REFUSE_CHIPSET, fn->bdf, offset);
    } else if (vpci_bridge_shared(fn)) {
        vpci_refuse(VPCI_REFUSE_BRIDGE, fn->bdf, offset);
    } else if ((offset < PCI_LEGACY_SIZE) && vpci_sriov_held(fn)) { /* resets and power states are there */
        vpci_refuse(VPCI_REFUSE_SRIOV, fn->bdf, offset);
    } else {
        hw_pci_write(fn->bdf, offset, size, value);
    }
}

static uint32_t service_read(uint16_t bdf, uint32_t offset, uint32_t size)
{
    uint32_t index;
    uint32_t value;

    vpci_sriov_wake(bdf);
    index = function_find(bdf);

    if (ivshmem_find(VM_SERVICE, bdf) < PART_MAX_IVSHMEM) {
        value = ivshmem_register_read(VM_SERVICE, bdf, offset, size);
    } else if (is_hv_device(bdf)) {
        value = (offset < PCI_LEGACY_SIZE) ? pci_extract(vpci_hv_read(pci_dword(offset)), offset, size) : 0U;
    } else if (index < MAX_PCI_FUNCTION) {
        /*@ ghost pci_fn = &vpci_function[index]; */
        value = vpci_function_read(&vpci_function[index], offset, size);
    } else {
        value = vpci_sriov_shadow(bdf, offset, size);
    }
    return value;
}

static void service_write(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t index = function_find(bdf);

    if (ivshmem_find(VM_SERVICE, bdf) < PART_MAX_IVSHMEM) {
        ivshmem_register_write(VM_SERVICE, bdf, offset, size, value);
    } else if (is_hv_device(bdf)) {
        if (offset < PCI_LEGACY_SIZE) {
            uint32_t dword = pci_dword(offset);

            vpci_hv_write(dword, pci_merge(vpci_hv_read(dword), offset, size, value), pci_ones(size) << (8U * (offset % 4U)));
        }
    } else if (index >= MAX_PCI_FUNCTION) {
        /* nobody there */
    } else if (vpci_sriov_covers(&vpci_function[index], offset)) {
        /*@ ghost pci_fn = &vpci_function[index]; */
        vpci_sriov_write(&vpci_function[index], offset, size, value);
    } else {
        /*@ ghost pci_fn = &vpci_function[index]; */
        vpci_function_write(&vpci_function[index], offset, size, value);
    }
}

uint32_t vpci_config_read(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size)
{
    uint32_t value = pci_ones(size);

    if ((offset >= PCI_CONFIG_SIZE) || !pci_register_valid(offset, size)) {
        /* no register: all ones */
    } else if (vm == VM_SERVICE) {
        value = service_read(bdf, offset, size);
    } else if (vm < PART_MAX_VM) {
        value = vpci_given_read(vm, bdf, offset, size);
    } else {
        /* a User VM has no function here */
    }
    return value;
}

/* REQ-ISO-100 */
void vpci_config_write(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    if ((offset >= PCI_CONFIG_SIZE) || !pci_register_valid(offset, size)) {
        /* no register */
    } else if (vm == VM_SERVICE) {
        service_write(bdf, offset, size, value);
    } else if (vm < PART_MAX_VM) {
        vpci_given_write(vm, bdf, offset, size, value);
    } else {
        /* as above */
    }
}

uint32_t vpci_port_read(vm_id_t vm, uint16_t port, uint32_t size)
{
    uint32_t value = pci_ones(size);

    if (vm == VM_SERVICE) {
        if ((port == PCI_PORT_ADDRESS) && (size == 4U)) {
            value = config_address;
        } else if (pci_data_access(config_address, port, size)) {
            value = vpci_config_read(vm, (uint16_t)(config_address >> 8U), (config_address & 0xFCU) | ((uint32_t)port & 3U), size);
        } else {
            /* partial access to the address, or not enabled: all ones */
        }
    } else if (vm < PART_MAX_VM) {
        value = vpci_given_port_read(vm, port, size);
    } else {
        /* a User VM has no function here */
    }
    return value;
}

void vpci_port_write(vm_id_t vm, uint16_t port, uint32_t size, uint32_t value)
{
    if (vm == VM_SERVICE) {
        if ((port == PCI_PORT_ADDRESS) && (size == 4U)) {
            config_address = value & PCI_ADDRESS_BITS;
        } else if (pci_data_access(config_address, port, size)) {
            vpci_config_write(vm, (uint16_t)(config_address >> 8U), (config_address & 0xFCU) | ((uint32_t)port & 3U), size, value);
        } else {
            /* as above: ignored */
        }
    } else if (vm < PART_MAX_VM) {
        vpci_given_port_write(vm, port, size, value);
    } else {
        /* as above */
    }
}

static uint64_t mmconfig_size(void)
{
    return (platform.mmconfig_base == 0U) ? 0U : ((uint64_t)platform.mmconfig_buses * BUS_SIZE);
}

static bool in_mmconfig(gpa_t gpa)
{
    return (gpa >= platform.mmconfig_base) && ((gpa - platform.mmconfig_base) < mmconfig_size());
}

bool vpci_mmio_claims(vm_id_t vm, gpa_t gpa)
{
    hpa_t at = 0U;
    bool claims;

    if (vm == VM_SERVICE) {
        claims = in_mmconfig(gpa) || vpci_msix_page(vm, gpa) || ivshmem_claims(vm, gpa);
    } else if (vm < PART_MAX_VM) {
        claims = vpci_given_claims(vm, gpa);
    } else {
        claims = ivshmem_claims(vm, gpa) || vpci_lent_page(vm, gpa, &at);
    }
    return claims;
}

static uint64_t mmconfig_read(gpa_t gpa, uint32_t size)
{
    uint32_t at = (uint32_t)(gpa - platform.mmconfig_base);
    uint16_t bdf = (uint16_t)(at >> 12U);
    uint64_t value = vpci_config_read(VM_SERVICE, bdf, at & 0xFFFU, (size == 8U) ? 4U : size);

    if (size == 8U) {
        value |= (uint64_t)vpci_config_read(VM_SERVICE, bdf, (at & 0xFFFU) + 4U, 4U) << 32U;
    }
    return value;
}

static void mmconfig_write(gpa_t gpa, uint32_t size, uint64_t value)
{
    uint32_t at = (uint32_t)(gpa - platform.mmconfig_base);
    uint16_t bdf = (uint16_t)(at >> 12U);

    vpci_config_write(VM_SERVICE, bdf, at & 0xFFFU, (size == 8U) ? 4U : size, (uint32_t)value);
    if (size == 8U) {
        vpci_config_write(VM_SERVICE, bdf, (at & 0xFFFU) + 4U, 4U, (uint32_t)(value >> 32U));
    }
}

uint64_t vpci_mmio_read(vm_id_t vm, gpa_t gpa, uint32_t size)
{
    uint64_t value = 0xFFFFFFFFFFFFFFFFU;
    hpa_t at = 0U;

    if ((vm != VM_SERVICE) && (vm < PART_MAX_VM)) {
        value = vpci_given_memory_read(vm, gpa, size);
    } else if (ivshmem_claims(vm, gpa)) {
        value = ivshmem_read(vm, gpa, size);
    } else if (vm != VM_SERVICE) {
        value = vpci_lent_page(vm, gpa, &at) ? vpci_msix_mmio_read(vm, at, size) : value;
    } else if (in_mmconfig(gpa)) {
        value = mmconfig_read(gpa, size);
    } else if (vpci_msix_page(vm, gpa)) {
        value = vpci_msix_mmio_read(vm, gpa, size);
    } else {
        /* nothing there */
    }
    return value;
}

void vpci_mmio_write(vm_id_t vm, gpa_t gpa, uint32_t size, uint64_t value)
{
    hpa_t at = 0U;

    if ((vm != VM_SERVICE) && (vm < PART_MAX_VM)) {
        vpci_given_memory_write(vm, gpa, size, value);
    } else if (ivshmem_claims(vm, gpa)) {
        ivshmem_write(vm, gpa, size, value);
    } else if (vm != VM_SERVICE) {
        if (vpci_lent_page(vm, gpa, &at)) {
            vpci_msix_mmio_write(vm, at, size, value);
        }
    } else if (in_mmconfig(gpa)) {
        mmconfig_write(gpa, size, value);
    } else if (vpci_msix_page(vm, gpa)) {
        vpci_msix_mmio_write(vm, gpa, size, value);
    } else {
        /* nothing there */
    }
}

void vpci_function_restart(struct vpci_function *fn)
{
    vpci_msi_reset(fn);
    vpci_msix_reset(fn);
    for (uint32_t b = 0U; b <= VPCI_ROM; b++) {
        fn->bar[b].sizing = false;
    }
    vpci_bars_restore(fn);
}

/* REQ-LIF-009 REQ-LIF-090 */
void vpci_reset(void)
{
    vpci_masters_off(VM_SERVICE); /* no DMA into the VM's memory while it is loaded again */
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_function[i].owner == VM_SERVICE) {
            if (vpci_sriov_covers(&vpci_function[i], vpci_function[i].sriov) && !vpci_sriov_held(&vpci_function[i])) {
                vpci_sriov_write(&vpci_function[i], (uint32_t)vpci_function[i].sriov + PCI_SRIOV_CONTROL, 2U, 0U);
            }
            vpci_function_restart(&vpci_function[i]);
        }
    }
    config_address = 0U;
    vpci_hv_reset();
    ivshmem_reset(VM_SERVICE);
}

static uint64_t chipset_block(void)
{
    uint64_t base = 0U;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if ((vpci_function[i].class_code == PCI_CLASS_ISA_BRIDGE) &&
            (hw_pci_read(vpci_function[i].bdf, 0U, 2U) == VENDOR_INTEL)) {
            uint32_t rcba = hw_pci_read(vpci_function[i].bdf, ICH_RCBA, 4U);

            uint32_t block = ((rcba & 1U) != 0U) ? (rcba & ~(ICH_RCBA_SIZE - 1U)) : 0U;

            base = block;
        }
    }
    return base;
}

/* The n-th function of the VM with an MSI-X table, or ID_NONE. */
static uint32_t msix_function(vm_id_t vm, uint32_t n)
{
    uint32_t found = ID_NONE;
    uint32_t seen = 0U;

    for (uint32_t i = 0U; (i < vpci_function_count) && (found == ID_NONE); i++) {
        if ((vpci_function[i].owner == vm) && (vpci_function[i].msix.offset != 0U)) {
            found = (seen == n) ? i : ID_NONE;
            seen++;
        }
    }
    return found;
}

#define FIXED_HOLES 6U

static void fixed_hole(uint32_t index, gpa_t *base, uint64_t *size)
{
    switch (index) {
    case 0U:
        *base = platform.mmconfig_base;
        *size = mmconfig_size();
        break;
    case 1U:
        *base = platform.ioapic_base & PAGE_MASK;
        *size = PAGE_SIZE;
        break;
    case 2U:
        *base = VIOAPIC_BASE;
        *size = PAGE_SIZE;
        break;
    case 3U:
        *base = HPET_BASE;
        *size = PAGE_SIZE;
        break;
    case 4U:
        *base = MSI_WINDOW_BASE;
        *size = MSI_WINDOW_SIZE;
        break;
    default: /* RCBA block of an Intel ISA bridge: watchdog and reset control */
        *base = chipset_block();
        *size = (*base == 0U) ? 0U : ICH_RCBA_SIZE;
        break;
    }
}

/* Holes may overlap each other; one of size 0 is absent on this machine. */
bool vpci_hole(vm_id_t vm, uint32_t index, gpa_t *base, uint64_t *size)
{
    const uint32_t fixed = (vm == VM_SERVICE) ? FIXED_HOLES : 0U; /* of an identity map of all that is left */
    bool valid = true;

    *base = 0U;
    *size = 0U;
    if (index < fixed) {
        fixed_hole(index, base, size);
    } else {
        uint32_t fn = msix_function(vm, index - fixed);

        valid = false;
        if (fn < MAX_PCI_FUNCTION) {
            *base = vpci_msix_pages(&vpci_function[fn], size);
            valid = true;
        }
    }
    return valid;
}
