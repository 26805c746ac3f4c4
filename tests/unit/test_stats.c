/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/stats.c core/trace.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* What is published of the machine, its VMs and its log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/partition.h"
#include "core/stage2.h"
#include "core/stats_exit.h"
#include "core/vm.h"
#include "core/vm_health.h"
#include "fake/fake.h"
#include "stub_log.h"

#define TELEMETRY 0x3000000U

union partition_storage partition;
struct boot_info boot_info;
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static struct hv_info info;
static struct hv_vm_stats published;

uint32_t stage2_pages_used(vm_id_t v) { return 10U + v; }
void iommu_fault_forget(vm_id_t v) { (void)v; }
uint64_t iommu_fault_count(vm_id_t v) { return 0x500000000U + v; }
void log_chars(const char *text, uint32_t size)
{
    char copy[64] = { 0 };
    memcpy(copy, text, (size < 63U) ? size : 63U);
    log_text(copy);
}

static void region(uint32_t i, const char *name, hpa_t hpa, uint32_t flags)
{
    struct part_range range = { .gpa = hpa, .hpa = hpa, .size = 0x1000U, .type = PART_RANGE_SHARED, .flags = flags };
    memcpy(partition.table.shared[i].name, name, strlen(name));
    partition.table.shared[i].hpa = hpa;
    partition.table.shared[i].size = 0x1000U;
    partition.table.vm[0].range[partition.table.vm[0].range_count] = range;
    partition.table.vm[0].range_count++;
}

static void read_info(void)
{
    hw_phys_copy_in((uint8_t *)&info, TELEMETRY, (uint32_t)sizeof(info));
}

static void read_vm(vm_id_t v)
{
    hw_phys_copy_in((uint8_t *)&published, TELEMETRY + HV_STATS_OFFSET + 40U + (v * sizeof(published)), (uint32_t)sizeof(published));
}

/* The first test of the program: nothing is initialised yet. */
static void nothing_is_published_before_the_table_is_valid(void **state)
{
    (void)state;
    fake_reset();
    partition.table.telemetry_hpa = TELEMETRY;

    stats_publish();
    stats_log_char('a');
    stats_log_told();

    assert_int_equal(fake_pages_used(), 0U);
}

static void what_was_logged_before_is_published_then(void **state)
{
    (void)state;
    stats_init();
    assert_int_equal(hw_phys_read(TELEMETRY + HV_LOG_OFFSET + 8U, 8U), 1U);
    stats_log_char('b');
    stats_log_told();
    assert_int_equal(hw_phys_read(TELEMETRY + HV_LOG_OFFSET + 8U, 8U), 2U);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_LOG_OFFSET, 4U), HV_LOG_MAGIC);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_LOG_OFFSET + offsetof(struct hv_log_ring, text), 2U), 'a' | ('b' << 8));
}

static void the_information_page_says_where_things_are(void **state)
{
    (void)state;
    read_info();
    assert_int_equal(info.magic, HV_INFO_MAGIC);
    assert_int_equal(info.tsc_hz, fake_tsc_hz);
    assert_string_equal(info.region[0].name, "stats");
    assert_int_equal(info.region[0].gpa, TELEMETRY + HV_STATS_OFFSET);
    assert_int_equal(info.region[0].gpa + info.region[0].size, TELEMETRY + HV_LOG_OFFSET);
    assert_string_equal(info.region[1].name, "log");
    assert_int_equal(info.region[1].gpa, TELEMETRY + HV_LOG_OFFSET);
    assert_int_equal(info.region[1].gpa + info.region[1].size, TELEMETRY + HV_TRACE_OFFSET);
    assert_string_equal(info.region[2].name, "trace");
    assert_int_equal(info.region[2].kind, HV_REGION_TRACE);
    assert_int_equal(info.region[2].flags, 0U);
    assert_int_equal(info.region[2].gpa, TELEMETRY + HV_TRACE_OFFSET);
    assert_int_equal(info.region[2].gpa + info.region[2].size, TELEMETRY + HV_CRASH_OFFSET);
    assert_string_equal(info.region[3].name, "crash");
    assert_int_equal(info.region[3].kind, HV_REGION_CRASH);
    assert_int_equal(info.region[3].flags, 0U);
    assert_int_equal(info.region[3].gpa, TELEMETRY + HV_CRASH_OFFSET);
    assert_int_equal(info.region[3].gpa + info.region[3].size, TELEMETRY + HV_TELEMETRY_SIZE);
}

