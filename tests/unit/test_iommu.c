/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* Whose memory a device reaches, with a unit that remembers whatever it is not told to forget. */
#include "world.h"

#include "core/iommu.h"
#include "core/iommu_irte.h"
#include "core/stats.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"
#include "fake/iommu.h"
#include "fake/pci.h"

#define NIC       0x20U   /* 00:04.0: the partition table gives it to the RTVM */
#define DISK      0x28U   /* 00:05.0: left to the Service VM */
#define BRIDGE    0x38U
#define BEHIND    0x308U
#define FAR_AWAY  0x1000U /* on bus 16: no table */
#define ROOT      0x70000000U
#define ENTRIES   0x70001000U
#define REMAP     0x70100000U
#define IOAPIC    0xFFA0U
#define SMBUS     0xA0U   /* whose number the IOAPIC of an AMD machine has */
#define RTVM_ONLY RTVM_HPA
#define SECRET    IMAGE_HPA
#define GPA       0x200000U

static bool reaches(uint16_t bdf, gpa_t address)
{
    hpa_t hpa = 0U;
    return fake_iommu_dma(bdf, address, true, &hpa);
}

static int boot(void **state)
{
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    fake_iommu_reset();
    (void)world_start(state);
    platform.iommu_present = true;
    platform.ioapic_bdf = IOAPIC;
    for (pcpu_id_t p = 0U; p < MAX_PCPU; p++) {
        platform.apic_id[p] = 300U + (2U * p);
    }
    partition.table.vm[RTVM].pci_count = 1U;
    partition.table.vm[RTVM].pci[0] = NIC;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    (void)iommu_fault_check(0U, fake_tsc);
    return 0;
}

static int boot_amdvi(void **state)
{
    stage2_format = S2_FORMAT_NPT_AMDVI;
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    fake_iommu_reset();
    fake_iommu_format = IOMMU_FORMAT_AMDVI;
    (void)world_start(state);
    platform.ioapic_bdf = SMBUS;
    for (pcpu_id_t p = 0U; p < MAX_PCPU; p++) {
        platform.apic_id[p] = 0x12000300U + (2U * p);
    }
    platform.iommu_present = true;
    partition.table.vm[RTVM].pci_count = 1U;
    partition.table.vm[RTVM].pci[0] = NIC;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    return 0;
}

static int as_usual(void **state)
{
    (void)state;
    stage2_format = S2_FORMAT_NPT;
    return 0;
}

static vm_id_t user_vm(void)
{
    vm_id_t v = world_create(3U);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, GPA, LENT, 0x200000U), 0);
    return v;
}

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

/* REQ-ISO-040 REQ-ISO-050 */
static void a_unit_that_cannot_read_stage_2_ends_the_shared_side(void **state)
{
    (void)state;
    stage2_format = S2_FORMAT_NPT;
    (void)iommu_give(DISK, VM_SERVICE);
    assert_false(reaches(DISK, 0x1000000U));
    assert_int_equal(fake_halts, 1);
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

/* ---- interrupts ---- */

#define SOURCE    (VECTOR_IRQ_BASE + IOAPIC_PINS + 3U)
#define FIRST     IOMMU_REMAP_SHARED /* of the RTVM's function */

static bool raises(uint16_t bdf, uint32_t index, uint32_t vector, pcpu_id_t pcpu)
{
    struct fake_iommu_irq irq = { .vector = 0U };
    return fake_iommu_message(bdf, iommu_remap_address(index), 0U, &irq) && (irq.vector == vector) && (irq.apic_id == platform.apic_id[pcpu]);
}

static void set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector)
{
    iommu_irq_set(index, bdf, pcpu, vector, false);
    iommu_irq_settle();
}

static bool blocked(uint16_t bdf, uint64_t address, uint32_t data, uint32_t reason)
{
    struct fake_iommu_irq irq;
    struct iommu_fault fault = { .bdf = 0U };
    return !fake_iommu_message(bdf, address, data, &irq) && hw_iommu_fault_next(&fault) && (fault.bdf == bdf) && (fault.reason == reason) && fault.interrupt;
}

