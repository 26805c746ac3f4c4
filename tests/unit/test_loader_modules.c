/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Modules of a multiboot image: where they are put, how the image finds them, and what is refused. */
#include "world.h"

#include "core/guest_map.h"
#include "core/loader.h"

#define FIRST  0x3900000U
#define SECOND 0x3A00000U
#define IMAGE_END 0x100000U /* no further than where modules begin at the earliest */

static struct part_vm config;

static int boot(void **state)
{
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    (void)world_start(state);
    config = partition.table.vm[RTVM];
    assert_true(guest_map_build(RTVM));
    config.module_count = 2U;
    strcpy(config.module[0], "first");
    strcpy(config.module[1], "second");
    boot_info.module_count = 3U;
    boot_info.module[1] = (struct boot_module){ .base = SECOND, .size = 0x10U, .tags = "second" };
    boot_info.module[2] = (struct boot_module){ .base = FIRST, .size = 0x1001U, .tags = "other first" };
    put(FIRST, 0x1111U);
    put(FIRST + 0x1000U, 0xEEU);
    put(SECOND, 0x2222U);
    return 0;
}

static uint64_t told(uint32_t offset)
{
    return hw_phys_read(RTVM_HPA + LOADER_LOW + offset, 4U);
}

/* REQ-CFG-022 */
static void test_the_image_is_told_of_its_modules_in_order(void **state)
{
    hpa_t list;
    char string[PART_TAG_SIZE];
    (void)state;
    assert_true(loader_multiboot(RTVM, &config).ok);
    assert_int_equal(told(0U) & 8U, 8U);
    assert_int_equal(told(20U), 2U);
    list = RTVM_HPA + told(24U);
    assert_int_equal(hw_phys_read(list, 4U), 0x101000U); /* the image ends inside the page below */
    assert_int_equal(hw_phys_read(list + 4U, 4U), 0x102001U);
    assert_int_equal(hw_phys_read(list + 16U, 4U), 0x103000U);
    assert_int_equal(hw_phys_read(list + 20U, 4U), 0x103010U);
    assert_int_equal(hw_phys_read(list + 12U, 4U), 0U);
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x101000U, 4U), 0x1111U);
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x102000U, 1U), 0xEEU);
    assert_int_equal(hw_phys_read(RTVM_HPA + 0x103000U, 4U), 0x2222U);
    hw_phys_copy_in((uint8_t *)string, RTVM_HPA + hw_phys_read(list + 24U, 4U), PART_TAG_SIZE);
    assert_string_equal(string, "second");
    hw_phys_copy_in((uint8_t *)string, RTVM_HPA + hw_phys_read(list + 8U, 4U), PART_TAG_SIZE);
    assert_string_equal(string, "first");
}

static void test_an_image_without_modules_is_told_that_there_are_none(void **state)
{
    (void)state;
    config.module_count = 0U;
    assert_true(loader_multiboot(RTVM, &config).ok);
    assert_int_equal(told(20U), 0U);
}

static void test_modules_begin_above_1_mib_and_behind_the_image(void **state)
{
    (void)state;
    assert_string_equal(loader_modules(RTVM, &config, 0x20000U), "");
    assert_int_equal(hw_phys_read(RTVM_HPA + told(24U), 4U), 0x100000U);
    assert_string_equal(loader_modules(RTVM, &config, 0x300001U), "");
    assert_int_equal(hw_phys_read(RTVM_HPA + told(24U), 4U), 0x301000U);
}

static void test_the_highest_segment_counts_not_the_last(void **state)
{
    hpa_t second = MODULE_HPA + 52U + 32U;
    (void)state;
    put(MODULE_HPA + 52U + 12U, 0x200000U); /* the first segment's address; what is entered does not matter here */
    put(second, 1U);
    put(second + 4U, 128U);
    put(second + 12U, 0x180000U);
    put(second + 16U, 16U);
    put(second + 20U, 16U);
    hw_phys_write(MODULE_HPA + 44U, 2U, 2U);
    assert_true(loader_multiboot(RTVM, &config).ok);
    assert_int_equal(hw_phys_read(RTVM_HPA + told(24U), 4U), 0x201000U);
}

/* REQ-CFG-017 */
static void test_modules_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    boot_info.module[1].size = 0x300000U; /* 4 MiB of RAM, less 1 MiB and the first module */
    assert_string_equal(loader_multiboot(RTVM, &config).reason, "no room for the image's modules");
    boot_info.module[1].size = 0x10U;
    assert_string_equal(loader_modules(RTVM, &config, 0x400000U), "no room for the image's modules");
}

/* Only 32 bits of an address can be told. */
static void test_a_module_ends_below_4_gib(void **state)
{
    (void)state;
    guest_map[RTVM].entry[0].base = 0xFFFFE000U;
    guest_map[RTVM].entry[0].size = 0x10000U;
    guest_map[RTVM].count = 1U;
    assert_string_equal(loader_modules(RTVM, &config, IMAGE_END), "no room for the image's modules");
    guest_map[RTVM].entry[0].base = 0x100000000U;
    assert_string_equal(loader_modules(RTVM, &config, IMAGE_END), "no room for the image's modules");
}

static void test_a_module_that_is_not_there_is_refused(void **state)
{
    (void)state;
    strcpy(config.module[1], "third");
    assert_string_equal(loader_multiboot(RTVM, &config).reason, "no boot module has the tag of the image's module");
}

/* The map says RAM, but stage 2 has it not: never so after vm_memory_build(). */
static void test_a_module_on_memory_that_is_not_mapped_is_refused(void **state)
{
    (void)state;
    assert_int_equal(stage2_unmap(RTVM, 0x103000U, 0x1000U), STATUS_OK);
    assert_string_equal(loader_multiboot(RTVM, &config).reason, "module not loaded");
}

/* REQ-CFG-017 */
static void test_no_module_beyond_those_of_the_table_is_loaded(void **state)
{
    (void)state;
    config.module_count = PART_MAX_MODULE + 1U; /* the validator refuses it; the loader stays within the array */
    strcpy(config.module[2], "first");
    strcpy(config.module[3], "first");
    assert_string_equal(loader_modules(RTVM, &config, IMAGE_END), "");
    assert_int_equal(hw_phys_read(RTVM_HPA + LOADER_MODULES + (3U * 16U), 4U), 0x105000U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_image_is_told_of_its_modules_in_order, boot),
        cmocka_unit_test_setup(test_an_image_without_modules_is_told_that_there_are_none, boot),
        cmocka_unit_test_setup(test_modules_begin_above_1_mib_and_behind_the_image, boot),
        cmocka_unit_test_setup(test_the_highest_segment_counts_not_the_last, boot),
        cmocka_unit_test_setup(test_modules_that_do_not_fit_are_refused, boot),
        cmocka_unit_test_setup(test_a_module_ends_below_4_gib, boot),
        cmocka_unit_test_setup(test_a_module_that_is_not_there_is_refused, boot),
        cmocka_unit_test_setup(test_a_module_on_memory_that_is_not_mapped_is_refused, boot),
        cmocka_unit_test_setup(test_no_module_beyond_those_of_the_table_is_loaded, boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
