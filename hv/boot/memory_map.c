/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader's memory map, put in order. Firmware maps may overlap and come unsorted;
 * where types disagree about a byte, RAM loses.
 */
#include "boot/multiboot.h"
#include "core/boot_info.h"

static struct boot_range raw[MAX_BOOT_RANGE];
static uint32_t raw_count;

void boot_map_reset(void)
{
    raw_count = 0U;
    boot_info.range_count = 0U;
}

enum status boot_map_add(hpa_t base, uint64_t size, uint32_t type)
{
    enum status result = STATUS_NO_MEMORY;
    if (raw_count < MAX_BOOT_RANGE) {
        uint32_t at = raw_count;
        while ((at > 0U) && (raw[at - 1U].base > base)) { /* insertion keeps the list sorted */
            raw[at] = raw[at - 1U];
            at--;
        }
        raw[at].base = base;
        raw[at].size = size;
        raw[at].type = type;
        raw_count++;
        boot_info.range_count = raw_count;
        result = STATUS_OK;
    }
    return result;
}

static hpa_t end_of(const struct boot_range *range)
{
    return range->base + range->size;
}

/* The type of the byte at pa, and where the next change may be. RAM only if nothing else claims it; 0: no one. */
static uint32_t type_at(hpa_t pa, hpa_t *next)
{
    uint32_t type = 0U;
    *next = UINT64_MAX;
    for (uint32_t i = 0U; i < raw_count; i++) {
        if ((pa >= raw[i].base) && (pa < end_of(&raw[i]))) {
            if ((type == 0U) || (type == BOOT_RAM)) {
                type = raw[i].type;
            }
            *next = (end_of(&raw[i]) < *next) ? end_of(&raw[i]) : *next;
        } else if ((raw[i].base > pa) && (raw[i].base < *next)) {
            *next = raw[i].base;
        } else {
            /* lies before, or begins after another change */
        }
    }
    return type;
}

static enum status append(hpa_t base, hpa_t end, uint32_t type)
{
    enum status result = STATUS_OK;
    const hpa_t from = (type == BOOT_RAM) ? ((base + (PAGE_SIZE - 1U)) & PAGE_MASK) : base;
    const hpa_t to = (type == BOOT_RAM) ? (end & PAGE_MASK) : end;
    if ((type != 0U) && (from < to)) {
        struct boot_range *const last = &boot_info.range[boot_info.range_count - ((boot_info.range_count == 0U) ? 0U : 1U)];
        if ((boot_info.range_count > 0U) && (last->type == type) && (end_of(last) == from)) {
            last->size += to - from;
        } else if (boot_info.range_count < MAX_BOOT_RANGE) {
            boot_info.range[boot_info.range_count].base = from;
            boot_info.range[boot_info.range_count].size = to - from;
            boot_info.range[boot_info.range_count].type = type;
            boot_info.range_count++;
        } else {
            result = STATUS_NO_MEMORY;
        }
    }
    return result;
}

/* Each step ends at an end or a beginning of an entry, so there are at most two an entry. */
/* REQ-CFG-013 */
enum status boot_map_finish(void)
{
    enum status result = STATUS_OK;
    hpa_t at = (raw_count > 0U) ? raw[0].base : UINT64_MAX;
    boot_info.range_count = 0U;
    while ((at != UINT64_MAX) && (result == STATUS_OK)) {
        hpa_t next;
        const uint32_t type = type_at(at, &next);
        if (next != UINT64_MAX) {
            result = append(at, next, type);
        }
        at = next;
    }
    return result;
}
