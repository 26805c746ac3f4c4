/* SPDX-License-Identifier: Apache-2.0 */
/* Guest registers: an array in memory that an entry writes to the core's VMCS and an exit reads back. */
#include "x86/vmx/vmx.h"

#define SLOT_COUNT_U ((uint32_t)SLOT_COUNT)

#define CR0_PG       0x80000000U
#define CR0_NE       0x20U
#define CR0_ET       0x10U
#define EFER_LME     0x100U
#define EFER_LMA     0x400U
#define UNUSABLE     0x10000U /* access rights (24.4.1, table 24-2) */
#define PRESENT      0x80U
#define NOT_SYSTEM   0x10U
#define GRANULARITY  0x8000U
#define ACCESS_BITS  0xF0FFU
#define GPR_MASK     0xFU
#define CODE_LONG    0x2000U /* access rights of CS: 64-bit code */
#define RIP_WRAPPED  1U      /* upper half, after a step past the last byte of 32-bit addresses */

struct vmx_vcpu vmx_vcpu[MAX_VCPU];

/* The VMCS field of each slot. */
static const uint16_t field_of[SLOT_COUNT] = {
    VMCS_GUEST_SELECTOR, VMCS_GUEST_SELECTOR + 2U, VMCS_GUEST_SELECTOR + 4U, VMCS_GUEST_SELECTOR + 6U,
    VMCS_GUEST_SELECTOR + 8U, VMCS_GUEST_SELECTOR + 10U, VMCS_GUEST_SELECTOR + 12U, VMCS_GUEST_SELECTOR + 14U,
    VMCS_GUEST_BASE, VMCS_GUEST_BASE + 2U, VMCS_GUEST_BASE + 4U, VMCS_GUEST_BASE + 6U, VMCS_GUEST_BASE + 8U,
    VMCS_GUEST_BASE + 10U, VMCS_GUEST_BASE + 12U, VMCS_GUEST_BASE + 14U, VMCS_GUEST_BASE + 16U, VMCS_GUEST_BASE + 18U,
    VMCS_GUEST_LIMIT, VMCS_GUEST_LIMIT + 2U, VMCS_GUEST_LIMIT + 4U, VMCS_GUEST_LIMIT + 6U, VMCS_GUEST_LIMIT + 8U,
    VMCS_GUEST_LIMIT + 10U, VMCS_GUEST_LIMIT + 12U, VMCS_GUEST_LIMIT + 14U, VMCS_GUEST_LIMIT + 16U, VMCS_GUEST_LIMIT + 18U,
    VMCS_GUEST_ACCESS, VMCS_GUEST_ACCESS + 2U, VMCS_GUEST_ACCESS + 4U, VMCS_GUEST_ACCESS + 6U,
    VMCS_GUEST_ACCESS + 8U, VMCS_GUEST_ACCESS + 10U, VMCS_GUEST_ACCESS + 12U, VMCS_GUEST_ACCESS + 14U,
    VMCS_GUEST_CR0, VMCS_GUEST_CR3, VMCS_GUEST_CR4, VMCS_GUEST_DR7, VMCS_GUEST_RSP, VMCS_GUEST_RIP, VMCS_GUEST_RFLAGS,
    VMCS_GUEST_PENDING_DEBUG, VMCS_GUEST_SYSENTER_CS, VMCS_GUEST_SYSENTER_ESP, VMCS_GUEST_SYSENTER_EIP, VMCS_GUEST_EFER,
    VMCS_GUEST_PAT, VMCS_GUEST_DEBUGCTL, VMCS_GUEST_SHADOW, VMCS_GUEST_ACTIVITY,
    VMCS_GUEST_PDPTE0, VMCS_GUEST_PDPTE0 + 2U, VMCS_GUEST_PDPTE0 + 4U, VMCS_GUEST_PDPTE0 + 6U,
};

