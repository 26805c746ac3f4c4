/* SPDX-License-Identifier: Apache-2.0 */
/* Multiboot Specification 0.6.96, with an ELF32 image (ELF, "Program Header"): command line,
 * memory map and modules, 32-bit protected mode without paging. Lengths are checked before they are used. */
#include "core/boot_info.h"
#include "core/guest_map.h"
#include "core/hw.h"
#include "core/loader.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"

#define HEADER_SEARCH  8192U
#define HEADER_MAGIC   0x1BADB002U
#define LOADER_MAGIC   0x2BADB002U
#define ELF_MAGIC      0x464C457FU
#define ELF_HEADER     52U
#define ELF_SEGMENT    32U
#define ELF_SEGMENTS   16U
#define ELF_LOAD       1U
#define INFO_MEMORY    1U
#define INFO_CMDLINE   4U
#define INFO_MODS      8U
#define INFO_MMAP      64U
#define INFO_NAME      512U
#define MMAP_ENTRY     24U
#define LOADER_NAME    0x11F00U

static uint32_t read32(hpa_t at)
{
    return (uint32_t)hw_phys_read(at, 4U);
}

static bool has_header(hpa_t image, uint64_t size)
{
    bool found = false;
    uint64_t end = (size < HEADER_SEARCH) ? size : HEADER_SEARCH;
    for (uint64_t at = 0U; ((at + 12U) <= end) && !found; at += 4U) {
        found = (read32(image + at) == HEADER_MAGIC)
                && ((uint32_t)(read32(image + at) + read32(image + at + 4U) + read32(image + at + 8U)) == 0U);
    }
    return found;
}

static const char *check_elf(hpa_t image, uint64_t size)
{
    const char *reason = "";
    if (size < ELF_HEADER) {
        reason = "image is too short";
    } else if ((read32(image) != ELF_MAGIC) || (hw_phys_read(image + 4U, 1U) != 1U)
               || (hw_phys_read(image + 18U, 2U) != 3U)) {
        reason = "image is not ELF32 for x86";
    } else if (!has_header(image, size)) {
        reason = "image has no multiboot header";
    } else if (hw_phys_read(image + 42U, 2U) != ELF_SEGMENT) {
        reason = "image has segments of another size";
    } else {
        uint64_t count = hw_phys_read(image + 44U, 2U);
        uint64_t table = read32(image + 28U);
        if ((count == 0U) || (count > ELF_SEGMENTS) || ((table + (count * ELF_SEGMENT)) > size)) {
            reason = "image's program headers are out of bounds";
        }
    }
    return reason;
}

struct elf_segment { uint64_t offset; uint64_t address; uint64_t file_size; uint64_t memory_size; };

static const char *check_segment(vm_id_t v, const struct elf_segment *segment, uint64_t image_size)
{
    const char *reason = "";
    bool low = (segment->address < LOADER_LOW_END) && ((segment->address + segment->memory_size) > LOADER_LOW);
    if (((segment->offset + segment->file_size) > image_size) || (segment->file_size > segment->memory_size)) {
        reason = "image is cut off";
    } else if (!guest_map_is_ram(v, segment->address, segment->memory_size)) {
        reason = "image does not fit the VM's RAM";
    } else if (low) {
        reason = "image overlaps the boot information at 64 KiB";
    } else {
        /* fits */
    }
    return reason;
}

/* *end: behind the last segment. */
static const char *load_segments(vm_id_t v, hpa_t image, uint64_t size, gpa_t *end)
{
    const char *reason = "";
    uint64_t count = hw_phys_read(image + 44U, 2U);
    hpa_t table = image + read32(image + 28U);
    for (uint64_t i = 0U; (i < count) && (i < ELF_SEGMENTS) && (reason[0] == '\0'); i++) {
        hpa_t at = table + (i * ELF_SEGMENT);
        struct elf_segment segment = { read32(at + 4U), read32(at + 12U), read32(at + 16U), read32(at + 20U) };
        if ((read32(at) == ELF_LOAD) && (segment.memory_size != 0U)) {
            reason = check_segment(v, &segment, size);
            if ((reason[0] == '\0')
                && ((guest_clear(v, segment.address, segment.memory_size) != STATUS_OK)
                    || (guest_load(v, segment.address, image + segment.offset, segment.file_size) != STATUS_OK))) {
                reason = "image not loaded";
            }
            *end = ((segment.address + segment.memory_size) > *end) ? (segment.address + segment.memory_size) : *end;
        }
    }
    return reason;
}

