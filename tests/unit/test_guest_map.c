/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/guest_map.c fake/memory.c */
/* The memory map that a VM is told, and what is placed in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/domain.h"
#include "core/guest_map.h"
#include "core/health.h"
#include "core/hw.h"
#include "core/partition.h"
#include "core/stage2.h"

#define RTVM  1U
#define MAP   guest_map[shown]
#define SHIFT 0x10000000U
#define HPA(gpa) (SHIFT + ((gpa) ^ 0x1000U)) /* neighbours in the guest's memory are none in the machine's */

union partition_storage partition;
struct boot_info boot_info;
hpa_t domain_base[DOMAIN_COUNT][DOMAIN_RANGES];
uint64_t domain_size[DOMAIN_COUNT][DOMAIN_RANGES];
uint32_t domain_type[DOMAIN_COUNT][DOMAIN_RANGES];
uint32_t domain_count[DOMAIN_COUNT];
hpa_t domain_region_base[DOMAIN_REGIONS];
uint64_t domain_region_size[DOMAIN_REGIONS];

static uint32_t looks;       /* at the watchdog */
static vm_id_t loaded;       /* whose memory is looked up */

pcpu_id_t hw_pcpu(void) { return 2U; }
uint64_t hw_tsc(void) { return 77U; }
uint64_t health_check(pcpu_id_t pcpu, uint64_t now)
{
    assert_int_equal(pcpu, 2U);
    assert_int_equal(now, 77U);
    looks++;
    return 0U;
}

void fake_memory_reset(void);
static vm_id_t shown;       /* whose map expect_entry() looks at */
static gpa_t unmapped;      /* this page is not in stage 2 */
static uint64_t span;        /* of all other leaves */
static gpa_t spanless;      /* a mapping that no table has: smaller than a page */

struct stage2_mapping stage2_lookup(vm_id_t v, gpa_t gpa)
{
    struct stage2_mapping leaf = { true, HPA(gpa), PAGE_SIZE, S2_READ | S2_WRITE };
    assert_int_equal(v, loaded);
    leaf.present = (gpa / PAGE_SIZE) != (unmapped / PAGE_SIZE);
    leaf.span = ((gpa / PAGE_SIZE) == (spanless / PAGE_SIZE)) ? 0U : span;
    return leaf;
}

static void owned(hpa_t base, hpa_t end, uint32_t type)
{
    uint32_t i = domain_count[VM_SERVICE];
    domain_base[VM_SERVICE][i] = base;
    domain_size[VM_SERVICE][i] = end - base;
    domain_type[VM_SERVICE][i] = type;
    domain_count[VM_SERVICE]++;
}

static void machine(hpa_t base, hpa_t end, uint32_t type)
{
    struct boot_range range = { base, end - base, type };
    boot_info.range[boot_info.range_count] = range;
    boot_info.range_count++;
}

static void entry(gpa_t base, gpa_t end, uint32_t type)
{
    struct guest_map_entry new = { base, end - base, type };
    MAP.entry[MAP.count] = new;
    MAP.count++;
}

static int setup(void **state)
{
    (void)state;
    fake_memory_reset();
    memset(&boot_info, 0, sizeof(boot_info));
    memset(&partition, 0, sizeof(partition));
    memset(domain_count, 0, sizeof(domain_count));
    memset(domain_region_size, 0, sizeof(domain_region_size));
    shown = VM_SERVICE;
    MAP.count = 0U;
    unmapped = GUEST_MAP_NONE;
    spanless = GUEST_MAP_NONE;
    span = PAGE_SIZE;
    loaded = RTVM;
    looks = 0U;
    return 0;
}

static void expect_entry(uint32_t i, gpa_t base, gpa_t end, uint32_t type)
{
    assert_true(i < MAP.count);
    assert_int_equal(MAP.entry[i].base, base);
    assert_int_equal(MAP.entry[i].base + MAP.entry[i].size, end);
    assert_int_equal(MAP.entry[i].type, type);
}

/* 1 MiB of RAM at 1 MiB in one entry, the rest of the map full. */
static void fill_up_to(uint32_t count)
{
    MAP.count = 0U;
    entry(0x100000U, 0x200000U, BOOT_RAM);
    while (MAP.count < count) {
        gpa_t at = 0x1000000U + ((gpa_t)MAP.count * PAGE_SIZE);
        entry(at, at + PAGE_SIZE, BOOT_RESERVED);
    }
}

