/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Service VM's ACPI: a new RSDP, XSDT and MADT; the other tables are
 * listed where the firmware put them, unless they are about something that the
 * hypervisor keeps. Formats: ACPI 6.4, 5.2.5.3, 5.2.8 and 5.2.12.
 */
#include "core/acpi_filter.h"

#include <stddef.h>

#include "core/hw.h"
#include "core/limits.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"

#define RSDP_SIZE     36U
#define RSDP_SIZE_V1  20U
#define XSDT_OFFSET   64U
#define HEADER_SIZE   36U
#define MADT_ENTRIES  44U
#define OUTPUT_SIZE   2048U

#define MADT_LAPIC    0U
#define MADT_IOAPIC   1U
#define MADT_OVERRIDE 2U
#define MADT_LAPIC_NMI 4U
#define MADT_PCAT_COMPAT 1U
#define MADT_OVERRIDES_MAX 16U

static const uint32_t hidden_table[] = {
    ACPI_SIGNATURE('A', 'P', 'I', 'C'), /* replaced */
    ACPI_SIGNATURE('H', 'P', 'E', 'T'),
    ACPI_SIGNATURE('D', 'M', 'A', 'R'), ACPI_SIGNATURE('I', 'V', 'R', 'S'),
    ACPI_SIGNATURE('S', 'R', 'A', 'T'), ACPI_SIGNATURE('S', 'L', 'I', 'T'), /* name physical APIC ids */
    ACPI_SIGNATURE('H', 'M', 'A', 'T'), ACPI_SIGNATURE('P', 'P', 'T', 'T'),
    ACPI_SIGNATURE('H', 'E', 'S', 'T'), ACPI_SIGNATURE('E', 'R', 'S', 'T'), /* error registers of the machine */
    ACPI_SIGNATURE('E', 'I', 'N', 'J'), ACPI_SIGNATURE('B', 'E', 'R', 'T'),
    ACPI_SIGNATURE('W', 'D', 'A', 'T'), ACPI_SIGNATURE('W', 'D', 'R', 'T'), /* would reset the machine */
    ACPI_SIGNATURE('W', 'A', 'E', 'T'),
};
#define HIDDEN_COUNT (sizeof(hidden_table) / sizeof(hidden_table[0]))

/* The block under construction. Boot only. */
static uint8_t output[OUTPUT_SIZE];

static void output_put(uint32_t at, uint64_t value, uint32_t size)
{
    for (uint32_t i = 0U; (i < size) && ((at + i) < OUTPUT_SIZE); i++) {
        output[at + i] = (uint8_t)(value >> (8U * i));
    }
}

static void output_put_text(uint32_t at, const char *text, uint32_t size)
{
    for (uint32_t i = 0U; i < size; i++) {
        output_put(at + i, (uint8_t)text[i], 1U);
    }
}

static void put_checksum(uint32_t start, uint32_t size, uint32_t at)
{
    uint32_t sum = 0U;

    output_put(at, 0U, 1U);
    for (uint32_t i = 0U; i < size; i++) {
        sum += output[(start + i) % OUTPUT_SIZE];
    }
    output_put(at, 0x100U - (sum & 0xFFU), 1U);
}

static void put_header(uint32_t at, const char *signature, uint32_t length, uint32_t revision)
{
    output_put_text(at, signature, 4U);
    output_put(at + 4U, length, 4U);
    output_put(at + 8U, revision, 1U);
    output_put_text(at + 10U, "BLKHD ", 6U);
    output_put_text(at + 16U, "BULKHEAD", 8U);
    output_put(at + 24U, 1U, 4U);
    output_put_text(at + 28U, "BLKH", 4U);
    output_put(at + 32U, 1U, 4U);
}

/* REQ-CFG-019 */
static bool table_shown(uint32_t signature)
{
    bool shown = true;

    for (uint32_t i = 0U; i < HIDDEN_COUNT; i++) {
        shown = shown && (signature != hidden_table[i]);
    }
    return shown;
}

static uint32_t shown_count(void)
{
    uint32_t count = 0U;

    for (uint32_t i = 0U; (i < acpi_table_count) && (i < MAX_ACPI_TABLE); i++) {
        count += table_shown(acpi_table[i].signature) ? 1U : 0U;
    }
    return count;
}

/* Copies the interrupt source overrides of the machine's MADT to output[at..]; bytes written. */
static uint32_t overrides_copy(const struct acpi_table *madt, uint32_t at)
{
    uint32_t source = MADT_ENTRIES;
    uint32_t written = 0U;

    while ((source + 2U) <= madt->length) {
        uint8_t entry[10] = { 0 };
        uint32_t size;

        hw_phys_copy_in(entry, madt->address + source, 2U);
        size = entry[1];
        if ((size < 2U) || (size > (madt->length - source))) {
            source = madt->length;
        } else {
            if ((entry[0] == MADT_OVERRIDE) && (size == sizeof(entry)) &&
                (written < (MADT_OVERRIDES_MAX * (uint32_t)sizeof(entry)))) {
                hw_phys_copy_in(entry, madt->address + source, (uint32_t)sizeof(entry));
                for (uint32_t i = 0U; i < sizeof(entry); i++) {
                    output_put(at + written + i, entry[i], 1U);
                }
                written += (uint32_t)sizeof(entry);
            }
            source += size;
        }
    }
    return written;
}

