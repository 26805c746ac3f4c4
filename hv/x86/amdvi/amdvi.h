/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of AMD's IOMMU (AMD IOMMU 3.08, 3.4), one accessor each way, and the parts of the driver. */
#ifndef X86_AMDVI_AMDVI_H
#define X86_AMDVI_AMDVI_H

#include "core/hw.h"
#include "core/iommu_hw.h"
#include "x86/amdvi/ivrs.h"

#define AMDVI_DEVICE_TABLE  0x00U
#define AMDVI_COMMAND_BASE  0x08U
#define AMDVI_EVENT_BASE    0x10U
#define AMDVI_CONTROL       0x18U
#define AMDVI_EXCLUSION     0x20U   /* base, then limit: addresses that are not translated; none */
#define AMDVI_EXCLUSION_END 0x28U
#define AMDVI_FEATURES      0x30U
#define AMDVI_COMMAND_HEAD  0x2000U
#define AMDVI_COMMAND_TAIL  0x2008U
#define AMDVI_EVENT_HEAD    0x2010U
#define AMDVI_EVENT_TAIL    0x2018U
#define AMDVI_STATUS        0x2020U

#define AMDVI_ON            0x1U    /* control */
#define AMDVI_EVENTS        0x4U
#define AMDVI_EVENT_MESSAGE 0x8U
#define AMDVI_COHERENT      0x400U
#define AMDVI_COMMANDS      0x1000U
#define AMDVI_WIDE_ENTRIES  0x20000U    /* of interrupt remapping: 128 bits; without bits 25 to 27: not those of guests */
#define AMDVI_WIDE_IDS      0x4000000000000U
#define AMDVI_WIDE_MESSAGE  0x8000000000000U /* the unit's own message is in AMDVI_MESSAGE (IntCapXTEn) */
#define AMDVI_MESSAGE       0x170U
#define AMDVI_OVERFLOWN     0x1U    /* status */
#define AMDVI_EVENT_CAME    0x2U
#define AMDVI_RUNNING       0x18U   /* commands or events */

#define AMDVI_POLLS         1000000U /* of a register or a word in memory, before a unit counts as dead */
#define AMDVI_RING_WORDS    512U     /* 256 commands or events of two words: the least */
#define AMDVI_RING          (8ULL << 56U) /* says so */

static inline uint64_t amdvi_read(uint32_t unit, uint32_t offset)
{
    return hw_mmio_read(ivrs.unit[unit].registers + offset, 8U);
}

static inline void amdvi_write(uint32_t unit, uint32_t offset, uint64_t value)
{
    hw_mmio_write(ivrs.unit[unit].registers + offset, 8U, value);
}

void amdvi_queue_start(uint32_t unit);
/* Each returns when the unit has forgotten what it cached; false: it does not answer. */
bool amdvi_queue_all(uint32_t unit);
bool amdvi_queue_domain(uint32_t unit, uint32_t domain);
bool amdvi_queue_function(uint32_t unit, uint16_t bdf, uint32_t domain);
bool amdvi_queue_irqs(uint32_t unit, uint16_t bdf);

void amdvi_event_start(uint32_t unit);
bool amdvi_event_next(struct iommu_fault *fault);
void amdvi_event_message(pcpu_id_t pcpu, uint32_t vector);

#endif
