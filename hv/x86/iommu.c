/* SPDX-License-Identifier: Apache-2.0 */
/* There is no driver yet: no machine has a usable IOMMU. */
#include "x86/iommu.h"

#include "x86/asm.h"

#define LINE_SIZE 64U /* no CPU with long mode has smaller ones */

/* REQ-ISO-040 */
bool hw_iommu_find(void)
{
    return false;
}

uint32_t hw_iommu_format(void)
{
    return 0U;
}

bool hw_iommu_enable(hpa_t root, hpa_t entries)
{
    (void)root;
    (void)entries;
    return false;
}

bool hw_iommu_reserved(uint32_t index, uint16_t *bdf, hpa_t *base, uint64_t *size)
{
    (void)index;
    (void)bdf;
    (void)base;
    (void)size;
    return false;
}

bool hw_iommu_registers(uint32_t index, hpa_t *base, uint64_t *size)
{
    (void)index;
    (void)base;
    (void)size;
    return false;
}

bool hw_iommu_snoops(void)
{
    return false;
}

/* The image is mapped at VA = PA. Without CLFLUSH, which is older than any IOMMU, caches hold nothing back that matters here. */
void hw_iommu_write_back(hpa_t base, uint32_t size)
{
    for (uint32_t done = 0U; done < size; done += LINE_SIZE) {
        asm_clflush((uintptr_t)(base + done));
    }
}

bool hw_iommu_flush_domain(uint32_t domain)
{
    (void)domain;
    return false;
}

bool hw_iommu_flush_function(uint16_t bdf, uint32_t domain)
{
    (void)bdf;
    (void)domain;
    return false;
}

bool hw_iommu_fault_next(struct iommu_fault *fault)
{
    (void)fault;
    return false;
}

void hw_iommu_fault_event(pcpu_id_t pcpu, uint32_t vector)
{
    (void)pcpu;
    (void)vector;
}

bool hw_iommu_remaps(void)
{
    return false;
}

bool hw_iommu_irq_set(uint32_t index, const struct iommu_irq *irq)
{
    (void)index;
    (void)irq;
    return false;
}
