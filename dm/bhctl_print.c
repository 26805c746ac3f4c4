// SPDX-License-Identifier: Apache-2.0
/* bhctl list and bhctl stats: the statistics as a table and as JSON. */
#include <string.h>

#include "bhctl.h"

static uint32_t vcpus_of(const struct hv_vm_stats *vm)
{
    return vm->vcpu_count < HV_STATS_VCPUS ? vm->vcpu_count : HV_STATS_VCPUS;
}

static uint32_t vms_of(const struct hv_stats *stats)
{
    return stats->vm_count < HV_STATS_VMS ? stats->vm_count : HV_STATS_VMS;
}

/* text: up to size bytes, ends at a NUL if there is one. */
void print_json_string(FILE *out, const char *text, size_t size)
{
    fputc('"', out);
    for (size_t i = 0U; i < size && text[i] != '\0'; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\') {
            fprintf(out, "\\%c", c);
        } else if (c < 0x20U || c >= 0x7fU) {
            fprintf(out, "\\u%04x", c);
        } else {
            fputc(c, out);
        }
    }
    fputc('"', out);
}

/* "0-2,5": which physical cores the vCPUs run on. */
static void format_cores(const struct hv_vm_stats *vm, char *text, size_t size)
{
    uint32_t used[HV_STATS_VCPUS * 8U] = { 0U };
    size_t length = 0U;

    text[0] = '\0';
    for (uint32_t i = 0U; i < vcpus_of(vm); i++) {
        if (vm->vcpu[i].pcpu < sizeof(used) / sizeof(used[0])) {
            used[vm->vcpu[i].pcpu] = 1U;
        }
    }
    for (uint32_t core = 0U; core < sizeof(used) / sizeof(used[0]); core++) {
        uint32_t last = core;
        if (used[core] == 0U) {
            continue;
        }
        while (last + 1U < sizeof(used) / sizeof(used[0]) && used[last + 1U] != 0U) {
            last++;
        }
        if (length < size) {
            length += (size_t)snprintf(text + length, size - length, last == core ? "%s%u" : "%s%u-%u",
                                       length == 0U ? "" : ",", core, last);
        }
        core = last;
    }
}

static void print_vm_row(FILE *out, const struct hv_stats *stats, const struct hv_vm_stats *vm)
{
    char cores[64];
    char tables[32];
    uint64_t start_ms = stats_ticks_to(vm->start_tsc - stats->boot_tsc, stats->tsc_hz, 1000U);

    format_cores(vm, cores, sizeof(cores));
    (void)snprintf(tables, sizeof(tables), "%u/%u", vm->pages_used, vm->pages_quota);
    fprintf(out, "%-16.16s %-12s %-8s %-8s %-5s %7llu MiB %11s ", vm->name, stats_vm_kind_name(vm->kind),
            stats_vm_state_name(vm->state), cores, vm->exclusive != 0U ? "yes" : "no",
            (unsigned long long)(vm->memory_size >> 20U), tables);
    if (vm->start_tsc >= stats->boot_tsc && vm->start_tsc != 0U) {
        fprintf(out, "%7llu.%03llu s", (unsigned long long)(start_ms / 1000U), (unsigned long long)(start_ms % 1000U));
    } else {
        fprintf(out, "%13s", "-");
    }
    fprintf(out, " %12llu\n", (unsigned long long)stats_vm_exits(vm));
}

void print_list(FILE *out, const struct hv_stats *stats)
{
    fprintf(out, "%-16s %-12s %-8s %-8s %-5s %11s %11s %13s %12s\n", "NAME", "KIND", "STATE", "CORES", "EXCL", "MEMORY",
            "TABLES", "STARTED", "EXITS");
    for (uint32_t i = 0U; i < vms_of(stats); i++) {
        if (stats->vm[i].state != 0U) {
            print_vm_row(out, stats, &stats->vm[i]);
        }
    }
}

