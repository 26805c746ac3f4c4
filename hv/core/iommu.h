/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which VM's memory the DMA of each PCI function reaches (docs/decisions/0023-iommu.md). Without a usable unit iommu_active is false and
 * nothing here does anything: iommu_give() refuses. Lock: shared side, or boot.
 */
#ifndef CORE_IOMMU_H
#define CORE_IOMMU_H

#include "core/iommu_remap.h"
#include "core/iommu_table.h"

extern bool iommu_active;

/* Boot, after stage2_init() and before any VM runs. Host-physical addresses of iommu_root, iommu_entry and iommu_remap. Units translate, and no function reaches anything.
 * STATUS_NO_DEVICE: there is no usable unit. STATUS_DENIED: a VM's memory contains registers of one. STATUS_FAULT: a unit does not answer. */
enum status iommu_init(hpa_t root, hpa_t entries, hpa_t remap);
/* From now on the function reaches what stage 2 of vm maps, and nothing else; IOMMU_NOBODY: nothing. Who may have it: the VM that the
 * partition table gives it to, and of the Service VM's functions also User VMs (STATUS_DENIED). The caller moves whole groups. The VM's stage 2 maps
 * what the firmware reserved for the function (STATUS_FAULT). STATUS_NOT_FOUND: no unit stands before it, so it must not be a master. STATUS_INVALID: no such VM, or a bus beyond IOMMU_BUSES. */
enum status iommu_give(uint16_t bdf, vm_id_t vm);
enum status iommu_would_give(uint16_t bdf, vm_id_t vm); /* the same answer, and nothing changes */
/* The VM that the partition table leaves the function to: the Service VM when no other one lists it. */
vm_id_t iommu_home(uint16_t bdf);
/* After stage 2 of the VM changed: devices see it from here on. Nothing to do for a VM without functions. */
void iommu_flush_vm(vm_id_t vm);

/* Faults: the units' event arrived (VECTOR_IOMMU), and what core_next() asks at each turn; returns when to ask again, or TIME_NEVER. */
void iommu_fault_begin(void); /* of iommu_init() */
void iommu_fault_arrived(void);
uint64_t iommu_fault_check(pcpu_id_t pcpu, uint64_t now);
uint64_t iommu_fault_count(vm_id_t vm); /* of functions of this VM since boot, or since a User VM was created; IOMMU_NOBODY: of nobody's */
void iommu_fault_forget(vm_id_t vm);

void iommu_say(uint16_t bdf, const char *text); /* a line of the log about a function */
void iommu_lost(void); /* a unit does not answer: the shared side ends */

/* Interrupts are remapped: what a device sends is the message of an entry (iommu_remap.h). Else the functions do nothing. */
extern bool iommu_remaps;
void iommu_irq_begin(hpa_t remap); /* of iommu_init() */
/* What stands in an entry, as iommu_remap_set() has it. bdf: the function that may use it, or could until now. */
void iommu_irq_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level);
void iommu_irq_view(vm_id_t vm, uint16_t bdf); /* AMD-Vi: among which entries messages of the function choose, now that it is this VM's; units are told by the caller */
void iommu_irq_settle(void);  /* no longer, after this returns */
extern uint32_t iommu_irq_settles; /* how often they have forgotten, from 1 on */
/* Boot: the function of an exclusive VM may raise each vector of a guest's own on each core of the VM, for good. */
void iommu_irq_open(vm_id_t vm, uint16_t bdf);

#endif
