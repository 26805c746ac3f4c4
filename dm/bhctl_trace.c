// SPDX-License-Identifier: Apache-2.0
/* bhctl trace: switches recording on, collects what the cores write, and switches it off again. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bhctl_trace.h"

#define POLL_MS   5UL
#define MAX_COUNT (16U << 20U) /* records of a core: 256 MiB */

/* REQ-DM-012 */
bool trace_valid(const struct hv_trace *trace, size_t size)
{
    return size >= HV_TRACE_SIZE && trace->magic == HV_TRACE_MAGIC && trace->version == HV_TRACE_VERSION &&
           trace->core_count == HV_TRACE_CORES && trace->capacity == HV_TRACE_CAPACITY &&
           trace->record_size == sizeof(struct hv_trace_record);
}

static uint64_t written(const struct hv_trace *trace, uint32_t core)
{
    uint64_t value = *(const volatile uint64_t *)&trace->ring[core].written;

    atomic_thread_fence(memory_order_acquire);
    return value;
}

static bool make_room(struct trace_core *core, size_t more)
{
    size_t room = core->room;
    void *larger;

    while (room < core->count + more && room <= MAX_COUNT / 2U) {
        room = room == 0U ? HV_TRACE_CAPACITY : room * 2U;
    }
    if (room < core->count + more) {
        return false;
    }
    larger = room == core->room ? core->record : realloc(core->record, room * sizeof(*core->record));
    if (larger != NULL) {
        core->record = larger;
        core->room = room;
    }
    return larger != NULL;
}

/* A gap takes the place of what is lost; where one ends already, it grows. */
static void note_lost(struct trace_core *core, uint64_t count)
{
    struct hv_trace_record *last = core->count != 0U ? &core->record[core->count - 1U] : NULL;
    struct hv_trace_record gap = { .tsc = last != NULL ? last->tsc : 0U, .vcpu = HV_TRACE_NO_VCPU, .kind = TRACE_GAP };

    core->lost += count;
    if (last != NULL && last->kind == TRACE_GAP) {
        last->value = count < UINT32_MAX - last->value ? last->value + (uint32_t)count : UINT32_MAX;
    } else if (make_room(core, 1U)) {
        gap.value = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
        core->record[core->count] = gap;
        core->count++;
    }
}

/* REQ-DM-012 */
static void collect_core(struct trace_core *core, const struct hv_trace *trace, uint32_t index)
{
    const struct hv_trace_record *ring =
        (const struct hv_trace_record *)((const char *)trace + HV_TRACE_RINGS + (size_t)index * HV_TRACE_RING);
    static struct hv_trace_record copy[HV_TRACE_CAPACITY];
    uint64_t end = written(trace, index);
    uint64_t first = core->next;
    uint64_t good;

    if (end < first) { /* cannot be; a count that goes back ends the reading of this core */
        return;
    }
    if (end - first > HV_TRACE_CAPACITY) {
        first = end - HV_TRACE_CAPACITY;
    }
    for (uint64_t n = first; n < end; n++) {
        copy[n - first] = ring[n % HV_TRACE_CAPACITY];
    }
    atomic_thread_fence(memory_order_acquire);
    good = written(trace, index);
    /* The record that is being made now lies where number good - capacity was. */
    good = good >= HV_TRACE_CAPACITY ? good - HV_TRACE_CAPACITY + 1U : 0U;
    good = good < first ? first : good;
    good = good > end ? end : good;
    if (good > core->next) {
        note_lost(core, good - core->next);
    }
    if (end > good && make_room(core, (size_t)(end - good))) {
        memcpy(&core->record[core->count], &copy[good - first], (size_t)(end - good) * sizeof(copy[0]));
        core->count += (size_t)(end - good);
    } else if (end > good) {
        note_lost(core, end - good);
    }
    core->next = end;
}

void trace_begin(struct trace_data *data, const struct hv_trace *trace)
{
    memset(data, 0, sizeof(*data));
    data->tsc_hz = trace->tsc_hz;
    for (uint32_t core = 0U; core < HV_TRACE_CORES; core++) {
        data->core[core].next = written(trace, core);
    }
}

void trace_collect(struct trace_data *data, const struct hv_trace *trace)
{
    for (uint32_t core = 0U; core < HV_TRACE_CORES; core++) {
        collect_core(&data->core[core], trace, core);
    }
}

/* Records may be a little older than the start, or younger than the end: the trace covers them. */
void trace_end(struct trace_data *data, const struct hv_stats *stats)
{
    data->stats = *stats;
    data->end_tsc = stats->tsc;
    for (uint32_t vm = 0U; vm < HV_STATS_VMS; vm++) {
        for (uint32_t v = 0U; v < stats->vm[vm].vcpu_count && v < HV_STATS_VCPUS; v++) {
            uint32_t pcpu = stats->vm[vm].vcpu[v].pcpu;
            if (stats->vm[vm].state != 0U && pcpu < HV_TRACE_CORES && pcpu >= data->core_count) {
                data->core_count = pcpu + 1U;
            }
        }
    }
    for (uint32_t index = 0U; index < HV_TRACE_CORES; index++) {
        struct trace_core *core = &data->core[index];
        if (core->count != 0U && core->record[0].kind == TRACE_GAP) {
            core->record[0].tsc = data->start_tsc;
        }
        if (core->count != 0U) {
            data->start_tsc = core->record[0].tsc < data->start_tsc ? core->record[0].tsc : data->start_tsc;
            data->end_tsc = core->record[core->count - 1U].tsc > data->end_tsc ? core->record[core->count - 1U].tsc : data->end_tsc;
            data->core_count = index >= data->core_count ? index + 1U : data->core_count;
        }
    }
}

