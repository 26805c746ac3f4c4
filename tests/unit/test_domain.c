/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/domain.c core/domain_build.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/domain.h"
#include "core/partition.h"

struct boot_info boot_info;
union partition_storage partition;

static void memory(hpa_t base, uint64_t size, uint32_t type)
{
    struct boot_range range = { .base = base, .size = size, .type = type };
    boot_info.range[boot_info.range_count] = range;
    boot_info.range_count++;
}

static void module(hpa_t base, uint64_t size)
{
    boot_info.module[boot_info.module_count].base = base;
    boot_info.module[boot_info.module_count].size = size;
    boot_info.module_count++;
}

static void list(uint32_t vm, hpa_t hpa, uint64_t size, uint32_t type, uint32_t flags)
{
    struct part_range range = { .gpa = hpa, .hpa = hpa, .size = size, .type = type, .flags = flags };
    partition.table.vm[vm].range[partition.table.vm[vm].range_count] = range;
    partition.table.vm[vm].range_count++;
}

/* 1 GiB of RAM; hypervisor at 2 MiB, RTVM at 512 MiB, shared region and telemetry behind it. */
static int setup(void **state)
{
    (void)state;
    memset(&boot_info, 0, sizeof(boot_info));
    memset(&partition, 0, sizeof(partition));
    memset(domain_count, 0, sizeof(domain_count));
    memory(0x0U, 0x9FC00U, BOOT_RAM);
    memory(0x9FC00U, 0x400U, BOOT_RESERVED);
    memory(0xF0000U, 0x10000U, BOOT_RESERVED);
    memory(0x100000U, 0x3FF00000U, BOOT_RAM);
    boot_info.image_base = 0x200000U;
    boot_info.image_size = 0x200000U;
    module(0x400000U, 0x1801U);
    partition.table.vm_count = 2U;
    partition.table.vm[0].kind = PART_VM_SERVICE;
    partition.table.vm[1].kind = PART_VM_PRELAUNCH;
    partition.table.telemetry_hpa = 0x24100000U;
    partition.table.telemetry_size = 0x20000U;
    partition.table.shared_count = 1U;
    partition.table.shared[0].hpa = 0x24000000U;
    partition.table.shared[0].size = 0x100000U;
    list(1U, 0x20000000U, 0x4000000U, PART_RANGE_RAM, PART_RANGE_WRITE | PART_RANGE_EXEC);
    list(1U, 0x24000000U, 0x100000U, PART_RANGE_SHARED, PART_RANGE_WRITE);
    list(0U, 0x24000000U, 0x100000U, PART_RANGE_SHARED, PART_RANGE_WRITE);
    list(0U, 0xA0000U, 0x20000U, PART_RANGE_MMIO, PART_RANGE_WRITE);
    return 0;
}

static void expect_range(uint32_t domain, uint32_t i, hpa_t base, hpa_t end, uint32_t type)
{
    assert_true(i < domain_count[domain]);
    assert_int_equal(domain_base[domain][i], base);
    assert_int_equal(domain_base[domain][i] + domain_size[domain][i], end);
    assert_int_equal(domain_type[domain][i], type);
}

static void the_service_vm_gets_the_ram_that_is_left(void **state)
{
    (void)state;
    assert_int_equal(domain_build(), STATUS_OK);
    assert_int_equal(domain_count[VM_SERVICE], 7);
    expect_range(VM_SERVICE, 0, 0x0U, 0x9F000U, MEMORY_RAM);         /* whole pages only */
    expect_range(VM_SERVICE, 1, 0xA0000U, 0xC0000U, MEMORY_DEVICE);
    expect_range(VM_SERVICE, 2, 0x100000U, 0x200000U, MEMORY_RAM);
    expect_range(VM_SERVICE, 3, 0x402000U, 0x20000000U, MEMORY_RAM); /* behind the module's last page */
    expect_range(VM_SERVICE, 4, 0x24000000U, 0x24100000U, MEMORY_RAM);
    expect_range(VM_SERVICE, 5, 0x24100000U, 0x24120000U, MEMORY_RAM_READ_ONLY);
    expect_range(VM_SERVICE, 6, 0x24120000U, 0x40000000U, MEMORY_RAM);
}

static int setup_without_mmio(void **state)
{
    (void)setup(state);
    partition.table.vm[0].range_count = 0U;
    return 0;
}

static void a_region_that_is_not_listed_belongs_to_others(void **state)
{
    (void)state;
    assert_int_equal(domain_build(), STATUS_OK);
    assert_false(domain_owns(VM_SERVICE, 0x24000000U, 0x1000U, MEMORY_RAM));
    assert_true(domain_owns(1U, 0x24000000U, 0x100000U, MEMORY_RAM));
}

