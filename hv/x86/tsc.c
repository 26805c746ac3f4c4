/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time base. CPUID leaves 15H and 16H are not to be trusted on emulators and some
 * boards, so the TSC is measured against the ACPI PM timer: 3.579545 MHz, at least 24
 * bits (ACPI 6.5, 4.8.3.3); unless the board file gives its rate.
 *
 * How long: until the error is below ERROR_PPM_MOST, half of what time services correct
 * (500 ppm), and as large as what the timer's own crystal may be off. Where a read of the
 * port takes 1 us, 10 ms do; in an emulator they give a few ppm.
 */
#include "x86/tsc.h"

#include "core/hw.h"
#include "x86/asm.h"

#define PM_TIMER_HZ    3579545U
#define PM_TIMER_MASK  0xFFFFFFU
#define ROUND_TICKS    35796U /* 10 ms: what a core must be left alone for after INIT (ap.c) */
#define ROUNDS_MOST    5U
#define ERROR_PPM_MOST 250U
#define SAMPLE_TRIES   16U
#define SAMPLE_POLLS   4096U
#define POLL_LIMIT     100000000U

/* The timer went to this value after one reading of the TSC and before the other. */
struct tsc_sample {
    uint64_t after;
    uint64_t before;
    uint32_t timer;
};

#define WINDOW_US      10000U /* the same, for a rate that is given */

static uint64_t tsc_hz;
static uint32_t tsc_ppm;
static uint16_t tsc_port;        /* of the PM timer; 0: the rate is given */
static struct tsc_sample tsc_first;
static uint64_t tsc_given_at;    /* TSC */

static uint32_t timer_read(uint16_t port)
{
    return asm_in32(port) & PM_TIMER_MASK;
}

/* The narrowest of some: an emulator may be preempted between the two clocks. All zero: the timer stands still. */
static struct tsc_sample tsc_sample_timer(uint16_t port)
{
    struct tsc_sample best = { 0U, 0U, 0U };
    uint64_t width = UINT64_MAX;
    uint64_t last_read = asm_rdtsc();
    uint32_t last = timer_read(port);
    uint32_t tries = 0U;
    for (uint32_t i = 0U; (i < SAMPLE_POLLS) && (tries < SAMPLE_TRIES); i++) {
        const uint64_t start = asm_rdtsc();
        const uint32_t timer = timer_read(port);
        const uint64_t end = asm_rdtsc();
        if (timer != last) {
            tries++;
            if ((end - last_read) < width) {
                width = end - last_read;
                best.after = last_read;
                best.before = end;
                best.timer = timer;
            }
        }
        last = timer;
        last_read = start;
    }
    return best;
}

/* Waits until the timer has made that many ticks since the sample. */
static bool timer_wait(uint16_t port, uint32_t since, uint32_t ticks)
{
    uint32_t polls = 0U;
    while ((((timer_read(port) - since) & PM_TIMER_MASK) < ticks) && (polls < POLL_LIMIT)) {
        polls++;
    }
    return polls < POLL_LIMIT;
}

/* Both ends are taken as late as they may have been, so the error is the wider of the two. */
static void tsc_judge(const struct tsc_sample *first, const struct tsc_sample *last)
{
    const uint64_t elapsed = last->before - first->before;
    const uint64_t first_width = first->before - first->after;
    const uint64_t last_width = last->before - last->after;
    const uint64_t width = (first_width > last_width) ? first_width : last_width;
    tsc_hz = tsc_scale(elapsed, PM_TIMER_HZ, (last->timer - first->timer) & PM_TIMER_MASK);
    tsc_ppm = (uint32_t)tsc_scale(width, 1000000U, elapsed) + 1U;
}

bool tsc_measure_begin(uint16_t pm_timer_port)
{
    tsc_port = pm_timer_port;
    tsc_first = tsc_sample_timer(pm_timer_port);
    return tsc_first.before != 0U;
}

void tsc_set_hz(uint64_t hz)
{
    tsc_hz = hz;
    tsc_ppm = 0U;
    tsc_port = 0U;
    tsc_given_at = asm_rdtsc();
}

bool tsc_measure_over(void)
{
    bool over;
    if (tsc_port == 0U) {
        over = (asm_rdtsc() - tsc_given_at) >= tsc_scale(WINDOW_US, tsc_hz, 1000000U);
    } else {
        over = ((timer_read(tsc_port) - tsc_first.timer) & PM_TIMER_MASK) >= ROUND_TICKS;
    }
    return over;
}

static bool measure(void)
{
    bool counts = true;
    bool exact = false;
    for (uint32_t round = 1U; (round <= ROUNDS_MOST) && counts && (!exact); round++) {
        counts = timer_wait(tsc_port, tsc_first.timer, round * ROUND_TICKS);
        if (counts) {
            const struct tsc_sample last = tsc_sample_timer(tsc_port);
            counts = last.before != 0U;
            if (counts) {
                tsc_judge(&tsc_first, &last);
                exact = tsc_ppm <= ERROR_PPM_MOST;
            }
        }
    }
    return counts;
}

/* REQ-RT-011 REQ-RT-040 */
bool tsc_measure_end(void)
{
    bool counts = true;
    if (tsc_port != 0U) {
        counts = measure();
    } else {
        while (!tsc_measure_over()) {
            asm_pause();
        }
    }
    return counts;
}

uint32_t tsc_error_ppm(void)
{
    return tsc_ppm;
}

/* REQ-RT-009 */
uint64_t hw_tsc(void)
{
    return asm_rdtsc();
}

uint64_t hw_tsc_hz(void)
{
    return tsc_hz;
}

void tsc_wait_us(uint64_t microseconds)
{
    const uint64_t ticks = tsc_scale(microseconds, tsc_hz, 1000000U);
    const uint64_t start = asm_rdtsc();
    while ((asm_rdtsc() - start) < ticks) {
        asm_pause();
    }
}
