/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers of lent functions as their User VMs see them: function 0 of a device, by ports 0xCF8 to 0xCFF, so the first 256 bytes. BARs are the
 * VM's own (vpci_lent_map.c), messages are virtual (vpci_msi.c, vpci_msix.c), a line is INTA where it was lent, ROM is not there.
 */
#include "core/hw.h"
#include "devices/ivshmem.h"
#include "devices/vpci_lent_state.h"

#define CONTROL_KEPT 0x07EFU /* bits 0 to 3 and 5 to 10 of Device Control (PCI Express 5.0, 7.5.3.4) */

/* In the capability: Link Control, Device Control 2 (10-bit tags, latency reports) and Link Control 2, each with its status (7.5.3). */
#define LINK_CONTROL    0x10U
#define DEVICE_CONTROL2 0x28U
#define LINK_CONTROL2   0x30U

#define LINE_INTA 0x0100U /* pin 1; which line of the IOAPIC that is, ACPI says */
#define NO_MULTIFUNCTION 0xFF7FFFFFU

static uint32_t lent_address[MAX_VM];

void lent_address_reset(vm_id_t v)
{
    lent_address[v % MAX_VM] = 0U;
}

/* The place that the VM's address register names. */
static uint16_t place_of(vm_id_t v)
{
    return (uint16_t)(lent_address[v % MAX_VM] >> 8U);
}

static bool lent_data_access(vm_id_t v, uint16_t port, uint32_t size)
{
    return pci_data_access(lent_address[v % MAX_VM], port, size) && pci_register_valid((uint32_t)port % 4U, size);
}

/* What the VM has there, or LENT_FUNCTIONS. */
static uint32_t lent_addressed(vm_id_t v, uint16_t port, uint32_t size)
{
    uint32_t found = LENT_FUNCTIONS;

    if (lent_data_access(v, port, size)) {
        /*@ loop invariant i <= LENT_FUNCTIONS;
            loop invariant found <= LENT_FUNCTIONS && (found < LENT_FUNCTIONS ==> vpci_lent_record[found].vm == v);
            loop assigns i, found;
            loop variant LENT_FUNCTIONS - i; */
        for (uint32_t i = 0U; i < LENT_FUNCTIONS; i++) {
            if ((vpci_lent_record[i].state != LENT_FREE) && (vpci_lent_record[i].vm == v) && (vpci_lent_record[i].place == place_of(v))) {
                found = i;
            }
        }
    }
    return found;
}

static uint32_t offset_of(vm_id_t v, uint16_t port)
{
    return pci_dword(lent_address[v % MAX_VM] % PCI_LEGACY_SIZE) + ((uint32_t)port % 4U);
}

static uint32_t lent_read(const struct lent *l, uint32_t offset, uint32_t size)
{
    const struct vpci_function *fn = lent_function(l);
    const uint32_t dword = pci_dword(offset);
    const uint32_t bar = (dword - PCI_BAR0) / 4U; /* of what lies before the BARs: huge */
    uint32_t value;

    if (bar < LENT_BARS) {
        value = pci_extract(lent_bar_read(l, bar), offset, size);
    } else if (dword == PCI_HEADER) {
        value = pci_extract(hw_pci_read(fn->bdf, dword, 4U) & NO_MULTIFUNCTION, offset, size);
    } else if (dword == PCI_INTERRUPT) {
        value = fn->line ? pci_extract(LINE_INTA, offset, size) : 0U;
    } else if (dword == PCI_ROM_TYPE0) {
        value = 0U;
    } else {
        value = vpci_function_read(fn, offset, size);
    }
    return value;
}

/* What a User VM does not choose, as all that share the link have to bear it: reports of errors, size of packets, phantom functions and wide tags. */
/* REQ-INT-080 */
static uint32_t link_kept(const struct vpci_function *fn, uint32_t offset, uint32_t size, uint32_t value)
{
    uint32_t kept = value;

    if ((fn->pcie != 0U) && (pci_dword(offset) == (fn->pcie + PCI_EXPRESS_CONTROL))) {
        const uint32_t bits = (CONTROL_KEPT >> (8U * (offset % 4U))) & pci_ones(size);

        kept = (value & ~bits) | (hw_pci_read(fn->bdf, offset, size) & bits);
    }
    return kept;
}

