/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration space of the shared-memory devices, and where they lie in the Service VM's address space. BARs do not move. */
#include "core/stage2.h"
#include "devices/ivshmem.h"
#include "devices/ivshmem_state.h"
#include "devices/vpci_function.h"

#define GIVEN_BDF      0xF0U       /* bus 0, device 30 */
#define ID_VENDOR      0x11101AF4U
#define ID_SUBSYSTEM   0x11001AF4U
#define CLASS_RAM      0x05000001U /* memory, RAM; revision 1: MSI-X */
#define STATUS_LIST    0x00100000U
#define COMMAND_BITS   (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_OFF)
#define MULTIFUNCTION  0x00800000U
#define SUBSYSTEM      0x2CU
#define CAP_MSIX       0x40U
#define MSIX_ID        0x00000011U
#define MSIX_ENABLE    0x80000000U
#define MSIX_MASK      0x40000000U
#define MSIX_TABLE     0x00000001U /* BAR 1, at its start */
#define MSIX_PENDING   0x00000801U /* BAR 1, in its second half */
#define BAR_WIDE       0x0000000CU /* 64-bit, prefetchable */

/* The first device of the Service VM follows the hypervisor's own function; in other VMs' buses device 30 is free (vpci_given.c). */
/* REQ-IO-020 */
uint32_t ivshmem_find(vm_id_t v, uint16_t bdf)
{
    uint32_t next = (v == VM_SERVICE) ? ((uint32_t)partition.table.board.hv_device_bdf + 1U) : GIVEN_BDF;
    uint32_t found = ID_NONE;

    for (uint32_t i = 0U; i < partition.table.ivshmem_count; i++) {
        if (ivshmem_open(i)) {
            if ((ivshmem_end[i].vm == v) && (ivshmem_end[i].place == bdf)) {
                found = i;
            }
        } else if (partition.table.ivshmem[i].vm == v) {
            if (next == bdf) {
                found = i;
            }
            next++;
        } else {
            /* another VM's */
        }
    }
    return found;
}

uint64_t ivshmem_region_size(uint32_t device)
{
    return partition.table.shared[partition.table.ivshmem[device].region].size;
}

/* The dword at PCI_BAR0 + 4 * n: its address, or what a guest that asks for the size gets. */
static uint32_t device_bar_read(uint32_t device, uint32_t n)
{
    const struct ivshmem_end *end = &ivshmem_end[device];
    bool sizing = ivshmem_device[device].sizing[n];
    uint64_t memory = sizing ? ~(ivshmem_region_size(device) - 1U) : end->memory;
    uint64_t registers = sizing ? PAGE_MASK : end->registers;
    uint32_t value;

    if (n == 0U) {
        value = (uint32_t)registers;
    } else if (n == 1U) {
        value = (uint32_t)(sizing ? registers : (registers + PAGE_SIZE));
    } else if (n == 2U) {
        value = (uint32_t)memory | BAR_WIDE;
    } else {
        value = (uint32_t)(memory >> 32U);
    }
    return value;
}

static uint32_t msix_control(uint32_t device)
{
    const struct ivshmem_device *d = &ivshmem_device[device];

    return MSIX_ID | (((uint32_t)partition.table.ivshmem[device].vectors - 1U) << 16U) |
           (d->enabled ? MSIX_ENABLE : 0U) | (d->masked ? MSIX_MASK : 0U);
}

