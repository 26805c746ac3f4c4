/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of the road: boot failures, host exceptions, broken invariants. */
#ifndef X86_FATAL_H
#define X86_FATAL_H

#include "core/types.h"
#include "x86/atomic.h"

struct idt_frame { /* as isr.S pushes it */
    uint64_t r15;
    uint64_t r14;
    uint64_t r13;
    uint64_t r12;
    uint64_t r11;
    uint64_t r10;
    uint64_t r9;
    uint64_t r8;
    uint64_t rdi;
    uint64_t rsi;
    uint64_t rbp;
    uint64_t rbx;
    uint64_t rdx;
    uint64_t rcx;
    uint64_t rax;
    uint64_t vector;
    uint64_t error;
    uint64_t rip;
    uint64_t cs;
    uint64_t rflags;
    uint64_t rsp;
    uint64_t ss;
};

NORETURN void fatal_exception(const struct idt_frame *frame);
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
