/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An IOMMU that behaves as badly as one may: it remembers every entry and translation that it has used until it is told to
 * forget, and, unless it snoops, it sees tables only as they last went out to memory.
 */
#include "fake/iommu.h"
#include "core/iommu_irte.h"
#include "core/iommu_table.h"
#include "core/stage2.h"
#include <string.h>

#define CACHED 64U

uint32_t fake_iommu_units;
uint32_t fake_iommu_format;
bool fake_iommu_remaps;
bool fake_iommu_snoops;
bool fake_iommu_answers;
bool fake_iommu_on;
uint32_t fake_iommu_uncovered;
uint32_t fake_iommu_event;     /* vector; 0: off */
bool fake_iommu_late;
uint32_t fake_iommu_flushes;
uint32_t fake_iommu_lost;
hpa_t fake_iommu_written;
uint32_t fake_iommu_written_size;
void (*fake_iommu_meanwhile)(void);
bool fake_iommu_wide;
uint32_t fake_iommu_irq_flushes;
struct fake_iommu_region fake_iommu_region[FAKE_IOMMU_REGIONS];
uint32_t fake_iommu_regions;

static struct iommu_fault faults[CACHED];
static uint32_t fault_first;
static uint32_t fault_end;

static uint64_t memory_root[IOMMU_ROOT_WORDS];
static uint64_t memory_entry[IOMMU_BUSES][IOMMU_BUS_WORDS];
static uint64_t memory_table[MAX_VM][STAGE2_PAGES][S2_SLOTS];
static uint64_t memory_remap[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS];
static const uint64_t nothing[4] = { 3U, 0U, 1U, 0U };
static hpa_t root_at;
static hpa_t remap_at;
static hpa_t entries_at;

static struct { bool used; uint16_t bdf; uint64_t low; uint64_t high; uint64_t irqs; } known_entry[CACHED];
static struct { bool used; uint16_t bdf; uint64_t low; uint64_t high; } known_irq[IOMMU_REMAP_ENTRIES];
static struct { bool used; uint32_t domain; uint64_t page; uint64_t leaf; } known_page[CACHED];

void fake_iommu_reset(void)
{
    fake_iommu_units = 1U;
    fake_iommu_format = IOMMU_FORMAT_VTD;
    fake_iommu_remaps = true;
    fake_iommu_snoops = true;
    fake_iommu_answers = true;
    fake_iommu_on = false;
    fake_iommu_uncovered = ID_NONE;
    fake_iommu_event = 0U;
    fake_iommu_late = false;
    fake_iommu_flushes = 0U;
    fake_iommu_lost = 0U;
    fake_iommu_written = 0U;
    fake_iommu_written_size = 0U;
    fake_iommu_meanwhile = NULL;
    fake_iommu_regions = 0U;
    fault_first = 0U;
    fault_end = 0U;
    fake_iommu_wide = true;
    fake_iommu_irq_flushes = 0U;
    memset(known_irq, 0, sizeof(known_irq));
    memset(memory_remap, 0, sizeof(memory_remap));
    memset(known_entry, 0, sizeof(known_entry));
    memset(known_page, 0, sizeof(known_page));
    memset(memory_root, 0, sizeof(memory_root));
    memset(memory_entry, 0, sizeof(memory_entry));
    memset(memory_table, 0, sizeof(memory_table));
}

/* ---- what core/iommu.c calls ---- */

uint32_t hw_iommu_format(void)
{
    return fake_iommu_format;
}

bool hw_iommu_enable(hpa_t root, hpa_t entries, hpa_t remap)
{
    remap_at = remap;
    root_at = root;
    entries_at = entries;
    fake_iommu_on = fake_iommu_answers;
    return fake_iommu_answers;
}

bool hw_iommu_reserved(uint32_t index, uint16_t *bdf, hpa_t *base, uint64_t *size)
{
    bool there = index < fake_iommu_regions;
    if (there) {
        *bdf = fake_iommu_region[index].bdf;
        *base = fake_iommu_region[index].base;
        *size = fake_iommu_region[index].size;
    }
    return there;
}

bool hw_iommu_covers(uint16_t bdf)
{
    return bdf != fake_iommu_uncovered;
}

