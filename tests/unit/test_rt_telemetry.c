/* SPDX-License-Identifier: Apache-2.0 */
/* The latency histogram that RTVM and readers share. unit-sources: */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "abi/rt_telemetry.h"

static uint32_t histogram[RT_BUCKETS];

static void small_latencies_have_exact_buckets(void **state)
{
    (void)state;
    for (uint64_t v = 0U; v < RT_EXACT; v++) {
        assert_int_equal(rt_bucket_value(rt_bucket(v)), v);
    }
}

/* REQ-RT-015 */
static void large_latencies_are_within_two_permille(void **state)
{
    (void)state;
    for (uint64_t v = RT_EXACT; v < RT_LATENCY_MAX; v += (v / 97U) + 1U) {
        uint64_t low = rt_bucket_value(rt_bucket(v));
        assert_true(low <= v);
        assert_true(((v - low) * 500U) <= v);
    }
}

static void bucket_index_is_monotonic_and_in_range(void **state)
{
    uint32_t last = 0U;
    (void)state;
    for (uint64_t v = 0U; v < RT_LATENCY_MAX; v += (v / 2000U) + 1U) {
        uint32_t bucket = rt_bucket(v);
        assert_true(bucket >= last);
        last = bucket;
    }
    assert_int_equal(rt_bucket(RT_LATENCY_MAX), RT_BUCKETS - 1U);
    assert_int_equal(rt_bucket(~0ULL), RT_BUCKETS - 1U);
}

/* REQ-RT-015 */
static void percentiles_count_samples(void **state)
{
    (void)state;
    histogram[rt_bucket(10U)] = 990U;
    histogram[rt_bucket(500U)] = 9U;
    histogram[rt_bucket(900U)] = 1U;
    assert_int_equal(rt_percentile(histogram, 1000U, 500U), 10U);
    assert_int_equal(rt_percentile(histogram, 1000U, 990U), 10U);
    assert_int_equal(rt_percentile(histogram, 1000U, 999U), 500U);
    assert_int_equal(rt_percentile(histogram, 1000U, 1000U), 900U);
    assert_int_equal(rt_percentile(histogram, 0U, 500U), 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_latencies_have_exact_buckets),
        cmocka_unit_test(large_latencies_are_within_two_permille),
        cmocka_unit_test(bucket_index_is_monotonic_and_in_range),
        cmocka_unit_test(percentiles_count_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
