/* SPDX-License-Identifier: Apache-2.0 */
/* bhctl: what the hypervisor publishes, for people and for scripts. */
#ifndef DM_BHCTL_H
#define DM_BHCTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "abi/hv_info.h"
#include "abi/rt_telemetry.h"
#include "abi/trace.h"

enum bhctl_exit { BHCTL_OK = 0, BHCTL_FAILED = 1, BHCTL_USAGE = 2 };

struct bhctl_options {
    const char *directory;  /* of the region_* files; NULL: the hypervisor's PCI device */
    const char *region;     /* rt: name of the shared region; NULL: the first that has telemetry */
    bool json;
    bool all;               /* crash: also what is marked as seen */
    bool clear;             /* crash: mark all as seen */
    bool once;
    bool histogram;         /* rt: with the number of samples for each latency */
    bool batch;             /* top: no escape sequences */
    bool follow;
    unsigned long count;    /* top, rt: refreshes; log: lines; 0: no limit */
    unsigned long delay_ms;
    const char *output;     /* trace: file, or directory for CTF */
    double seconds;         /* trace: how long */
    uint32_t events;        /* trace: mask of 1 << enum hv_trace_kind */
    bool ctf;               /* trace: CTF, not Perfetto's JSON */
};

/* A region mapped read-only. */
struct bhctl_region {
    int fd;
    const void *memory;
    size_t size;
};

/* bhctl_region.c; messages go to stderr */
bool region_directory(const struct bhctl_options *options, char *directory, size_t size);
bool region_open(const struct bhctl_options *options, const char *name, size_t minimum, struct bhctl_region *region);
bool region_open_telemetry(const struct bhctl_options *options, struct bhctl_region *region);
void region_close(struct bhctl_region *region);

/* bhctl_stats.c */
bool stats_read(const struct bhctl_region *region, struct hv_stats *stats);
/* Copies while the writer may be at work; false when it never paused. */
bool stats_copy(const struct hv_stats *source, struct hv_stats *copy);
const char *stats_reason_name(unsigned int reason);
const char *stats_vm_state_name(uint32_t state);
const char *stats_fault_name(uint32_t fault); /* hv_vm_stats.last_fault */
const char *stats_vm_kind_name(uint32_t kind);
const char *stats_vcpu_state_name(uint32_t state);
/* Ticks as units of 1/per_second; 0 for a frequency of 0. */
uint64_t stats_ticks_to(uint64_t ticks, uint64_t hz, uint64_t per_second);
/* Time in the guest. A core that never exits does not count it: all since the last exit is added. */
uint64_t stats_run_ticks(const struct hv_stats *stats, const struct hv_vm_stats *vm, uint32_t index);
uint64_t stats_vm_exits(const struct hv_vm_stats *vm);
/* The reason whose longest exit was the longest of all; its worst_ticks are 0 when there was no exit. */
unsigned int stats_worst_reason(const struct hv_vcpu_stats *vcpu);

/* bhctl_print.c */
void print_json_string(FILE *out, const char *text, size_t size);
void print_list(FILE *out, const struct hv_stats *stats);
void print_list_json(FILE *out, const struct hv_stats *stats);
void print_stats_json(FILE *out, const struct hv_stats *stats);
void print_stats_text(FILE *out, const struct hv_stats *stats);

/* bhctl_top.c: what happened between two readings */
void print_top(FILE *out, const struct hv_stats *before, const struct hv_stats *now);
void print_top_json(FILE *out, const struct hv_stats *before, const struct hv_stats *now);

/* bhctl_log.c: text from position on; returns the position after it */
uint64_t log_print(FILE *out, const struct hv_log_ring *ring, size_t size, uint64_t position);
void log_print_json(FILE *out, const char *text, size_t size); /* one object a line */
uint64_t log_position_of_last_lines(const struct hv_log_ring *ring, size_t size, unsigned long lines);

/* bhctl_rt.c */
struct rt_report {
    uint32_t state;
    bool round_trip;        /* ticks are those of a frame's round trip, not of the timer's latency */
    uint64_t tsc_hz;
    uint64_t period_ticks;
    uint64_t interrupts;
    uint64_t samples;
    uint64_t overruns;
    uint64_t min_ticks;
    uint64_t p50_ticks;
    uint64_t p99_ticks;
    bool p9999_known;       /* there are samples beyond it: 10,000 or more in all */
    uint64_t p9999_ticks;
    uint64_t max_ticks;
    uint64_t mean_ticks;
    bool vm_known;
    char vm_name[16];
    bool exits_known;       /* the RTVM has reached its steady state and its VM is known */
    bool exits_exact;       /* false: there were exits, at least this many */
    uint64_t exits;         /* since the end of warm-up */
    uint64_t exits_total;   /* since the VM's start */
    const uint32_t *histogram;  /* of the telemetry, to be shown; or NULL */
};
/* before: an earlier reading in steady state, or NULL. */
void rt_report_make(struct rt_report *report, const struct rt_telemetry *telemetry, const struct hv_stats *stats,
                    const struct hv_stats *before);
void print_rt(FILE *out, const struct rt_report *report);
void print_rt_json(FILE *out, const struct rt_report *report);
/* bhctl_histogram.c */
void print_histogram(FILE *out, const uint32_t *histogram, uint64_t hz);

/* Commands: main has checked the options. */
enum bhctl_exit command_list(const struct bhctl_options *options);
enum bhctl_exit command_stats(const struct bhctl_options *options);
enum bhctl_exit command_top(const struct bhctl_options *options);
enum bhctl_exit command_log(const struct bhctl_options *options);
enum bhctl_exit command_rt(const struct bhctl_options *options);
enum bhctl_exit command_crash(const struct bhctl_options *options);
enum bhctl_exit command_trace(const struct bhctl_options *options);

/* bhctl_options.c: fills options; BHCTL_OK, or the exit status after a message or help */
struct bhctl_command {
    const char *name;
    const char *summary;
    const char *usage;
    enum bhctl_exit (*run)(const struct bhctl_options *options);
};
extern const struct bhctl_command bhctl_commands[];
/* *command is NULL when help has been printed. */
enum bhctl_exit options_parse(int count, char *const *arguments, struct bhctl_options *options,
                              const struct bhctl_command **command);

/* Waits; false when a signal asked to stop. */
bool bhctl_wait(unsigned long delay_ms);

#endif
