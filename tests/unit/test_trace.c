/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/trace.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* The trace rings: what is recorded, where, and what the hypervisor takes from them, which is nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "trace_reader.h"

#define CORE 2U

static uint64_t begin; /* the count of CORE before the test: positions live on */

static int setup(void **state)
{
    (void)state;
    fake_reset();
    trace_init(TRACE);
    fake_current_pcpu = CORE;
    trace_select(HV_TRACE_ALL);
    trace_now(HV_TRACE_BUSY, ID_NONE, 0U, 0U);
    begin = trace_written_by(CORE);
    return 0;
}

/* Found as a store to page 0: the hypervisor's device is reset before the telemetry range is known. */
/* REQ-RT-031 */
static void a_choice_before_there_is_a_header_writes_nothing(void **state)
{
    (void)state;
    trace_init(0U);
    hw_phys_write(20U, 4U, 0x12345678U);
    trace_select(0U);
    assert_int_equal(hw_phys_read(20U, 4U), 0x12345678U);
}

/* REQ-RT-031 */
static void the_header_says_how_to_read_it(void **state)
{
    struct hv_trace header;
    (void)state;
    hw_phys_copy_in((uint8_t *)&header, TRACE, (uint32_t)sizeof(header));
    assert_int_equal(header.magic, HV_TRACE_MAGIC);
    assert_int_equal(header.version, HV_TRACE_VERSION);
    assert_int_equal(header.core_count, HV_TRACE_CORES);
    assert_int_equal(header.capacity, HV_TRACE_CAPACITY);
    assert_int_equal(header.record_size, sizeof(struct hv_trace_record));
    assert_int_equal(header.events, HV_TRACE_ALL);
    assert_int_equal(header.tsc_hz, fake_tsc_hz);
}

/* REQ-RT-031 */
static void a_record_has_time_kind_vcpu_and_arguments(void **state)
{
    struct hv_trace_record record;
    (void)state;
    fake_tsc = 0x123456789ABCDEFU;
    trace_now(HV_TRACE_HYPERCALL, 37U, 0xFFFF1234U, 0x89ABCDEFU);
    record = trace_last(CORE);
    assert_int_equal(trace_written_by(CORE), begin + 1U);
    assert_true(record.tsc == 0x123456789ABCDEFU);
    assert_int_equal(record.kind, HV_TRACE_HYPERCALL);
    assert_int_equal(record.vcpu, 37U);
    assert_int_equal(record.arg, 0x1234U);
    assert_int_equal(record.value, 0x89ABCDEFU);
    trace_at(HV_TRACE_IDLE, ID_NONE, 0U, 5U);
    assert_int_equal(trace_last(CORE).vcpu, HV_TRACE_NO_VCPU);
    assert_int_equal(trace_last(CORE).tsc, 5U);
}

/* REQ-RT-031 */
static void exits_say_what_the_guest_reached_for(void **state)
{
    struct vm_exit io = { .reason = HV_EXIT_IO, .number = 0x3F8U };
    struct vm_exit mmio = { .reason = HV_EXIT_MMIO, .number = 1U, .gpa = 0xFEC00010U };
    (void)state;
    trace_exit(1U, &io, 10U);
    assert_int_equal(trace_last(CORE).arg, HV_EXIT_IO);
    assert_int_equal(trace_last(CORE).value, 0x3F8U);
    trace_exit(1U, &mmio, 11U);
    assert_int_equal(trace_last(CORE).kind, HV_TRACE_EXIT);
    assert_int_equal(trace_last(CORE).arg, HV_EXIT_MMIO);
    assert_int_equal(trace_last(CORE).value, 0xFEC00U);
}

/* REQ-RT-031 */
static void an_exit_that_is_answered_at_once_is_one_with_its_entry(void **state)
{
    (void)state;
    vcpu_regs[3].gpr[GPR_RCX] = 0xC0000080U;
    vcpu_regs[3].gpr[GPR_R8] = 0x80000000U;
    trace_quick(3U, HV_EXIT_MSR_WRITE, 100U, 150U);
    assert_int_equal(trace_written_by(CORE), begin + 2U);
    assert_int_equal(trace_record_of(CORE, begin).kind, HV_TRACE_EXIT);
    assert_int_equal(trace_record_of(CORE, begin).tsc, 100U);
    assert_int_equal(trace_record_of(CORE, begin).arg, HV_EXIT_MSR_WRITE);
    assert_int_equal(trace_record_of(CORE, begin).value, 0xC0000080U);
    assert_int_equal(trace_last(CORE).kind, HV_TRACE_ENTRY);
    assert_int_equal(trace_last(CORE).tsc, 150U);
    trace_quick(3U, HV_EXIT_MSR_READ, 200U, 210U);
    assert_int_equal(trace_record_of(CORE, begin + 2U).value, 0xC0000080U);
    trace_quick(3U, HV_EXIT_HYPERCALL, 300U, 350U);
    assert_int_equal(trace_written_by(CORE), begin + 7U);
    assert_int_equal(trace_record_of(CORE, begin + 4U).value, 0U);
    assert_int_equal(trace_record_of(CORE, begin + 5U).kind, HV_TRACE_HYPERCALL);
    assert_int_equal(trace_record_of(CORE, begin + 5U).tsc, 300U);
    trace_select(1U << (uint32_t)HV_TRACE_KICK);
    trace_quick(3U, HV_EXIT_HYPERCALL, 400U, 450U);
    trace_select(0U);
    trace_quick(3U, HV_EXIT_CPUID, 400U, 450U);
    assert_int_equal(trace_written_by(CORE), begin + 7U);
}

