/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the VT-d driver: registers of a unit (VT-d 4.1, chapter 11), and what its files do for each other. Units are named by their index in dmar. */
#ifndef X86_VTD_VTD_H
#define X86_VTD_VTD_H

#include "core/iommu_hw.h"
#include "x86/vtd/dmar.h"

#define VTD_CAP      0x08U
#define VTD_ECAP     0x10U
#define VTD_GCMD     0x18U
#define VTD_GSTS     0x1CU
#define VTD_RTADDR   0x20U
#define VTD_FSTS     0x34U
#define VTD_FSTS_QUEUE 0x70U /* errors of the queue, after which the unit stands still */
#define VTD_FECTL    0x38U
#define VTD_FEDATA   0x3CU
#define VTD_FEADDR   0x40U
#define VTD_FEUADDR  0x44U
#define VTD_PMEN     0x64U
#define VTD_IQH      0x80U
#define VTD_IQT      0x88U
#define VTD_IQA      0x90U
#define VTD_IRTA     0xB8U

#define VTD_TRANSLATE  0x80000000U /* GCMD and GSTS have these bits in the same places */
#define VTD_ROOT       0x40000000U
#define VTD_QUEUE      0x04000000U
#define VTD_REMAP      0x02000000U
#define VTD_REMAP_ROOT 0x01000000U
#define VTD_COMPATIBLE 0x00800000U /* interrupt messages that name no entry pass */

#define VTD_POLLS      1000000U    /* of a register, each some 100 ns at least */

/* vtd.c */
uint32_t vtd_read(uint32_t unit, uint32_t offset);
uint64_t vtd_read64(uint32_t unit, uint32_t offset);
void vtd_write(uint32_t unit, uint32_t offset, uint32_t value);
void vtd_write64(uint32_t unit, uint32_t offset, uint64_t value);
/* Until the register's masked bits are as wanted. False: they are not, after VTD_POLLS. */
bool vtd_wait(uint32_t unit, uint32_t offset, uint32_t mask, uint32_t wanted);

/* vtd_queue.c: invalidation, by the queue of each unit. False: the unit does not answer. */
void vtd_queue_start(uint32_t unit);
bool vtd_forget_all(uint32_t unit);     /* context, IOTLB and interrupt entry caches, whole */
bool vtd_flush_domain(uint32_t domain); /* on all units, as the next */
bool vtd_flush_function(uint16_t bdf, uint32_t domain);
bool vtd_flush_irqs(uint32_t bdf);

/* vtd_fault.c */
void vtd_fault_start(uint32_t unit);
uint32_t vtd_records_end(uint32_t unit); /* of the registers */
bool vtd_fault_next(struct iommu_fault *fault);
void vtd_fault_event(pcpu_id_t pcpu, uint32_t vector);

#endif
