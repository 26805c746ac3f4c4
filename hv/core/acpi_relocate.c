/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI 6.5, 5.2.9 (FADT), 5.2.10 (FACS), 5.2.6 (header). */
#include "core/acpi_relocate.h"
#include "core/acpi_filter.h"
#include "core/hw.h"

#define TABLE_MAX    0x80000U /* 512 KiB */
#define ALIGN        64U      /* what FACS asks for */
#define HEADER       36U
#define AT_LENGTH    4U
#define AT_CHECKSUM  9U
#define FADT_FACS    36U
#define FADT_DSDT    40U
#define FADT_X_FACS  132U
#define FADT_X_DSDT  140U
#define FACS_SIZE    64U

/* Where the firmware has the tables. A restart copies from there again, never from the copies
 * that the guest could write to. */
static hpa_t acpi_origin[MAX_ACPI_TABLE];
static bool acpi_origin_known;

static void name_origins(void)
{
    for (uint32_t i = 0U; (i < acpi_table_count) && (i < MAX_ACPI_TABLE); i++) {
        if (acpi_origin_known) {
            acpi_table[i].address = acpi_origin[i];
        } else {
            acpi_origin[i] = acpi_table[i].address;
        }
    }
    acpi_origin_known = true;
}

static uint64_t padded(uint64_t length)
{
    return (length + (ALIGN - 1U)) & ~((uint64_t)ALIGN - 1U);
}

/* Index of the FADT ("FACP"), or ID_NONE. */
static uint32_t fadt_index(void)
{
    uint32_t found = ID_NONE;
    for (uint32_t i = 0U; (i < acpi_table_count) && (i < MAX_ACPI_TABLE); i++) {
        if (acpi_table[i].signature == ACPI_SIGNATURE('F', 'A', 'C', 'P')) {
            found = i;
        }
    }
    return found;
}

/* The 64-bit pointer when the table is long enough to have one and it is set, else the old one. */
static hpa_t pointer(const struct acpi_table *fadt, uint32_t legacy, uint32_t extended)
{
    hpa_t target = hw_phys_read(fadt->address + legacy, 4U);
    if (fadt->length >= (extended + 8U)) {
        hpa_t wide = hw_phys_read(fadt->address + extended, 8U);
        target = (wide != 0U) ? wide : target;
    }
    return target;
}

static uint64_t dsdt_length(void)
{
    uint32_t fadt = fadt_index();
    uint64_t length = 0U;
    if (fadt < MAX_ACPI_TABLE) {
        hpa_t dsdt = pointer(&acpi_table[fadt], FADT_DSDT, FADT_X_DSDT);
        length = (dsdt == 0U) ? 0U : hw_phys_read(dsdt + AT_LENGTH, 4U);
    }
    return length;
}

uint64_t acpi_relocate_size(void)
{
    uint64_t size;
    bool sane;
    name_origins();
    size = padded(dsdt_length()) + FACS_SIZE;
    sane = dsdt_length() <= TABLE_MAX;
    for (uint32_t i = 0U; (i < acpi_table_count) && (i < MAX_ACPI_TABLE); i++) {
        size += padded(acpi_table[i].length);
        sane = sane && (acpi_table[i].length >= HEADER) && (acpi_table[i].length <= TABLE_MAX);
    }
    size = (size + (PAGE_SIZE - 1U)) & PAGE_MASK;
    return sane ? size : 0U;
}

static void fix_checksum(hpa_t table, uint32_t length)
{
    uint32_t sum = 0U;
    hw_phys_write(table + AT_CHECKSUM, 1U, 0U);
    for (uint32_t i = 0U; i < length; i++) {
        sum += (uint32_t)hw_phys_read(table + i, 1U);
    }
    hw_phys_write(table + AT_CHECKSUM, 1U, (0U - sum) & 0xFFU);
}

static void set_pointer(const struct acpi_table *fadt, uint32_t legacy, uint32_t extended, hpa_t target)
{
    hw_phys_write(fadt->address + legacy, 4U, target);
    if (fadt->length >= (extended + 8U)) {
        hw_phys_write(fadt->address + extended, 8U, target);
    }
}

/* Of the copy. An S4 or S3 waking vector in the copied FACS is never looked at: no sleep states. */
static void relocate_fadt(const struct acpi_table *fadt, hpa_t where, uint64_t length)
{
    hpa_t dsdt = pointer(fadt, FADT_DSDT, FADT_X_DSDT);
    hpa_t facs = pointer(fadt, FADT_FACS, FADT_X_FACS);
    if (facs != 0U) {
        hw_phys_move(where, facs, FACS_SIZE);
        set_pointer(fadt, FADT_FACS, FADT_X_FACS, where);
    }
    if (dsdt != 0U) {
        hw_phys_move(where + FACS_SIZE, dsdt, length);
        set_pointer(fadt, FADT_DSDT, FADT_X_DSDT, where + FACS_SIZE);
    }
    fix_checksum(fadt->address, fadt->length);
}

/* REQ-LIF-005 */
void acpi_relocate(hpa_t where)
{
    hpa_t at = where;
    uint64_t length = dsdt_length();
    uint32_t fadt = fadt_index();
    for (uint32_t i = 0U; (i < acpi_table_count) && (i < MAX_ACPI_TABLE); i++) {
        hw_phys_move(at, acpi_table[i].address, acpi_table[i].length);
        acpi_table[i].address = at;
        at += padded(acpi_table[i].length);
    }
    if (fadt < MAX_ACPI_TABLE) {
        relocate_fadt(&acpi_table[fadt], at, length);
    }
}
