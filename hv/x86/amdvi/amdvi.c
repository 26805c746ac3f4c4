/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMD's IOMMU behind x86/iommu.h. Its tables are in hv/core/iommu_table.c, and it walks the processor's tables of stage 2 (decision 0023).
 * Interrupts are remapped where all units have entries of 128 bits and the firmware says as which function the IOAPIC asks.
 */
#include "core/boot_info.h"
#include "core/iommu_table.h"
#include "core/log.h"
#include "x86/amdvi/amdvi.h"
#include "x86/iommu.h"

#define FORGETS_ALL     0x40U    /* features: one command for everything (IASup) */
#define WIDE_IDS        0x4U     /* of local APICs (XTSup) */
#define WIDE_ENTRIES    0x80U    /* of interrupt remapping (GASup) */
#define COUNTERS        0x200U   /* registers of performance counters, too */
#define REGISTERS       0x4000U
#define REGISTERS_COUNTERS 0x80000U
#define PAGES_OF_BUS    2U

static bool all_remap;
static bool all_take_wide;

/* IVHD flags and the bits of the control register that they are to become (3.4.4 and table 96). Whether reads of the device table look into
 * caches is not left to the firmware: they do. */
static uint64_t link_bits(uint8_t flags)
{
    const uint64_t of = flags;
    return ((of & 0x01U) << 1U) | ((of & 0x06U) << 7U) | ((of & 0x08U) << 8U) | AMDVI_COHERENT;
}

/* REQ-CFG-035 */
static bool amdvi_find(void)
{
    bool usable = ivrs_read() == STATUS_OK;
    all_remap = usable && ivrs.has_ioapic;
    all_take_wide = platform.x2apic;
    for (uint32_t unit = 0U; (unit < ivrs.unit_count) && usable; unit++) {
        usable = (amdvi_read(unit, AMDVI_FEATURES) & FORGETS_ALL) != 0U;
        if (!usable) {
            log_line("iommu", "an AMD IOMMU lacks INVALIDATE_IOMMU_ALL");
        }
        all_remap = all_remap && ((amdvi_read(unit, AMDVI_FEATURES) & WIDE_ENTRIES) != 0U);
        all_take_wide = all_take_wide && ((amdvi_read(unit, AMDVI_FEATURES) & WIDE_IDS) != 0U);
    }
    all_take_wide = all_take_wide && all_remap;
    if (all_remap) {
        platform.ioapic_bdf = ivrs.ioapic_bdf;
    }
    return usable;
}

static bool amdvi_stop(uint32_t unit)
{
    bool stopped = false;
    amdvi_write(unit, AMDVI_CONTROL, 0U);
    for (uint32_t n = 0U; (n < AMDVI_POLLS) && !stopped; n++) {
        stopped = (amdvi_read(unit, AMDVI_STATUS) & AMDVI_RUNNING) == 0U;
        hw_relax();
    }
    return stopped;
}

/* A function beyond the table's length is refused (2.2.2). */
static bool amdvi_start(uint32_t unit, hpa_t entries)
{
    amdvi_write(unit, AMDVI_DEVICE_TABLE, entries | ((PAGES_OF_BUS * IOMMU_BUSES) - 1U));
    amdvi_write(unit, AMDVI_EXCLUSION, 0U);
    amdvi_write(unit, AMDVI_EXCLUSION_END, 0U);
    amdvi_queue_start(unit);
    amdvi_event_start(unit);
    amdvi_write(unit, AMDVI_CONTROL, link_bits(ivrs.unit[unit].flags) | AMDVI_ON | AMDVI_EVENTS | AMDVI_EVENT_MESSAGE | AMDVI_COMMANDS |
                (all_remap ? AMDVI_WIDE_ENTRIES : 0U) | (all_take_wide ? (AMDVI_WIDE_IDS | AMDVI_WIDE_MESSAGE) : 0U));
    return amdvi_queue_all(unit);
}

/* REQ-ISO-040 REQ-ISO-058 */
static bool amdvi_enable(hpa_t root, hpa_t entries, hpa_t remap)
{
    bool works = true;
    (void)root;
    (void)remap; /* the device table says where it is */
    for (uint32_t unit = 0U; (unit < ivrs.unit_count) && works; unit++) {
        works = amdvi_stop(unit) && amdvi_start(unit, entries);
    }
    log_begin("iommu");
    log_text("AMD-Vi, ");
    log_dec(ivrs.unit_count);
    log_text(works ? " units translate" : " units, of which one does not answer");
    log_text(all_remap ? "" : "; interrupts are not remapped");
    log_end();
    return works;
}

/* Index counts functions: a region of many has one place for each. */
static bool amdvi_reserved(uint32_t index, uint16_t *bdf, hpa_t *base, uint64_t *size)
{
    uint32_t left = index;
    bool found = false;
    for (uint32_t i = 0U; (i < ivrs.memory_count) && !found; i++) {
        const struct ivrs_memory *memory = &ivrs.memory[i];
        const uint32_t functions = ((uint32_t)memory->last - memory->first) + 1U;
        found = left < functions;
        if (found) {
            *bdf = (uint16_t)(memory->first + left);
            *base = memory->base;
            *size = memory->size;
        } else {
            left -= functions;
        }
    }
    return found;
}

static bool amdvi_registers(uint32_t index, hpa_t *base, uint64_t *size)
{
    const bool there = index < ivrs.unit_count;
    if (there) {
        *base = ivrs.unit[index].registers;
        *size = ((amdvi_read(index, AMDVI_FEATURES) & COUNTERS) != 0U) ? REGISTERS_COUNTERS : REGISTERS;
    }
    return there;
}

/* Stage 2 and the device table are read through the caches: SD is 0 in all entries, Coherent is set. */
static bool amdvi_snoops(void)
{
    return true;
}

static bool amdvi_flush_domain(uint32_t domain)
{
    bool works = true;
    for (uint32_t unit = 0U; unit < ivrs.unit_count; unit++) {
        works = amdvi_queue_domain(unit, domain) && works;
    }
    return works;
}

static bool amdvi_flush_function(uint16_t bdf, uint32_t domain)
{
    bool works = true;
    for (uint32_t unit = 0U; unit < ivrs.unit_count; unit++) {
        works = amdvi_queue_function(unit, bdf, domain) && works;
    }
    return works;
}

static bool amdvi_remaps(void)
{
    return all_remap;
}

static bool amdvi_wide_ids(void)
{
    return all_take_wide;
}

static bool amdvi_flush_irqs(uint32_t bdf)
{
    bool works = true;
    for (uint32_t unit = 0U; unit < ivrs.unit_count; unit++) {
        works = ((bdf == ID_NONE) ? amdvi_queue_all(unit) : amdvi_queue_irqs(unit, (uint16_t)bdf)) && works;
    }
    return works;
}

const struct iommu_ops amdvi_iommu = {
    .format = IOMMU_FORMAT_AMDVI,
    .find = amdvi_find,
    .enable = amdvi_enable,
    .reserved = amdvi_reserved,
    .covers = ivrs_covers,
    .registers = amdvi_registers,
    .snoops = amdvi_snoops,
    .flush_domain = amdvi_flush_domain,
    .flush_function = amdvi_flush_function,
    .remaps = amdvi_remaps,
    .wide_ids = amdvi_wide_ids,
    .flush_irqs = amdvi_flush_irqs,
    .fault_next = amdvi_event_next,
    .fault_event = amdvi_event_message,
};
