/* SPDX-License-Identifier: Apache-2.0 */
#include "record.h"

#include <stddef.h>

#include "cpu.h"

#define FORM             "bhb1 "
#define CRC_POLYNOMIAL   0xEDB88320U /* IEEE 802.3, bits reversed */
#define CRC_BEGIN        0xFFFFFFFFU
#define LINE_MASK        0xFFFFU
#define DIGITS           20U
#define PAIRS_PER_LINE   5U
#define PIECE_MOST       60U         /* characters of a text, so that a line fits 80 columns */
#define CPUID_HYPERVISOR 0x80000000U
#define LEAF_HYPERVISOR  0x40000000U
#define LEAF_EXTENDED    0x80000000U
#define LEAF_BRAND       0x80000002U /* and the next two */
#define LEAF_BRAND_LAST  0x80000004U
#define TEN_THOUSAND     10000U

static uint32_t line_crc;
static uint32_t whole_crc;
static uint32_t line_count;
static bool blank_waits; /* a blank that is printed only when something follows it */

static uint32_t crc_next(uint32_t crc, char c)
{
    uint32_t value = crc ^ (uint32_t)(uint8_t)c;

    for (uint32_t bit = 0U; bit < 8U; bit++) {
        value = ((value & 1U) != 0U) ? ((value >> 1) ^ CRC_POLYNOMIAL) : (value >> 1);
    }
    return value;
}

static void put(char c)
{
    line_crc = crc_next(line_crc, c);
    whole_crc = crc_next(whole_crc, c);
    record_char(c);
}

static void put_text(const char *text)
{
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        put(text[i]);
    }
}

/* Blanks at the ends go, several become one: they are lost when somebody copies the line by hand. */
static void put_clean(char c)
{
    if ((c > ' ') && (c <= '~')) {
        if (blank_waits) {
            put(' ');
            blank_waits = false;
        }
        put(c);
    } else if (c == ' ') {
        blank_waits = true;
    } else {
        /* not for print */
    }
}

static void put_dec(uint64_t value)
{
    char digits[DIGITS];
    uint64_t rest = value;
    uint32_t count = 0U;

    do {
        digits[count] = "0123456789"[rest % 10U];
        rest /= 10U;
        count++;
    } while (rest != 0U);
    while (count > 0U) {
        count--;
        put(digits[count]);
    }
}

static void put_number(const char *before, uint64_t value)
{
    put_text(before);
    put_dec(value);
}

static void put_hex(uint32_t value)
{
    for (uint32_t i = 0U; i < 8U; i++) {
        put("0123456789abcdef"[(value >> (28U - (4U * i))) & 0xFU]);
    }
}

static void plain_text(const char *text)
{
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        record_char(text[i]);
    }
}

static void line_begin(const char *name)
{
    plain_text(FORM);
    line_crc = CRC_BEGIN;
    put_text(name);
    blank_waits = true;
}

static void line_end(void)
{
    uint32_t sum = (~line_crc) & LINE_MASK;

    plain_text(" *");
    for (uint32_t i = 0U; i < 4U; i++) {
        record_char("0123456789abcdef"[(sum >> (12U - (4U * i))) & 0xFU]);
    }
    record_char('\n');
    whole_crc = crc_next(whole_crc, '\n');
    line_count++;
}

static void put_register(uint32_t value)
{
    for (uint32_t i = 0U; i < 4U; i++) {
        put_clean((char)(uint8_t)(value >> (8U * i)));
    }
}

static void print_cpu(uint64_t microcode)
{
    uint32_t out[4];

    cpuid(0U, out);
    line_begin("cpu");
    put_register(out[1]);
    put_register(out[3]);
    put_register(out[2]);
    cpuid(1U, out);
    put_text(" ");
    put_hex(out[0]);
    put_text(" ");
    put_hex((uint32_t)microcode);
    line_end();
    cpuid(LEAF_EXTENDED, out);
    if (out[0] >= LEAF_BRAND_LAST) {
        line_begin("model");
        for (uint32_t leaf = LEAF_BRAND; leaf <= LEAF_BRAND_LAST; leaf++) {
            cpuid(leaf, out);
            for (uint32_t i = 0U; i < 4U; i++) {
                put_register(out[i]);
            }
        }
        line_end();
    }
    cpuid(1U, out);
    if ((out[2] & CPUID_HYPERVISOR) != 0U) {
        cpuid(LEAF_HYPERVISOR, out);
        line_begin("under");
        put_register(out[1]);
        put_register(out[2]);
        put_register(out[3]);
        line_end();
    }
}

