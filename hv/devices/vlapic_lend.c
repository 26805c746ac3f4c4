/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who has TPR, ISR and IRR. A CPU with a virtual local APIC of its own gets them at the end of core_next() for a vCPU in x2APIC mode, and
 * takes interrupts without asking; they are taken back at the exit, before anything looks at them. Meanwhile IRR here holds
 * what was posted since: its post kicks, and the exit that this makes adds it to what is lent next. TMR stays here: the CPU gets a copy. All
 * other registers are never lent. A reset drops what is lent.
 */
#include "core/vcpu_hw.h"
#include "devices/vlapic.h"
#include "devices/vlapic_state.h"

static bool cpu_delivers(vcpu_id_t id)
{
    return vlapic_in_x2apic(id) && hw_apic_present();
}

/* The PIC's interrupts do not go through IRR (Intel SDM 3, 10.8.1): they are always injected. */
/* REQ-INT-033 */
uint32_t vlapic_to_inject(vcpu_id_t id)
{
    uint32_t pending = vlapic_pending(id);

    return ((pending != VECTOR_EXTINT) && cpu_delivers(id)) ? VECTOR_NONE : pending;
}

/* REQ-INT-033 */
void vlapic_settle(vcpu_id_t id)
{
    if (vlapic[id].lent) {
        vlapic[id].lent = false;
        vlapic[id].tpr = hw_vcpu_apic_take(id, vlapic[id].isr, vlapic[id].irr);
    }
    vlapic_eoi_settle(id);
}

/* With the CPU's APIC an EOI is no exit anyway: nothing is offered in memory. */
/* REQ-INT-033 */
void vlapic_lend(vcpu_id_t id)
{
    if (cpu_delivers(id)) {
        hw_vcpu_apic_lend(id, vlapic[id].tpr, vlapic[id].isr, vlapic[id].tmr, vlapic[id].irr);
        for (uint32_t i = 0U; i < 8U; i++) {
            vlapic[id].irr[i] = 0U;
        }
        vlapic[id].lent = true;
    } else {
        vlapic_eoi_offer(id);
    }
}
