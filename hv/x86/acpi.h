/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI at boot: finds the tables and fills platform (core/boot_info.h) and acpi_table
 * (core/acpi_filter.h). What is missing or broken is named in the log. */
#ifndef X86_ACPI_H
#define X86_ACPI_H

#include "core/acpi_filter.h"

/* Also switches the machine to ACPI mode when the firmware left it in legacy mode
 * (ACPI 6.4, 4.8.2.5), so that no guest needs the SMI command port. */
enum status acpi_init(void);
/* Where no IOMMU has APIC ids of 32 bits: no interrupt reaches a core with a larger id than 254, so none of these is used. */
void acpi_keep_near_cores(void);

/* Afterwards: a table by its signature, with a good length and checksum, or NULL; and a number of 1 to 8 bytes in it, at any address. */
const struct acpi_table *acpi_find(uint32_t signature);
uint64_t acpi_field(hpa_t pa, uint32_t size);

#endif
