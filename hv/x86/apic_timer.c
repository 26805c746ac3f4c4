/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC timer as the shared cores' alarm clock: TSC-deadline mode where the CPU
 * has it, else one-shot with a rate measured against the TSC (Intel SDM 3, 10.5.4).
 */
#include "core/dispatch.h"
#include "core/hw.h"
#include "x86/apic.h"
#include "x86/asm.h"
#include "x86/msr.h"
#include "x86/pcpu.h"
#include "x86/tsc.h"

#define LVT_TSC_DEADLINE 0x40000U
#define LVT_MASKED       0x10000U
#define DIVIDE_BY_1      0xBU
#define COUNT_MAX        0xFFFFFFFFU
#define SAMPLE_TRIES     16U
#define CPUID1_ECX_TSC_DEADLINE 0x1000000U

struct timer_sample {
    uint64_t tsc;
    uint64_t count;
};

static uint64_t timer_hz;
static bool timer_has_deadline;

static struct timer_sample timer_take_sample(void)
{
    struct timer_sample best = { 0U, 0U };
    uint64_t width = UINT64_MAX;
    for (uint32_t i = 0U; i < SAMPLE_TRIES; i++) {
        const uint64_t before = asm_rdtsc();
        const uint64_t count = apic_count();
        const uint64_t after = asm_rdtsc();
        if ((after - before) < width) {
            width = after - before;
            best.tsc = before + (width / 2U);
            best.count = count;
        }
    }
    return best;
}

static struct timer_sample timer_first;

void apic_timer_measure_begin(void)
{
    uint32_t leaf[4];
    asm_cpuid(1U, 0U, leaf);
    timer_has_deadline = (leaf[2] & CPUID1_ECX_TSC_DEADLINE) != 0U;
    apic_write(MSR_X2APIC_TDCR, DIVIDE_BY_1);
    apic_write(MSR_X2APIC_TMICT, COUNT_MAX); /* counts down although the LVT is masked */
    timer_first = timer_take_sample();
}

bool apic_timer_measure_end(void)
{
    const struct timer_sample last = timer_take_sample();
    apic_write(MSR_X2APIC_TMICT, 0U);
    timer_hz = tsc_scale(timer_first.count - last.count, hw_tsc_hz(), last.tsc - timer_first.tsc);
    return timer_hz != 0U;
}

uint64_t apic_timer_hz(void)
{
    return timer_hz;
}

void apic_timer_init(void)
{
    apic_write(MSR_X2APIC_TDCR, DIVIDE_BY_1);
    apic_write(MSR_X2APIC_LVT_TIMER, VECTOR_TIMER | (timer_has_deadline ? LVT_TSC_DEADLINE : 0U));
    pcpus[hw_pcpu()].timer_deadline = TIME_NEVER;
}

/* As apic_enable() left it. */
void apic_timer_stop(void)
{
    apic_write(MSR_X2APIC_LVT_TIMER, LVT_MASKED);
    apic_write(MSR_X2APIC_TMICT, 0U);
    pcpus[hw_pcpu()].timer_deadline = TIME_NEVER;
}

/* Ticks until the deadline, rounded up; a longer wait than the counter holds ends early and is armed again. */
static uint32_t timer_ticks_until(uint64_t deadline)
{
    const uint64_t now = asm_rdtsc();
    uint32_t ticks = 1U;
    if (deadline > now) {
        const uint64_t limit = tsc_scale(COUNT_MAX - 1U, hw_tsc_hz(), timer_hz);
        ticks = ((deadline - now) >= limit) ? COUNT_MAX : ((uint32_t)tsc_scale(deadline - now, timer_hz, hw_tsc_hz()) + 1U);
    }
    return ticks;
}

uint64_t hw_timer_armed(void)
{
    return pcpus[hw_pcpu()].timer_deadline;
}

/* REQ-INT-015 */
void hw_timer_arm(uint64_t tsc_deadline)
{
    struct pcpu *const self = &pcpus[hw_pcpu()];
    if (tsc_deadline != self->timer_deadline) {
        self->timer_deadline = tsc_deadline;
        if (timer_has_deadline) {
            asm_mfence(); /* SDM 3, 10.5.4.1 */
            asm_wrmsr(MSR_TSC_DEADLINE, (tsc_deadline == TIME_NEVER) ? 0U : tsc_deadline);
        } else {
            apic_write(MSR_X2APIC_TMICT, (tsc_deadline == TIME_NEVER) ? 0U : timer_ticks_until(tsc_deadline));
        }
    }
}