static uint32_t config_read(uint32_t device, uint32_t offset)
{
    uint32_t value = 0U;

    switch (offset) {
    case 0U:
        value = ID_VENDOR;
        break;
    case PCI_COMMAND:
        value = STATUS_LIST | ivshmem_device[device].command;
        break;
    case PCI_CLASS:
        value = CLASS_RAM;
        break;
    case PCI_HEADER:
        value = MULTIFUNCTION;
        break;
    case PCI_BAR0:
    case PCI_BAR0 + 4U:
    case PCI_BAR0 + 8U:
    case PCI_BAR0 + 12U:
        value = device_bar_read(device, (offset - PCI_BAR0) / 4U);
        break;
    case SUBSYSTEM:
        value = ID_SUBSYSTEM;
        break;
    case PCI_CAPABILITIES:
        value = CAP_MSIX;
        break;
    case PCI_INTERRUPT:
        value = ivshmem_device[device].line;
        break;
    case CAP_MSIX:
        value = msix_control(device);
        break;
    case CAP_MSIX + 4U:
        value = MSIX_TABLE;
        break;
    case CAP_MSIX + 8U:
        value = MSIX_PENDING;
        break;
    default:
        /* reads as zero */
        break;
    }
    return value;
}

/* value: the whole dword; written: the bits that the guest's access covered. */
static void config_write(uint32_t device, uint32_t offset, uint32_t value, uint32_t written)
{
    struct ivshmem_device *d = &ivshmem_device[device];

    switch (offset) {
    case PCI_COMMAND:
        d->command = value & COMMAND_BITS;
        break;
    case PCI_BAR0:
    case PCI_BAR0 + 4U:
    case PCI_BAR0 + 8U:
    case PCI_BAR0 + 12U:
        d->sizing[(offset - PCI_BAR0) / 4U] = (written == PCI_WORD_ONES) && (value == PCI_WORD_ONES);
        break;
    case PCI_INTERRUPT:
        d->line = value & 0xFFU;
        break;
    case CAP_MSIX:
        d->enabled = (value & MSIX_ENABLE) != 0U;
        d->masked = (value & MSIX_MASK) != 0U;
        ivshmem_routes_update(device);
        break;
    default:
        /* read-only */
        break;
    }
}

bool ivshmem_present(vm_id_t v)
{
    bool found = false;

    for (uint32_t i = 0U; i < partition.table.ivshmem_count; i++) {
        found = found || (partition.table.ivshmem[i].vm == v);
    }
    return found;
}

uint32_t ivshmem_register_read(vm_id_t v, uint16_t bdf, uint32_t offset, uint32_t size)
{
    uint32_t device = ivshmem_find(v, bdf);
    uint32_t value = pci_ones(size);

    if (device < PART_MAX_IVSHMEM) {
        value = pci_extract(config_read(device, offset & ~3U), offset, size);
    }
    return value;
}

void ivshmem_register_write(vm_id_t v, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t device = ivshmem_find(v, bdf);
    uint32_t dword = offset & ~3U;

    if (device < PART_MAX_IVSHMEM) {
        config_write(device, dword, pci_merge(config_read(device, dword), offset, size, value), pci_ones(size) << (8U * (offset & 3U)));
    }
}

bool ivshmem_hole(uint32_t index, gpa_t *base, uint64_t *size)
{
    uint32_t device = index / 2U;
    bool valid = device < partition.table.ivshmem_count;

    *base = 0U;
    *size = 0U;
    if (valid && (partition.table.ivshmem[device].vm == VM_SERVICE)) {
        bool memory = (index % 2U) != 0U;

        *base = memory ? partition.table.ivshmem[device].memory_gpa : partition.table.ivshmem[device].registers_gpa;
        *size = memory ? ivshmem_region_size(device) : (2U * (uint64_t)PAGE_SIZE);
    }
    return valid;
}

/* With the rights that the VM has where the region is mapped one to one. */
/* REQ-ISO-070 */
enum status ivshmem_map(void)
{
    enum status result = STATUS_OK;

    for (uint32_t i = 0U; (i < partition.table.ivshmem_count) && (result == STATUS_OK); i++) {
        const struct part_ivshmem *config = &partition.table.ivshmem[i];

        if (config->vm == VM_SERVICE) {
            hpa_t region = partition.table.shared[config->region].hpa;
            struct stage2_mapping there = stage2_lookup(VM_SERVICE, region);

            result = stage2_map(VM_SERVICE, config->memory_gpa, region, ivshmem_region_size(i), there.attr);
        }
    }
    return result;
}