/* The slot of each register that core/ asks for (of CPL, SS's access rights); SLOT_COUNT: none. */
static const uint32_t slot_of[REG_COUNT] = {
    (uint32_t)SLOT_CR0, SLOT_COUNT_U, (uint32_t)SLOT_CR3, (uint32_t)SLOT_CR4, (uint32_t)SLOT_EFER, (uint32_t)SLOT_ACCESS + (uint32_t)SEG_SS,
    (uint32_t)SLOT_PAT, (uint32_t)SLOT_BASE + (uint32_t)SEG_FS, (uint32_t)SLOT_BASE + (uint32_t)SEG_GS, SLOT_COUNT_U, SLOT_COUNT_U,
    (uint32_t)SLOT_DR7,
};

uint64_t vmx_slot_read(vcpu_id_t vcpu, uint32_t slot)
{
    return vmx_vcpu[vcpu].live ? vmx_read(field_of[slot]) : vmx_vcpu[vcpu].guest[slot];
}

/* REQ-ISO-033 */
void vmx_slot_write(vcpu_id_t vcpu, uint32_t slot, uint64_t value)
{
    if (vmx_vcpu[vcpu].live) {
        vmx_write(field_of[slot], value);
    } else if (vmx_vcpu[vcpu].guest[slot] != value) {
        vmx_vcpu[vcpu].guest[slot] = value;
        vmx_vcpu[vcpu].dirty |= (uint64_t)1U << slot;
    } else {
        /* as it is */
    }
}

/* EFER.LMA follows from LME and CR0.PG; entry demands that they agree (26.3.1.1). */
static uint64_t efer_for_entry(vcpu_id_t vcpu, uint64_t held)
{
    const uint64_t efer = held & ~(uint64_t)EFER_LMA;
    const bool paging = (vmx_slot_read(vcpu, SLOT_CR0) & CR0_PG) != 0U;
    return (((efer & EFER_LME) != 0U) && paging) ? (efer | EFER_LMA) : efer;
}

static bool code_is_64_bit(vcpu_id_t vcpu)
{
    const uint64_t cs = vmx_slot_read(vcpu, (uint32_t)SLOT_ACCESS + (uint32_t)SEG_CS);
    return ((vmx_slot_read(vcpu, SLOT_EFER) & EFER_LMA) != 0U) && ((cs & CODE_LONG) != 0U);
}

/* REQ-ISO-033 */
uint64_t vmx_rip_of_mode(vcpu_id_t vcpu, uint64_t rip)
{
    return (((rip >> 32) == RIP_WRAPPED) && (!code_is_64_bit(vcpu))) ? (rip & UINT32_MAX) : rip;
}

/* With TF, in the shadow of STI or MOV SS, entry demands that a single step is pending (26.3.1.5). The exit of a #DB does not leave that
 * behind, and others need not (27.3.4). BTF is 0: DEBUGCTL is no guest's. */
static void single_step_note(vcpu_id_t vcpu)
{
    if ((vmx_slot_read(vcpu, SLOT_SHADOW) & (VMX_SHADOW_STI | VMX_SHADOW_MOV_SS)) != 0U) {
        const uint64_t others = vmx_slot_read(vcpu, SLOT_PENDING_DEBUG) & ~(uint64_t)VMX_PENDING_BS;
        vmx_slot_write(vcpu, SLOT_PENDING_DEBUG, others | (((vmx_slot_read(vcpu, SLOT_RFLAGS) & RFLAGS_TF) != 0U) ? VMX_PENDING_BS : 0U));
    }
}

