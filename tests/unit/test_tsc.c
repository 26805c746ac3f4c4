/* SPDX-License-Identifier: Apache-2.0 */
/* The measurement of the TSC against the ACPI PM timer, on clocks that the test makes: how long it takes, how exact it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* Instead of the instructions of x86/asm.h. */
#define X86_ASM_H
static uint64_t asm_rdtsc(void);
static uint32_t asm_in32(uint16_t port);
static void asm_pause(void) {}

#include "x86/tsc.c"

#define PORT 0x608U

static uint64_t true_hz;
static uint64_t now;         /* TSC */
static uint64_t read_cost;   /* ticks of the TSC for a read of the port; the timer is looked at in the middle */
static uint64_t other_cost;  /* and for a reading of the TSC */
static uint64_t phase;       /* of the timer at TSC 0, in ticks of the TSC */
static bool stands_still;
static uint64_t stops_at;    /* TSC */
static uint32_t reads;
static uint32_t stall_every; /* reads; the whole machine loses a millisecond between a read and the next reading of the TSC */

static uint64_t asm_rdtsc(void)
{
    now += other_cost;
    return now;
}

static uint32_t asm_in32(uint16_t port)
{
    uint64_t at;
    uint64_t ticks;
    assert_int_equal(port, PORT);
    reads++;
    now += read_cost / 2U;
    at = ((now > stops_at) ? stops_at : now) + phase;
    now += read_cost - (read_cost / 2U);
    ticks = (uint64_t)(((unsigned __int128)at * PM_TIMER_HZ) / true_hz);
    if ((stall_every != 0U) && ((reads % stall_every) == 0U)) {
        now += true_hz / 1000U;
    }
    return stands_still ? 7U : (0xA0000000U | ((uint32_t)(ticks + 0xFFFFF0U) & PM_TIMER_MASK)); /* wraps within the measurement; bits above 24 are not its */
}

static int setup(void **state)
{
    (void)state;
    true_hz = 1000000000U;
    now = 1000000U;
    read_cost = 4U;
    other_cost = 4U;
    phase = 0U;
    stands_still = false;
    stops_at = UINT64_MAX;
    reads = 0U;
    stall_every = 0U;
    tsc_set_hz(0U);
    return 0;
}

static bool measure_both(void)
{
    return tsc_measure_begin(PORT) && tsc_measure_end();
}

/* The measured rate lies within the bound that is told, and the bound within what is allowed. */
static uint64_t measured_us(void)
{
    const uint64_t start = now;
    uint64_t difference;
    assert_true(measure_both());
    difference = (hw_tsc_hz() > true_hz) ? (hw_tsc_hz() - true_hz) : (true_hz - hw_tsc_hz());
    assert_in_range((difference * 1000000U) / true_hz, 0U, tsc_error_ppm());
    return ((now - start) * 1000000U) / true_hz;
}

/* REQ-RT-040 */
static void quick_reads_give_a_few_ppm_in_ten_milliseconds(void **state)
{
    (void)state;
    for (phase = 0U; phase < 280U; phase += 7U) {
        assert_in_range(measured_us(), 10000U, 10050U);
        assert_in_range(tsc_error_ppm(), 1U, 10U);
    }
}

/* REQ-RT-040 */
static void reads_of_a_microsecond_are_exact_enough_after_ten_milliseconds(void **state)
{
    (void)state;
    true_hz = 2600000000U;
    read_cost = 2600U;
    for (phase = 0U; phase < 2600U; phase += 111U) {
        assert_in_range(measured_us(), 10000U, 10100U);
        assert_in_range(tsc_error_ppm(), 100U, ERROR_PPM_MOST);
    }
}

/* REQ-RT-040 */
static void slow_reads_make_it_longer_and_no_worse(void **state)
{
    (void)state;
    read_cost = 4000U;
    assert_in_range(measured_us(), 40000U, 40500U);
    assert_in_range(tsc_error_ppm(), 100U, ERROR_PPM_MOST);
}

static void it_ends_after_fifty_milliseconds_and_says_how_good_it_is(void **state)
{
    (void)state;
    read_cost = 20000U;
    assert_in_range(measured_us(), 50000U, 51000U);
    assert_in_range(tsc_error_ppm(), ERROR_PPM_MOST + 1U, 1000U);
}

static void a_machine_that_stalls_now_and_then_is_measured_between_its_stalls(void **state)
{
    (void)state;
    stall_every = 5U;
    (void)measured_us();
    assert_in_range(tsc_error_ppm(), 1U, 10U);
}

static void a_timer_that_stands_still_is_noticed(void **state)
{
    (void)state;
    stands_still = true;
    assert_false(measure_both());
    assert_in_range(reads, 1U, 2U * SAMPLE_POLLS);
}

static void a_timer_that_stops_is_noticed(void **state)
{
    (void)state;
    stops_at = now + 5000000U; /* in the wait */
    assert_false(measure_both());
    (void)setup(state);
    stops_at = now + 10005000U; /* in the last sample */
    read_cost = 1U;
    other_cost = 1U;
    assert_false(measure_both() && (tsc_error_ppm() > ERROR_PPM_MOST));
}

static void a_given_rate_is_taken_as_it_is(void **state)
{
    (void)state;
    tsc_set_hz(2599999999U);
    assert_int_equal(hw_tsc_hz(), 2599999999U);
    assert_int_equal(tsc_error_ppm(), 0U);
    assert_int_equal(reads, 0U);
}

/* Others use the window: it is as long as ten milliseconds, whatever they do in it, and the rate is exact all the same. */
/* REQ-RT-040 */
static void the_window_is_over_after_ten_milliseconds_measured_or_given(void **state)
{
    const uint64_t start = now;
    (void)state;
    assert_true(tsc_measure_begin(PORT));
    while (!tsc_measure_over()) {
        now += 2345U;
    }
    assert_in_range(now - start, 10000000U, 10010000U);
    assert_true(tsc_measure_end());
    assert_in_range(hw_tsc_hz(), 999990000U, 1000010000U);
    tsc_set_hz(1000000000U);
    const uint64_t given = now;
    reads = 0U;
    assert_false(tsc_measure_over());
    assert_true(tsc_measure_end());
    assert_true(tsc_measure_over());
    assert_in_range(now - given, 10000000U, 10000100U);
    assert_int_equal(reads, 0U);
}

static void a_wait_takes_its_time(void **state)
{
    (void)state;
    const uint64_t start = hw_tsc();
    tsc_set_hz(true_hz);
    tsc_wait_us(100U);
    assert_in_range(now - start, 100000U, 100100U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(quick_reads_give_a_few_ppm_in_ten_milliseconds, setup),
        cmocka_unit_test_setup(reads_of_a_microsecond_are_exact_enough_after_ten_milliseconds, setup),
        cmocka_unit_test_setup(slow_reads_make_it_longer_and_no_worse, setup),
        cmocka_unit_test_setup(it_ends_after_fifty_milliseconds_and_says_how_good_it_is, setup),
        cmocka_unit_test_setup(a_machine_that_stalls_now_and_then_is_measured_between_its_stalls, setup),
        cmocka_unit_test_setup(a_timer_that_stands_still_is_noticed, setup),
        cmocka_unit_test_setup(a_timer_that_stops_is_noticed, setup),
        cmocka_unit_test_setup(a_given_rate_is_taken_as_it_is, setup),
        cmocka_unit_test_setup(the_window_is_over_after_ten_milliseconds_measured_or_given, setup),
        cmocka_unit_test_setup(a_wait_takes_its_time, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
