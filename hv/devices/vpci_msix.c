/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual MSI-X (PCI Local Bus 3.0, 6.8.2). The pages that hold a table are
 * out of stage 2: accesses to the table work on the guest's copy of the entry,
 * other registers in the page go to the device. An access that touches a table
 * and something else, or part of an entry's dword, is ignored; so is one while
 * the function does not decode memory, as nothing would answer it on the bus.
 */
#include "core/hw.h"
#include "core/irq.h"
#include "devices/vpci_function.h"

#define MSIX_CONTROL      2U
#define MSIX_ENABLE       0x8000U
#define MSIX_MASK_ALL     0x4000U
#define ENTRY_SIZE        16U
#define ENTRY_ADDRESS_LOW 0U
#define ENTRY_ADDRESS_HIGH 4U
#define ENTRY_DATA        8U
#define ENTRY_CONTROL     12U
#define ENTRY_MASKED      1U
#define PAGE_OFFSET       (PAGE_SIZE - 1U)

bool vpci_msix_covers(const struct vpci_function *fn, uint32_t offset)
{
    return (fn->msix.offset != 0U) && (offset >= fn->msix.offset) && (offset < (fn->msix.offset + 12U));
}

uint32_t vpci_msix_read(const struct vpci_function *fn, uint32_t offset)
{
    uint32_t value = hw_pci_read(fn->bdf, offset, 4U);

    if (offset == fn->msix.offset) {
        value &= ~(((uint32_t)MSIX_ENABLE << 16U) | ((uint32_t)MSIX_MASK_ALL << 16U));
        value |= fn->msix.enabled ? ((uint32_t)MSIX_ENABLE << 16U) : 0U;
        value |= fn->msix.masked ? ((uint32_t)MSIX_MASK_ALL << 16U) : 0U;
    }
    return value;
}

/* The one writer of a physical table entry: masked while it changes. */
static void msix_entry_write(hpa_t at, const struct irq_msi_message *message)
{
    hw_mmio_write(at + ENTRY_CONTROL, 4U, ENTRY_MASKED);
    hw_mmio_write(at + ENTRY_ADDRESS_LOW, 4U, message->address & 0xFFFFFFFFU);
    hw_mmio_write(at + ENTRY_ADDRESS_HIGH, 4U, message->address >> 32U);
    hw_mmio_write(at + ENTRY_DATA, 4U, message->data);
    if (message->enabled) {
        hw_mmio_write(at + ENTRY_CONTROL, 4U, 0U);
    }
}

/* An entry of the function. vpci_scan() gave it entries that lie in the pool as a whole. */
static struct vpci_msix_entry *entry_of(const struct vpci_function *fn, uint32_t index)
{
    return &vpci_msix_entry[(fn->msix.first + index) % VPCI_MSIX_POOL];
}

/* REQ-INT-027 */
/* The function's MSI-X is enabled. */
static void entry_apply(const struct vpci_function *fn, uint32_t index)
{
    struct vpci_msix_entry *entry = entry_of(fn, index);
    const struct vpci_written written = { entry->address, entry->data, !entry->masked };
    struct irq_msi_message message = vpci_message(fn, &entry->source, &written);

    if (message.enabled || entry->live) {
        msix_entry_write(fn->msix.table + ((hpa_t)ENTRY_SIZE * index), &message);
        entry->live = message.enabled;
    }
}

bool vpci_decodes_memory(const struct vpci_function *fn)
{
    return (fn->physical != 0U) || ((hw_pci_read(fn->bdf, PCI_COMMAND, 2U) & PCI_COMMAND_MEMORY) != 0U); /* virtual ones always do */
}

static void entries_free(const struct vpci_function *fn)
{
    /*@ loop invariant i <= fn->msix.count;
        loop assigns i, vpci_msix_entry[0 .. VPCI_MSIX_POOL - 1], pci_seen.others;
        loop variant fn->msix.count - i; */
    for (uint32_t i = 0U; i < fn->msix.count; i++) {
        vpci_message_free(&entry_of(fn, i)->source);
    }
}

/* Also when the guest has memory decoding off: the table must be the hypervisor's before the function may send. The first time all entries are
 * written, which for 2048 may take some ms; later those that are unmasked or were, and they have a source each. */
