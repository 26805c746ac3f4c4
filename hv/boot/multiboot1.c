/* SPDX-License-Identifier: Apache-2.0 */
/* Multiboot 0.6.96, section 3.3. */
#include "boot/multiboot.h"
#include "core/hw.h"

#define INFO_FLAGS       0U
#define INFO_MODS_COUNT  20U
#define INFO_MODS_ADDR   24U
#define INFO_MMAP_LENGTH 44U
#define INFO_MMAP_ADDR   48U
#define FLAG_MODULES     0x8U
#define FLAG_MMAP        0x40U
#define MODULE_SIZE      16U
#define MMAP_MIN_SIZE    20U
#define STRING_LIMIT     4096U

static uint32_t info_field(hpa_t at)
{
    return (uint32_t)hw_phys_read(at, 4U);
}

static enum status modules_parse(hpa_t info)
{
    const uint32_t count = info_field(info + INFO_MODS_COUNT);
    const hpa_t list = info_field(info + INFO_MODS_ADDR);
    enum status result = STATUS_OK;
    for (uint32_t i = 0U; (i < count) && (result == STATUS_OK); i++) {
        const hpa_t entry = list + ((hpa_t)i * MODULE_SIZE);
        result = boot_module_add(info_field(entry), info_field(entry + 4U), info_field(entry + 8U), STRING_LIMIT);
    }
    return result;
}

/* Each entry's size field does not count itself. */
static enum status memory_parse(hpa_t info)
{
    const uint32_t length = info_field(info + INFO_MMAP_LENGTH);
    const hpa_t list = info_field(info + INFO_MMAP_ADDR);
    enum status result = (length == 0U) ? STATUS_INVALID : STATUS_OK;
    uint32_t offset = 0U;
    while ((offset < length) && (result == STATUS_OK)) {
        const hpa_t entry = list + offset;
        const uint32_t size = info_field(entry);
        if (size < MMAP_MIN_SIZE) {
            result = STATUS_INVALID;
        } else {
            result = boot_map_add(hw_phys_read(entry + 4U, 4U) | (hw_phys_read(entry + 8U, 4U) << 32),
                                  hw_phys_read(entry + 12U, 4U) | (hw_phys_read(entry + 16U, 4U) << 32),
                                  info_field(entry + 20U));
            offset += size + 4U;
        }
    }
    return result;
}

/* REQ-CFG-012 */
enum status multiboot1_parse(hpa_t info)
{
    const uint32_t flags = info_field(info + INFO_FLAGS);
    enum status result = ((flags & FLAG_MMAP) == 0U) ? STATUS_INVALID : memory_parse(info);
    if ((result == STATUS_OK) && ((flags & FLAG_MODULES) != 0U)) {
        result = modules_parse(info);
    }
    return result;
}
