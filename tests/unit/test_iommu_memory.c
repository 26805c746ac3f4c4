/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Whose memory a device reaches, and which units are accepted, with a unit that remembers whatever it is not told to forget. */
#include "iommu_machine.h"

#include "devices/vpci.h"
#include "devices/vpci_function.h"
#include "fake/pci.h"

#define BRIDGE    0x38U
#define BEHIND    0x308U
#define SECRET    IMAGE_HPA

/* REQ-ISO-040 */
static void a_device_of_nobody_reaches_nothing(void **state)
{
    (void)state;
    assert_true(fake_iommu_on);
    assert_false(reaches(DISK, 0x1000000U));
    assert_false(reaches(NIC, 0U));
    assert_false(reaches(FAR_AWAY, 0U));
}

/* REQ-ISO-040 */
static void a_device_reaches_what_its_owner_reaches(void **state)
{
    hpa_t hpa = 0U;
    (void)state;
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_int_equal(iommu_give(NIC, RTVM), STATUS_OK);
    assert_true(fake_iommu_dma(DISK, 0x1000123U, false, &hpa));
    assert_int_equal(hpa, 0x1000123U);
    assert_false(reaches(DISK, RTVM_ONLY));
    assert_false(reaches(DISK, SECRET));
    assert_true(fake_iommu_dma(NIC, 0x1010U, true, &hpa));
    assert_int_equal(hpa, RTVM_HPA + 0x1010U);
    assert_false(reaches(NIC, 0x1000000U));
    assert_false(reaches(DISK, TELEMETRY_HPA)); /* read-only for the Service VM */
    assert_true(fake_iommu_dma(DISK, TELEMETRY_HPA, false, &hpa));
}

/* REQ-ISO-040 */
static void who_may_have_a_device(void **state)
{
    vm_id_t user = user_vm();
    (void)state;
    assert_int_equal(iommu_give(NIC, VM_SERVICE), STATUS_DENIED);
    assert_int_equal(iommu_give(NIC, user), STATUS_DENIED);
    assert_int_equal(iommu_give(DISK, RTVM), STATUS_DENIED);
    assert_int_equal(iommu_give(DISK, MAX_VM + 1U), STATUS_INVALID);
    assert_int_equal(iommu_give(FAR_AWAY, VM_SERVICE), STATUS_INVALID);
    assert_int_equal(iommu_give(DISK, user), STATUS_OK);
    assert_int_equal(iommu_give(DISK, IOMMU_NOBODY), STATUS_OK);
    assert_int_equal(iommu_home(NIC), RTVM);
    assert_int_equal(iommu_home(DISK), VM_SERVICE);
}

/* REQ-ISO-040 */
static void a_device_that_changes_hands_keeps_nothing(void **state)
{
    vm_id_t user = user_vm();
    hpa_t hpa = 0U;
    (void)state;
    for (uint32_t i = 0U; i < 3U; i++) {
        assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
        assert_true(fake_iommu_dma(DISK, GPA + 0x800000U, true, &hpa));
        assert_int_equal(hpa, GPA + 0x800000U);
        assert_int_equal(iommu_give(DISK, user), STATUS_OK);
        assert_true(fake_iommu_dma(DISK, GPA, true, &hpa));
        assert_int_equal(hpa, LENT);
        assert_false(reaches(DISK, GPA + 0x800000U));
    }
    assert_int_equal(iommu_give(DISK, IOMMU_NOBODY), STATUS_OK);
    assert_false(reaches(DISK, GPA));
}

/* REQ-ISO-051 */
static void memory_that_was_taken_away_is_out_of_reach(void **state)
{
    vm_id_t user = user_vm();
    (void)state;
    assert_int_equal(iommu_give(DISK, user), STATUS_OK);
    assert_true(reaches(DISK, GPA + 0x1000U));
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, GPA, LENT, 0x200000U), 0);
    assert_false(reaches(DISK, GPA + 0x1000U));
}

/* REQ-ISO-051 */
static void a_vm_without_devices_costs_no_flush(void **state)
{
    vm_id_t user = user_vm();
    uint32_t before = fake_iommu_flushes;
    (void)state;
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, GPA, LENT, 0x200000U), 0);
    assert_int_equal(fake_iommu_flushes, before);
}

