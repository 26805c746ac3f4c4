/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bool msr_read_safe(uint32_t msr, uint64_t *value): the one RDMSR whose #GP is an answer. idt_dispatch() returns from that fault to
 * msr_safe_fault.
 */
    .text
    .globl msr_read_safe
    .globl msr_safe_at
    .globl msr_safe_fault
/* REQ-CFG-033 */
msr_read_safe:
    mov %edi, %ecx
msr_safe_at:
    rdmsr
    shl $32, %rdx
    or %rdx, %rax
    mov %rax, (%rsi)
    mov $1, %eax
    ret
msr_safe_fault:
    movq $0, (%rsi)
    xor %eax, %eax
    ret