/* REQ-LIF-032 */
static void crash_records_are_left_as_they_are(void **state)
{
    (void)state;
    hw_phys_write(TELEMETRY + HV_CRASH_OFFSET, 8U, 0x1122334455667788U);
    hw_phys_write(TELEMETRY + HV_CRASH_OFFSET - 8U, 8U, 1U);
    stats_init();
    assert_int_equal(hw_phys_read(TELEMETRY + HV_CRASH_OFFSET, 8U), 0x1122334455667788U);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_CRASH_OFFSET - 8U, 8U), 0U);
}

/* REQ-IO-012 */
static void shared_regions_are_named_with_the_rights_of_the_service_vm(void **state)
{
    struct part_range ram = { .gpa = 0x3100000U, .hpa = 0x3100000U, .size = 0x1000U, .type = PART_RANGE_RAM, .flags = 0U };
    uint32_t found = 0U;
    (void)state;
    region(0U, "a-name-of-15-xx", 0x3100000U, PART_RANGE_WRITE);
    region(1U, "ring", 0x3200000U, 0U);
    partition.table.shared[2].hpa = 0x3300000U; /* not the Service VM's */
    partition.table.vm[0].range[2] = ram;       /* not a shared one, whatever its address */
    partition.table.vm[0].range_count = 3U;
    partition.table.shared_count = 3U;

    stats_init();
    read_info();

    for (uint32_t i = 0U; i < info.region_count; i++) {
        if (info.region[i].kind == HV_REGION_SHARED) {
            bool first = info.region[i].gpa == 0x3100000U;
            assert_string_equal(info.region[i].name, first ? "a-name-of-15-xx" : "ring");
            assert_int_equal(info.region[i].flags, first ? HV_REGION_WRITE : 0U);
            found++;
        }
    }
    assert_int_equal(found, 2U); /* the third is counted, but not mapped */
    assert_int_equal(info.region_count, 6U);
}

static void no_more_regions_are_listed_than_fit(void **state)
{
    (void)state;
    partition.table.shared_count = PART_MAX_SHARED + 1U;
    partition.table.vm[0].range_count = PART_MAX_RANGE + 1U;
    for (uint32_t i = 0U; i < PART_MAX_RANGE; i++) {
        partition.table.vm[0].range[i] = partition.table.vm[0].range[0];
    }
    stats_init();
    read_info();
    assert_int_equal(info.region_count, HV_MAX_REGION);
}

/* REQ-RT-014 */
static void vms_and_their_vcpus_are_published(void **state)
{
    (void)state;
    vms[1].state = VM_RUNNING;
    vms[1].kind = VM_KIND_PRELAUNCH;
    vms[1].exclusive = true;
    vms[1].vcpu_count = 2U;
    vms[1].memory_size = 0x400000U;
    strcpy(vms[1].name, "rtvm");
    vcpus[vcpu_id(1U, 1U)].pcpu = 3U;
    vcpu_stats[vcpu_id(1U, 1U)].exits_total = 7U;
    vcpu_stats[vcpu_id(1U, 1U)].exits[2] = 5U;
    vcpu_stats[vcpu_id(1U, 2U)].exits_total = 9U; /* no vCPU of it */
    vm_health[1] = (struct vm_health){ 3U, 4U, 555U, 0U, { 1U, 2U, 3U, 4U } };
    boot_info.entry_tsc = 77U;

    stats_publish();

    assert_int_equal(hw_phys_read(TELEMETRY + HV_STATS_OFFSET, 4U), HV_STATS_MAGIC);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_STATS_OFFSET + 4U, 4U), HV_INFO_VERSION);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_STATS_OFFSET + 12U, 4U), HV_STATS_VMS);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_STATS_OFFSET + 16U, 8U), fake_tsc);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_STATS_OFFSET + 24U, 8U), fake_tsc_hz);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_STATS_OFFSET + 32U, 8U), 77U);
    read_vm(1U);
    assert_string_equal(published.name, "rtvm");
    assert_int_equal(published.exclusive, 1U);
    assert_int_equal(published.pages_used, 11U);
    assert_int_equal(published.restarts, 3U);
    assert_int_equal(published.last_fault, 4U);
    assert_int_equal(published.last_fault_tsc, 555U);
    assert_int_equal(published.faults[3], 4U);
    assert_int_equal(published.dma_faults, 0x500000001U);
    assert_int_equal(published.vcpu[1].pcpu, 3U);
    assert_int_equal(published.vcpu[1].exits_total, 7U);
    assert_int_equal(published.vcpu[1].exits[2], 5U);
    assert_int_equal(published.vcpu[2].exits_total, 0U);
    read_vm(2U);
    assert_int_equal(published.state, VM_FREE);
    assert_int_equal(hw_phys_read(TELEMETRY + HV_STATS_OFFSET + 8U, 4U) % 2U, 0U); /* complete */
}