/* REQ-DM-011 */
void print_list_json(FILE *out, const struct hv_stats *stats)
{
    const char *separator = "";

    fprintf(out, "{\"uptime_us\":%llu,\"vms\":[", (unsigned long long)stats_ticks_to(stats->tsc - stats->boot_tsc, stats->tsc_hz, 1000000U));
    for (uint32_t i = 0U; i < vms_of(stats); i++) {
        const struct hv_vm_stats *vm = &stats->vm[i];
        if (vm->state == 0U) {
            continue;
        }
        fprintf(out, "%s{\"vm\":%u,\"name\":", separator, i);
        print_json_string(out, vm->name, sizeof(vm->name));
        fprintf(out, ",\"kind\":\"%s\",\"state\":\"%s\",\"exclusive\":%s,\"cores\":[", stats_vm_kind_name(vm->kind),
                stats_vm_state_name(vm->state), vm->exclusive != 0U ? "true" : "false");
        for (uint32_t v = 0U; v < vcpus_of(vm); v++) {
            fprintf(out, "%s%u", v == 0U ? "" : ",", vm->vcpu[v].pcpu);
        }
        fprintf(out, "],\"memory_bytes\":%llu,\"start_us\":%llu,\"exits_total\":%llu}", (unsigned long long)vm->memory_size,
                (unsigned long long)(vm->start_tsc >= stats->boot_tsc
                                         ? stats_ticks_to(vm->start_tsc - stats->boot_tsc, stats->tsc_hz, 1000000U) : 0U),
                (unsigned long long)stats_vm_exits(vm));
        separator = ",";
    }
    fputs("]}\n", out);
}

static void print_vcpu_json(FILE *out, const struct hv_stats *stats, const struct hv_vm_stats *vm, uint32_t index)
{
    const struct hv_vcpu_stats *vcpu = &vm->vcpu[index];

    fprintf(out, "{\"vcpu\":%u,\"core\":%u,\"state\":\"%s\",\"exits_total\":%llu,\"last_exit_tsc\":%llu,\"run_us\":%llu,"
                 "\"exits\":{", index, vcpu->pcpu, stats_vcpu_state_name(vcpu->state), (unsigned long long)vcpu->exits_total,
            (unsigned long long)vcpu->last_exit_tsc,
            (unsigned long long)stats_ticks_to(stats_run_ticks(stats, vm, index), stats->tsc_hz, 1000000U));
    for (unsigned int reason = 0U; reason < HV_EXIT_REASONS; reason++) {
        fprintf(out, "%s\"%s\":%llu", reason == 0U ? "" : ",", stats_reason_name(reason),
                (unsigned long long)vcpu->exits[reason]);
    }
    fputs("},\"worst_ticks\":{", out);
    for (unsigned int reason = 0U; reason < HV_EXIT_REASONS; reason++) {
        fprintf(out, "%s\"%s\":%llu", reason == 0U ? "" : ",", stats_reason_name(reason),
                (unsigned long long)vcpu->worst_ticks[reason]);
    }
    fprintf(out, "},\"worst_exit_ticks\":%llu,\"worst_exit_tsc\":%llu}",
            (unsigned long long)vcpu->worst_ticks[stats_worst_reason(vcpu)], (unsigned long long)vcpu->worst_tsc);
}

static void print_vm_json(FILE *out, const struct hv_stats *stats, const struct hv_vm_stats *vm, uint32_t index)
{
    fprintf(out, "{\"vm\":%u,\"name\":", index);
    print_json_string(out, vm->name, sizeof(vm->name));
    fprintf(out, ",\"kind\":\"%s\",\"state\":\"%s\",\"exclusive\":%s,\"memory_bytes\":%llu,\"tables_used\":%u,"
                 "\"tables_quota\":%u,\"start_tsc\":%llu,\"start_us\":%llu,\"exits_total\":%llu,",
            stats_vm_kind_name(vm->kind), stats_vm_state_name(vm->state), vm->exclusive != 0U ? "true" : "false",
            (unsigned long long)vm->memory_size, vm->pages_used, vm->pages_quota, (unsigned long long)vm->start_tsc,
            (unsigned long long)(vm->start_tsc >= stats->boot_tsc
                                     ? stats_ticks_to(vm->start_tsc - stats->boot_tsc, stats->tsc_hz, 1000000U) : 0U),
            (unsigned long long)stats_vm_exits(vm));
    fprintf(out, "\"restarts\":%u,\"last_fault\":\"%s\",\"last_fault_tsc\":%llu,\"triple_faults\":%u,\"stage2_violations\":%u,"
                 "\"machine_checks\":%u,\"missed_heartbeats\":%u,\"dma_faults\":%llu,\"vcpus\":[",
            vm->restarts, stats_fault_name(vm->last_fault), (unsigned long long)vm->last_fault_tsc, vm->faults[0], vm->faults[1],
            vm->faults[2], vm->faults[3], (unsigned long long)vm->dma_faults);
    for (uint32_t i = 0U; i < vcpus_of(vm); i++) {
        fputs(i == 0U ? "" : ",", out);
        print_vcpu_json(out, stats, vm, i);
    }
    fputs("]}", out);
}

