/* SPDX-License-Identifier: Apache-2.0 */
#include "screen.h"

#include <stdint.h>

#define COLUMNS 80U
#define CELLS   2000U
#define COLOUR  0x0700U /* grey on black */

/* Placed by the linker at 0xB8000, where the adapter's text memory is. */
extern volatile uint16_t vga_text[CELLS];
static uint32_t screen_at;

void screen_clear(void)
{
    for (uint32_t cell = 0U; cell < CELLS; cell++) {
        vga_text[cell] = (uint16_t)(COLOUR | (uint32_t)(uint8_t)' ');
    }
    screen_at = 0U;
}

void screen_char(char c)
{
    if (c == '\n') {
        screen_at += COLUMNS - (screen_at % COLUMNS);
    } else if (screen_at < CELLS) {
        vga_text[screen_at] = (uint16_t)(COLOUR | (uint32_t)(uint8_t)c);
        screen_at++;
    } else {
        /* beyond the last row */
    }
}
