/* SPDX-License-Identifier: Apache-2.0 */
/* Polled 16550 console of the runtime. */
#ifndef RTVM_CONSOLE_H
#define RTVM_CONSOLE_H

#include <stdint.h>

void console_init(uint16_t port); /* 0: silent */
void console_char(char c);       /* a line feed goes out as it is */
void console_text(const char *text);
void console_dec(uint64_t value);
void console_hex(uint64_t value);
void console_byte(uint8_t value);  /* two hexadecimal digits */

#endif