/* REQ-ISO-033 */
void vmx_state_store(vcpu_id_t vcpu)
{
    struct vmx_vcpu *const v = &vmx_vcpu[vcpu];
    uint32_t entry = v->entry;
    vmx_slot_write(vcpu, SLOT_EFER, efer_for_entry(vcpu, vmx_slot_read(vcpu, SLOT_EFER)));
    vmx_slot_write(vcpu, SLOT_RIP, vmx_rip_of_mode(vcpu, vcpu_regs[vcpu].rip));
    vmx_slot_write(vcpu, SLOT_RFLAGS, vcpu_regs[vcpu].rflags);
    vmx_slot_write(vcpu, SLOT_RSP, vcpu_regs[vcpu].gpr[GPR_RSP]);
    single_step_note(vcpu);
    for (uint32_t slot = 0U; slot < SLOT_COUNT_U; slot++) {
        if (((v->dirty >> slot) & 1U) != 0U) {
            vmx_write(field_of[slot], v->guest[slot]);
        }
    }
    v->dirty = 0U;
    entry |= ((v->guest[SLOT_EFER] & EFER_LMA) != 0U) ? ENTRY_LONG_MODE : 0U;
    vmx_write(VMCS_ENTRY_CONTROLS, entry);
    vmx_write(VMCS_CR0_SHADOW, v->cr0_shadow);
    vmx_write(VMCS_CR4_SHADOW, v->cr4_shadow);
    vmx_cr2_write(v->cr2);
}

void vmx_state_fetch(vcpu_id_t vcpu)
{
    struct vmx_vcpu *const v = &vmx_vcpu[vcpu];
    for (uint32_t slot = 0U; slot < SLOT_COUNT_U; slot++) {
        v->guest[slot] = vmx_read(field_of[slot]);
    }
    v->dirty = 0U;
    v->live = false;
    v->cr2 = vmx_cr2_read();
    vcpu_regs[vcpu].rip = v->guest[SLOT_RIP];
    vcpu_regs[vcpu].rflags = v->guest[SLOT_RFLAGS];
    vcpu_regs[vcpu].gpr[GPR_RSP] = v->guest[SLOT_RSP];
}

/*
 * Host-owned bits: the guest reads the shadow; a MOV that would change it exits (25.1.3). With the shadow set to
 * what is written, the same instruction does not exit, and the CPU does all else that it does. Setting a
 * hidden bit of CR4 is left to the decoder, which has #GP for it.
 */
/* REQ-ISO-033 */
bool vmx_shadow_changed(vcpu_id_t vcpu)
{
    struct vmx_vcpu *const v = &vmx_vcpu[vcpu];
    const uint64_t qualification = vmx_read(VMCS_QUALIFICATION);
    const uint32_t number = (uint32_t)qualification & 0xFU;
    const uint32_t gpr = (uint32_t)(qualification >> 8) & GPR_MASK;
    bool changed = ((uint32_t)vmx_read(VMCS_EXIT_REASON) == VMX_EXIT_CR) && (((qualification >> 4) & 3U) == VMX_CR_MOV_TO);
    if (changed) {
        const uint64_t whole = (gpr == (uint32_t)GPR_RSP) ? vmx_read(VMCS_GUEST_RSP) : vcpu_regs[vcpu].gpr[gpr];
        const uint64_t value = code_is_64_bit(vcpu) ? whole : (whole & UINT32_MAX);
        if (number == 0U) {
            v->cr0_shadow = value & VMX_CR0_OWNED;
            vmx_write(VMCS_CR0_SHADOW, v->cr0_shadow);
        } else if ((number == 4U) && ((value & VMX_CR4_HIDDEN) == 0U)) {
            v->cr4_shadow = value & VMX_CR4_OWNED;
            vmx_write(VMCS_CR4_SHADOW, v->cr4_shadow);
        } else {
            changed = false;
        }
        single_step_note(vcpu);
    }
    return changed;
}

uint64_t vmx_get(vcpu_id_t vcpu, enum vcpu_reg reg)
{
    const struct vmx_vcpu *const v = &vmx_vcpu[vcpu];
    const uint32_t slot = slot_of[reg];
    uint64_t value = (slot < SLOT_COUNT_U) ? vmx_slot_read(vcpu, slot) : 0U;
    switch (reg) {
    case REG_CR0: value = (value & ~VMX_CR0_OWNED) | v->cr0_shadow; break;
    case REG_CR2: value = v->live ? vmx_cr2_read() : v->cr2; break;
    case REG_CR4: value = (value & ~VMX_CR4_OWNED) | v->cr4_shadow; break;
    case REG_EFER: value = efer_for_entry(vcpu, value); break;
    case REG_CPL: value = (value >> 5) & 3U; break; /* SS.DPL (24.4.1) */
    default: break; /* as it is there */
    }
    return value;
}

