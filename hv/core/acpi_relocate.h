/* SPDX-License-Identifier: Apache-2.0 */
/* Copies the machine's ACPI tables into the Service VM's memory: firmware keeps them in memory
 * that nobody may map, and what the guest reads must not be what the hypervisor relies on. */
#ifndef CORE_ACPI_RELOCATE_H
#define CORE_ACPI_RELOCATE_H

#include "core/types.h"

/* Bytes that acpi_relocate() needs, which comes right after; 0: a table is longer than any real one. */
uint64_t acpi_relocate_size(void);
/* Copies all tables, DSDT and FACS to where (identity mapped, page aligned), fixes the pointers
 * in the copies, and lets acpi_table[] name the copies. */
void acpi_relocate(hpa_t where);

#endif
