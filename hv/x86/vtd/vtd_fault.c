/* SPDX-License-Identifier: Apache-2.0 */
/* Primary fault logging (VT-d 4.1, 7.2 and 11.4.8): records that the unit fills and software frees, and the event that says so. */
#include "core/boot_info.h"
#include "core/hw.h"
#include "x86/vtd/vtd.h"

#define FSTS_OVERFLOW  1U
#define FSTS_PENDING   2U
#define FECTL_MASKED   0x80000000U
#define RECORD_SIZE    16U
#define RECORD_FULL    0x80000000U /* of its last word; writing 1 frees it */
#define RECORD_READ    0x40000000U
#define REASON_IRQ     0x20U       /* from here to 0x2F: interrupt remapping (table 31) */
#define REASON_IRQ_END 0x30U

static uint32_t record_count(uint32_t unit)
{
    return ((uint32_t)(vtd_read64(unit, VTD_CAP) >> 40U) & 0xFFU) + 1U;
}

static uint32_t record_offset(uint32_t unit, uint32_t index)
{
    return (((uint32_t)(vtd_read64(unit, VTD_CAP) >> 24U) & 0x3FFU) * RECORD_SIZE) + (index * RECORD_SIZE);
}

uint32_t vtd_records_end(uint32_t unit)
{
    return record_offset(unit, record_count(unit));
}

/* Whatever was there before is nobody's. */
void vtd_fault_start(uint32_t unit)
{
    vtd_write(unit, VTD_FECTL, FECTL_MASKED);
    for (uint32_t i = 0U; i < record_count(unit); i++) {
        vtd_write(unit, record_offset(unit, i) + 12U, RECORD_FULL);
    }
    vtd_write(unit, VTD_FSTS, FSTS_OVERFLOW | VTD_FSTS_QUEUE); /* errors of an earlier system's queue would be taken for ours */
}

static void record_read(uint32_t unit, uint32_t at, struct iommu_fault *fault)
{
    const uint64_t low = vtd_read64(unit, at);
    const uint32_t last = vtd_read(unit, at + 12U);
    fault->bdf = (uint16_t)vtd_read(unit, at + 8U);
    fault->reason = last & 0xFFU;
    fault->write = (last & RECORD_READ) == 0U;
    fault->interrupt = (fault->reason >= REASON_IRQ) && (fault->reason < REASON_IRQ_END);
    fault->address = fault->interrupt ? (low >> 48U) : (low & PAGE_MASK);
    vtd_write(unit, at + 12U, RECORD_FULL);
}

/* The records are a ring, of which the status names the oldest. An overflow is over when there is room again. */
static bool unit_next(uint32_t unit, struct iommu_fault *fault)
{
    const uint32_t status = vtd_read(unit, VTD_FSTS);
    const uint32_t count = record_count(unit);
    bool found = false;
    for (uint32_t n = 0U; ((status & FSTS_PENDING) != 0U) && (n < count) && !found; n++) {
        const uint32_t at = record_offset(unit, (((status >> 8U) & 0xFFU) + n) % count);
        found = (vtd_read(unit, at + 12U) & RECORD_FULL) != 0U;
        if (found) {
            record_read(unit, at, fault);
        }
    }
    if (!found && ((status & FSTS_OVERFLOW) != 0U)) {
        vtd_write(unit, VTD_FSTS, FSTS_OVERFLOW);
    }
    return found;
}

/* REQ-ISO-052 */
bool vtd_fault_next(struct iommu_fault *fault)
{
    bool found = false;
    for (uint32_t unit = 0U; (unit < dmar.unit_count) && !found; unit++) {
        found = unit_next(unit, fault);
    }
    return found;
}

/* A unit's own messages are not remapped (5.1.1). */
void vtd_fault_event(pcpu_id_t pcpu, uint32_t vector)
{
    for (uint32_t unit = 0U; unit < dmar.unit_count; unit++) {
        if (vector == 0U) {
            vtd_write(unit, VTD_FECTL, FECTL_MASKED);
        } else {
            const uint64_t address = hw_msi_address(pcpu);
            vtd_write(unit, VTD_FEDATA, hw_msi_data(vector));
            vtd_write(unit, VTD_FEADDR, (uint32_t)address);
            vtd_write(unit, VTD_FEUADDR, platform.apic_id[pcpu % MAX_PCPU] & 0xFFFFFF00U); /* of a large id (11.4.7.5) */
            vtd_write(unit, VTD_FECTL, 0U);
        }
    }
}
