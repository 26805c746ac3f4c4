/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/partition.c core/partition_vm.c core/partition_memory.c core/partition_policy.c core/partition_health.c core/partition_device.c core/partition_ivshmem.c core/partition_link.c */
/* What the validator says of shared-memory devices. */
#include "partition_mistakes.h"

#define REGION   0x24000000U
#define SIZE     0x100000U
#define SERVICE_DEVICE T.ivshmem[0]
#define RTVM_DEVICE    T.ivshmem[1]
#define OTHER_DEVICE   T.ivshmem[2]
#define USER_DEVICE    T.ivshmem[2]

static struct part_ivshmem device(uint16_t v, uint64_t registers, uint64_t memory_at)
{
    struct part_ivshmem d = { .registers_gpa = registers, .memory_gpa = memory_at, .vm = v, .vectors = 2U, .interval_us = 100U };
    return d;
}

static int connected(void **state)
{
    (void)setup(state);
    T.ivshmem_count = 2U;
    SERVICE_DEVICE = device(0U, 0xC0100000U, 0xC0200000U);
    RTVM_DEVICE = device(1U, 0xFE800000U, REGION);
    return 0;
}

/* REQ-CFG-050 */
static void devices_in_their_places_are_accepted(void **state)
{
    (void)state;
    assert_true(validate().valid);
    T.ivshmem_count = 3U;
    range(&OTHER, REGION, REGION, SIZE, PART_RANGE_SHARED, WRITE);
    OTHER_DEVICE = device(2U, 0xFE800000U, REGION);
    assert_true(validate().valid);
}

/* REQ-CFG-050 */
static void registers_may_lie_where_a_machine_without_mmconfig_has_none(void **state)
{
    (void)state;
    T.board.mmconfig_base = 0U;
    platform.mmconfig_base = 0U;
    platform.mmconfig_buses = 0U;
    RTVM_DEVICE.registers_gpa = 0xB0000000U;
    assert_string_equal(validate().reason, "");
}

/* A second region, both VMs have devices for both. */
static void two_regions(void)
{
    T.shared_count = 2U;
    strcpy(T.shared[1].name, "rt1");
    T.shared[1].hpa = 0x24300000U;
    T.shared[1].size = SIZE;
    range(&SERVICE, 0x24300000U, 0x24300000U, SIZE, PART_RANGE_SHARED, WRITE);
    range(&RTVM, 0x24300000U, 0x24300000U, SIZE, PART_RANGE_SHARED, WRITE);
    T.ivshmem_count = 4U;
    T.ivshmem[2] = device(0U, 0xC0102000U, 0xC0300000U);
    T.ivshmem[3] = device(1U, 0xFE802000U, 0x24300000U);
    T.ivshmem[2].region = 1U;
    T.ivshmem[3].region = 1U;
}

static void user_end(void)
{
    T.ivshmem_count = 3U;
    USER_DEVICE = device(PART_IVSHMEM_USER, 0U, 0U);
}

/* REQ-CFG-051 */
static void ends_for_user_vms_have_no_place(void **state)
{
    (void)state;
    two_regions();
    T.ivshmem_count = 6U;
    T.ivshmem[4] = device(PART_IVSHMEM_USER, 0U, 0U);
    T.ivshmem[5] = device(PART_IVSHMEM_USER, 0U, 0U);
    T.ivshmem[5].region = 1U;
    assert_true(validate().valid);
}

/* REQ-CFG-051 */
static void the_service_vm_needs_no_device_for_what_user_vms_have(void **state)
{
    (void)state;
    SERVICE_DEVICE = device(PART_IVSHMEM_USER, 0U, 0U);
    assert_true(validate().valid);
}

static void a_vm_may_have_devices_for_several_regions(void **state)
{
    (void)state;
    two_regions();
    assert_true(validate().valid);
}

