/* SPDX-License-Identifier: Apache-2.0 */
/* The tables that x86/acpi.c would have found. */
#include "core/acpi_filter.h"

struct acpi_table acpi_table[MAX_ACPI_TABLE];
uint32_t acpi_table_count;