void print_stats_json(FILE *out, const struct hv_stats *stats)
{
    const char *separator = "";

    fprintf(out, "{\"tsc\":%llu,\"tsc_hz\":%llu,\"boot_tsc\":%llu,\"uptime_us\":%llu,\"vms\":[",
            (unsigned long long)stats->tsc, (unsigned long long)stats->tsc_hz, (unsigned long long)stats->boot_tsc,
            (unsigned long long)stats_ticks_to(stats->tsc - stats->boot_tsc, stats->tsc_hz, 1000000U));
    for (uint32_t i = 0U; i < vms_of(stats); i++) {
        if (stats->vm[i].state != 0U) {
            fputs(separator, out);
            print_vm_json(out, stats, &stats->vm[i], i);
            separator = ",";
        }
    }
    fputs("]}\n", out);
}

void print_stats_text(FILE *out, const struct hv_stats *stats)
{
    for (uint32_t i = 0U; i < vms_of(stats); i++) {
        const struct hv_vm_stats *vm = &stats->vm[i];
        if (vm->state != 0U && vm->last_fault != 0U) {
            fprintf(out, "%.16s: %u restarts, last fault %s; missed heartbeats %u\n", vm->name, vm->restarts,
                    stats_fault_name(vm->last_fault), vm->faults[3]);
        }
        if (vm->state != 0U && vm->dma_faults != 0U) {
            fprintf(out, "%.16s: %llu accesses of its devices were blocked\n", vm->name, (unsigned long long)vm->dma_faults);
        }
        for (uint32_t v = 0U; vm->state != 0U && v < vcpus_of(vm); v++) {
            fprintf(out, "%.16s/%u core %u %s: %llu exits, %llu ms in the guest", vm->name, v, vm->vcpu[v].pcpu,
                    stats_vcpu_state_name(vm->vcpu[v].state), (unsigned long long)vm->vcpu[v].exits_total,
                    (unsigned long long)stats_ticks_to(stats_run_ticks(stats, vm, v), stats->tsc_hz, 1000U));
            for (unsigned int reason = 0U; reason < HV_EXIT_REASONS; reason++) {
                if (vm->vcpu[v].exits[reason] != 0U) {
                    fprintf(out, ", %s %llu (worst %llu ticks)", stats_reason_name(reason),
                            (unsigned long long)vm->vcpu[v].exits[reason],
                            (unsigned long long)vm->vcpu[v].worst_ticks[reason]);
                }
            }
            fputc('\n', out);
        }
    }
}

static bool read_once(const struct bhctl_options *options, struct hv_stats *stats)
{
    struct bhctl_region region;
    bool good = region_open(options, "stats", sizeof(*stats), &region);

    if (good) {
        good = stats_read(&region, stats);
        region_close(&region);
    }
    return good;
}

enum bhctl_exit command_list(const struct bhctl_options *options)
{
    struct hv_stats stats;
    bool good = read_once(options, &stats);

    if (good && options->json) {
        print_list_json(stdout, &stats);
    } else if (good) {
        print_list(stdout, &stats);
    }
    return good ? BHCTL_OK : BHCTL_FAILED;
}

enum bhctl_exit command_stats(const struct bhctl_options *options)
{
    struct hv_stats stats;
    bool good = read_once(options, &stats);

    if (good && options->json) {
        print_stats_json(stdout, &stats);
    } else if (good) {
        print_list(stdout, &stats);
        print_stats_text(stdout, &stats);
    }
    return good ? BHCTL_OK : BHCTL_FAILED;
}
