/* SPDX-License-Identifier: Apache-2.0 */
/* Boot modules of a multiboot image: copies behind the image, and the list that tells it where they are
 * (Multiboot 0.6.96, 3.3: mods_count, mods_addr). A module's string is its tag. */
#include "core/boot_info.h"
#include "core/guest_map.h"
#include "core/loader.h"
#include "core/vm.h"

#define INFO_MODS_COUNT 20U
#define INFO_MODS_ADDR  24U
#define MODULE_ENTRY    16U
#define MODULE_STRINGS  (LOADER_MODULES + (PART_MAX_MODULE * MODULE_ENTRY))
#define MODULES_BASE    0x100000U

void loader_write32(vm_id_t v, gpa_t gpa, uint32_t value)
{
    uint8_t bytes[4];
    for (uint32_t i = 0U; i < 4U; i++) {
        bytes[i] = (uint8_t)(value >> (8U * i));
    }
    (void)guest_write(v, gpa, bytes, 4U);
}

static void write_entry(vm_id_t v, uint32_t index, gpa_t start, uint64_t size)
{
    gpa_t entry = LOADER_MODULES + ((gpa_t)index * MODULE_ENTRY);
    loader_write32(v, entry, (uint32_t)start);
    loader_write32(v, entry + 4U, (uint32_t)(start + size));
    loader_write32(v, entry + 8U, MODULE_STRINGS + (index * PART_TAG_SIZE));
}

/* On a page of its own, the lowest that is free and can be told in 32 bits. Moves *place behind it. */
static const char *place_module(vm_id_t v, const struct part_vm *config, uint32_t index, gpa_t *place)
{
    const char *reason = "";
    uint32_t module = boot_module_find(config->module[index]);
    if (module >= MAX_BOOT_MODULE) {
        reason = "no boot module has the tag of the image's module";
    } else {
        uint64_t size = boot_info.module[module].size;
        gpa_t at = guest_map_lowest(v, size, PAGE_SIZE, *place);
        if ((at > LOADER_MODULE_TOP) || (size > (LOADER_MODULE_TOP - at))) {
            reason = "no room for the image's modules";
        } else if (guest_load(v, at, boot_info.module[module].base, size) != STATUS_OK) {
            reason = "module not loaded";
        } else {
            write_entry(v, index, at, size);
            (void)guest_write(v, MODULE_STRINGS + ((gpa_t)index * PART_TAG_SIZE), (const uint8_t *)config->module[index], PART_TAG_SIZE);
            *place = at + size;
        }
    }
    return reason;
}

/* REQ-CFG-022 */
const char *loader_modules(vm_id_t v, const struct part_vm *config, gpa_t behind)
{
    const char *reason = "";
    gpa_t place = (behind > MODULES_BASE) ? behind : MODULES_BASE;
    for (uint32_t i = 0U; (i < config->module_count) && (i < PART_MAX_MODULE) && (reason[0] == '\0'); i++) {
        reason = place_module(v, config, i, &place);
    }
    loader_write32(v, LOADER_LOW + INFO_MODS_COUNT, config->module_count);
    loader_write32(v, LOADER_LOW + INFO_MODS_ADDR, LOADER_MODULES);
    return reason;
}
