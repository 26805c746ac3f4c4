/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stub a vector, of four bytes: the vector less 128, so that it fits one, and a jump that does, too. After each 16 stubs lie the long
 * jumps on: for vectors without an error code, and for those with one (AMD APM 2, table 8-1).
 */
#include "x86/layout.h"

    .text
    .globl idt_stubs
idt_stubs:
    .set vector, 0
    .rept 256 / IDT_ROW
    .rept IDT_ROW
    pushq $(vector - 128)
    .if (vector == 8) || (vector == 10) || (vector == 11) || (vector == 12) || (vector == 13) || (vector == 14) || (vector == 17) || (vector == 21)
    jmp 2f
    .else
    jmp 1f
    .endif
    .set vector, vector + 1
    .endr
1:  .byte 0xE9 /* jmp, always the long one */
    .long idt_no_error - . - 4
2:  .byte 0xE9
    .long idt_common - . - 4
    .balign IDT_STUB_BYTES
    .endr
    .org idt_stubs + ((256 / IDT_ROW) * IDT_ROW_BYTES) /* an error if stubs are longer than idt.c takes them to be */

idt_no_error:
    pushq (%rsp)
    movq $0, 8(%rsp)
/* REQ-LIF-017 */
idt_common:
    subq $-128, (%rsp)
    push %rax
    push %rcx
    push %rdx
    push %rbx
    push %rbp
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    push %r12
    push %r13
    push %r14
    push %r15
    cld
    mov %rsp, %rdi
    call idt_dispatch
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rbp
    pop %rbx
    pop %rdx
    pop %rcx
    pop %rax
    add $16, %rsp
    iretq

/* Interrupts of a guest that is no more (lapic_drain.c): no error code, whatever the vector. */
/* REQ-LIF-030 */
    .globl idt_sink
idt_sink:
    push %rax
    push %rcx
    push %rdx
    mov $ISR_X2APIC_EOI, %ecx
    xor %eax, %eax
    xor %edx, %edx
    wrmsr
    pop %rdx
    pop %rcx
    pop %rax
    iretq

/* Vector 18 in service: an interrupt; else a machine check. */
    .globl idt_sink_mc
idt_sink_mc:
    push %rax
    push %rcx
    push %rdx
    mov $ISR_X2APIC_ISR, %ecx
    rdmsr
    bt $18, %eax
    pop %rdx
    pop %rcx
    pop %rax
    jc idt_sink
    jmp idt_stubs + ((18 / IDT_ROW) * IDT_ROW_BYTES) + ((18 % IDT_ROW) * IDT_STUB_BYTES)
