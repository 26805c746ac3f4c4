/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What core/iommu.c needs of the machine's IOMMUs, all of them together. hv/x86 provides it (VT-d, AMD-Vi), hv/fake on the host. Nothing here
 * decides. Under the shared-side lock, or at boot: no exclusive core calls it, so none waits for a unit. Every wait is bounded.
 */
#ifndef CORE_IOMMU_HW_H
#define CORE_IOMMU_HW_H

#include "core/limits.h"
#include "core/types.h"

struct iommu_fault {
    uint16_t bdf;
    bool write;
    bool interrupt;    /* it was an interrupt message; address: the index of the entry it asked for */
    uint32_t reason;   /* as the unit numbers them */
    uint64_t address;
};

/* Boot, after the ACPI tables were read: every unit of the machine has what is needed. What is missing is named in the log. */
bool hw_iommu_find(void);
uint32_t hw_iommu_format(void);   /* IOMMU_FORMAT_* */
/* Units translate by the tables at root (VT-d) or entries (AMD-Vi) from here on, and turn interrupt messages into interrupts by those at remap
 * where hw_iommu_remaps(). False: one does not answer. */
bool hw_iommu_enable(hpa_t root, hpa_t entries, hpa_t remap);
/* Memory that only the firmware's reserved regions (RMRR, IVMD) make a function need: index 0.. until false. */
bool hw_iommu_reserved(uint32_t index, uint16_t *bdf, hpa_t *base, uint64_t *size);
bool hw_iommu_covers(uint16_t bdf); /* a unit stands before the function; else its DMA goes past all tables */
/* Registers of the units, which no VM may reach: index 0.. until false. */
bool hw_iommu_registers(uint32_t index, hpa_t *base, uint64_t *size);

/* Units look into caches: what a core has written needs no write-back. */
bool hw_iommu_snoops(void);
/* Of the hypervisor's tables: out to memory, where units do not look into caches; in order with what the core writes before and after. */
/*@ assigns \nothing;
    exits \false; */
void hw_iommu_write_back(hpa_t base, uint32_t size);
/* No unit uses what it has cached of the domain, or of the function's table entry, which named this domain (0: none) until now, after
 * this returns. False: a unit does not answer. */
bool hw_iommu_flush_domain(uint32_t domain);
bool hw_iommu_flush_function(uint16_t bdf, uint32_t domain);

/* Takes the oldest fault that a unit has recorded. False: none. */
bool hw_iommu_fault_next(struct iommu_fault *fault);
/* Faults raise this vector on that core; vector 0: they wait to be asked for. */
void hw_iommu_fault_event(pcpu_id_t pcpu, uint32_t vector);

/* From hw_iommu_enable() on interrupt messages and pins name entries of core/iommu_remap.h; hw_ioapic_route() then has a pin's vector as its index.
 * hw_iommu_find() has set platform.ioapic_bdf. */
bool hw_iommu_remaps(void);
bool hw_iommu_wide_ids(void); /* ids of local APICs in entries have 32 bits */
/* No unit uses what it has cached of the function's entries of that table after this returns; ID_NONE: of all. False: a unit does not answer. */
bool hw_iommu_flush_irqs(uint32_t bdf);

#endif
