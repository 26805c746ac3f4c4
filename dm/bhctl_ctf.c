// SPDX-License-Identifier: Apache-2.0
/*
 * The trace in the Common Trace Format 1.8: a directory with the text file "metadata" and a stream for each core,
 * all fields aligned to bytes, little-endian. A packet ends where records were lost; the next one's count of
 * discarded events, which goes on from packet to packet, says how many.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "bhctl_trace.h"

#define CTF_MAGIC   0xC1FC1FC1U
#define HEADER_SIZE (8U + 44U) /* packet.header and packet.context */

static const char types[] =
    "/* CTF 1.8 */\n"
    "typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
    "typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
    "typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
    "typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n\n"
    "trace {\n"
    "    major = 1;\n"
    "    minor = 8;\n"
    "    byte_order = le;\n"
    "    packet.header := struct {\n"
    "        uint32_t magic;\n"
    "        uint32_t stream_id;\n"
    "    };\n"
    "};\n\n";

static const char stream[] =
    "typealias integer { size = 64; align = 8; signed = false; map = clock.tsc.value; } := tsc_t;\n\n"
    "stream {\n"
    "    id = 0;\n"
    "    packet.context := struct {\n"
    "        tsc_t timestamp_begin;\n"
    "        tsc_t timestamp_end;\n"
    "        uint64_t content_size;\n"
    "        uint64_t packet_size;\n"
    "        uint64_t events_discarded;\n"
    "        uint32_t cpu_id;\n"
    "    };\n"
    "    event.header := struct {\n"
    "        uint8_t id;\n"
    "        tsc_t timestamp;\n"
    "    };\n"
    "};\n\n";

/* Behind uint8_t vm and uint8_t vcpu, which every event has; 255 is none. */
static const char *const fields[HV_TRACE_KINDS] = {
    [HV_TRACE_ENTRY] = "",
    [HV_TRACE_EXIT] = "reason_t reason; uint32_t value; ",
    [HV_TRACE_REFUSED] = "",
    [HV_TRACE_SWITCH] = "uint8_t from_vm; uint8_t from_vcpu; ",
    [HV_TRACE_IDLE] = "",
    [HV_TRACE_BUSY] = "",
    [HV_TRACE_WAKE] = "",
    [HV_TRACE_INTERRUPT] = "uint8_t vector; ",
    [HV_TRACE_HYPERCALL] = "uint16_t number; uint32_t parameter; ",
    [HV_TRACE_KICK] = "uint16_t to_core; uint8_t was; ",
};

static void write_environment(FILE *out, const struct trace_data *data)
{
    fputs("env {\n    tracer_name = \"bulkhead\";\n", out);
    for (uint32_t vm = 0U; vm < HV_STATS_VMS; vm++) {
        if (data->stats.vm[vm].state != 0U) {
            fprintf(out, "    vm%u = ", vm);
            print_json_string(out, data->stats.vm[vm].name, sizeof(data->stats.vm[vm].name));
            fputs(";\n", out);
        }
    }
    fputs("};\n\n", out);
}

/* REQ-DM-012 */
void ctf_write_metadata(FILE *out, const struct trace_data *data)
{
    fputs(types, out);
    write_environment(out, data);
    fprintf(out, "clock {\n    name = tsc;\n    description = \"time-stamp counter, the same on all cores\";\n    freq = %llu;\n};\n\n",
            (unsigned long long)data->tsc_hz);
    fputs(stream, out);
    fputs("typealias enum : uint8_t {", out);
    for (unsigned int reason = 0U; reason < HV_EXIT_REASONS; reason++) {
        fprintf(out, "%s \"%s\" = %u", reason == 0U ? "" : ",", stats_reason_name(reason), reason);
    }
    fputs(" } := reason_t;\n\n", out);
    for (uint32_t kind = 0U; kind < HV_TRACE_KINDS; kind++) {
        fprintf(out, "event {\n    name = \"%s\";\n    id = %u;\n    stream_id = 0;\n"
                     "    fields := struct { uint8_t vm; uint8_t vcpu; %s};\n};\n\n", trace_kind_name(kind), kind, fields[kind]);
    }
}

static void put(FILE *out, uint64_t value, unsigned int bytes)
{
    for (unsigned int i = 0U; i < bytes; i++) {
        fputc((int)((value >> (8U * i)) & 0xFFU), out);
    }
}

static void put_vcpu(FILE *out, uint8_t vcpu)
{
    bool none = vcpu / HV_STATS_VCPUS >= HV_STATS_VMS;

    put(out, none ? 255U : vcpu / HV_STATS_VCPUS, 1U);
    put(out, none ? 255U : vcpu % HV_STATS_VCPUS, 1U);
}

