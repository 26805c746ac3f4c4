/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runtime of a bare-metal real-time VM and its periodic control task. The same
 * image runs on Bulkhead and, unchanged, on the bare machine: it needs long
 * mode, x2APIC and nothing else, and asks nothing of a hypervisor.
 */
#include <stdbool.h>

#include "clock.h"
#include "console.h"
#include "control.h"
#include "cpu.h"
#include "options.h"
#include "outcome.h"
#include "roundtrip.h"
#include "serial.h"
#include "telemetry.h"

#define MULTIBOOT_MAGIC   0x2BADB002U
#define MULTIBOOT_CMDLINE 4U         /* flag bit 2 */
#define FIELD_CMDLINE     4U         /* dwords from the start */
#define CPUID_X2APIC      0x200000U
#define IDT_ENTRIES       256U
#define GATE_INTERRUPT    0x8E00U
#define CODE_SELECTOR     8U
#define ENTRY_STRIDE      16U
#define PIC_MASTER_MASK   0x21U
#define PIC_SLAVE_MASK    0xA1U
#define SLP_EN            0x2000U    /* PM1_CNT, soft-off with SLP_TYP 0 */

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t flags;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};
static struct gate idt[IDT_ENTRIES];

/* start.S: only their addresses mean something. */
extern const uint8_t exception_entries; /* the first of 32, ENTRY_STRIDE bytes each */
extern const uint8_t timer_entry;
extern const uint8_t ipi_entry;
extern const uint8_t nic_entry;
extern const uint8_t spurious_entry;

void rtvm_main(uint32_t magic, uint32_t info);
void exception_fatal(uint64_t vector, uint64_t error, uint64_t rip);

void exception_fatal(uint64_t vector, uint64_t error, uint64_t rip)
{
    console_text("rtvm: exception ");
    console_dec(vector);
    console_text(" error ");
    console_hex(error);
    console_text(" rip ");
    console_hex(rip);
    console_text("\n");
}

static void idt_set(uint32_t vector, uint64_t address)
{
    idt[vector].offset_low = (uint16_t)address;
    idt[vector].selector = CODE_SELECTOR;
    idt[vector].flags = GATE_INTERRUPT;
    idt[vector].offset_middle = (uint16_t)(address >> 16);
    idt[vector].offset_high = (uint32_t)(address >> 32);
}

static void idt_load(void)
{
    struct idt_pointer pointer = { .limit = (uint16_t)(sizeof(idt) - 1U), .base = address_of(idt) };

    for (uint32_t vector = 0U; vector < IDT_ENTRIES; vector++) {
        idt_set(vector, (vector < 32U) ? (address_of(&exception_entries) + ((uint64_t)vector * ENTRY_STRIDE)) : address_of(&spurious_entry));
    }
    idt_set(TIMER_VECTOR, address_of(&timer_entry));
    idt_set(IPI_VECTOR, address_of(&ipi_entry));
    idt_set(NIC_VECTOR, address_of(&nic_entry));
    load_idt(&pointer);
}

static bool has_x2apic(void)
{
    uint32_t out[4];

    cpuid(1U, out);
    return (out[2] & CPUID_X2APIC) != 0U;
}

static void report(const char *what)
{
    const volatile struct rt_telemetry *telemetry = telemetry_get();

    console_text("rtvm: ");
    console_text(what);
    console_text(" samples ");
    console_dec(telemetry->samples);
    console_text(" overruns ");
    console_dec(telemetry->overruns);
    console_text((options.nic == NIC_OFF) ? " latency ticks min " : " round trip ticks min ");
    console_dec((telemetry->samples == 0U) ? 0U : telemetry->latency_min);
    console_text(" p50 ");
    console_dec(telemetry_percentile(500U));
    console_text(" p99 ");
    console_dec(telemetry_percentile(990U));
    console_text(" max ");
    console_dec(telemetry->latency_max);
    console_text("\n");
    if (options.nic != NIC_OFF) {
        roundtrip_report();
    }
}

static bool timer_due(uint64_t seen, uint64_t deadline)
{
    return (timer_interrupts != seen) && ((options.periodic == 0U) || (timer_tsc >= deadline));
}

static void report_histogram(void)
{
    const volatile struct rt_telemetry *telemetry = telemetry_get();

    for (uint32_t bucket = 0U; bucket < RT_BUCKETS; bucket++) {
        uint32_t samples = telemetry->histogram[bucket];
        if (samples != 0U) {
            console_text("rtvm: latency ");
            console_dec(rt_bucket_value(bucket));
            console_text(" samples ");
            console_dec(samples);
            console_text("\n");
        }
    }
}

/* Waits for the timer interrupt of `deadline`; returns its lateness in ticks. */
static uint64_t wait_until(uint64_t deadline)
{
    uint64_t seen = timer_interrupts;

    if (options.periodic == 0U) {
        clock_arm(deadline);
    }
    if (options.spin != 0U) {
        interrupts_on();
        while (!timer_due(seen, deadline)) {
            /* Nothing: PAUSE would add its own length, up to 140 cycles, to the latency. */
        }
        interrupts_off();
    } else {
        while (!timer_due(seen, deadline)) {
            wait_interrupt();
        }
    }
    return (timer_tsc > deadline) ? (timer_tsc - deadline) : 0U;
}

