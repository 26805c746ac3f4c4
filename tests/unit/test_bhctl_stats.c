/* SPDX-License-Identifier: Apache-2.0 */
/* bhctl: statistics are read consistently and shown as tables, rates and JSON.
 * unit-sources: /dm/bhctl_stats.c /dm/bhctl_print.c /dm/bhctl_top.c /dm/bhctl_region.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "dm/bhctl.h"

static char *text;
static size_t text_size;

bool bhctl_wait(unsigned long delay_ms)
{
    (void)delay_ms;
    return true;
}

static void fill(struct hv_stats *stats)
{
    memset(stats, 0, sizeof(*stats));
    stats->magic = HV_STATS_MAGIC;
    stats->version = HV_INFO_VERSION;
    stats->vm_count = HV_STATS_VMS;
    stats->tsc_hz = 1000000000U;
    stats->boot_tsc = 500U;
    stats->tsc = 500U + (3661ULL * 1000000000ULL);
    strcpy(stats->vm[0].name, "service");
    stats->vm[0].state = 2U;
    stats->vm[0].kind = 1U;
    stats->vm[0].vcpu_count = 3U;
    stats->vm[0].memory_size = 1024ULL << 20U;
    stats->vm[0].start_tsc = 500U + 1234000000U;
    for (uint32_t i = 0U; i < 3U; i++) {
        stats->vm[0].vcpu[i].pcpu = i;
        stats->vm[0].vcpu[i].state = 1U;
        stats->vm[0].vcpu[i].exits_total = 100U;
        stats->vm[0].vcpu[i].exits[HV_EXIT_IO] = 60U;
    }
}

static FILE *begin(void)
{
    FILE *out = open_memstream(&text, &text_size);
    assert_non_null(out);
    return out;
}

static void expect_text(FILE *out, const char *wanted)
{
    fclose(out);
    if (strstr(text, wanted) == NULL) {
        fail_msg("\"%s\" is not in:\n%s", wanted, text);
    }
    free(text);
}

static void list_shows_a_row_for_each_vm_that_exists(void **state)
{
    struct hv_stats stats;
    FILE *out = begin();
    (void)state;

    fill(&stats);
    print_list(out, &stats);
    expect_text(out, "service          service      running  0-2      no       1024 MiB         0/0       1.234 s          300\n");
}

static void list_names_cores_with_gaps(void **state)
{
    struct hv_stats stats;
    FILE *out = begin();
    (void)state;

    fill(&stats);
    stats.vm[0].vcpu[2].pcpu = 5U;
    print_list(out, &stats);
    expect_text(out, " 0-1,5 ");
}

/* REQ-DM-011 */
static void list_survives_counts_and_codes_out_of_range(void **state)
{
    struct hv_stats stats;
    FILE *out = begin();
    (void)state;

    memset(&stats, 0xff, sizeof(stats));
    print_list(out, &stats);
    print_stats_json(out, &stats);
    print_list_json(out, &stats);
    print_top(out, &stats, &stats);
    print_top_json(out, &stats, &stats);
    expect_text(out, "?");
}

static void json_escapes_names(void **state)
{
    const char name[4] = { '"', '\\', '\n', 'x' };
    FILE *out = begin();
    (void)state;

    print_json_string(out, name, sizeof(name));
    expect_text(out, "\"\\\"\\\\\\u000ax\"");
}

/* REQ-DM-011 */
static void json_names_every_reason(void **state)
{
    struct hv_stats stats;
    FILE *out = begin();
    (void)state;

    fill(&stats);
    print_stats_json(out, &stats);
    fflush(out);
    for (unsigned int reason = 0U; reason < HV_EXIT_REASONS; reason++) {
        assert_non_null(strstr(text, stats_reason_name(reason)));
        assert_string_not_equal(stats_reason_name(reason), "?");
    }
    expect_text(out, "\"exits\":{\"cpuid\":0,\"hlt\":0,\"io\":60,");
}

/* REQ-RT-030 */
static void json_gives_the_longest_exit(void **state)
{
    struct hv_stats stats;
    FILE *out = begin();
    (void)state;

    fill(&stats);
    stats.vm[0].vcpu[0].worst_ticks[HV_EXIT_CPUID] = 90U;
    stats.vm[0].vcpu[0].worst_ticks[HV_EXIT_OTHER] = 91U;
    stats.vm[0].vcpu[0].worst_tsc = 1234U;
    print_stats_json(out, &stats);
    fflush(out);
    assert_non_null(strstr(text, "\"worst_ticks\":{\"cpuid\":90,\"hlt\":0,"));
    expect_text(out, "\"other\":91},\"worst_exit_ticks\":91,\"worst_exit_tsc\":1234}");
}

