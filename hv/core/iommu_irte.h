/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of iommu_remap.h as AMD's units read it (AMD IOMMU 3.08, 2.2.5), with the same indices. No entry says who may use it: a message chooses by its
 * data among the entries of its function's view, which the function's entry of the device table names (iommu_table_irqs()).
 */
#ifndef CORE_IOMMU_IRTE_H
#define CORE_IOMMU_IRTE_H

#include "core/iommu_remap.h"

extern uint64_t iommu_irte[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS];

extern hpa_t iommu_irte_base; /* host-physical address of iommu_irte */

/* Boot, after iommu_remap_init() and iommu_table_init(): all entries are blocked, and no function has a view. base: where the table is, 4 KiB aligned.
 * Contracts: iommu_irte_spec.h. */
void iommu_irte_init(hpa_t base);
/* The one writer of an entry, as iommu_remap_set() is of that table's. */
bool iommu_irte_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector);
/* The view of a function of this VM: the entries of shared cores; those of the first two vCPUs of its exclusive VM; none. The IOAPIC has that of shared
 * cores, whoever has its function. */
uint64_t iommu_irte_view(vm_id_t vm, uint16_t bdf);
/* An entry at this distance from the first one of an exclusive VM's function is in its view; with units of another kind each is. */
bool iommu_irte_in_view(uint32_t offset);

#endif
