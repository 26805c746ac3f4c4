/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that an IOMMU reads: for each PCI function, whose stage 2 its DMA goes through. An entry is not present, or points at the
 * root of the VM that has the function, with the VM's number + 1 as domain id. All units of the machine read the same tables.
 * VT-d: a root table, and a context table for each bus (Intel VT-d 4.1, 9.1 and 9.3). AMD-Vi: one device table (AMD IOMMU 3.08, 2.2.2).
 */
#ifndef CORE_IOMMU_TABLE_H
#define CORE_IOMMU_TABLE_H

#include "core/limits.h"
#include "core/types.h"

#define IOMMU_NOBODY     MAX_VM /* in the place of a VM: the function reaches nothing */
#define IOMMU_ROOT_WORDS 512U
#define IOMMU_BUS_WORDS  1024U  /* for 256 functions; VT-d has two words for each, AMD-Vi four */

/* How entries look to the hardware. Set at boot before iommu_table_init(), and never again. */
#define IOMMU_FORMAT_VTD   0U
#define IOMMU_FORMAT_AMDVI 1U
extern uint32_t iommu_format;

extern uint64_t iommu_root[IOMMU_ROOT_WORDS];
extern uint64_t iommu_entry[IOMMU_BUSES][IOMMU_BUS_WORDS];

extern hpa_t iommu_base; /* host-physical address of iommu_entry */

/* entries: host-physical address of iommu_entry, 4 KiB aligned. Afterwards nobody has a function. After stage2_init(). Contracts: iommu_table_spec.h. */
void iommu_table_init(hpa_t entries);
/* The one writer of an entry. vm: whose it is now, or IOMMU_NOBODY. The unit may have cached what stood there (core/iommu.c).
 * False, without effect: the function's bus has no table, there is no such VM, or stage 2 is not written as the unit reads it. */
bool iommu_table_set(uint16_t bdf, vm_id_t vm);
/* AMD-Vi: the word of the entry that says by which table the function's interrupt messages are turned into interrupts (iommu_remap.h). No other
 * format has one, nor has a function on a bus without a table. */
void iommu_table_irqs(uint16_t bdf, uint64_t word);
/* Whose it is as the hardware reads it, or IOMMU_NOBODY. */
vm_id_t iommu_table_owner(uint16_t bdf);

#endif