void trace_free(struct trace_data *data)
{
    for (uint32_t core = 0U; core < HV_TRACE_CORES; core++) {
        free(data->core[core].record);
        data->core[core] = (struct trace_core){ .record = NULL };
    }
}

static bool select_events(const struct bhctl_options *options, uint32_t events)
{
    char directory[512];
    char path[1024];
    FILE *file = NULL;
    bool good = region_directory(options, directory, sizeof(directory));

    if (good) {
        (void)snprintf(path, sizeof(path), "%s/trace_events", directory);
        file = fopen(path, "we");
        good = file != NULL && fprintf(file, "%#x\n", events) > 0;
        good = (file == NULL || fclose(file) == 0) && good;
        if (!good) {
            fprintf(stderr, "bhctl: %s: %s\n", path, strerror(errno));
        }
    }
    return good;
}

static double seconds_since(const struct timespec *begin)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - begin->tv_sec) + ((double)(now.tv_nsec - begin->tv_nsec) / 1e9);
}

/* Ends early, and well, when interrupted: what was collected till then is written. */
static bool record(const struct bhctl_options *options, const struct bhctl_region *region, const struct bhctl_region *stats_region,
                   struct trace_data *data)
{
    const struct hv_trace *trace = region->memory;
    struct hv_stats stats;
    struct timespec begin;
    bool good;

    trace_begin(data, trace);
    good = select_events(options, options->events);
    if (good && !stats_read(stats_region, &stats)) {
        (void)select_events(options, 0U);
        good = false;
    } else if (good) {
        data->start_tsc = stats.tsc;
        (void)clock_gettime(CLOCK_MONOTONIC, &begin);
        do {
            trace_collect(data, trace);
        } while (bhctl_wait(POLL_MS) && seconds_since(&begin) < options->seconds);
        good = select_events(options, 0U);
        trace_collect(data, trace);
        good = stats_read(stats_region, &stats) && good;
    }
    if (good) {
        trace_end(data, &stats);
    }
    return good;
}

static bool export(const struct bhctl_options *options, const struct trace_data *data)
{
    FILE *out;
    bool good;

    if (options->ctf) {
        return ctf_write(options->output, data);
    }
    out = fopen(options->output, "we");
    if (out == NULL) {
        fprintf(stderr, "bhctl: %s: %s\n", options->output, strerror(errno));
        return false;
    }
    perfetto_write(out, data);
    good = fflush(out) == 0 && ferror(out) == 0;
    good = fclose(out) == 0 && good;
    if (!good) {
        fprintf(stderr, "bhctl: %s: cannot be written\n", options->output);
    }
    return good;
}

/* REQ-DM-012 */
static void print_summary(FILE *out, const struct bhctl_options *options, const struct trace_data *data)
{
    uint64_t us = stats_ticks_to(data->end_tsc - data->start_tsc, data->tsc_hz, 1000000U);

    if (options->json) {
        fputs("{\"output\":", out);
        print_json_string(out, options->output, strlen(options->output));
        fprintf(out, ",\"format\":\"%s\",\"tsc_hz\":%llu,\"start_tsc\":%llu,\"duration_us\":%llu,\"cores\":[",
                options->ctf ? "ctf" : "perfetto", (unsigned long long)data->tsc_hz, (unsigned long long)data->start_tsc,
                (unsigned long long)us);
    }
    for (uint32_t core = 0U; core < data->core_count; core++) {
        uint64_t lost = data->core[core].lost;
        uint64_t count = 0U;
        for (size_t i = 0U; i < data->core[core].count; i++) {
            count += data->core[core].record[i].kind != TRACE_GAP ? 1U : 0U;
        }
        if (options->json) {
            fprintf(out, "%s{\"core\":%u,\"records\":%llu,\"lost\":%llu}", core == 0U ? "" : ",", core,
                    (unsigned long long)count, (unsigned long long)lost);
        } else {
            fprintf(out, "core %u: %llu records, %llu lost\n", core, (unsigned long long)count, (unsigned long long)lost);
        }
    }
    if (options->json) {
        fputs("]}\n", out);
    } else {
        fprintf(out, "%s: %llu.%06llu s\n", options->output, (unsigned long long)(us / 1000000U), (unsigned long long)(us % 1000000U));
    }
}

enum bhctl_exit command_trace(const struct bhctl_options *options)
{
    static struct trace_data data;
    struct bhctl_region region;
    struct bhctl_region stats;
    bool good = region_open(options, "trace", HV_TRACE_SIZE, &region);

    if (!good) {
        return BHCTL_FAILED;
    }
    good = trace_valid(region.memory, region.size);
    if (!good) {
        fprintf(stderr, "bhctl: region_trace holds no trace of this version\n");
    } else if (region_open(options, "stats", sizeof(struct hv_stats), &stats)) {
        good = record(options, &region, &stats, &data) && export(options, &data);
        if (good) {
            print_summary(stdout, options, &data);
        }
        trace_free(&data);
        region_close(&stats);
    } else {
        good = false;
    }
    region_close(&region);
    return good ? BHCTL_OK : BHCTL_FAILED;
}