/* Next multiple of the period that can still be armed; periods already gone are overruns. */
static uint64_t next_deadline(uint64_t deadline, uint64_t period)
{
    uint64_t next = deadline + period;
    uint64_t now = tsc_read();

    while (next <= now) {
        telemetry_overrun();
        next += period;
    }
    return next;
}

/* One period: the timer's interrupt and its lateness, or behind it a frame's round trip. False: the frame is lost. */
static bool take_sample(uint64_t deadline, struct roundtrip *sample)
{
    bool good = true;

    sample->ticks = wait_until(deadline);
    sample->tsc = timer_tsc;
    if (options.nic != NIC_OFF) {
        good = roundtrip_measure(sample);
    }
    return good;
}

/* REQ-RT-004 */
static void control_loop(uint64_t period)
{
    uint64_t begin = (options.periodic == 0U) ? tsc_read() : clock_start_periodic(period);
    uint64_t deadline = begin + period;
    uint64_t done = 0U;
    struct roundtrip sample;

    telemetry_state(RT_WARMUP);
    for (uint64_t i = 0U; i < options.warmup; i++) {
        (void)take_sample(deadline, &sample);
        (void)control_step();
        telemetry_warmup_interrupt();
        deadline = next_deadline(deadline, period);
    }
    console_text("rtvm: steady\n"); /* a real UART may take longer than a period for it */
    while (deadline <= tsc_read()) {
        deadline += period;
    }
    telemetry_state(RT_STEADY);
    while (((options.count == 0U) || (done < options.count)) && roundtrip_alive()) {
        bool good = take_sample(deadline, &sample);
        int32_t output = control_step();
        if (good) {
            telemetry_sample(sample.tsc, sample.ticks, output);
        }
        if (options.serial != 0U) {
            serial_echo(options.serial);
        }
        done++;
        if ((options.report != 0U) && ((done % options.report) == 0U)) {
            report("running");
        }
        deadline = next_deadline(deadline, period);
    }
    telemetry_state(RT_FINISHED);
    if (options.histogram != 0U) {
        report_histogram();
    }
    if (options.record != 0U) {
        outcome_record(telemetry_get());
    }
    report(roundtrip_alive() ? "finished" : "no frame came back:");
}

static void self_ipi_check(void)
{
    clock_send_ipi(clock_apic_id(), IPI_VECTOR);
    while (ipi_interrupts == 0U) {
        wait_interrupt();
    }
    console_text("rtvm: ipi ok\n");
}

static void start(uint64_t start_tsc, const char *line)
{
    uint32_t unknown = options_parse(line);
    uint64_t tsc_hz;

    console_init(options.console);
    console_text("rtvm: started\n");
    if (options.serial != 0U) {
        serial_init(options.serial);
    }
    if (unknown != 0U) {
        options_report_unknown(line);
    }
    if (!has_x2apic()) {
        console_text("rtvm: this CPU has no x2APIC, which the runtime needs\n");
    } else {
        /* On the bare machine the firmware leaves the PIT's interrupt on. */
        port_write8(PIC_MASTER_MASK, 0xFFU);
        port_write8(PIC_SLAVE_MASK, 0xFFU);
        idt_load();
        clock_enable_x2apic();
        tsc_hz = clock_tsc_hz();
        if (tsc_hz != 0U) {
            uint64_t timer_hz = clock_timer_hz(tsc_hz);
            uint64_t period = (tsc_hz / 1000000U) * options.period_us;
            clock_set_rates(tsc_hz, timer_hz);
            self_ipi_check();
            telemetry_init(options.shared, tsc_hz, timer_hz, period, start_tsc);
            console_text("rtvm: tsc_hz ");
            console_dec(tsc_hz);
            console_text(" timer_hz ");
            console_dec(timer_hz);
            console_text(" period_us ");
            console_dec(options.period_us);
            console_text("\n");
            if (options.nic != NIC_OFF) {
                telemetry_measured(RT_ROUND_TRIP);
            }
            if ((options.nic == NIC_OFF) || roundtrip_start(tsc_hz)) {
                control_loop(period);
            }
        }
    }
}

void rtvm_main(uint32_t magic, uint32_t info)
{
    uint64_t start_tsc = tsc_read();
    const char *line = "";

    if (magic == MULTIBOOT_MAGIC) {
        const volatile uint32_t *fields = (const volatile uint32_t *)(uint64_t)info; /* DEV-003 */
        if ((fields[0] & MULTIBOOT_CMDLINE) != 0U) {
            line = (const char *)(uint64_t)fields[FIELD_CMDLINE]; /* DEV-003 */
        }
    }
    start(start_tsc, line);
    if (options.poweroff != 0U) {
        port_write16(options.poweroff, SLP_EN);
    }
    console_text("rtvm: halted\n");
    interrupts_off();
}
