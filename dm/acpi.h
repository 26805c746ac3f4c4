/* SPDX-License-Identifier: Apache-2.0 */
/* The User VM's ACPI tables (ACPI 6.3, 5.2): RSDP, XSDT, FADT, FACS, MADT, MCFG, DSDT. */
#ifndef DM_ACPI_H
#define DM_ACPI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Builds all tables into buffer, which the guest sees at base; the RSDP is at its start.
 * mmconfig: with an MCFG. Returns the bytes used, 0 if they do not fit. */
size_t acpi_build(uint8_t *buffer, size_t size, uint64_t base, unsigned vcpu_count, bool mmconfig);

extern const unsigned char acpi_dsdt[]; /* dsdt.asl, compiled */
extern const size_t acpi_dsdt_size;

#endif
