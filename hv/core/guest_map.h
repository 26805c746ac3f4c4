/* SPDX-License-Identifier: Apache-2.0 */
/* The memory map that a VM is told at boot (e820, multiboot), and placing images in it. */
#ifndef CORE_GUEST_MAP_H
#define CORE_GUEST_MAP_H

#include "core/limits.h"
#include "core/types.h"

#define GUEST_MAP_ENTRIES 128U /* what struct boot_params holds */

struct guest_map_entry { gpa_t base; uint64_t size; uint32_t type; }; /* BOOT_RAM and so on */
/* Of the VM that is being loaded; sorted, disjoint. */
extern struct guest_map_entry guest_map[GUEST_MAP_ENTRIES];
extern uint32_t guest_map_count;

/* Boot only. False: too many entries. */
bool guest_map_build(vm_id_t v);
/* Takes [base, base + size) out of the RAM and lists it with another type. */
bool guest_map_carve(gpa_t base, uint64_t size, uint32_t type);
bool guest_map_is_ram(gpa_t base, uint64_t size);
/* Lowest place at or above floor, highest place ending at or below top; ID_NONE64: none. */
#define GUEST_MAP_NONE 0xFFFFFFFFFFFFFFFFU
gpa_t guest_map_lowest(uint64_t size, uint64_t align, gpa_t floor);
gpa_t guest_map_highest(uint64_t size, gpa_t top, gpa_t keep_base, uint64_t keep_size);

/* Copies from the machine's memory, or zeroes, through stage 2; the range is RAM by guest_map_is_ram(). */
enum status guest_load(vm_id_t v, gpa_t gpa, hpa_t from, uint64_t size);
enum status guest_clear(vm_id_t v, gpa_t gpa, uint64_t size);

#endif
