/* SPDX-License-Identifier: Apache-2.0 */
/* Which kind of IOMMU the machine has: no machine has both. */
#include "x86/iommu.h"

#include <stddef.h>

#include "core/iommu_table.h"
#include "core/stage2.h"
#include "x86/asm.h"
#include "x86/vendor.h"

#define LINE_SIZE 64U /* no CPU with long mode has smaller ones */

const struct iommu_ops *iommu_driver; /* NULL: none is usable; on the sealed pages (link.ld) */

/* REQ-ISO-040 */
bool hw_iommu_find(void)
{
    iommu_driver = &vtd_iommu;
    if (!iommu_driver->find()) {
        iommu_driver = &amdvi_iommu;
        if ((vendor->entry_format != S2_FORMAT_NPT) || !iommu_driver->find()) {
            iommu_driver = NULL; /* AMD's beside another CPU cannot read its tables */
        }
    }
    return iommu_driver != NULL;
}

/* REQ-ISO-050 */
uint32_t iommu_entry_format(uint32_t of_cpu)
{
    const bool both = (iommu_driver != NULL) && (iommu_driver->format == IOMMU_FORMAT_AMDVI);
    return both ? S2_FORMAT_NPT_AMDVI : of_cpu;
}

uint32_t hw_iommu_format(void)
{
    return iommu_driver->format;
}

bool hw_iommu_enable(hpa_t root, hpa_t entries, hpa_t remap)
{
    return iommu_driver->enable(root, entries, remap);
}

bool hw_iommu_reserved(uint32_t index, uint16_t *bdf, hpa_t *base, uint64_t *size)
{
    return iommu_driver->reserved(index, bdf, base, size);
}

bool hw_iommu_covers(uint16_t bdf)
{
    return iommu_driver->covers(bdf);
}

bool hw_iommu_registers(uint32_t index, hpa_t *base, uint64_t *size)
{
    return (iommu_driver != NULL) && iommu_driver->registers(index, base, size);
}

bool hw_iommu_snoops(void)
{
    return iommu_driver->snoops();
}

/* The image is mapped at VA = PA. Without CLFLUSH, which is older than any IOMMU, caches hold nothing back that matters here. It is ordered with writes (Intel SDM 2A). */
void hw_iommu_write_back(hpa_t base, uint32_t size)
{
    if ((iommu_driver != NULL) && !iommu_driver->snoops()) {
        for (uint32_t done = 0U; done < size; done += LINE_SIZE) {
            asm_clflush((uintptr_t)(base + done));
        }
    }
}

bool hw_iommu_flush_domain(uint32_t domain)
{
    return iommu_driver->flush_domain(domain);
}

bool hw_iommu_flush_function(uint16_t bdf, uint32_t domain)
{
    return iommu_driver->flush_function(bdf, domain);
}

bool hw_iommu_fault_next(struct iommu_fault *fault)
{
    return iommu_driver->fault_next(fault);
}

void hw_iommu_fault_event(pcpu_id_t pcpu, uint32_t vector)
{
    iommu_driver->fault_event(pcpu, vector);
}

bool hw_iommu_remaps(void)
{
    return (iommu_driver != NULL) && iommu_driver->remaps();
}

bool hw_iommu_wide_ids(void)
{
    return iommu_driver->wide_ids();
}

bool hw_iommu_flush_irqs(uint32_t bdf)
{
    return iommu_driver->flush_irqs(bdf);
}
