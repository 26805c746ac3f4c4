/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queued invalidation (VT-d 4.1, 6.5.2). Each request is a few descriptors and a wait descriptor, whose status word the unit writes
 * when all before it is done; the next request begins when that has happened, so the queue is never more than part full. Units read the queue
 * through the caches, whatever ECAP.C says (6.5.2.1).
 */
#include "core/hw.h"
#include "x86/address.h"
#include "x86/asm.h"
#include "x86/vtd/vtd.h"

#define QUEUE_BYTES   4096U
#define DESCRIPTORS   256U
#define DESCRIPTOR    16U

#define TYPE_CONTEXT  1U
#define TYPE_IOTLB    2U
#define TYPE_IRQ      4U
#define TYPE_WAIT     5U
#define GLOBAL        0x10U
#define OF_DOMAIN     0x20U
#define OF_FUNCTION   0x30U
#define DRAIN         0xC0U        /* reads and writes under way end first */
#define WAIT_STATUS   0x20U
#define WAIT_FENCE    0x40U

static uint64_t iommu_queue[MAX_IOMMU][QUEUE_BYTES / 8U] __attribute__((aligned(4096)));
static uint32_t queue_tail[MAX_IOMMU];
static volatile uint32_t queue_done[MAX_IOMMU]; /* written by the unit */
static uint32_t queue_asked[MAX_IOMMU];

static void put(uint32_t unit, uint64_t low, uint64_t high)
{
    const uint32_t at = queue_tail[unit] * 2U;
    iommu_queue[unit][at] = low;
    iommu_queue[unit][at + 1U] = high;
    queue_tail[unit] = (queue_tail[unit] + 1U) % DESCRIPTORS;
}

void vtd_queue_start(uint32_t unit)
{
    queue_tail[unit] = 0U;
    vtd_write64(unit, VTD_IQT, 0U);
    vtd_write64(unit, VTD_IQA, address_of(iommu_queue[unit]));
}

/* REQ-ISO-051 REQ-ISO-054 */
static bool queue_run(uint32_t unit)
{
    bool done = false;
    bool works = true;
    queue_asked[unit]++;
    put(unit, ((uint64_t)queue_asked[unit] << 32U) | TYPE_WAIT | WAIT_STATUS | WAIT_FENCE, address_of(&queue_done[unit]));
    vtd_write64(unit, VTD_IQT, (uint64_t)queue_tail[unit] * DESCRIPTOR);
    for (uint32_t n = 0U; (n < VTD_POLLS) && works && !done; n++) {
        done = queue_done[unit] == queue_asked[unit];
        works = done || ((vtd_read(unit, VTD_FSTS) & VTD_FSTS_QUEUE) == 0U);
        asm_pause();
    }
    return done;
}

bool vtd_forget_all(uint32_t unit)
{
    put(unit, TYPE_CONTEXT | GLOBAL, 0U);
    put(unit, TYPE_IOTLB | GLOBAL | DRAIN, 0U);
    put(unit, TYPE_IRQ, 0U);
    return queue_run(unit);
}

/* All of them (6.5.2.7): it happens when a guest programs an interrupt, not when one arrives. */
bool vtd_flush_irqs(uint32_t bdf)
{
    bool answers = true;
    (void)bdf;
    for (uint32_t unit = 0U; (unit < dmar.unit_count) && answers; unit++) {
        put(unit, TYPE_IRQ, 0U);
        answers = queue_run(unit);
    }
    return answers;
}

static uint64_t domain_bits(uint32_t domain)
{
    return (uint64_t)(domain & 0xFFFFU) << 16U;
}

bool vtd_flush_domain(uint32_t domain)
{
    bool answers = true;
    for (uint32_t unit = 0U; (unit < dmar.unit_count) && answers; unit++) {
        put(unit, TYPE_IOTLB | OF_DOMAIN | DRAIN | domain_bits(domain), 0U);
        answers = queue_run(unit);
    }
    return answers;
}

/* First the entry, then the translations that were made with it (6.2.2.1). */
bool vtd_flush_function(uint16_t bdf, uint32_t domain)
{
    bool answers = true;
    for (uint32_t unit = 0U; (unit < dmar.unit_count) && answers; unit++) {
        put(unit, TYPE_CONTEXT | OF_FUNCTION | domain_bits(domain) | ((uint64_t)bdf << 32U), 0U);
        put(unit, TYPE_IOTLB | OF_DOMAIN | DRAIN | domain_bits(domain), 0U);
        answers = queue_run(unit);
    }
    return answers;
}
