/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uint32_t svm_vmrun(struct svm_run *run)
 *
 * 1: the guest ran, and left by an exit that svm_left() had no answer to; 0: the kick flag was set after CLGI,
 * the point of no return: an NMI sent from then on stays pending until VMRUN sets GIF, and makes the guest
 * exit (APM 2, 15.17). That holds for every VMRUN of the loop, since GIF stays 0 between them.
 * IF is set in the loop: with V_INTR_MASKING it is the host's IF at VMRUN that lets physical interrupts
 * end the guest's run (APM 2, 15.21.1). Between two rounds GIF holds them back, as all others (15.17).
 *
 * Between two rounds RBP and R12 to R15 of the guest stay in the core, and RBX points at its registers: C keeps
 * them over a call (System V ABI). DF is clear as at VMRUN: #VMEXIT loads the host's RFLAGS (15.6).
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
    mov RUN_REGS(%rdi), %rbx
    mov RUN_VMCB(%rdi), %rax
    mov REGS_RBP(%rbx), %rbp
    mov REGS_R12(%rbx), %r12
    mov REGS_R13(%rbx), %r13
    mov REGS_R14(%rbx), %r14
    mov REGS_R15(%rbx), %r15
    sti
.Lagain:                                /* RBX: the guest's registers in memory; RAX: the VMCB */
    mov REGS_RCX(%rbx), %rcx
    mov REGS_RDX(%rbx), %rdx
    mov REGS_RSI(%rbx), %rsi
    mov REGS_RDI(%rbx), %rdi
    mov REGS_R8(%rbx), %r8
    mov REGS_R9(%rbx), %r9
    mov REGS_R10(%rbx), %r10
    mov REGS_R11(%rbx), %r11
    mov REGS_RBX(%rbx), %rbx
    vmload %rax
    vmrun %rax
    vmsave %rax
    push %rbx
    mov 8(%rsp), %rbx
    mov RUN_HOST(%rbx), %rax
    vmload %rax                         /* FS, GS, TR, LDTR, syscall MSRs of the host */
    mov RUN_REGS(%rbx), %rbx
    mov %rcx, REGS_RCX(%rbx)
    mov %rdx, REGS_RDX(%rbx)
    mov %rsi, REGS_RSI(%rbx)
    mov %rdi, REGS_RDI(%rbx)
    mov %r8, REGS_R8(%rbx)
    mov %r9, REGS_R9(%rbx)
    mov %r10, REGS_R10(%rbx)
    mov %r11, REGS_R11(%rbx)
    pop REGS_RBX(%rbx)
    mov (%rsp), %rdi
    call svm_left
    test %rax, %rax
    jne .Lagain
    cli
    mov %rbp, REGS_RBP(%rbx)
    mov %r12, REGS_R12(%rbx)
    mov %r13, REGS_R13(%rbx)
    mov %r14, REGS_R14(%rbx)
    mov %r15, REGS_R15(%rbx)
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
