/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/kvmclock.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* The KVM clock page: a guest computes the right time from it. */
#define _DEFAULT_SOURCE /* timegm */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "abi/partition_table.h"
#include "core/boot_info.h"
#include "core/kvmclock.h"
#include "core/msr_number.h"
#include "core/vm.h"
#include "fake/fake.h"

#define USER 4U
#define CPU vcpu_id(USER, 1U)
#define PAGE 0x5000U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
struct boot_info boot_info;
static uint8_t page[64];
static uint32_t written;
static enum status memory;

enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size)
{
    assert_int_equal(v, USER);
    if (memory == STATUS_OK) {
        assert_true((gpa >= PAGE) && ((gpa - PAGE + size) <= sizeof(page)));
        memcpy(&page[gpa - PAGE], src, size);
        written += size;
    }
    return memory;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(vms, 0, sizeof(vms));
    memset(page, 0xEE, sizeof(page));
    memset(&boot_info, 0, sizeof(boot_info));
    vms[USER].face = PART_FACE_KVM;
    written = 0U;
    memory = STATUS_OK;
    return 0;
}

static uint64_t get(uint32_t offset, uint32_t size)
{
    uint64_t value = 0U;

    memcpy(&value, &page[offset], size);
    return value;
}

/* As the guest does it: Linux, pvclock_scale_delta(). */
static uint64_t guest_time_ns(uint64_t tsc)
{
    uint64_t delta = tsc - get(8U, 8U);
    int8_t shift = (int8_t)page[28];

    delta = (shift >= 0) ? (delta << shift) : (delta >> -shift);
    return get(16U, 8U) + (uint64_t)(((unsigned __int128)delta * (uint32_t)get(24U, 4U)) >> 32U);
}

/* REQ-RT-011 */
static void the_guest_computes_the_right_time_at_every_rate(void **state)
{
    static const uint64_t rates[] = { 500000000U, 999999999U, 1000000000U, 1000000001U, 2595124000U, 4294967296U,
                                      5000000000U };
    (void)state;
    for (size_t i = 0U; i < sizeof(rates) / sizeof(rates[0]); i++) {
        uint64_t hour_ns = 3600ULL * 1000000000ULL;
        uint64_t ns;
        fake_tsc_hz = rates[i];
        boot_info.entry_tsc = 777U;
        assert_int_equal(kvmclock_msr_write(CPU, MSR_KVM_SYSTEM_TIME, PAGE | 1U), STATUS_OK);
        ns = guest_time_ns(777U + (3600U * rates[i]));
        assert_true((ns <= hour_ns) && ((hour_ns - ns) < 10000U)); /* 3 in 10^9 */
    }
}

/* REQ-RT-011 */
static void the_page_is_complete_and_says_the_tsc_is_stable(void **state)
{
    (void)state;
    assert_int_equal(kvmclock_msr_write(CPU, MSR_KVM_SYSTEM_TIME, PAGE | 1U), STATUS_OK);
    assert_int_equal(written, 32U);
    assert_int_equal(get(0U, 4U) & 1U, 0U); /* version is even */
    assert_int_not_equal(get(0U, 4U), 0U);
    assert_int_equal(page[29], 1U);
}

static void a_disabled_page_is_not_written(void **state)
{
    uint64_t value = 0U;
    (void)state;
    assert_int_equal(kvmclock_msr_write(CPU, MSR_KVM_SYSTEM_TIME, PAGE), STATUS_OK);
    assert_int_equal(written, 0U);
    assert_int_equal(kvmclock_msr_read(CPU, MSR_KVM_SYSTEM_TIME, &value), STATUS_OK);
    assert_int_equal(value, PAGE);
}

/* REQ-ISO-023 */
static void a_new_vm_does_not_see_the_address_of_the_one_before(void **state)
{
    uint64_t value = 1U;
    (void)state;
    assert_int_equal(kvmclock_msr_write(CPU, MSR_KVM_SYSTEM_TIME, PAGE), STATUS_OK);
    kvmclock_reset(CPU);
    assert_int_equal(kvmclock_msr_read(CPU, MSR_KVM_SYSTEM_TIME, &value), STATUS_OK);
    assert_int_equal(value, 0U);
}

