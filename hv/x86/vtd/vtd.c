/* SPDX-License-Identifier: Apache-2.0 */
/* Intel's IOMMU: what a unit must be able to do, and how it is switched on. Registers are reached through the calling core's uncached window. */
#include "x86/vtd/vtd.h"

#include "core/boot_info.h"
#include "core/hw.h"
#include "core/iommu_remap.h"
#include "core/iommu_table.h"
#include "core/log.h"
#include "x86/asm.h"
#include "x86/iommu.h"

#define ONE_SHOT      0x96FFFFFFU /* of GSTS: bits that a write of GCMD must repeat (11.4.4.1) */
#define PMEN_STATUS   1U
#define CAP_PROTECTED 0x60U       /* protected low and high memory regions */
#define ECAP_WIDE     0x10U       /* extended interrupt mode: ids of x2APICs */
#define IRTA_WIDE     0x800U
#define IRTA_SIZE     12U         /* 2^(12 + 1) entries */
_Static_assert(IOMMU_REMAP_ENTRIES == (2U << IRTA_SIZE), "the table's size as the register says it");

static bool all_snoop;
static bool all_wide;

uint32_t vtd_read(uint32_t unit, uint32_t offset)
{
    return (uint32_t)hw_mmio_read(dmar.unit[unit] + offset, 4U);
}

uint64_t vtd_read64(uint32_t unit, uint32_t offset)
{
    return hw_mmio_read(dmar.unit[unit] + offset, 8U);
}

void vtd_write(uint32_t unit, uint32_t offset, uint32_t value)
{
    hw_mmio_write(dmar.unit[unit] + offset, 4U, value);
}

void vtd_write64(uint32_t unit, uint32_t offset, uint64_t value)
{
    hw_mmio_write(dmar.unit[unit] + offset, 8U, value);
}

bool vtd_wait(uint32_t unit, uint32_t offset, uint32_t mask, uint32_t wanted)
{
    bool reached = false;
    for (uint32_t n = 0U; (n < VTD_POLLS) && !reached; n++) {
        reached = (vtd_read(unit, offset) & mask) == wanted;
        asm_pause();
    }
    return reached;
}

struct need {
    uint32_t reg;
    uint64_t mask;
    uint64_t value;
    const char *text;
};

/* VT-d 4.1, 11.4.2 and 11.4.3. Domain ids: 16 at least, in every unit there is. */
static const struct need needs[] = {
    { VTD_CAP, 0x400U, 0x400U, "48-bit addresses in four levels" },
    { VTD_CAP, 0x400000000U, 0x400000000U, "pages of 2 MiB" },
    { VTD_CAP, 0x800000000U, 0x800000000U, "pages of 1 GiB" },
    { VTD_CAP, 0x10U, 0U, "working without write-buffer flushes" },
    { VTD_ECAP, 0x2U, 0x2U, "queued invalidation" },
    { VTD_ECAP, 0x8U, 0x8U, "interrupt remapping" },
};
#define NEEDS (sizeof(needs) / sizeof(needs[0]))

/* REQ-CFG-035 */
static bool unit_usable(uint32_t unit)
{
    bool usable = true;
    for (uint32_t i = 0U; i < NEEDS; i++) {
        if ((vtd_read64(unit, needs[i].reg) & needs[i].mask) != needs[i].value) {
            usable = false;
            log_begin("iommu");
            log_text("the unit at ");
            log_hex(dmar.unit[unit]);
            log_text(" lacks: ");
            log_text(needs[i].text);
            log_end();
        }
    }
    return usable;
}

static bool vtd_find(void)
{
    bool usable = dmar_read() == STATUS_OK;
    all_snoop = true;
    all_wide = platform.x2apic;
    for (uint32_t unit = 0U; unit < dmar.unit_count; unit++) {
        usable = usable && unit_usable(unit);
        all_snoop = all_snoop && ((vtd_read64(unit, VTD_ECAP) & 1U) != 0U);
        all_wide = all_wide && ((vtd_read64(unit, VTD_ECAP) & ECAP_WIDE) != 0U);
    }
    return usable;
}

/* Switches one function of the unit, and waits until it says so. */
static bool command(uint32_t unit, uint32_t bit, bool on)
{
    const uint32_t now = vtd_read(unit, VTD_GSTS) & ONE_SHOT;
    vtd_write(unit, VTD_GCMD, on ? (now | bit) : (now & ~bit));
    return vtd_wait(unit, VTD_GSTS, bit, on ? bit : 0U);
}

