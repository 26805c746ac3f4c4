/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outcome of a measurement on a machine of which only a serial line or a photograph comes home: short lines of text, each with
 * a checksum, and a last line with the number of lines and a checksum of all. tools/bench/record.py reads them.
 */
#ifndef RTVM_RECORD_H
#define RTVM_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/rt_telemetry.h"

/* Ticks around one instruction. */
struct record_cost {
    const char *name;
    uint64_t least;
    uint64_t mean;
    uint64_t most;
};

/* Texts end at their first NUL; condition, build and date also at a blank. "" is unknown. */
struct record {
    const char *condition;  /* bare, alone, linux, loaded, storm, nic-poll, nic-msi, nic-msix, cost-bare, cost-exclusive */
    const char *build;      /* commit of the image */
    const char *date;       /* of the machine's clock: 2026-11-26T21:30 */
    const char *machine;    /* "maker / product / firmware" */
    const volatile struct rt_telemetry *rt; /* NULL: costs were measured, not latency */
    const struct record_cost *costs;
    uint32_t cost_count;
    uint64_t tsc_hz;        /* with costs; the telemetry has its own */
    uint64_t microcode;     /* revision; 0: unknown */
    bool on_hypervisor;     /* the following are known */
    uint64_t exits_steady;  /* since the end of warm-up; at least so many */
    uint64_t exits_total;
    uint64_t boot_ticks;    /* hypervisor's entry to the real-time VM's first instruction */
};

/* Prints it by record_char. whole: with all latencies that were seen; otherwise what fits a screen of 25 lines. */
void record_print(const struct record *record, bool whole);

/* Each program's own: where the record goes. */
void record_char(char c);

#endif
