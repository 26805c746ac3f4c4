/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Polled driver of a 16550A that nobody may be waited for: the end of a line to another VM (docs/user-guide.md, Serial lines between
 * VMs), or a UART. Each call is an exit or two of an exclusive VM.
 */
#ifndef RTVM_SERIAL_H
#define RTVM_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

#define SERIAL_ECHO_MOST 16U /* bytes a period */

void serial_init(uint16_t port);              /* 115200 8n1, FIFOs, no interrupt, DTR and RTS on */
bool serial_read(uint16_t port, uint8_t *byte); /* false: nothing has come */
bool serial_write(uint16_t port, uint8_t byte); /* false: the other side has not read what was sent before; not sent */
/* What has come goes back, as long as the other side reads it. */
void serial_echo(uint16_t port);

#endif