/* A slot that another VM had, or a vCPU that is gone, leaves nothing behind. */
static void records_of_what_is_gone_are_empty(void **state)
{
    static const struct hv_vm_stats empty;
    (void)state;
    vms[1].vcpu_count = 1U;
    stats_publish();
    read_vm(1U);
    assert_string_equal(published.name, "rtvm");
    assert_memory_equal(&published.vcpu[1], &empty.vcpu[1], sizeof(empty.vcpu[1]));
    vms[1].state = VM_FREE;
    stats_publish();
    read_vm(1U);
    assert_memory_equal(&published, &empty, sizeof(empty));
    vms[1].state = VM_RUNNING;
    vms[1].vcpu_count = 2U;
}

static void an_exit(vcpu_id_t id, enum hv_exit_reason reason, uint64_t from, uint64_t to)
{
    stats_exit_begins(id, reason, from - 10U, from);
    stats_exit_ends(id + 1U, to);
}

/* REQ-RT-030 */
static void the_longest_exit_of_each_reason_is_kept(void **state)
{
    vcpu_id_t id = vcpu_id(1U, 1U);
    (void)state;
    stats_reset_vm(1U);

    an_exit(id, HV_EXIT_MSR_WRITE, 1000U, 1300U);
    an_exit(id, HV_EXIT_CPUID, 2000U, 2500U);
    an_exit(id, HV_EXIT_MSR_WRITE, 3000U, 3400U);
    an_exit(id, HV_EXIT_CPUID, 4000U, 4499U); /* shorter */
    stats_publish();

    read_vm(1U);
    assert_int_equal(published.vcpu[1].worst_ticks[HV_EXIT_MSR_WRITE], 400U);
    assert_int_equal(published.vcpu[1].worst_ticks[HV_EXIT_CPUID], 500U);
    assert_int_equal(published.vcpu[1].worst_ticks[HV_EXIT_IO], 0U);
    assert_int_equal(published.vcpu[1].worst_tsc, 2500U);
    assert_int_equal(published.vcpu[1].exits_total, 4U);
    assert_int_equal(published.vcpu[1].run_ticks, 40U);
    assert_int_equal(published.vcpu[0].worst_tsc, 0U);
}

/* REQ-RT-014 REQ-RT-030 REQ-RT-060 */
static void an_exit_that_is_answered_at_once_counts_like_others(void **state)
{
    vcpu_id_t id = vcpu_id(1U, 1U);
    (void)state;
    stats_reset_vm(1U);
    stats_exit_quick(&vcpu_stats[id], HV_EXIT_CPUID, 1000U, 1120U);
    stats_exit_quick(&vcpu_stats[id], HV_EXIT_CPUID, 2000U, 2100U);
    an_exit(id, HV_EXIT_CPUID, 3000U, 3110U);
    assert_int_equal(vcpu_stats[id].exits[HV_EXIT_CPUID], 3U);
    assert_int_equal(vcpu_stats[id].exits_total, 3U);
    assert_int_equal(vcpu_stats[id].last_exit_tsc, 3000U);
    assert_int_equal(vcpu_stats[id].worst[HV_EXIT_CPUID], 120U);
    assert_int_equal(vcpu_stats[id].worst_all, 120U);
    assert_int_equal(vcpu_stats[id].worst_tsc, 1120U);
}