/* REQ-LIF-034 */
static void json_tells_restarts_and_faults(void **state)
{
    static const char *const names[] = { "none", "triple_fault", "stage2_violation", "machine_check", "heartbeat", "reset", "power_off" };
    struct hv_stats stats;
    (void)state;

    fill(&stats);
    stats.vm[0].restarts = 2U;
    stats.vm[0].last_fault_tsc = 77U;
    stats.vm[0].faults[1] = 5U;
    stats.vm[0].faults[3] = 6U;
    stats.vm[0].dma_faults = 0x100000000U;
    for (uint32_t fault = 0U; fault < (sizeof(names) / sizeof(names[0])); fault++) {
        char wanted[256];
        FILE *out = begin();
        stats.vm[0].last_fault = fault;
        (void)snprintf(wanted, sizeof(wanted), "\"restarts\":2,\"last_fault\":\"%s\",\"last_fault_tsc\":77,\"triple_faults\":0,"
                       "\"stage2_violations\":5,\"machine_checks\":0,\"missed_heartbeats\":6,\"dma_faults\":4294967296,\"vcpus\":[", names[fault]);
        print_stats_json(out, &stats);
        expect_text(out, wanted);
    }
}

/* REQ-ISO-052 */
static void blocked_accesses_are_told_where_there_were_some(void **state)
{
    struct hv_stats stats;
    FILE *out = begin();
    (void)state;

    fill(&stats);
    stats.vm[0].dma_faults = 7U;
    print_stats_text(out, &stats);
    expect_text(out, "service: 7 accesses of its devices were blocked\n");
    stats.vm[0].dma_faults = 0U;
    out = begin();
    print_stats_text(out, &stats);
    fclose(out);
    assert_null(strstr(text, "were blocked"));
    free(text);
}

static void top_shows_rates_between_two_readings(void **state)
{
    struct hv_stats before, now;
    FILE *out = begin();
    (void)state;

    fill(&before);
    now = before;
    now.tsc += 2000000000U;
    now.vm[0].vcpu[1].exits_total += 500U;
    now.vm[0].vcpu[1].exits[HV_EXIT_IO] += 400U;
    now.vm[0].vcpu[1].run_ticks += 1000000000U;
    now.vm[0].vcpu[1].worst_ticks[HV_EXIT_HLT] = 290U;
    now.vm[0].vcpu[1].worst_ticks[HV_EXIT_IO] = 730U;
    now.vm[0].vcpu[1].worst_tsc = 1U;
    print_top(out, &before, &now);
    fflush(out);
    assert_non_null(strstr(text, "up 1:01:03\n"));
    expect_text(out, "service/1              1 runnable  50.0        250            600        0.7 io         io 200\n");
}

static void top_takes_a_smaller_counter_for_a_restart(void **state)
{
    struct hv_stats before, now;
    FILE *out = begin();
    (void)state;

    fill(&before);
    now = before;
    now.tsc += 1000000000U;
    now.vm[0].vcpu[0].exits_total = 7U;
    print_top(out, &before, &now);
    expect_text(out, "service/0              0 runnable   0.0          7              7 ");
}

/* REQ-RT-016 */
static void top_shows_how_vcpus_share_a_core(void **state)
{
    struct hv_stats before, now;
    FILE *out = begin();
    (void)state;

    fill(&before);
    before.vm[4] = before.vm[0];
    strcpy(before.vm[4].name, "user1");
    before.vm[4].vcpu_count = 1U;
    before.vm[1] = before.vm[0];
    before.vm[1].vcpu_count = 1U;
    before.vm[1].vcpu[0].pcpu = 3U;
    before.vm[1].exclusive = 1U;
    now = before;
    now.tsc += 1000000000U;
    now.vm[0].vcpu[0].run_ticks += 600000000U;
    now.vm[4].vcpu[0].run_ticks += 300000000U;
    print_top(out, &before, &now);
    fflush(out);
    assert_null(strstr(text, "core 3: "));
    expect_text(out, "core 0: service/0 60.0 %, user1/0 30.0 %, rest 10.0 %\ncore 1: service/1 0.0 %, rest 100.0 %\n");
}

/* REQ-DM-011 */
static void top_has_the_same_as_json(void **state)
{
    struct hv_stats before, now;
    FILE *out = begin();
    (void)state;

    fill(&before);
    now = before;
    now.tsc += 2000000000U;
    now.vm[0].vcpu[1].exits_total += 500U;
    now.vm[0].vcpu[1].exits[HV_EXIT_IO] += 400U;
    now.vm[0].vcpu[1].run_ticks += 1000000000U;
    now.vm[0].vcpu[1].worst_ticks[HV_EXIT_IO] = 730U;
    now.vm[0].vcpu[1].worst_tsc = 1U;
    print_top_json(out, &before, &now);
    fflush(out);
    assert_non_null(strstr(text, "\"interval_us\":2000000,\"vcpus\":[{\"vm\":\"service\",\"vcpu\":0,"));
    assert_non_null(strstr(text, "\"worst_exit_ticks\":0,\"worst_exit_reason\":null,\"exits_per_second_by_reason\":{}},"));
    expect_text(out, "{\"vm\":\"service\",\"vcpu\":1,\"core\":1,\"exclusive\":false,\"state\":\"runnable\",\"busy_percent\":50.0,"
                     "\"exits_per_second\":250,\"exits_total\":600,\"worst_exit_ticks\":730,\"worst_exit_reason\":\"io\","
                     "\"exits_per_second_by_reason\":{\"io\":200}}");
}