static void table_sync(const struct vpci_function *fn)
{
    bool decodes = vpci_decodes_memory(fn);
    uint32_t command = hw_pci_read(fn->bdf, PCI_COMMAND, 2U);

    if (!decodes) {
        vpci_bars_restore(fn);
        hw_pci_write(fn->bdf, PCI_COMMAND, 2U, command | PCI_COMMAND_MEMORY);
    }
    /*@ loop invariant i <= fn->msix.count;
        loop assigns i, vpci_msix_entry[0 .. VPCI_MSIX_POOL - 1], vpci_function[0 .. MAX_PCI_FUNCTION - 1].told, pci_seen.address, pci_seen.data, pci_seen.others;
        loop variant fn->msix.count - i; */
    for (uint32_t i = 0U; i < fn->msix.count; i++) {
        entry_apply(fn, i);
    }
    if (!decodes) {
        hw_pci_write(fn->bdf, PCI_COMMAND, 2U, command);
    }
}

void vpci_msix_write(struct vpci_function *fn, uint32_t offset, uint32_t value)
{
    if (offset == fn->msix.offset) {
        uint32_t control = value >> 16U;

        fn->msix.enabled = (control & MSIX_ENABLE) != 0U;
        fn->msix.masked = (control & MSIX_MASK_ALL) != 0U;
        if (fn->msix.enabled) {
            table_sync(fn);
            hw_pci_write(fn->bdf, offset + MSIX_CONTROL, 2U, control & (MSIX_ENABLE | MSIX_MASK_ALL));
        } else {
            hw_pci_write(fn->bdf, offset + MSIX_CONTROL, 2U, control & MSIX_MASK_ALL);
            entries_free(fn);
        }
    }
}

void vpci_msix_reset(struct vpci_function *fn)
{
    if (fn->msix.offset != 0U) {
        hw_pci_write(fn->bdf, fn->msix.offset + MSIX_CONTROL, 2U, 0U);
        entries_free(fn);
        fn->msix.enabled = false;
        fn->msix.masked = false;
        for (uint32_t i = 0U; i < fn->msix.count; i++) {
            *entry_of(fn, i) = (struct vpci_msix_entry){ .masked = true, .live = entry_of(fn, i)->live, .source = ID_NONE };
        }
    }
}

hpa_t vpci_msix_pages(const struct vpci_function *fn, uint64_t *size)
{
    const hpa_t first = fn->msix.table & PAGE_MASK;
    const hpa_t last = (fn->msix.table + (ENTRY_SIZE * (hpa_t)fn->msix.count)) - 1U;

    *size = ((last & PAGE_MASK) - first) + PAGE_SIZE;
    return first;
}

static uint64_t table_size(const struct vpci_function *fn)
{
    return (uint64_t)ENTRY_SIZE * fn->msix.count;
}

static bool table_overlaps(const struct vpci_function *fn, gpa_t gpa, uint64_t size)
{
    return (fn->msix.offset != 0U) && (gpa < (fn->msix.table + table_size(fn))) &&
           ((gpa + size) > fn->msix.table);
}

/* The PBA is read-only for software (6.8.2.3); a bit for each entry, in whole 64-bit words. */
static bool pba_overlaps(const struct vpci_function *fn, gpa_t gpa, uint64_t size)
{
    uint64_t pba_size = (((uint64_t)fn->msix.count + 63U) / 64U) * 8U;

    return (fn->msix.offset != 0U) && (gpa < (fn->msix.pba + pba_size)) && ((gpa + size) > fn->msix.pba);
}

/* The VM's function whose table the access touches, or ID_NONE. */
static uint32_t msix_table_find(vm_id_t vm, gpa_t gpa, uint64_t size)
{
    uint32_t found = ID_NONE;

    for (uint32_t i = 0U; (i < vpci_function_count) && (found == ID_NONE); i++) {
        if ((vpci_function[i].owner == vm) && table_overlaps(&vpci_function[i], gpa, size)) {
            found = i;
        }
    }
    return found;
}

static bool pba_touched(gpa_t gpa, uint64_t size)
{
    bool touched = false;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        touched = touched || pba_overlaps(&vpci_function[i], gpa, size);
    }
    return touched;
}

