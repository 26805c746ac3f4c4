/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/acpi_filter.c core/acpi_relocate.c */
/* eva-without: state */
/* Any ACPI tables of the machine: the copies, and the filtered set of the Service VM. */
#include "core/acpi_filter.h"
#include "core/acpi_relocate.h"
#include "proofs/eva/eva.h"

int main(void)
{
    gpa_t rsdp = 0U;
    (void)acpi_relocate_size();
    acpi_relocate(any);
    (void)acpi_filter_build((uint32_t)any, any, any, &rsdp);
    return 0;
}
