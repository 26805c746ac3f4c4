/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of the road: boot failures, host exceptions, broken invariants. */
#ifndef X86_FATAL_H
#define X86_FATAL_H

#include "abi/crash.h"
#include "core/types.h"
#include "x86/atomic.h"

NORETURN void fatal_exception(const struct hv_crash_frame *frame);
/* Boot cannot go on: text on the log UART and the VGA text screen; no VM has started. */
NORETURN void fatal_boot(const char *what, const char *detail);
/* Not 0: a fault of the hypervisor ended the shared side; shared cores halt with fatal_join(). */
extern shared_u32_t fatal_shared_stop;
NORETURN void fatal_join(void);
/* Shared core, lock held: ends the shared side, with its log written out, when hw_halt() was called. */
void fatal_halt_if_wanted(void);

/* Straight to the UART, past the log and its lock; each core uses it only when it is lost. */
void fatal_text(const char *text);
void fatal_hex(uint64_t value);
/* One line of the VGA text screen, row 0..24. */
void vga_line(uint32_t row, const char *text, const char *detail);

#endif