static void write_map(vm_id_t v)
{
    for (uint32_t i = 0U; i < guest_map[v].count; i++) {
        gpa_t at = LOADER_GDT + ((gpa_t)i * MMAP_ENTRY);
        loader_write32(v, at, MMAP_ENTRY - 4U);
        loader_write32(v, at + 4U, (uint32_t)guest_map[v].entry[i].base);
        loader_write32(v, at + 8U, (uint32_t)(guest_map[v].entry[i].base >> 32));
        loader_write32(v, at + 12U, (uint32_t)guest_map[v].entry[i].size);
        loader_write32(v, at + 16U, (uint32_t)(guest_map[v].entry[i].size >> 32));
        loader_write32(v, at + 20U, guest_map[v].entry[i].type);
    }
}

/* KiB of RAM at 1 MiB, as the field mem_upper has it. */
static uint32_t upper_kib(vm_id_t v)
{
    uint64_t size = 0U;
    for (uint32_t i = 0U; i < guest_map[v].count; i++) {
        gpa_t end = guest_map[v].entry[i].base + guest_map[v].entry[i].size;
        if ((guest_map[v].entry[i].type == BOOT_RAM) && (guest_map[v].entry[i].base <= 0x100000U) && (end > 0x100000U)) {
            size = end - 0x100000U;
        }
    }
    return (uint32_t)((size >> 10) & 0xFFFFFFFFU);
}

static void write_info(vm_id_t v, const struct part_vm *config)
{
    static const char name[] = "Bulkhead";
    (void)guest_clear(v, LOADER_LOW, LOADER_ACPI - LOADER_LOW);
    loader_write32(v, LOADER_LOW, INFO_MEMORY | INFO_CMDLINE | INFO_MODS | INFO_MMAP | INFO_NAME);
    loader_write32(v, LOADER_LOW + 4U, 640U);
    loader_write32(v, LOADER_LOW + 8U, upper_kib(v));
    loader_write32(v, LOADER_LOW + 16U, LOADER_CMDLINE);
    loader_write32(v, LOADER_LOW + 44U, guest_map[v].count * MMAP_ENTRY);
    loader_write32(v, LOADER_LOW + 48U, LOADER_GDT);
    loader_write32(v, LOADER_LOW + 64U, LOADER_NAME);
    (void)guest_write(v, LOADER_CMDLINE, (const uint8_t *)config->cmdline, PART_CMDLINE_SIZE - 1U);
    (void)guest_write(v, LOADER_NAME, (const uint8_t *)name, (uint32_t)sizeof(name));
    write_map(v);
}

/* Multiboot 3.2: EAX, EBX, flat segments, PE set, paging off, A20 on. */
static void enter_32(vcpu_id_t id, uint32_t entry)
{
    struct segment code = { 0x08U, 0xC09BU, 0xFFFFFFFFU, 0U };
    struct segment data = { 0x10U, 0xC093U, 0xFFFFFFFFU, 0U };
    hw_vcpu_set(id, REG_CR0, 0x11U);
    hw_vcpu_set_segment(id, SEG_CS, code);
    hw_vcpu_set_segment(id, SEG_DS, data);
    hw_vcpu_set_segment(id, SEG_ES, data);
    hw_vcpu_set_segment(id, SEG_FS, data);
    hw_vcpu_set_segment(id, SEG_GS, data);
    hw_vcpu_set_segment(id, SEG_SS, data);
    vcpu_regs[id].rip = entry;
    vcpu_regs[id].rflags = 2U;
    vcpu_regs[id].gpr[GPR_RAX] = LOADER_MAGIC;
    vcpu_regs[id].gpr[GPR_RBX] = LOADER_LOW;
}

/* REQ-CFG-017 */
struct loader_verdict loader_multiboot(vm_id_t v, const struct part_vm *config)
{
    struct loader_verdict result = { "no boot module has the image's tag", false };
    uint32_t module = boot_module_find(config->kernel);
    if (module < MAX_BOOT_MODULE) {
        hpa_t image = boot_info.module[module].base;
        uint64_t size = boot_info.module[module].size;
        result.reason = check_elf(image, size);
        if ((result.reason[0] == '\0') && !guest_map_is_ram(v, LOADER_LOW, LOADER_ACPI - LOADER_LOW)) {
            result.reason = "no RAM at 64 KiB for the boot information";
        }
        if (result.reason[0] == '\0') {
            gpa_t end = 0U;
            write_info(v, config);
            result.reason = load_segments(v, image, size, &end);
            if (result.reason[0] == '\0') {
                result.reason = loader_modules(v, config, end);
            }
        }
        if (result.reason[0] == '\0') {
            enter_32(vcpu_id(v, 0U), read32(image + 24U));
            result.ok = true;
        }
    }
    return result;
}
