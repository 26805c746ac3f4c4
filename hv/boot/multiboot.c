/* SPDX-License-Identifier: Apache-2.0 */
/* boot_info: the modules, and where the image lies; the two Multiboot formats fill it. */
#include "boot/multiboot.h"

#include "core/boot_info.h"
#include "core/hw.h"
#include "x86/address.h"
#include "x86/cpu.h"

#define STRING_SEARCH 1024U /* longest module string that is looked at */

static uint32_t string_length(hpa_t string, uint32_t limit)
{
    uint32_t length = 0U;
    while ((length < limit) && (hw_phys_read(string + length, 1U) != 0U)) {
        length++;
    }
    return length;
}

/* A long path may come first: of a string that does not fit, the end is kept, where the tags are. */
enum status boot_module_add(hpa_t start, hpa_t end, hpa_t string, uint32_t string_limit)
{
    enum status result = STATUS_NO_MEMORY;
    if (end < start) {
        result = STATUS_INVALID;
    } else if (boot_info.module_count < MAX_BOOT_MODULE) {
        struct boot_module *const module = &boot_info.module[boot_info.module_count];
        const uint32_t length = (string == 0U) ? 0U : string_length(string, (string_limit < STRING_SEARCH) ? string_limit : STRING_SEARCH);
        const uint32_t kept = (length < BOOT_STRING_SIZE) ? length : (BOOT_STRING_SIZE - 1U);
        module->base = start;
        module->size = end - start;
        for (uint32_t i = 0U; i < kept; i++) {
            module->tags[i] = (char)hw_phys_read(((string + length) - kept) + i, 1U);
        }
        module->tags[kept] = '\0';
        boot_info.module_count++;
        result = STATUS_OK;
    } else {
        /* more modules than there is room for */
    }
    return result;
}

/* REQ-CFG-014 */
bool multiboot_image_in_ram(void)
{
    bool inside = false;
    for (uint32_t i = 0U; i < boot_info.range_count; i++) {
        const struct boot_range *const range = &boot_info.range[i];
        inside = inside || ((range->type == BOOT_RAM) && (boot_info.image_base >= range->base) &&
                            ((boot_info.image_base + boot_info.image_size) <= (range->base + range->size)));
    }
    return inside;
}

/* REQ-CFG-012 */
enum status multiboot_parse(uint32_t magic, hpa_t info)
{
    enum status result;
    boot_info.image_base = address_of(&image_start);
    boot_info.image_size = address_of(&image_end) - address_of(&image_start);
    boot_map_reset();
    if (magic == MULTIBOOT1_MAGIC) {
        result = multiboot1_parse(info);
    } else if (magic == MULTIBOOT2_MAGIC) {
        result = multiboot2_parse(info);
    } else {
        result = STATUS_UNKNOWN;
    }
    if (result == STATUS_OK) {
        result = boot_map_finish();
    }
    return result;
}