/* A kick that comes before the entry sends the core round again. */
/* REQ-RT-030 */
static void an_entry_that_was_given_up_does_not_end_an_exit(void **state)
{
    vcpu_id_t id = vcpu_id(1U, 0U);
    (void)state;
    an_exit(id, HV_EXIT_IO, 1000U, 1100U);
    stats_exit_ends(id + 1U, 1250U);
    assert_int_equal(vcpu_stats[id].worst[HV_EXIT_IO], 250U);
    assert_int_equal(vcpu_stats[id].worst_tsc, 1250U);
}

/* REQ-RT-030 */
static void a_core_that_handles_no_exit_counts_no_time(void **state)
{
    vcpu_id_t id = vcpu_id(0U, 0U);
    (void)state;
    stats_reset_vm(0U);
    stats_exit_ends(0U, 999999U);
    assert_int_equal(vcpu_stats[id].worst_all, 0U);
    assert_int_equal(vcpu_stats[id].worst_tsc, 0U);
}

/* Found as a longest exit of 16 seconds after the Service VM had started anew. */
/* REQ-RT-030 */
static void an_exit_that_gave_the_vm_a_new_life_counts_no_time(void **state)
{
    vcpu_id_t id = vcpu_id(1U, 0U);
    (void)state;
    stats_exit_begins(id, HV_EXIT_CPUID, 990U, 1000U);
    stats_reset_vm(1U);
    stats_exit_ends(id + 1U, 5000U);
    assert_int_equal(vcpu_stats[id].worst[HV_EXIT_CPUID], 0U);
    assert_int_equal(vcpu_stats[id].worst_all, 0U);
}

static void a_vm_that_claims_too_many_vcpus_fills_its_own_record_only(void **state)
{
    (void)state;
    vms[2].state = VM_RUNNING;
    vms[2].vcpu_count = HV_STATS_VCPUS + 1U;
    vms[3].state = VM_FREE;
    stats_publish();
    read_vm(3U);
    assert_int_equal(published.state, VM_FREE);
}

/* REQ-LIF-002 */
static void a_new_life_begins_at_zero(void **state)
{
    (void)state;
    vcpu_stats[vcpu_id(1U, 0U)].exits_total = 3U;
    vcpu_stats[vcpu_id(2U, 0U)].exits_total = 4U;
    stats_reset_vm(1U);
    assert_int_equal(vcpu_stats[vcpu_id(1U, 0U)].worst_all, 0U);
    assert_int_equal(vcpu_stats[vcpu_id(1U, 0U)].exits_total, 0U);
    assert_int_equal(vcpu_stats[vcpu_id(2U, 0U)].exits_total, 4U);
}

static void the_summary_adds_up_the_vcpus(void **state)
{
    (void)state;
    fake_tsc = 900U;
    vms[1].start_tsc = 100U;
    vcpu_stats[vcpu_id(1U, 0U)].exits_total = 3U;
    vcpu_stats[vcpu_id(1U, 0U)].last_exit_tsc = 500U;
    vcpu_stats[vcpu_id(1U, 1U)].exits_total = 4U;
    vcpu_stats[vcpu_id(1U, 1U)].last_exit_tsc = 400U;
    stats_log_summary(1U);
    assert_string_equal(log_last, "summary: rtvm exits=7 last_exit_tsc=500 start_tsc=100 tsc=900");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_published_before_the_table_is_valid),
        cmocka_unit_test(what_was_logged_before_is_published_then),
        cmocka_unit_test(the_information_page_says_where_things_are),
        cmocka_unit_test(crash_records_are_left_as_they_are),
        cmocka_unit_test(shared_regions_are_named_with_the_rights_of_the_service_vm),
        cmocka_unit_test(no_more_regions_are_listed_than_fit),
        cmocka_unit_test(vms_and_their_vcpus_are_published),
        cmocka_unit_test(records_of_what_is_gone_are_empty),
        cmocka_unit_test(the_longest_exit_of_each_reason_is_kept),
        cmocka_unit_test(an_exit_that_is_answered_at_once_counts_like_others),
        cmocka_unit_test(an_entry_that_was_given_up_does_not_end_an_exit),
        cmocka_unit_test(a_core_that_handles_no_exit_counts_no_time),
        cmocka_unit_test(an_exit_that_gave_the_vm_a_new_life_counts_no_time),
        cmocka_unit_test(a_vm_that_claims_too_many_vcpus_fills_its_own_record_only),
        cmocka_unit_test(a_new_life_begins_at_zero),
        cmocka_unit_test(the_summary_adds_up_the_vcpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
