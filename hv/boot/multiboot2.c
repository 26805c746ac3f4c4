/* SPDX-License-Identifier: Apache-2.0 */
/* Multiboot2 specification 2.0, section 3.6: a list of tags, each 8-byte aligned. */
#include "boot/multiboot.h"
#include "core/boot_info.h"
#include "core/hw.h"

#define TAG_END      0U
#define TAG_MODULE   3U
#define TAG_MMAP     6U
#define TAG_RSDP_V1  14U
#define TAG_RSDP_V2  15U
#define TAG_HEADER   8U
#define MODULE_STRING 16U
#define MMAP_HEADER  16U

static uint32_t tag_field(hpa_t at)
{
    return (uint32_t)hw_phys_read(at, 4U);
}

static enum status map_parse(hpa_t tag, uint32_t size)
{
    const uint32_t entry_size = tag_field(tag + 8U);
    enum status result = (entry_size < 24U) ? STATUS_INVALID : STATUS_OK;
    for (uint32_t at = MMAP_HEADER; ((at + entry_size) <= size) && (result == STATUS_OK); at += entry_size) {
        result = boot_map_add(hw_phys_read(tag + at, 8U), hw_phys_read(tag + at + 8U, 8U), tag_field(tag + at + 16U));
    }
    return result;
}

static enum status tag_parse(hpa_t tag, uint32_t type, uint32_t size)
{
    enum status result = STATUS_OK;
    if (type == TAG_MODULE) {
        result = (size <= MODULE_STRING) ? STATUS_INVALID
                 : boot_module_add(tag_field(tag + 8U), tag_field(tag + 12U), tag + MODULE_STRING, size - MODULE_STRING);
    } else if (type == TAG_MMAP) {
        result = map_parse(tag, size);
    } else if (type == TAG_RSDP_V2) {
        boot_info.rsdp = tag + TAG_HEADER; /* the loader's copy; read before any VM gets memory */
    } else if ((type == TAG_RSDP_V1) && (boot_info.rsdp == 0U)) {
        boot_info.rsdp = tag + TAG_HEADER;
    } else {
        /* nothing that is needed */
    }
    return result;
}

/* REQ-CFG-012 */
enum status multiboot2_parse(hpa_t info)
{
    const uint32_t total = tag_field(info);
    uint32_t offset = 8U;
    bool more = true;
    enum status result = STATUS_OK;
    while (more && (result == STATUS_OK) && ((offset + TAG_HEADER) <= total)) {
        const uint32_t type = tag_field(info + offset);
        const uint32_t size = tag_field(info + offset + 4U);
        if ((size < TAG_HEADER) || (size > (total - offset))) {
            result = STATUS_INVALID;
        } else if (type == TAG_END) {
            more = false;
        } else {
            result = tag_parse(info + offset, type, size);
            offset += (size + 7U) & ~7U;
        }
    }
    return ((result == STATUS_OK) && (boot_info.range_count == 0U)) ? STATUS_INVALID : result;
}
