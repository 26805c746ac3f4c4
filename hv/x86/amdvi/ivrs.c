/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Firmware may be broken: a block is read only where it lies in the table as a whole, and a table with a block that makes no sense does
 * not count at all: half of the units would be none. Block types: AMD IOMMU 3.08, tables 94 to 103.
 */
#include "x86/amdvi/ivrs.h"

#include <stddef.h>

#include "core/boot_info.h"
#include "core/log.h"
#include "x86/acpi.h"

#define IVRS_BLOCKS      48U
#define BLOCK_HEADER     8U
#define IVHD_BASIC       0x10U
#define IVHD_EXTENDED    0x11U
#define IVHD_ACPI        0x40U
#define IVHD_LENGTH      24U     /* what all three have at least */
#define IVHD_ENTRIES     24U     /* where device entries begin */
#define IVHD_ENTRIES_EXTENDED 40U
#define ENTRY_ALL        0x01U   /* device entries, 5.2.2.1 */
#define ENTRY_FIRST      0x03U
#define ENTRY_END        0x04U
#define ENTRY_FIRST_EXTENDED 0x07U
#define ENTRY_LONG       0x40U   /* from here on eight bytes, before that four */
#define ENTRY_ALIAS      0x42U
#define ENTRY_ALIAS_FIRST 0x43U
#define ENTRY_SPECIAL    0x48U
#define SPECIAL_IOAPIC   1U
#define ENTRY_FIXED      0x80U
#define ENTRY_ACPI       0xF0U
#define ENTRY_ACPI_SIZE  22U     /* and the text behind it */
#define IVMD_ALL         0x20U
#define IVMD_ONE         0x21U
#define IVMD_RANGE       0x22U
#define IVMD_LENGTH      32U
#define REGISTERS_SIZE   0x4000U
#define IVRS_ADDRESS_MAX      0x400000000000U

struct ivrs ivrs;

static enum status ivrs_refuse(const char *reason)
{
    log_line("iommu", reason);
    return STATUS_INVALID;
}

static void mark(uint8_t bits[IVRS_BITS], uint32_t first, uint32_t last)
{
    for (uint32_t bdf = first; (bdf <= last) && (bdf < IVRS_FUNCTIONS); bdf++) {
        bits[bdf / 8U] |= (uint8_t)(1U << (bdf % 8U));
    }
}

/* What asks under another function's number would reach what that one's owner reaches. */
/* REQ-ISO-058 */
bool ivrs_covers(uint16_t bdf)
{
    const uint8_t bits = (bdf < IVRS_FUNCTIONS) ? (uint8_t)(ivrs.covered[bdf / 8U] & ~ivrs.aliased[bdf / 8U]) : 0U;
    return ((bits >> (bdf % 8U)) & 1U) != 0U;
}

/* Bytes of the device entry; 0: of no known form, or not wholly in the block. */
static uint32_t entry_size(hpa_t entry, uint32_t type, uint32_t rest)
{
    uint32_t size = 0U;
    if (type < ENTRY_LONG) {
        size = 4U;
    } else if (type < ENTRY_FIXED) {
        size = 8U;
    } else if ((type == ENTRY_ACPI) && (rest >= ENTRY_ACPI_SIZE)) {
        size = ENTRY_ACPI_SIZE + (uint32_t)acpi_field(entry + ENTRY_ACPI_SIZE - 1U, 1U);
    } else {
        /* not known */
    }
    return (size <= rest) ? size : 0U;
}

/* What asks without being a PCI function: IOAPICs, HPETs. */
static void special_add(hpa_t entry)
{
    const uint32_t bdf = (uint32_t)acpi_field(entry + 5U, 2U);
    if ((acpi_field(entry + 7U, 1U) == SPECIAL_IOAPIC) && (acpi_field(entry + 4U, 1U) == platform.ioapic_id) && (bdf < IVRS_FUNCTIONS)) {
        ivrs.has_ioapic = true;
        ivrs.ioapic_bdf = (uint16_t)bdf;
    }
}

/* Which functions the unit stands before: all, single ones, ranges (a first one, and an entry with the last). Four forms of each say more about them;
 * one says under which other number they ask. */
static bool devices_add(hpa_t block, uint32_t begin, uint32_t length)
{
    bool good = begin <= length;
    uint8_t *bits = ivrs.covered;
    uint32_t first = ID_NONE;
    uint32_t size = 0U;
    for (uint32_t at = begin; good && (at < length); at += size) {
        const uint32_t type = (uint32_t)acpi_field(block + at, 1U);
        size = entry_size(block + at, type, length - at);
        good = size != 0U;
        const uint32_t bdf = good ? (uint32_t)acpi_field(block + at + 1U, 2U) : 0U;
        const uint32_t form = type % ENTRY_LONG;
        if (form != ENTRY_END) {
            bits = ((type == ENTRY_ALIAS) || (type == ENTRY_ALIAS_FIRST)) ? ivrs.aliased : ivrs.covered;
        }
        if (!good || (form == 0U)) {
            /* broken, or padding */
        } else if (type == ENTRY_SPECIAL) {
            special_add(block + at);
        } else if (type == ENTRY_ALL) {
            mark(bits, 0U, IVRS_FUNCTIONS - 1U);
        } else if (form == ENTRY_END) {
            mark(bits, (first == ID_NONE) ? bdf : first, bdf);
            first = ID_NONE;
        } else if ((form == ENTRY_FIRST) || (form == ENTRY_FIRST_EXTENDED)) {
            first = bdf;
        } else {
            mark(bits, bdf, bdf);
        }
    }
    return good;
}

