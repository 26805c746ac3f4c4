/* SPDX-License-Identifier: Apache-2.0 */
#ifndef X86_UART_H
#define X86_UART_H

#include <stdint.h>

void uart_init(uint16_t base); /* 0: none; hw_log_char() then drops */

#endif
