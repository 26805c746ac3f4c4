/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c
   devices/vlapic_timer.c devices/vlapic_ipi.c */
/* The local APIC timer: counts at the TSC rate, one event at a time. */
#include "device_stubs.h"
#include "vlapic_helpers.h"

#include "devices/vioapic.h"
#include "devices/vpic.h"

#define LVT   0x320U
#define TMICT 0x380U
#define TMCCT 0x390U
#define TDCR  0x3E0U
#define ONE_SHOT 0x00040U /* vector 0x40 */
#define PERIODIC 0x20040U
#define DEADLINE 0x40040U
#define MASKED   0x10000U
#define DIVIDE_BY_1 0xBU
#define LEAST_PERIOD (TSC_HZ / 10000U)

void vioapic_eoi(vm_id_t v, uint32_t vector) { (void)v; (void)vector; }
bool vpic_pending(vm_id_t v) { (void)v; return false; }

static int setup(void **state)
{
    (void)state;
    stubs_reset();
    apics_start(GUEST);
    apic_write(CPU(0), TDCR, DIVIDE_BY_1);
    return 0;
}

/* Whether the timer's vector is there; ends it. */
static bool fired(void)
{
    bool fresh = vlapic_pending(CPU(0)) == 0x40U;

    if (fresh) {
        (void)take_interrupt(CPU(0));
        apic_write(CPU(0), 0xB0U, 0U);
    }
    return fresh;
}

static bool fires_at(uint64_t time)
{
    stub_now = time;
    vlapic_advance(CPU(0), time);
    return fired();
}

static void a_timer_that_is_not_set_has_no_deadline(void **state)
{
    (void)state;
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    vlapic_advance(CPU(0), TIME_NEVER);
    assert_false(fired());
}

/* REQ-INT-015 */
static void one_shot_fires_once_after_the_initial_count(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TMICT, 500U);
    assert_true(vlapic_deadline(CPU(0)) == 1500U);
    assert_false(fires_at(1499U));
    assert_true(fires_at(1500U));
    assert_int_equal(notified[CPU(0)], 1U);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    assert_false(fires_at(1000000U));
}

static void the_divider_slows_the_count(void **state)
{
    static const struct { uint32_t code; uint32_t divisor; } step[] = {
        { 0U, 2U }, { 1U, 4U }, { 2U, 8U }, { 3U, 16U }, { 8U, 32U }, { 9U, 64U }, { 0xAU, 128U }, { 0xBU, 1U },
    };
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    for (size_t i = 0U; i < sizeof(step) / sizeof(step[0]); i++) {
        apic_write(CPU(0), TMICT, 0U);
        apic_write(CPU(0), TDCR, step[i].code);
        apic_write(CPU(0), TMICT, 1000U);
        assert_true(vlapic_deadline(CPU(0)) == 1000U + (1000U * step[i].divisor));
    }
}

/* REQ-INT-015 */
static void the_longest_count_does_not_overflow(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TDCR, 0xAU);
    apic_write(CPU(0), TMICT, 0xFFFFFFFFU);
    assert_true(vlapic_deadline(CPU(0)) == 1000U + (0xFFFFFFFFULL * 128U));
    assert_int_equal(apic_read(CPU(0), TMCCT), 0xFFFFFFFFU);
    stub_now = TIME_NEVER - 5U;
    apic_write(CPU(0), TMICT, 0xFFFFFFFFU);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER - 1U);
}

static void the_current_count_runs_down_to_zero(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TDCR, 0U); /* by 2 */
    apic_write(CPU(0), TMICT, 100U);
    assert_int_equal(apic_read(CPU(0), TMCCT), 100U);
    stub_now = 1100U;
    assert_int_equal(apic_read(CPU(0), TMCCT), 50U);
    stub_now = 1200U;
    assert_int_equal(apic_read(CPU(0), TMCCT), 0U);
    stub_now = 999U; /* another core's TSC may be behind */
    assert_int_equal(apic_read(CPU(0), TMCCT), 100U);
}

static void a_zero_initial_count_stops_the_timer(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, PERIODIC);
    apic_write(CPU(0), TMICT, 1000000U);
    apic_write(CPU(0), TMICT, 0U);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    assert_int_equal(apic_read(CPU(0), TMCCT), 0U);
}