static bool make_mistake(int line)
{
    bool made = true;
    switch (line) {
    CASE("reserved fields", RTVM_DEVICE.reserved = 1U)
    CASE("reserved fields", RTVM_DEVICE.reserved2 = 1U)
    CASE("belongs to no VM", RTVM_DEVICE.vm = 3U)
    CASE("for no region", RTVM_DEVICE.region = 1U)
    CASE("1 to 8 doorbells", RTVM_DEVICE.vectors = 0U)
    CASE("1 to 8 doorbells", RTVM_DEVICE.vectors = 9U)
    CASE("1 to 1000000 us", RTVM_DEVICE.interval_us = 0U)
    CASE("1 to 1000000 us", RTVM_DEVICE.interval_us = 1000001U)
    CASE("power of two", (T.shared[0].size = 0xC0000U, RTVM.range[1].size = 0xC0000U, SERVICE.range[1].size = 0xC0000U))
    CASE("aligned to its size", RTVM_DEVICE.memory_gpa = REGION + 0x1000U)
    CASE("aligned to its size", RTVM_DEVICE.memory_gpa = PART_GPA_LIMIT)
    CASE("two pages below 4 GiB", RTVM_DEVICE.registers_gpa = 0xFE800800U)
    CASE("two pages below 4 GiB", RTVM_DEVICE.registers_gpa = 0U)
    CASE("two pages below 4 GiB", RTVM_DEVICE.registers_gpa = 0xFFFFF000U)
    CASE("has no range", RTVM_DEVICE.memory_gpa = REGION + SIZE)
    CASE("has no range", RTVM_DEVICE.vm = 2U)
    CASE("has no range", RTVM.range[1].size = 0x80000U)
    CASE("meet something else", RTVM_DEVICE.registers_gpa = 0x3FFF000U)
    CASE("meet something else", RTVM_DEVICE.registers_gpa = 0xFEC00000U)
    CASE("meet something else", RTVM_DEVICE.registers_gpa = 0xFEDFF000U)
    CASE("meet something else", RTVM_DEVICE.registers_gpa = 0xFEE00000U)
    CASE("meet something else", RTVM_DEVICE.registers_gpa = 0xB0000000U)
    CASE("meet something else", RTVM_DEVICE.registers_gpa = 0xAFFFF000U)
    CASE("meet something else", RTVM_DEVICE.registers_gpa = 0xBFFFF000U)
    CASE("meet something else", SERVICE_DEVICE.registers_gpa = 0x90000000U)
    CASE("meet something else", SERVICE_DEVICE.memory_gpa = 0x90000000U)
    CASE("two shared-memory devices for one", (T.ivshmem_count = 3U, T.ivshmem[2] = device(1U, 0xFE802000U, REGION)))
    CASE("of a VM overlap", (two_regions(), T.ivshmem[3].registers_gpa = 0xFE801000U))
    CASE("of a VM overlap", (two_regions(), T.ivshmem[2].memory_gpa = 0xC0200000U))
    CASE("of a VM overlap", (two_regions(), T.ivshmem[2].registers_gpa = 0xC0200000U))
    CASE("of a VM overlap", (two_regions(), T.ivshmem[2].memory_gpa = 0xC0100000U))
    CASE("has its place at run time", (user_end(), USER_DEVICE.registers_gpa = 0xFE802000U))
    CASE("has its place at run time", (user_end(), USER_DEVICE.memory_gpa = REGION))
    CASE("belongs to no VM", (user_end(), USER_DEVICE.vm = PART_IVSHMEM_USER + 1U))
    CASE("has no range", (SERVICE_DEVICE = device(PART_IVSHMEM_USER, 0U, 0U), SERVICE.range[1].size = 0x80000U))
    CASE("has no range", (SERVICE_DEVICE = device(PART_IVSHMEM_USER, 0U, 0U), SERVICE.range[1].flags = 0U))
    CASE("two shared-memory devices for one", (user_end(), T.ivshmem_count = 4U, T.ivshmem[3] = USER_DEVICE))
    CASE("power of two", (SERVICE_DEVICE = device(PART_IVSHMEM_USER, 0U, 0U), T.ivshmem_count = 1U,
                          T.shared[0].size = 0xC0000U, RTVM.range[1].size = 0xC0000U, SERVICE.range[1].size = 0xC0000U))
    CASE("need a shared core", (memset(&SERVICE, 0, sizeof(SERVICE)), T.user.max_vms = 0U, T.user.pcpu_mask = 0U, T.board.shared_pcpu_mask = 0U,
                                T.vm_count = 2U, SERVICE_DEVICE = RTVM_DEVICE, T.ivshmem_count = 1U))
    CASE("belongs to no VM", (memset(&SERVICE, 0, sizeof(SERVICE)), T.user.max_vms = 0U))
    default:
        made = false;
        break;
    }
    return made;
}

/* REQ-CFG-050 REQ-CFG-009 */
static void each_mistake_is_refused_by_name(void **state)
{
    (void)state;
    assert_int_equal(mistakes_refused(connected, make_mistake, __LINE__), 40U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(devices_in_their_places_are_accepted, connected),
        cmocka_unit_test_setup(registers_may_lie_where_a_machine_without_mmconfig_has_none, connected),
        cmocka_unit_test_setup(ends_for_user_vms_have_no_place, connected),
        cmocka_unit_test_setup(the_service_vm_needs_no_device_for_what_user_vms_have, connected),
        cmocka_unit_test_setup(a_vm_may_have_devices_for_several_regions, connected),
        cmocka_unit_test(each_mistake_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
