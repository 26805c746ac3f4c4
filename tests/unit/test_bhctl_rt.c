/* SPDX-License-Identifier: Apache-2.0 */
/* bhctl rt: percentiles from the histogram, and which exits count as steady-state exits.
 * unit-sources: /dm/bhctl_rt.c /dm/bhctl_histogram.c /dm/bhctl_stats.c /dm/bhctl_print.c /dm/bhctl_region.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "dm/bhctl.h"

static struct rt_telemetry telemetry;
static struct hv_stats stats;

bool bhctl_wait(unsigned long delay_ms)
{
    (void)delay_ms;
    return true;
}

static void sample(uint64_t latency)
{
    telemetry.histogram[rt_bucket(latency)]++;
    telemetry.samples++;
    telemetry.latency_sum += latency;
    telemetry.latency_min = latency < telemetry.latency_min ? latency : telemetry.latency_min;
    telemetry.latency_max = latency > telemetry.latency_max ? latency : telemetry.latency_max;
}

static int setup(void **state)
{
    (void)state;
    memset(&telemetry, 0, sizeof(telemetry));
    telemetry.magic = RT_MAGIC;
    telemetry.version = RT_VERSION;
    telemetry.state = RT_STEADY;
    telemetry.tsc_hz = 1000000000U;
    telemetry.period_ticks = 1000000U;
    telemetry.latency_min = ~0ULL;
    telemetry.start_tsc = 2000U;
    telemetry.steady_tsc = 9000U;
    memset(&stats, 0, sizeof(stats));
    stats.vm_count = HV_STATS_VMS;
    stats.vm[1].state = 2U;
    stats.vm[1].exclusive = 1U;
    stats.vm[1].vcpu_count = 1U;
    stats.vm[1].start_tsc = 1000U;
    stats.vm[1].vcpu[0].exits_total = 40U;
    stats.vm[1].vcpu[0].last_exit_tsc = 8000U;
    strcpy(stats.vm[1].name, "rtvm");
    return 0;
}

/* REQ-RT-015 */
static void percentiles_of_a_known_distribution(void **state)
{
    struct rt_report report;
    (void)state;

    for (uint64_t latency = 1U; latency <= 1000U; latency++) {
        sample(latency);
    }
    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_int_equal(report.min_ticks, 1U);
    assert_int_equal(report.p50_ticks, 500U);
    assert_int_equal(report.p99_ticks, 990U);
    assert_int_equal(report.max_ticks, 1000U);
    assert_int_equal(report.mean_ticks, 500U);
}

/* REQ-RT-015 */
static void the_last_of_ten_thousand_samples_has_a_percentile_of_its_own(void **state)
{
    struct rt_report report;
    (void)state;

    for (uint32_t i = 0U; i < 9998U; i++) {
        sample(20U);
    }
    sample(500U);
    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_false(report.p9999_known); /* none of so few lies beyond it */
    sample(900U);
    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_true(report.p9999_known);
    assert_int_equal(report.p99_ticks, 20U);
    assert_int_equal(report.p9999_ticks, 500U);
    assert_int_equal(report.max_ticks, 900U);
}

static char *drawn(void)
{
    char *text = NULL;
    size_t size = 0U;
    FILE *out = open_memstream(&text, &size);

    print_histogram(out, telemetry.histogram, 1000000000U);
    fclose(out);
    return text;
}

static unsigned int bar_of(const char *text, const char *row)
{
    const char *at = strstr(text, row);
    unsigned int length = 0U;

    assert_non_null(at);
    for (at = strchr(at, '|') + 1; at[length] == '#'; length++) {
    }
    return length;
}

static void the_histogram_shows_one_late_sample_among_many(void **state)
{
    char *text;
    (void)state;

    for (uint32_t i = 0U; i < 9999U; i++) {
        sample(13U);
    }
    sample(100000U);
    text = drawn();
    assert_int_equal(bar_of(text, "          13        0.013 |"), 50U);
    assert_non_null(strstr(text, "# 9999\n"));
    assert_non_null(strstr(text, "### 1\n")); /* log 2 of log 10,000 */
    free(text);
}

