/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of the road: boot failures, host exceptions, broken invariants. */
#ifndef X86_FATAL_H
#define X86_FATAL_H

#include <stdatomic.h>

#include "core/types.h"

struct idt_frame { /* as isr.S pushes it */
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

_Noreturn void fatal_exception(const struct idt_frame *frame);
/* Boot cannot go on: text on the log UART and the VGA text screen; no VM has started. */
_Noreturn void fatal_boot(const char *what, const char *detail);
/* Not 0: a violated invariant stopped the shared side; shared cores halt. */
extern _Atomic uint32_t fatal_shared_stop;

/* Straight to the UART, past the log and its lock; each core uses it only when it is lost. */
void fatal_text(const char *text);
void fatal_hex(uint64_t value);
/* One line of the VGA text screen, row 0..24. */
void vga_line(uint32_t row, const char *text, const char *detail);

#endif
