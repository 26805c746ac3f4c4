// SPDX-License-Identifier: Apache-2.0
/* bhctl top: rates between two readings, one line for each vCPU, and how vCPUs share the cores that are not exclusive. */
#include <string.h>

#include "bhctl.h"

#define CLEAR_SCREEN "\033[H\033[2J"
#define CORES        64U

static uint64_t grown(uint64_t before, uint64_t now)
{
    return now >= before ? now - before : now; /* a VM that was restarted counts from 0 again */
}

static uint64_t per_second(uint64_t count, uint64_t ticks, uint64_t hz)
{
    return ticks == 0U ? 0U : (uint64_t)(((double)count * (double)hz) / (double)ticks);
}

static uint64_t between(const struct hv_stats *before, const struct hv_stats *now)
{
    return grown(before->tsc, now->tsc);
}

static uint64_t ran(const struct hv_stats *before, const struct hv_stats *now, uint32_t vm, uint32_t index)
{
    return grown(stats_run_ticks(before, &before->vm[vm], index), stats_run_ticks(now, &now->vm[vm], index));
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole == 0U ? 0.0 : (100.0 * (double)part) / (double)whole;
}

static double worst_us(const struct hv_stats *stats, const struct hv_vcpu_stats *vcpu)
{
    return stats->tsc_hz == 0U ? 0.0 : ((double)vcpu->worst_ticks[stats_worst_reason(vcpu)] * 1e6) / (double)stats->tsc_hz;
}

static uint32_t vcpus_of(const struct hv_vm_stats *vm)
{
    uint32_t count = vm->vcpu_count < HV_STATS_VCPUS ? vm->vcpu_count : HV_STATS_VCPUS;

    return vm->state != 0U ? count : 0U;
}

static uint32_t vms_of(const struct hv_stats *stats)
{
    return stats->vm_count < HV_STATS_VMS ? stats->vm_count : HV_STATS_VMS;
}

static void print_vcpu(FILE *out, const struct hv_stats *old_stats, const struct hv_stats *stats, uint32_t vm_index,
                       uint32_t index)
{
    const struct hv_vcpu_stats *before = &old_stats->vm[vm_index].vcpu[index];
    const struct hv_vcpu_stats *now = &stats->vm[vm_index].vcpu[index];
    uint64_t ticks = between(old_stats, stats);

    fprintf(out, "%4u %-8s %5.1f %10llu %14llu %10.1f %-9s ", now->pcpu, stats_vcpu_state_name(now->state),
            percent(ran(old_stats, stats, vm_index, index), ticks),
            (unsigned long long)per_second(grown(before->exits_total, now->exits_total), ticks, stats->tsc_hz),
            (unsigned long long)now->exits_total, worst_us(stats, now),
            now->worst_tsc != 0U ? stats_reason_name(stats_worst_reason(now)) : "-");
    for (unsigned int reason = 0U; reason < HV_EXIT_REASONS; reason++) {
        uint64_t rate = per_second(grown(before->exits[reason], now->exits[reason]), ticks, stats->tsc_hz);
        if (rate != 0U) {
            fprintf(out, " %s %llu", stats_reason_name(reason), (unsigned long long)rate);
        }
    }
    fputc('\n', out);
}

/* "core 0: service/0 61.2 %, user1/0 30.1 %, rest 8.7 %"; the rest: idle, and the hypervisor at work. */
static void print_core(FILE *out, const struct hv_stats *before, const struct hv_stats *now, uint32_t core)
{
    double rest = 100.0;
    bool any = false;

    for (uint32_t vm = 0U; vm < vms_of(now); vm++) {
        for (uint32_t v = 0U; now->vm[vm].exclusive == 0U && v < vcpus_of(&now->vm[vm]); v++) {
            if (now->vm[vm].vcpu[v].pcpu == core) {
                double share = percent(ran(before, now, vm, v), between(before, now));
                if (!any) {
                    fprintf(out, "core %u: ", core);
                }
                fprintf(out, "%.16s/%u %.1f %%, ", now->vm[vm].name, v, share);
                rest -= share;
                any = true;
            }
        }
    }
    if (any) {
        fprintf(out, "rest %.1f %%\n", rest > 0.0 ? rest : 0.0);
    }
}

