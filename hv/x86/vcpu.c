/* SPDX-License-Identifier: Apache-2.0 */
/* core/vcpu_hw.h over the vendor's table. */
#include "core/vcpu_hw.h"

#include <stddef.h>

#include "x86/layout.h"
#include "x86/vcpu_state.h"
#include "x86/vendor.h"

struct vcpu_regs vcpu_regs[MAX_VCPU];

_Static_assert(offsetof(struct vcpu_regs, gpr[GPR_RCX]) == (size_t)REGS_RCX, "assembly layout");
_Static_assert(offsetof(struct vcpu_regs, gpr[GPR_RDX]) == (size_t)REGS_RDX, "assembly layout");
_Static_assert(offsetof(struct vcpu_regs, gpr[GPR_RBX]) == (size_t)REGS_RBX, "assembly layout");
_Static_assert(offsetof(struct vcpu_regs, gpr[GPR_RBP]) == (size_t)REGS_RBP, "assembly layout");
_Static_assert(offsetof(struct vcpu_regs, gpr[GPR_RSI]) == (size_t)REGS_RSI, "assembly layout");
_Static_assert(offsetof(struct vcpu_regs, gpr[GPR_RDI]) == (size_t)REGS_RDI, "assembly layout");
_Static_assert(offsetof(struct vcpu_regs, gpr[GPR_R8]) == (size_t)REGS_R8, "assembly layout");
_Static_assert(offsetof(struct vcpu_regs, gpr[GPR_R15]) == (size_t)REGS_R15, "assembly layout");

uint64_t hw_vcpu_get(vcpu_id_t vcpu, enum vcpu_reg reg)
{
    return ((reg == REG_XCR0) || (reg == REG_TSC_AUX)) ? vcpu_state_get(vcpu, reg) : vendor->get(vcpu, reg);
}

/* REQ-ISO-033 */
void hw_vcpu_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value)
{
    if ((reg == REG_XCR0) || (reg == REG_TSC_AUX)) {
        vcpu_state_set(vcpu, reg, value);
    } else {
        vendor->set(vcpu, reg, value);
    }
}

struct segment hw_vcpu_segment(vcpu_id_t vcpu, enum segment_id seg)
{
    return vendor->get_segment(vcpu, seg);
}

void hw_vcpu_set_segment(vcpu_id_t vcpu, enum segment_id seg, struct segment value)
{
    vendor->set_segment(vcpu, seg, value);
}

void hw_vcpu_init(vcpu_id_t vcpu, bool exclusive)
{
    static const struct vcpu_regs reset = {
        .gpr = { [GPR_RDX] = 0x600U }, .rip = 0xFFF0U, .rflags = 0x2U };
    vcpu_regs[vcpu] = reset;
    vcpu_state_reset(vcpu);
    vendor->vcpu_init(vcpu, exclusive);
}

void hw_vcpu_set_stage2(vcpu_id_t vcpu, hpa_t root, uint32_t asid)
{
    vendor->set_stage2(vcpu, root, asid);
}

bool hw_vcpu_can_accept_interrupt(vcpu_id_t vcpu)
{
    return vendor->can_accept(vcpu);
}

bool hw_vcpu_event_queued(vcpu_id_t vcpu)
{
    return vendor->event_queued(vcpu);
}

bool hw_vcpu_can_accept_nmi(vcpu_id_t vcpu)
{
    return vendor->can_accept_nmi(vcpu);
}

void hw_vcpu_inject_interrupt(vcpu_id_t vcpu, uint32_t vector)
{
    vendor->inject(vcpu, (struct event){ EVENT_INTERRUPT, vector, false, 0U });
}

void hw_vcpu_inject_nmi(vcpu_id_t vcpu)
{
    vendor->inject(vcpu, (struct event){ EVENT_NMI, 2U, false, 0U });
}

void hw_vcpu_inject_exception(vcpu_id_t vcpu, uint32_t vector, bool has_error, uint32_t error)
{
    vendor->inject(vcpu, (struct event){ EVENT_EXCEPTION, vector, has_error, error });
}

/* REQ-INT-060 */
void hw_vcpu_skipped(vcpu_id_t vcpu)
{
    vcpu_regs[vcpu].rflags &= ~(uint64_t)RFLAGS_RF;
    vendor->clear_shadow(vcpu);
    if ((vcpu_regs[vcpu].rflags & RFLAGS_TF) != 0U) {
        vendor->single_step(vcpu);
    }
}

void hw_vcpu_request_window(vcpu_id_t vcpu, bool wanted)
{
    vendor->request_window(vcpu, wanted);
}

bool hw_apic_present(void)
{
    return (vendor->apic_present != NULL) && vendor->apic_present();
}

void hw_vcpu_apic_lend(vcpu_id_t vcpu, uint32_t tpr, const uint32_t isr[8], const uint32_t tmr[8], const uint32_t irr[8])
{
    vendor->apic_lend(vcpu, tpr, isr, tmr, irr);
}

uint32_t hw_vcpu_apic_take(vcpu_id_t vcpu, uint32_t isr[8], uint32_t irr[8])
{
    return vendor->apic_take(vcpu, isr, irr);
}

/* REQ-ISO-017 */
void hw_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write)
{
    vendor->msr_open(vm, msr, read, write);
}

void hw_port_open(vm_id_t vm, uint16_t base, uint32_t count)
{
    for (uint32_t i = 0U; (i < count) && (((uint32_t)base + i) <= 0xFFFFU); i++) {
        vendor->port_open(vm, (uint16_t)(base + i));
    }
}

void hw_bitmaps_close(vm_id_t vm)
{
    vendor->bitmaps_close(vm);
}

void hw_vcpu_flush(vcpu_id_t vcpu)
{
    vendor->flush(vcpu);
}
