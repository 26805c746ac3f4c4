/* SPDX-License-Identifier: Apache-2.0 */
#include "rtc.h"

#include "console.h"
#include "cpu.h"

#define RTC_INDEX   0x70U
#define RTC_DATA    0x71U
#define RTC_SECONDS 0x00U
#define TICKS_MOST  60000000000ULL /* 3 s at 20 GHz, which no TSC exceeds; a minute at 1 GHz */

static uint8_t rtc_second(void)
{
    port_write8(RTC_INDEX, RTC_SECONDS);
    return port_read8(RTC_DATA);
}

/*
 * TSC at which the second became another one; 0 when it did not. That the clock is updating (register A) is not asked: what is read
 * then is the old second, the new one or for an instant something else, so a new one counts when it is read twice.
 */
static uint64_t rtc_next_second(void)
{
    uint64_t begin = tsc_read();
    uint64_t now = begin;
    uint64_t changed = 0U;
    uint8_t first = rtc_second();

    while ((changed == 0U) && ((now - begin) < TICKS_MOST)) {
        uint8_t second = rtc_second();
        now = tsc_read();
        if ((second != first) && (rtc_second() == second)) {
            changed = now;
        }
    }
    return changed;
}

uint64_t rtc_tsc_hz(void)
{
    uint64_t begin = rtc_next_second();
    uint64_t end = (begin != 0U) ? rtc_next_second() : 0U;
    uint64_t hz = 0U;

    if (end != 0U) {
        hz = end - begin;
    } else {
        console_text("rtvm: the clock of the day does not go, give tsc_hz=\n");
    }
    return hz;
}
