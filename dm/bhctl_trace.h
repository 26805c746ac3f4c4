/* SPDX-License-Identifier: Apache-2.0 */
/* bhctl trace: what was collected from the rings of the hypervisor, and its two exports. */
#ifndef DM_BHCTL_TRACE_H
#define DM_BHCTL_TRACE_H

#include "bhctl.h"

/* In place of a kind: so many records, at least, were overwritten before they were read; value: their number. */
#define TRACE_GAP ((uint8_t)HV_TRACE_KINDS)

struct trace_core {
    struct hv_trace_record *record;
    size_t count;
    size_t room;
    uint64_t next;          /* number of the record to be read next */
    uint64_t lost;
};

struct trace_data {
    struct trace_core core[HV_TRACE_CORES];
    uint32_t core_count;    /* the cores that run a vCPU */
    uint64_t tsc_hz;
    uint64_t start_tsc;
    uint64_t end_tsc;
    struct hv_stats stats;  /* at the end: names, and who ran without an exit */
};

/* bhctl_trace.c */
bool trace_valid(const struct hv_trace *trace, size_t size);
void trace_begin(struct trace_data *data, const struct hv_trace *trace); /* what the rings hold already does not count */
/* Copies what is new, while the cores go on writing; what they overwrote first is counted as lost. */
void trace_collect(struct trace_data *data, const struct hv_trace *trace);
void trace_end(struct trace_data *data, const struct hv_stats *stats);
void trace_free(struct trace_data *data);

/* bhctl_events.c */
const char *trace_kind_name(uint32_t kind);
bool trace_parse_events(const char *list, uint32_t *mask); /* "exit,entry", "all" */
/* "rtvm/0"; "-" for no vCPU. */
const char *trace_vcpu_name(const struct trace_data *data, uint8_t vcpu, char *text, size_t size);

/* bhctl_perfetto.c: the JSON of Chrome's trace viewer, which Perfetto reads */
void perfetto_write(FILE *out, const struct trace_data *data);

/* bhctl_ctf.c: CTF 1.8, a directory */
void ctf_write_metadata(FILE *out, const struct trace_data *data);
void ctf_write_stream(FILE *out, const struct trace_data *data, uint32_t core);
bool ctf_write(const char *directory, const struct trace_data *data); /* false after a message */

#endif
