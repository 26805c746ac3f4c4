/* SPDX-License-Identifier: Apache-2.0 */
/* Linux x86 boot protocol, 64-bit entry (Documentation/x86/boot.rst, "64-bit boot protocol"). The
 * image comes from a boot module: every length in it is checked before it is used. */
#include "core/boot_info.h"
#include "core/guest_map.h"
#include "core/hw.h"
#include "core/loader.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"

#define SETUP_HEADER     0x1F1U
#define SETUP_HEADER_END 0x2D0U
#define HDR_SETUP_SECTS  0x1F1U
#define HDR_BOOT_FLAG    0x1FEU
#define HDR_JUMP_LENGTH  0x201U
#define HDR_MAGIC        0x202U
#define HDR_VERSION      0x206U
#define HDR_LOADER_TYPE  0x210U
#define HDR_RAMDISK      0x218U
#define HDR_RAMDISK_SIZE 0x21CU
#define HDR_CMDLINE      0x228U
#define HDR_INITRD_MAX   0x22CU
#define HDR_ALIGNMENT    0x230U
#define HDR_RELOCATABLE  0x234U
#define HDR_XLOADFLAGS   0x236U
#define HDR_CMDLINE_SIZE 0x238U
#define HDR_PREFERRED    0x258U
#define HDR_INIT_SIZE    0x260U
#define PARAM_RSDP       0x70U
#define PARAM_E820_COUNT 0x1E8U
#define PARAM_E820       0x2D0U
#define E820_SIZE        20U
#define MAGIC_HDRS       0x53726448U
#define SECTOR           512U
#define ENTRY_64         0x200U
#define LOAD_FLOOR       0x1000000U  /* 16 MiB: leaves the low memory to the kernel's DMA zone */
#define LOAD_TOP         0x80000000U /* image and initrd lie below 2 GiB */
#define CODE_SELECTOR    0x10U
#define DATA_SELECTOR    0x18U
#define DESCRIPTOR_CODE  0x00AF9B000000FFFFU
#define DESCRIPTOR_DATA  0x00CF93000000FFFFU

struct bzimage {
    hpa_t payload;
    uint64_t payload_size;
    uint64_t init_size;
    uint64_t align;
    gpa_t floor;
    gpa_t load;
    gpa_t initrd_top;
    uint32_t header_end;
    uint32_t cmdline_max;
};

static uint32_t header_field(hpa_t image, uint32_t offset, uint32_t size)
{
    return (uint32_t)hw_phys_read(image + offset, size);
}

static uint32_t text_length(const char *text, uint32_t limit)
{
    uint32_t length = 0U;
    /*@ loop widen_hints length, 1023, 1024; */
    while ((length < limit) && (text[length] != '\0')) {
        length++;
    }
    return length;
}

/* NULL-free result: the empty string says that all is well. */
static const char *parse_header(hpa_t image, uint64_t size, struct bzimage *out)
{
    const char *reason = "";
    uint64_t sectors = 0U;
    if (size < 4096U) {
        reason = "kernel image is too short";
    } else if ((header_field(image, HDR_BOOT_FLAG, 2U) != 0xAA55U) || (header_field(image, HDR_MAGIC, 4U) != MAGIC_HDRS)) {
        reason = "kernel image is not a bzImage";
    } else if ((header_field(image, HDR_VERSION, 2U) < 0x20CU) || ((header_field(image, HDR_XLOADFLAGS, 2U) & 1U) == 0U)) {
        reason = "kernel has no 64-bit entry (boot protocol 2.12)";
    } else if (header_field(image, HDR_RELOCATABLE, 1U) == 0U) {
        reason = "kernel is not relocatable";
    } else {
        sectors = header_field(image, HDR_SETUP_SECTS, 1U);
        sectors = ((sectors == 0U) ? 4U : sectors) + 1U;
        out->header_end = HDR_MAGIC + header_field(image, HDR_JUMP_LENGTH, 1U);
        out->init_size = header_field(image, HDR_INIT_SIZE, 4U);
        out->align = header_field(image, HDR_ALIGNMENT, 4U);
        out->cmdline_max = header_field(image, HDR_CMDLINE_SIZE, 4U);
        out->initrd_top = (gpa_t)header_field(image, HDR_INITRD_MAX, 4U) + 1U;
        out->align = (out->align < PAGE_SIZE_2M) ? PAGE_SIZE_2M : out->align;
        /* Loaded below its preferred address, it would move itself there (Linux, boot.rst, "pref_address"). */
        out->floor = hw_phys_read(image + HDR_PREFERRED, 8U);
        out->floor = (out->floor < LOAD_FLOOR) ? LOAD_FLOOR : out->floor;
        out->floor = (out->floor > LOAD_TOP) ? LOAD_TOP : out->floor; /* where there is no room */
    }
    if ((reason[0] == '\0') && (((sectors * SECTOR) >= size) || (out->header_end > SETUP_HEADER_END))) {
        reason = "kernel image is cut off";
    } else if ((reason[0] == '\0') && ((out->align & (out->align - 1U)) != 0U)) {
        reason = "kernel alignment is not a power of two";
    } else {
        out->payload = image + (sectors * SECTOR);
        out->payload_size = size - (sectors * SECTOR);
        out->init_size = (out->init_size > out->payload_size) ? out->init_size : out->payload_size;
    }
    return reason;
}

