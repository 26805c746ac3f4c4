// SPDX-License-Identifier: Apache-2.0
/*
 * bhctl rt: the real-time VM's own telemetry beside what the hypervisor knows of
 * it. Latency is in TSC ticks and measured by the VM; exits are counted by the
 * hypervisor. Exits in steady state: none when no vCPU's last exit came after
 * the end of warm-up.
 */
#include <string.h>

#include "bhctl.h"

#define CLEAR_SCREEN "\033[H\033[2J"

/* The exclusive VM that started last before the telemetry did. */
static const struct hv_vm_stats *find_vm(const struct hv_stats *stats, uint64_t start_tsc)
{
    const struct hv_vm_stats *found = NULL;

    for (uint32_t i = 0U; i < stats->vm_count && i < HV_STATS_VMS; i++) {
        const struct hv_vm_stats *vm = &stats->vm[i];
        if (vm->state != 0U && vm->exclusive != 0U && vm->start_tsc <= start_tsc &&
            (found == NULL || vm->start_tsc > found->start_tsc)) {
            found = vm;
        }
    }
    return found;
}

/* REQ-RT-014 */
static bool exited_after(const struct hv_vm_stats *vm, uint64_t tsc)
{
    bool after = false;

    for (uint32_t i = 0U; i < vm->vcpu_count && i < HV_STATS_VCPUS; i++) {
        after = after || vm->vcpu[i].last_exit_tsc > tsc;
    }
    return after;
}

static void report_exits(struct rt_report *report, const struct rt_telemetry *telemetry, const struct hv_stats *stats,
                         const struct hv_stats *before)
{
    const struct hv_vm_stats *vm = find_vm(stats, telemetry->start_tsc);
    uint64_t earlier;

    if (vm == NULL) {
        return;
    }
    report->vm_known = true;
    memcpy(report->vm_name, vm->name, sizeof(report->vm_name));
    report->exits_total = stats_vm_exits(vm);
    report->exits_known = telemetry->steady_tsc != 0U;
    if (report->exits_known && !exited_after(vm, telemetry->steady_tsc)) {
        report->exits_exact = true;
    } else if (report->exits_known) {
        earlier = before != NULL ? stats_vm_exits(&before->vm[vm - stats->vm]) : report->exits_total - 1U;
        report->exits = report->exits_total > earlier ? report->exits_total - earlier : 1U;
    }
}

/* Latency at or below which 9,999 of 10,000 samples lie. */
static uint64_t percentile_9999(const uint32_t *histogram, uint64_t counted)
{
    uint64_t wanted = counted - (counted / 10000U);
    uint64_t seen = 0U;
    uint32_t bucket = 0U;

    while (bucket < RT_BUCKETS && seen + histogram[bucket] < wanted) {
        seen += histogram[bucket];
        bucket++;
    }
    return rt_bucket_value(bucket);
}

void rt_report_make(struct rt_report *report, const struct rt_telemetry *telemetry, const struct hv_stats *stats,
                    const struct hv_stats *before)
{
    uint64_t counted = 0U;

    memset(report, 0, sizeof(*report));
    for (uint32_t i = 0U; i < RT_BUCKETS; i++) {
        counted += telemetry->histogram[i];
    }
    report->state = telemetry->state;
    report->round_trip = telemetry->measured == (uint32_t)RT_ROUND_TRIP;
    report->tsc_hz = telemetry->tsc_hz;
    report->period_ticks = telemetry->period_ticks;
    report->interrupts = telemetry->interrupts;
    report->samples = telemetry->samples;
    report->overruns = telemetry->overruns;
    if (counted != 0U) {
        report->min_ticks = telemetry->latency_min;
        report->max_ticks = telemetry->latency_max;
        report->mean_ticks = telemetry->samples == 0U ? 0U : telemetry->latency_sum / telemetry->samples;
        report->p50_ticks = rt_percentile(telemetry->histogram, counted, 500U);
        report->p99_ticks = rt_percentile(telemetry->histogram, counted, 990U);
        report->p9999_known = counted >= 10000U;
        report->p9999_ticks = report->p9999_known ? percentile_9999(telemetry->histogram, counted) : 0U;
    }
    if (stats != NULL) {
        report_exits(report, telemetry, stats, before);
    }
}

