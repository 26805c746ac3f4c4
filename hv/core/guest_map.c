/* SPDX-License-Identifier: Apache-2.0 */
#include "core/guest_map.h"
#include "core/boot_info.h"
#include "core/domain.h"
#include "core/health.h"
#include "core/hw.h"
#include "core/partition.h"
#include "core/stage2.h"
#include "core/vm.h"
#include <stddef.h>

#define LOAD_STEP 0x100000U /* bytes between two looks at the watchdog: about 0.1 ms */

struct guest_map guest_map[PART_MAX_VM];

/* Keeps the entries sorted by address. */
static bool insert(vm_id_t v, gpa_t base, uint64_t size, uint32_t type)
{
    bool fits = size == 0U; /* nothing to keep */
    if (!fits && (guest_map[v].count < GUEST_MAP_ENTRIES)) {
        uint32_t at = guest_map[v].count;
        while ((at > 0U) && (guest_map[v].entry[at - 1U].base > base)) {
            struct guest_map_entry moved = guest_map[v].entry[at - 1U];
            guest_map[v].entry[at] = moved;
            at--;
        }
        guest_map[v].entry[at].base = base;
        guest_map[v].entry[at].size = size;
        guest_map[v].entry[at].type = type;
        guest_map[v].count++;
        fits = true;
    }
    return fits;
}

/* Shared regions and telemetry are RAM of the machine, but not for the guest's allocator. */
static bool in_region(hpa_t base)
{
    bool found = false;
    for (uint32_t i = 0U; i < DOMAIN_REGIONS; i++) {
        found = found || ((base >= domain_region_base[i]) && ((base - domain_region_base[i]) < domain_region_size[i]));
    }
    return found;
}

/* The parts of a RAM entry of the machine that the Service VM owns. */
static bool insert_owned(vm_id_t v, hpa_t base, uint64_t size)
{
    bool fits = true;
    for (uint32_t i = 0U; i < domain_count[VM_SERVICE]; i++) {
        hpa_t first = domain_base[VM_SERVICE][i];
        hpa_t end = first + domain_size[VM_SERVICE][i];
        bool ram = (domain_type[VM_SERVICE][i] == MEMORY_RAM) && !in_region(first);
        first = (first > base) ? first : base;
        end = (end < (base + size)) ? end : (base + size);
        if (ram && (first < end)) {
            fits = insert(v, first, end - first, BOOT_RAM) && fits;
        }
    }
    return fits;
}

/* Identity map: the machine's own map, its RAM cut down to what the Service VM owns. Memory of
 * others is absent, not "reserved": a guest's early code places things by the RAM entries alone. */
static bool map_service(vm_id_t v)
{
    bool fits = true;
    for (uint32_t i = 0U; i < boot_info.range_count; i++) {
        const struct boot_range *range = &boot_info.range[i];
        if (range->type == BOOT_RAM) {
            fits = insert_owned(v, range->base, range->size) && fits;
        } else {
            fits = insert(v, range->base, range->size, range->type) && fits;
        }
    }
    return fits;
}

static bool map_listed(vm_id_t v, const struct part_vm *config)
{
    bool fits = true;
    for (uint32_t i = 0U; i < config->range_count; i++) {
        if (config->range[i].type == PART_RANGE_RAM) {
            fits = insert(v, config->range[i].gpa, config->range[i].size, BOOT_RAM) && fits;
        }
    }
    return fits;
}

/* REQ-CFG-018 */
bool guest_map_build(vm_id_t v)
{
    guest_map[v].count = 0U;
    return (v == VM_SERVICE) ? map_service(v) : map_listed(v, &partition.table.vm[v]);
}

bool guest_map_carve(vm_id_t v, gpa_t base, uint64_t size, uint32_t type)
{
    bool done = false;
    for (uint32_t i = 0U; (i < guest_map[v].count) && !done; i++) {
        gpa_t first = guest_map[v].entry[i].base;
        gpa_t end = first + guest_map[v].entry[i].size;
        if ((guest_map[v].entry[i].type == BOOT_RAM) && (first <= base) && ((base + size) <= end)) {
            guest_map[v].entry[i].size = base - first;
            if (guest_map[v].entry[i].size == 0U) {
                guest_map[v].count--;
                for (uint32_t k = i; k < guest_map[v].count; k++) {
                    struct guest_map_entry moved = guest_map[v].entry[k + 1U];
                    guest_map[v].entry[k] = moved;
                }
            }
            done = insert(v, base, size, type) && insert(v, base + size, end - (base + size), BOOT_RAM);
        }
    }
    return done;
}