static void bzimage_write32(vm_id_t v, gpa_t gpa, uint32_t value)
{
    uint8_t bytes[4];
    for (uint32_t i = 0U; i < 4U; i++) {
        bytes[i] = (uint8_t)(value >> (8U * i));
    }
    (void)guest_write(v, gpa, bytes, 4U);
}

static void bzimage_write64(vm_id_t v, gpa_t gpa, uint64_t value)
{
    bzimage_write32(v, gpa, (uint32_t)value);
    bzimage_write32(v, gpa + 4U, (uint32_t)(value >> 32));
}

static void write_e820(vm_id_t v)
{
    uint8_t count = (uint8_t)guest_map[v].count;
    (void)guest_write(v, LOADER_LOW + PARAM_E820_COUNT, &count, 1U);
    for (uint32_t i = 0U; i < guest_map[v].count; i++) {
        gpa_t at = LOADER_LOW + PARAM_E820 + ((gpa_t)i * E820_SIZE);
        bzimage_write64(v, at, guest_map[v].entry[i].base);
        bzimage_write64(v, at + 8U, guest_map[v].entry[i].size);
        bzimage_write32(v, at + 16U, guest_map[v].entry[i].type);
    }
}

/* 64-bit entry wants paging on, the image and the parameters identity mapped, and this GDT. */
static void write_tables(vm_id_t v)
{
    bzimage_write64(v, LOADER_GDT + CODE_SELECTOR, DESCRIPTOR_CODE);
    bzimage_write64(v, LOADER_GDT + DATA_SELECTOR, DESCRIPTOR_DATA);
    bzimage_write64(v, LOADER_PML4, LOADER_PDPT | 3U);
    for (uint32_t g = 0U; g < 4U; g++) {
        gpa_t pd = LOADER_PD + ((gpa_t)g * PAGE_SIZE);
        bzimage_write64(v, LOADER_PDPT + ((gpa_t)g * 8U), pd | 3U);
        for (uint32_t i = 0U; i < 512U; i++) {
            bzimage_write64(v, pd + ((gpa_t)i * 8U), (((uint64_t)g << 30) + ((uint64_t)i * PAGE_SIZE_2M)) | 0x83U);
        }
    }
}

static void enter_64(vcpu_id_t id, gpa_t entry)
{
    struct segment code = { CODE_SELECTOR, 0xA09BU, 0xFFFFFFFFU, 0U };
    struct segment data = { DATA_SELECTOR, 0xC093U, 0xFFFFFFFFU, 0U };
    struct segment gdt = { 0U, 0U, 0x1FU, LOADER_GDT };
    hw_vcpu_set(id, REG_CR3, LOADER_PML4);
    hw_vcpu_set(id, REG_CR4, 0x20U);
    hw_vcpu_set(id, REG_EFER, 0x500U);
    hw_vcpu_set(id, REG_CR0, 0x80000011U);
    hw_vcpu_set_segment(id, SEG_CS, code);
    hw_vcpu_set_segment(id, SEG_DS, data);
    hw_vcpu_set_segment(id, SEG_ES, data);
    hw_vcpu_set_segment(id, SEG_SS, data);
    hw_vcpu_set_segment(id, SEG_GDTR, gdt);
    vcpu_regs[id].rip = entry;
    vcpu_regs[id].rflags = 2U;
    vcpu_regs[id].gpr[GPR_RSI] = LOADER_LOW;
}

