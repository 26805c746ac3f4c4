/* SPDX-License-Identifier: Apache-2.0 */
#include "serial.h"
#include "cpu.h"

#define UART_DATA   0U
#define UART_IER    1U
#define UART_FCR    2U
#define UART_LCR    3U
#define UART_MCR    4U
#define UART_LSR    5U
#define LCR_DIVISOR 0x80U
#define LCR_8N1     3U
#define FCR_CLEAR   7U    /* on, both FIFOs empty */
#define MCR_READY   3U    /* DTR, RTS */
#define LSR_DATA    0x01U
#define LSR_EMPTY   0x20U

static void serial_set(uint16_t port, uint32_t offset, uint8_t value)
{
    port_write8((uint16_t)(port + offset), value);
}

static uint32_t line_status(uint16_t port)
{
    return port_read8((uint16_t)(port + UART_LSR));
}

void serial_init(uint16_t port)
{
    serial_set(port, UART_IER, 0U);
    serial_set(port, UART_LCR, LCR_DIVISOR);
    serial_set(port, UART_DATA, 1U);
    serial_set(port, UART_IER, 0U);
    serial_set(port, UART_LCR, LCR_8N1);
    serial_set(port, UART_FCR, FCR_CLEAR);
    serial_set(port, UART_MCR, MCR_READY);
}

bool serial_read(uint16_t port, uint8_t *byte)
{
    bool ready = (line_status(port) & LSR_DATA) != 0U;

    if (ready) {
        *byte = port_read8(port);
    }
    return ready;
}

bool serial_write(uint16_t port, uint8_t byte)
{
    bool empty = (line_status(port) & LSR_EMPTY) != 0U;

    if (empty) {
        serial_set(port, UART_DATA, byte);
    }
    return empty;
}

void serial_echo(uint16_t port)
{
    bool more = true;

    for (uint32_t i = 0U; (i < SERIAL_ECHO_MOST) && more; i++) {
        more = (line_status(port) & (LSR_DATA | LSR_EMPTY)) == (LSR_DATA | LSR_EMPTY);
        if (more) {
            serial_set(port, UART_DATA, port_read8(port));
        }
    }
}
