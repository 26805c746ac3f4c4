/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: boot/multiboot.c boot/multiboot1.c boot/multiboot2.c boot/memory_map.c core/boot_info.c fake/memory.c */
/* Boot loaders: both formats, maps in any order, strings of any length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "boot/multiboot.h"
#include "core/boot_info.h"
#include "core/hw.h"
#include "x86/cpu.h"

#define INFO 0x9000U
#define LIST 0xA000U

const uint8_t image_start;
const uint8_t image_end;

static void put32(hpa_t at, uint32_t value)
{
    hw_phys_write(at, 4U, value);
}

static void put64(hpa_t at, uint64_t value)
{
    put32(at, (uint32_t)value);
    put32(at + 4U, (uint32_t)(value >> 32));
}

static void text(hpa_t at, const char *string)
{
    hw_phys_copy_out(at, (const uint8_t *)string, (uint32_t)strlen(string) + 1U);
}

static int setup(void **state)
{
    (void)state;
    memset(&boot_info, 0, sizeof(boot_info));
    boot_map_reset();
    hw_phys_zero(INFO, 0x4000U);
    return 0;
}

static void expect_range(uint32_t index, hpa_t base, uint64_t size, uint32_t type)
{
    assert_true(index < boot_info.range_count);
    assert_int_equal(boot_info.range[index].base, base);
    assert_int_equal(boot_info.range[index].size, size);
    assert_int_equal(boot_info.range[index].type, type);
}

/* ---- memory map ---- */

/* REQ-CFG-013 */
static void a_map_in_any_order_comes_out_sorted(void **state)
{
    (void)state;
    assert_int_equal(boot_map_add(0x100000000U, 0x80000000U, BOOT_RAM), STATUS_OK);
    assert_int_equal(boot_map_add(0xF0000U, 0x10000U, BOOT_RESERVED), STATUS_OK);
    assert_int_equal(boot_map_add(0U, 0x9FC00U, BOOT_RAM), STATUS_OK);
    assert_int_equal(boot_map_finish(), STATUS_OK);
    assert_int_equal(boot_info.range_count, 3U);
    expect_range(0U, 0U, 0x9F000U, BOOT_RAM); /* cut to whole pages */
    expect_range(1U, 0xF0000U, 0x10000U, BOOT_RESERVED);
    expect_range(2U, 0x100000000U, 0x80000000U, BOOT_RAM);
}

/* REQ-CFG-013 */
static void what_is_both_ram_and_reserved_is_not_ram(void **state)
{
    (void)state;
    (void)boot_map_add(0x100000U, 0x900000U, BOOT_RAM);
    (void)boot_map_add(0x300000U, 0x1000U, BOOT_RESERVED);
    (void)boot_map_add(0x500800U, 0x800U, BOOT_ACPI);
    assert_int_equal(boot_map_finish(), STATUS_OK);
    assert_int_equal(boot_info.range_count, 5U);
    expect_range(0U, 0x100000U, 0x200000U, BOOT_RAM);
    expect_range(1U, 0x300000U, 0x1000U, BOOT_RESERVED);
    expect_range(2U, 0x301000U, 0x1FF000U, BOOT_RAM);
    expect_range(3U, 0x500800U, 0x800U, BOOT_ACPI);
    expect_range(4U, 0x501000U, 0x4FF000U, BOOT_RAM);
}

static void neighbours_of_one_type_become_one_range(void **state)
{
    (void)state;
    (void)boot_map_add(0x200000U, 0x100000U, BOOT_RAM);
    (void)boot_map_add(0x100000U, 0x180000U, BOOT_RAM);
    assert_int_equal(boot_map_finish(), STATUS_OK);
    assert_int_equal(boot_info.range_count, 1U);
    expect_range(0U, 0x100000U, 0x200000U, BOOT_RAM);
}