/* REQ-ISO-041 REQ-ISO-101 */
static void a_message_raises_what_its_entry_says_and_only_for_its_function(void **state)
{
    (void)state;
    for (uint32_t index = 0U; index < IOMMU_REMAP_ENTRIES; index++) {
        assert_true(blocked(DISK, iommu_remap_address(index), 0U, 0x22U));
    }
    assert_true(blocked(DISK, 0xFEE00000U, 0x40U, 0x25U)); /* it says itself where it goes */
    assert_true(blocked(DISK, iommu_remap_address(IOMMU_REMAP_ENTRIES), 0U, 0x21U));
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(raises(DISK, SOURCE, 0x51U, 1U));
    assert_true(blocked(NIC, iommu_remap_address(SOURCE), 0U, 0x26U));
    assert_true(blocked(DISK, iommu_remap_address(SOURCE + 1U), 0U, 0x22U));
    set(SOURCE, DISK, 0U, 0x52U);
    assert_true(raises(DISK, SOURCE, 0x52U, 0U));
    assert_true(iommu_remap_set(SOURCE, NIC, 0U, 0x52U, false)); /* another function, everything else the same */
    assert_true(iommu_remap_set(SOURCE, DISK, 0U, 0x52U, false));
    const uint32_t flushes = fake_iommu_irq_flushes;
    set(SOURCE, DISK, 0U, 0x52U);
    assert_int_equal(fake_iommu_irq_flushes, flushes); /* nobody waits when nothing changes */
    iommu_irq_set(SOURCE, DISK, 0U, 0U, false);
    assert_true(raises(DISK, SOURCE, 0x52U, 0U)); /* the unit remembers, until the core goes on */
    (void)core_next(0U);
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    const uint32_t settled = fake_iommu_irq_flushes;
    (void)core_next(0U);
    assert_int_equal(fake_iommu_irq_flushes, settled); /* once */
}

/* REQ-ISO-041 */
static void entries_of_several_functions_are_forgotten_together(void **state)
{
    (void)state;
    for (uint32_t n = 0U; n < 2U; n++) { /* of one function, of two */
        set(SOURCE, DISK, 1U, 0x51U);
        set(SOURCE + 1U, (uint16_t)(DISK + n), 1U, 0x52U);
        assert_true(raises(DISK, SOURCE, 0x51U, 1U));
        assert_true(raises((uint16_t)(DISK + n), SOURCE + 1U, 0x52U, 1U));
        iommu_irq_set(SOURCE, DISK, 0U, 0U, false);
        iommu_irq_set(SOURCE + 1U, (uint16_t)(DISK + n), 0U, 0U, false);
        iommu_irq_settle();
        assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
        assert_true(blocked((uint16_t)(DISK + n), iommu_remap_address(SOURCE + 1U), 0U, 0x22U));
    }
}

/* REQ-ISO-041 */
static void a_level_is_one_in_its_entry(void **state)
{
    struct fake_iommu_irq irq = { .level = false };
    (void)state;
    iommu_irq_settle(); /* nothing to do */
    iommu_irq_set(VECTOR_IRQ_BASE + 9U, IOAPIC, 0U, VECTOR_IRQ_BASE + 9U, true);
    assert_true(fake_iommu_message(IOAPIC, iommu_remap_address(VECTOR_IRQ_BASE + 9U), 0U, &irq));
    assert_true(irq.level);
    assert_int_equal(irq.vector, VECTOR_IRQ_BASE + 9U);
}

/* REQ-ISO-041 */
static void what_is_no_vector_of_a_shared_core_is_blocked(void **state)
{
    static const uint32_t vectors[] = { 0U, 2U, VECTOR_IRQ_BASE - 1U, VECTOR_IRQ_LAST + 1U, 0x151U };
    (void)state;
    for (uint32_t i = 0U; i < 5U; i++) {
        set(SOURCE, DISK, 0U, 0x51U);
        assert_true(raises(DISK, SOURCE, 0x51U, 0U));
        set(SOURCE, DISK, 0U, vectors[i]);
        assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    }
    set(SOURCE, DISK, 0U, VECTOR_IRQ_BASE);
    assert_true(raises(DISK, SOURCE, VECTOR_IRQ_BASE, 0U));
    set(SOURCE, DISK, 2U, 0x51U); /* the RTVM's core */
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    set(SOURCE, DISK, 1U, VECTOR_IRQ_LAST);
    assert_true(raises(DISK, SOURCE, VECTOR_IRQ_LAST, 1U));
    set(SOURCE, DISK, MAX_PCPU, 0x51U);
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    set(IOMMU_REMAP_ENTRIES, DISK, 0U, 0x51U); /* no such entry */
    assert_int_equal(fake_halts, 0);
}

