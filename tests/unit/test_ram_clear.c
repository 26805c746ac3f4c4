/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/ram_clear.c */
/* What is cleared before anything is loaded: all RAM of pre-launched VMs and shared regions, once, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/hw.h"
#include "core/partition.h"
#include "core/ram_clear.h"

#define BLOCKS 4096U /* of RAM_CLEAR_STEP bytes: 64 MiB */
#define T partition.table

union partition_storage partition;
static uint32_t cleared[BLOCKS]; /* bytes of each */
static uint64_t longest;

void hw_phys_zero(hpa_t dst, uint64_t size)
{
    longest = (size > longest) ? size : longest;
    for (uint64_t at = dst; at < (dst + size); at += PAGE_SIZE) {
        assert_true((at / RAM_CLEAR_STEP) < BLOCKS);
        cleared[at / RAM_CLEAR_STEP] += PAGE_SIZE;
    }
}

static void range(vm_id_t v, hpa_t hpa, uint64_t size, uint32_t type)
{
    struct part_range added = { .gpa = 0U, .hpa = hpa, .size = size, .type = type, .flags = 0U };
    T.vm[v].range[T.vm[v].range_count] = added;
    T.vm[v].range_count++;
}

static int setup(void **state)
{
    (void)state;
    memset(&partition, 0, sizeof(partition));
    memset(cleared, 0, sizeof(cleared));
    longest = 0U;
    T.vm_count = 2U;
    T.vm[0].kind = PART_VM_SERVICE;
    T.vm[1].kind = PART_VM_PRELAUNCH;
    ram_clear_begin();
    return 0;
}

static uint32_t steps(void)
{
    uint32_t count = 0U;
    while (ram_clear_step()) {
        count++;
    }
    assert_false(ram_clear_step());
    return count;
}

static void expect_only(hpa_t base, uint64_t size)
{
    for (uint32_t i = 0U; i < BLOCKS; i++) {
        hpa_t at = (hpa_t)i * RAM_CLEAR_STEP;
        bool inside = (at >= base) && (at < (base + size));
        assert_int_equal(cleared[i], inside ? RAM_CLEAR_STEP : 0U);
    }
}

/* REQ-LIF-048 */
static void ram_of_a_pre_launched_vm_is_cleared_once_in_steps(void **state)
{
    (void)state;
    range(1U, 0x1000000U, 0x200000U, PART_RANGE_RAM);
    range(1U, 0x1200000U, 0x100000U, PART_RANGE_RAM);
    assert_int_equal(steps(), 0x300000U / RAM_CLEAR_STEP);
    expect_only(0x1000000U, 0x300000U);
    assert_int_equal(longest, RAM_CLEAR_STEP);
}

/* REQ-LIF-048 */
static void shared_regions_are_cleared_and_no_more_than_there_are(void **state)
{
    (void)state;
    range(1U, 0x2000000U, 0x100000U, PART_RANGE_SHARED); /* by the region, not by who maps it */
    T.shared[0].hpa = 0x2000000U;
    T.shared[0].size = 0x100000U;
    T.shared[1].hpa = 0x3000000U;
    T.shared[1].size = 0x100000U;
    T.shared_count = 1U;
    (void)steps();
    expect_only(0x2000000U, 0x100000U);
}

/* REQ-LIF-048 */
static void nothing_else_is_touched(void **state)
{
    (void)state;
    range(0U, 0x1000000U, 0x100000U, PART_RANGE_RAM);   /* the Service VM's */
    range(1U, 0x1100000U, 0x100000U, PART_RANGE_MMIO);  /* a device */
    T.vm[1].range[1].size = 0x100000U;                   /* a row that is not counted */
    T.vm[1].range[1].type = PART_RANGE_RAM;
    T.vm[2].kind = PART_VM_PRELAUNCH;                    /* a VM that the table does not have */
    range(2U, 0x1200000U, 0x100000U, PART_RANGE_RAM);
    assert_int_equal(steps(), 0U);
    expect_only(0U, 0U);
}

/* REQ-LIF-048 */
static void the_last_row_of_each_counts_too(void **state)
{
    (void)state;
    T.vm_count = PART_MAX_VM;
    T.vm[PART_MAX_VM - 1U].kind = PART_VM_PRELAUNCH;
    T.vm[PART_MAX_VM - 1U].range_count = PART_MAX_RANGE - 1U;
    range(PART_MAX_VM - 1U, 0x1000000U, 0x100000U, PART_RANGE_RAM);
    T.shared[PART_MAX_SHARED - 1U].hpa = 0x1100000U;
    T.shared[PART_MAX_SHARED - 1U].size = 0x100000U;
    T.shared_count = PART_MAX_SHARED;
    (void)steps();
    expect_only(0x1000000U, 0x200000U);
}

/* REQ-LIF-048 */
static void what_is_no_whole_step_is_cleared_to_its_end(void **state)
{
    (void)state;
    range(1U, 0x1000000U, RAM_CLEAR_STEP + PAGE_SIZE, PART_RANGE_RAM);
    assert_int_equal(steps(), 2U);
    assert_int_equal(cleared[0x1000000U / RAM_CLEAR_STEP], RAM_CLEAR_STEP);
    assert_int_equal(cleared[(0x1000000U / RAM_CLEAR_STEP) + 1U], PAGE_SIZE);
    assert_int_equal(cleared[(0x1000000U / RAM_CLEAR_STEP) + 2U], 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ram_of_a_pre_launched_vm_is_cleared_once_in_steps, setup),
        cmocka_unit_test_setup(shared_regions_are_cleared_and_no_more_than_there_are, setup),
        cmocka_unit_test_setup(nothing_else_is_touched, setup),
        cmocka_unit_test_setup(the_last_row_of_each_counts_too, setup),
        cmocka_unit_test_setup(what_is_no_whole_step_is_cleared_to_its_end, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
