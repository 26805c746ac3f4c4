/* SPDX-License-Identifier: Apache-2.0 */
/* The Service VM's end of a serial line, its COM4, whose other end echoes: what goes out comes back, and an end that is full says so. */
#include "tests/guests/guest.h"

#define COM4   0x2E8U
#define LCR    3U
#define MCR    4U
#define LSR    5U
#define MSR    6U
#define DATA   0x01U
#define EMPTY  0x20U
#define LOOP   0x10U
#define COUNT  0x2000U
#define PATIENCE 50000000U /* looks */

static uint8_t pattern(uint32_t i)
{
    return (uint8_t)((i * 13U) ^ (i >> 8));
}

static void looks_like_a_16550a(void)
{
    out8(COM4 + 2U, 7U);
    check("fifo", (in8(COM4 + 2U) >> 6) == 3U, in8(COM4 + 2U));
    out8(COM4 + 7U, 0x5AU);
    check("scratch", in8(COM4 + 7U) == 0x5AU, in8(COM4 + 7U));
    out8(COM4 + MCR, LOOP | 0xAU);
    check("loop-back", (in8(COM4 + MSR) & 0xF0U) == 0x90U, in8(COM4 + MSR));
    out8(COM4 + MCR, 3U);
}

/* The other end may start later: its DTR says when it is there. */
static void wait_for_the_other_end(void)
{
    uint32_t left = PATIENCE;

    while (((in8(COM4 + MSR) & 0x20U) == 0U) && (left != 0U)) {
        left--;
    }
    check("the other end", left != 0U, in8(COM4 + MSR));
}

void guest_main(void)
{
    uint32_t sent = 0U;
    uint32_t got = 0U;
    uint32_t wrong = 0U;
    uint32_t full = 0U;
    uint32_t left = PATIENCE;

    looks_like_a_16550a();
    wait_for_the_other_end();
    while ((got < COUNT) && (left != 0U)) {
        uint8_t status = in8(COM4 + LSR);
        left--;
        if (((status & EMPTY) != 0U) && (sent < COUNT)) {
            for (uint32_t i = 0U; i < 16U; i++) {
                out8(COM4, pattern(sent));
                sent++;
            }
        } else if (sent < COUNT) {
            full++;
        } else {
            /* all is out */
        }
        if ((status & DATA) != 0U) {
            wrong += (in8(COM4) == pattern(got)) ? 0U : 1U;
            got++;
        }
    }
    check("all came back", got == COUNT, got);
    check("in order", wrong == 0U, wrong);
    check("the line was full now and then", full != 0U, full);
    check("nothing was lost", (in8(COM4 + LSR) & 2U) == 0U, in8(COM4 + LSR));
}