bool hw_iommu_registers(uint32_t index, hpa_t *base, uint64_t *size)
{
    *base = 0xFED90000U + ((hpa_t)index * PAGE_SIZE);
    *size = PAGE_SIZE;
    return index < fake_iommu_units;
}

bool hw_iommu_snoops(void)
{
    return fake_iommu_snoops;
}

static void write_back(hpa_t base, uint32_t size, hpa_t object, uint64_t *memory, const uint64_t *words, uint64_t bytes)
{
    for (hpa_t at = base; at < (base + size); at += 8U) {
        if ((at >= object) && (at < (object + bytes))) {
            memory[(at - object) / 8U] = words[(at - object) / 8U];
        }
    }
}

void hw_iommu_write_back(hpa_t base, uint32_t size)
{
    if (!fake_iommu_snoops) {
        fake_iommu_written = base;
        fake_iommu_written_size = size;
        write_back(base, size, root_at, memory_root, iommu_root, sizeof(memory_root));
        write_back(base, size, remap_at, &memory_remap[0][0], &iommu_remap[0][0], sizeof(memory_remap));
        write_back(base, size, entries_at, &memory_entry[0][0], &iommu_entry[0][0], sizeof(memory_entry));
        write_back(base, size, stage2_root(0U), &memory_table[0][0][0], &stage2_table[0][0][0], sizeof(memory_table));
        if (fake_iommu_meanwhile != NULL) {
            fake_iommu_meanwhile();
        }
    }
}

bool hw_iommu_flush_domain(uint32_t domain)
{
    fake_iommu_flushes++;
    for (uint32_t i = 0U; i < CACHED; i++) {
        known_page[i].used = known_page[i].used && (known_page[i].domain != domain);
    }
    return fake_iommu_answers && (fake_iommu_flushes != fake_iommu_lost);
}

bool hw_iommu_flush_function(uint16_t bdf, uint32_t domain)
{
    for (uint32_t i = 0U; i < CACHED; i++) {
        known_entry[i].used = known_entry[i].used && (known_entry[i].bdf != bdf);
    }
    return hw_iommu_flush_domain(domain);
}

bool hw_iommu_fault_next(struct iommu_fault *fault)
{
    bool there = fault_first < fault_end;
    if (there) {
        *fault = faults[fault_first % CACHED];
        fault_first++;
    }
    return there;
}

void hw_iommu_fault_event(pcpu_id_t pcpu, uint32_t vector)
{
    (void)pcpu;
    fake_iommu_event = vector;
    if ((vector != 0U) && fake_iommu_late) {
        fake_iommu_late = false;
        fake_iommu_fault((struct iommu_fault){ .bdf = 0x28U, .reason = 6U });
    }
}

bool hw_iommu_remaps(void)
{
    return fake_iommu_remaps;
}

bool hw_iommu_wide_ids(void)
{
    return fake_iommu_wide;
}

bool hw_iommu_flush_irqs(uint32_t bdf)
{
    fake_iommu_irq_flushes++;
    for (uint32_t i = 0U; i < IOMMU_REMAP_ENTRIES; i++) {
        known_irq[i].used = known_irq[i].used && (bdf != ID_NONE) &&
                            (((fake_iommu_format == IOMMU_FORMAT_AMDVI) ? known_irq[i].bdf : (known_irq[i].high & 0xFFFFU)) != bdf);
    }
    return fake_iommu_answers;
}

/* ---- the device's side ---- */

void fake_iommu_fault(struct iommu_fault fault)
{
    faults[fault_end % CACHED] = fault;
    fault_end++;
}

static uint32_t take(const bool *used, uint64_t stride)
{
    uint32_t i = 0U;
    while ((i < (CACHED - 1U)) && *(const bool *)((const char *)used + (i * stride))) {
        i++;
    }
    return i;
}

