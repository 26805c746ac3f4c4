/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"

#include <stdbool.h>

#include "console.h"
#include "cpu.h"
#include "options.h"
#include "rtc.h"

#define APIC_ENABLE_X2    0xC00U    /* APIC_BASE: global enable, x2APIC (SDM 3, 10.12.1) */
#define SVR_ENABLE        0x1FFU    /* software enable, spurious vector 0xFF */
#define DIVIDE_BY_1       0xBU
#define LVT_PERIODIC      0x20000U  /* timer mode 01b */
#define LVT_DEADLINE      0x40000U  /* timer mode 10b */
#define CPUID_DEADLINE    0x1000000U
#define CPUID_HYPERVISOR  0x80000000U
#define LEAF_TIMING       0x40000010U
#define PM_TIMER_HZ       3579545U  /* ACPI 4.8.3.3 */
#define PM_TIMER_MASK     0xFFFFFFU
#define CALIBRATE_PM      71591U    /* 20 ms */
#define SHORT_COUNT       1000000U
#define LONG_COUNT        11000000U

volatile uint64_t timer_tsc;
volatile uint64_t timer_interrupts;
volatile uint64_t ipi_interrupts;

static bool use_deadline;
static uint64_t timer_per_tsc; /* timer ticks per TSC tick, 32.32 fixed point */

static uint64_t tsc_hz_from_cpuid(void)
{
    uint32_t out[4];
    uint64_t hz = 0U;

    cpuid(1U, out);
    if ((out[2] & CPUID_HYPERVISOR) != 0U) {
        cpuid(0x40000000U, out);
        if ((out[0] >= LEAF_TIMING) && (out[0] < 0x40010000U)) {
            cpuid(LEAF_TIMING, out);
            hz = (uint64_t)out[0] * 1000U;
        }
    }
    return hz;
}

static uint64_t tsc_hz_from_pm_timer(void)
{
    uint64_t hz = 0U;
    uint32_t first = port_read32(options.pm_timer) & PM_TIMER_MASK;
    uint32_t elapsed = 0U;
    uint64_t start = tsc_read();
    uint64_t end = start;

    if (port_read32(options.pm_timer) == 0xFFFFFFFFU) {
        console_text("rtvm: no ACPI PM timer at pmtimer=, give tsc_hz=\n");
    } else {
        while (elapsed < CALIBRATE_PM) {
            elapsed = (port_read32(options.pm_timer) - first) & PM_TIMER_MASK;
            end = tsc_read();
        }
        hz = ((end - start) * PM_TIMER_HZ) / elapsed;
    }
    return hz;
}

uint64_t clock_tsc_hz(void)
{
    uint64_t hz = options.tsc_hz;

    if (hz == 0U) {
        hz = tsc_hz_from_cpuid();
    }
    if (hz == 0U) {
        hz = (options.pm_timer == 0U) ? rtc_tsc_hz() : tsc_hz_from_pm_timer();
    }
    return hz;
}

/* TSC ticks from arming this count to the interrupt; the least of a few tries, to shed disturbances. */
static uint64_t measure_count(uint32_t count)
{
    uint64_t best = 0xFFFFFFFFFFFFFFFFU;

    for (uint32_t i = 0U; i < 3U; i++) {
        uint64_t seen = timer_interrupts;
        uint64_t start = tsc_read();
        msr_write(MSR_X2APIC_TMICT, count);
        while (timer_interrupts == seen) {
            wait_interrupt();
        }
        uint64_t ticks = timer_tsc - start;
        if (ticks < best) {
            best = ticks;
        }
    }
    return best;
}

/* The current-count register is not read: under instruction counting QEMU
 * stops when that read is not the last instruction of a block. */
uint64_t clock_timer_hz(uint64_t tsc_hz)
{
    uint64_t hz = options.timer_hz;

    if (hz == 0U) {
        uint64_t ticks = measure_count(LONG_COUNT) - measure_count(SHORT_COUNT);
        hz = ((uint64_t)LONG_COUNT - SHORT_COUNT) * (tsc_hz / 1000U) / (ticks / 1000U);
    }
    return hz;
}

void clock_enable_x2apic(void)
{
    uint32_t out[4];

    msr_write(MSR_APIC_BASE, msr_read(MSR_APIC_BASE) | APIC_ENABLE_X2);
    msr_write(MSR_X2APIC_SVR, SVR_ENABLE);
    msr_write(MSR_X2APIC_TDCR, DIVIDE_BY_1);
    msr_write(MSR_X2APIC_TIMER, TIMER_VECTOR);
    cpuid(1U, out);
    use_deadline = (out[2] & CPUID_DEADLINE) != 0U;
}

void clock_set_rates(uint64_t tsc_hz, uint64_t timer_hz)
{
    timer_per_tsc = ((timer_hz / tsc_hz) << 32) + (((timer_hz % tsc_hz) << 32) / tsc_hz);
    if (use_deadline) {
        msr_write(MSR_X2APIC_TIMER, LVT_DEADLINE | TIMER_VECTOR);
    }
}

void clock_arm(uint64_t tsc_deadline)
{
    if (use_deadline) {
        msr_write(MSR_TSC_DEADLINE, tsc_deadline);
    } else {
        uint64_t now = tsc_read();
        uint64_t delta = (tsc_deadline > now) ? (tsc_deadline - now) : 1U;
        uint64_t count = ((delta >> 32) * timer_per_tsc) + (((delta & 0xFFFFFFFFU) * timer_per_tsc) >> 32);
        msr_write(MSR_X2APIC_TMICT, (count == 0U) ? 1U : count);
    }
}

uint64_t clock_start_periodic(uint64_t tsc_ticks)
{
    uint64_t count = ((tsc_ticks >> 32) * timer_per_tsc) + (((tsc_ticks & 0xFFFFFFFFU) * timer_per_tsc) >> 32);
    uint64_t start;

    msr_write(MSR_X2APIC_TIMER, LVT_PERIODIC | TIMER_VECTOR);
    start = tsc_read();
    msr_write(MSR_X2APIC_TMICT, count);
    return start;
}

uint32_t clock_apic_id(void) { return (uint32_t)msr_read(MSR_X2APIC_ID); }

void clock_send_ipi(uint32_t apic_id, uint32_t vector)
{
    msr_write(MSR_X2APIC_ICR, ((uint64_t)apic_id << 32) | vector);
}