/* REQ-ISO-005 REQ-ISO-006 */
static void the_hypervisor_owns_image_modules_and_telemetry(void **state)
{
    (void)state;
    assert_int_equal(domain_build(), STATUS_OK);
    assert_true(domain_owns(DOMAIN_HYPERVISOR, 0x200000U, 0x200000U, MEMORY_RAM));
    assert_true(domain_owns(DOMAIN_HYPERVISOR, 0x400000U, 0x2000U, MEMORY_RAM));
    assert_true(domain_owns(DOMAIN_HYPERVISOR, 0x24100000U, 0x20000U, MEMORY_RAM));
    assert_false(domain_owns(VM_SERVICE, 0x400000U, 0x1000U, MEMORY_RAM));
}

static void modules_may_share_a_page(void **state)
{
    (void)state;
    module(0x401900U, 0x100U);
    module(0x401F00U, 0x2000U);
    assert_int_equal(domain_build(), STATUS_OK);
    assert_true(domain_owns(DOMAIN_HYPERVISOR, 0x401000U, 0x3000U, MEMORY_RAM));
    assert_false(domain_owns(VM_SERVICE, 0x403000U, 0x1000U, MEMORY_RAM));
    assert_true(domain_owns(VM_SERVICE, 0x404000U, 0x1000U, MEMORY_RAM));
}

static void acpi_areas_join_the_ram_beside_them(void **state)
{
    (void)state;
    memory(0x40000000U, 0x800U, BOOT_ACPI);
    memory(0x40000800U, 0x1800U, BOOT_NVS);
    memory(0x40002000U, 0x1000U, BOOT_RESERVED);
    assert_int_equal(domain_build(), STATUS_OK);
    assert_true(domain_owns(VM_SERVICE, 0x3FFFF000U, 0x3000U, MEMORY_RAM));
    assert_false(domain_owns(VM_SERVICE, 0x40002000U, 0x1000U, MEMORY_RAM));
}

static void without_a_service_vm_nobody_gets_the_rest(void **state)
{
    (void)state;
    memset(&partition.table.vm[0], 0, sizeof(partition.table.vm[0]));
    assert_int_equal(domain_build(), STATUS_OK);
    assert_int_equal(domain_count[VM_SERVICE], 0);
}

static void too_many_ranges_are_an_error(void **state)
{
    (void)state;
    boot_info.range_count = 0U;
    for (uint32_t i = 0U; i < DOMAIN_RANGES; i++) {
        memory(0x10000000U + ((uint64_t)i * 0x4000U), 0x2000U, BOOT_RAM);
    }
    assert_int_equal(domain_build(), STATUS_NO_MEMORY);
}

static void a_list_beyond_the_limit_is_an_error(void **state)
{
    (void)state;
    boot_info.range_count = 0U;
    for (uint32_t i = 0U; i < (DOMAIN_RANGES - 2U); i++) {
        memory(0x10000000U + ((uint64_t)i * 0x4000U), 0x2000U, BOOT_RAM);
    }
    assert_int_equal(domain_build(), STATUS_NO_MEMORY);
}

static void owns_asks_for_one_range_and_its_type(void **state)
{
    (void)state;
    assert_int_equal(domain_build(), STATUS_OK);
    assert_true(domain_owns(1U, 0x20000000U, 0x4000000U, MEMORY_RAM));
    assert_false(domain_owns(1U, 0x20000000U, 0x4001000U, MEMORY_RAM));
    assert_false(domain_owns(1U, 0x1FFFF000U, 0x2000U, MEMORY_RAM));
    assert_false(domain_owns(1U, 0x20000000U, 0x1000U, MEMORY_DEVICE));
    assert_false(domain_owns(1U, 0x20001000U, UINT64_MAX - 0xFFFU, MEMORY_RAM));
}

/* REQ-ISO-007 */
static void user_vms_live_in_the_service_domain(void **state)
{
    (void)state;
    assert_int_equal(domain_of(VM_SERVICE), VM_SERVICE);
    assert_int_equal(domain_of(3U), 3U);
    assert_int_equal(domain_of(VM_FIRST_USER), VM_SERVICE);
    assert_int_equal(domain_of(MAX_VM - 1U), VM_SERVICE);
}

/* What the validator refuses already; domain_build() does not rely on it. */
static void refuses_overlap(uint32_t vm, hpa_t hpa, uint64_t size, uint32_t type, uint32_t flags)
{
    list(vm, hpa, size, type, flags);
    assert_int_equal(domain_build(), STATUS_DENIED);
}

/* REQ-ISO-005 */
static void refuses_the_image_for_a_vm(void **state)
{
    (void)state;
    refuses_overlap(1U, 0x3FF000U, 0x1000U, PART_RANGE_RAM, PART_RANGE_WRITE);
}