/* REQ-INT-080 */
static bool link_register(const struct vpci_function *fn, uint32_t dword)
{
    const uint32_t at = dword - fn->pcie; /* of what lies before: huge */

    return (fn->pcie != 0U) && ((at == LINK_CONTROL) || (at == DEVICE_CONTROL2) || (at == LINK_CONTROL2));
}

static void lent_write(struct lent *l, uint32_t offset, uint32_t size, uint32_t value)
{
    const uint32_t dword = pci_dword(offset);
    const uint32_t bar = (dword - PCI_BAR0) / 4U;

    if (bar < LENT_BARS) {
        if (size == 4U) {
            l->bar[bar] = value;
            lent_bars_update(l);
        }
    } else if ((dword == PCI_ROM_TYPE0) || (dword == PCI_INTERRUPT) || link_register(lent_function(l), dword)) {
        /* nothing there, or it stays */
    } else {
        vpci_function_write(lent_function(l), offset, size, link_kept(lent_function(l), offset, size, value));
        if (dword == PCI_COMMAND) {
            lent_bars_update(l);
        }
    }
}

/* A shared-memory device is there. */
static bool shared_memory(vm_id_t v, uint16_t port, uint32_t size)
{
    return lent_data_access(v, port, size) && (ivshmem_find(v, place_of(v)) != ID_NONE);
}

/* REQ-INT-080 REQ-IO-021 */
bool vpci_lent_port_read(vm_id_t v, uint16_t port, uint32_t size, uint32_t *value)
{
    const uint32_t index = lent_addressed(v, port, size);
    const bool shared = shared_memory(v, port, size);

    if (index < LENT_FUNCTIONS) {
        /*@ ghost pci_fn = &vpci_function[vpci_lent_record[index].function % MAX_PCI_FUNCTION]; */
        *value = (vpci_lent_record[index].state == LENT_THERE) ? lent_read(&vpci_lent_record[index], offset_of(v, port), size) : pci_ones(size);
    } else if (shared) {
        *value = ivshmem_register_read(v, place_of(v), offset_of(v, port), size);
    } else {
        /* the device model's */
    }
    return shared || (index < LENT_FUNCTIONS);
}

/* REQ-INT-080 REQ-IO-021 */
bool vpci_lent_port_write(vm_id_t v, uint16_t port, uint32_t size, uint32_t value)
{
    const uint32_t index = lent_addressed(v, port, size);
    const bool shared = shared_memory(v, port, size);

    if ((port == PCI_PORT_ADDRESS) && (size == 4U)) {
        lent_address[v % MAX_VM] = value & PCI_ADDRESS_BITS;
    } else if ((index < LENT_FUNCTIONS) && (vpci_lent_record[index].state == LENT_THERE)) {
        /*@ ghost pci_fn = &vpci_function[vpci_lent_record[index].function % MAX_PCI_FUNCTION]; */
        lent_write(&vpci_lent_record[index], offset_of(v, port), size, value);
    } else if (shared) {
        ivshmem_register_write(v, place_of(v), offset_of(v, port), size, value);
    } else {
        /* on its way, or somebody else's */
    }
    return shared || (index < LENT_FUNCTIONS);
}

/* REQ-INT-082 */
bool vpci_lent_page(vm_id_t v, gpa_t gpa, hpa_t *hpa)
{
    bool found = false;

    for (uint32_t k = 0U; k < LENT_FUNCTIONS; k++) {
        const struct lent *l = &vpci_lent_record[k];

        for (uint32_t i = 0U; (l->state == LENT_THERE) && (l->vm == v) && (i < LENT_BARS); i++) {
            const struct vpci_function *fn = lent_function(l);

            if ((l->at[i] != 0U) && (gpa >= l->at[i]) && ((gpa - l->at[i]) < vpci_bar_size(fn, i)) &&
                vpci_msix_page(v, vpci_bar_base(fn, i) + (gpa - l->at[i]))) {
                *hpa = vpci_bar_base(fn, i) + (gpa - l->at[i]);
                found = true;
            }
        }
    }
    return found;
}
