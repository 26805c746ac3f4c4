/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/image.h"

#include <asm/bootparam.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dm/acpi.h"
#include "dm/machine.h"

#define SECTOR            512U
#define HEADER_OFFSET     0x1F1U
#define HEADER_MAGIC      0x53726448U /* "HdrS" */
#define BOOT_FLAG         0xAA55U
#define PROTOCOL_MIN      0x020CU /* xloadflags, kernel_info-less 64-bit entry */
#define SETUP_SECTS_ZERO  4U      /* what 0 means */
#define ENTRY_64          0x200U
#define LOADER_OTHER      0xFFU
#define FILE_SIZE_MAX     (1ULL << 31)

#define PAGE              4096ULL
#define PTE_PRESENT_WRITE 0x03ULL
#define PTE_LARGE         0x80ULL
#define MAPPED_GIB        4U

#define BOOT_CS           0x10U
#define BOOT_DS           0x18U
#define CS_ACCESS         0xA09BU /* present, code, accessed, long, 4 KiB granularity */

_Static_assert(sizeof(struct boot_params) == 4096U, "the zero page");

int image_read(struct image_file *file, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    int result = 0;

    *file = (struct image_file){0};
    if (fd < 0 || fstat(fd, &status) < 0) {
        result = -errno;
    } else if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size > FILE_SIZE_MAX) {
        result = -EINVAL;
    } else {
        size_t size = (size_t)status.st_size;

        file->data = malloc(size + 1U);
        result = (file->data == NULL) ? -ENOMEM : 0;
        while (result == 0 && file->size < size) {
            ssize_t got = read(fd, file->data + file->size, size - file->size);

            if (got > 0) {
                file->size += (size_t)got;
            } else {
                result = (got == 0) ? -EIO : -errno; /* it shrank */
            }
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    if (result != 0) {
        image_free(file);
    }
    return result;
}

void image_free(struct image_file *file)
{
    free(file->data);
    *file = (struct image_file){0};
}

static const char *check_header(const struct image_file *kernel, struct setup_header *header)
{
    const char *problem = NULL;

    if (kernel->size < HEADER_OFFSET + sizeof(*header)) {
        problem = "too short for a bzImage";
    } else {
        memcpy(header, kernel->data + HEADER_OFFSET, sizeof(*header));
        if (header->boot_flag != BOOT_FLAG || header->header != HEADER_MAGIC) {
            problem = "not a bzImage (no boot signature)";
        } else if (header->version < PROTOCOL_MIN) {
            problem = "boot protocol older than 2.12";
        } else if ((header->xloadflags & XLF_KERNEL_64) == 0U) {
            problem = "no 64-bit entry point (a 32-bit kernel?)";
        } else if ((header->loadflags & LOADED_HIGH) == 0U) {
            problem = "not a bzImage (loads low)";
        } else {
            problem = NULL;
        }
    }
    return problem;
}

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
    return (value + alignment - 1U) & ~(alignment - 1U);
}

static uint64_t low_end(uint64_t memory_size)
{
    return (memory_size < MACHINE_LOW_RAM_LIMIT) ? memory_size : MACHINE_LOW_RAM_LIMIT;
}

/* Where it will run: at its preferred address, or above it; a kernel loaded below moves itself there (Linux, boot.rst, "pref_address"). */
/* REQ-DM-004 */
static const char *place_kernel(const struct setup_header *header, struct image_plan *plan, uint64_t *kernel_end)
{
    uint64_t end = low_end(plan->memory_size);
    uint64_t alignment = header->kernel_alignment;
    uint64_t init_size = header->init_size;
    uint64_t wanted = (header->pref_address < MACHINE_KERNEL_MIN) ? MACHINE_KERNEL_MIN : header->pref_address;
    const char *problem = NULL;

    if (alignment < PAGE || (alignment & (alignment - 1U)) != 0U || alignment > (1ULL << 30)) {
        problem = "absurd kernel alignment";
    } else if (init_size < plan->payload_size || init_size > end || wanted > end - init_size) {
        problem = "does not fit into the memory";
    } else if (header->relocatable_kernel == 0U && (header->pref_address != wanted || wanted % PAGE != 0U)) {
        problem = "runs only at an address that is not the VM's RAM";
    } else {
        plan->kernel_gpa = (header->relocatable_kernel != 0U) ? align_up(wanted, alignment) : wanted;
        if (plan->kernel_gpa > end - init_size) {
            problem = "does not fit into the memory";
        }
        *kernel_end = plan->kernel_gpa + init_size;
    }
    return problem;
}