/* What firmware or an earlier kernel left on goes off: translation last, as the queue and remapping depend on no other order. */
static bool unit_stop(uint32_t unit)
{
    const uint32_t on = vtd_read(unit, VTD_GSTS);
    bool stopped = true;
    if ((on & VTD_REMAP) != 0U) {
        stopped = command(unit, VTD_REMAP, false);
    }
    if (stopped && ((on & VTD_COMPATIBLE) != 0U)) {
        stopped = command(unit, VTD_COMPATIBLE, false);
    }
    if (stopped && ((on & VTD_QUEUE) != 0U)) {
        stopped = command(unit, VTD_QUEUE, false);
    }
    if (stopped && ((on & VTD_TRANSLATE) != 0U)) {
        stopped = command(unit, VTD_TRANSLATE, false);
    }
    if (stopped && ((vtd_read64(unit, VTD_CAP) & CAP_PROTECTED) != 0U)) {
        vtd_write(unit, VTD_PMEN, 0U);
        stopped = vtd_wait(unit, VTD_PMEN, PMEN_STATUS, 0U);
    }
    return stopped;
}

static bool unit_start(uint32_t unit, hpa_t root, hpa_t remap)
{
    bool started = unit_stop(unit);
    vtd_fault_start(unit);
    vtd_queue_start(unit);
    started = started && command(unit, VTD_QUEUE, true);
    if (started) {
        vtd_write64(unit, VTD_RTADDR, root);
        vtd_write64(unit, VTD_IRTA, remap | (all_wide ? IRTA_WIDE : 0U) | IRTA_SIZE);
        started = command(unit, VTD_ROOT, true) && command(unit, VTD_REMAP_ROOT, true);
    }
    return started && vtd_forget_all(unit) && command(unit, VTD_TRANSLATE, true) && command(unit, VTD_REMAP, true);
}

/* REQ-ISO-040 */
static bool vtd_enable(hpa_t root, hpa_t entries, hpa_t remap)
{
    bool answers = true;
    (void)entries;
    for (uint32_t unit = 0U; (unit < dmar.unit_count) && answers; unit++) {
        answers = unit_start(unit, root, remap);
    }
    log_begin("iommu");
    log_text("VT-d, ");
    log_dec(dmar.unit_count);
    log_text(answers ? " units translate and remap interrupts" : " units, of which one does not answer");
    log_end();
    return answers;
}

static bool vtd_reserved(uint32_t index, uint16_t *bdf, hpa_t *base, uint64_t *size)
{
    const bool there = index < dmar.region_count;
    if (there) {
        *bdf = dmar.region[index].bdf;
        *base = dmar.region[index].base;
        *size = dmar.region[index].size;
    }
    return there;
}

/* As many pages as the firmware says; some say one whatever there is, so what the unit itself says of its records and of invalidation by registers counts, too. */
static bool vtd_registers(uint32_t index, hpa_t *base, uint64_t *size)
{
    const bool there = index < dmar.unit_count;
    if (there) {
        const uint64_t records = vtd_records_end(index);
        const uint64_t invalidation = (((vtd_read64(index, VTD_ECAP) >> 8U) & 0x3FFU) + 1U) * 16U;
        const uint64_t own = (((records > invalidation) ? records : invalidation) + PAGE_SIZE - 1U) & PAGE_MASK;
        const uint64_t told = (uint64_t)PAGE_SIZE << dmar.unit_order[index];
        *base = dmar.unit[index];
        *size = (own > told) ? own : told;
    }
    return there;
}

/* A unit without it is none (needs). */
static bool vtd_remaps(void)
{
    return true;
}

static bool vtd_wide_ids(void)
{
    return all_wide;
}

static bool vtd_snoops(void)
{
    return all_snoop;
}

const struct iommu_ops vtd_iommu = {
    .format = IOMMU_FORMAT_VTD,
    .find = vtd_find,
    .enable = vtd_enable,
    .reserved = vtd_reserved,
    .covers = dmar_covers,
    .registers = vtd_registers,
    .snoops = vtd_snoops,
    .flush_domain = vtd_flush_domain,
    .flush_function = vtd_flush_function,
    .remaps = vtd_remaps,
    .wide_ids = vtd_wide_ids,
    .flush_irqs = vtd_flush_irqs,
    .fault_next = vtd_fault_next,
    .fault_event = vtd_fault_event,
};