static uint32_t entry_find(uint16_t bdf)
{
    uint32_t i = 0U;
    while ((i < CACHED) && !(known_entry[i].used && (known_entry[i].bdf == bdf))) {
        i++;
    }
    if ((i == CACHED) && (fake_iommu_format == IOMMU_FORMAT_AMDVI)) { /* entries of nobody are cached as others are */
        const uint32_t bus = bdf >> 8U;
        const uint64_t *words = (bus < IOMMU_BUSES) ? &(fake_iommu_snoops ? iommu_entry : memory_entry)[bus][4U * (bdf & 0xFFU)] : nothing;
        i = take(&known_entry[0].used, sizeof(known_entry[0]));
        known_entry[i].used = true;
        known_entry[i].bdf = bdf;
        known_entry[i].low = (((words[0] >> 9U) & 7U) == 4U) ? ((words[0] & ~0xFFFULL) | 1U) : 0U;
        known_entry[i].high = words[1] << 8U; /* where VT-d has the domain */
        known_entry[i].irqs = words[2];
    } else if (i == CACHED) {
        const uint64_t *root = fake_iommu_snoops ? iommu_root : memory_root;
        uint64_t table = root[2U * (bdf >> 8U)];
        i = take(&known_entry[0].used, sizeof(known_entry[0]));
        known_entry[i].used = false;
        known_entry[i].bdf = bdf;
        known_entry[i].low = 0U;
        if ((table & 1U) != 0U) {
            uint64_t bus = ((table & PAGE_MASK) - entries_at) / sizeof(iommu_entry[0]);
            uint64_t at = (((table & PAGE_MASK) - entries_at) % sizeof(iommu_entry[0])) / 8U + (2U * (bdf & 0xFFU));
            const uint64_t *words = fake_iommu_snoops ? iommu_entry[bus] : memory_entry[bus];
            known_entry[i].low = words[at];
            known_entry[i].high = words[at + 1U];
            known_entry[i].used = (words[at] & 1U) != 0U; /* what is not present is not cached */
        }
    } else {
        /* known */
    }
    return i;
}

static uint64_t leaf_walk(uint64_t table, uint64_t address)
{
    const uint64_t *words = fake_iommu_snoops ? &stage2_table[0][0][0] : &memory_table[0][0][0];
    uint64_t entry = table | 1U;
    bool leaf = false;
    for (uint32_t level = 4U; (level > 0U) && ((entry & 3U) != 0U) && !leaf; level--) {
        uint64_t slot = (address >> (12U + (9U * (level - 1U)))) % S2_SLOTS;
        entry = words[(((entry & 0x000FFFFFFFFFF000U) - stage2_root(0U)) / 8U) + slot];
        leaf = (level == 1U) || ((entry & 0x80U) != 0U);
        if (leaf && ((entry & 3U) != 0U)) {
            uint64_t offset = (1ULL << (12U + (9U * (level - 1U)))) - 1U;
            entry = (((entry & 0x000FFFFFFFFFF000U) & ~offset) | (address & offset & PAGE_MASK)) | (entry & 3U);
        }
    }
    return leaf ? entry : 0U;
}

/* VT-d 4.1, table 31: 2 no entry, 5 and 6 a write or a read without the right. */
bool fake_iommu_dma(uint16_t bdf, gpa_t address, bool write, hpa_t *hpa)
{
    uint32_t e = entry_find(bdf);
    uint64_t leaf = 0U;
    uint32_t reason = 2U;
    bool allowed;
    if ((known_entry[e].low & 1U) != 0U) {
        uint32_t domain = (uint32_t)(known_entry[e].high >> 8U) & 0xFFFFU;
        uint32_t i = 0U;
        reason = write ? 5U : 6U;
        while ((i < CACHED) && !(known_page[i].used && (known_page[i].domain == domain) && (known_page[i].page == (address >> 12U)))) {
            i++;
        }
        if (i < CACHED) {
            leaf = known_page[i].leaf;
        } else {
            leaf = leaf_walk(known_entry[e].low & 0x000FFFFFFFFFF000U, address);
            if (leaf != 0U) {
                i = take(&known_page[0].used, sizeof(known_page[0]));
                known_page[i].used = true;
                known_page[i].domain = domain;
                known_page[i].page = address >> 12U;
                known_page[i].leaf = leaf;
            }
        }
    }
    allowed = (leaf & (write ? 2U : 1U)) != 0U;
    if (allowed) {
        *hpa = (leaf & 0x000FFFFFFFFFF000U) | (address % PAGE_SIZE);
    } else {
        fake_iommu_fault((struct iommu_fault){ .bdf = bdf, .write = write, .reason = reason, .address = address & PAGE_MASK });
    }
    return allowed;
}

