/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table by which an IOMMU turns interrupt messages into interrupts (docs/decisions/0023-iommu.md, "Interrupts"): a message names an entry by its
 * index, and nothing else of it counts. An entry is blocked, or names a vector, a core, and the one function that may use it. All units read it.
 *
 * Below IOMMU_REMAP_SHARED: what arrives on shared cores. The index of a pin is its vector, so that the EOI's broadcast finds it.
 * From there on, for each function of an exclusive VM and each of the VM's vCPUs: 256 entries, whose index in the block is their vector.
 */
#ifndef CORE_IOMMU_REMAP_H
#define CORE_IOMMU_REMAP_H

#include "core/limits.h"
#include "core/types.h"

#define IOMMU_REMAP_SHARED  512U
#define IOMMU_REMAP_BLOCK   256U
#define IOMMU_REMAP_BLOCKS  30U
#define IOMMU_REMAP_ENTRIES (IOMMU_REMAP_SHARED + (IOMMU_REMAP_BLOCKS * IOMMU_REMAP_BLOCK))
#define IOMMU_REMAP_WORDS   2U   /* low, high */
#define IOMMU_VECTOR_FIRST  16U  /* lower ones are an error for a local APIC */

extern uint64_t iommu_remap[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS];
extern bool iommu_remap_wide; /* the hardware takes ids of local APICs of 32 bits; else of 8 */

/* Boot: all entries are blocked. Contracts: iommu_remap_spec.h. */
void iommu_remap_init(bool wide);
/* The one writer of an entry; vector 0, and whatever may not be, blocks it. It may be: with a shared index, a vector of core/irq.c on a shared
 * core; else the vector that is the index in its block, on a core of the exclusive VM whose function and block it is. True: what stood there was something else. */
bool iommu_remap_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level);

/* The entry may be so, in either table; else it is blocked. */
bool iommu_remap_may(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector);

/* The first entry of a function of an exclusive VM, or 0: it is none, or beyond the table. Block of vCPU i: i * IOMMU_REMAP_BLOCK from there. */
uint32_t iommu_remap_first(vm_id_t vm, uint16_t bdf);

/* The message that names an entry. offset: the index, or in a block of an exclusive VM's function the distance from its first entry. */
uint64_t iommu_remap_address(uint32_t index);
uint32_t iommu_remap_data(uint32_t offset);

#endif