static struct loader_verdict verdict(const char *reason)
{
    struct loader_verdict result = { reason, reason[0] == '\0' };
    return result;
}

static const char *place_initrd(vm_id_t v, const struct part_vm *config, const struct bzimage *image)
{
    const char *reason = "";
    if (config->initrd[0] != '\0') {
        uint32_t module = boot_module_find(config->initrd);
        uint64_t size = (module < MAX_BOOT_MODULE) ? boot_info.module[module].size : 0U;
        gpa_t top = (image->initrd_top < LOAD_TOP) ? image->initrd_top : LOAD_TOP;
        gpa_t at = guest_map_highest(v, size, top, image->load, image->init_size);
        if (module >= MAX_BOOT_MODULE) {
            reason = "no boot module has the initrd's tag";
        } else if ((at == GUEST_MAP_NONE) || (at < LOADER_LOW_END)) {
            reason = "no room for the initrd";
        } else {
            reason = (guest_load(v, at, boot_info.module[module].base, size) == STATUS_OK) ? "" : "initrd not loaded";
            bzimage_write32(v, LOADER_LOW + HDR_RAMDISK, (uint32_t)at);
            bzimage_write32(v, LOADER_LOW + HDR_RAMDISK_SIZE, (uint32_t)size);
        }
    }
    return reason;
}

static void write_params(vm_id_t v, hpa_t image, const struct bzimage *parsed, const struct part_vm *config, gpa_t rsdp)
{
    uint8_t loader_type = 0xFFU; /* none that Linux has a number for */
    uint32_t length = text_length(config->cmdline, PART_CMDLINE_SIZE - 1U);
    (void)guest_clear(v, LOADER_LOW, LOADER_ACPI - LOADER_LOW);
    (void)guest_load(v, LOADER_LOW + SETUP_HEADER, image + SETUP_HEADER, parsed->header_end - SETUP_HEADER);
    (void)guest_write(v, LOADER_LOW + HDR_LOADER_TYPE, &loader_type, 1U);
    bzimage_write32(v, LOADER_LOW + HDR_CMDLINE, LOADER_CMDLINE);
    bzimage_write64(v, LOADER_LOW + PARAM_RSDP, rsdp);
    (void)guest_write(v, LOADER_CMDLINE, (const uint8_t *)config->cmdline, length);
    write_e820(v);
    write_tables(v);
}

/* REQ-CFG-017 */
struct loader_verdict loader_bzimage(vm_id_t v, const struct part_vm *config, gpa_t rsdp)
{
    struct bzimage image = { 0U, 0U, 0U, PAGE_SIZE_2M, LOAD_FLOOR, 0U, 0U, 0U, 0U };
    uint32_t module = boot_module_find(config->kernel);
    const char *reason = "no boot module has the kernel's tag";
    if (module < MAX_BOOT_MODULE) {
        reason = parse_header(boot_info.module[module].base, boot_info.module[module].size, &image);
    }
    if (reason[0] == '\0') {
        image.load = guest_map_lowest(v, image.init_size, image.align, image.floor);
        if ((image.load == GUEST_MAP_NONE) || ((image.load + image.init_size) > LOAD_TOP)) {
            reason = "no room for the kernel";
        } else if (!guest_map_is_ram(v, LOADER_LOW, LOADER_ACPI - LOADER_LOW)) {
            reason = "no RAM at 64 KiB for the boot parameters";
        } else if (text_length(config->cmdline, PART_CMDLINE_SIZE) > image.cmdline_max) {
            reason = "command line is longer than the kernel takes";
        } else if (guest_load(v, image.load, image.payload, image.payload_size) != STATUS_OK) {
            reason = "kernel not loaded";
        } else {
            write_params(v, boot_info.module[module].base, &image, config, rsdp);
            reason = place_initrd(v, config, &image);
            enter_64(vcpu_id(v, 0U), image.load + ENTRY_64);
        }
    }
    return verdict(reason);
}
