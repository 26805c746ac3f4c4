/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>

#include "console.h"
#include "cpu.h"

#define UART_DATA 0U
#define UART_IER  1U
#define UART_FCR  2U
#define UART_LCR  3U
#define UART_MCR  4U
#define UART_LSR  5U
#define LSR_THRE  0x20U
#define DIGITS    20U
#define WAIT_POLLS 100000U /* a UART at 115200 bits a second takes 1.4 ms for its FIFO */

static uint16_t console_port;
static bool console_deaf; /* nobody reads what it says */

void console_init(uint16_t port)
{
    console_port = port;
    if (port != 0U) {
        port_write8((uint16_t)(port + UART_IER), 0U);
        port_write8((uint16_t)(port + UART_LCR), 0x80U); /* divisor latch */
        port_write8((uint16_t)(port + UART_DATA), 1U);   /* 115200 */
        port_write8((uint16_t)(port + UART_IER), 0U);
        port_write8((uint16_t)(port + UART_LCR), 3U);    /* 8n1 */
        port_write8((uint16_t)(port + UART_FCR), 7U);
        port_write8((uint16_t)(port + UART_MCR), 3U);
    }
}

static bool transmitter_empty(void)
{
    return (port_read8((uint16_t)(console_port + UART_LSR)) & LSR_THRE) != 0U;
}

/* A UART's transmitter empties by itself. The end of a line to another VM does when that one reads: once it has not in time,
 * what finds no room is dropped until it has. */
void console_char(char c)
{
    if (console_port != 0U) {
        uint32_t left = console_deaf ? 1U : WAIT_POLLS;
        bool empty = transmitter_empty();
        while (!empty && (left > 1U)) {
            empty = transmitter_empty();
            left--;
        }
        console_deaf = !empty;
        if (empty) {
            port_write8((uint16_t)(console_port + UART_DATA), (uint8_t)c);
        }
    }
}

void console_text(const char *text)
{
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        if (text[i] == '\n') {
            console_char('\r');
        }
        console_char(text[i]);
    }
}

static const char digit[] = "0123456789abcdef";

void console_dec(uint64_t value)
{
    char digits[DIGITS];
    uint64_t rest = value;
    uint32_t count = 0U;

    do {
        digits[count] = digit[rest % 10U];
        rest /= 10U;
        count++;
    } while (rest != 0U);
    while (count > 0U) {
        count--;
        console_char(digits[count]);
    }
}

void console_hex(uint64_t value)
{
    for (uint32_t i = 0U; i < 16U; i++) {
        uint32_t nibble = (uint32_t)(value >> (60U - (4U * i))) & 0xFU;
        console_char(digit[nibble]);
    }
}

void console_byte(uint8_t value)
{
    console_char(digit[value >> 4]);
    console_char(digit[value & 0xFU]);
}