/* REQ-ISO-033 */
void vmx_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value)
{
    struct vmx_vcpu *const v = &vmx_vcpu[vcpu];
    const uint32_t slot = slot_of[reg];
    uint64_t held = value;
    switch (reg) {
    case REG_CR0:
        v->cr0_shadow = value & VMX_CR0_OWNED;
        held = (value & ~VMX_CR0_OWNED) | CR0_ET | CR0_NE;
        break;
    case REG_CR2: v->cr2 = value; break;
    case REG_CR4:
        v->cr4_shadow = value & VMX_CR4_MCE;
        held = (value & ~VMX_CR4_OWNED) | VMX_CR4_VMXE | VMX_CR4_MCE;
        break;
    case REG_CPL: held = (vmx_slot_read(vcpu, slot) & ~(uint64_t)0x60U) | ((value & 3U) << 5); break;
    default: break; /* as it is */
    }
    if (slot < SLOT_COUNT_U) {
        vmx_slot_write(vcpu, slot, held);
    }
}

/* An unusable segment's other bits mean nothing: it is shown as not present. */
struct segment vmx_get_segment(vcpu_id_t vcpu, enum segment_id seg)
{
    struct segment value = { 0U, 0U, 0U, 0U };
    value.base = vmx_slot_read(vcpu, (uint32_t)SLOT_BASE + (uint32_t)seg);
    value.limit = (uint32_t)vmx_slot_read(vcpu, (uint32_t)SLOT_LIMIT + (uint32_t)seg);
    if ((uint32_t)seg <= (uint32_t)SEG_TR) {
        const uint64_t access = vmx_slot_read(vcpu, (uint32_t)SLOT_ACCESS + (uint32_t)seg);
        value.selector = (uint16_t)vmx_slot_read(vcpu, (uint32_t)SLOT_SELECTOR + (uint32_t)seg);
        value.access = (uint16_t)(access & ACCESS_BITS & (((access & UNUSABLE) != 0U) ? ~(uint64_t)PRESENT : UINT64_MAX));
    }
    return value;
}

/*
 * What a segment register holds after it was loaded, and entry demands (26.3.1.2), where a descriptor may differ:
 * accessed (code, data), busy (TR), granularity as the limit needs it. TR is always usable.
 */
static uint64_t access_for_entry(enum segment_id seg, struct segment value)
{
    uint64_t access = value.access & ACCESS_BITS;
    if (seg == SEG_TR) {
        access |= PRESENT | 2U;
    } else if ((access & PRESENT) == 0U) {
        access |= UNUSABLE;
    } else if ((access & NOT_SYSTEM) != 0U) {
        access |= 1U;
    } else {
        /* LDTR */
    }
    if (value.limit > 0xFFFFFU) {
        access |= GRANULARITY;
    } else if ((value.limit & 0xFFFU) != 0xFFFU) {
        access &= ~(uint64_t)GRANULARITY;
    } else {
        /* both are possible */
    }
    return access;
}

/* REQ-ISO-033 */
void vmx_set_segment(vcpu_id_t vcpu, enum segment_id seg, struct segment value)
{
    vmx_slot_write(vcpu, (uint32_t)SLOT_BASE + (uint32_t)seg, value.base);
    vmx_slot_write(vcpu, (uint32_t)SLOT_LIMIT + (uint32_t)seg, value.limit);
    if ((uint32_t)seg <= (uint32_t)SEG_TR) {
        vmx_slot_write(vcpu, (uint32_t)SLOT_SELECTOR + (uint32_t)seg, value.selector);
        vmx_slot_write(vcpu, (uint32_t)SLOT_ACCESS + (uint32_t)seg, access_for_entry(seg, value));
    }
}