static void the_histogram_of_one_latency_is_one_row_and_of_none_nothing(void **state)
{
    char *text = drawn();
    (void)state;

    assert_string_equal(text, "");
    free(text);
    sample(0U);
    text = drawn();
    assert_int_equal(bar_of(text, "           0        0.000 |"), 50U);
    assert_null(strstr(strchr(strchr(text, '\n') + 1, '\n') + 1, "|"));
    free(text);
}

static void the_rows_of_a_histogram_hold_every_sample(void **state)
{
    char *text;
    uint64_t sum = 0U;
    (void)state;

    for (uint64_t latency = 1U; latency < 5000000U; latency += 1 + latency / 3U) {
        sample(latency);
    }
    sample(RT_LATENCY_MAX);
    text = drawn();
    for (const char *at = strchr(text, '|'); at != NULL; at = strchr(at + 1, '|')) {
        sum += at[1] != '\n' ? strtoull(at + 1 + strspn(at + 1, "# "), NULL, 10) : 0U;
    }
    assert_int_equal(sum, telemetry.samples);
    free(text);
}

static void large_latencies_are_within_a_fifth_of_a_percent(void **state)
{
    struct rt_report report;
    (void)state;

    sample(1000003U);
    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_in_range(report.p50_ticks, 998000U, 1000003U);
    assert_int_equal(report.max_ticks, 1000003U);
}

static void no_sample_gives_no_latency(void **state)
{
    struct rt_report report;
    (void)state;

    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_int_equal(report.min_ticks, 0U);
    assert_int_equal(report.p99_ticks, 0U);
    assert_int_equal(report.max_ticks, 0U);
}

/* REQ-RT-014 */
static void exits_before_the_steady_state_do_not_count(void **state)
{
    struct rt_report report;
    (void)state;

    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_true(report.exits_known);
    assert_true(report.exits_exact);
    assert_int_equal(report.exits, 0U);
    assert_int_equal(report.exits_total, 40U);
    assert_string_equal(report.vm_name, "rtvm");
}

/* REQ-RT-014 */
static void exits_in_the_steady_state_are_counted_from_an_earlier_reading(void **state)
{
    struct rt_report report;
    struct hv_stats before = stats;
    (void)state;

    stats.vm[1].vcpu[0].exits_total = 43U;
    stats.vm[1].vcpu[0].last_exit_tsc = 9500U;
    rt_report_make(&report, &telemetry, &stats, &before);
    assert_false(report.exits_exact);
    assert_int_equal(report.exits, 3U);
    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_int_equal(report.exits, 1U); /* at least */
}

/* REQ-RT-014 */
static void exits_are_unknown_before_the_steady_state_and_without_a_vm(void **state)
{
    struct rt_report report;
    (void)state;

    telemetry.steady_tsc = 0U;
    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_false(report.exits_known);
    assert_true(report.vm_known);
    stats.vm[1].exclusive = 0U;
    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_false(report.vm_known);
}

static void the_vm_is_the_one_that_started_before_the_telemetry(void **state)
{
    struct rt_report report;
    (void)state;

    stats.vm[2] = stats.vm[1];
    strcpy(stats.vm[2].name, "later");
    stats.vm[2].start_tsc = 3000U;
    rt_report_make(&report, &telemetry, &stats, NULL);
    assert_string_equal(report.vm_name, "rtvm");
}

static void json_is_one_line_with_the_numbers(void **state)
{
    struct rt_report report;
    char *text = NULL;
    size_t size = 0U;
    FILE *out = open_memstream(&text, &size);
    (void)state;

    sample(20U);
    rt_report_make(&report, &telemetry, &stats, NULL);
    print_rt_json(out, &report);
    fclose(out);
    assert_string_equal(text, "{\"vm\":\"rtvm\",\"state\":\"steady\",\"measured\":\"timer\",\"tsc_hz\":1000000000,\"period_ticks\":1000000,"
                              "\"interrupts\":0,\"samples\":1,\"overruns\":0,\"latency_ticks\":{\"min\":20,\"p50\":20,"
                              "\"p99\":20,\"p99.99\":null,\"max\":20,\"mean\":20},\"steady_exits\":0,\"steady_exits_exact\":true,"
                              "\"exits_total\":40}\n");
    free(text);
}

