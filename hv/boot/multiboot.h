/* SPDX-License-Identifier: Apache-2.0 */
/* From the boot loader's information to boot_info. */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include "core/types.h"

#define MULTIBOOT1_MAGIC 0x2BADB002U
#define MULTIBOOT2_MAGIC 0x36D76289U

/* STATUS_UNKNOWN: not started by a Multiboot loader; STATUS_INVALID: no memory map;
 * STATUS_NO_MEMORY: more ranges or modules than limits.h allows. */
enum status multiboot_parse(uint32_t magic, hpa_t info);

/* The whole image lies in one range of RAM: a loader may put it over memory that the firmware keeps. */
bool multiboot_image_in_ram(void);

/* For the two formats: entries as they come, after a reset. */
void boot_map_reset(void);
enum status boot_map_add(hpa_t base, uint64_t size, uint32_t type);
enum status boot_module_add(hpa_t start, hpa_t end, hpa_t string, uint32_t string_limit);
/* After the last entry: sorted, disjoint, RAM cut to whole pages. */
enum status boot_map_finish(void);

enum status multiboot1_parse(hpa_t info);
enum status multiboot2_parse(hpa_t info);

#endif