/* REQ-CFG-018 */
static void the_service_vm_is_told_its_own_ram_and_what_is_reserved(void **state)
{
    (void)state;
    machine(0x0U, 0x9F000U, BOOT_RAM);
    machine(0xF0000U, 0x100000U, BOOT_RESERVED);
    machine(0x100000U, 0x4000000U, BOOT_RAM);
    owned(0x0U, 0x9F000U, MEMORY_RAM);
    owned(0x100000U, 0x200000U, MEMORY_RAM);
    owned(0x3000000U, 0x4000000U, MEMORY_RAM);
    owned(0xFE000000U, 0xFE001000U, MEMORY_DEVICE);

    assert_true(guest_map_build(VM_SERVICE));

    assert_int_equal(MAP.count, 4U);
    expect_entry(0U, 0x0U, 0x9F000U, BOOT_RAM);
    expect_entry(1U, 0xF0000U, 0x100000U, BOOT_RESERVED);
    expect_entry(2U, 0x100000U, 0x200000U, BOOT_RAM);
    expect_entry(3U, 0x3000000U, 0x4000000U, BOOT_RAM); /* not what lies between: it is another's */
}

static void entries_are_sorted_whatever_the_order_of_the_domain(void **state)
{
    (void)state;
    machine(0x0U, 0x4000000U, BOOT_RAM);
    owned(0x3000000U, 0x4000000U, MEMORY_RAM);
    owned(0x0U, 0x9F000U, MEMORY_RAM);

    assert_true(guest_map_build(VM_SERVICE));

    expect_entry(0U, 0x0U, 0x9F000U, BOOT_RAM);
    expect_entry(1U, 0x3000000U, 0x4000000U, BOOT_RAM);
}

static void shared_regions_and_telemetry_are_not_for_the_guests_allocator(void **state)
{
    (void)state;
    machine(0x0U, 0x4000000U, BOOT_RAM);
    owned(0x0U, 0x1000000U, MEMORY_RAM);
    owned(0x1000000U, 0x1100000U, MEMORY_RAM); /* the region itself */
    owned(0x1100000U, 0x4000000U, MEMORY_RAM);
    domain_region_base[1] = 0x1000000U;
    domain_region_size[1] = 0x100000U;

    assert_true(guest_map_build(VM_SERVICE));

    assert_int_equal(MAP.count, 2U);
    expect_entry(0U, 0x0U, 0x1000000U, BOOT_RAM);
    expect_entry(1U, 0x1100000U, 0x4000000U, BOOT_RAM);
}

/* REQ-CFG-018 */
static void an_rtvm_is_told_the_ram_of_its_list_only(void **state)
{
    struct part_vm *config = &partition.table.vm[RTVM];
    (void)state;
    config->range_count = 2U;
    config->range[0].gpa = 0xFE000000U;
    config->range[0].size = 0x1000U;
    config->range[0].type = PART_RANGE_MMIO;
    config->range[1].gpa = 0x0U;
    config->range[1].size = 0x400000U;
    config->range[1].type = PART_RANGE_RAM;

    shown = RTVM;
    assert_true(guest_map_build(RTVM));
    assert_int_equal(guest_map[VM_SERVICE].count, 0U);

    assert_int_equal(MAP.count, 1U);
    expect_entry(0U, 0x0U, 0x400000U, BOOT_RAM);
}

static void a_machine_map_that_is_too_long_is_an_error(void **state)
{
    (void)state;
    owned(0x0U, 0x100000000U, MEMORY_RAM);
    for (uint32_t i = 0U; i < MAX_BOOT_RANGE; i++) {
        hpa_t at = (hpa_t)i * 0x2000U;
        machine(at, at + 0x1000U, ((i % 2U) == 0U) ? BOOT_RAM : BOOT_RESERVED);
    }
    assert_true(guest_map_build(VM_SERVICE)); /* just so many */

    owned(0x100000000U, 0x200000000U, MEMORY_RAM);
    boot_info.range[0].size = 0U;                      /* makes room for one of the two parts */
    boot_info.range[MAX_BOOT_RANGE - 2U].base = 0xFFFFF000U;
    boot_info.range[MAX_BOOT_RANGE - 2U].size = 0x3000U;
    assert_true(guest_map_build(VM_SERVICE));

    boot_info.range[0].size = 0x1000U;
    assert_false(guest_map_build(VM_SERVICE));
    assert_int_equal(MAP.count, GUEST_MAP_ENTRIES);
}