/* A line for each part between slashes. */
static void print_machine(const char *machine)
{
    uint32_t i = 0U;

    while (machine[i] != '\0') {
        uint32_t length = 0U;
        line_begin("machine");
        while ((machine[i] != '\0') && (machine[i] != '/')) {
            if (length < PIECE_MOST) {
                put_clean(machine[i]);
            }
            length++;
            i++;
        }
        line_end();
        if (machine[i] == '/') {
            i++;
        }
    }
}

/* A text up to its first blank, or "-". */
static void put_word(const char *word)
{
    uint32_t i = 0U;

    while ((word[i] != '\0') && (word[i] != ' ') && (i < PIECE_MOST)) {
        put_clean(word[i]);
        i++;
    }
    if (i == 0U) {
        put_clean('-');
    }
}

static void print_word(const char *name, const char *word)
{
    line_begin(name);
    put_word(word);
    line_end();
}

/* The rule of tools/bench/statistics.py; "-" when there are too few samples for one to lie beyond. */
static void put_percentile(const volatile struct rt_telemetry *rt, uint64_t samples, uint64_t share)
{
    uint64_t wanted = ((samples * share) + (TEN_THOUSAND - 1U)) / TEN_THOUSAND;
    uint64_t seen = 0U;
    uint32_t bucket = 0U;

    if (((TEN_THOUSAND - share) * samples) < TEN_THOUSAND) {
        put_text(" -");
    } else {
        while ((bucket < (RT_BUCKETS - 1U)) && ((seen + rt->histogram[bucket]) < wanted)) {
            seen += rt->histogram[bucket];
            bucket++;
        }
        put_number(" ", rt_bucket_value(bucket));
    }
}

static void print_histogram(const volatile struct rt_telemetry *rt)
{
    uint32_t pairs = 0U;

    for (uint32_t bucket = 0U; bucket < RT_BUCKETS; bucket++) {
        uint32_t samples = rt->histogram[bucket];
        if (samples != 0U) {
            if (pairs == 0U) {
                line_begin("h");
            }
            put_number(" ", rt_bucket_value(bucket));
            put_number(":", samples);
            pairs++;
            if (pairs == PAIRS_PER_LINE) {
                line_end();
                pairs = 0U;
            }
        }
    }
    if (pairs != 0U) {
        line_end();
    }
}

/* What the histogram holds: while samples are still taken, their counter may be behind it or ahead of it. */
static uint64_t counted(const volatile struct rt_telemetry *rt)
{
    uint64_t samples = 0U;

    for (uint32_t bucket = 0U; bucket < RT_BUCKETS; bucket++) {
        samples += rt->histogram[bucket];
    }
    return samples;
}

static void print_costs(const struct record *record)
{
    line_begin("clock");
    put_number(" ", record->tsc_hz);
    line_end();
    for (uint32_t i = 0U; i < record->cost_count; i++) {
        line_begin("cost ");
        put_text(record->costs[i].name);
        put_number(" ", record->costs[i].least);
        put_number(" ", record->costs[i].mean);
        put_number(" ", record->costs[i].most);
        line_end();
    }
}

static void print_figures(const struct record *record)
{
    const volatile struct rt_telemetry *rt = record->rt;
    uint64_t samples = counted(rt);

    line_begin("rate");
    put_number(" ", rt->tsc_hz);
    put_number(" ", rt->timer_hz);
    put_number(" ", rt->period_ticks);
    line_end();
    line_begin("took");
    put_number(" ", samples);
    put_number(" ", rt->overruns);
    line_end();
    line_begin("ticks");
    put_number(" ", rt->latency_min);
    put_percentile(rt, samples, 5000U);
    put_percentile(rt, samples, 9900U);
    put_percentile(rt, samples, 9999U);
    put_number(" ", rt->latency_max);
    line_end();
    if (record->on_hypervisor) {
        line_begin("exits");
        put_number(" ", record->exits_steady);
        put_number(" ", record->exits_total);
        line_end();
        line_begin("boot");
        put_number(" ", record->boot_ticks);
        line_end();
    }
}

/* REQ-TOO-012 */
void record_print(const struct record *record, bool whole)
{
    uint32_t sum;

    whole_crc = CRC_BEGIN;
    line_count = 0U;
    print_word(whole ? "begin whole" : "begin short", record->condition);
    print_word("build", record->build);
    print_word("date", record->date);
    print_cpu(record->microcode);
    print_machine(record->machine);
    if (record->rt == NULL) {
        print_costs(record);
    } else {
        print_figures(record);
        if (whole) {
            print_histogram(record->rt);
        }
    }
    sum = ~whole_crc;
    line_begin("end");
    put_number(" ", line_count);
    put_text(" ");
    put_hex(sum);
    line_end();
}