/* Bytes of an event of this kind; what is not known to the metadata is not written. */
static size_t event_size(uint8_t kind)
{
    static const uint8_t more[HV_TRACE_KINDS] = {
        [HV_TRACE_EXIT] = 5U, [HV_TRACE_SWITCH] = 2U, [HV_TRACE_INTERRUPT] = 1U, [HV_TRACE_HYPERCALL] = 6U, [HV_TRACE_KICK] = 3U
    };

    return kind < HV_TRACE_KINDS ? 11U + (size_t)more[kind] : 0U;
}

static void write_event(FILE *out, const struct hv_trace_record *record)
{
    if (record->kind >= HV_TRACE_KINDS) {
        return;
    }
    put(out, record->kind, 1U);
    put(out, record->tsc, 8U);
    put_vcpu(out, record->vcpu);
    switch (record->kind) {
    case HV_TRACE_EXIT:
        put(out, record->arg, 1U);
        put(out, record->value, 4U);
        break;
    case HV_TRACE_SWITCH:
        put_vcpu(out, (uint8_t)record->arg);
        break;
    case HV_TRACE_INTERRUPT:
        put(out, record->arg, 1U);
        break;
    case HV_TRACE_HYPERCALL:
        put(out, record->arg, 2U);
        put(out, record->value, 4U);
        break;
    case HV_TRACE_KICK:
        put(out, record->arg, 2U);
        put(out, record->value, 1U);
        break;
    default:
        break;
    }
}

struct packet {
    size_t first;       /* records */
    size_t end;
    uint64_t begin_tsc;
    uint64_t end_tsc;
    uint64_t discarded; /* since the start */
};

static void write_packet(FILE *out, const struct trace_core *core, uint32_t index, const struct packet *packet)
{
    size_t size = HEADER_SIZE;

    for (size_t i = packet->first; i < packet->end; i++) {
        size += event_size(core->record[i].kind);
    }
    put(out, CTF_MAGIC, 4U);
    put(out, 0U, 4U);
    put(out, packet->begin_tsc, 8U);
    put(out, packet->end_tsc, 8U);
    put(out, (uint64_t)size * 8U, 8U);
    put(out, (uint64_t)size * 8U, 8U);
    put(out, packet->discarded, 8U);
    put(out, index, 4U);
    for (size_t i = packet->first; i < packet->end; i++) {
        write_event(out, &core->record[i]);
    }
}

/* REQ-DM-012 */
void ctf_write_stream(FILE *out, const struct trace_data *data, uint32_t index)
{
    const struct trace_core *core = &data->core[index];
    struct packet packet = { .begin_tsc = data->start_tsc };

    while (packet.first < core->count) {
        packet.end = packet.first;
        while (packet.end < core->count && core->record[packet.end].kind != TRACE_GAP) {
            packet.end++;
        }
        packet.end_tsc = packet.end == core->count ? data->end_tsc : core->record[packet.end].tsc;
        write_packet(out, core, index, &packet);
        packet.begin_tsc = packet.end_tsc;
        packet.discarded += packet.end < core->count ? core->record[packet.end].value : 0U;
        packet.first = packet.end + 1U;
    }
    if (packet.end_tsc < data->end_tsc || core->count == 0U) { /* nothing happened, or nothing after a gap */
        packet.first = packet.end;
        packet.end_tsc = data->end_tsc;
        write_packet(out, core, index, &packet);
    }
}

static FILE *open_in(const char *directory, const char *name)
{
    char path[1024];
    FILE *file = NULL;

    if (snprintf(path, sizeof(path), "%s/%s", directory, name) < (int)sizeof(path)) {
        file = fopen(path, "we");
    } else {
        errno = ENAMETOOLONG;
    }
    return file;
}

static bool close_file(FILE *file)
{
    bool good = file != NULL && fflush(file) == 0 && ferror(file) == 0;

    return (file == NULL || fclose(file) == 0) && good;
}

bool ctf_write(const char *directory, const struct trace_data *data)
{
    char name[32];
    FILE *file;
    bool good = mkdir(directory, 0777) == 0;

    if (good) {
        file = open_in(directory, "metadata");
        if (file != NULL) {
            ctf_write_metadata(file, data);
        }
        good = close_file(file);
    }
    for (uint32_t core = 0U; good && core < data->core_count; core++) {
        (void)snprintf(name, sizeof(name), "core_%u", core);
        file = open_in(directory, name);
        if (file != NULL) {
            ctf_write_stream(file, data, core);
        }
        good = close_file(file);
    }
    if (!good) {
        fprintf(stderr, "bhctl: %s: %s\n", directory, strerror(errno));
    }
    return good;
}
