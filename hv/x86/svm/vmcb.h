/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual machine control block (AMD APM 2, appendix B, tables B-1 and B-2). */
#ifndef X86_SVM_VMCB_H
#define X86_SVM_VMCB_H

#include <stddef.h>
#include <stdint.h>

struct vmcb_segment {
    uint16_t selector;
    uint16_t attributes; /* descriptor bits 40-47 and 52-55, without the gap */
    uint32_t limit;
    uint64_t base;
};

struct vmcb {
    /* Control area. */
    uint16_t intercept_cr_read;
    uint16_t intercept_cr_write;
    uint16_t intercept_dr_read;
    uint16_t intercept_dr_write;
    uint32_t intercept_exception;
    uint32_t intercept_misc1;
    uint32_t intercept_misc2;
    uint32_t intercept_misc3;
    uint8_t reserved018[0x3C - 0x18];
    uint16_t pause_threshold;
    uint16_t pause_count;
    uint64_t iopm_base;
    uint64_t msrpm_base;
    uint64_t tsc_offset;
    uint32_t asid;
    uint8_t tlb_control;
    uint8_t reserved05d[3];
    uint64_t interrupt_control; /* V_TPR, V_IRQ, ... */
    uint64_t interrupt_state;   /* bit 0: shadow */
    uint64_t exit_code;
    uint64_t exit_info1;
    uint64_t exit_info2;
    uint64_t exit_int_info;
    uint64_t nested_control;    /* bit 0: nested paging */
    uint64_t avic_bar;
    uint64_t ghcb;
    uint64_t event_injection;
    uint64_t nested_cr3;
    uint64_t lbr_control;
    uint32_t clean_bits;
    uint32_t reserved0c4;
    uint64_t next_rip;
    uint8_t fetched_count;
    uint8_t fetched_bytes[15];
    uint8_t reserved0e0[0x400 - 0xE0];

    /* State save area. */
    struct vmcb_segment es;
    struct vmcb_segment cs;
    struct vmcb_segment ss;
    struct vmcb_segment ds;
    struct vmcb_segment fs;
    struct vmcb_segment gs;
    struct vmcb_segment gdtr;
    struct vmcb_segment ldtr;
    struct vmcb_segment idtr;
    struct vmcb_segment tr;
    uint8_t reserved4a0[0x4CB - 0x4A0];
    uint8_t cpl;
    uint32_t reserved4cc;
    uint64_t efer;
    uint8_t reserved4d8[0x548 - 0x4D8];
    uint64_t cr4;
    uint64_t cr3;
    uint64_t cr0;
    uint64_t dr7;
    uint64_t dr6;
    uint64_t rflags;
    uint64_t rip;
    uint8_t reserved580[0x5D8 - 0x580];
    uint64_t rsp;
    uint64_t s_cet;
    uint64_t ssp;
    uint64_t isst_address;
    uint64_t rax;
    uint64_t star;
    uint64_t lstar;
    uint64_t cstar;
    uint64_t sfmask;
    uint64_t kernel_gs_base;
    uint64_t sysenter_cs;
    uint64_t sysenter_esp;
    uint64_t sysenter_eip;
    uint64_t cr2;
    uint8_t reserved648[0x668 - 0x648];
    uint64_t pat;
    uint8_t reserved670[0x1000 - 0x670];
};

#define VMCB_AT(field, offset) _Static_assert(offsetof(struct vmcb, field) == (offset), "VMCB layout")
VMCB_AT(intercept_exception, 0x08U);
VMCB_AT(intercept_misc1, 0x0CU);
VMCB_AT(intercept_misc2, 0x10U);
VMCB_AT(pause_threshold, 0x3CU);
VMCB_AT(iopm_base, 0x40U);
VMCB_AT(msrpm_base, 0x48U);
VMCB_AT(tsc_offset, 0x50U);
VMCB_AT(asid, 0x58U);
VMCB_AT(tlb_control, 0x5CU);
VMCB_AT(interrupt_control, 0x60U);
VMCB_AT(interrupt_state, 0x68U);
VMCB_AT(exit_code, 0x70U);
VMCB_AT(exit_info1, 0x78U);
VMCB_AT(exit_info2, 0x80U);
VMCB_AT(exit_int_info, 0x88U);
VMCB_AT(nested_control, 0x90U);
VMCB_AT(event_injection, 0xA8U);
VMCB_AT(nested_cr3, 0xB0U);
VMCB_AT(clean_bits, 0xC0U);
VMCB_AT(next_rip, 0xC8U);
VMCB_AT(fetched_count, 0xD0U);
VMCB_AT(es, 0x400U);
VMCB_AT(cs, 0x410U);
VMCB_AT(gdtr, 0x460U);
VMCB_AT(ldtr, 0x470U);
VMCB_AT(idtr, 0x480U);
VMCB_AT(tr, 0x490U);
VMCB_AT(cpl, 0x4CBU);
VMCB_AT(efer, 0x4D0U);
VMCB_AT(cr4, 0x548U);
VMCB_AT(cr3, 0x550U);
VMCB_AT(cr0, 0x558U);
VMCB_AT(dr7, 0x560U);
VMCB_AT(dr6, 0x568U);
VMCB_AT(rflags, 0x570U);
VMCB_AT(rip, 0x578U);
VMCB_AT(rsp, 0x5D8U);
VMCB_AT(rax, 0x5F8U);
VMCB_AT(star, 0x600U);
VMCB_AT(kernel_gs_base, 0x620U);
VMCB_AT(cr2, 0x640U);
VMCB_AT(pat, 0x668U);
_Static_assert(sizeof(struct vmcb) == 4096U, "VMCB is one page");

#endif
