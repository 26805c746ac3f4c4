// SPDX-License-Identifier: Apache-2.0
/*
 * The trace as JSON of Chrome's trace event format, which Perfetto reads. Process 1 has a track for each core: who
 * runs there, what the hypervisor does, and waits. Each VM is a process with a track for each vCPU: in the guest,
 * and the exits. Complete events ("X") have begin and length in microseconds; instants ("i") are what happened.
 */
#include <string.h>

#include "bhctl_trace.h"

#define CORES_PID 1U
#define VM_PID    10U /* VM v is process VM_PID + v */

enum core_state { UNKNOWN, GUEST, HYPERVISOR, IDLE };

struct track {
    FILE *out;
    const struct trace_data *data;
    uint32_t core;
    enum core_state state;
    uint64_t since;
    uint8_t vcpu;       /* in the guest, or whose exit it is; HV_TRACE_NO_VCPU: none */
    uint32_t reason;    /* of that exit */
};

static void comma(FILE *out)
{
    fputs(",\n", out); /* the first event is written without one */
}

/* Microseconds since the start, to the nanosecond. */
static void print_time(FILE *out, uint64_t ticks, uint64_t hz)
{
    uint64_t ns = stats_ticks_to(ticks, hz, 1000000000U);

    fprintf(out, "%llu.%03llu", (unsigned long long)(ns / 1000U), (unsigned long long)(ns % 1000U));
}

static void print_place(FILE *out, uint32_t pid, uint32_t tid)
{
    fprintf(out, "\"pid\":%u,\"tid\":%u", pid, tid);
}

static void print_name(FILE *out, const char *what, uint32_t pid, uint32_t tid, const char *name)
{
    fprintf(out, "{\"ph\":\"M\",\"name\":\"%s\",", what);
    print_place(out, pid, tid);
    fputs(",\"args\":{\"name\":", out);
    print_json_string(out, name, strlen(name));
    fputs("}}", out);
}

static uint64_t from_start(const struct track *track, uint64_t tsc)
{
    return tsc > track->data->start_tsc ? tsc - track->data->start_tsc : 0U;
}

static void print_slice(const struct track *track, uint32_t pid, uint32_t tid, const char *name, uint64_t end)
{
    FILE *out = track->out;
    uint64_t begin = from_start(track, track->since);
    uint64_t length = from_start(track, end) > begin ? from_start(track, end) - begin : 0U;

    comma(out);
    fputs("{\"ph\":\"X\",\"name\":", out);
    print_json_string(out, name, strlen(name));
    fputc(',', out);
    print_place(out, pid, tid);
    fputs(",\"ts\":", out);
    print_time(out, begin, track->data->tsc_hz);
    fputs(",\"dur\":", out);
    print_time(out, length, track->data->tsc_hz);
    fputc('}', out);
}

static uint32_t vcpu_pid(uint8_t vcpu)
{
    return VM_PID + (vcpu / HV_STATS_VCPUS);
}

static uint32_t vcpu_tid(uint8_t vcpu)
{
    return 1U + (vcpu % HV_STATS_VCPUS);
}

/* The state that lasted until now becomes a slice of the core's track, and of its vCPU's. */
static void close_state(struct track *track, uint64_t now)
{
    char text[48];
    char name[32];

    if (track->state == GUEST) {
        print_slice(track, CORES_PID, track->core + 1U, trace_vcpu_name(track->data, track->vcpu, name, sizeof(name)), now);
        if (track->vcpu != HV_TRACE_NO_VCPU) {
            print_slice(track, vcpu_pid(track->vcpu), vcpu_tid(track->vcpu), "guest", now);
        }
    } else if (track->state == HYPERVISOR && track->vcpu != HV_TRACE_NO_VCPU) {
        (void)snprintf(text, sizeof(text), "exit: %s", stats_reason_name(track->reason));
        print_slice(track, CORES_PID, track->core + 1U, text, now);
        print_slice(track, vcpu_pid(track->vcpu), vcpu_tid(track->vcpu), text, now);
    } else if (track->state != UNKNOWN) {
        print_slice(track, CORES_PID, track->core + 1U, track->state == IDLE ? "idle" : "hypervisor", now);
    }
}

static void enter_state(struct track *track, enum core_state state, const struct hv_trace_record *record)
{
    close_state(track, record->tsc);
    track->state = state;
    track->since = record->tsc;
    track->vcpu = record->vcpu;
    track->reason = record->arg;
}

static void print_instant(const struct track *track, const struct hv_trace_record *record)
{
    FILE *out = track->out;
    bool of_core = record->vcpu == HV_TRACE_NO_VCPU;
    char name[32];

    comma(out);
    fprintf(out, "{\"ph\":\"i\",\"s\":\"t\",\"name\":\"%s\",", trace_kind_name(record->kind));
    print_place(out, of_core ? CORES_PID : vcpu_pid(record->vcpu), of_core ? track->core + 1U : vcpu_tid(record->vcpu));
    fputs(",\"ts\":", out);
    print_time(out, from_start(track, record->tsc), track->data->tsc_hz);
    fprintf(out, ",\"args\":{\"core\":%u", track->core);
    switch (record->kind) {
    case HV_TRACE_SWITCH:
        fputs(",\"from\":", out);
        print_json_string(out, trace_vcpu_name(track->data, (uint8_t)record->arg, name, sizeof(name)), sizeof(name));
        break;
    case HV_TRACE_INTERRUPT:
        fprintf(out, ",\"vector\":%u", record->arg);
        break;
    case HV_TRACE_HYPERCALL:
        fprintf(out, ",\"number\":%u,\"parameter\":%u", record->arg, record->value);
        break;
    case HV_TRACE_KICK:
        fprintf(out, ",\"to\":%u", record->arg);
        break;
    case TRACE_GAP:
        fprintf(out, ",\"lost\":%u", record->value);
        break;
    default:
        break;
    }
    fputs("}}", out);
}

