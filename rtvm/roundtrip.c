/* SPDX-License-Identifier: Apache-2.0 */
#include "roundtrip.h"

#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "nic.h"
#include "nic_ring.h"
#include "options.h"

#define ADDRESS_BYTES 6U
#define OFFSET_SOURCE 6U
#define OFFSET_TYPE   12U   /* from here on the frame comes back as it was */
#define OFFSET_NUMBER 14U
#define OFFSET_FILL   22U
#define TYPE_HIGH     0x88U /* IEEE 802, 88B5: local experiments */
#define TYPE_LOW      0xB5U

volatile uint64_t nic_tsc;
volatile uint64_t nic_interrupts;

static uint8_t frame[NIC_BUFFER];
static uint8_t back[NIC_BUFFER];
static uint64_t limit;  /* ticks */
static uint64_t step;   /* likewise: the timer ends HLT at least so often, a second at most, which its count can hold */
static uint64_t number; /* of the frame */
static uint64_t lost;
static uint64_t others; /* frames that arrived and are not the one that was sent */

static void address_text(const uint8_t *address)
{
    for (uint32_t i = 0U; i < ADDRESS_BYTES; i++) {
        console_text((i == 0U) ? "" : ":");
        console_byte(address[i]);
    }
}

/* On a wire the frame is for everybody: whoever answers puts this controller's address in front. */
static void make_frame(void)
{
    nic_address(&frame[OFFSET_SOURCE]);
    for (uint32_t i = 0U; i < ADDRESS_BYTES; i++) {
        frame[i] = (options.nic_path == NIC_WIRE) ? 0xFFU : frame[OFFSET_SOURCE + i];
    }
    frame[OFFSET_TYPE] = TYPE_HIGH;
    frame[OFFSET_TYPE + 1U] = TYPE_LOW;
    for (uint32_t i = OFFSET_FILL; i < NIC_FRAME_MOST; i++) {
        frame[i] = (uint8_t)i;
    }
}

bool roundtrip_start(uint64_t tsc_hz)
{
    struct nic_settings settings = {
        .function = options.nic_at, .path = options.nic_path, .mode = options.nic, .apic_id = clock_apic_id(), .vector = NIC_VECTOR, .tsc_hz = tsc_hz
    };
    enum nic_result result = nic_start(&settings);

    if ((result == NIC_OK) && ((options.nic_bytes < NIC_FRAME_LEAST) || (options.nic_bytes > NIC_FRAME_MOST))) {
        result = NIC_BAD_LENGTH;
    }
    console_text("rtvm: nic: ");
    if (result == NIC_OK) {
        limit = (tsc_hz / 1000000U) * options.nic_wait_us;
        step = (limit < tsc_hz) ? limit : tsc_hz;
        make_frame();
        console_text(nic_model());
        console_text(" address ");
        address_text(&frame[OFFSET_SOURCE]);
        console_text(" bytes ");
        console_dec(options.nic_bytes);
    } else {
        console_text(nic_words(result));
    }
    console_text("\n");
    return result == NIC_OK;
}

static bool in_time(uint64_t begin) { return (tsc_read() - begin) < limit; }

/* Until a frame or a message is there; returns the TSC then, 0 when time ran out. */
static uint64_t wait_polling(uint64_t begin)
{
    uint64_t end = 0U;
    bool there = nic_arrived();

    while (!there && in_time(begin)) {
        there = nic_arrived();
    }
    if (there) {
        end = tsc_read();
    }
    return end;
}

static uint64_t wait_message(uint64_t begin, uint64_t seen)
{
    uint64_t timer_seen = timer_interrupts;

    if (options.spin != 0U) {
        interrupts_on();
        while ((nic_interrupts == seen) && in_time(begin)) {
            /* nothing */
        }
        interrupts_off();
    } else {
        while ((nic_interrupts == seen) && in_time(begin)) {
            if ((options.periodic == 0U) && (timer_interrupts != timer_seen)) {
                timer_seen = timer_interrupts; /* armed before begin, it came a little before the time is over */
                clock_arm(tsc_read() + step);
            }
            wait_interrupt();
        }
    }
    return (nic_interrupts == seen) ? 0U : nic_tsc;
}

static bool is_the_frame(uint32_t length)
{
    bool same = length >= options.nic_bytes;

    for (uint32_t i = OFFSET_TYPE; same && (i < options.nic_bytes); i++) {
        same = back[i] == frame[i];
    }
    return same;
}

/* Takes what has arrived, up to the frame that was sent. */
static bool take_the_frame(void)
{
    uint32_t length = 0U;
    bool found = false;

    for (uint32_t i = 0U; (i < NIC_RING) && !found && nic_receive(back, &length); i++) {
        found = is_the_frame(length);
        others += found ? 0U : 1U;
    }
    return found;
}

/* REQ-RT-061 */
bool roundtrip_measure(struct roundtrip *trip)
{
    bool found = false;
    bool more;
    uint64_t begin;
    uint64_t seen;

    number++;
    for (uint32_t i = 0U; i < sizeof(number); i++) {
        frame[OFFSET_NUMBER + i] = (uint8_t)(number >> (8U * i));
    }
    more = nic_put(frame, options.nic_bytes) == NIC_OK;
    nic_listen(); /* a message may have come since, for a frame that others sent */
    if ((options.nic != NIC_POLL) && (options.spin == 0U) && (options.periodic == 0U)) {
        clock_arm(tsc_read() + step); /* HLT ends when no message comes */
    }
    seen = nic_interrupts;
    begin = tsc_read();
    nic_go();
    while (more) {
        uint64_t end = (options.nic == NIC_POLL) ? wait_polling(begin) : wait_message(begin, seen);
        seen = nic_interrupts;
        nic_listen(); /* before the ring is emptied: what comes meanwhile causes a message */
        found = (end != 0U) && take_the_frame();
        if (found) {
            trip->ticks = end - begin;
            trip->tsc = end;
        }
        more = (end != 0U) && !found && in_time(begin);
    }
    lost += found ? 0U : 1U;
    return found;
}

bool roundtrip_alive(void) { return (lost < number) || (number == 0U); }

static void report_count(const char *name, uint64_t value)
{
    console_text(name);
    console_dec(value);
}

void roundtrip_report(void)
{
    report_count("rtvm: nic: sent ", nic_counts.sent);
    report_count(" back ", number - lost);
    report_count(" lost ", lost);
    report_count(" interrupts ", nic_interrupts);
    report_count(" other frames ", others);
    report_count(" broken ", nic_counts.broken);
    console_text("\n");
}
