/* SPDX-License-Identifier: Apache-2.0 */
/* The loader: a kernel image is untrusted until each of its fields has been checked.
 * unit-sources: /dm/image.c /dm/memory.c /dm/acpi.c /build/dm/dsdt.c */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <asm/bootparam.h>

#include "dm/image.h"
#include "dm/machine.h"

#define MIB     (1ULL << 20)
#define SECTS   3U
#define PAYLOAD (64U * 1024U)

static struct image_file kernel, initrd;
static struct image_plan plan;
static struct setup_header *header;

static int setup(void **state)
{
    (void)state;
    kernel = (struct image_file){.size = (SECTS + 1U) * 512U + PAYLOAD};
    kernel.data = calloc(1, kernel.size);
    memset(kernel.data + (SECTS + 1U) * 512U, 0x5A, PAYLOAD);
    initrd = (struct image_file){0};
    header = (struct setup_header *)(void *)(kernel.data + 0x1F1);
    header->setup_sects = SECTS;
    header->syssize = PAYLOAD / 16U;
    header->boot_flag = 0xAA55;
    header->jump = 0x66EB;
    header->header = 0x53726448;
    header->version = 0x020F;
    header->loadflags = 1;
    header->xloadflags = 1;
    header->relocatable_kernel = 1;
    header->kernel_alignment = 0x200000;
    header->pref_address = 0x1000000;
    header->init_size = 0x100000;
    header->cmdline_size = 2047;
    header->initrd_addr_max = 0x7FFFFFFF;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    image_free(&kernel);
    image_free(&initrd);
    return 0;
}

static const char *check(uint64_t memory_size)
{
    return image_plan(&kernel, &initrd, "console=hvc0", memory_size, &plan);
}

static void plans_kernel_and_initrd(void **state)
{
    (void)state;
    initrd.size = 5000;
    initrd.data = calloc(1, initrd.size);
    assert_null(check(64 * MIB));
    assert_int_equal(plan.kernel_gpa, 0x1000000);
    assert_int_equal(plan.payload_size, PAYLOAD);
    assert_int_equal(plan.initrd_gpa, 64 * MIB - 8192U);
}

static void moves_a_relocatable_kernel_up(void **state)
{
    (void)state;
    header->pref_address = MIB;
    assert_null(check(64 * MIB));
    assert_int_equal(plan.kernel_gpa, 2 * MIB);
    header->pref_address = 16 * MIB + 4096;
    assert_null(check(64 * MIB));
    assert_int_equal(plan.kernel_gpa, 18 * MIB);
    header->relocatable_kernel = 0;
    assert_null(check(64 * MIB));
    assert_int_equal(plan.kernel_gpa, 16 * MIB + 4096);
    header->pref_address = MIB / 2U;
    assert_non_null(check(64 * MIB));
}

/* A stock kernel in 64 MiB once was loaded lower, moved itself up, and ran beyond its RAM. */
/* REQ-DM-004 */
static void refuses_a_kernel_whose_own_address_is_beyond_the_memory(void **state)
{
    (void)state;
    header->init_size = 49 * MIB;
    assert_null(check(65 * MIB));
    assert_non_null(check(64 * MIB));
    header->pref_address = 128 * MIB;
    header->init_size = 0x100000;
    assert_non_null(check(64 * MIB));
}

static void keeps_the_initrd_below_the_hole(void **state)
{
    (void)state;
    initrd.size = 4096;
    initrd.data = calloc(1, initrd.size);
    header->initrd_addr_max = 0xFFFFFFFF;
    assert_null(check(8192 * MIB));
    assert_int_equal(plan.initrd_gpa, 0xC0000000 - 4096);
}

static void ignores_what_follows_the_declared_size(void **state)
{
    (void)state;
    header->syssize = PAYLOAD / 16U - 4U; /* a signature of 64 bytes */
    assert_null(check(64 * MIB));
    assert_int_equal(plan.payload_size, PAYLOAD - 64U);
}

/* REQ-DM-004 */
static void refuses_each_truncation(void **state)
{
    size_t full = kernel.size;

    (void)state;
    for (size_t size = 0; size < full; size += (size < 4096U) ? 1U : 1021U) {
        kernel.size = size;
        assert_non_null(check(64 * MIB));
    }
}

/* REQ-DM-004 */
static void refuses_corrupt_headers(void **state)
{
    const struct setup_header good = *header;

#define REFUSE(field, value) \
    header->field = (value); \
    assert_non_null(check(64 * MIB)); \
    *header = good; \
    assert_null(check(64 * MIB))

    (void)state;
    REFUSE(boot_flag, 0);
    REFUSE(header, 0);
    REFUSE(version, 0x020B);
    REFUSE(xloadflags, 0);
    REFUSE(loadflags, 0);
    REFUSE(syssize, 0);
    REFUSE(syssize, 0xFFFFFFFF);
    REFUSE(setup_sects, 255);
    REFUSE(kernel_alignment, 0);
    REFUSE(kernel_alignment, 0x300000);
    REFUSE(kernel_alignment, 0x80000000);
    REFUSE(init_size, 0);
    REFUSE(init_size, 0xFFFFFFFF);
    REFUSE(cmdline_size, 3);
}

