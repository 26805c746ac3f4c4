/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ACPI tables of the machine (found by x86/acpi.c), and the filtered set
 * that the Service VM sees: its own cores and virtual IOAPIC in the MADT, and
 * no table about what the hypervisor keeps: IOMMU, HPET, NUMA, error sources, watchdogs.
 */
#ifndef CORE_ACPI_FILTER_H
#define CORE_ACPI_FILTER_H

#include "core/types.h"

#define MAX_ACPI_TABLE 64U

struct acpi_table {
    hpa_t address;
    uint32_t signature; /* as read: little-endian */
    uint32_t length;    /* bytes, header included */
};
extern struct acpi_table acpi_table[MAX_ACPI_TABLE];
extern uint32_t acpi_table_count;

#define ACPI_SIGNATURE(a, b, c, d) \
    ((uint32_t)(a) | ((uint32_t)(b) << 8U) | ((uint32_t)(c) << 16U) | ((uint32_t)(d) << 24U))

/* Writes RSDP, XSDT and MADT into [where, where + size), RAM that the caller has reserved
 * for it (identity mapped, page aligned; 4 KiB is plenty). rsdp: where the RSDP is.
 * STATUS_INVALID: bad block; STATUS_NO_MEMORY: too small; STATUS_NOT_FOUND: no MADT. */
enum status acpi_filter_build(uint32_t vcpu_count, gpa_t where, uint64_t size, gpa_t *rsdp);

#endif
