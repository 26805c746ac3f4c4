/* SPDX-License-Identifier: Apache-2.0 */
/* Events into the guest: EVENTINJ delivers; V_IRQ only asks for an exit when it could (APM 2, 15.20, 15.21). */
#include "x86/svm/svm.h"

#define RFLAGS_IF 0x200U

static bool shadow_active(vcpu_id_t vcpu)
{
    return (svm_vmcb[vcpu].interrupt_state & INTERRUPT_SHADOW) != 0U;
}

void svm_clear_shadow(vcpu_id_t vcpu)
{
    svm_vmcb[vcpu].interrupt_state &= ~INTERRUPT_SHADOW;
}

bool svm_event_queued(vcpu_id_t vcpu)
{
    return (svm_vmcb[vcpu].event_injection & EVENT_VALID) != 0U;
}

bool svm_can_accept(vcpu_id_t vcpu)
{
    return ((vcpu_regs[vcpu].rflags & RFLAGS_IF) != 0U) && (!shadow_active(vcpu)) && (!svm_event_queued(vcpu));
}

/*
 * Without virtual NMI the CPU does not know that the guest is in an NMI handler, so its
 * IRET is intercepted (APM 2, 15.21.9). The exit comes before the IRET: NMIs are open
 * again once RIP has moved on.
 */
enum nmi_state { NMI_OPEN, NMI_IN_HANDLER, NMI_RETURNING };
static enum nmi_state nmi_state[MAX_VCPU];
static uint64_t nmi_iret_rip[MAX_VCPU];

void svm_nmi_reset(vcpu_id_t vcpu)
{
    nmi_state[vcpu] = NMI_OPEN;
}

void svm_nmi_returning(vcpu_id_t vcpu)
{
    svm_vmcb[vcpu].intercept_misc1 &= ~MISC1_IRET;
    nmi_iret_rip[vcpu] = vcpu_regs[vcpu].rip;
    nmi_state[vcpu] = NMI_RETURNING;
}

bool svm_can_accept_nmi(vcpu_id_t vcpu)
{
    if ((nmi_state[vcpu] == NMI_RETURNING) && (vcpu_regs[vcpu].rip != nmi_iret_rip[vcpu])) {
        nmi_state[vcpu] = NMI_OPEN;
    }
    return (nmi_state[vcpu] == NMI_OPEN) && (!shadow_active(vcpu)) && (!svm_event_queued(vcpu));
}

void svm_inject(vcpu_id_t vcpu, struct event event)
{
    uint64_t type;
    uint64_t value;
    switch (event.kind) {
    case EVENT_INTERRUPT:
        type = EVENT_TYPE_INTERRUPT;
        break;
    case EVENT_NMI:
        type = EVENT_TYPE_NMI;
        nmi_state[vcpu] = NMI_IN_HANDLER;
        svm_vmcb[vcpu].intercept_misc1 |= MISC1_IRET;
        break;
    default:
        type = EVENT_TYPE_EXCEPTION;
        break;
    }
    value = (event.vector & 0xFFU) | (type << EVENT_TYPE_SHIFT) | EVENT_VALID;
    if (event.has_error) {
        value |= EVENT_HAS_ERROR | ((uint64_t)event.error << 32);
    }
    svm_vmcb[vcpu].event_injection = value;
}

void svm_request_window(vcpu_id_t vcpu, bool wanted)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    if (wanted) {
        vmcb->interrupt_control |= VINT_IRQ | VINT_PRIORITY | VINT_IGNORE_TPR;
        vmcb->intercept_misc1 |= MISC1_VINTR;
    } else {
        vmcb->interrupt_control &= ~(VINT_IRQ | VINT_PRIORITY | VINT_IGNORE_TPR);
        vmcb->intercept_misc1 &= ~MISC1_VINTR;
    }
}

/*
 * An exit during the delivery of an event leaves the event in EXITINTINFO: it is queued
 * again. Software interrupts and the exceptions of INT3 and INTO are not: RIP still
 * points at their instruction, which simply runs again.
 */
void svm_event_requeue(vcpu_id_t vcpu)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    const uint64_t info = vmcb->exit_int_info;
    const uint64_t type = (info >> EVENT_TYPE_SHIFT) & EVENT_TYPE_MASK;
    const uint64_t vector = info & 0xFFU;
    bool again = (info & EVENT_VALID) != 0U;
    if (type == EVENT_TYPE_EXCEPTION) {
        again = again && (vector != 3U) && (vector != 4U);
    } else {
        again = again && ((type == EVENT_TYPE_INTERRUPT) || (type == EVENT_TYPE_NMI));
    }
    vmcb->event_injection = again ? info : 0U;
}
