/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of a pre-launched VM's bus: number 0 with a host bridge, and the functions that the partition table gives it, each as
 * function 0 of device 1, 2, ... in the table's order; shared-memory devices are device 30 (ivshmem.h). Without any it has no bus either. Nothing here needs a lock: an exclusive VM's
 * cores reach the rows of its own functions only, and the hardware by way of MMCONFIG (x86/pci.c). Two of its cores at a time can spoil no
 * more than their own VM's view: whatever is written names its own cores (core/irq_exclusive.c), and BARs do not move.
 */
#include "abi/hv_info.h"
#include "core/hw.h"
#include "core/partition.h"
#include "devices/ivshmem.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"

#define HOST_BRIDGE_CLASS 0x06000000U
#define NO_MULTIFUNCTION  0xFF7FFFFFU
#define NO_PIN            0xFFFF0000U /* interrupt lines are not delivered: message interrupts only */

static uint32_t given_count(vm_id_t vm)
{
    uint32_t count = partition.table.vm[vm].pci_count;

    return (count < PART_MAX_PCI) ? count : PART_MAX_PCI;
}

bool vpci_given_bus(vm_id_t vm)
{
    return (given_count(vm) != 0U) || ivshmem_present(vm);
}

/* The function that the VM sees there, or ID_NONE. */
/* REQ-INT-053 */
static uint32_t given_find(vm_id_t vm, uint16_t bdf)
{
    uint32_t device = (uint32_t)bdf / 8U;
    uint32_t found = ID_NONE;

    if (((bdf & 7U) == 0U) && (device != 0U) && (device <= given_count(vm))) {
        /*@ loop invariant i <= vpci_function_count;
            loop invariant found == ID_NONE || (found < vpci_function_count && vpci_function[found].owner == vm &&
              vpci_function[found].bdf == partition.table.vm[vm].pci[device - 1]);
            loop assigns i, found;
            loop variant vpci_function_count - i; */
        for (uint32_t i = 0U; (i < vpci_function_count) && (found == ID_NONE); i++) {
            if ((vpci_function[i].owner == vm) && (vpci_function[i].bdf == partition.table.vm[vm].pci[device - 1U])) {
                found = i;
            }
        }
    }
    return found;
}

static uint32_t host_bridge(uint32_t dword)
{
    uint32_t value = 0U;

    if (dword == 0U) {
        value = ((uint32_t)HV_PCI_HOST_BRIDGE << 16U) | HV_PCI_VENDOR;
    } else if (dword == PCI_CLASS) {
        value = HOST_BRIDGE_CLASS;
    } else {
        /* nothing else */
    }
    return value;
}

uint32_t vpci_given_read(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size)
{
    uint32_t dword = pci_dword(offset);
    uint32_t index = given_find(vm, bdf);
    uint32_t value = pci_ones(size);

    if ((offset >= PCI_CONFIG_SIZE) || !pci_register_valid(offset, size)) {
        /* no register: all ones */
    } else if (ivshmem_find(vm, bdf) < PART_MAX_IVSHMEM) {
        value = ivshmem_register_read(vm, bdf, offset, size);
    } else if (index < MAX_PCI_FUNCTION) {
        const struct vpci_function *fn = &vpci_function[index];

        /*@ ghost pci_fn = fn; */
        if (dword == PCI_HEADER) {
            value = pci_extract(hw_pci_read(fn->bdf, dword, 4U) & NO_MULTIFUNCTION, offset, size);
        } else if (dword == PCI_INTERRUPT) {
            value = pci_extract(hw_pci_read(fn->bdf, dword, 4U) & NO_PIN, offset, size);
        } else {
            value = vpci_function_read(fn, offset, size);
        }
    } else if ((bdf == 0U) && vpci_given_bus(vm)) {
        value = pci_extract(host_bridge(dword), offset, size);
    } else {
        /* nobody there: all ones */
    }
    return value;
}

void vpci_given_write(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t index = given_find(vm, bdf);

    if (pci_register_valid(offset, size) && (ivshmem_find(vm, bdf) < PART_MAX_IVSHMEM)) {
        ivshmem_register_write(vm, bdf, offset, size, value);
    } else if ((index < MAX_PCI_FUNCTION) && (offset < PCI_CONFIG_SIZE) && pci_register_valid(offset, size) && (pci_dword(offset) != PCI_INTERRUPT)) {
        /*@ ghost pci_fn = &vpci_function[index]; */
        vpci_function_write(&vpci_function[index], offset, size, value);
    } else {
        /* nobody there */
    }
}

#define COMMAND_REPORTS 0x0168U /* special cycles, palette, parity, and SERR#, which lets a function report errors whatever its Device Control says (PCI Express 5.0, 6.2.6) */

/* What another VM's function than the Service VM's may do on the bus, whatever the guest writes: its I/O ports are not given, its pin is not
 * delivered but to a User VM that got its line, and it is a bus master only where the IOMMU holds it to its owner's memory. That of a User VM reports no errors, which the firmware might see to on all cores. */
/* REQ-INT-054 REQ-INT-080 */
uint32_t vpci_command_allowed(const struct vpci_function *fn, uint32_t command)
{
    uint32_t allowed = command;

    if (fn->owner != VM_SERVICE) {
        allowed = (command & ~PCI_COMMAND_IO) | (fn->line ? 0U : PCI_COMMAND_INTX_OFF);
        if (!fn->walled) {
            allowed &= ~PCI_COMMAND_MASTER;
        }
        if (fn->owner >= VM_FIRST_USER) {
            allowed &= ~COMMAND_REPORTS;
        }
    }
    return allowed;
}
