/* SPDX-License-Identifier: Apache-2.0 */
/* 16550 UART that carries the log: 115200 8N1, polled (PC16550D data sheet, table II). */
#include "x86/uart.h"

#include "core/hw.h"
#include "x86/asm.h"

#define UART_DATA 0U
#define UART_IER  1U
#define UART_FCR  2U
#define UART_LCR  3U
#define UART_MCR  4U
#define UART_LSR  5U
#define LSR_THR_EMPTY 0x20U
#define UART_POLLS 100000U /* a port without a UART must not stop the machine */

static uint16_t uart_base;

/* REQ-CFG-011 */
void uart_init(uint16_t base)
{
    uart_base = base;
    if (base != 0U) {
        asm_out8((uint16_t)(base + UART_IER), 0x00U);
        asm_out8((uint16_t)(base + UART_LCR), 0x80U); /* divisor latch */
        asm_out8((uint16_t)(base + UART_DATA), 1U);
        asm_out8((uint16_t)(base + UART_IER), 0U);
        asm_out8((uint16_t)(base + UART_LCR), 0x03U); /* 8N1 */
        asm_out8((uint16_t)(base + UART_FCR), 0x07U); /* FIFOs on and empty */
        asm_out8((uint16_t)(base + UART_MCR), 0x03U); /* DTR RTS */
    }
}

void hw_log_char(char c)
{
    if (uart_base != 0U) {
        for (uint32_t i = 0U; (i < UART_POLLS) && ((asm_in8((uint16_t)(uart_base + UART_LSR)) & LSR_THR_EMPTY) == 0U); i++) {
            asm_pause();
        }
        asm_out8((uint16_t)(uart_base + UART_DATA), (uint8_t)c);
    }
}
