/* SPDX-License-Identifier: Apache-2.0 */
/* The IOMMU of the machine that unit tests run on, and the devices behind it. Host only. */
#ifndef FAKE_IOMMU_H
#define FAKE_IOMMU_H

#include "core/iommu_hw.h"

#define FAKE_IOMMU_REGIONS 4U

extern uint32_t fake_iommu_units;      /* their registers: a page each, one behind the other */
extern uint32_t fake_iommu_format;     /* what is said of entries; fake_iommu_dma() reads IOMMU_FORMAT_VTD only */
extern bool fake_iommu_remaps;
extern bool fake_iommu_snoops;
extern bool fake_iommu_answers;        /* false: every wait ends by its bound */
extern bool fake_iommu_on;
extern uint32_t fake_iommu_uncovered;  /* a function that no unit stands before; ID_NONE: all have one */
extern uint32_t fake_iommu_event;      /* vector; 0: off */
extern bool fake_iommu_late; /* a fault comes as the event is switched on */
extern uint32_t fake_iommu_flushes;
extern uint32_t fake_iommu_lost;       /* the flush of this number alone is not answered; 0: none */
extern hpa_t fake_iommu_written;       /* the last write-back */
extern uint32_t fake_iommu_written_size;
extern void (*fake_iommu_meanwhile)(void); /* what devices do after each write-back */
extern bool fake_iommu_wide;           /* ids of local APICs have 32 bits */
extern uint32_t fake_iommu_irq_flushes;
struct fake_iommu_region { uint16_t bdf; hpa_t base; uint64_t size; };
extern struct fake_iommu_region fake_iommu_region[FAKE_IOMMU_REGIONS];
extern uint32_t fake_iommu_regions;

struct fake_iommu_irq { uint32_t apic_id; uint32_t vector; bool level; };

void fake_iommu_reset(void);           /* one unit, snooping, answering, nothing cached; fake_reset() leaves it as it is */
/* One access of a device: false: blocked, and recorded as a fault. */
bool fake_iommu_dma(uint16_t bdf, gpa_t address, bool write, hpa_t *hpa);
/* An interrupt message of a device. False: blocked, and recorded as a fault. */
bool fake_iommu_message(uint16_t bdf, uint64_t address, uint32_t data, struct fake_iommu_irq *irq);
void fake_iommu_fault(struct iommu_fault fault);

#endif