static const char *state_name(uint32_t state)
{
    static const char *const names[] = { "-", "starting", "warm-up", "steady", "finished" };

    return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void print_latency(FILE *out, const char *name, uint64_t ticks, uint64_t hz)
{
    fprintf(out, "  %-6s %10llu ticks %10.3f us\n", name, (unsigned long long)ticks,
            hz == 0U ? 0.0 : ((double)ticks * 1e6) / (double)hz);
}

void print_rt(FILE *out, const struct rt_report *report)
{
    fprintf(out, "%.16s: %s, period %llu us\n", report->vm_known ? report->vm_name : "real-time VM",
            state_name(report->state),
            (unsigned long long)stats_ticks_to(report->period_ticks, report->tsc_hz, 1000000U));
    fprintf(out, "  %llu timer interrupts, %llu samples, %llu overruns\n", (unsigned long long)report->interrupts,
            (unsigned long long)report->samples, (unsigned long long)report->overruns);
    if (report->exits_known) {
        fprintf(out, "  VM exits in steady state: %s%llu (%llu since the start)\n", report->exits_exact ? "" : "at least ",
                (unsigned long long)report->exits, (unsigned long long)report->exits_total);
    } else {
        fprintf(out, "  VM exits in steady state: %s\n", report->vm_known ? "not there yet" : "unknown");
    }
    fprintf(out, report->round_trip ? "  round trip of a frame:\n" : "  latency:\n");
    print_latency(out, "min", report->min_ticks, report->tsc_hz);
    print_latency(out, "p50", report->p50_ticks, report->tsc_hz);
    print_latency(out, "p99", report->p99_ticks, report->tsc_hz);
    if (report->p9999_known) {
        print_latency(out, "p99.99", report->p9999_ticks, report->tsc_hz);
    } else {
        fprintf(out, "  %-6s %10s: fewer than 10000 samples\n", "p99.99", "unknown");
    }
    print_latency(out, "max", report->max_ticks, report->tsc_hz);
    if (report->histogram != NULL) {
        print_histogram(out, report->histogram, report->tsc_hz);
    }
}

/* Buckets that were never hit are left out. */
static void print_histogram_json(FILE *out, const uint32_t *histogram)
{
    const char *separator = "";

    fputs(",\"histogram\":[", out);
    for (uint32_t bucket = 0U; bucket < RT_BUCKETS; bucket++) {
        if (histogram[bucket] != 0U) {
            fprintf(out, "%s[%llu,%u]", separator, (unsigned long long)rt_bucket_value(bucket), histogram[bucket]);
            separator = ",";
        }
    }
    fputc(']', out);
}

void print_rt_json(FILE *out, const struct rt_report *report)
{
    fprintf(out, "{\"vm\":");
    if (report->vm_known) {
        print_json_string(out, report->vm_name, sizeof(report->vm_name));
    } else {
        fputs("null", out);
    }
    fprintf(out, ",\"state\":\"%s\",\"measured\":\"%s\",\"tsc_hz\":%llu,\"period_ticks\":%llu,\"interrupts\":%llu,\"samples\":%llu,"
                 "\"overruns\":%llu,\"latency_ticks\":{\"min\":%llu,\"p50\":%llu,\"p99\":%llu,\"p99.99\":",
            state_name(report->state), report->round_trip ? "round trip" : "timer", (unsigned long long)report->tsc_hz,
            (unsigned long long)report->period_ticks, (unsigned long long)report->interrupts, (unsigned long long)report->samples,
            (unsigned long long)report->overruns, (unsigned long long)report->min_ticks,
            (unsigned long long)report->p50_ticks, (unsigned long long)report->p99_ticks);
    if (report->p9999_known) {
        fprintf(out, "%llu", (unsigned long long)report->p9999_ticks);
    } else {
        fputs("null", out);
    }
    fprintf(out, ",\"max\":%llu,\"mean\":%llu},", (unsigned long long)report->max_ticks, (unsigned long long)report->mean_ticks);
    if (report->exits_known) {
        fprintf(out, "\"steady_exits\":%llu,\"steady_exits_exact\":%s,", (unsigned long long)report->exits,
                report->exits_exact ? "true" : "false");
    } else {
        fputs("\"steady_exits\":null,\"steady_exits_exact\":false,", out);
    }
    fprintf(out, "\"exits_total\":%llu", (unsigned long long)report->exits_total);
    if (report->histogram != NULL) {
        print_histogram_json(out, report->histogram);
    }
    fputs("}\n", out);
}

static bool show(const struct bhctl_options *options, const struct bhctl_region *telemetry,
                 const struct bhctl_region *stats_region, bool first)
{
    static struct hv_stats base; /* the first reading in steady state: from there on exits are counted exactly */
    static bool base_valid;
    struct hv_stats stats;
    struct rt_report report;
    bool good = stats_read(stats_region, &stats);

    if (good) {
        rt_report_make(&report, telemetry->memory, &stats, base_valid ? &base : NULL);
        if (!base_valid && report.exits_known && report.exits_exact) {
            base = stats;
            base_valid = true;
        }
        report.histogram = options->histogram || !options->json ? ((const struct rt_telemetry *)telemetry->memory)->histogram : NULL;
        if (options->json) {
            print_rt_json(stdout, &report);
        } else {
            fputs(options->once || (first && options->count == 1UL) ? "" : CLEAR_SCREEN, stdout);
            print_rt(stdout, &report);
        }
        good = fflush(stdout) == 0;
    }
    return good;
}

enum bhctl_exit command_rt(const struct bhctl_options *options)
{
    struct bhctl_region telemetry;
    struct bhctl_region stats;
    unsigned long limit = options->once ? 1UL : options->count;
    unsigned long shown = 0UL;
    bool good = region_open_telemetry(options, &telemetry);

    if (!good) {
        return BHCTL_FAILED;
    }
    good = region_open(options, "stats", sizeof(struct hv_stats), &stats);
    if (good) {
        do {
            good = show(options, &telemetry, &stats, shown == 0UL);
            shown++;
        } while (good && (limit == 0UL || shown < limit) && bhctl_wait(options->delay_ms));
        region_close(&stats);
    }
    region_close(&telemetry);
    return good ? BHCTL_OK : BHCTL_FAILED;
}
