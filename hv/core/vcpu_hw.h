/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vCPU as core/ sees it: registers that the vendor backend loads and
 * stores. General registers, RIP and RFLAGS live in vcpu_regs[] and are
 * exchanged at every exit and entry; the rest is read and written on demand.
 */
#ifndef CORE_VCPU_HW_H
#define CORE_VCPU_HW_H

#include "core/limits.h"
#include "core/types.h"

enum gpr { GPR_RAX, GPR_RCX, GPR_RDX, GPR_RBX, GPR_RSP, GPR_RBP, GPR_RSI, GPR_RDI,
           GPR_R8, GPR_R9, GPR_R10, GPR_R11, GPR_R12, GPR_R13, GPR_R14, GPR_R15, GPR_COUNT };

struct vcpu_regs {
    uint64_t gpr[GPR_COUNT];
    uint64_t rip;
    uint64_t rflags;
};
extern struct vcpu_regs vcpu_regs[MAX_VCPU];
#define RFLAGS_TF 0x100U
#define RFLAGS_RF 0x10000U

enum vcpu_reg { REG_CR0, REG_CR2, REG_CR3, REG_CR4, REG_EFER, REG_CPL, REG_PAT,
                REG_FS_BASE, REG_GS_BASE, REG_XCR0, REG_TSC_AUX, REG_DR7, REG_COUNT };
enum segment_id { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_LDTR, SEG_TR, SEG_GDTR, SEG_IDTR };
struct segment { /* access: type, S, DPL, P, AVL, L, D/B, G in bits 0-7 and 12-15, as in a descriptor */
    uint16_t selector;
    uint16_t access;
    uint32_t limit;
    uint64_t base;
};

uint64_t hw_vcpu_get(vcpu_id_t vcpu, enum vcpu_reg reg);
void hw_vcpu_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value);
struct segment hw_vcpu_segment(vcpu_id_t vcpu, enum segment_id seg);
void hw_vcpu_set_segment(vcpu_id_t vcpu, enum segment_id seg, struct segment value);

/* Reset state (Intel SDM 3, table 9-1): real mode, all intercepts of its VM's kind set up.
 * exclusive: local APIC passed through, external interrupts and HLT not intercepted. */
void hw_vcpu_init(vcpu_id_t vcpu, bool exclusive);
void hw_vcpu_set_stage2(vcpu_id_t vcpu, hpa_t root, uint32_t asid);

/* Event injection. can_accept: RFLAGS.IF set, no interrupt shadow, no event already queued. */
bool hw_vcpu_can_accept_interrupt(vcpu_id_t vcpu);
bool hw_vcpu_event_queued(vcpu_id_t vcpu);
/* can_accept_nmi: no event queued, no shadow, and the handler of an NMI before it has returned (IRET). */
bool hw_vcpu_can_accept_nmi(vcpu_id_t vcpu);
void hw_vcpu_inject_interrupt(vcpu_id_t vcpu, uint32_t vector);
void hw_vcpu_inject_nmi(vcpu_id_t vcpu);
void hw_vcpu_inject_exception(vcpu_id_t vcpu, uint32_t vector, bool has_error, uint32_t error);
/* An instruction was done for the guest: the STI or MOV SS shadow and RFLAGS.RF are over, and with RFLAGS.TF a #DB is queued, which tells of a single step. */
void hw_vcpu_skipped(vcpu_id_t vcpu);
void hw_vcpu_request_window(vcpu_id_t vcpu, bool wanted); /* exit as soon as it can accept */

/*
 * The CPU's own virtual local APIC, in x2APIC mode: it takes the highest request above the priority by itself, and the guest reads its
 * priorities and ends its interrupts, without an exit. From lend to take the registers are the CPU's (docs/decisions/0020-vt-x.md).
 */
bool hw_apic_present(void);
/* The next entries have these; an EOI of a vector in tmr exits, as a write of the register that was not done yet. */
void hw_vcpu_apic_lend(vcpu_id_t vcpu, uint32_t tpr, const uint32_t isr[8], const uint32_t tmr[8], const uint32_t irr[8]);
/* Not while the vCPU is in the guest. TPR; isr is replaced, and what is still requested is added to irr. */
uint32_t hw_vcpu_apic_take(vcpu_id_t vcpu, uint32_t isr[8], uint32_t irr[8]);

/* The two bitmaps of a VM: everything is closed until opened here. */
void hw_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write);
void hw_port_open(vm_id_t vm, uint16_t base, uint32_t count);
void hw_bitmaps_close(vm_id_t vm);

/* Next entry of this vCPU flushes its translations. */
void hw_vcpu_flush(vcpu_id_t vcpu);
uint64_t hw_xcr0_supported(void);

#endif