/* REQ-ISO-005 */
static void refuses_the_image_even_read_only(void **state)
{
    (void)state;
    refuses_overlap(1U, 0x3FF000U, 0x1000U, PART_RANGE_RAM, 0U);
}

/* REQ-ISO-005 */
static void refuses_writable_telemetry(void **state)
{
    (void)state;
    refuses_overlap(1U, 0x24100000U, 0x1000U, PART_RANGE_RAM, PART_RANGE_WRITE);
}

/* REQ-ISO-004 */
static void refuses_ram_of_another_vm(void **state)
{
    (void)state;
    partition.table.vm_count = 3U;
    refuses_overlap(2U, 0x23FFF000U, 0x1000U, PART_RANGE_RAM, PART_RANGE_WRITE);
}

/* REQ-ISO-004 */
static void refuses_more_than_the_declared_region(void **state)
{
    (void)state;
    partition.table.vm_count = 3U;
    refuses_overlap(2U, 0x240FF000U, 0x2000U, PART_RANGE_SHARED, PART_RANGE_WRITE);
}

/* REQ-ISO-004 */
static void refuses_two_types_for_one_page(void **state)
{
    (void)state;
    refuses_overlap(1U, 0x20001000U, 0x1000U, PART_RANGE_MMIO, PART_RANGE_WRITE);
}

static void refuses_partial_pages(void **state)
{
    (void)state;
    refuses_overlap(1U, 0xE0000800U, 0x1000U, PART_RANGE_MMIO, PART_RANGE_WRITE);
}

/* REQ-ISO-027 */
static void refuses_addresses_that_do_not_exist(void **state)
{
    (void)state;
    refuses_overlap(1U, 0x000FFFFFFFFFF000U, 0x2000U, PART_RANGE_MMIO, PART_RANGE_WRITE);
}

static void a_machine_with_too_many_ranges_is_an_error(void **state)
{
    (void)state;
    boot_info.range_count = 0U;
    for (uint32_t i = 0U; i < (DOMAIN_RANGES + 1U); i++) {
        memory(0x10000000U + ((uint64_t)i * 0x4000U), 0x2000U, BOOT_RAM);
    }
    assert_int_equal(domain_build(), STATUS_NO_MEMORY);
}

/* As many ranges as there is room for; where the RTVM's range or the image splits one, no room is left. */
static void full_machine(hpa_t split)
{
    boot_info.range_count = 0U;
    for (uint32_t i = 0U; i < DOMAIN_RANGES; i++) {
        memory(0x40000000U + ((uint64_t)i * 0x10000U), 0x8000U, BOOT_RAM);
    }
    memset(&boot_info.module, 0, sizeof(boot_info.module));
    boot_info.module_count = 0U;
    boot_info.image_base = split;
}

static void the_image_in_the_middle_of_a_full_map_is_an_error(void **state)
{
    (void)state;
    full_machine(0x40002000U);
    boot_info.image_size = 0x1000U;
    assert_int_equal(domain_build(), STATUS_NO_MEMORY);
}

static void a_range_of_an_rtvm_in_the_middle_of_a_full_map_is_an_error(void **state)
{
    (void)state;
    full_machine(0x200000U);
    partition.table.vm[1].range_count = 0U;
    list(1U, 0x40012000U, 0x1000U, PART_RANGE_RAM, PART_RANGE_WRITE);
    assert_int_equal(domain_build(), STATUS_NO_MEMORY);
}

static void a_region_in_the_middle_of_a_full_map_is_an_error(void **state)
{
    (void)state;
    full_machine(0x200000U);
    partition.table.vm[1].range_count = 0U;
    partition.table.shared[0].hpa = 0x40022000U;
    partition.table.shared[0].size = 0x1000U;
    assert_int_equal(domain_build(), STATUS_NO_MEMORY);
}

static void ram_of_less_than_a_page_is_left_out(void **state)
{
    (void)state;
    memory(0x50000800U, 0x1000U, BOOT_RAM); /* no whole page */
    assert_int_equal(domain_build(), STATUS_OK);
    assert_false(domain_owns(VM_SERVICE, 0x50000000U, 0x1000U, MEMORY_RAM));
    assert_false(domain_owns(VM_SERVICE, 0x50001000U, 0x1000U, MEMORY_RAM));
}

/* What domain_build() never leaves behind. */
static void spoil(hpa_t base, uint64_t size)
{
    assert_int_equal(domain_build(), STATUS_OK);
    assert_true(domain_verify());
    domain_base[1][0] = base;
    domain_size[1][0] = size;
    assert_false(domain_verify());
}

static void verification_refuses_an_empty_range(void **state)
{
    (void)state;
    spoil(0x20000000U, 0U);
}

