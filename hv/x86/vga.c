/* SPDX-License-Identifier: Apache-2.0 */
/* VGA text screen, for messages that mean the machine does not start. Without a text
 * screen (UEFI) the writes go nowhere. */
#include "core/hw.h"
#include "x86/fatal.h"

#define VGA_TEXT    0xB8000U
#define VGA_COLUMNS 80U
#define VGA_COLOUR  0x4F00U /* white on red */

static uint32_t vga_text(uint32_t row, uint32_t column, const char *text)
{
    uint32_t at = column;
    for (uint32_t i = 0U; (text[i] != '\0') && (at < VGA_COLUMNS); i++) {
        hw_mmio_write(VGA_TEXT + (((row * VGA_COLUMNS) + at) * 2U), 2U, VGA_COLOUR | (uint8_t)text[i]);
        at++;
    }
    return at;
}

/* REQ-CFG-011 */
void vga_line(uint32_t row, const char *text, const char *detail)
{
    uint32_t column = vga_text(row, 0U, text);
    column = vga_text(row, column, detail);
    while (column < VGA_COLUMNS) {
        column = vga_text(row, column, " ");
    }
}