static void json_has_the_histogram_when_asked(void **state)
{
    struct rt_report report;
    char *text = NULL;
    size_t size = 0U;
    FILE *out = open_memstream(&text, &size);
    (void)state;

    sample(20U);
    sample(20U);
    sample(5000U);
    rt_report_make(&report, &telemetry, &stats, NULL);
    report.histogram = telemetry.histogram;
    print_rt_json(out, &report);
    fclose(out);
    assert_non_null(strstr(text, "\"exits_total\":40,\"histogram\":[[20,2],[5000,1]]}\n"));
    free(text);
}

static void text_says_so_when_exits_are_only_a_lower_bound(void **state)
{
    struct rt_report report;
    char *text = NULL;
    size_t size = 0U;
    FILE *out = open_memstream(&text, &size);
    (void)state;

    stats.vm[1].vcpu[0].last_exit_tsc = 9001U;
    rt_report_make(&report, &telemetry, &stats, NULL);
    print_rt(out, &report);
    fclose(out);
    assert_non_null(strstr(text, "rtvm: steady, period 1000 us\n"));
    assert_non_null(strstr(text, "VM exits in steady state: at least 1 (40 since the start)\n"));
    free(text);
}

static void a_round_trip_is_not_called_latency(void **state)
{
    struct rt_report report;
    char *text = NULL;
    size_t size = 0U;
    FILE *out = open_memstream(&text, &size);
    (void)state;

    sample(20U);
    telemetry.measured = RT_ROUND_TRIP;
    rt_report_make(&report, &telemetry, &stats, NULL);
    telemetry.measured = RT_TIMER;
    print_rt(out, &report);
    print_rt_json(out, &report);
    fclose(out);
    assert_non_null(strstr(text, "  round trip of a frame:\n"));
    assert_null(strstr(text, "  latency:\n"));
    assert_non_null(strstr(text, "\"measured\":\"round trip\""));
    free(text);
}

static void telemetry_is_found_by_its_magic(void **state)
{
    char directory[] = "/tmp/bhctl-test-XXXXXX";
    char path[64];
    struct bhctl_options options = { .directory = directory };
    struct bhctl_region region;
    FILE *file;
    (void)state;

    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof(path), "%s/region_rt0", directory);
    file = fopen(path, "w");
    assert_int_equal(fwrite(&telemetry, sizeof(telemetry), 1U, file), 1U);
    fclose(file);
    assert_true(region_open_telemetry(&options, &region));
    assert_memory_equal(region.memory, &telemetry, sizeof(telemetry));
    region_close(&region);
    telemetry.magic = 0U;
    file = fopen(path, "w");
    assert_int_equal(fwrite(&telemetry, sizeof(telemetry), 1U, file), 1U);
    fclose(file);
    assert_false(region_open_telemetry(&options, &region));
    options.region = "rt0";
    assert_false(region_open_telemetry(&options, &region));
    unlink(path);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(percentiles_of_a_known_distribution, setup),
        cmocka_unit_test_setup(the_last_of_ten_thousand_samples_has_a_percentile_of_its_own, setup),
        cmocka_unit_test_setup(the_histogram_shows_one_late_sample_among_many, setup),
        cmocka_unit_test_setup(the_histogram_of_one_latency_is_one_row_and_of_none_nothing, setup),
        cmocka_unit_test_setup(the_rows_of_a_histogram_hold_every_sample, setup),
        cmocka_unit_test_setup(large_latencies_are_within_a_fifth_of_a_percent, setup),
        cmocka_unit_test_setup(no_sample_gives_no_latency, setup),
        cmocka_unit_test_setup(exits_before_the_steady_state_do_not_count, setup),
        cmocka_unit_test_setup(exits_in_the_steady_state_are_counted_from_an_earlier_reading, setup),
        cmocka_unit_test_setup(exits_are_unknown_before_the_steady_state_and_without_a_vm, setup),
        cmocka_unit_test_setup(the_vm_is_the_one_that_started_before_the_telemetry, setup),
        cmocka_unit_test_setup(json_is_one_line_with_the_numbers, setup),
        cmocka_unit_test_setup(json_has_the_histogram_when_asked, setup),
        cmocka_unit_test_setup(text_says_so_when_exits_are_only_a_lower_bound, setup),
        cmocka_unit_test_setup(a_round_trip_is_not_called_latency, setup),
        cmocka_unit_test_setup(telemetry_is_found_by_its_magic, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