static void changing_the_divider_keeps_the_count(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TMICT, 1000U);
    stub_now = 1400U;
    apic_write(CPU(0), TDCR, 0U);
    assert_int_equal(apic_read(CPU(0), TMCCT), 600U);
    assert_true(vlapic_deadline(CPU(0)) == 1400U + 1200U);
}

/* REQ-INT-015 */
static void periodic_keeps_its_phase(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, PERIODIC);
    apic_write(CPU(0), TMICT, 1000000U);
    assert_false(fires_at(1000999U));
    assert_true(fires_at(1001500U)); /* seen late */
    assert_true(vlapic_deadline(CPU(0)) == 2001000U);
    assert_true(fires_at(2001000U));
    assert_true(vlapic_deadline(CPU(0)) == 3001000U);
}

/* REQ-RT-019 */
static void missed_periods_make_one_event(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, PERIODIC);
    apic_write(CPU(0), TMICT, 1000000U);
    assert_true(fires_at(1000U + (1000000U * 500ULL) + 7U));
    assert_true(vlapic_deadline(CPU(0)) == 1000U + (1000000U * 501ULL));
    assert_false(fires_at(1000U + (1000000U * 501ULL) - 1U));
}

static void the_periodic_count_reloads(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, PERIODIC);
    apic_write(CPU(0), TMICT, 1000000U);
    stub_now = 1000U + 1000000U + 250000U; /* nobody called vlapic_advance yet */
    assert_int_equal(apic_read(CPU(0), TMCCT), 750000U);
    vlapic_advance(CPU(0), stub_now);
    assert_int_equal(apic_read(CPU(0), TMCCT), 750000U);
}

/* REQ-RT-019 */
static void a_short_period_cannot_storm(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, PERIODIC);
    apic_write(CPU(0), TMICT, 1U);
    assert_true(vlapic_deadline(CPU(0)) == 1000U + LEAST_PERIOD);
    assert_true(fires_at(1000U + LEAST_PERIOD));
    assert_true(vlapic_deadline(CPU(0)) == 1000U + (2U * LEAST_PERIOD));
    assert_int_equal(apic_read(CPU(0), TMCCT), 1U);
}

static void an_event_at_the_end_of_time_is_survived(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, PERIODIC);
    apic_write(CPU(0), TMICT, 1000000U);
    assert_true(fires_at(TIME_NEVER - 2U));
    assert_true(vlapic_deadline(CPU(0)) <= TIME_NEVER);
}

static void a_masked_timer_expires_silently(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT | MASKED);
    apic_write(CPU(0), TMICT, 500U);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    assert_int_equal(apic_read(CPU(0), TMCCT), 500U); /* it counts all the same */
    stub_now = 2000U;
    apic_write(CPU(0), LVT, ONE_SHOT); /* unmasked after the expiry: too late */
    assert_false(fires_at(3000U));
}

static void unmasking_in_time_lets_it_fire(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT | MASKED);
    apic_write(CPU(0), TMICT, 500U);
    apic_write(CPU(0), LVT, ONE_SHOT);
    assert_true(fires_at(1500U));
}

static void an_illegal_timer_vector_is_an_error_not_an_interrupt(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, 0x0FU);
    apic_write(CPU(0), TMICT, 500U);
    vlapic_advance(CPU(0), 1500U);
    assert_int_equal(vlapic_pending(CPU(0)), VECTOR_NONE);
    apic_write(CPU(0), 0x280U, 0U);
    assert_int_equal(apic_read(CPU(0), 0x280U), 0x40U);
}

/* REQ-INT-015 */
static void tsc_deadline_fires_at_its_tsc_value_and_clears(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, DEADLINE);
    msr_write(CPU(0), MSR_TSC_DEADLINE, 123456U);
    assert_int_equal(msr_read(CPU(0), MSR_TSC_DEADLINE), 123456U);
    assert_true(vlapic_deadline(CPU(0)) == 123456U);
    assert_false(fires_at(123455U));
    assert_true(fires_at(123456U));
    assert_int_equal(msr_read(CPU(0), MSR_TSC_DEADLINE), 0U);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
}

static void a_deadline_in_the_past_fires_at_once(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, DEADLINE);
    msr_write(CPU(0), MSR_TSC_DEADLINE, 5U);
    assert_true(fires_at(1000U));
}

