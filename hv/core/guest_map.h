/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map that a VM is told at boot (e820, multiboot), and placing images in it. */
#ifndef CORE_GUEST_MAP_H
#define CORE_GUEST_MAP_H

#include "abi/partition_table.h"
#include "core/limits.h"
#include "core/types.h"

#define GUEST_MAP_ENTRIES 128U /* what struct boot_params holds */

struct guest_map_entry { gpa_t base; uint64_t size; uint32_t type; }; /* BOOT_RAM and so on */
/* Sorted, disjoint. One for each VM of the partition table: an exclusive one is loaded again by its own core, with no lock. */
struct guest_map {
    uint32_t count;
    struct guest_map_entry entry[GUEST_MAP_ENTRIES];
};
extern struct guest_map guest_map[PART_MAX_VM];

/* False: too many entries. */
bool guest_map_build(vm_id_t v);
/* Takes [base, base + size) out of the RAM and lists it with another type. */
bool guest_map_carve(vm_id_t v, gpa_t base, uint64_t size, uint32_t type);
bool guest_map_is_ram(vm_id_t v, gpa_t base, uint64_t size);
/* Lowest place at or above floor, highest place ending at or below top; ID_NONE64: none. */
#define GUEST_MAP_NONE 0xFFFFFFFFFFFFFFFFU
gpa_t guest_map_lowest(vm_id_t v, uint64_t size, uint64_t align, gpa_t floor);
gpa_t guest_map_highest(vm_id_t v, uint64_t size, gpa_t top, gpa_t keep_base, uint64_t keep_size);

/* Copies from the machine's memory, or zeroes, through stage 2; the range is RAM by guest_map_is_ram(). */
enum status guest_load(vm_id_t v, gpa_t gpa, hpa_t from, uint64_t size);
enum status guest_clear(vm_id_t v, gpa_t gpa, uint64_t size);

#endif
