/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/partition.c core/partition_vm.c core/partition_memory.c core/partition_policy.c core/partition_health.c core/partition_device.c core/partition_ivshmem.c core/partition_link.c */
/* What the validator of partition tables accepts. */
#include "partition_machine.h"

static void accepts(void **state)
{
    (void)state;
    struct partition_verdict verdict = validate();
    assert_string_equal(verdict.reason, "");
    assert_true(verdict.valid);
    assert_int_equal(verdict.vm, ID_NONE);
}

/* REQ-RT-013 */
static void accepts_a_scenario_without_service_vm(void **state)
{
    (void)state;
    memset(&SERVICE, 0, sizeof(SERVICE));
    memset(&T.user, 0, sizeof(T.user));
    T.board.shared_pcpu_mask = 4U;
    platform.iommu_present = false; /* nobody drives a device */
    platform.irqs_remapped = false;
    RTVM.pci_count = 0U;
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-008 */
static void accepts_no_iommu_when_the_scenario_says_so(void **state)
{
    (void)state;
    platform.iommu_present = false;
    platform.irqs_remapped = false;
    RTVM.pci_count = 0U;
    T.flags = PART_ALLOW_NO_IOMMU;
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-008 */
static void accepts_amds_unit_for_exclusive_vms_and_what_it_does_not_remap_when_the_scenario_says_so(void **state)
{
    (void)state;
    platform.irqs_by_sender = false;
    assert_string_equal(validate().reason, "");
    platform.irqs_remapped = false;
    T.flags = PART_ALLOW_NO_IOMMU;
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-032 */
static void accepts_a_cpu_without_x2apic_when_no_vm_is_exclusive(void **state)
{
    (void)state;
    platform.x2apic = false;
    RTVM.flags = PART_VM_FORBID_POWEROFF;
    T.board.shared_pcpu_mask = 0xFU;
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-041 */
static void accepts_ranges_of_the_service_vm_that_may_be_lent(void **state)
{
    (void)state;
    SERVICE.range[0].flags |= PART_RANGE_LEND;
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-005 */
static void accepts_a_range_across_adjoining_ram(void **state)
{
    (void)state;
    OTHER.range[0].hpa = 0x3F800000U;
    OTHER.range[0].size = 0x800000U;
    assert_string_equal(validate().reason, "");
}

static void accepts_a_machine_without_some_things(void **state)
{
    (void)state;
    platform.ioapic_base = 0U;
    platform.mmconfig_base = 0U;
    platform.pm1a_control = 0U;
    platform.reset_port = 0U;
    boot_info.image_size = 0U;
    boot_info.module[0].size = 0U;
    T.user.max_vms = 0U;
    T.user.pcpu_mask = 0U;
    T.board.log_port = 0U;
    RTVM.gsi_count = 0U;
    RTVM.acpi_offset = 0U;
    RTVM.acpi_size = 0U;
    RTVM.initrd[0] = '\0';
    assert_string_equal(validate().reason, "");
}

static void accepts_boards_that_leave_values_to_the_machine(void **state)
{
    (void)state;
    T.board.mmconfig_base = 0U;
    T.board.tsc_hz = 2000000000U;
    platform.mmconfig_buses = 0U;
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-004 */
static void accepts_each_face_and_image_type(void **state)
{
    (void)state;
    SERVICE.face = PART_FACE_ACRN;
    RTVM.image_type = PART_IMAGE_MULTIBOOT;
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-005 */
static void accepts_devices_in_memory_that_is_reserved_or_listed_empty(void **state)
{
    (void)state;
    memory(0xE0000000U, 0x1000U, BOOT_RESERVED);
    memory(0xE0001000U, 0U, BOOT_RAM);
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-004 */
static void accepts_modules_policies_and_shares(void **state)
{
    (void)state;
    RTVM.image_type = PART_IMAGE_MULTIBOOT;
    RTVM.module_count = PART_MAX_MODULE;
    for (uint32_t i = 0U; i < PART_MAX_MODULE; i++) {
        strcpy(RTVM.module[i], "initrd");
    }
    RTVM.on_fault[PART_FAULT_SHUTDOWN] = PART_ON_FAULT_LAST;
    RTVM.cache.bandwidth = 100U;
    assert_true(validate().valid);
}

/* REQ-CFG-023 */
static void accepts_writes_to_own_devices_and_a_counter(void **state)
{
    static const uint64_t counter[] = { 0x8U, 0x3FFFFF8U, 0x24000028U, 0x240FFFF8U };
    (void)state;
    RTVM.safe_count = 4U;
    RTVM.safe[0] = (struct part_safe){ 0x3E8U, 0x5AU, PART_SAFE_PORT, 1U };
    RTVM.safe[1] = (struct part_safe){ 0x3ECU, 0x5AU, PART_SAFE_PORT, 4U };
    RTVM.safe[2] = (struct part_safe){ 0xE0000000U, 1U, PART_SAFE_MEMORY, 2U };
    RTVM.safe[3] = (struct part_safe){ 0xE0000FFCU, 1U, PART_SAFE_MEMORY, 4U };
    OTHER.on_fault[0] = PART_ON_FAULT_STOP;
    RTVM.heartbeat_us = 1000U;
    SERVICE.range[1].flags = 0U; /* it reads the shared region */
    for (uint32_t i = 0U; i < (sizeof(counter) / sizeof(counter[0])); i++) {
        RTVM.heartbeat_gpa = counter[i];
        assert_string_equal(validate().reason, "");
    }
    RTVM.range[2].flags = 0U; /* it may not write there itself */
    assert_false(validate().valid);
    RTVM.range[2].flags = WRITE;
    RTVM.heartbeat_gpa = 0xE0000000U; /* a device */
    assert_false(validate().valid);
    RTVM.heartbeat_gpa = 0x24100000U; /* just behind */
    assert_false(validate().valid);
}

/* REQ-RT-050 */
static void accepts_ways_that_are_neighbours_and_nobody_elses(void **state)
{
    static const uint32_t runs[] = { 0U, 1U, 0x6U, 0x7FFFFFFFU, 0x80000000U, 0xC0000000U, 0xFFFFFFFFU };
    (void)state;
    for (uint32_t i = 0U; i < (sizeof(runs) / sizeof(runs[0])); i++) {
        RTVM.cache.l2_mask = runs[i];
        assert_string_equal(validate().reason, "");
    }
    RTVM.cache.l2_mask = 0xFU;
    SERVICE.cache.l2_mask = 0xF0U;
    RTVM.cache.l3_mask = 0xF0U;
    SERVICE.cache.l3_mask = 0xFU;
    SERVICE.cache.bandwidth = 40U;
    T.board.memory_gbps = 20U;
    assert_string_equal(validate().reason, "");
}

/* REQ-CFG-023 */
static void safe_states_are_compared_with_all_of_a_full_table(void **state)
{
    (void)state;
    RTVM.ports_count = PART_MAX_PORTS;
    RTVM.range_count = PART_MAX_RANGE;
    SERVICE.range_count = PART_MAX_RANGE;
    RTVM.heartbeat_us = 1U;
    RTVM.heartbeat_gpa = 0x8000000000U;
    T.vm_count = PART_MAX_VM;
    T.vm[3].safe_count = PART_MAX_SAFE;
    T.vm[3].ports_count = 1U;
    T.vm[3].ports[0] = (struct part_ports){ 0x500U, 16U };
    for (uint32_t i = 0U; i < PART_MAX_SAFE; i++) {
        T.vm[3].safe[i] = (struct part_safe){ 0x500U + i, 0U, PART_SAFE_PORT, 1U };
    }
    assert_false(partition_check_health()); /* no memory at the counter */
    RTVM.heartbeat_us = 0U;
    assert_true(partition_check_health());
    RTVM.safe_count = 1U;
    RTVM.safe[0] = (struct part_safe){ 0x3F1U, 0U, PART_SAFE_PORT, 1U }; /* beyond the end */
    assert_false(partition_check_health());
    RTVM.safe[0] = (struct part_safe){ 0xE0001000U, 0U, PART_SAFE_MEMORY, 4U }; /* at the end */
    assert_false(partition_check_health());
    RTVM.safe[0] = (struct part_safe){ 0xE0001004U, 0U, PART_SAFE_MEMORY, 4U };
    assert_false(partition_check_health());
}

static void accepts_lists_of_more_than_one(void **state)
{
    (void)state;
    T.shared_count = 2U;
    strcpy(T.shared[1].name, "rt1");
    T.shared[1].hpa = 0x25000000U;
    T.shared[1].size = 0x100000U;
    RTVM.gsi_count = 2U;
    RTVM.gsi[1] = 5U;
    RTVM.pci_count = 2U;
    RTVM.pci[1] = 0x20U;
    struct part_range first = RTVM.range[0]; /* RAM comes last */
    RTVM.range[0] = RTVM.range[2];
    RTVM.range[2] = first;
    assert_string_equal(validate().reason, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(accepts, setup),
        cmocka_unit_test_setup(accepts_a_scenario_without_service_vm, setup),
        cmocka_unit_test_setup(accepts_no_iommu_when_the_scenario_says_so, setup),
        cmocka_unit_test_setup(accepts_amds_unit_for_exclusive_vms_and_what_it_does_not_remap_when_the_scenario_says_so, setup),
        cmocka_unit_test_setup(accepts_a_cpu_without_x2apic_when_no_vm_is_exclusive, setup),
        cmocka_unit_test_setup(accepts_a_range_across_adjoining_ram, setup),
        cmocka_unit_test_setup(accepts_ranges_of_the_service_vm_that_may_be_lent, setup),
        cmocka_unit_test_setup(accepts_a_machine_without_some_things, setup),
        cmocka_unit_test_setup(accepts_boards_that_leave_values_to_the_machine, setup),
        cmocka_unit_test_setup(accepts_each_face_and_image_type, setup),
        cmocka_unit_test_setup(accepts_devices_in_memory_that_is_reserved_or_listed_empty, setup),
        cmocka_unit_test_setup(accepts_modules_policies_and_shares, setup),
        cmocka_unit_test_setup(accepts_writes_to_own_devices_and_a_counter, setup),
        cmocka_unit_test_setup(safe_states_are_compared_with_all_of_a_full_table, setup),
        cmocka_unit_test_setup(accepts_ways_that_are_neighbours_and_nobody_elses, setup),
        cmocka_unit_test_setup(accepts_lists_of_more_than_one, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
