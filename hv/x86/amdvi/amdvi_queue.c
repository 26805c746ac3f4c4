/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands (AMD IOMMU 3.08, 2.4). Each request is a few commands and one that stores a number when all before it are done; the next request
 * begins when that has happened, so the ring is never more than part full.
 */
#include "x86/address.h"
#include "x86/amdvi/amdvi.h"

#define COMMAND_SIZE  16U
#define WAIT          0x1000000000000000U /* bits 60 to 63: what it is */
#define FORGET_ENTRY  0x2000000000000000U
#define FORGET_PAGES  0x3000000000000000U
#define FORGET_IRQS   0x5000000000000000U
#define FORGET_ALL    0x8000000000000000U
#define WAIT_STORE    1U
#define WAIT_FLUSH    4U                  /* of what came before, too */
#define PAGES_ALL     0x7FFFFFFFFFFFF003U /* every address, and upper levels */
#define DOMAIN_SHIFT  32U

static uint64_t amdvi_command[MAX_IOMMU][AMDVI_RING_WORDS] __attribute__((aligned(4096)));
static uint32_t command_at[MAX_IOMMU];
static volatile uint64_t command_done[MAX_IOMMU]; /* written by the unit */
static uint64_t command_asked[MAX_IOMMU];

void amdvi_queue_start(uint32_t unit)
{
    command_at[unit] = 0U;
    amdvi_write(unit, AMDVI_COMMAND_BASE, address_of(amdvi_command[unit]) | AMDVI_RING);
    amdvi_write(unit, AMDVI_COMMAND_HEAD, 0U);
    amdvi_write(unit, AMDVI_COMMAND_TAIL, 0U);
}

static void command_put(uint32_t unit, uint64_t low, uint64_t high)
{
    const uint32_t at = command_at[unit];
    amdvi_command[unit][at] = low;
    amdvi_command[unit][at + 1U] = high;
    command_at[unit] = (at + 2U) % AMDVI_RING_WORDS;
}

/* REQ-ISO-051 REQ-ISO-054 */
static bool amdvi_run(uint32_t unit)
{
    bool done = false;
    command_asked[unit]++;
    command_put(unit, WAIT | address_of(&command_done[unit]) | WAIT_STORE | WAIT_FLUSH, command_asked[unit]);
    amdvi_write(unit, AMDVI_COMMAND_TAIL, ((uint64_t)command_at[unit] / 2U) * COMMAND_SIZE);
    for (uint32_t n = 0U; (n < AMDVI_POLLS) && !done; n++) {
        done = command_done[unit] == command_asked[unit];
        hw_relax();
    }
    return done;
}

bool amdvi_queue_all(uint32_t unit)
{
    command_put(unit, FORGET_ALL, 0U);
    return amdvi_run(unit);
}

bool amdvi_queue_domain(uint32_t unit, uint32_t domain)
{
    command_put(unit, FORGET_PAGES | ((uint64_t)domain << DOMAIN_SHIFT), PAGES_ALL);
    return amdvi_run(unit);
}

bool amdvi_queue_irqs(uint32_t unit, uint16_t bdf)
{
    command_put(unit, FORGET_IRQS | bdf, 0U);
    return amdvi_run(unit);
}

bool amdvi_queue_function(uint32_t unit, uint16_t bdf, uint32_t domain)
{
    command_put(unit, FORGET_ENTRY | bdf, 0U);
    command_put(unit, FORGET_IRQS | bdf, 0U);
    command_put(unit, FORGET_PAGES | ((uint64_t)domain << DOMAIN_SHIFT), PAGES_ALL);
    return amdvi_run(unit);
}
