/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uint32_t vmx_run_guest(struct vmx_run *run): enum vmx_ended
 *
 * Exit: the guest ran, and left by an exit that vmx_quick() had no answer to. Kick: the flag was set, or an NMI came, before
 * an entry; run->ran says whether the guest had been entered before. Refused: VMLAUNCH or VMRESUME failed (VMfail).
 *
 * From .Lwindow to .Lwindow_end an NMI returns to .Lkicked (idt.c; docs/decisions/0020-vt-x.md):
 * one that came after the test of the flag and before the entry is not lost. RSP does not move in the window, nothing
 * is stored, and of the guest's registers memory or the core keeps another copy. IF is 0 throughout.
 *
 * Between two rounds RBP and R12 to R15 of the guest stay in the core: C keeps them over a call (System V ABI).
 */
#include "x86/layout.h"

    .text
    .globl vmx_run_guest
/* REQ-INT-029 */
vmx_run_guest:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdi                           /* run; the stack is aligned for the call now */
    mov $VMX_HOST_RSP, %eax
    vmwrite %rsp, %rax
    mov VMX_RUN_REGS(%rdi), %rax
    mov REGS_RBP(%rax), %rbp
    mov REGS_R12(%rax), %r12
    mov REGS_R13(%rax), %r13
    mov REGS_R14(%rax), %r14
    mov REGS_R15(%rax), %r15
.Lagain:
    mov VMX_RUN_KICK(%rdi), %rax
.Lwindow:
    cmpl $0, (%rax)
    jne .Lkicked
    cmpl $0, VMX_RUN_LAUNCHED(%rdi)     /* the loads below leave the flags alone */
    mov VMX_RUN_REGS(%rdi), %rdi
    mov REGS_RAX(%rdi), %rax
    mov REGS_RCX(%rdi), %rcx
    mov REGS_RDX(%rdi), %rdx
    mov REGS_RBX(%rdi), %rbx
    mov REGS_RSI(%rdi), %rsi
    mov REGS_R8(%rdi), %r8
    mov REGS_R9(%rdi), %r9
    mov REGS_R10(%rdi), %r10
    mov REGS_R11(%rdi), %r11
    mov REGS_RDI(%rdi), %rdi
    jne .Lresume
    vmlaunch
    jmp .Lrefused                       /* still in the window: an NMI here is a kick, and the entry is tried again */
.Lresume:
    vmresume
.Lwindow_end:
.Lrefused:
    mov $VMX_ENDED_IS_REFUSED, %eax
    jmp .Lleave
.Lexit:                                 /* the VMCS's HOST_RIP, HOST_RSP: as at .Lagain */
    push %rdi
    mov 8(%rsp), %rdi
    mov VMX_RUN_REGS(%rdi), %rdi
    mov %rax, REGS_RAX(%rdi)
    mov %rcx, REGS_RCX(%rdi)
    mov %rdx, REGS_RDX(%rdi)
    mov %rbx, REGS_RBX(%rdi)
    mov %rsi, REGS_RSI(%rdi)
    mov %r8, REGS_R8(%rdi)
    mov %r9, REGS_R9(%rdi)
    mov %r10, REGS_R10(%rdi)
    mov %r11, REGS_R11(%rdi)
    pop %rcx
    mov %rcx, REGS_RDI(%rdi)
    mov (%rsp), %rdi
    call vmx_quick
    mov (%rsp), %rdi
    test %eax, %eax
    jne .Lagain
    xor %eax, %eax                      /* VMX_ENDED_EXIT */
    jmp .Lleave
.Lkicked:
    mov $VMX_ENDED_IS_KICK, %eax
.Lleave:
    mov (%rsp), %rdi
    mov VMX_RUN_REGS(%rdi), %rdi
    mov %rbp, REGS_RBP(%rdi)
    mov %r12, REGS_R12(%rdi)
    mov %r13, REGS_R13(%rdi)
    mov %r14, REGS_R14(%rdi)
    mov %r15, REGS_R15(%rdi)
    pop %rdi
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

    .section .rodata
    .balign 8
    .globl vmx_marks
vmx_marks:                              /* enum vmx_mark */
    .quad .Lwindow, .Lwindow_end, .Lkicked, .Lexit
