/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each core owns one ring that it alone fills; the drainer, under the shared-side lock, alone
 * empties it. The indices only grow and are stored after the text, which x86's ordering of
 * stores (Intel SDM 3, 9.2.2) makes visible in that order: no atomic operation is needed, and one fence, of the drainer (log_drain()).
 */
#include "core/log.h"
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/limits.h"
#include "core/ring.h"
#include "core/stats.h"

#define LOG_RING 4096U /* bytes a core can hold back; a power of two */
#define LOG_LINE 240U  /* longest line, so that one line cannot fill a ring */
#define LOG_PASS 16U   /* bytes written at once: what the UART's FIFO takes without a wait */
#define LOG_PASSES_PER_SECOND 500U /* a FIFO of 115200 baud is empty after 1.4 ms */

static volatile char log_ring[MAX_PCPU][LOG_RING];
static volatile uint32_t log_head[MAX_PCPU]; /* next byte to fill: the core's */
static volatile uint32_t log_tail[MAX_PCPU]; /* next byte to empty: the drainer's */
static uint32_t log_at[MAX_PCPU];            /* of the line in progress */
static uint32_t log_used[MAX_PCPU];
static uint64_t log_lost[MAX_PCPU];          /* bytes cut since the last complete line */
static volatile bool log_waits;              /* set by any core, behind its head; the drainer takes it back before it looks */
static pcpu_id_t log_turn;                   /* the drainer's: whose line is next */
static uint64_t log_due;                     /* when the next pass may begin */

/* REQ-RT-006 */
static const char digit[] = "0123456789abcdef";

static void log_put(pcpu_id_t core, char c)
{
    bool room = ring_distance(log_tail[core], log_at[core]) < LOG_RING;
    if (room && (log_used[core] < LOG_LINE)) {
        log_ring[core][log_at[core] % LOG_RING] = c;
        log_at[core] = ring_next(log_at[core]);
        log_used[core]++;
    } else {
        log_lost[core]++;
    }
}

static void log_put_text(pcpu_id_t core, const char *text)
{
    for (uint32_t i = 0U; (i < LOG_LINE) && (text[i] != '\0'); i++) {
        log_put(core, text[i]);
    }
}

static void log_put_dec(pcpu_id_t core, uint64_t value, uint32_t width, char fill)
{
    char digits[20] = { 0 };
    uint32_t count = 0U;
    uint64_t rest = value;
    do {
        digits[count] = digit[rest % 10U];
        rest /= 10U;
        count++;
    } while ((rest != 0U) && (count < 20U));
    for (uint32_t i = count; i < width; i++) {
        log_put(core, fill);
    }
    for (uint32_t i = count; i > 0U; i--) {
        log_put(core, digits[i - 1U]);
    }
}

void log_begin(const char *module)
{
    pcpu_id_t core = hw_pcpu();
    uint64_t hz = hw_tsc_hz();
    uint64_t ticks = hw_tsc() - boot_info.entry_tsc;
    uint64_t seconds = 0U;
    uint64_t micros = 0U;
    if (hz >= 1000000U) {
        seconds = ticks / hz;
        micros = (ticks % hz) / (hz / 1000000U);
    }
    log_at[core] = log_head[core]; /* a line that was never ended is dropped */
    log_used[core] = 0U;
    log_put(core, '[');
    log_put_dec(core, seconds, 5U, ' ');
    log_put(core, '.');
    log_put_dec(core, (micros > 999999U) ? 999999U : micros, 6U, '0');
    log_put_text(core, "] ");
    log_put_text(core, module);
    log_put_text(core, ": ");
}

void log_text(const char *text)
{
    log_put_text(hw_pcpu(), text);
}

/* REQ-LIF-014 */
void log_chars(const char *text, uint32_t size)
{
    pcpu_id_t core = hw_pcpu();
    for (uint32_t i = 0U; (i < size) && (i < LOG_LINE) && (text[i] != '\0'); i++) {
        bool printable = (text[i] >= ' ') && (text[i] <= '~');
        log_put(core, printable ? text[i] : '?');
    }
}

void log_dec(uint64_t value)
{
    log_put_dec(hw_pcpu(), value, 0U, ' ');
}

void log_hex(uint64_t value)
{
    pcpu_id_t core = hw_pcpu();
    bool started = false;
    log_put_text(core, "0x");
    for (uint32_t i = 16U; i > 0U; i--) {
        uint32_t nibble = (uint32_t)(value >> ((i - 1U) * 4U)) & 0xFU;
        started = started || (nibble != 0U) || (i == 1U);
        if (started) {
            log_put(core, digit[nibble]);
        }
    }
}

/* REQ-RT-007 */
void log_end(void)
{
    pcpu_id_t core = hw_pcpu();
    if (log_lost[core] != 0U) {
        log_used[core] = 0U; /* room for the note; the ring may still be full */
        log_put_text(core, " [cut]");
    }
    log_used[core] = 0U;
    if ((log_at[core] != log_head[core]) && (ring_distance(log_tail[core], log_at[core]) == LOG_RING)) {
        log_at[core] = ring_previous(log_at[core]); /* the line's last byte in a full ring becomes its end */
    }
    log_put(core, '\n');
    log_lost[core] = 0U;
    log_head[core] = log_at[core];
    log_waits = true;
}

void log_line(const char *module, const char *text)
{
    log_begin(module);
    log_text(text);
    log_end();
}

char log_own_char(uint32_t back)
{
    const pcpu_id_t core = hw_pcpu();
    return log_ring[core][((log_head[core] % LOG_RING) + (LOG_RING - (back % LOG_RING))) % LOG_RING];
}

/* The ring whose line is under way, else the next in turn that holds one. */
static pcpu_id_t turn_of(void)
{
    pcpu_id_t ring = log_turn;
    for (uint32_t i = 0U; (i < MAX_PCPU) && (log_tail[ring] == log_head[ring]); i++) {
        ring = (ring + 1U) % MAX_PCPU;
    }
    return ring;
}

/* At most LOG_PASS bytes; lines stay whole, and the rings take turns by lines. False: nothing is left. */
static bool write_pass(void)
{
    pcpu_id_t ring = turn_of();
    for (uint32_t i = 0U; (i < LOG_PASS) && (log_tail[ring] != log_head[ring]); i++) {
        char c = log_ring[ring][log_tail[ring] % LOG_RING];
        hw_log_char(c);
        stats_log_char(c);
        log_tail[ring]++;
        log_turn = (c == '\n') ? ((ring + 1U) % MAX_PCPU) : ring;
        ring = turn_of();
    }
    stats_log_told();
    return log_tail[ring] != log_head[ring];
}

uint64_t log_drain(uint64_t now)
{
    bool more = log_waits; /* asked at every exit, and mostly there is nothing */
    if (more && (now >= log_due)) {
        log_waits = false;
        hw_fence(); /* a head that is not seen below is stored later, and its core sets the word again */
        more = write_pass();
        if (more) {
            log_waits = true;
        }
        log_due = now + (hw_tsc_hz() / LOG_PASSES_PER_SECOND);
    }
    return more ? log_due : TIME_NEVER;
}

/* What others add meanwhile counts too, so the rounds have an end of their own. */
void log_flush(void)
{
    bool more = true;
    for (uint32_t i = 0U; (i < ((MAX_PCPU * LOG_RING) / LOG_PASS)) && more; i++) {
        more = write_pass();
    }
}
