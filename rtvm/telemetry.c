/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry.h"

#include "cpu.h"

static struct rt_telemetry private_region; /* when no shared region is given */
static volatile struct rt_telemetry *region = &private_region;

void telemetry_init(uint64_t address, uint64_t tsc_hz, uint64_t timer_hz, uint64_t period_ticks, uint64_t start_tsc)
{
    if (address != 0U) {
        region = (volatile struct rt_telemetry *)address; /* DEV-003 */
    }
    region->magic = 0U;
    for (uint32_t i = 0U; i < RT_BUCKETS; i++) {
        region->histogram[i] = 0U;
    }
    region->version = RT_VERSION;
    region->measured = (uint32_t)RT_TIMER;
    region->tsc_hz = tsc_hz;
    region->timer_hz = timer_hz;
    region->period_ticks = period_ticks;
    region->interrupts = 0U;
    region->samples = 0U;
    region->overruns = 0U;
    region->latency_min = 0xFFFFFFFFFFFFFFFFU;
    region->latency_max = 0U;
    region->latency_sum = 0U;
    region->start_tsc = start_tsc;
    region->steady_tsc = 0U;
    region->last_tsc = start_tsc;
    region->state = (uint32_t)RT_STARTING;
    region->magic = RT_MAGIC;
}

void telemetry_measured(enum rt_measured measured) { region->measured = (uint32_t)measured; }

void telemetry_state(enum rt_state state)
{
    if (state == RT_STEADY) {
        region->steady_tsc = tsc_read();
    }
    region->state = (uint32_t)state;
}

void telemetry_warmup_interrupt(void) { region->interrupts = region->interrupts + 1U; }

void telemetry_overrun(void) { region->overruns = region->overruns + 1U; }

/* REQ-RT-015 */
void telemetry_sample(uint64_t tsc, uint64_t latency, int32_t output)
{
    uint64_t samples = region->samples;
    uint32_t slot = (uint32_t)(samples % RT_RING);
    uint32_t bucket = rt_bucket(latency);

    region->ring[slot].tsc = tsc;
    region->ring[slot].latency = (latency > 0xFFFFFFFFU) ? 0xFFFFFFFFU : (uint32_t)latency;
    region->ring[slot].output = output;
    region->histogram[bucket] = region->histogram[bucket] + 1U;
    region->latency_sum = region->latency_sum + latency;
    if (latency < region->latency_min) {
        region->latency_min = latency;
    }
    if (latency > region->latency_max) {
        region->latency_max = latency;
    }
    region->last_tsc = tsc;
    region->interrupts = region->interrupts + 1U;
    region->samples = samples + 1U;
}

const volatile struct rt_telemetry *telemetry_get(void) { return region; }

uint64_t telemetry_percentile(uint32_t permille)
{
    return rt_percentile(region->histogram, region->samples, permille);
}
