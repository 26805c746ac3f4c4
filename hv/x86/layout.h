/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that C and assembly share. */
#ifndef X86_LAYOUT_H
#define X86_LAYOUT_H

#define GDT_BOOT_CODE32 0x08
#define GDT_BOOT_DATA   0x10
#define GDT_BOOT_CODE64 0x18

#define GDT_CODE 0x08
#define GDT_DATA 0x10
#define GDT_TSS  0x18

#define PCPU_STACKS_SIZE 28672 /* struct pcpu_stacks; its main stack ends it */
#define IDT_ROW         16 /* stubs in isr.S before the jumps that they take */
#define IDT_STUB_BYTES  4
#define IDT_ROW_BYTES   76
#define ISR_X2APIC_EOI  0x80B /* x86/msr.h */
#define ISR_X2APIC_ISR  0x810

/* struct vcpu_regs (core/vcpu_hw.h); checked by assertions in x86/vcpu.c */
#define REGS_RAX 0
#define REGS_RCX 8
#define REGS_RDX 16
#define REGS_RBX 24
#define REGS_RBP 40
#define REGS_RSI 48
#define REGS_RDI 56
#define REGS_R8  64
#define REGS_R9  72
#define REGS_R10 80
#define REGS_R11 88
#define REGS_R12 96
#define REGS_R13 104
#define REGS_R14 112
#define REGS_R15 120

/* struct svm_run (x86/svm/svm.h) */
#define RUN_REGS 0
#define RUN_VMCB 8
#define RUN_HOST 16
#define RUN_KICK 24

/* struct vmx_run (x86/vmx/vmx.h) */
#define VMX_RUN_REGS 0
#define VMX_RUN_KICK 8
#define VMX_RUN_LAUNCHED 16
#define VMX_ENDED_IS_KICK 1
#define VMX_ENDED_IS_REFUSED 2
#define VMX_HOST_RSP 0x6C14 /* VMCS field (Intel SDM 3, table B-15) */

#endif
