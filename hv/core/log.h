/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's log: one line an event, to the UART and a ring in RAM. Each core collects
 * its line in its own buffer; shared cores drain all buffers under the lock, so an exclusive
 * core never waits. A line longer than its buffer is cut, a full buffer counts what it lost. */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/types.h"

void log_begin(const char *module);  /* "[    1.234567] module: " */
void log_text(const char *text);
void log_chars(const char *text, uint32_t size); /* not terminated; stops at NUL, escapes what is not printable */
void log_dec(uint64_t value);
void log_hex(uint64_t value);
void log_end(void);
void log_line(const char *module, const char *text); /* begin, text, end */
/* The calling core's own lines, written out or not: the character that many before the end, 1 the last; NUL before the first. */
char log_own_char(uint32_t back);
/* Lock held: writes a few bytes, if the UART has had time for those before. Returns when to call it again, or TIME_NEVER. */
uint64_t log_drain(uint64_t now);
/* All that is there: single-core boot, and when the machine or the shared side ends. */
void log_flush(void);

#endif