static void a_page_outside_memory_is_the_guests_loss(void **state)
{
    (void)state;
    memory = STATUS_FAULT;
    assert_int_equal(kvmclock_msr_write(CPU, MSR_KVM_SYSTEM_TIME, 0xFFFFFFFFFFFFF001U), STATUS_OK);
    assert_int_equal(kvmclock_msr_write(CPU, MSR_KVM_WALL_CLOCK, 0xFFFFFFFFFFFFF000U), STATUS_OK);
}

static void other_faces_have_no_clock(void **state)
{
    uint64_t value = 0U;
    (void)state;
    vms[USER].face = PART_FACE_ACRN;
    assert_int_equal(kvmclock_msr_write(CPU, MSR_KVM_SYSTEM_TIME, PAGE | 1U), STATUS_UNKNOWN);
    assert_int_equal(kvmclock_msr_read(CPU, MSR_KVM_SYSTEM_TIME, &value), STATUS_UNKNOWN);
    assert_int_equal(written, 0U);
}

/* REQ-RT-011 */
static void dates_become_seconds_since_1970(void **state)
{
    static const uint32_t date[][6] = {
        { 1970U, 1U, 1U, 0U, 0U, 0U }, { 2000U, 2U, 29U, 23U, 59U, 59U }, { 2000U, 3U, 1U, 0U, 0U, 0U },
        { 2023U, 12U, 31U, 23U, 59U, 59U }, { 2024U, 2U, 29U, 12U, 0U, 0U }, { 2026U, 1U, 1U, 0U, 0U, 0U },
        { 2038U, 1U, 19U, 3U, 14U, 8U }, { 2099U, 12U, 31U, 23U, 59U, 59U },
    };
    (void)state;
    for (size_t i = 0U; i < sizeof(date) / sizeof(date[0]); i++) {
        struct tm tm = { .tm_year = (int)date[i][0] - 1900, .tm_mon = (int)date[i][1] - 1, .tm_mday = (int)date[i][2],
                         .tm_hour = (int)date[i][3], .tm_min = (int)date[i][4], .tm_sec = (int)date[i][5] };
        assert_true(kvmclock_unix_time(date[i][0], date[i][1], &date[i][2]) == (uint64_t)timegm(&tm));
    }
}

static void a_machine_without_a_rate_gives_a_zero_scale(void **state)
{
    struct kvmclock_scale scale = kvmclock_scale(0U);
    (void)state;
    assert_int_equal(scale.multiplier, 0U);
    assert_int_equal(scale.shift, 0U);
}

/* REQ-RT-011 */
static void the_slowest_clock_has_a_bounded_shift(void **state)
{
    struct kvmclock_scale scale = kvmclock_scale(1U);
    (void)state;
    assert_true(scale.shift <= 31U);
    assert_true(scale.multiplier >= 0x80000000U);
}

#define T(name) cmocka_unit_test_setup(name, setup)

static void a_rate_that_is_not_known_leaves_the_clocks_time_as_it_is(void **state)
{
    const uint32_t day_h_m_s[4] = { 1U, 1U, 1U, 1U };
    (void)state;
    fake_tsc_hz = 0U;
    fake_port_value[0x71] = 0x01U; /* every register of the clock: 2001-01-01 01:01:01 */
    kvmclock_init();
    assert_int_equal(kvmclock_msr_write(CPU, MSR_KVM_WALL_CLOCK, PAGE), STATUS_OK);
    assert_int_equal(get(4U, 4U), kvmclock_unix_time(2001U, 1U, day_h_m_s));
}

static void a_clock_that_updates_for_ever_does_not_stop_the_boot(void **state)
{
    (void)state;
    fake_port_value[0x71] = 0x80U;
    kvmclock_init();
    assert_true(fake_port_writes >= 100000U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_guest_computes_the_right_time_at_every_rate), T(the_page_is_complete_and_says_the_tsc_is_stable),
        T(a_disabled_page_is_not_written), T(a_new_vm_does_not_see_the_address_of_the_one_before),
        T(a_page_outside_memory_is_the_guests_loss), T(other_faces_have_no_clock),
        T(dates_become_seconds_since_1970), T(a_machine_without_a_rate_gives_a_zero_scale),
        T(the_slowest_clock_has_a_bounded_shift),
        cmocka_unit_test_setup(a_rate_that_is_not_known_leaves_the_clocks_time_as_it_is, setup),
        cmocka_unit_test_setup(a_clock_that_updates_for_ever_does_not_stop_the_boot, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