bool guest_map_is_ram(vm_id_t v, gpa_t base, uint64_t size)
{
    bool ram = false;
    for (uint32_t i = 0U; i < guest_map[v].count; i++) {
        uint64_t offset = base - guest_map[v].entry[i].base;
        bool starts = (guest_map[v].entry[i].type == BOOT_RAM) && (base >= guest_map[v].entry[i].base) && (offset <= guest_map[v].entry[i].size);
        ram = ram || (starts && (size <= (guest_map[v].entry[i].size - offset)));
    }
    return ram;
}

gpa_t guest_map_lowest(vm_id_t v, uint64_t size, uint64_t align, gpa_t floor)
{
    gpa_t found = GUEST_MAP_NONE;
    for (uint32_t i = 0U; (i < guest_map[v].count) && (found == GUEST_MAP_NONE); i++) {
        gpa_t at = (guest_map[v].entry[i].base > floor) ? guest_map[v].entry[i].base : floor;
        at = ((at + (align - 1U)) / align) * align;
        if (guest_map_is_ram(v, at, size)) {
            found = at;
        }
    }
    return found;
}

/* Page aligned, at the end of an entry or just below what must be kept. */
gpa_t guest_map_highest(vm_id_t v, uint64_t size, gpa_t top, gpa_t keep_base, uint64_t keep_size)
{
    gpa_t found = GUEST_MAP_NONE;
    for (uint32_t i = 0U; i < (guest_map[v].count * 2U); i++) {
        const struct guest_map_entry *entry = &guest_map[v].entry[i / 2U];
        gpa_t end = entry->base + entry->size;
        end = (end < top) ? end : top;
        if (((i % 2U) == 1U) && (keep_base < end)) {
            end = keep_base;
        }
        if ((end > size) && guest_map_is_ram(v, (end - size) & PAGE_MASK, size)) {
            gpa_t at = (end - size) & PAGE_MASK;
            bool clear = ((at + size) <= keep_base) || (at >= (keep_base + keep_size));
            if (clear && ((found == GUEST_MAP_NONE) || (at > found))) {
                found = at;
            }
        }
    }
    return found;
}

/* Bytes of one stage-2 leaf from gpa on, at most size and at most a step. */
static uint64_t piece(const struct stage2_mapping *leaf, gpa_t gpa, uint64_t size)
{
    uint64_t rest = leaf->span - (gpa % leaf->span);
    uint64_t step = (size < LOAD_STEP) ? size : LOAD_STEP;
    return (rest < step) ? rest : step;
}

/* Nobody else looks while the Service VM is loaded: the lock is held, or the shared cores have not started. An exclusive VM is
 * loaded by its own core, whose business the watchdog is not. */
/* REQ-LIF-055 */
static void between_pieces(vm_id_t v)
{
    if (v == VM_SERVICE) {
        (void)health_check(hw_pcpu(), hw_tsc());
    }
}

/* What stands there, or zeros without it. */
static enum status fill(vm_id_t v, gpa_t gpa, const hpa_t *from, uint64_t size)
{
    enum status result = STATUS_OK;
    uint64_t done = 0U;
    while ((done < size) && (result == STATUS_OK)) {
        struct stage2_mapping leaf = stage2_lookup(v, gpa + done);
        if (leaf.present && (leaf.span >= PAGE_SIZE)) {
            uint64_t part = piece(&leaf, gpa + done, size - done);
            if (from != NULL) {
                hw_phys_move(leaf.hpa, *from + done, part);
            } else {
                hw_phys_zero(leaf.hpa, part);
            }
            done += part;
            between_pieces(v);
        } else {
            result = STATUS_FAULT;
        }
    }
    return result;
}

/* REQ-CFG-017 */
enum status guest_load(vm_id_t v, gpa_t gpa, hpa_t from, uint64_t size)
{
    return fill(v, gpa, &from, size);
}

enum status guest_clear(vm_id_t v, gpa_t gpa, uint64_t size)
{
    return fill(v, gpa, NULL, size);
}