/* Wherever in the list the entry is that does not fit. */
static void one_that_did_not_fit_is_not_forgotten(void **state)
{
    (void)state;
    machine(0x0U, 0x100000U, BOOT_RAM);
    for (uint32_t i = 1U; i < MAX_BOOT_RANGE; i++) {
        machine(0x10000000U + ((hpa_t)i * 0x1000U), 0x10001000U + ((hpa_t)i * 0x1000U), BOOT_RESERVED);
    }
    boot_info.range[MAX_BOOT_RANGE - 1U].size = 0U; /* does not need room */
    for (uint32_t i = 0U; i < 3U; i++) {
        owned((hpa_t)i * 0x2000U, ((hpa_t)i * 0x2000U) + 0x1000U, MEMORY_RAM);
    }

    assert_false(guest_map_build(VM_SERVICE));
    assert_int_equal(MAP.count, GUEST_MAP_ENTRIES);

    boot_info.range[MAX_BOOT_RANGE - 1U].type = BOOT_RAM; /* of another */
    boot_info.range[MAX_BOOT_RANGE - 1U].size = 0x1000U;
    assert_false(guest_map_build(VM_SERVICE));
    assert_int_equal(MAP.count, GUEST_MAP_ENTRIES);

    boot_info.range[0].base = boot_info.range[MAX_BOOT_RANGE - 1U].base; /* the three parts come last */
    boot_info.range[0].size = 0U;
    boot_info.range[MAX_BOOT_RANGE - 1U].base = 0U;
    boot_info.range[MAX_BOOT_RANGE - 1U].size = 0x100000U;
    boot_info.range[MAX_BOOT_RANGE - 1U].type = BOOT_RAM;
    assert_false(guest_map_build(VM_SERVICE));
    assert_int_equal(MAP.count, GUEST_MAP_ENTRIES);
}

static void a_carved_range_splits_its_entry(void **state)
{
    (void)state;
    entry(0x0U, 0x9F000U, BOOT_RAM);
    entry(0x100000U, 0x400000U, BOOT_RAM);

    assert_true(guest_map_carve(VM_SERVICE, 0x200000U, 0x1000U, BOOT_ACPI));

    assert_int_equal(MAP.count, 4U);
    expect_entry(1U, 0x100000U, 0x200000U, BOOT_RAM);
    expect_entry(2U, 0x200000U, 0x201000U, BOOT_ACPI);
    expect_entry(3U, 0x201000U, 0x400000U, BOOT_RAM);
}

static void a_range_carved_at_an_entrys_start_leaves_no_empty_entry(void **state)
{
    (void)state;
    entry(0x100000U, 0x200000U, BOOT_RAM);
    entry(0x300000U, 0x400000U, BOOT_RAM);
    entry(0x500000U, 0x600000U, BOOT_RESERVED);

    assert_true(guest_map_carve(VM_SERVICE, 0x300000U, 0x1000U, BOOT_ACPI));

    assert_int_equal(MAP.count, 4U);
    expect_entry(0U, 0x100000U, 0x200000U, BOOT_RAM);
    expect_entry(1U, 0x300000U, 0x301000U, BOOT_ACPI);
    expect_entry(2U, 0x301000U, 0x400000U, BOOT_RAM);
    expect_entry(3U, 0x500000U, 0x600000U, BOOT_RESERVED);
}

static void a_whole_entry_can_be_carved(void **state)
{
    (void)state;
    entry(0x100000U, 0x101000U, BOOT_RAM);

    assert_true(guest_map_carve(VM_SERVICE, 0x100000U, 0x1000U, BOOT_ACPI));

    assert_int_equal(MAP.count, 1U);
    expect_entry(0U, 0x100000U, 0x101000U, BOOT_ACPI);
}