static bool unit_known(hpa_t registers)
{
    bool found = false;
    for (uint32_t i = 0U; (i < ivrs.unit_count) && (i < MAX_IOMMU); i++) {
        found = found || (ivrs.unit[i].registers == registers);
    }
    return found;
}

/* A unit has a block of each type that its firmware knows: the first one counts. */
static enum status ivhd_add(hpa_t block, uint32_t length)
{
    enum status result = STATUS_OK;
    const uint32_t entries = (acpi_field(block, 1U) == IVHD_BASIC) ? IVHD_ENTRIES : IVHD_ENTRIES_EXTENDED;
    const hpa_t registers = (length < IVHD_LENGTH) ? 0U : acpi_field(block + 8U, 8U);
    if ((registers == 0U) || ((registers % REGISTERS_SIZE) != 0U) || (registers >= IVRS_ADDRESS_MAX)) {
        result = ivrs_refuse("IVRS: a unit whose registers are nowhere");
    } else if (acpi_field(block + 16U, 2U) != 0U) {
        result = ivrs_refuse("IVRS: a unit of another PCI segment, whose devices would reach everything");
    } else if (!devices_add(block, entries, length)) {
        result = ivrs_refuse("IVRS: device entries that are not known");
    } else if (unit_known(registers)) {
        /* said before */
    } else if (ivrs.unit_count >= MAX_IOMMU) {
        result = ivrs_refuse("IVRS: more units than the limit");
    } else {
        ivrs.unit[ivrs.unit_count] = (struct ivrs_unit){
            .registers = registers, .bdf = (uint16_t)acpi_field(block + 4U, 2U), .flags = (uint8_t)acpi_field(block + 1U, 1U) };
        ivrs.unit_count++;
    }
    return result;
}

static enum status ivmd_add(hpa_t block, uint32_t type, uint32_t length)
{
    enum status result = STATUS_OK;
    struct ivrs_memory memory = { .first = 0U, .last = 0xFFFFU };
    if (length >= IVMD_LENGTH) {
        memory.base = acpi_field(block + 16U, 8U);
        memory.size = acpi_field(block + 24U, 8U);
        if (type != IVMD_ALL) {
            memory.first = (uint16_t)acpi_field(block + 4U, 2U);
            memory.last = (type == IVMD_ONE) ? memory.first : (uint16_t)acpi_field(block + 6U, 2U);
        }
    }
    if ((length < IVMD_LENGTH) || (memory.first > memory.last) || (memory.base >= IVRS_ADDRESS_MAX) ||
        (memory.size > (IVRS_ADDRESS_MAX - memory.base))) {
        result = ivrs_refuse("IVRS: reserved memory that makes no sense");
    } else if (ivrs.memory_count >= IVRS_MEMORY) {
        result = ivrs_refuse("IVRS: more reserved memory than the limit");
    } else {
        ivrs.memory[ivrs.memory_count] = memory;
        ivrs.memory_count++;
    }
    return result;
}

static enum status block_add(hpa_t block, uint32_t length)
{
    enum status result = STATUS_OK;
    const uint32_t type = (uint32_t)acpi_field(block, 1U);
    if ((type == IVHD_BASIC) || (type == IVHD_EXTENDED) || (type == IVHD_ACPI)) {
        result = ivhd_add(block, length);
    } else if ((type >= IVMD_ALL) && (type <= IVMD_RANGE)) {
        result = ivmd_add(block, type, length);
    } else {
        /* of no interest */
    }
    return result;
}

/* REQ-CFG-034 */
enum status ivrs_read(void)
{
    const struct acpi_table *table = acpi_find(ACPI_SIGNATURE('I', 'V', 'R', 'S'));
    enum status result = (table == NULL) ? STATUS_NOT_FOUND : STATUS_OK;
    uint32_t length = 0U;
    ivrs = (struct ivrs){ .unit_count = 0U };
    for (uint32_t at = IVRS_BLOCKS; (result == STATUS_OK) && (at < table->length); at += length) {
        const uint32_t rest = table->length - at;
        length = (rest < BLOCK_HEADER) ? 0U : (uint32_t)acpi_field(table->address + at + 2U, 2U);
        result = ((length < BLOCK_HEADER) || (length > rest)) ? ivrs_refuse("IVRS: cut short by a bad block") : block_add(table->address + at, length);
    }
    if ((result == STATUS_OK) && (ivrs.unit_count == 0U)) {
        result = ivrs_refuse("IVRS: it names no unit");
    }
    return result;
}
