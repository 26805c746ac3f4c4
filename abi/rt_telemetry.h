/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a real-time VM that runs the Bulkhead runtime publishes in its shared
 * region: counters, the last samples, and a latency histogram. One writer (the
 * RTVM), any number of readers; counters only grow, so a reader needs no lock
 * and never disturbs the writer.
 *
 * Latency unit: TSC ticks. From the programmed expiry to the first instruction
 * of the timer interrupt's handler; or, when the runtime drives an Ethernet
 * controller, of a frame from before it is handed over until it is back.
 */
#ifndef ABI_RT_TELEMETRY_H
#define ABI_RT_TELEMETRY_H

#include <stdint.h>

#define RT_MAGIC        0x54524842U /* "BHRT" */
#define RT_VERSION      1U
#define RT_RING         1024U  /* samples, a power of two */
#define RT_BUCKETS      16384U
#define RT_EXACT        1024U  /* latencies below have a bucket each */
#define RT_PER_OCTAVE   512U   /* above: buckets per power of two, error below 0.2 % */
#define RT_LATENCY_MAX  0xFFFFFFFFFFULL /* larger ones are counted as this */

enum rt_measured { RT_TIMER = 0, RT_ROUND_TRIP = 1 };
enum rt_state { RT_STARTING = 1, RT_WARMUP = 2, RT_STEADY = 3, RT_FINISHED = 4 };

struct rt_sample {
    uint64_t tsc;       /* in the handler */
    uint32_t latency;   /* ticks, saturated */
    int32_t output;     /* of the control task */
};

/* REQ-RT-015 */
struct rt_telemetry {
    uint32_t magic;     /* written last at start */
    uint32_t version;
    uint32_t state;     /* enum rt_state */
    uint32_t measured;  /* enum rt_measured */
    uint64_t tsc_hz;
    uint64_t timer_hz;      /* local APIC timer at divisor 1 */
    uint64_t period_ticks;  /* TSC ticks of one control period */
    uint64_t interrupts;    /* timer interrupts taken since start */
    uint64_t samples;       /* of these, in the histogram: the ones after warm-up */
    uint64_t overruns;      /* periods that had passed before they could be armed */
    uint64_t latency_min;   /* ticks; all ones before the first sample */
    uint64_t latency_max;
    uint64_t latency_sum;
    uint64_t start_tsc;     /* first instruction in C */
    uint64_t steady_tsc;    /* end of warm-up, 0 before; no VM exit is expected after it */
    uint64_t last_tsc;
    struct rt_sample ring[RT_RING];     /* ring[samples % RT_RING] is next */
    uint32_t histogram[RT_BUCKETS];
};

_Static_assert(sizeof(struct rt_sample) == 16U, "rt_sample layout");
_Static_assert(sizeof(struct rt_telemetry) == 112U + (16U * RT_RING) + (4U * RT_BUCKETS), "rt_telemetry layout");

/* Bucket that counts this latency. */
static inline uint32_t rt_bucket(uint64_t latency)
{
    uint64_t value = (latency > RT_LATENCY_MAX) ? RT_LATENCY_MAX : latency;
    uint32_t bucket = (uint32_t)value;

    if (value >= RT_EXACT) {
        uint32_t octave = 0U;
        while (value >= (2ULL * RT_PER_OCTAVE)) {
            value /= 2ULL;
            octave++;
        }
        bucket = RT_EXACT + ((octave - 1U) * RT_PER_OCTAVE) + ((uint32_t)value - RT_PER_OCTAVE);
    }
    return bucket;
}

/* Smallest latency that falls into the bucket. */
static inline uint64_t rt_bucket_value(uint32_t bucket)
{
    uint64_t value = bucket;

    if (bucket >= RT_EXACT) {
        uint32_t octave = (bucket - RT_EXACT) / RT_PER_OCTAVE;
        value = (RT_PER_OCTAVE + (((uint64_t)bucket - RT_EXACT) % RT_PER_OCTAVE)) << (octave + 1U);
    }
    return value;
}

/* Latency at or below which permille per thousand of the samples lie; 0 without samples. */
static inline uint64_t rt_percentile(const volatile uint32_t histogram[RT_BUCKETS], uint64_t samples, uint32_t permille)
{
    uint64_t wanted = ((samples * permille) + 999ULL) / 1000ULL;
    uint64_t seen = 0ULL;
    uint64_t value = 0ULL;
    uint32_t bucket = 0U;

    while ((bucket < RT_BUCKETS) && (seen < wanted)) {
        seen += histogram[bucket];
        value = rt_bucket_value(bucket);
        bucket++;
    }
    return value;
}

#endif