static void zero_disarms_the_deadline(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, DEADLINE);
    msr_write(CPU(0), MSR_TSC_DEADLINE, 123456U);
    msr_write(CPU(0), MSR_TSC_DEADLINE, 0U);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    assert_false(fires_at(123456U));
}

static void the_deadline_msr_works_in_its_mode_only(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TMICT, 500U);
    msr_write(CPU(0), MSR_TSC_DEADLINE, 1100U);
    assert_int_equal(msr_read(CPU(0), MSR_TSC_DEADLINE), 0U);
    assert_true(vlapic_deadline(CPU(0)) == 1500U);
}

static void counts_are_ignored_in_deadline_mode(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, DEADLINE);
    apic_write(CPU(0), TMICT, 500U);
    assert_int_equal(apic_read(CPU(0), TMICT), 0U);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    msr_write(CPU(0), MSR_TSC_DEADLINE, 123456U);
    assert_int_equal(apic_read(CPU(0), TMCCT), 0U);
    apic_write(CPU(0), TDCR, 0U);
    assert_true(vlapic_deadline(CPU(0)) == 123456U);
}

static void entering_or_leaving_deadline_mode_disarms(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TMICT, 500U);
    apic_write(CPU(0), LVT, DEADLINE);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    msr_write(CPU(0), MSR_TSC_DEADLINE, 123456U);
    apic_write(CPU(0), LVT, ONE_SHOT);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    assert_int_equal(apic_read(CPU(0), TMICT), 0U);
}

static void from_one_shot_to_periodic_the_count_goes_on(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TMICT, 1000000U);
    apic_write(CPU(0), LVT, PERIODIC);
    assert_true(fires_at(1001000U));
    assert_true(vlapic_deadline(CPU(0)) == 2001000U);
}

static void the_reserved_mode_never_runs(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, 0x60040U);
    apic_write(CPU(0), TMICT, 500U);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
}

static void software_disable_silences_the_timer(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TMICT, 500U);
    apic_write(CPU(0), 0xF0U, 0xFFU);
    assert_true(vlapic_deadline(CPU(0)) == TIME_NEVER);
    assert_false(fires_at(1500U));
}

static void timers_of_vcpus_are_their_own(void **state)
{
    (void)state;
    apic_write(CPU(0), LVT, ONE_SHOT);
    apic_write(CPU(0), TMICT, 500U);
    assert_true(vlapic_deadline(CPU(1)) == TIME_NEVER);
    vlapic_advance(CPU(1), 5000U);
    assert_false(fired());
    assert_true(vlapic_deadline(CPU(0)) == 1500U);
}

#define T(name) cmocka_unit_test_setup(name, setup)

static void a_timer_at_the_end_of_time_does_not_wrap(void **state)
{
    (void)state;
    apic_write(CPU(0), TDCR, DIVIDE_BY_1);
    apic_write(CPU(0), LVT, ONE_SHOT);
    stub_now = TIME_NEVER;
    apic_write(CPU(0), TMICT, 1000U);
    assert_true(vlapic_deadline(CPU(0)) == (TIME_NEVER - 1U));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_timer_that_is_not_set_has_no_deadline), T(one_shot_fires_once_after_the_initial_count),
        T(the_divider_slows_the_count), T(the_longest_count_does_not_overflow),
        T(the_current_count_runs_down_to_zero), T(a_zero_initial_count_stops_the_timer),
        T(changing_the_divider_keeps_the_count), T(periodic_keeps_its_phase), T(missed_periods_make_one_event),
        T(the_periodic_count_reloads), T(a_short_period_cannot_storm), T(an_event_at_the_end_of_time_is_survived),
        T(a_masked_timer_expires_silently), T(unmasking_in_time_lets_it_fire),
        T(an_illegal_timer_vector_is_an_error_not_an_interrupt),
        T(tsc_deadline_fires_at_its_tsc_value_and_clears), T(a_deadline_in_the_past_fires_at_once),
        T(zero_disarms_the_deadline), T(the_deadline_msr_works_in_its_mode_only),
        T(counts_are_ignored_in_deadline_mode), T(entering_or_leaving_deadline_mode_disarms),
        T(from_one_shot_to_periodic_the_count_goes_on), T(the_reserved_mode_never_runs),
        T(software_disable_silences_the_timer), T(timers_of_vcpus_are_their_own),
        cmocka_unit_test_setup(a_timer_at_the_end_of_time_does_not_wrap, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
