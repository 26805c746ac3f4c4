/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of 128 bits (AMD IOMMU 3.08, 2.2.5.2): fixed, with a physical destination. A unit that reads one while it changes may see the new vector with the old core. */
#include "core/iommu_irte.h"

#include "core/boot_info.h"
#include "core/iommu.h"
#include "core/iommu_irte_spec.h" /* the words of the contracts */
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
hpa_t iommu_irte_base;

void iommu_irte_init(hpa_t base)
{
    iommu_irte_base = base;
    /*@ loop invariant 0 <= i <= IOMMU_REMAP_ENTRIES;
        loop invariant \forall integer k; 0 <= k < i ==> iommu_irte[k][0] == 0;
        loop assigns i, IRTE_ALL;
        loop variant IOMMU_REMAP_ENTRIES - i; */
    for (uint32_t i = 0U; i < IOMMU_REMAP_ENTRIES; i++) {
        iommu_irte[i][0] = 0U;
        iommu_irte[i][1] = 0U;
    }
    /*@ loop invariant 0 <= bdf <= IOMMU_BUSES * 256;
        loop invariant tables: iommu_wf;
        loop invariant views: iommu_remaps && amdvi_unit ==>
          \forall integer bus, f; 0 <= bus < IOMMU_BUSES && 0 <= f < 256 && 256 * bus + f < bdf ==> irte_view_ok(256 * bus + f, iommu_irqs(bus, f));
        loop assigns bdf, IOMMU_ENTRIES;
        loop variant IOMMU_BUSES * 256 - bdf; */
    for (uint32_t bdf = 0U; bdf < (IOMMU_BUSES * 256U); bdf++) {
        iommu_irq_view(IOMMU_NOBODY, (uint16_t)bdf);
    }
}

/* Of a core's id, what stands in the low word of its entries, and what in the high one. */
/*@ requires pcpu < MAX_PCPU;
    assigns \nothing;
    exits \false;
    ensures \result == 1 + 256 * (platform.apic_id[pcpu] % 0x1000000); */
static uint64_t target_low(pcpu_id_t pcpu)
{
    return IRTE_ON + (IRTE_TARGET * ((uint64_t)platform.apic_id[pcpu] % IRTE_IDS));
}

/*@ requires pcpu < MAX_PCPU && vector < 256;
    assigns \nothing;
    exits \false;
    ensures \result == vector + 0x100000000000000 * (platform.apic_id[pcpu] / 0x1000000); */
static uint64_t target_high(pcpu_id_t pcpu, uint32_t vector)
{
    return (uint64_t)vector + (IRTE_TARGET_REST * ((uint64_t)platform.apic_id[pcpu] / IRTE_IDS));
}

/* REQ-ISO-041 REQ-ISO-101 */
bool iommu_irte_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector)
{
    bool changed = false;
    if (index < IOMMU_REMAP_ENTRIES) {
        uint64_t low = 0U;
        uint64_t high = 0U;
        if (iommu_remap_may(index, bdf, pcpu, vector)) {
            low = target_low(pcpu);
            high = target_high(pcpu, vector);
            /*@ assert names: irte_names(low, high, pcpu, vector) && remap_may(index, bdf, pcpu, vector); */
        }
        /*@ assert words: irte_words_ok(index, low, high); */
        changed = (iommu_irte[index][0] != low) || (iommu_irte[index][1] != high);
        iommu_irte[index][1] = high;
        iommu_irte[index][0] = low;
        /*@ assert entry: irte_entry_ok(index); */
        /*@ assert others: \forall integer i; 0 <= i < IOMMU_REMAP_ENTRIES && i != index ==> irte_entry_ok(i); */
    }
    return changed;
}

/*@ assigns \nothing;
    exits \false; */
static bool of_shared_cores(vm_id_t vm)
{
    return (vm < MAX_VM) && ((vm >= partition.table.vm_count) || ((partition.table.vm[vm % PART_MAX_VM].flags & PART_VM_EXCLUSIVE) == 0U));
}

/* REQ-ISO-041 */
uint64_t iommu_irte_view(vm_id_t vm, uint16_t bdf)
{
    const uint32_t first = iommu_remap_first(vm, bdf);
    uint64_t view = VIEW_VALID;
    if ((bdf == platform.ioapic_bdf) || of_shared_cores(vm)) {
        view += iommu_irte_base + VIEW_REMAPS + VIEW_TWO;
        /*@ assert shared: irte_view_names(view, 0, 2) && irte_blocks_ok(bdf, 0, 2); */
    } else if (first != 0U) {
        const bool two = partition.table.vm[vm % PART_MAX_VM].vcpu_count > 1U;
        view += iommu_irte_base + (IRTE_SIZE * (uint64_t)first) + VIEW_REMAPS + (two ? VIEW_TWO : VIEW_ONE);
        /*@ assert blocks: irte_blocks_ok(bdf, first / IOMMU_REMAP_BLOCK, two ? 2 : 1); */
        /*@ assert own: irte_view_names(view, first / IOMMU_REMAP_BLOCK, two ? 2 : 1); */
    } else {
        /* none */
    }
    return view;
}

/* REQ-ISO-041 REQ-ISO-101 */
void iommu_irq_view(vm_id_t vm, uint16_t bdf)
{
    if (iommu_remaps && (iommu_format == IOMMU_FORMAT_AMDVI)) {
        iommu_table_irqs(bdf, iommu_irte_view(vm, bdf));
    }
}

/*@ assigns \nothing;
    exits \false; */
bool iommu_irte_in_view(uint32_t offset)
{
    return (iommu_format != IOMMU_FORMAT_AMDVI) || (offset < VIEW_SIZE);
}