/* REQ-RT-031 */
static void nothing_is_recorded_that_was_not_asked_for(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_CPUID };
    (void)state;
    trace_select((1U << (uint32_t)HV_TRACE_KICK) | 0x80000000U);
    assert_int_equal(trace_selected(), 1U << (uint32_t)HV_TRACE_KICK);
    assert_int_equal(hw_phys_read(TRACE + offsetof(struct hv_trace, events), 4U), 1U << (uint32_t)HV_TRACE_KICK);
    trace_exit(0U, &exit, 1U);
    trace_at(HV_TRACE_ENTRY, 0U, 0U, 1U);
    trace_now(HV_TRACE_WAKE, 0U, 0U, 1U);
    assert_int_equal(trace_written_by(CORE), begin);
    trace_now(HV_TRACE_KICK, ID_NONE, 1U, 2U);
    assert_int_equal(trace_written_by(CORE), begin + 1U);
    trace_select(0U);
    trace_now(HV_TRACE_KICK, ID_NONE, 1U, 2U);
    assert_int_equal(trace_written_by(CORE), begin + 1U);
}

/* REQ-RT-031 */
static void each_core_writes_its_own_ring(void **state)
{
    uint64_t other = trace_written_by(CORE + 1U);
    (void)state;
    fake_current_pcpu = CORE + 1U;
    trace_now(HV_TRACE_KICK, ID_NONE, 9U, 0U);
    assert_int_equal(trace_written_by(CORE), begin);
    assert_int_equal(trace_written_by(CORE + 1U), other + 1U);
    assert_int_equal(trace_last(CORE + 1U).arg, 9U);
}

/* REQ-RT-031 */
static void a_full_ring_goes_on_over_the_oldest_record(void **state)
{
    struct hv_trace_record next_ring = trace_record_of(CORE + 1U, 0U);
    struct hv_trace_record now;
    (void)state;
    for (uint32_t i = 0U; i < (HV_TRACE_CAPACITY + 3U); i++) {
        trace_now(HV_TRACE_KICK, ID_NONE, i, i);
    }
    assert_int_equal(trace_written_by(CORE), begin + HV_TRACE_CAPACITY + 3U);
    assert_int_equal(trace_last(CORE).value, HV_TRACE_CAPACITY + 2U);
    assert_int_equal(trace_record_of(CORE, begin + 3U).value, 3U); /* the oldest that is left */
    assert_int_equal(trace_record_of(CORE, begin).value, HV_TRACE_CAPACITY); /* overwritten, as the count says */
    now = trace_record_of(CORE + 1U, 0U);
    assert_memory_equal(&now, &next_ring, sizeof(now));
}

/* The region is read-only for the Service VM; were it not, it would still tell the hypervisor nothing. */
/* REQ-RT-031 */
static void what_stands_in_the_region_does_not_lead_the_hypervisor(void **state)
{
    (void)state;
    hw_phys_write(TRACE + 64U + (CORE * 64U), 8U, 0xFFFFFFFFFFFFFFF0U);
    hw_phys_write(TRACE + offsetof(struct hv_trace, events), 4U, 0U);
    hw_phys_write(TRACE + offsetof(struct hv_trace, capacity), 4U, 0x7FFFFFFFU);
    trace_now(HV_TRACE_KICK, ID_NONE, 7U, 0U);
    assert_int_equal(trace_written_by(CORE), begin + 1U);
    assert_int_equal(trace_record_of(CORE, begin).arg, 7U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_choice_before_there_is_a_header_writes_nothing, setup),
        cmocka_unit_test_setup(the_header_says_how_to_read_it, setup),
        cmocka_unit_test_setup(a_record_has_time_kind_vcpu_and_arguments, setup),
        cmocka_unit_test_setup(exits_say_what_the_guest_reached_for, setup),
        cmocka_unit_test_setup(an_exit_that_is_answered_at_once_is_one_with_its_entry, setup),
        cmocka_unit_test_setup(nothing_is_recorded_that_was_not_asked_for, setup),
        cmocka_unit_test_setup(each_core_writes_its_own_ring, setup),
        cmocka_unit_test_setup(a_full_ring_goes_on_over_the_oldest_record, setup),
        cmocka_unit_test_setup(what_stands_in_the_region_does_not_lead_the_hypervisor, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