/* REQ-DM-011 */
static void vms_are_listed_as_json(void **state)
{
    struct hv_stats stats;
    FILE *out = begin();
    (void)state;

    fill(&stats);
    print_list_json(out, &stats);
    expect_text(out, "{\"uptime_us\":3661000000,\"vms\":[{\"vm\":0,\"name\":\"service\",\"kind\":\"service\",\"state\":\"running\","
                     "\"exclusive\":false,\"cores\":[0,1,2],\"memory_bytes\":1073741824,\"start_us\":1234000,\"exits_total\":300}]}\n");
}

static void ticks_convert_without_overflow(void **state)
{
    (void)state;
    assert_int_equal(stats_ticks_to(1500U, 1000U, 1000U), 1500U);
    assert_int_equal(stats_ticks_to(3ULL * 3000000000ULL, 3000000000ULL, 1000000U), 3000000U);
    assert_int_equal(stats_ticks_to(~0ULL, 1000000000ULL, 1000U), 18446744073710U);
    assert_int_equal(stats_ticks_to(5U, 0U, 1000U), 0U);
}

static void a_core_that_never_exits_is_busy(void **state)
{
    struct hv_stats before, now;
    FILE *out = begin();
    (void)state;

    fill(&before);
    before.vm[0].exclusive = 1U;
    before.vm[0].vcpu[0].run_ticks = 10U;
    before.vm[0].vcpu[0].last_exit_tsc = 1000U;
    now = before;
    now.tsc += 1000000000U;
    print_top(out, &before, &now);
    expect_text(out, "service/0              0 runnable 100.0          0            100 ");
}

/* REQ-RT-014 */
static void copy_gives_up_on_statistics_that_are_always_being_written(void **state)
{
    struct hv_stats stats, copy;
    (void)state;

    fill(&stats);
    assert_true(stats_copy(&stats, &copy));
    stats.sequence = 1U;
    assert_false(stats_copy(&stats, &copy));
}

static void regions_are_files_of_a_directory(void **state)
{
    char directory[] = "/tmp/bhctl-test-XXXXXX";
    char path[64];
    struct bhctl_options options = { .directory = directory };
    struct bhctl_region region;
    struct hv_stats stats, read;
    FILE *file;
    (void)state;

    assert_non_null(mkdtemp(directory));
    assert_false(region_open(&options, "stats", sizeof(stats), &region));
    snprintf(path, sizeof(path), "%s/region_stats", directory);
    fill(&stats);
    file = fopen(path, "w");
    assert_int_equal(fwrite(&stats, 1U, 100U, file), 100U);
    fclose(file);
    assert_false(region_open(&options, "stats", sizeof(stats), &region)); /* too small */
    file = fopen(path, "w");
    assert_int_equal(fwrite(&stats, sizeof(stats), 1U, file), 1U);
    fclose(file);
    assert_true(region_open(&options, "stats", sizeof(stats), &region));
    assert_true(stats_read(&region, &read));
    assert_memory_equal(&read, &stats, sizeof(stats));
    region_close(&region);
    assert_false(region_open_telemetry(&options, &region));
    unlink(path);
    rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_shows_a_row_for_each_vm_that_exists),
        cmocka_unit_test(list_names_cores_with_gaps),
        cmocka_unit_test(list_survives_counts_and_codes_out_of_range),
        cmocka_unit_test(json_escapes_names),
        cmocka_unit_test(json_names_every_reason),
        cmocka_unit_test(json_gives_the_longest_exit),
        cmocka_unit_test(json_tells_restarts_and_faults),
        cmocka_unit_test(blocked_accesses_are_told_where_there_were_some),
        cmocka_unit_test(top_shows_rates_between_two_readings),
        cmocka_unit_test(top_takes_a_smaller_counter_for_a_restart),
        cmocka_unit_test(top_shows_how_vcpus_share_a_core),
        cmocka_unit_test(top_has_the_same_as_json),
        cmocka_unit_test(vms_are_listed_as_json),
        cmocka_unit_test(ticks_convert_without_overflow),
        cmocka_unit_test(a_core_that_never_exits_is_busy),
        cmocka_unit_test(copy_gives_up_on_statistics_that_are_always_being_written),
        cmocka_unit_test(regions_are_files_of_a_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
