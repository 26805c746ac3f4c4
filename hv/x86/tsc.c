/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time base. CPUID leaves 15H and 16H are not to be trusted on emulators and some
 * boards, so the TSC is measured against the ACPI PM timer: 3.579545 MHz, at least 24
 * bits (ACPI 6.5, 4.8.3.3).
 */
#include "x86/tsc.h"

#include "core/hw.h"
#include "x86/asm.h"

#define PM_TIMER_HZ    3579545U
#define PM_TIMER_MASK  0xFFFFFFU
#define MEASURE_TICKS  178977U /* 50 ms */
#define SAMPLE_TRIES   16U
#define POLL_LIMIT     100000000U

struct tsc_sample {
    uint64_t tsc;
    uint32_t timer;
};

static uint64_t tsc_hz;

/* The reading with the narrowest bracket: an emulator may be preempted between the two clocks. */
static struct tsc_sample tsc_sample_timer(uint16_t port)
{
    struct tsc_sample best = { 0U, 0U };
    uint64_t width = UINT64_MAX;
    for (uint32_t i = 0U; i < SAMPLE_TRIES; i++) {
        const uint64_t before = asm_rdtsc();
        const uint32_t timer = asm_in32(port) & PM_TIMER_MASK;
        const uint64_t after = asm_rdtsc();
        if ((after - before) < width) {
            width = after - before;
            best.tsc = before + (width / 2U);
            best.timer = timer;
        }
    }
    return best;
}

/* REQ-RT-011 */
bool tsc_calibrate(uint16_t pm_timer_port)
{
    bool counts = false;
    if (pm_timer_port != 0U) {
        const struct tsc_sample first = tsc_sample_timer(pm_timer_port);
        struct tsc_sample last;
        uint32_t ticks = 0U;
        uint32_t polls = 0U;
        while ((ticks < MEASURE_TICKS) && (polls < POLL_LIMIT)) {
            ticks = (asm_in32(pm_timer_port) - first.timer) & PM_TIMER_MASK;
            polls++;
        }
        last = tsc_sample_timer(pm_timer_port);
        ticks = (last.timer - first.timer) & PM_TIMER_MASK;
        if (polls < POLL_LIMIT) {
            tsc_hz = tsc_scale(last.tsc - first.tsc, PM_TIMER_HZ, ticks);
            counts = true;
        }
    }
    return counts;
}

void tsc_set_hz(uint64_t hz)
{
    tsc_hz = hz;
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