bool vpci_msix_page(vm_id_t vm, gpa_t gpa)
{
    return msix_table_find(vm, gpa & PAGE_MASK, PAGE_SIZE) != ID_NONE;
}

static bool table_access_valid(gpa_t gpa, uint32_t size)
{
    return ((size == 1U) || (size == 2U) || (size == 4U) || (size == 8U)) &&
           (((gpa & PAGE_OFFSET) + size) <= PAGE_SIZE);
}

/* A table access: whole aligned dwords inside the table, of a function that decodes memory. */
static bool entry_access_valid(const struct vpci_function *fn, gpa_t gpa, uint32_t size)
{
    return (size >= 4U) && ((gpa % size) == 0U) && (gpa >= fn->msix.table) && ((gpa + size) <= (fn->msix.table + table_size(fn))) &&
           vpci_decodes_memory(fn);
}

static uint32_t msix_entry_read(const struct vpci_function *fn, gpa_t gpa)
{
    uint32_t at = (uint32_t)(gpa - fn->msix.table);
    const struct vpci_msix_entry *entry = entry_of(fn, at / ENTRY_SIZE);
    uint32_t value;

    switch (at % ENTRY_SIZE) {
    case ENTRY_ADDRESS_LOW:
        value = (uint32_t)entry->address;
        break;
    case ENTRY_ADDRESS_HIGH:
        value = (uint32_t)(entry->address >> 32U);
        break;
    case ENTRY_DATA:
        value = entry->data;
        break;
    default:
        value = entry->masked ? ENTRY_MASKED : 0U;
        break;
    }
    return value;
}

static void entry_store(const struct vpci_function *fn, gpa_t gpa, uint32_t value)
{
    uint32_t at = (uint32_t)(gpa - fn->msix.table);
    struct vpci_msix_entry *entry = entry_of(fn, at / ENTRY_SIZE);

    switch (at % ENTRY_SIZE) {
    case ENTRY_ADDRESS_LOW:
        entry->address = (entry->address & 0xFFFFFFFF00000000U) | (value & 0xFFFFFFFCU);
        break;
    case ENTRY_ADDRESS_HIGH:
        entry->address = (entry->address & 0xFFFFFFFFU) | ((uint64_t)value << 32U);
        break;
    case ENTRY_DATA:
        entry->data = value;
        break;
    default:
        entry->masked = (value & ENTRY_MASKED) != 0U;
        break;
    }
}

uint64_t vpci_msix_mmio_read(vm_id_t vm, gpa_t gpa, uint32_t size)
{
    uint32_t index = msix_table_find(vm, gpa, size);
    uint64_t value = 0xFFFFFFFFFFFFFFFFU;

    if (!table_access_valid(gpa, size)) {
        /* crosses into another page: all ones */
    } else if (index >= MAX_PCI_FUNCTION) {
        value = hw_mmio_read(gpa, size);
    } else if (entry_access_valid(&vpci_function[index], gpa, size)) {
        value = msix_entry_read(&vpci_function[index], gpa);
        if (size == 8U) {
            value |= (uint64_t)msix_entry_read(&vpci_function[index], gpa + 4U) << 32U;
        }
    } else {
        /* part of a dword, or decoding is off: all ones */
    }
    return value;
}

/* REQ-INT-027 */
void vpci_msix_mmio_write(vm_id_t vm, gpa_t gpa, uint32_t size, uint64_t value)
{
    uint32_t index = msix_table_find(vm, gpa, size);

    if (!table_access_valid(gpa, size)) {
        /* crosses into another page: ignored */
    } else if (index >= MAX_PCI_FUNCTION) {
        if (!pba_touched(gpa, size)) {
            hw_mmio_write(gpa, size, value);
        }
    } else if (entry_access_valid(&vpci_function[index], gpa, size)) {
        const struct vpci_function *fn = &vpci_function[index];

        entry_store(fn, gpa, (uint32_t)value);
        if (size == 8U) {
            entry_store(fn, gpa + 4U, (uint32_t)(value >> 32U));
        }
        if (fn->msix.enabled) {
            entry_apply(fn, (uint32_t)(gpa - fn->msix.table) / ENTRY_SIZE);
        }
    } else {
        /* part of a dword, or decoding is off: ignored */
    }
}
