/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries of interrupt remapping, and that the units look at them again. Shared side, or boot. Who waits for the units is core_next(): a unit that uses
 * an entry a moment longer raises what the source raised before, on the core where it was: core/irq.c keeps
 * that vector for it as long as the core has others.
 */
#include "core/boot_info.h"
#include "core/iommu.h"
#include "core/iommu_hw.h"
#include "core/iommu_irte.h"
#include "core/log.h"
#include "core/partition.h"

#define ENTRY_SIZE 16U

/* 5.1.2.2: the format bit is 4, the index' bits 0 to 14 are bits 5 to 19 of the address. */
#define MESSAGE_BASE  0xFEE00000U
#define MESSAGE_REMAP 0x10U
#define MESSAGE_INDEX 32U

bool iommu_remaps;
uint32_t iommu_irq_settles = 1U;
static bool forget_due;         /* units may still use what an entry said before */
static uint32_t forget_function; /* ID_NONE: several */
static hpa_t remap_base;

void iommu_irq_begin(hpa_t remap)
{
    iommu_remaps = hw_iommu_remaps();
    forget_due = false;
    remap_base = remap;
    iommu_remap_init(hw_iommu_wide_ids());
    if (iommu_format == IOMMU_FORMAT_AMDVI) {
        iommu_irte_init(remap);
    }
    hw_iommu_write_back(remap, sizeof(iommu_remap));
}

static bool entry_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level)
{
    return (iommu_format == IOMMU_FORMAT_AMDVI) ? iommu_irte_set(index, bdf, pcpu, vector) : iommu_remap_set(index, bdf, pcpu, vector, level);
}

/* REQ-ISO-041 */
void iommu_irq_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level)
{
    if (iommu_remaps && entry_set(index, bdf, pcpu, vector, level)) {
        forget_function = (forget_due && (forget_function != bdf)) ? ID_NONE : bdf;
        forget_due = true;
        hw_iommu_write_back(remap_base + ((hpa_t)index * ENTRY_SIZE), ENTRY_SIZE);
    }
}

/* REQ-ISO-041 */
void iommu_irq_settle(void)
{
    if (forget_due) {
        forget_due = false;
        iommu_irq_settles++;
        if (!hw_iommu_flush_irqs(forget_function)) {
            iommu_lost();
        }
    }
}

uint64_t iommu_remap_address(uint32_t index)
{
    return (uint64_t)MESSAGE_BASE + ((iommu_format == IOMMU_FORMAT_VTD) ? (MESSAGE_REMAP + ((uint64_t)MESSAGE_INDEX * index)) : 0U);
}

/* VT-d looks at the address only, AMD-Vi at the data. */
uint32_t iommu_remap_data(uint32_t offset)
{
    return (iommu_format == IOMMU_FORMAT_VTD) ? 0U : offset;
}

void iommu_say(uint16_t bdf, const char *text)
{
    log_begin("iommu");
    log_text("PCI function ");
    log_hex(bdf);
    log_text(text);
    log_end();
}

/* REQ-ISO-041 */
void iommu_irq_open(vm_id_t vm, uint16_t bdf)
{
    const uint32_t first = iommu_remap_first(vm, bdf);
    if (iommu_remaps && (first == 0U)) {
        iommu_say(bdf, ": more functions and vCPUs of exclusive VMs than the table of interrupts has blocks; it sends none");
    } else if (iommu_remaps) {
        for (uint32_t i = 0U; (i < partition.table.vm[vm].vcpu_count) && (i < PART_MAX_VCPU); i++) {
            for (uint32_t vector = IOMMU_VECTOR_FIRST; vector < IOMMU_REMAP_BLOCK; vector++) {
                iommu_irq_set(first + (i * IOMMU_REMAP_BLOCK) + vector, bdf, partition.table.vm[vm].pcpu[i], vector, false);
            }
        }
        iommu_irq_settle();
        if (!iommu_irte_in_view((partition.table.vm[vm].vcpu_count - 1U) * IOMMU_REMAP_BLOCK)) {
            iommu_say(bdf, ": AMD-Vi: its messages reach the first two vCPUs");
        }
    } else {
        /* messages say themselves where they go */
    }
}