static void a_map_that_is_too_long_is_refused(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < MAX_BOOT_RANGE; i++) {
        assert_int_equal(boot_map_add((hpa_t)i * 0x10000U, 0x1000U, BOOT_RAM), STATUS_OK);
    }
    assert_int_equal(boot_map_add(0x7000000U, 0x1000U, BOOT_RAM), STATUS_NO_MEMORY);
}

/* REQ-CFG-013 */
static void a_map_that_falls_into_too_many_pieces_is_refused(void **state)
{
    (void)state;
    (void)boot_map_add(0U, 0x10000000U, BOOT_RAM);
    for (uint32_t i = 1U; i < MAX_BOOT_RANGE; i++) {
        (void)boot_map_add((hpa_t)i * 0x10000U, 0x1000U, BOOT_RESERVED);
    }
    assert_int_equal(boot_map_finish(), STATUS_NO_MEMORY);
}

/* REQ-CFG-014 */
static void an_image_over_firmware_memory_is_noticed(void **state)
{
    (void)state;
    (void)boot_map_add(0x100000U, 0x3F00000U, BOOT_RAM);
    (void)boot_map_add(0x800000U, 0x100000U, BOOT_NVS);
    assert_int_equal(boot_map_finish(), STATUS_OK);
    boot_info.image_base = 0x1000000U;
    boot_info.image_size = 0x1600000U;
    assert_true(multiboot_image_in_ram());
    boot_info.image_base = 0x200000U;
    assert_false(multiboot_image_in_ram());
    boot_info.image_base = 0x3000000U; /* ends beyond the RAM */
    assert_false(multiboot_image_in_ram());
}

/* ---- Multiboot 1 ---- */

static void multiboot1(uint32_t flags)
{
    put32(INFO, flags);
    put32(INFO + 44U, 48U);
    put32(INFO + 48U, LIST);
    for (uint32_t i = 0U; i < 2U; i++) {
        put32(LIST + (i * 24U), 20U);
        put64(LIST + (i * 24U) + 4U, (i == 0U) ? 0x100000U : 0x80000000U);
        put64(LIST + (i * 24U) + 12U, 0x100000U);
        put32(LIST + (i * 24U) + 20U, (i == 0U) ? BOOT_RAM : BOOT_RESERVED);
    }
    put32(INFO + 20U, 1U);
    put32(INFO + 24U, LIST + 0x100U);
    put32(LIST + 0x100U, 0x500000U);
    put32(LIST + 0x104U, 0x500123U);
    put32(LIST + 0x108U, LIST + 0x200U);
    text(LIST + 0x200U, "some/file partition-table");
}

/* REQ-CFG-012 */
static void multiboot_1_gives_map_and_modules(void **state)
{
    (void)state;
    multiboot1((1U << 3) | (1U << 6));
    assert_int_equal(multiboot_parse(MULTIBOOT1_MAGIC, INFO), STATUS_OK);
    expect_range(0U, 0x100000U, 0x100000U, BOOT_RAM);
    expect_range(1U, 0x80000000U, 0x100000U, BOOT_RESERVED);
    assert_int_equal(boot_module_find("partition-table"), 0U);
    assert_int_equal(boot_info.module[0].base, 0x500000U);
    assert_int_equal(boot_info.module[0].size, 0x123U);
}

static void multiboot_1_without_a_map_is_refused(void **state)
{
    (void)state;
    multiboot1(1U << 3);
    assert_int_equal(multiboot_parse(MULTIBOOT1_MAGIC, INFO), STATUS_INVALID);
}

static void of_a_long_module_string_the_end_is_kept(void **state)
{
    char path[400];
    (void)state;
    multiboot1((1U << 3) | (1U << 6));
    memset(path, 'x', sizeof(path));
    strcpy(&path[300], " rtvm");
    text(LIST + 0x200U, path);
    assert_int_equal(multiboot_parse(MULTIBOOT1_MAGIC, INFO), STATUS_OK);
    assert_int_equal(boot_module_find("rtvm"), 0U);
    assert_true(strlen(boot_info.module[0].tags) < BOOT_STRING_SIZE);
}