/* Any bytes in the header: refused, or a plan that lies inside the RAM. */
/* REQ-DM-004 */
static void survives_noise(void **state)
{
    static uint8_t good[sizeof(struct setup_header)];

    (void)state;
    initrd.size = 100;
    initrd.data = calloc(1, initrd.size);
    memcpy(good, header, sizeof(good));
    srand(1);
    for (unsigned round = 0; round < 20000U; round++) {
        memcpy(header, good, sizeof(good));
        for (unsigned i = 0; i < 3U; i++) {
            ((uint8_t *)header)[(unsigned)rand() % sizeof(good)] = (uint8_t)rand();
        }
        if (check(64 * MIB) == NULL) {
            assert_true(plan.kernel_gpa >= MIB && plan.kernel_gpa + plan.payload_size <= 64 * MIB);
            assert_true(plan.initrd_gpa >= plan.kernel_gpa + plan.payload_size && plan.initrd_gpa + 100U <= 64 * MIB);
            assert_true(plan.payload_offset + plan.payload_size <= kernel.size);
        }
    }
}

/* REQ-DM-004 */
static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    header->init_size = 65 * MIB;
    assert_non_null(check(64 * MIB));
    header->init_size = 40 * MIB;
    initrd.size = 20 * MIB;
    initrd.data = calloc(1, initrd.size);
    assert_non_null(check(64 * MIB));
    assert_null(check(128 * MIB));
}

static void refuses_a_long_command_line(void **state)
{
    char line[3000];

    (void)state;
    memset(line, 'x', sizeof(line) - 1U);
    line[sizeof(line) - 1U] = '\0';
    assert_non_null(image_plan(&kernel, &initrd, line, 64 * MIB, &plan));
}

static void loads_everything(void **state)
{
    struct guest_memory memory;
    const struct boot_params *params;
    const uint64_t *tables;
    uint64_t end = 0;

    (void)state;
    initrd.size = 100;
    initrd.data = malloc(initrd.size);
    memset(initrd.data, 0x77, initrd.size);
    assert_int_equal(memory_create(&memory, 64 * MIB, false), 0);
    assert_null(check(64 * MIB));
    assert_true(image_load(&memory, &kernel, &initrd, "console=hvc0", &plan, 2));
    assert_memory_equal(memory_range(&memory, plan.kernel_gpa, PAYLOAD), kernel.data + plan.payload_offset, PAYLOAD);
    assert_memory_equal(memory_range(&memory, plan.initrd_gpa, 100), initrd.data, 100);
    params = memory_range(&memory, MACHINE_BOOT_PARAMS, sizeof(*params));
    assert_string_equal((const char *)memory_range(&memory, params->hdr.cmd_line_ptr, 64), "console=hvc0");
    assert_int_equal(params->hdr.type_of_loader, 0xFF);
    assert_int_equal(params->hdr.ramdisk_image, plan.initrd_gpa);
    assert_memory_equal(memory_range(&memory, params->acpi_rsdp_addr, 8), "RSD PTR ", 8);
    for (unsigned i = 0; i < params->e820_entries; i++) {
        assert_true(params->e820_table[i].addr >= end); /* ordered, and no two overlap */
        end = params->e820_table[i].addr + params->e820_table[i].size;
    }
    tables = memory_range(&memory, MACHINE_BOOT_TABLES, 6U * 4096U);
    assert_int_equal(tables[1024], 0x83);
    assert_int_equal(tables[1024 + 2047], 0xFFE00083);
    memory_destroy(&memory);
}

static void enters_at_the_64_bit_entry(void **state)
{
    struct acrn_vcpu_regs regs;

    (void)state;
    assert_null(check(64 * MIB));
    image_entry_regs(&plan, &regs);
    assert_int_equal(regs.vcpu_regs.rip, 0x1000200);
    assert_int_equal(regs.vcpu_regs.gprs.rsi, MACHINE_BOOT_PARAMS);
    assert_int_equal(regs.vcpu_regs.cs_ar, 0xA09B);
    assert_int_equal(regs.vcpu_regs.ia32_efer, 0x500);
}

static void reads_only_regular_files(void **state)
{
    struct image_file file;

    (void)state;
    assert_true(image_read(&file, "/nonexistent") < 0);
    assert_true(image_read(&file, "/dev/zero") < 0);
    assert_true(image_read(&file, "/tmp") < 0);
    assert_null(file.data);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plans_kernel_and_initrd), TEST(moves_a_relocatable_kernel_up), TEST(refuses_a_kernel_whose_own_address_is_beyond_the_memory), TEST(keeps_the_initrd_below_the_hole),
        TEST(ignores_what_follows_the_declared_size), TEST(refuses_each_truncation), TEST(refuses_corrupt_headers),
        TEST(survives_noise), TEST(refuses_what_does_not_fit), TEST(refuses_a_long_command_line), TEST(loads_everything),
        TEST(enters_at_the_64_bit_entry), TEST(reads_only_regular_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