/* AMD IOMMU 3.08, 2.2.5: 1 the index is beyond the function's table, 2 blocked. */
static bool message_amdvi(uint16_t bdf, uint64_t address, uint32_t data, struct fake_iommu_irq *irq)
{
    const uint64_t view = known_entry[entry_find(bdf)].irqs;
    uint64_t index = data & 0x7FFU;
    uint32_t reason = 0U;
    irq->level = false;
    if ((view & 1U) == 0U) { /* it passes as it is */
        irq->apic_id = (uint32_t)(address >> 12U) & 0xFFU;
        irq->vector = data & 0xFFU;
    } else if ((((view >> 60U) & 3U) != 2U) || ((data & 0x600U) != 0U)) { /* as what NMI, INIT and the like are */
        reason = 2U;
    } else if (index >= (1ULL << ((view >> 1U) & 15U))) {
        reason = 1U;
    } else {
        index += ((view & 0x000FFFFFFFFFFFC0U) - remap_at) / 16U;
        if (!known_irq[index].used || (known_irq[index].bdf != bdf)) {
            known_irq[index].used = true;
            known_irq[index].bdf = bdf;
            known_irq[index].low = iommu_irte[index][0];
            known_irq[index].high = iommu_irte[index][1];
        }
        if ((known_irq[index].low & 0xFFU) != 1U) { /* valid; fixed, physical, not a guest's */
            reason = 2U;
        } else {
            irq->apic_id = (uint32_t)((known_irq[index].low >> 8U) & 0xFFFFFFU) | ((uint32_t)(known_irq[index].high >> 56U) << 24U);
            irq->vector = (uint32_t)known_irq[index].high & 0xFFU;
        }
    }
    if (reason != 0U) {
        fake_iommu_fault((struct iommu_fault){ .bdf = bdf, .interrupt = true, .reason = reason, .address = address });
    }
    return reason == 0U;
}

/* VT-d 4.1, 5.1.4 and table 31: 0x25 names no entry, 0x21 one beyond the table, 0x22 a blocked one, 0x26 another function's. */
static bool message_vtd(uint16_t bdf, uint64_t address, uint32_t data, struct fake_iommu_irq *irq)
{
    uint32_t index = ((uint32_t)(address >> 5U) & 0x7FFFU) | (((uint32_t)(address >> 2U) & 1U) << 15U);
    uint32_t reason = 0U;
    index += ((address & 8U) != 0U) ? (data & 0xFFFFU) : 0U;
    if ((address & 0x10U) == 0U) {
        reason = 0x25U;
    } else if (index >= IOMMU_REMAP_ENTRIES) {
        reason = 0x21U;
    } else {
        if (!known_irq[index].used) {
            const uint64_t *words = fake_iommu_snoops ? iommu_remap[index] : memory_remap[index];
            known_irq[index].low = words[0];
            known_irq[index].high = words[1];
            known_irq[index].used = (words[0] & 1U) != 0U; /* what is blocked is not cached */
        }
        if ((known_irq[index].low & 1U) == 0U) {
            reason = 0x22U;
        } else if (((known_irq[index].high & 0xC0000U) != 0U) && ((known_irq[index].high & 0xFFFFU) != bdf)) {
            reason = 0x26U;
        } else {
            irq->apic_id = fake_iommu_wide ? (uint32_t)(known_irq[index].low >> 32U) : ((uint32_t)(known_irq[index].low >> 40U) & 0xFFU);
            irq->vector = (uint32_t)(known_irq[index].low >> 16U) & 0xFFU;
            irq->level = (known_irq[index].low & 0x10U) != 0U;
        }
    }
    if (reason != 0U) {
        fake_iommu_fault((struct iommu_fault){ .bdf = bdf, .interrupt = true, .reason = reason, .address = index });
    }
    return reason == 0U;
}

bool fake_iommu_message(uint16_t bdf, uint64_t address, uint32_t data, struct fake_iommu_irq *irq)
{
    return (fake_iommu_format == IOMMU_FORMAT_AMDVI) ? message_amdvi(bdf, address, data, irq) : message_vtd(bdf, address, data, irq);
}