/* APIC id of a vCPU is its index (devices/vlapic.h); one IOAPIC that covers all interrupts. */
static uint32_t madt_put(uint32_t at, uint32_t vcpu_count, const struct acpi_table *madt)
{
    uint32_t end = at + MADT_ENTRIES;

    output_put(at + 36U, VLAPIC_BASE, 4U);
    output_put(at + 40U, MADT_PCAT_COMPAT, 4U);
    for (uint32_t i = 0U; i < vcpu_count; i++) {
        output_put(end, MADT_LAPIC, 1U);
        output_put(end + 1U, 8U, 1U);
        output_put(end + 2U, i, 1U);
        output_put(end + 3U, i, 1U);
        output_put(end + 4U, 1U, 4U);
        end += 8U;
    }
    output_put(end, MADT_IOAPIC, 1U);
    output_put(end + 1U, 12U, 1U);
    output_put(end + 2U, 0U, 1U);
    output_put(end + 4U, VIOAPIC_BASE, 4U);
    output_put(end + 8U, 0U, 4U);
    end += 12U;
    end += overrides_copy(madt, end);
    output_put(end, MADT_LAPIC_NMI, 1U);
    output_put(end + 1U, 6U, 1U);
    output_put(end + 2U, 0xFFU, 1U); /* all processors */
    output_put(end + 5U, 1U, 1U);    /* LINT1 */
    end += 6U;
    put_header(at, "APIC", end - at, 3U);
    put_checksum(at, end - at, at + 9U);
    return end;
}

static void xsdt_put(uint32_t at, uint32_t length, gpa_t madt)
{
    uint32_t entry = at + HEADER_SIZE;

    for (uint32_t i = 0U; (i < acpi_table_count) && (i < MAX_ACPI_TABLE); i++) {
        if (table_shown(acpi_table[i].signature)) {
            output_put(entry, acpi_table[i].address, 8U);
            entry += 8U;
        }
    }
    output_put(entry, madt, 8U);
    put_header(at, "XSDT", length, 1U);
    put_checksum(at, length, at + 9U);
}

/* The RSDT address stays 0: revision 2 readers use the XSDT. */
static void rsdp_put(gpa_t xsdt)
{
    output_put_text(0U, "RSD PTR ", 8U);
    output_put_text(9U, "BLKHD ", 6U);
    output_put(15U, 2U, 1U);
    output_put(20U, RSDP_SIZE, 4U);
    output_put(24U, xsdt, 8U);
    put_checksum(0U, RSDP_SIZE_V1, 8U);
    put_checksum(0U, RSDP_SIZE, 32U);
}

static const struct acpi_table *madt_find(void)
{
    const struct acpi_table *found = NULL;

    for (uint32_t i = 0U; (i < acpi_table_count) && (i < MAX_ACPI_TABLE) && (found == NULL); i++) {
        if (acpi_table[i].signature == ACPI_SIGNATURE('A', 'P', 'I', 'C')) {
            found = &acpi_table[i];
        }
    }
    return found;
}

/* REQ-CFG-019 */
enum status acpi_filter_build(uint32_t vcpu_count, gpa_t where, uint64_t size, gpa_t *rsdp)
{
    enum status result;
    const struct acpi_table *madt = madt_find();
    uint32_t xsdt_length = HEADER_SIZE + (8U * (shown_count() + 1U));
    uint32_t madt_offset = (XSDT_OFFSET + xsdt_length + 15U) & ~15U;
    uint32_t most = madt_offset + MADT_ENTRIES + (8U * MAX_VCPU_PER_VM) + 12U + (10U * MADT_OVERRIDES_MAX) + 6U;

    *rsdp = 0U;
    if ((vcpu_count == 0U) || (vcpu_count > MAX_VCPU_PER_VM) || ((where % PAGE_SIZE) != 0U)) {
        result = STATUS_INVALID;
    } else if (madt == NULL) {
        result = STATUS_NOT_FOUND;
    } else if ((most > OUTPUT_SIZE) || (size < OUTPUT_SIZE)) {
        result = STATUS_NO_MEMORY;
    } else {
        for (uint32_t i = 0U; i < OUTPUT_SIZE; i++) {
            output[i] = 0U;
        }
        xsdt_put(XSDT_OFFSET, xsdt_length, where + madt_offset);
        (void)madt_put(madt_offset, vcpu_count, madt);
        rsdp_put(where + XSDT_OFFSET);
        hw_phys_copy_out(where, output, OUTPUT_SIZE);
        *rsdp = where;
        result = STATUS_OK;
    }
    return result;
}