/* What the first record says of the time before it. */
static void begin_track(struct track *track, const struct hv_trace_record *first)
{
    track->since = track->data->start_tsc;
    if (first->kind == HV_TRACE_EXIT) {
        track->state = GUEST;
        track->vcpu = first->vcpu;
    } else if (first->kind == HV_TRACE_BUSY) {
        track->state = IDLE;
    }
}

static void write_record(struct track *track, const struct hv_trace_record *record)
{
    switch (record->kind) {
    case HV_TRACE_ENTRY:
        enter_state(track, GUEST, record);
        break;
    case HV_TRACE_EXIT:
        enter_state(track, HYPERVISOR, record);
        break;
    case HV_TRACE_REFUSED: /* the guest did not run: the attempt belongs to the hypervisor */
        track->state = track->state == GUEST ? HYPERVISOR : track->state;
        track->vcpu = HV_TRACE_NO_VCPU;
        print_instant(track, record);
        break;
    case HV_TRACE_IDLE:
        enter_state(track, IDLE, record);
        break;
    case HV_TRACE_BUSY:
        enter_state(track, HYPERVISOR, record);
        break;
    case TRACE_GAP: /* what was going on then is not known, and what came next neither */
        close_state(track, record->tsc);
        track->state = UNKNOWN;
        print_instant(track, record);
        break;
    default:
        print_instant(track, record);
        break;
    }
}

/* A vCPU of an exclusive core that has not exited since the start has left no record: it ran all the time. */
static bool ran_throughout(const struct trace_data *data, uint32_t core, uint8_t *vcpu)
{
    bool found = false;

    for (uint32_t vm = 0U; vm < HV_STATS_VMS; vm++) {
        const struct hv_vm_stats *stats = &data->stats.vm[vm];
        for (uint32_t v = 0U; stats->exclusive != 0U && v < stats->vcpu_count && v < HV_STATS_VCPUS; v++) {
            if (stats->vcpu[v].pcpu == core && stats->vcpu[v].state == 1U && stats->vcpu[v].last_exit_tsc < data->start_tsc) {
                found = true;
                *vcpu = (uint8_t)((vm * HV_STATS_VCPUS) + v);
            }
        }
    }
    return found;
}

static void write_core(FILE *out, const struct trace_data *data, uint32_t index)
{
    const struct trace_core *core = &data->core[index];
    struct track track = { .out = out, .data = data, .core = index, .since = data->start_tsc, .vcpu = HV_TRACE_NO_VCPU };

    if (core->count != 0U) {
        begin_track(&track, &core->record[0]);
    } else if (ran_throughout(data, index, &track.vcpu)) {
        track.state = GUEST;
    }
    for (size_t i = 0U; i < core->count; i++) {
        write_record(&track, &core->record[i]);
    }
    close_state(&track, data->end_tsc);
}

static void write_names(FILE *out, const struct trace_data *data)
{
    char text[32];

    print_name(out, "process_name", CORES_PID, 0U, "cores");
    for (uint32_t core = 0U; core < data->core_count; core++) {
        (void)snprintf(text, sizeof(text), "core %u", core);
        comma(out);
        print_name(out, "thread_name", CORES_PID, core + 1U, text);
    }
    for (uint32_t vm = 0U; vm < HV_STATS_VMS; vm++) {
        (void)snprintf(text, sizeof(text), "VM %.16s", data->stats.vm[vm].name);
        for (uint32_t v = 0U; data->stats.vm[vm].state != 0U && v < data->stats.vm[vm].vcpu_count && v < HV_STATS_VCPUS; v++) {
            if (v == 0U) {
                comma(out);
                print_name(out, "process_name", VM_PID + vm, 0U, text);
            }
            (void)snprintf(text, sizeof(text), "vCPU %u", v);
            comma(out);
            print_name(out, "thread_name", VM_PID + vm, v + 1U, text);
        }
    }
}

/* REQ-DM-012 */
void perfetto_write(FILE *out, const struct trace_data *data)
{
    uint64_t lost = 0U;

    fputs("{\"traceEvents\":[\n", out);
    write_names(out, data);
    for (uint32_t core = 0U; core < data->core_count; core++) {
        write_core(out, data, core);
        lost += data->core[core].lost;
    }
    fprintf(out, "\n],\"displayTimeUnit\":\"ns\",\"otherData\":{\"tsc_hz\":%llu,\"start_tsc\":%llu,\"lost_records\":%llu}}\n",
            (unsigned long long)data->tsc_hz, (unsigned long long)data->start_tsc, (unsigned long long)lost);
}
