/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to the bus of a pre-launched VM: the ports, and the MMCONFIG window at the machine's address, where no BAR can be. */
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/partition.h"
#include "core/vm.h"
#include "devices/ivshmem.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"
#include "devices/vpci_given.h"

#define BUS_SIZE 0x100000U

static uint32_t given_address[PART_MAX_VM];

/* REQ-INT-053 */
uint32_t vpci_given_port_read(vm_id_t vm, uint16_t port, uint32_t size)
{
    uint32_t address = given_address[vm];
    uint32_t value = pci_ones(size);

    if (!vpci_given_bus(vm)) {
        /* closed ports */
    } else if ((port == PCI_PORT_ADDRESS) && (size == 4U)) {
        value = address;
    } else if (pci_data_access(address, port, size)) {
        value = vpci_given_read(vm, (uint16_t)(address >> 8U), (address & 0xFCU) | ((uint32_t)port & 3U), size);
    } else {
        /* partial access to the address, or not enabled: all ones */
    }
    return value;
}

void vpci_given_port_write(vm_id_t vm, uint16_t port, uint32_t size, uint32_t value)
{
    uint32_t address = given_address[vm];

    if ((port == PCI_PORT_ADDRESS) && (size == 4U)) {
        given_address[vm] = value & PCI_ADDRESS_BITS;
    } else if (pci_data_access(address, port, size)) {
        vpci_given_write(vm, (uint16_t)(address >> 8U), (address & 0xFCU) | ((uint32_t)port & 3U), size, value);
    } else {
        /* as above: ignored */
    }
}

static bool in_given_window(vm_id_t vm, gpa_t gpa)
{
    return (platform.mmconfig_base != 0U) && (gpa >= platform.mmconfig_base) && ((gpa - platform.mmconfig_base) < BUS_SIZE) &&
           vpci_given_bus(vm);
}

bool vpci_given_claims(vm_id_t vm, gpa_t gpa)
{
    return in_given_window(vm, gpa) || vpci_msix_page(vm, gpa) || ivshmem_claims(vm, gpa);
}

uint64_t vpci_given_memory_read(vm_id_t vm, gpa_t gpa, uint32_t size)
{
    uint64_t value = 0xFFFFFFFFFFFFFFFFU;

    if (in_given_window(vm, gpa)) {
        uint32_t at = (uint32_t)(gpa - platform.mmconfig_base);
        uint16_t bdf = (uint16_t)(at >> 12U);

        value = vpci_given_read(vm, bdf, at & 0xFFFU, (size == 8U) ? 4U : size);
        if (size == 8U) {
            value |= (uint64_t)vpci_given_read(vm, bdf, (at & 0xFFFU) + 4U, 4U) << 32U;
        }
    } else if (vpci_msix_page(vm, gpa)) {
        value = vpci_msix_mmio_read(vm, gpa, size);
    } else if (ivshmem_claims(vm, gpa)) {
        value = ivshmem_read(vm, gpa, size);
    } else {
        /* not claimed */
    }
    return value;
}

void vpci_given_memory_write(vm_id_t vm, gpa_t gpa, uint32_t size, uint64_t value)
{
    if (in_given_window(vm, gpa)) {
        uint32_t at = (uint32_t)(gpa - platform.mmconfig_base);
        uint16_t bdf = (uint16_t)(at >> 12U);

        vpci_given_write(vm, bdf, at & 0xFFFU, (size == 8U) ? 4U : size, (uint32_t)value);
        if (size == 8U) {
            vpci_given_write(vm, bdf, (at & 0xFFFU) + 4U, 4U, (uint32_t)(value >> 32U));
        }
    } else if (vpci_msix_page(vm, gpa)) {
        vpci_msix_mmio_write(vm, gpa, size, value);
    } else if (ivshmem_claims(vm, gpa)) {
        ivshmem_write(vm, gpa, size, value);
    } else {
        /* not claimed */
    }
}

/* REQ-LIF-050 */
void vpci_given_reset(vm_id_t vm)
{
    vpci_masters_off(vm); /* no DMA into the VM's memory while it is loaded again */
    vpci_functions_reset(vm);
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_function[i].owner == vm) {
            vpci_function_restart(&vpci_function[i]);
            vpci_access_control_on(&vpci_function[i]);
            /* A safe state may write to its registers before its driver lets it decode. */
            hw_pci_write(vpci_function[i].bdf, PCI_COMMAND, 2U, PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_OFF);
        }
    }
    given_address[vm] = 0U;
}