/* REQ-CFG-012 */
static void a_module_that_ends_before_it_begins_is_refused(void **state)
{
    (void)state;
    multiboot1((1U << 3) | (1U << 6));
    put32(LIST + 0x104U, 0x4FFFFFU);
    assert_int_equal(multiboot_parse(MULTIBOOT1_MAGIC, INFO), STATUS_INVALID);
}

/* REQ-CFG-012 */
static void another_loader_is_refused(void **state)
{
    (void)state;
    assert_int_equal(multiboot_parse(0x12345678U, INFO), STATUS_UNKNOWN);
}

/* ---- Multiboot 2 ---- */

static hpa_t tag(hpa_t at, uint32_t type, uint32_t size)
{
    put32(at, type);
    put32(at + 4U, size);
    return at + ((size + 7U) & ~7U);
}

static void multiboot2(void)
{
    hpa_t at = INFO + 8U;
    hpa_t map;
    put32(at + 8U, 0x600000U);
    put32(at + 12U, 0x600010U);
    text(at + 16U, "rtvm");
    at = tag(at, 3U, 21U);
    map = at;
    put32(map + 8U, 24U);
    put64(map + 16U, 0x100000U);
    put64(map + 24U, 0x700000U);
    put32(map + 32U, BOOT_RAM);
    at = tag(at, 6U, 40U);
    boot_info.rsdp = 0U;
    at = tag(at, 14U, 28U);
    at = tag(at, 15U, 44U);
    at = tag(at, 0U, 8U);
    put32(INFO, (uint32_t)(at - INFO));
}

/* REQ-CFG-012 */
static void multiboot_2_gives_map_modules_and_rsdp(void **state)
{
    (void)state;
    multiboot2();
    assert_int_equal(multiboot_parse(MULTIBOOT2_MAGIC, INFO), STATUS_OK);
    expect_range(0U, 0x100000U, 0x700000U, BOOT_RAM);
    assert_int_equal(boot_module_find("rtvm"), 0U);
    assert_int_equal(boot_info.module[0].size, 0x10U);
    assert_int_equal(boot_info.rsdp, INFO + 8U + 24U + 40U + 32U + 8U); /* version 2 wins */
}

/* REQ-CFG-012 */
static void multiboot_2_with_a_tag_that_lies_about_its_size_is_refused(void **state)
{
    static const uint32_t sizes[] = { 0U, 7U, 0xFFFFFFF0U };
    (void)state;
    for (size_t i = 0U; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        setup(NULL);
        multiboot2();
        put32(INFO + 12U, sizes[i]);
        assert_int_equal(multiboot_parse(MULTIBOOT2_MAGIC, INFO), STATUS_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_map_in_any_order_comes_out_sorted, setup),
        cmocka_unit_test_setup(what_is_both_ram_and_reserved_is_not_ram, setup),
        cmocka_unit_test_setup(neighbours_of_one_type_become_one_range, setup),
        cmocka_unit_test_setup(a_map_that_is_too_long_is_refused, setup),
        cmocka_unit_test_setup(a_map_that_falls_into_too_many_pieces_is_refused, setup),
        cmocka_unit_test_setup(an_image_over_firmware_memory_is_noticed, setup),
        cmocka_unit_test_setup(multiboot_1_gives_map_and_modules, setup),
        cmocka_unit_test_setup(multiboot_1_without_a_map_is_refused, setup),
        cmocka_unit_test_setup(of_a_long_module_string_the_end_is_kept, setup),
        cmocka_unit_test_setup(a_module_that_ends_before_it_begins_is_refused, setup),
        cmocka_unit_test_setup(another_loader_is_refused, setup),
        cmocka_unit_test_setup(multiboot_2_gives_map_modules_and_rsdp, setup),
        cmocka_unit_test_setup(multiboot_2_with_a_tag_that_lies_about_its_size_is_refused, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
