/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DMAR (VT-d 4.1, chapter 8). Its length and checksum are good (x86/acpi.c); every structure in it is bounded by the one around it. A structure
 * that is cut short, or more than there is room for, makes the machine one without an IOMMU: a unit that is not known holds nothing back.
 */
#include "x86/vtd/dmar.h"

#include <stddef.h>

#include "core/boot_info.h"
#include "core/hw.h"
#include "core/log.h"
#include "x86/acpi.h"

#define DMAR_FLAGS        37U
#define DMAR_FLAG_REMAP   1U   /* interrupt remapping may be used */
#define DMAR_ENTRIES      48U
#define ENTRY_HEADER      4U
#define TYPE_UNIT         0U   /* DRHD */
#define TYPE_REGION       1U   /* RMRR */
#define UNIT_ALL          1U   /* INCLUDE_PCI_ALL */
#define UNIT_SCOPES       16U
#define REGION_SCOPES     24U
#define SCOPE_HEADER      6U
#define SCOPE_ENDPOINT    1U
#define SCOPE_BRIDGE      2U
#define SCOPE_IOAPIC      3U
#define BRIDGE_SECONDARY  0x19U
#define BRIDGE_LAST       0x1AU

struct dmar dmar;

static enum status refuse(const char *reason)
{
    log_line("iommu", reason);
    return STATUS_INVALID;
}

/* The path goes from the start bus through bridges, whose secondary bus the firmware has set (8.3.1). */
static uint16_t scope_function(hpa_t scope, uint32_t size)
{
    uint32_t bdf = ((uint32_t)acpi_field(scope + 5U, 1U) << 8U) | (uint32_t)(acpi_field(scope + 6U, 1U) << 3U) | (uint32_t)acpi_field(scope + 7U, 1U);
    for (uint32_t at = SCOPE_HEADER + 2U; (at + 2U) <= size; at += 2U) {
        const uint32_t bus = hw_pci_read((uint16_t)bdf, BRIDGE_SECONDARY, 1U);
        bdf = (bus << 8U) | (uint32_t)(acpi_field(scope + at, 1U) << 3U) | (uint32_t)acpi_field(scope + at + 1U, 1U);
    }
    return (uint16_t)bdf;
}

static enum status scope_take(hpa_t entry, uint32_t type, hpa_t scope, uint32_t size)
{
    const uint32_t kind = (uint32_t)acpi_field(scope, 1U);
    enum status result = STATUS_OK;
    if ((type == TYPE_UNIT) && (kind == SCOPE_IOAPIC) && (acpi_field(scope + 4U, 1U) == platform.ioapic_id)) {
        dmar.has_ioapic = true;
        platform.ioapic_bdf = scope_function(scope, size);
    } else if ((type == TYPE_REGION) && ((kind == SCOPE_ENDPOINT) || (kind == SCOPE_BRIDGE))) {
        const hpa_t base = acpi_field(entry + 8U, 8U);
        const hpa_t last = acpi_field(entry + 16U, 8U);
        if ((last < base) || (dmar.region_count == DMAR_REGIONS)) {
            result = refuse("DMAR: a reserved region that ends before it begins, or more than the limit");
        } else {
            dmar.region[dmar.region_count] = (struct dmar_region){ .bdf = scope_function(scope, size), .base = base & PAGE_MASK,
                                                                    .size = (last - (base & PAGE_MASK)) + 1U };
            dmar.region_count++;
        }
    } else if ((type == TYPE_UNIT) && ((kind == SCOPE_ENDPOINT) || (kind == SCOPE_BRIDGE))) {
        /* by which unit does not matter: all get the same tables */
        if (dmar.scope_count == DMAR_SCOPES) {
            result = refuse("DMAR: units name more functions than the limit");
        } else {
            dmar.scope[dmar.scope_count] = (struct dmar_scope){ .bdf = scope_function(scope, size), .bridge = kind == SCOPE_BRIDGE };
            dmar.scope_count++;
        }
    } else {
        /* HPETs and devices that are no PCI functions */
    }
    return result;
}

