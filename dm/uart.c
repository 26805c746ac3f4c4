/* SPDX-License-Identifier: Apache-2.0 */
#include "dm/uart.h"

#define REG_DATA 0U
#define REG_IER  1U
#define REG_IIR  2U /* read; FCR when written */
#define REG_LCR  3U
#define REG_MCR  4U
#define REG_LSR  5U
#define REG_MSR  6U
#define REG_SCR  7U

#define IER_RX       0x01U
#define IER_THR      0x02U
#define IER_LINE     0x04U
#define IIR_NONE     0x01U
#define IIR_THR      0x02U
#define IIR_RX       0x04U
#define IIR_LINE     0x06U
#define IIR_FIFO     0xC0U
#define FCR_ENABLE   0x01U
#define FCR_CLEAR_RX 0x02U
#define LCR_DLAB     0x80U
#define MCR_LOOP     0x10U
#define MCR_OUT2     0x08U
#define LSR_READY    0x01U
#define LSR_OVERRUN  0x02U
#define LSR_EMPTY    0x60U /* THR and transmitter */
#define MSR_PRESENT  0xB0U /* DCD, DSR, CTS */

static uint8_t pending_interrupt(const struct uart *uart)
{
    uint8_t pending = IIR_NONE;

    if ((uart->ier & IER_LINE) && uart->lsr_errors != 0U) {
        pending = IIR_LINE;
    } else if ((uart->ier & IER_RX) && uart->count != 0U) {
        pending = IIR_RX;
    } else if ((uart->ier & IER_THR) && uart->thr_empty_pending) {
        pending = IIR_THR;
    } else {
        /* idle */
    }
    return pending;
}

/* On PCs OUT2 gates the interrupt line. */
static void update_irq(struct uart *uart)
{
    bool high = pending_interrupt(uart) != IIR_NONE && (uart->mcr & MCR_OUT2) != 0U;

    if (high != uart->irq_high) {
        uart->irq_high = high;
        uart->set_irq(uart->owner, high);
    }
}

static void push(struct uart *uart, uint8_t byte)
{
    if (uart->count == UART_FIFO_SIZE) {
        uart->lsr_errors |= LSR_OVERRUN;
    } else {
        uart->fifo[(uart->head + uart->count) % UART_FIFO_SIZE] = byte;
        uart->count++;
    }
}

static uint8_t pop(struct uart *uart)
{
    uint8_t byte = 0;

    if (uart->count != 0U) {
        byte = uart->fifo[uart->head];
        uart->head = (uart->head + 1U) % UART_FIFO_SIZE;
        uart->count--;
    }
    return byte;
}

/* Loop-back: the modem outputs are the modem inputs (data sheet, 8.6.7). */
static uint8_t modem_status(const struct uart *uart)
{
    uint8_t mcr = uart->mcr;
    uint8_t status = MSR_PRESENT;

    if (mcr & MCR_LOOP) {
        status = (uint8_t)(((mcr & 0x02U) << 3) | ((mcr & 0x01U) << 5) | ((mcr & 0x0CU) << 4));
    }
    return status;
}

static uint8_t read_iir(struct uart *uart)
{
    uint8_t iir = pending_interrupt(uart);

    if (iir == IIR_THR) {
        uart->thr_empty_pending = false; /* reading it acknowledges it */
    }
    return iir | ((uart->fcr & FCR_ENABLE) ? IIR_FIFO : 0U);
}

static uint8_t read_lsr(struct uart *uart)
{
    uint8_t lsr = LSR_EMPTY | uart->lsr_errors | ((uart->count != 0U) ? LSR_READY : 0U);

    uart->lsr_errors = 0;
    return lsr;
}

static uint64_t uart_read(void *device, uint64_t offset, uint32_t size)
{
    struct uart *uart = device;
    bool dlab = (uart->lcr & LCR_DLAB) != 0U;
    uint8_t value = 0;

    (void)size; /* the chip is 8 bits wide */
    pthread_mutex_lock(&uart->lock);
    switch (offset) {
    case REG_DATA:
        value = dlab ? uart->divisor[0] : pop(uart);
        break;
    case REG_IER:
        value = dlab ? uart->divisor[1] : uart->ier;
        break;
    case REG_IIR:
        value = read_iir(uart);
        break;
    case REG_LCR:
        value = uart->lcr;
        break;
    case REG_MCR:
        value = uart->mcr;
        break;
    case REG_LSR:
        value = read_lsr(uart);
        break;
    case REG_MSR:
        value = modem_status(uart);
        break;
    default:
        value = uart->scratch;
        break;
    }
    update_irq(uart);
    pthread_mutex_unlock(&uart->lock);
    return value;
}

static void write_data(struct uart *uart, uint8_t byte)
{
    if (uart->mcr & MCR_LOOP) {
        push(uart, byte);
    } else {
        console_write(uart->console, &byte, 1);
    }
    uart->thr_empty_pending = true;
}

static void write_ier(struct uart *uart, uint8_t value)
{
    if ((value & IER_THR) && !(uart->ier & IER_THR)) {
        uart->thr_empty_pending = true; /* enabling it raises it at once: the THR is empty */
    }
    uart->ier = value & 0x0FU;
}

static void uart_write(void *device, uint64_t offset, uint32_t size, uint64_t wide)
{
    struct uart *uart = device;
    bool dlab = (uart->lcr & LCR_DLAB) != 0U;
    uint8_t value = (uint8_t)wide;

    (void)size;
    pthread_mutex_lock(&uart->lock);
    if (dlab && offset <= REG_IER) {
        uart->divisor[offset] = value;
    } else {
        switch (offset) {
        case REG_DATA:
            write_data(uart, value);
            break;
        case REG_IER:
            write_ier(uart, value);
            break;
        case REG_IIR:
            uart->fcr = value;
            if (value & FCR_CLEAR_RX) {
                uart->count = 0;
            }
            break;
        case REG_LCR:
            uart->lcr = value;
            break;
        case REG_MCR:
            uart->mcr = value & 0x1FU;
            break;
        case REG_SCR:
            uart->scratch = value;
            break;
        default: /* LSR and MSR are read-only */
            break;
        }
    }
    update_irq(uart);
    pthread_mutex_unlock(&uart->lock);
}

const struct io_ops uart_ops = {.read = uart_read, .write = uart_write};

void uart_create(struct uart *uart, struct console *console, void (*set_irq)(void *owner, bool high), void *owner)
{
    *uart = (struct uart){.console = console, .set_irq = set_irq, .owner = owner};
    pthread_mutex_init(&uart->lock, NULL);
}

void uart_reset(struct uart *uart)
{
    pthread_mutex_lock(&uart->lock);
    uart->ier = 0;
    uart->fcr = 0;
    uart->lcr = 0;
    uart->mcr = 0;
    uart->lsr_errors = 0;
    uart->count = 0;
    uart->thr_empty_pending = false;
    update_irq(uart);
    pthread_mutex_unlock(&uart->lock);
}

void uart_receive(struct uart *uart, const uint8_t *data, size_t size)
{
    pthread_mutex_lock(&uart->lock);
    for (size_t i = 0; i < size; i++) {
        push(uart, data[i]);
    }
    update_irq(uart);
    pthread_mutex_unlock(&uart->lock);
}
