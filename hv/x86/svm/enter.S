/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uint32_t svm_vmrun(struct svm_run *run)
 *
 * 1: the guest ran, and left by an exit that svm_quick() had no answer to; 0: the kick flag was set after CLGI,
 * the point of no return: an NMI sent from then on stays pending until VMRUN sets GIF, and makes the guest
 * exit (APM 2, 15.17). That holds for every VMRUN of the loop, since GIF stays 0 between them.
 * IF is set around VMRUN only: with V_INTR_MASKING it is the host's IF that lets physical interrupts
 * end the guest's run (APM 2, 15.21.1).
 *
 * Between two rounds RBP and R12 to R15 of the guest stay in the core: C keeps them over a call (System V ABI).
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
    push %rdi                           /* run; the stack is aligned for the call now */
    clgi
    mov RUN_KICK(%rdi), %rax
    cmpl $0, (%rax)
    jne .Lkicked
    mov RUN_REGS(%rdi), %rax
    mov REGS_RBP(%rax), %rbp
    mov REGS_R12(%rax), %r12
    mov REGS_R13(%rax), %r13
    mov REGS_R14(%rax), %r14
    mov REGS_R15(%rax), %r15
.Lagain:
    mov RUN_VMCB(%rdi), %rax
    mov RUN_REGS(%rdi), %rdi
    mov REGS_RCX(%rdi), %rcx
    mov REGS_RDX(%rdi), %rdx
    mov REGS_RBX(%rdi), %rbx
    mov REGS_RSI(%rdi), %rsi
    mov REGS_R8(%rdi), %r8
    mov REGS_R9(%rdi), %r9
    mov REGS_R10(%rdi), %r10
    mov REGS_R11(%rdi), %r11
    mov REGS_RDI(%rdi), %rdi
    sti
    vmload %rax
    vmrun %rax
    vmsave %rax
    cli
    push %rdi
    mov 8(%rsp), %rdi
    mov RUN_HOST(%rdi), %rax
    vmload %rax                         /* FS, GS, TR, LDTR, syscall MSRs of the host */
    mov RUN_REGS(%rdi), %rax
    mov %rcx, REGS_RCX(%rax)
    mov %rdx, REGS_RDX(%rax)
    mov %rbx, REGS_RBX(%rax)
    mov %rsi, REGS_RSI(%rax)
    mov %r8, REGS_R8(%rax)
    mov %r9, REGS_R9(%rax)
    mov %r10, REGS_R10(%rax)
    mov %r11, REGS_R11(%rax)
    pop %rcx
    mov %rcx, REGS_RDI(%rax)
    cld
    call svm_quick
    mov (%rsp), %rdi
    test %eax, %eax
    jne .Lagain
    mov RUN_REGS(%rdi), %rax
    mov %rbp, REGS_RBP(%rax)
    mov %r12, REGS_R12(%rax)
    mov %r13, REGS_R13(%rax)
    mov %r14, REGS_R14(%rax)
    mov %r15, REGS_R15(%rax)
    stgi
    mov $1, %eax
    jmp .Ldone
.Lkicked:
    stgi
    xor %eax, %eax
.Ldone:
    pop %rdi
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
