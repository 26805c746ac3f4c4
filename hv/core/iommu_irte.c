/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of 128 bits (AMD IOMMU 3.08, 2.2.5.2): fixed, with a physical destination. A unit that reads one while it changes may see the new vector with the old core. */
#include "core/iommu_irte.h"

#include "core/boot_info.h"
#include "core/iommu_table.h"
#include "core/partition.h"

#define IRTE_ON     1U
#define IRTE_TARGET 0x100U              /* bits 8 to 31 of the low word: what fits there of the id; the vector is in bits 0 to 7 of the high one */
#define IRTE_IDS    0x1000000U
#define IRTE_TARGET_REST 0x100000000000000U /* bits 56 to 63 of the high word */
#define IRTE_SIZE   16U
#define VIEW_VALID  1U
#define VIEW_TWO    18ULL               /* bits 1 to 4: two to that power is the number of entries: of 512, which each unit can take, and of 256 */
#define VIEW_ONE    16ULL
#define VIEW_REMAPS 0x2000000000000000U /* bits 60 and 61; 0: messages are refused. What is no fixed interrupt is in any case: bits 56 to 63 else */
#define VIEW_SIZE   512U

_Static_assert(VIEW_SIZE == IOMMU_REMAP_SHARED, "shared cores have one view");

__attribute__((aligned(4096))) uint64_t iommu_irte[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS];
static hpa_t irte_base;

void iommu_irte_init(hpa_t base)
{
    irte_base = base;
    for (uint32_t i = 0U; i < IOMMU_REMAP_ENTRIES; i++) {
        iommu_irte[i][0] = 0U;
        iommu_irte[i][1] = 0U;
    }
}

/* REQ-ISO-041 */
bool iommu_irte_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector)
{
    bool changed = false;
    if (index < IOMMU_REMAP_ENTRIES) {
        uint64_t low = 0U;
        uint64_t high = 0U;
        if (iommu_remap_may(index, bdf, pcpu, vector)) {
            const uint64_t id = platform.apic_id[pcpu];
            low = IRTE_ON + (IRTE_TARGET * (id % IRTE_IDS));
            high = (uint64_t)vector + (IRTE_TARGET_REST * (id / IRTE_IDS));
        }
        changed = (iommu_irte[index][0] != low) || (iommu_irte[index][1] != high);
        iommu_irte[index][1] = high;
        iommu_irte[index][0] = low;
    }
    return changed;
}

static bool of_shared_cores(vm_id_t vm)
{
    return (vm < MAX_VM) && ((vm >= partition.table.vm_count) || ((partition.table.vm[vm].flags & PART_VM_EXCLUSIVE) == 0U));
}

/* REQ-ISO-041 */
uint64_t iommu_irte_view(vm_id_t vm, uint16_t bdf)
{
    const uint32_t first = iommu_remap_first(vm, bdf);
    uint64_t view = VIEW_VALID;
    if ((bdf == platform.ioapic_bdf) || of_shared_cores(vm)) {
        view += irte_base + VIEW_REMAPS + VIEW_TWO;
    } else if (first != 0U) {
        view += irte_base + (IRTE_SIZE * (uint64_t)first) + VIEW_REMAPS + ((partition.table.vm[vm % PART_MAX_VM].vcpu_count > 1U) ? VIEW_TWO : VIEW_ONE);
    } else {
        /* none */
    }
    return view;
}

bool iommu_irte_in_view(uint32_t offset)
{
    return (iommu_format != IOMMU_FORMAT_AMDVI) || (offset < VIEW_SIZE);
}