/* REQ-ISO-051 */
static void tables_are_flushed_with_the_first_device_of_a_vm_only(void **state)
{
    (void)state;
    assert_int_equal(fake_iommu_flushes, 0U);
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_int_equal(fake_iommu_flushes, 2U); /* the tables, the entry */
    assert_int_equal(iommu_give(DISK + 8U, VM_SERVICE), STATUS_OK);
    assert_int_equal(fake_iommu_flushes, 3U);
    assert_int_equal(iommu_give(DISK, IOMMU_NOBODY), STATUS_OK);
    assert_true(reaches(DISK + 8U, 0x1000000U)); /* one is left, and the tables stay looked after */
    fake_iommu_flushes = 0U;
    iommu_flush_vm(VM_SERVICE);
    assert_int_equal(fake_iommu_flushes, 1U);
}

/* REQ-ISO-050 */
static void an_entry_goes_out_to_memory_where_its_format_has_it(void **state)
{
    (void)state;
    fake_iommu_reset();
    fake_iommu_snoops = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    (void)iommu_give(DISK + 0x100U, VM_SERVICE);
    assert_int_equal(fake_iommu_written, ENTRIES + 0x2000U + (DISK * 16U)); /* 8 KiB for each bus */
    assert_int_equal(fake_iommu_written_size, 16U);
    fake_iommu_format = IOMMU_FORMAT_AMDVI;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    assert_int_equal(iommu_format, IOMMU_FORMAT_AMDVI);
    (void)iommu_give(DISK + 0x100U, VM_SERVICE);
    assert_int_equal(fake_iommu_written, ENTRIES + 0x2000U + (DISK * 32U));
    assert_int_equal(fake_iommu_written_size, 32U);
}

/* REQ-ISO-040 REQ-ISO-051 */
static void a_unit_that_reads_past_the_caches_sees_every_change(void **state)
{
    vm_id_t user = user_vm();
    hpa_t hpa = 0U;
    (void)state;
    fake_iommu_reset();
    fake_iommu_snoops = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    assert_int_equal(iommu_give(DISK, user), STATUS_OK);
    assert_true(fake_iommu_dma(DISK, GPA, true, &hpa));
    assert_int_equal(hpa, LENT);
    assert_int_equal(world_region(user, HC_REGION_DEL, 0U, GPA, LENT, 0x100000U), 0);
    assert_false(reaches(DISK, GPA));
    assert_true(reaches(DISK, GPA + 0x100000U));
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_false(reaches(DISK, RTVM_ONLY));
    assert_true(reaches(DISK, GPA + 0x800000U));
}

/* REQ-ISO-053 */
static void memory_that_firmware_reserves_must_be_the_owners(void **state)
{
    (void)state;
    fake_iommu_regions = 2U;
    fake_iommu_region[0] = (struct fake_iommu_region){ NIC, 0x1000U, 0x2000U }; /* mapped, but elsewhere */
    fake_iommu_region[1] = (struct fake_iommu_region){ DISK, 0x1000000U, 0x3000U };
    assert_int_equal(iommu_give(NIC, RTVM), STATUS_FAULT);
    assert_int_equal(iommu_give(NIC, IOMMU_NOBODY), STATUS_OK);
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    fake_iommu_region[0] = (struct fake_iommu_region){ DISK + 8U, RTVM_HPA - 0x1000U, 0x2000U };
    assert_int_equal(iommu_give(DISK + 8U, VM_SERVICE), STATUS_FAULT);
    fake_iommu_region[0].base = S2_GPA_LIMIT - 0x1000U;
    assert_int_equal(iommu_give(DISK + 8U, VM_SERVICE), STATUS_FAULT);
    fake_iommu_region[0] = (struct fake_iommu_region){ DISK + 8U, 0x1000000U, 0U }; /* what firmware says of all memory, and of more than there is */
    assert_int_equal(iommu_give(DISK + 8U, VM_SERVICE), STATUS_FAULT);
    fake_iommu_region[0].size = S2_GPA_LIMIT + 0x1000U;
    assert_int_equal(iommu_give(DISK + 8U, VM_SERVICE), STATUS_FAULT);
    fake_iommu_region[0] = (struct fake_iommu_region){ DISK + 8U, S2_GPA_LIMIT - 0x1000U, 0x2000U };
    fake_iommu_region[1].bdf = DISK + 8U; /* what comes after makes up for nothing */
    assert_int_equal(iommu_give(DISK + 8U, VM_SERVICE), STATUS_FAULT);
    assert_int_equal(iommu_table_owner(DISK + 8U), IOMMU_NOBODY);
}

/* REQ-ISO-054 */
static void a_unit_that_does_not_answer_ends_the_shared_side(void **state)
{
    (void)state;
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    fake_iommu_answers = false;
    assert_int_equal(fake_halts, 0);
    vm_shootdown(VM_SERVICE);
    assert_int_equal(fake_halts, 1);
    (void)iommu_give(DISK, IOMMU_NOBODY);
    assert_int_equal(fake_halts, 2);
    log_flush();
    assert_non_null(strstr(fake_log(), "a unit does not answer"));
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_FAULT);
    assert_false(iommu_active);
}