static void only_ram_of_one_entry_can_be_carved(void **state)
{
    (void)state;
    entry(0x100000U, 0x200000U, BOOT_RAM);
    entry(0x300000U, 0x400000U, BOOT_RESERVED);

    assert_false(guest_map_carve(VM_SERVICE, 0xFF000U, 0x2000U, BOOT_ACPI));   /* begins before it */
    assert_false(guest_map_carve(VM_SERVICE, 0x1FF000U, 0x2000U, BOOT_ACPI));  /* ends behind it */
    assert_false(guest_map_carve(VM_SERVICE, 0x300000U, 0x1000U, BOOT_ACPI));  /* reserved */

    assert_int_equal(MAP.count, 2U);
}

static void a_full_map_cannot_be_carved(void **state)
{
    (void)state;
    fill_up_to(GUEST_MAP_ENTRIES);
    assert_false(guest_map_carve(VM_SERVICE, 0x180000U, 0x1000U, BOOT_ACPI));

    fill_up_to(GUEST_MAP_ENTRIES - 1U); /* room for the range, not for what is left behind it */
    assert_false(guest_map_carve(VM_SERVICE, 0x180000U, 0x1000U, BOOT_ACPI));

    fill_up_to(GUEST_MAP_ENTRIES - 1U); /* nothing is left behind it */
    assert_true(guest_map_carve(VM_SERVICE, 0x1FF000U, 0x1000U, BOOT_ACPI));
}

static void the_lowest_place_is_aligned_and_above_its_floor(void **state)
{
    (void)state;
    entry(0x1000U, 0x9F000U, BOOT_RAM);
    entry(0x101000U, 0x800000U, BOOT_RAM);
    assert_int_equal(guest_map_lowest(VM_SERVICE, 0x100000U, 0x200000U, 0U), 0x200000U);
    assert_int_equal(guest_map_lowest(VM_SERVICE, 0x1000U, 0x1000U, 0x300001U), 0x301000U);
    assert_int_equal(guest_map_lowest(VM_SERVICE, 0x1000U, 0x1000U, 0x300000U), 0x300000U);
    assert_int_equal(guest_map_lowest(VM_SERVICE, 0x800000U, 0x1000U, 0U), GUEST_MAP_NONE);
}

static void the_highest_place_ends_below_its_top(void **state)
{
    (void)state;
    entry(0x100000U, 0x800000U, BOOT_RAM);
    entry(0x900000U, 0x980000U, BOOT_RESERVED);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0U, 0U), 0x7F0000U);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x400000U, 0U, 0U), 0x3F0000U);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x800U, 0x400000U, 0U, 0U), 0x3FF000U);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x800000U, 0x80000000U, 0U, 0U), GUEST_MAP_NONE);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x1000U, 0x80000U, 0U, 0U), GUEST_MAP_NONE); /* all RAM is above */
}

static void the_highest_place_leaves_alone_what_must_be_kept(void **state)
{
    (void)state;
    entry(0x100000U, 0x800000U, BOOT_RAM);
    /* At the end of the entry: just below it. In its middle: above it, as that is higher. */
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0x780000U, 0x80000U), 0x770000U);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0x400000U, 0x80000U), 0x7F0000U);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0x7F8000U, 0x4000U), 0x7E8000U);
    /* Room for it just above, and just below. */
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0x100000U, 0x6F0000U), 0x7F0000U);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0x110000U, 0x6F0000U), 0x100000U);
    /* It takes all that there is. */
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0x100000U, 0x700000U), GUEST_MAP_NONE);
}

static void of_two_entries_the_higher_one_is_used(void **state)
{
    (void)state;
    entry(0x100000U, 0x200000U, BOOT_RAM);
    entry(0x300000U, 0x400000U, BOOT_RAM);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0U, 0U), 0x3F0000U);
    assert_int_equal(guest_map_highest(VM_SERVICE, 0x10000U, 0x80000000U, 0x100000U, 0x1000U), 0x3F0000U);
}