void print_top(FILE *out, const struct hv_stats *before, const struct hv_stats *now)
{
    uint64_t up = stats_ticks_to(now->tsc - now->boot_tsc, now->tsc_hz, 1U);

    fprintf(out, "up %llu:%02llu:%02llu\n", (unsigned long long)(up / 3600U), (unsigned long long)((up / 60U) % 60U),
            (unsigned long long)(up % 60U));
    fprintf(out, "%-19s %4s %-8s %5s %10s %14s %10s %-9s  %s\n", "VM/VCPU", "CORE", "STATE", "BUSY%", "EXITS/S", "EXITS",
            "WORST(us)", "OF", "REASONS (EXITS/S)");
    for (uint32_t i = 0U; i < vms_of(now); i++) {
        for (uint32_t v = 0U; v < vcpus_of(&now->vm[i]); v++) {
            char name[24];
            (void)snprintf(name, sizeof(name), "%.16s/%u", now->vm[i].name, v);
            fprintf(out, "%-19s ", name);
            print_vcpu(out, before, now, i, v);
        }
    }
    for (uint32_t core = 0U; core < CORES; core++) {
        print_core(out, before, now, core);
    }
}

static void print_vcpu_json(FILE *out, const struct hv_stats *old_stats, const struct hv_stats *stats, uint32_t vm_index,
                            uint32_t index)
{
    const struct hv_vcpu_stats *before = &old_stats->vm[vm_index].vcpu[index];
    const struct hv_vcpu_stats *now = &stats->vm[vm_index].vcpu[index];
    uint64_t ticks = between(old_stats, stats);
    const char *separator = "";

    fputs("{\"vm\":", out);
    print_json_string(out, stats->vm[vm_index].name, sizeof(stats->vm[vm_index].name));
    fprintf(out, ",\"vcpu\":%u,\"core\":%u,\"exclusive\":%s,\"state\":\"%s\",\"busy_percent\":%.1f,\"exits_per_second\":%llu,"
                 "\"exits_total\":%llu,\"worst_exit_ticks\":%llu,\"worst_exit_reason\":", index, now->pcpu,
            stats->vm[vm_index].exclusive != 0U ? "true" : "false", stats_vcpu_state_name(now->state),
            percent(ran(old_stats, stats, vm_index, index), ticks),
            (unsigned long long)per_second(grown(before->exits_total, now->exits_total), ticks, stats->tsc_hz),
            (unsigned long long)now->exits_total, (unsigned long long)now->worst_ticks[stats_worst_reason(now)]);
    if (now->worst_tsc != 0U) {
        fprintf(out, "\"%s\"", stats_reason_name(stats_worst_reason(now)));
    } else {
        fputs("null", out);
    }
    fputs(",\"exits_per_second_by_reason\":{", out);
    for (unsigned int reason = 0U; reason < HV_EXIT_REASONS; reason++) {
        uint64_t rate = per_second(grown(before->exits[reason], now->exits[reason]), ticks, stats->tsc_hz);
        if (rate != 0U) {
            fprintf(out, "%s\"%s\":%llu", separator, stats_reason_name(reason), (unsigned long long)rate);
            separator = ",";
        }
    }
    fputs("}}", out);
}

void print_top_json(FILE *out, const struct hv_stats *before, const struct hv_stats *now)
{
    const char *separator = "";

    fprintf(out, "{\"tsc\":%llu,\"tsc_hz\":%llu,\"interval_us\":%llu,\"vcpus\":[", (unsigned long long)now->tsc,
            (unsigned long long)now->tsc_hz, (unsigned long long)stats_ticks_to(between(before, now), now->tsc_hz, 1000000U));
    for (uint32_t i = 0U; i < vms_of(now); i++) {
        for (uint32_t v = 0U; v < vcpus_of(&now->vm[i]); v++) {
            fputs(separator, out);
            print_vcpu_json(out, before, now, i, v);
            separator = ",";
        }
    }
    fputs("]}\n", out);
}

static void show(const struct bhctl_options *options, const struct hv_stats *before, const struct hv_stats *now)
{
    if (options->json) {
        print_top_json(stdout, before, now);
    } else {
        fputs(options->batch ? "" : CLEAR_SCREEN, stdout);
        print_top(stdout, before, now);
    }
    (void)fflush(stdout);
}

enum bhctl_exit command_top(const struct bhctl_options *options)
{
    struct bhctl_region region;
    struct hv_stats before;
    struct hv_stats now;
    unsigned long shown = 0UL;
    bool good = region_open(options, "stats", sizeof(now), &region);

    if (!good) {
        return BHCTL_FAILED;
    }
    good = stats_read(&region, &before);
    while (good && (options->count == 0UL || shown < options->count) && bhctl_wait(options->delay_ms)) {
        good = stats_read(&region, &now);
        if (good) {
            show(options, &before, &now);
            before = now;
            shown++;
        }
    }
    region_close(&region);
    return good ? BHCTL_OK : BHCTL_FAILED;
}