/* REQ-ISO-054 */
static void each_answer_of_a_change_of_hands_counts(void **state)
{
    const vm_id_t user = user_vm();
    (void)state;
    for (uint32_t n = 0U; n <= 3U; n++) { /* the entry of nobody, the tables, the entry of the new owner; 0: all are answered */
        fake_iommu_lost = 0U;
        assert_int_equal(iommu_give(DISK, user), STATUS_OK);
        assert_int_equal(fake_halts, (n > 1U) ? (n - 1U) : 0U);
        fake_iommu_lost = (n != 0U) ? (fake_iommu_flushes + n) : 0U;
        (void)iommu_give(DISK, VM_SERVICE);
        assert_int_equal(fake_halts, n);
        assert_int_equal(iommu_table_owner(DISK), VM_SERVICE);
    }
}

/* REQ-ISO-040 */
static void without_a_unit_nothing_is_given(void **state)
{
    (void)state;
    platform.iommu_present = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_NO_DEVICE);
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_NO_DEVICE);
    vpci_dma_open(VM_SERVICE);
    iommu_flush_vm(VM_SERVICE);
    iommu_irq_set(5U, DISK, 0U, 0x40U, false);
    iommu_irq_open(RTVM, NIC);
    assert_false(iommu_remaps);
    assert_int_equal(fake_iommu_irq_flushes, 0U);
    assert_int_equal(iommu_fault_check(0U, fake_tsc), TIME_NEVER);
}

/* REQ-ISO-040 */
static void registers_of_a_unit_are_nobodys(void **state)
{
    (void)state;
    domain_base[RTVM][domain_count[RTVM]] = 0xFED8F000U;
    domain_size[RTVM][domain_count[RTVM]] = 0x1000U;
    domain_count[RTVM]++;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    domain_size[RTVM][domain_count[RTVM] - 1U] = 0x2000U;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_DENIED);
    assert_false(iommu_active);
    fake_iommu_units = MAX_IOMMU; /* all that there can be; the first one's are in the VM's memory, the others' apart */
    domain_base[RTVM][domain_count[RTVM] - 1U] = 0xFED90000U;
    domain_size[RTVM][domain_count[RTVM] - 1U] = 0x1000U;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_DENIED);
    domain_base[RTVM][domain_count[RTVM] - 1U] += MAX_IOMMU * 0x1000U; /* behind the last one's */
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    domain_base[RTVM][domain_count[RTVM] - 1U] -= 0x1000U;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_DENIED);
    domain_count[RTVM]--;
}

/* REQ-ISO-040 REQ-ISO-053 */
static void at_boot_every_function_gets_its_owners_memory(void **state)
{
    static const uint16_t bdf[] = { NIC, DISK, DISK + 8U, FAR_AWAY, DISK + 16U };
    static const vm_id_t owner[] = { RTVM, VM_SERVICE, VM_SERVICE, VM_SERVICE, ID_NONE };
    (void)state;
    memset(vpci_function, 0, sizeof(vpci_function));
    for (vpci_function_count = 0U; vpci_function_count < 5U; vpci_function_count++) {
        vpci_function[vpci_function_count].bdf = bdf[vpci_function_count];
        vpci_function[vpci_function_count].owner = owner[vpci_function_count];
    }
    fake_iommu_regions = 1U;
    fake_iommu_region[0] = (struct fake_iommu_region){ DISK + 8U, RTVM_HPA, 0x1000U };
    vpci_dma_open(VM_SERVICE);
    assert_int_equal(iommu_table_owner(NIC), IOMMU_NOBODY);
    assert_false(vpci_function[0].walled);
    vpci_dma_open(RTVM);
    assert_int_equal(iommu_table_owner(NIC), RTVM);
    assert_true(vpci_function[0].walled); /* it may be a bus master */
    assert_false(vpci_function[2].walled);
    assert_int_equal(iommu_table_owner(DISK), VM_SERVICE);
    assert_int_equal(iommu_table_owner(DISK + 8U), IOMMU_NOBODY);
    assert_int_equal(iommu_table_owner(DISK + 16U), IOMMU_NOBODY);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x30: the firmware reserves memory"));
    assert_non_null(strstr(fake_log(), "PCI function 0x1000: its bus is beyond"));
    fake_iommu_uncovered = DISK;
    assert_int_equal(iommu_give(DISK, IOMMU_NOBODY), STATUS_OK);
    vpci_dma_open(VM_SERVICE);
    assert_int_equal(vpci_function[1].owner, ID_NONE);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x28: no unit of the IOMMU stands before it"));
    vpci_function[0].bdf = DISK; /* not as the partition table has it */
    vpci_dma_open(RTVM);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x28: not its owner's"));
    assert_false(vpci_function[0].walled);
    vpci_function_count = 0U;
}

