/* SPDX-License-Identifier: Apache-2.0 */
/* iommu_table_set() is the only writer of entries. A function's entry is cleared before it gets another owner (core/iommu.c), so in whatever
 * order a unit sees the two words change, it finds an entry of nobody or of the new owner: a second word of zeros is refused by the hardware. */
#include "core/iommu_table.h"

#include "core/stage2.h"

#define FUNCTIONS_OF_BUS 256U
#define VTD_PRESENT      1U
#define VTD_WORDS        2U
#define VTD_WIDTH_48     2U     /* four levels; translation type 0: requests without an address-space id */
#define VTD_DOMAIN       0x100U /* bits 8 to 23 of the second word */

__attribute__((aligned(4096))) uint64_t iommu_root[IOMMU_ROOT_WORDS];
__attribute__((aligned(4096))) uint64_t iommu_entry[IOMMU_BUSES][IOMMU_BUS_WORDS];
uint32_t iommu_format; /* IOMMU_FORMAT_VTD until boot says otherwise */

void iommu_table_init(hpa_t entries)
{
    for (uint32_t bus = 0U; bus < IOMMU_BUSES; bus++) {
        for (uint32_t i = 0U; i < IOMMU_BUS_WORDS; i++) {
            iommu_entry[bus][i] = 0U;
        }
    }
    for (uint32_t i = 0U; i < IOMMU_ROOT_WORDS; i++) {
        iommu_root[i] = 0U;
    }
    for (uint32_t bus = 0U; bus < IOMMU_BUSES; bus++) {
        iommu_root[VTD_WORDS * bus] = entries + ((uint64_t)bus * IOMMU_BUS_WORDS * 8U) + VTD_PRESENT;
    }
}

/* REQ-ISO-040 */
bool iommu_table_set(uint16_t bdf, vm_id_t vm)
{
    const uint32_t bus = bdf / FUNCTIONS_OF_BUS;
    const uint32_t at = VTD_WORDS * (bdf % FUNCTIONS_OF_BUS);
    const bool valid = (bus < IOMMU_BUSES) && (vm <= IOMMU_NOBODY);
    if (valid && (vm == IOMMU_NOBODY)) {
        iommu_entry[bus][at] = 0U;
        iommu_entry[bus][at + 1U] = 0U;
    } else if (valid) {
        iommu_entry[bus][at + 1U] = VTD_WIDTH_48 + ((uint64_t)VTD_DOMAIN * (vm + 1U));
        iommu_entry[bus][at] = stage2_root(vm) + VTD_PRESENT;
    } else {
        /* nothing is written */
    }
    return valid;
}

vm_id_t iommu_table_owner(uint16_t bdf)
{
    const uint32_t bus = bdf / FUNCTIONS_OF_BUS;
    const uint32_t at = VTD_WORDS * (bdf % FUNCTIONS_OF_BUS);
    vm_id_t owner = IOMMU_NOBODY;
    if ((bus < IOMMU_BUSES) && ((iommu_entry[bus][at] % 2U) == VTD_PRESENT)) {
        owner = (vm_id_t)(((iommu_entry[bus][at + 1U] / VTD_DOMAIN) - 1U) % MAX_VM);
    }
    return owner;
}
