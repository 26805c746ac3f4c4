/* SPDX-License-Identifier: Apache-2.0 */
/* 16550A serial port (PC16550D data sheet). Transmission takes no time. */
#ifndef DM_UART_H
#define DM_UART_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dm/console.h"
#include "dm/iobus.h"

#define UART_PORTS     8U
#define UART_FIFO_SIZE 256U /* ours is deeper than the chip's 16 */

struct uart {
    pthread_mutex_t lock;
    struct console *console;
    void (*set_irq)(void *owner, bool high);
    void *owner;
    bool irq_high;
    bool thr_empty_pending; /* the "transmitter empty" interrupt was not yet seen */
    uint8_t ier, fcr, lcr, mcr, lsr_errors, scratch, divisor[2];
    uint8_t fifo[UART_FIFO_SIZE];
    uint32_t head, count;
};

extern const struct io_ops uart_ops;

void uart_create(struct uart *uart, struct console *console, void (*set_irq)(void *owner, bool high), void *owner);
void uart_reset(struct uart *uart);
/* Bytes that arrived; any thread. What does not fit is lost and flagged as an overrun. */
void uart_receive(struct uart *uart, const uint8_t *data, size_t size);

#endif