/* REQ-ISO-091 */
static void a_bridge_to_conventional_pci_asks_for_the_service_vm(void **state)
{
    static const uint16_t bdf[] = { BRIDGE, BEHIND, DISK };
    (void)state;
    fake_bus_reset();
    fake_bus_put(fake_bus_add(BRIDGE, 0x00011B36U, 0x0604U), 0x18U, 4U, 0x00030300U, 0U);
    fake_bus_put(&fake_bus[0], 0x40U, 4U, 0x00720010U, 0U);
    memset(vpci_function, 0, sizeof(vpci_function));
    for (vpci_function_count = 0U; vpci_function_count < 3U; vpci_function_count++) {
        vpci_function[vpci_function_count] = (struct vpci_function){ .bdf = bdf[vpci_function_count], .owner = VM_SERVICE };
    }
    vpci_function[0].bridge = true;
    vpci_function[0].pcie = 0x40U;
    fake_iommu_regions = 1U;
    fake_iommu_region[0] = (struct fake_iommu_region){ BEHIND & 0xFF00U, RTVM_HPA, 0x1000U };
    vpci_dma_open(VM_SERVICE);
    assert_false(vpci_function[1].walled);         /* the firmware wants memory for the number that it asks under */
    assert_int_equal(iommu_table_owner(BEHIND & 0xFF00U), IOMMU_NOBODY);
    fake_iommu_regions = 0U;
    vpci_dma_open(VM_SERVICE);
    assert_int_equal(iommu_table_owner(BEHIND & 0xFF00U), VM_SERVICE);
    assert_int_equal(iommu_table_owner(BRIDGE), VM_SERVICE);
    assert_true(vpci_function[1].walled);
    assert_true(reaches(BEHIND & 0xFF00U, 0x1000U));
    assert_false(reaches(BEHIND & 0xFF00U, RTVM_ONLY));
    vpci_function_count = 0U;
    fake_bus_reset();
}

/* REQ-ISO-040 REQ-ISO-050 */
static void a_unit_that_cannot_read_stage_2_ends_the_shared_side(void **state)
{
    (void)state;
    stage2_format = S2_FORMAT_NPT;
    (void)iommu_give(DISK, VM_SERVICE);
    assert_false(reaches(DISK, 0x1000000U));
    assert_int_equal(fake_halts, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_device_of_nobody_reaches_nothing, boot),
        cmocka_unit_test_setup(a_device_reaches_what_its_owner_reaches, boot),
        cmocka_unit_test_setup(who_may_have_a_device, boot),
        cmocka_unit_test_setup(a_device_that_changes_hands_keeps_nothing, boot),
        cmocka_unit_test_setup(memory_that_was_taken_away_is_out_of_reach, boot),
        cmocka_unit_test_setup(a_vm_without_devices_costs_no_flush, boot),
        cmocka_unit_test_setup(tables_are_flushed_with_the_first_device_of_a_vm_only, boot),
        cmocka_unit_test_setup(an_entry_goes_out_to_memory_where_its_format_has_it, boot),
        cmocka_unit_test_setup(a_unit_that_reads_past_the_caches_sees_every_change, boot),
        cmocka_unit_test_setup(memory_that_firmware_reserves_must_be_the_owners, boot),
        cmocka_unit_test_setup(a_unit_that_does_not_answer_ends_the_shared_side, boot),
        cmocka_unit_test_setup(each_answer_of_a_change_of_hands_counts, boot),
        cmocka_unit_test_setup(without_a_unit_nothing_is_given, boot),
        cmocka_unit_test_setup(registers_of_a_unit_are_nobodys, boot),
        cmocka_unit_test_setup(at_boot_every_function_gets_its_owners_memory, boot),
        cmocka_unit_test_setup(a_bridge_to_conventional_pci_asks_for_the_service_vm, boot),
        cmocka_unit_test_setup_teardown(a_device_of_nobody_reaches_nothing, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_device_reaches_what_its_owner_reaches, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_device_that_changes_hands_keeps_nothing, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(memory_that_was_taken_away_is_out_of_reach, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_unit_that_cannot_read_stage_2_ends_the_shared_side, boot_amdvi, as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