bool dmar_covers(uint16_t bdf)
{
    const uint32_t bus = (uint32_t)bdf >> 8U;
    bool covered = dmar.covers_all;
    for (uint32_t i = 0U; (i < dmar.scope_count) && !covered; i++) {
        const struct dmar_scope *scope = &dmar.scope[i];
        covered = scope->bdf == bdf;
        if (!covered && scope->bridge) {
            covered = (bus >= hw_pci_read(scope->bdf, BRIDGE_SECONDARY, 1U)) && (bus <= hw_pci_read(scope->bdf, BRIDGE_LAST, 1U));
        }
    }
    return covered;
}

static enum status scopes_read(hpa_t entry, uint32_t type, uint32_t first, uint32_t size)
{
    enum status result = STATUS_OK;
    uint32_t at = first;
    while ((result == STATUS_OK) && (at < size)) {
        const uint32_t length = ((size - at) >= (SCOPE_HEADER + 2U)) ? (uint32_t)acpi_field(entry + at + 1U, 1U) : 0U;
        if ((length < (SCOPE_HEADER + 2U)) || (length > (size - at))) {
            result = refuse("DMAR: a device scope is cut short");
        } else {
            result = scope_take(entry, type, entry + at, length);
            at += length;
        }
    }
    return result;
}

static enum status unit_add(hpa_t entry)
{
    const hpa_t base = acpi_field(entry + 8U, 8U);
    enum status result = STATUS_OK;
    if (acpi_field(entry + 6U, 2U) != 0U) {
        result = refuse("DMAR: a unit of another PCI segment, whose devices would reach everything");
    } else if ((base == 0U) || ((base % PAGE_SIZE) != 0U) || (base >= 0x0010000000000000U)) {
        result = refuse("DMAR: a unit whose registers are nowhere");
    } else if (dmar.unit_count == MAX_IOMMU) {
        result = refuse("DMAR: more units than the limit");
    } else {
        dmar.unit[dmar.unit_count] = base;
        dmar.unit_order[dmar.unit_count] = (uint8_t)(acpi_field(entry + 5U, 1U) & 15U); /* 8.3: 0 in tables before it was defined */
        dmar.unit_count++;
        dmar.covers_all = dmar.covers_all || ((acpi_field(entry + 4U, 1U) & UNIT_ALL) != 0U);
    }
    return result;
}

/* Other types say how memory and units are near each other, or name devices that ask for no protection. */
static enum status entry_read(hpa_t entry, uint32_t size)
{
    const uint32_t type = (uint32_t)acpi_field(entry, 2U);
    enum status result = STATUS_OK;
    if (type == TYPE_UNIT) {
        result = (size >= UNIT_SCOPES) ? unit_add(entry) : refuse("DMAR: a unit is cut short");
        if (result == STATUS_OK) {
            result = scopes_read(entry, type, UNIT_SCOPES, size);
        }
    } else if (type == TYPE_REGION) {
        result = (size >= REGION_SCOPES) ? scopes_read(entry, type, REGION_SCOPES, size) : refuse("DMAR: a region is cut short");
    } else {
        /* no concern of the hypervisor */
    }
    return result;
}

static enum status judge(uint32_t flags)
{
    enum status result = STATUS_OK;
    if (dmar.unit_count == 0U) {
        result = refuse("DMAR: it names no unit");
    } else if (((flags & DMAR_FLAG_REMAP) == 0U) || !dmar.has_ioapic) {
        result = refuse("DMAR: interrupts cannot be remapped: the firmware forbids it, or does not name the IOAPIC");
    } else {
        /* usable, if the units are */
    }
    return result;
}

/* REQ-CFG-034 */
enum status dmar_read(void)
{
    const struct acpi_table *table = acpi_find(ACPI_SIGNATURE('D', 'M', 'A', 'R'));
    enum status result = STATUS_NOT_FOUND;
    dmar = (struct dmar){ .unit_count = 0U };
    if (table != NULL) {
        uint32_t at = DMAR_ENTRIES;
        result = STATUS_OK;
        while ((result == STATUS_OK) && (at < table->length)) {
            const uint32_t left = table->length - at;
            const uint32_t size = (left >= ENTRY_HEADER) ? (uint32_t)acpi_field(table->address + at + 2U, 2U) : 0U;
            if ((size < ENTRY_HEADER) || (size > left)) {
                result = refuse("DMAR: cut short by a bad entry");
            } else {
                result = entry_read(table->address + at, size);
                at += size;
            }
        }
        if (result == STATUS_OK) {
            result = judge((uint32_t)acpi_field(table->address + DMAR_FLAGS, 1U));
        }
    }
    return result;
}
