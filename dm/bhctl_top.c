// SPDX-License-Identifier: Apache-2.0
/* bhctl top: rates between two readings, one line for each vCPU. */
#include <string.h>

#include "bhctl.h"

#define CLEAR_SCREEN "\033[H\033[2J"

static uint64_t grown(uint64_t before, uint64_t now)
{
    return now >= before ? now - before : now; /* a VM that was restarted counts from 0 again */
}

static uint64_t per_second(uint64_t count, uint64_t ticks, uint64_t hz)
{
    return ticks == 0U ? 0U : (uint64_t)(((double)count * (double)hz) / (double)ticks);
}

static void print_vcpu(FILE *out, const struct hv_stats *old_stats, const struct hv_stats *stats, uint32_t vm_index,
                       uint32_t index)
{
    const struct hv_vcpu_stats *before = &old_stats->vm[vm_index].vcpu[index];
    const struct hv_vcpu_stats *now = &stats->vm[vm_index].vcpu[index];
    uint64_t ticks = grown(old_stats->tsc, stats->tsc);
    uint64_t hz = stats->tsc_hz;
    uint64_t ran = grown(stats_run_ticks(old_stats, &old_stats->vm[vm_index], index),
                         stats_run_ticks(stats, &stats->vm[vm_index], index));

    fprintf(out, "%4u %-8s %5.1f %10llu %14llu %10llu ", now->pcpu, stats_vcpu_state_name(now->state),
            ticks == 0U ? 0.0 : (100.0 * (double)ran) / (double)ticks,
            (unsigned long long)per_second(grown(before->exits_total, now->exits_total), ticks, hz),
            (unsigned long long)now->exits_total, (unsigned long long)now->worst_ticks[stats_worst_reason(now)]);
    for (unsigned int reason = 0U; reason < HV_EXIT_REASONS; reason++) {
        uint64_t rate = per_second(grown(before->exits[reason], now->exits[reason]), ticks, hz);
        if (rate != 0U) {
            fprintf(out, " %s %llu", stats_reason_name(reason), (unsigned long long)rate);
        }
    }
    fputc('\n', out);
}

void print_top(FILE *out, const struct hv_stats *before, const struct hv_stats *now)
{
    uint64_t up = stats_ticks_to(now->tsc - now->boot_tsc, now->tsc_hz, 1U);

    fprintf(out, "up %llu:%02llu:%02llu\n", (unsigned long long)(up / 3600U), (unsigned long long)((up / 60U) % 60U),
            (unsigned long long)(up % 60U));
    fprintf(out, "%-19s %4s %-8s %5s %10s %14s %10s  %s\n", "VM/VCPU", "CORE", "STATE", "BUSY%", "EXITS/S", "EXITS",
            "WORSTTICKS", "REASONS (EXITS/S)");
    for (uint32_t i = 0U; i < now->vm_count && i < HV_STATS_VMS; i++) {
        const struct hv_vm_stats *vm = &now->vm[i];
        for (uint32_t v = 0U; vm->state != 0U && v < vm->vcpu_count && v < HV_STATS_VCPUS; v++) {
            char name[24];
            (void)snprintf(name, sizeof(name), "%.16s/%u", vm->name, v);
            fprintf(out, "%-19s ", name);
            print_vcpu(out, before, now, i, v);
        }
    }
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
            fputs(options->batch ? "" : CLEAR_SCREEN, stdout);
            print_top(stdout, &before, &now);
            (void)fflush(stdout);
            before = now;
            shown++;
        }
    }
    region_close(&region);
    return good ? BHCTL_OK : BHCTL_FAILED;
}
