/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uint32_t svm_vmrun(struct vcpu_regs *regs, uint64_t vmcb, uint64_t host_vmcb, const uint32_t *kick)
 *
 * 1: the guest ran; 0: *kick was set after CLGI, the point of no return: an NMI sent from
 * then on stays pending until VMRUN sets GIF, and makes the guest exit (APM 2, 15.17).
 * IF is set inside the GIF=0 region only: with V_INTR_MASKING it is the host's IF that
 * lets physical interrupts end the guest's run (APM 2, 15.21.1).
 */
#include "x86/layout.h"

    .text
    .globl svm_vmrun
/* REQ-INT-029 */
svm_vmrun:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdx                           /* host_vmcb */
    push %rdi                           /* regs */
    clgi
    cmpl $0, (%rcx)
    jne kicked
    mov %rsi, %rax
    mov REGS_RCX(%rdi), %rcx
    mov REGS_RDX(%rdi), %rdx
    mov REGS_RBX(%rdi), %rbx
    mov REGS_RBP(%rdi), %rbp
    mov REGS_RSI(%rdi), %rsi
    mov REGS_R8(%rdi), %r8
    mov REGS_R9(%rdi), %r9
    mov REGS_R10(%rdi), %r10
    mov REGS_R11(%rdi), %r11
    mov REGS_R12(%rdi), %r12
    mov REGS_R13(%rdi), %r13
    mov REGS_R14(%rdi), %r14
    mov REGS_R15(%rdi), %r15
    mov REGS_RDI(%rdi), %rdi
    sti
    vmload %rax
    vmrun %rax
    vmsave %rax
    cli
    push %rdi
    mov 8(%rsp), %rdi
    mov %rcx, REGS_RCX(%rdi)
    mov %rdx, REGS_RDX(%rdi)
    mov %rbx, REGS_RBX(%rdi)
    mov %rbp, REGS_RBP(%rdi)
    mov %rsi, REGS_RSI(%rdi)
    mov %r8, REGS_R8(%rdi)
    mov %r9, REGS_R9(%rdi)
    mov %r10, REGS_R10(%rdi)
    mov %r11, REGS_R11(%rdi)
    mov %r12, REGS_R12(%rdi)
    mov %r13, REGS_R13(%rdi)
    mov %r14, REGS_R14(%rdi)
    mov %r15, REGS_R15(%rdi)
    pop %rcx
    mov %rcx, REGS_RDI(%rdi)
    mov 8(%rsp), %rax
    vmload %rax                         /* FS, GS, TR, LDTR, syscall MSRs of the host */
    cld
    stgi
    mov $1, %eax
    jmp done
kicked:
    stgi
    xor %eax, %eax
done:
    pop %rdi
    pop %rdx
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