static void a_load_and_a_clear_cross_pages_through_stage_2(void **state)
{
    (void)state;
    hw_phys_write(0x5000FFCU, 8U, 0x1122334455667788U);
    hw_phys_write(HPA(0x3000U), 1U, 0xEEU);

    assert_int_equal(guest_load(RTVM, 0x1FFEU, 0x5000FFCU, 8U), STATUS_OK);

    assert_int_equal(hw_phys_read(HPA(0x1FFEU), 2U), 0x7788U);
    assert_int_equal(hw_phys_read(HPA(0x2000U), 4U), 0x33445566U);
    hw_phys_write(HPA(0x2FF0U), 8U, ~0ULL);

    assert_int_equal(guest_clear(RTVM, 0x1FFEU, 0x1002U), STATUS_OK);
    assert_int_equal(hw_phys_read(HPA(0x1FFEU), 2U), 0U);
    assert_int_equal(hw_phys_read(HPA(0x2000U), 8U), 0U);
    assert_int_equal(hw_phys_read(HPA(0x2FF0U), 8U), 0U);
    assert_int_equal(hw_phys_read(HPA(0x3000U), 1U), 0xEEU);
}

/* REQ-CFG-017 */
static void a_load_or_a_clear_stops_at_what_is_not_mapped(void **state)
{
    (void)state;
    unmapped = 0x2000U;
    assert_int_equal(guest_load(RTVM, 0x1000U, 0x5000000U, 0x3000U), STATUS_FAULT);
    assert_int_equal(guest_clear(RTVM, 0x1000U, 0x3000U), STATUS_FAULT);

    unmapped = GUEST_MAP_NONE;
    spanless = 0x2000U;
    assert_int_equal(guest_load(RTVM, 0x1000U, 0x5000000U, 0x3000U), STATUS_FAULT);
    assert_int_equal(guest_clear(RTVM, 0x1000U, 0x3000U), STATUS_FAULT);
}

#define MIB 0x100000U

/* Its core waits for nobody, and looks after nobody. */
/* REQ-LIF-055 */
static void the_watchdog_is_looked_at_after_each_mib_of_the_service_vm_only(void **state)
{
    (void)state;
    span = PAGE_SIZE_1G;
    loaded = VM_SERVICE;
    assert_int_equal(guest_clear(VM_SERVICE, 0x40000000U, 5U * MIB), STATUS_OK);
    assert_int_equal(looks, 5U);
    assert_int_equal(guest_load(VM_SERVICE, 0x40000000U, 0x5000000U, (2U * MIB) + 1U), STATUS_OK);
    assert_int_equal(looks, 8U);
    assert_int_equal(guest_clear(VM_SERVICE, 0x40000000U, 0U), STATUS_OK);
    assert_int_equal(looks, 8U);
    loaded = RTVM;
    assert_int_equal(guest_clear(RTVM, 0x40000000U, 5U * MIB), STATUS_OK);
    assert_int_equal(guest_load(RTVM, 0x40000000U, 0x5000000U, MIB), STATUS_OK);
    assert_int_equal(looks, 8U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_service_vm_is_told_its_own_ram_and_what_is_reserved, setup),
        cmocka_unit_test_setup(entries_are_sorted_whatever_the_order_of_the_domain, setup),
        cmocka_unit_test_setup(shared_regions_and_telemetry_are_not_for_the_guests_allocator, setup),
        cmocka_unit_test_setup(an_rtvm_is_told_the_ram_of_its_list_only, setup),
        cmocka_unit_test_setup(a_machine_map_that_is_too_long_is_an_error, setup),
        cmocka_unit_test_setup(one_that_did_not_fit_is_not_forgotten, setup),
        cmocka_unit_test_setup(a_carved_range_splits_its_entry, setup),
        cmocka_unit_test_setup(a_range_carved_at_an_entrys_start_leaves_no_empty_entry, setup),
        cmocka_unit_test_setup(a_whole_entry_can_be_carved, setup),
        cmocka_unit_test_setup(only_ram_of_one_entry_can_be_carved, setup),
        cmocka_unit_test_setup(a_full_map_cannot_be_carved, setup),
        cmocka_unit_test_setup(the_lowest_place_is_aligned_and_above_its_floor, setup),
        cmocka_unit_test_setup(the_highest_place_ends_below_its_top, setup),
        cmocka_unit_test_setup(the_highest_place_leaves_alone_what_must_be_kept, setup),
        cmocka_unit_test_setup(of_two_entries_the_higher_one_is_used, setup),
        cmocka_unit_test_setup(a_load_and_a_clear_cross_pages_through_stage_2, setup),
        cmocka_unit_test_setup(a_load_or_a_clear_stops_at_what_is_not_mapped, setup),
        cmocka_unit_test_setup(the_watchdog_is_looked_at_after_each_mib_of_the_service_vm_only, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
