/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* What units of the IOMMU blocked: how it is told, counted and bounded. */
#include "iommu_machine.h"

#include "core/stats.h"

/* REQ-ISO-052 */
static void a_blocked_access_is_told_and_counted(void **state)
{
    hpa_t hpa = 0U;
    (void)state;
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_int_equal(fake_iommu_event, VECTOR_IOMMU);
    (void)reaches(DISK, RTVM_ONLY);
    (void)reaches(NIC, 0x5000U);
    core_host_interrupt(0U, VECTOR_IOMMU);
    assert_int_equal(fake_iommu_event, 0U);
    assert_int_not_equal(iommu_fault_check(0U, fake_tsc), TIME_NEVER);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x28 of service: DMA write blocked, address 0x2000000, reason 0x5"));
    assert_non_null(strstr(fake_log(), "PCI function 0x20 of nobody: DMA write blocked, address 0x5000, reason 0x2"));
    assert_null(strstr(fake_log(), "DMA read"));
    assert_int_equal(iommu_fault_count(VM_SERVICE), 1U);
    assert_int_equal(iommu_fault_count(IOMMU_NOBODY), 1U);
    assert_int_equal(iommu_fault_count(RTVM), 0U);
    fake_iommu_fault((struct iommu_fault){ .bdf = DISK, .interrupt = true, .reason = 0x22U, .address = 7U });
    fake_tsc += fake_tsc_hz;
    (void)iommu_fault_check(0U, fake_tsc);
    log_flush();
    assert_non_null(strstr(fake_log(), "interrupt message blocked, entry 0x7"));
    assert_false(fake_iommu_dma(DISK, RTVM_ONLY + 0x1000U, false, &hpa));
    fake_tsc += fake_tsc_hz;
    (void)iommu_fault_check(0U, fake_tsc);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x28 of service: DMA read blocked, address 0x2001000, reason 0x6"));
}

/* REQ-ISO-052 */
static void a_fault_before_the_clock_is_known_is_told(void **state)
{
    (void)state;
    fake_tsc_hz = 0U;
    (void)reaches(NIC, 0x5000U);
    core_host_interrupt(0U, VECTOR_IOMMU);
    (void)iommu_fault_check(0U, fake_tsc);
    log_flush();
    assert_int_equal(iommu_fault_count(IOMMU_NOBODY), 1U);
    assert_non_null(strstr(fake_log(), "PCI function 0x20 of nobody"));
}

/* REQ-ISO-052 */
static void a_fault_that_comes_as_messages_are_switched_on_is_told(void **state)
{
    (void)state;
    core_host_interrupt(0U, VECTOR_IOMMU);
    fake_iommu_late = true;
    assert_int_equal(iommu_fault_check(0U, fake_tsc), fake_tsc + (fake_tsc_hz / 100U));
    assert_int_equal(iommu_fault_count(IOMMU_NOBODY), 1U);
    fake_tsc += fake_tsc_hz;
    assert_int_equal(iommu_fault_check(0U, fake_tsc), TIME_NEVER);
    log_flush();
}

/* REQ-ISO-052 */
static void faults_without_end_are_counted_and_told_a_few_times(void **state)
{
    uint64_t due;
    uint32_t lines = 0U;
    (void)state;
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    for (uint32_t i = 0U; i < 40U; i++) {
        (void)reaches(DISK, RTVM_ONLY + (0x1000U * i));
    }
    core_host_interrupt(0U, VECTOR_IOMMU);
    due = iommu_fault_check(0U, fake_tsc);
    assert_int_equal(iommu_fault_count(VM_SERVICE), 16U);
    assert_int_equal(due, fake_tsc + (fake_tsc_hz / 100U)); /* and not before */
    assert_int_equal(iommu_fault_check(0U, fake_tsc), due);
    assert_int_equal(iommu_fault_check(1U, fake_tsc), TIME_NEVER); /* another core does not look */
    for (uint32_t i = 0U; i < 3U; i++) {
        fake_tsc += fake_tsc_hz / 100U;
        assert_int_equal(fake_iommu_event, 0U);
        due = iommu_fault_check(0U, fake_tsc);
    }
    assert_int_equal(iommu_fault_count(VM_SERVICE), 40U);
    assert_int_equal(due, TIME_NEVER);
    assert_int_equal(fake_iommu_event, VECTOR_IOMMU);
    log_flush();
    for (const char *at = strstr(fake_log(), "blocked"); at != NULL; at = strstr(at + 1, "blocked")) {
        lines++;
    }
    assert_int_equal(lines, 8U);
}

/* REQ-ISO-052 */
static void where_all_cores_are_exclusive_nobody_looks(void **state)
{
    (void)state;
    partition.table.board.shared_pcpu_mask = 0U;
    for (pcpu_id_t p = 0U; p < MAX_PCPU; p++) {
        assert_int_equal(iommu_fault_check(p, fake_tsc + fake_tsc_hz), TIME_NEVER);
    }
}

/* REQ-ISO-052 */
static void what_a_user_vm_tried_is_not_counted_against_the_next_one(void **state)
{
    const vm_id_t v = user_vm();
    (void)state;
    assert_int_equal(iommu_give(DISK, v), STATUS_OK);
    (void)reaches(DISK, 0x5000U);
    core_host_interrupt(0U, VECTOR_IOMMU);
    (void)iommu_fault_check(0U, fake_tsc);
    log_flush();
    assert_int_equal(iommu_fault_count(v), 1U);
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_int_equal(vm_destroy(v), STATUS_OK);
    assert_int_equal(iommu_fault_count(v), 1U); /* it can still be read */
    assert_int_equal(user_vm(), v);
    assert_int_equal(iommu_fault_count(v), 0U);
    (void)reaches(DISK, RTVM_ONLY);
    fake_tsc += fake_tsc_hz;
    (void)iommu_fault_check(0U, fake_tsc);
    stats_reset_vm(VM_SERVICE);
    assert_int_equal(iommu_fault_count(VM_SERVICE), 1U); /* since boot */
    log_flush();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_blocked_access_is_told_and_counted, boot),
        cmocka_unit_test_setup(a_fault_before_the_clock_is_known_is_told, boot),
        cmocka_unit_test_setup(a_fault_that_comes_as_messages_are_switched_on_is_told, boot),
        cmocka_unit_test_setup(faults_without_end_are_counted_and_told_a_few_times, boot),
        cmocka_unit_test_setup(where_all_cores_are_exclusive_nobody_looks, boot),
        cmocka_unit_test_setup(what_a_user_vm_tried_is_not_counted_against_the_next_one, boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