/* As high as possible, out of the way of a kernel that moves itself. */
static const char *place_initrd(const struct setup_header *header, uint64_t size, uint64_t kernel_end,
                                struct image_plan *plan)
{
    uint64_t end = low_end(plan->memory_size);
    const char *problem = NULL;

    plan->initrd_gpa = 0;
    if (size != 0U) {
        end = (end > (uint64_t)header->initrd_addr_max + 1U) ? (uint64_t)header->initrd_addr_max + 1U : end;
        if (size > end || ((end - size) & ~(PAGE - 1U)) < align_up(kernel_end, PAGE)) {
            problem = "the initrd does not fit into the memory beside the kernel";
        } else {
            plan->initrd_gpa = (end - size) & ~(PAGE - 1U);
        }
    }
    return problem;
}

const char *image_plan(const struct image_file *kernel, const struct image_file *initrd, const char *cmdline,
                       uint64_t memory_size, struct image_plan *plan)
{
    struct setup_header header;
    uint64_t kernel_end = 0;
    const char *problem = check_header(kernel, &header);

    *plan = (struct image_plan){.memory_size = memory_size};
    if (problem == NULL) {
        uint64_t sectors = (header.setup_sects == 0U) ? SETUP_SECTS_ZERO : header.setup_sects;
        uint64_t declared = (uint64_t)header.syssize * 16U;

        plan->payload_offset = (sectors + 1U) * SECTOR;
        plan->payload_size = (kernel->size > plan->payload_offset) ? kernel->size - plan->payload_offset : 0U;
        if (declared <= ENTRY_64 || plan->payload_size + 15U < declared) {
            problem = "truncated";
        } else if (strlen(cmdline) > header.cmdline_size ||
                   strlen(cmdline) >= MACHINE_LOW_RAM_END - MACHINE_BOOT_CMDLINE) {
            problem = "the command line is longer than this kernel takes";
        } else {
            /* A signature may follow the declared size; it is not loaded. */
            plan->payload_size = (plan->payload_size < declared) ? plan->payload_size : declared;
            problem = place_kernel(&header, plan, &kernel_end);
        }
    }
    if (problem == NULL) {
        problem = place_initrd(&header, initrd->size, kernel_end, plan);
    }
    return problem;
}

static void add_e820(struct boot_params *params, uint64_t base, uint64_t size, uint32_t type)
{
    params->e820_table[params->e820_entries] = (struct boot_e820_entry){.addr = base, .size = size, .type = type};
    params->e820_entries++;
}

#define E820_RAM      1U
#define E820_RESERVED 2U

/* No two entries overlap: the kernel's decompressor believes each RAM entry as it stands. */
static void fill_e820(struct boot_params *params, const struct guest_memory *memory)
{
    add_e820(params, 0, MACHINE_LOW_RAM_END, E820_RAM);
    add_e820(params, MACHINE_LOW_RAM_END, 0xA0000 - MACHINE_LOW_RAM_END, E820_RESERVED);
    add_e820(params, MACHINE_ACPI_BASE, MACHINE_ACPI_SIZE, E820_RESERVED);
    add_e820(params, MACHINE_KERNEL_MIN, memory->low.size - MACHINE_KERNEL_MIN, E820_RAM);
    add_e820(params, MACHINE_ECAM_BASE, MACHINE_ECAM_SIZE, E820_RESERVED);
    if (memory->high.size != 0U) {
        add_e820(params, memory->high.gpa, memory->high.size, E820_RAM);
    }
}