/* REQ-ISO-041 */
static void a_function_of_an_exclusive_vm_raises_all_vectors_on_its_cores_and_no_other(void **state)
{
    (void)state;
    vpci_function[0] = (struct vpci_function){ .bdf = NIC, .owner = RTVM };
    vpci_function[1] = (struct vpci_function){ .bdf = DISK, .owner = VM_SERVICE };
    vpci_function_count = 2U;
    assert_int_equal(iommu_remap_first(RTVM, NIC), FIRST);
    vpci_dma_open(VM_SERVICE);
    assert_true(blocked(NIC, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    vpci_dma_open(RTVM);
    for (uint32_t vcpu = 0U; vcpu < 2U; vcpu++) {
        for (uint32_t vector = 0U; vector < 256U; vector++) {
            const uint32_t index = FIRST + (256U * vcpu) + vector;
            if (vector >= 16U) {
                assert_true(raises(NIC, index, vector, 2U + vcpu));
                assert_true(blocked(DISK, iommu_remap_address(index), 0U, 0x26U));
            } else {
                assert_true(blocked(NIC, iommu_remap_address(index), 0U, 0x22U));
            }
        }
    }
    for (uint32_t index = 0U; index < IOMMU_REMAP_ENTRIES; index++) {
        if ((index < FIRST) || (index >= (FIRST + 512U))) {
            assert_true(blocked(NIC, iommu_remap_address(index), 0U, 0x22U));
        }
    }
    vpci_function_count = 0U;
}

/* REQ-ISO-041 */
static void an_entry_of_a_block_is_for_a_core_and_a_function_of_one_exclusive_vm(void **state)
{
    static const struct { uint16_t bdf; pcpu_id_t pcpu; uint32_t vector; } others[] = {
        { NIC, 0U, 0x40U }, { NIC, 4U, 0x40U }, { DISK, 2U, 0x40U }, { NIC, 2U, 0x41U }, { 0U, 2U, 0x40U }, { NIC, 2U, 0x140U } };
    (void)state;
    set(FIRST + 0x40U, NIC, 3U, 0x40U);
    assert_true(raises(NIC, FIRST + 0x40U, 0x40U, 3U));
    set(FIRST + 0xFU, NIC, 3U, 0xFU); /* an error for a local APIC */
    assert_true(blocked(NIC, iommu_remap_address(FIRST + 0xFU), 0U, 0x22U));
    for (uint32_t i = 0U; i < 6U; i++) {
        set(FIRST + 0x40U, others[i].bdf, others[i].pcpu, others[i].vector);
        assert_true(blocked(NIC, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    }
    partition.table.vm[RTVM].flags = 0U; /* its cores are shared */
    set(FIRST + 0x40U, NIC, 3U, 0x40U);
    assert_true(blocked(NIC, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    assert_int_equal(iommu_remap_first(RTVM, NIC), 0U);
    partition.table.vm[RTVM].flags = PART_VM_EXCLUSIVE;
    partition.table.vm_count = 1U; /* it is not in the table */
    set(FIRST + 0x40U, NIC, 3U, 0x40U);
    assert_true(blocked(NIC, iommu_remap_address(FIRST + 0x40U), 0U, 0x22U));
    assert_int_equal(iommu_remap_first(RTVM, NIC), 0U);
    partition.table.vm_count = 2U;
}

/* REQ-ISO-041 */
static void functions_have_blocks_of_their_own_until_the_table_is_full(void **state)
{
    static const uint32_t vcpus_of[] = { 1U, 2U, 3U, 4U, 5U, 8U };
    static const uint32_t blocks[] = { 1U, 2U, 4U, 4U, 8U, 8U };
    (void)state;
    partition.table.vm[RTVM].pci_count = PART_MAX_PCI;
    for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
        partition.table.vm[RTVM].pci[i] = (uint16_t)(NIC + i);
    }
    for (uint32_t n = 0U; n < 6U; n++) {
        partition.table.vm[RTVM].vcpu_count = vcpus_of[n];
        for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
            const uint32_t first = FIRST + (256U * blocks[n] * i);
            assert_int_equal(iommu_remap_first(RTVM, (uint16_t)(NIC + i)), ((first + (256U * blocks[n])) <= IOMMU_REMAP_ENTRIES) ? first : 0U);
        }
    }
    assert_int_equal(iommu_remap_first(RTVM, NIC + PART_MAX_PCI), 0U);
    assert_int_equal(iommu_remap_first(VM_SERVICE, NIC), 0U);
    iommu_irq_open(RTVM, NIC + PART_MAX_PCI - 1U);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x2f: more functions and vCPUs"));
    partition.table.vm[2] = partition.table.vm[RTVM]; /* behind another VM's */
    partition.table.vm[RTVM].pci_count = 1U;
    partition.table.vm_count = 3U;
    assert_int_equal(iommu_remap_first(2U, NIC + 1U), FIRST + (256U * 8U * 2U));
    partition.table.vm[RTVM].vcpu_count = 2U;
    partition.table.vm_count = 2U;
}

/* REQ-ISO-041 */
static void a_table_that_claims_too_many_is_read_to_its_limits(void **state)
{
    (void)state;
    partition.table.vm[RTVM].vcpu_count = PART_MAX_VCPU + 1U;
    partition.table.vm[RTVM].pci_count = PART_MAX_PCI + 1U;
    iommu_irq_open(RTVM, NIC);
    assert_true(raises(NIC, FIRST + 0x40U, 0x40U, 2U));
    assert_true(blocked(NIC, iommu_remap_address(FIRST + (256U * PART_MAX_VCPU) + 0x40U), 0U, 0x22U));
    assert_int_equal(iommu_remap_first(RTVM, NIC + 1U), 0U);
    partition.table.vm[RTVM].vcpu_count = 2U;
    partition.table.vm[RTVM].pci_count = 1U;
}

/* REQ-ISO-041 */
static void units_of_eight_bits_reach_no_core_with_a_larger_id(void **state)
{
    (void)state;
    fake_iommu_wide = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
    platform.apic_id[1] = 255U;
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(raises(DISK, SOURCE, 0x51U, 1U));
    platform.apic_id[1] = 256U;
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(blocked(DISK, iommu_remap_address(SOURCE), 0U, 0x22U));
}

/* REQ-ISO-041 */
static void entries_go_out_to_memory_where_units_read_past_the_caches(void **state)
{
    (void)state;
    fake_iommu_snoops = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    set(SOURCE, DISK, 1U, 0x51U);
    assert_int_equal(fake_iommu_written, REMAP + (16U * SOURCE));
    assert_int_equal(fake_iommu_written_size, 16U);
    assert_true(raises(DISK, SOURCE, 0x51U, 1U));
    iommu_irq_open(RTVM, NIC);
    assert_int_equal(fake_iommu_written, REMAP + (16U * (FIRST + 511U)));
    assert_true(raises(NIC, FIRST + 0xFFU, 0xFFU, 2U));
}

/* REQ-ISO-054 */
static void a_unit_that_forgets_no_entry_ends_the_shared_side(void **state)
{
    (void)state;
    fake_iommu_answers = false;
    iommu_irq_set(SOURCE, DISK, 1U, 0x51U, true);
    assert_int_equal(fake_halts, 0);
    (void)core_next(0U);
    assert_int_equal(fake_halts, 1);
}

static void where_interrupts_are_not_remapped_no_entry_is_set(void **state)
{
    (void)state;
    fake_iommu_remaps = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    iommu_irq_set(SOURCE, DISK, 1U, 0x51U, true);
    iommu_irq_open(RTVM, NIC);
    assert_true(iommu_active);
    assert_false(iommu_remaps);
    assert_int_equal(fake_iommu_irq_flushes, 0U);
    for (uint32_t index = 0U; index < IOMMU_REMAP_ENTRIES; index++) {
        assert_int_equal(iommu_remap[index][0], 0U);
    }
    assert_int_equal(iommu_remap_data(5U), 0U);
    assert_true(iommu_irte_in_view(512U));
}

/* ---- interrupts of AMD's units ---- */

static bool raises_amdvi(uint16_t bdf, uint32_t offset, uint32_t vector, pcpu_id_t pcpu)
{
    struct fake_iommu_irq irq = { .vector = 0U };
    return fake_iommu_message(bdf, iommu_remap_address(offset), iommu_remap_data(offset), &irq) && (irq.vector == vector) &&
           (irq.apic_id == platform.apic_id[pcpu]);
}

/* REQ-ISO-041 */
static void a_message_of_amds_raises_an_entry_of_shared_cores(void **state)
{
    (void)state;
    assert_true(blocked(DISK, 0xFEE00000U, SOURCE, 2U)); /* of nobody */
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_int_equal(iommu_remap_address(SOURCE), 0xFEE00000U);
    for (uint32_t index = 0U; index < IOMMU_REMAP_SHARED; index++) {
        assert_true(blocked(DISK, 0xFEE00000U, index, 2U));
    }
    assert_true(blocked(DISK, 0xFEE00000U, IOMMU_REMAP_SHARED, 2U));          /* it would be an SMI */
    assert_true(blocked(DISK, 0xFEE00000U, 0x400U + SOURCE, 2U));             /* an NMI */
    iommu_irq_settle();
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(raises_amdvi(DISK, SOURCE, 0x51U, 1U));
    set(SOURCE, DISK, 1U, 0x52U);
    assert_true(raises_amdvi(DISK, SOURCE, 0x52U, 1U)); /* the same core */
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(raises_amdvi(DISK, SOURCE, 0x51U, 1U));
    set(IOMMU_REMAP_ENTRIES, DISK, 1U, 0x51U); /* no such entry */
    assert_false(iommu_remap_set(SOURCE, DISK, 1U, 0x51U, false)); /* the other kind's table stays blocked */
    assert_int_equal(iommu_remap[SOURCE][0], 0U);
    assert_true(blocked(NIC, 0xFEE00000U, SOURCE, 2U)); /* has no view */
    iommu_irq_set(SOURCE, DISK, 0U, 0U, false);
    assert_true(raises_amdvi(DISK, SOURCE, 0x51U, 1U)); /* the unit remembers, until the core goes on */
    (void)core_next(0U);
    assert_true(blocked(DISK, 0xFEE00000U, SOURCE, 2U));
    set(SOURCE, DISK, 2U, 0x51U); /* the RTVM's core */
    assert_true(blocked(DISK, 0xFEE00000U, SOURCE, 2U));
    assert_int_equal(iommu_give(DISK, IOMMU_NOBODY), STATUS_OK);
    set(SOURCE, DISK, 1U, 0x51U);
    assert_true(blocked(DISK, 0xFEE00000U, SOURCE, 2U));
    assert_int_equal(fake_halts, 0);
}

/* REQ-ISO-041 */
static void a_pin_of_amds_is_an_entry_of_its_vector(void **state)
{
    (void)state;
    iommu_irq_set(VECTOR_IRQ_BASE + 9U, SMBUS, 0U, VECTOR_IRQ_BASE + 9U, true);
    iommu_irq_settle();
    assert_true(raises_amdvi(SMBUS, VECTOR_IRQ_BASE + 9U, VECTOR_IRQ_BASE + 9U, 0U));
    assert_int_equal(iommu_irte_view(RTVM, SMBUS), iommu_irte_view(VM_SERVICE, DISK)); /* whoever has its function */
}

/* REQ-ISO-041 */
static void a_function_of_an_exclusive_vm_chooses_among_its_own_entries_on_amds(void **state)
{
    (void)state;
    vpci_function[0] = (struct vpci_function){ .bdf = NIC, .owner = RTVM };
    vpci_function_count = 1U;
    vpci_dma_open(RTVM);
    for (uint32_t offset = 0U; offset < 512U; offset++) {
        if ((offset % 256U) >= 16U) {
            assert_true(raises_amdvi(NIC, offset, offset % 256U, 2U + (offset / 256U)));
        } else {
            assert_true(blocked(NIC, 0xFEE00000U, offset, 2U));
        }
    }
    assert_true(iommu_irte_in_view(511U));
    assert_false(iommu_irte_in_view(512U));
    log_flush();
    assert_null(strstr(fake_log(), "first two vCPUs"));
    partition.table.vm[RTVM].vcpu_count = 3U; /* more than a message can tell apart */
    iommu_irq_open(RTVM, NIC);
    log_flush();
    assert_non_null(strstr(fake_log(), "PCI function 0x20: AMD-Vi: its messages reach the first two vCPUs"));
    partition.table.vm[RTVM].vcpu_count = 1U;
    assert_int_equal(iommu_give(NIC, IOMMU_NOBODY), STATUS_OK);
    assert_int_equal(iommu_give(NIC, RTVM), STATUS_OK);
    assert_true(raises_amdvi(NIC, 0x40U, 0x40U, 2U));
    assert_true(blocked(NIC, 0xFEE00000U, 0x140U, 1U)); /* beyond the one vCPU's */
    partition.table.vm[RTVM].vcpu_count = 2U;
    assert_int_equal(iommu_irte_view(RTVM, DISK), 1U); /* no function of it: none */
    vpci_function_count = 0U;
}

/* REQ-ISO-041 */
static void amds_entries_of_nobody_are_blocked_at_first_or_pass_where_nothing_is_remapped(void **state)
{
    (void)state;
    assert_int_equal(iommu_entry[0][(4U * DISK) + 2U], 1U);
    iommu_table_irqs(FAR_AWAY, 5U); /* has no entry */
    fake_iommu_remaps = false;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    assert_int_equal(iommu_entry[0][(4U * DISK) + 2U], 0U);
    assert_int_equal(iommu_give(DISK, VM_SERVICE), STATUS_OK);
    assert_int_equal(iommu_entry[0][(4U * DISK) + 2U], 0U);
    iommu_format = IOMMU_FORMAT_VTD;
    iommu_table_irqs(DISK, 5U); /* has no such word */
    assert_int_equal(iommu_entry[0][(4U * DISK) + 2U], 0U);
    iommu_format = IOMMU_FORMAT_AMDVI;
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
        cmocka_unit_test_setup(a_blocked_access_is_told_and_counted, boot),
        cmocka_unit_test_setup(a_fault_before_the_clock_is_known_is_told, boot),
        cmocka_unit_test_setup(a_fault_that_comes_as_messages_are_switched_on_is_told, boot),
        cmocka_unit_test_setup(faults_without_end_are_counted_and_told_a_few_times, boot),
        cmocka_unit_test_setup(where_all_cores_are_exclusive_nobody_looks, boot),
        cmocka_unit_test_setup(a_message_raises_what_its_entry_says_and_only_for_its_function, boot),
        cmocka_unit_test_setup(entries_of_several_functions_are_forgotten_together, boot),
        cmocka_unit_test_setup(a_level_is_one_in_its_entry, boot),
        cmocka_unit_test_setup(what_is_no_vector_of_a_shared_core_is_blocked, boot),
        cmocka_unit_test_setup(a_function_of_an_exclusive_vm_raises_all_vectors_on_its_cores_and_no_other, boot),
        cmocka_unit_test_setup(an_entry_of_a_block_is_for_a_core_and_a_function_of_one_exclusive_vm, boot),
        cmocka_unit_test_setup(functions_have_blocks_of_their_own_until_the_table_is_full, boot),
        cmocka_unit_test_setup(a_table_that_claims_too_many_is_read_to_its_limits, boot),
        cmocka_unit_test_setup(units_of_eight_bits_reach_no_core_with_a_larger_id, boot),
        cmocka_unit_test_setup(entries_go_out_to_memory_where_units_read_past_the_caches, boot),
        cmocka_unit_test_setup(a_unit_that_forgets_no_entry_ends_the_shared_side, boot),
        cmocka_unit_test_setup(where_interrupts_are_not_remapped_no_entry_is_set, boot),
        cmocka_unit_test_setup_teardown(a_message_of_amds_raises_an_entry_of_shared_cores, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_pin_of_amds_is_an_entry_of_its_vector, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_function_of_an_exclusive_vm_chooses_among_its_own_entries_on_amds, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(amds_entries_of_nobody_are_blocked_at_first_or_pass_where_nothing_is_remapped, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_device_of_nobody_reaches_nothing, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_device_reaches_what_its_owner_reaches, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_device_that_changes_hands_keeps_nothing, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(memory_that_was_taken_away_is_out_of_reach, boot_amdvi, as_usual),
        cmocka_unit_test_setup_teardown(a_unit_that_cannot_read_stage_2_ends_the_shared_side, boot_amdvi, as_usual),
        cmocka_unit_test_setup(what_a_user_vm_tried_is_not_counted_against_the_next_one, boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
