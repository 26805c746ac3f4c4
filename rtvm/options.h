/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the runtime, from the multiboot command line: blank-separated name=value. */
#ifndef RTVM_OPTIONS_H
#define RTVM_OPTIONS_H

#include <stdint.h>

#include "nic.h"

struct options {
    uint16_t console;      /* console=0x3e8: I/O base of a 16550 */
    uint16_t poweroff;     /* poweroff=0x604: PM1_CNT port written when finished; 0: halt */
    uint64_t tsc_hz;       /* tsc_hz=N: 0: from CPUID leaf 0x40000010, else the ACPI PM timer */
    uint64_t timer_hz;     /* timer_hz=N: local APIC timer; 0: measure against the TSC */
    uint16_t pm_timer;     /* pmtimer=0x608; 0: the clock of the day is used instead */
    uint64_t period_us;    /* period_us=1000 */
    uint64_t warmup;       /* warmup=100: interrupts before samples count */
    uint64_t count;        /* count=N: samples until finished; 0: for ever */
    uint64_t report;       /* report=N: a summary line every N samples; 0: none */
    uint64_t histogram;    /* histogram=1: a line for each latency that was seen, when finished */
    uint64_t periodic;     /* periodic=1: the timer reloads itself; needs rates that are exact (tsc_hz=, timer_hz=) */
    uint64_t spin;         /* spin=1: wait busily for the timer, not in HLT */
    uint64_t shared;       /* shm=0x10000000: GPA of the telemetry region; 0: private memory */
    uint16_t serial;       /* serial=0x2f8: I/O base of a 16550; what comes in there goes back, a few bytes behind each sample; 0: none */
    uint64_t record;       /* record=1: the outcome as lines with checksums, when finished (record.h), in short on the VGA screen */
    enum nic_mode nic;     /* nic=msix, msi or poll: round trips through an Ethernet controller instead of the timer's latency */
    enum nic_path nic_path; /* nic_path=phy, mac or wire: who returns the frames */
    uint32_t nic_at;       /* nic_at=0xf8: bus * 256 + device * 8 + function; else the first that is found */
    uint32_t nic_bytes;    /* nic_bytes=60: length of a frame without its checksum */
    uint64_t nic_wait_us;  /* nic_wait_us=10000: a frame that is not back by then is lost */
    const char *build;     /* build=, date=: words of that record */
    const char *date;
    const char *machine;   /* machine=: likewise, all text to the end of the line */
};
extern struct options options;

/* Unknown names are reported by name on the console once it is up; returns their number. */
uint32_t options_parse(const char *line);
void options_report_unknown(const char *line);

#endif