static void verification_refuses_a_range_that_ends_inside_a_page(void **state)
{
    (void)state;
    spoil(0x20000000U, 0x1800U);
}

static void verification_refuses_a_range_behind_all_addresses(void **state)
{
    (void)state;
    spoil(0x10000000000000U, 0x1000U);
}

static void the_image_is_owned_by_whole_pages_and_no_more(void **state)
{
    (void)state;
    boot_info.module_count = 0U;
    boot_info.image_base = 0x200800U;
    boot_info.image_size = 0x1000U;
    assert_int_equal(domain_build(), STATUS_OK);
    assert_int_equal(domain_count[DOMAIN_HYPERVISOR], 2);
    expect_range(DOMAIN_HYPERVISOR, 0, 0x200000U, 0x202000U, MEMORY_RAM);
    expect_range(DOMAIN_HYPERVISOR, 1, 0x24100000U, 0x24120000U, MEMORY_RAM);
}

static void modules_may_come_in_any_order(void **state)
{
    (void)state;
    boot_info.module_count = 0U;
    module(0x800000U, 0x1000U);
    module(0x600000U, 0x1000U);
    assert_int_equal(domain_build(), STATUS_OK);
    assert_true(domain_owns(DOMAIN_HYPERVISOR, 0x800000U, 0x1000U, MEMORY_RAM));
    assert_true(domain_owns(DOMAIN_HYPERVISOR, 0x600000U, 0x1000U, MEMORY_RAM));
    assert_true(domain_owns(VM_SERVICE, 0x601000U, 0x1FF000U, MEMORY_RAM));
}

static void what_is_behind_the_lists_ends_does_not_count(void **state)
{
    (void)state;
    partition.table.shared[1].hpa = 0x30000000U;
    partition.table.shared[1].size = 0x100000U;
    list(2U, 0x31000000U, 0x100000U, PART_RANGE_RAM, PART_RANGE_WRITE);
    assert_int_equal(domain_build(), STATUS_OK);
    assert_int_equal(domain_region_size[1], 0U);
    assert_int_equal(domain_count[2], 0U);
    assert_true(domain_owns(VM_SERVICE, 0x30000000U, 0x2000000U, MEMORY_RAM));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_service_vm_gets_the_ram_that_is_left, setup),
        cmocka_unit_test_setup(a_region_that_is_not_listed_belongs_to_others, setup_without_mmio),
        cmocka_unit_test_setup(the_hypervisor_owns_image_modules_and_telemetry, setup),
        cmocka_unit_test_setup(modules_may_share_a_page, setup),
        cmocka_unit_test_setup(acpi_areas_join_the_ram_beside_them, setup),
        cmocka_unit_test_setup(without_a_service_vm_nobody_gets_the_rest, setup),
        cmocka_unit_test_setup(too_many_ranges_are_an_error, setup),
        cmocka_unit_test_setup(a_list_beyond_the_limit_is_an_error, setup),
        cmocka_unit_test_setup(owns_asks_for_one_range_and_its_type, setup),
        cmocka_unit_test_setup(user_vms_live_in_the_service_domain, setup),
        cmocka_unit_test_setup(refuses_the_image_for_a_vm, setup),
        cmocka_unit_test_setup(refuses_the_image_even_read_only, setup),
        cmocka_unit_test_setup(refuses_writable_telemetry, setup),
        cmocka_unit_test_setup(refuses_ram_of_another_vm, setup),
        cmocka_unit_test_setup(refuses_more_than_the_declared_region, setup),
        cmocka_unit_test_setup(refuses_two_types_for_one_page, setup),
        cmocka_unit_test_setup(refuses_partial_pages, setup),
        cmocka_unit_test_setup(refuses_addresses_that_do_not_exist, setup),
        cmocka_unit_test_setup(a_machine_with_too_many_ranges_is_an_error, setup),
        cmocka_unit_test_setup(the_image_in_the_middle_of_a_full_map_is_an_error, setup),
        cmocka_unit_test_setup(a_range_of_an_rtvm_in_the_middle_of_a_full_map_is_an_error, setup),
        cmocka_unit_test_setup(a_region_in_the_middle_of_a_full_map_is_an_error, setup),
        cmocka_unit_test_setup(ram_of_less_than_a_page_is_left_out, setup),
        cmocka_unit_test_setup(verification_refuses_an_empty_range, setup),
        cmocka_unit_test_setup(verification_refuses_a_range_that_ends_inside_a_page, setup),
        cmocka_unit_test_setup(verification_refuses_a_range_behind_all_addresses, setup),
        cmocka_unit_test_setup(the_image_is_owned_by_whole_pages_and_no_more, setup),
        cmocka_unit_test_setup(modules_may_come_in_any_order, setup),
        cmocka_unit_test_setup(what_is_behind_the_lists_ends_does_not_count, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
