/* SPDX-License-Identifier: Apache-2.0 */
/* Guest registers in the VMCB's state save area. */
#include "x86/msr.h"
#include "x86/svm/svm.h"

#define PAT_RESET 0x0007040600070406ULL
#define CR0_RESET 0x60000010U
#define CR0_ET    0x10U

static struct vmcb_segment *segment_of(vcpu_id_t vcpu, enum segment_id seg)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    struct vmcb_segment *segment;
    switch (seg) {
    case SEG_ES: segment = &vmcb->es; break;
    case SEG_CS: segment = &vmcb->cs; break;
    case SEG_SS: segment = &vmcb->ss; break;
    case SEG_DS: segment = &vmcb->ds; break;
    case SEG_FS: segment = &vmcb->fs; break;
    case SEG_GS: segment = &vmcb->gs; break;
    case SEG_LDTR: segment = &vmcb->ldtr; break;
    case SEG_TR: segment = &vmcb->tr; break;
    case SEG_GDTR: segment = &vmcb->gdtr; break;
    default: segment = &vmcb->idtr; break;
    }
    return segment;
}

/* The VMCB packs descriptor bits 52-55 next to bits 40-47. */
struct segment svm_get_segment(vcpu_id_t vcpu, enum segment_id seg)
{
    const struct vmcb_segment *const from = segment_of(vcpu, seg);
    struct segment value;
    value.selector = from->selector;
    value.access = (uint16_t)((from->attributes & 0xFFU) | ((from->attributes & 0xF00U) << 4));
    value.limit = from->limit;
    value.base = from->base;
    return value;
}

/* REQ-ISO-033 */
void svm_set_segment(vcpu_id_t vcpu, enum segment_id seg, struct segment value)
{
    struct vmcb_segment *const to = segment_of(vcpu, seg);
    to->selector = value.selector;
    to->attributes = (uint16_t)((value.access & 0xFFU) | ((value.access & 0xF000U) >> 4));
    to->limit = value.limit;
    to->base = value.base;
    if (seg == SEG_SS) {
        svm_vmcb[vcpu].cpl = (uint8_t)((value.access >> 5) & 3U); /* CPL is SS.DPL (APM 2, 15.5.1) */
    }
}

uint64_t svm_get(vcpu_id_t vcpu, enum vcpu_reg reg)
{
    const struct vmcb *const vmcb = &svm_vmcb[vcpu];
    uint64_t value;
    switch (reg) {
    case REG_CR0: value = vmcb->cr0; break;
    case REG_CR2: value = vmcb->cr2; break;
    case REG_CR3: value = vmcb->cr3; break;
    case REG_CR4: value = vmcb->cr4; break;
    case REG_EFER: value = vmcb->efer & ~(uint64_t)EFER_SVME; break;
    case REG_CPL: value = vmcb->cpl; break;
    case REG_PAT: value = vmcb->pat; break;
    case REG_FS_BASE: value = vmcb->fs.base; break;
    case REG_GS_BASE: value = vmcb->gs.base; break;
    case REG_DR7: value = vmcb->dr7; break;
    default: value = 0U; break;
    }
    return value;
}

/* REQ-ISO-033 */
void svm_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    switch (reg) {
    case REG_CR0: vmcb->cr0 = value | CR0_ET; break;
    case REG_CR2: vmcb->cr2 = value; break;
    case REG_CR3: vmcb->cr3 = value; break;
    case REG_CR4: vmcb->cr4 = value; break;
    case REG_EFER: vmcb->efer = value | EFER_SVME; break; /* VMRUN demands it (APM 2, 15.5.1); hidden by svm_get */
    case REG_CPL: vmcb->cpl = (uint8_t)(value & 3U); break;
    case REG_PAT: vmcb->pat = value; break;
    case REG_FS_BASE: vmcb->fs.base = value; break;
    case REG_GS_BASE: vmcb->gs.base = value; break;
    case REG_DR7: vmcb->dr7 = value; break;
    default: break;
    }
}

static struct vmcb_segment reset_segment(uint16_t selector, uint16_t attributes, uint64_t base)
{
    const struct vmcb_segment segment = { selector, attributes, 0xFFFFU, base };
    return segment;
}

/* Intel SDM 3, table 9-1; APM 2, table 14-1. */
void svm_state_reset(struct vmcb *vmcb)
{
    vmcb->cs = reset_segment(0xF000U, 0x9BU, 0xFFFF0000U);
    vmcb->ds = reset_segment(0U, 0x93U, 0U);
    vmcb->es = vmcb->ds;
    vmcb->ss = vmcb->ds;
    vmcb->fs = vmcb->ds;
    vmcb->gs = vmcb->ds;
    vmcb->gdtr = reset_segment(0U, 0U, 0U);
    vmcb->idtr = reset_segment(0U, 0U, 0U);
    vmcb->ldtr = reset_segment(0U, 0x82U, 0U);
    vmcb->tr = reset_segment(0U, 0x8BU, 0U);
    vmcb->cpl = 0U;
    vmcb->efer = EFER_SVME;
    vmcb->cr0 = CR0_RESET;
    vmcb->dr6 = 0xFFFF0FF0U;
    vmcb->dr7 = 0x400U;
    vmcb->rflags = 2U;
    vmcb->rip = 0xFFF0U;
    vmcb->pat = PAT_RESET;
}