static void write_boot_params(const struct guest_memory *memory, const struct image_file *kernel,
                              const struct image_file *initrd, const struct image_plan *plan)
{
    struct boot_params *params = memory_range(memory, MACHINE_BOOT_PARAMS, sizeof(*params));
    /* The header ends where its own jump instruction says (0x201), at most at the next field. */
    size_t header_size = 0x202U + kernel->data[0x201] - HEADER_OFFSET;

    memset(params, 0, sizeof(*params));
    header_size = (header_size < sizeof(params->hdr)) ? header_size : sizeof(params->hdr);
    memcpy(&params->hdr, kernel->data + HEADER_OFFSET, header_size);
    params->hdr.type_of_loader = LOADER_OTHER;
    params->hdr.loadflags &= (uint8_t)~(QUIET_FLAG | CAN_USE_HEAP);
    params->hdr.cmd_line_ptr = (uint32_t)MACHINE_BOOT_CMDLINE;
    params->hdr.ramdisk_image = (uint32_t)plan->initrd_gpa;
    params->hdr.ramdisk_size = (plan->initrd_gpa != 0U) ? (uint32_t)initrd->size : 0U;
    params->acpi_rsdp_addr = MACHINE_ACPI_BASE;
    fill_e820(params, memory);
}

/* The first 4 GiB, identity mapped with 2 MiB pages. */
static void write_page_tables(const struct guest_memory *memory)
{
    uint64_t *tables = memory_range(memory, MACHINE_BOOT_TABLES, (2U + MAPPED_GIB) * PAGE);
    uint64_t *pdpt = tables + 512;
    uint64_t *directories = tables + 1024;

    memset(tables, 0, 2U * PAGE);
    tables[0] = (MACHINE_BOOT_TABLES + PAGE) | PTE_PRESENT_WRITE;
    for (uint64_t i = 0; i < MAPPED_GIB; i++) {
        pdpt[i] = (MACHINE_BOOT_TABLES + (2U + i) * PAGE) | PTE_PRESENT_WRITE;
    }
    for (uint64_t i = 0; i < 512ULL * MAPPED_GIB; i++) {
        directories[i] = (i * MEMORY_PAGE_2M) | PTE_PRESENT_WRITE | PTE_LARGE;
    }
}

static const uint64_t boot_gdt[4] = {
    0, 0,
    0x00AF9B000000FFFFULL, /* BOOT_CS: 64-bit code */
    0x00CF93000000FFFFULL, /* BOOT_DS: flat data */
};

bool image_load(const struct guest_memory *memory, const struct image_file *kernel, const struct image_file *initrd,
                const char *cmdline, const struct image_plan *plan, unsigned vcpu_count)
{
    uint8_t *acpi = memory_range(memory, MACHINE_ACPI_BASE, MACHINE_ACPI_SIZE);
    size_t cmdline_size = strlen(cmdline) + 1U;

    memcpy(memory_range(memory, plan->kernel_gpa, plan->payload_size), kernel->data + plan->payload_offset,
           plan->payload_size);
    if (plan->initrd_gpa != 0U) {
        memcpy(memory_range(memory, plan->initrd_gpa, initrd->size), initrd->data, initrd->size);
    }
    memcpy(memory_range(memory, MACHINE_BOOT_CMDLINE, cmdline_size), cmdline, cmdline_size);
    memcpy(memory_range(memory, MACHINE_BOOT_GDT, sizeof(boot_gdt)), boot_gdt, sizeof(boot_gdt));
    write_boot_params(memory, kernel, initrd, plan);
    write_page_tables(memory);
    memset(acpi, 0, MACHINE_ACPI_SIZE);
    return acpi_build(acpi, MACHINE_ACPI_SIZE, MACHINE_ACPI_BASE, vcpu_count, !plan->ports_only) != 0U;
}

void image_entry_regs(const struct image_plan *plan, struct acrn_vcpu_regs *regs)
{
    *regs = (struct acrn_vcpu_regs){
        .vcpu_id = 0,
        .vcpu_regs = {
            .gprs = {.rsi = MACHINE_BOOT_PARAMS},
            .gdt = {.limit = sizeof(boot_gdt) - 1U, .base = MACHINE_BOOT_GDT},
            .rip = plan->kernel_gpa + ENTRY_64,
            .cr0 = 0x80000031U, /* PG, NE, ET, PE */
            .cr3 = MACHINE_BOOT_TABLES,
            .cr4 = 0x20U,        /* PAE */
            .ia32_efer = 0x500U, /* LMA, LME */
            .rflags = 2U,
            .cs_ar = CS_ACCESS,
            .cs_limit = 0xFFFFFFFFU,
            .cs_sel = BOOT_CS,
            .ss_sel = BOOT_DS,
            .ds_sel = BOOT_DS,
            .es_sel = BOOT_DS,
            .fs_sel = BOOT_DS,
            .gs_sel = BOOT_DS,
        },
    };
}
