/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events into the guest. NMIs and exceptions go through EVENTINJ (APM 2, 15.20). An interrupt goes in as a
 * virtual interrupt (15.21.4): V_IRQ with its vector; the same bit with the VINTR intercept asks for an
 * exit as soon as one could. Not EVENTINJ for interrupts: QEMU keeps such a vector as the core's current
 * exception and delivers it a second time when the core is asked to leave its loop just then, as
 * happens all the time under instruction counting. V_IRQ is safe there only because CR8 is always
 * intercepted: a guest that lowers its priority with V_IRQ pending stops QEMU.
 */
#include "x86/svm/svm.h"

#define RFLAGS_IF 0x200U
#define VECTOR_DB 1U
#define DR6_BS    0x4000U
#define DR7_GD    0x2000U

static bool shadow_active(vcpu_id_t vcpu)
{
    return (svm_vmcb[vcpu].interrupt_state & INTERRUPT_SHADOW) != 0U;
}

void svm_clear_shadow(vcpu_id_t vcpu)
{
    svm_vmcb[vcpu].interrupt_state &= ~INTERRUPT_SHADOW;
}

/* A virtual interrupt that the CPU has not delivered yet: it clears V_IRQ when it does. */
static bool interrupt_waits(vcpu_id_t vcpu)
{
    return ((svm_vmcb[vcpu].interrupt_control & VINT_IRQ) != 0U) && ((svm_vmcb[vcpu].intercept_misc1 & MISC1_VINTR) == 0U);
}

bool svm_event_queued(vcpu_id_t vcpu)
{
    return ((svm_vmcb[vcpu].event_injection & EVENT_VALID) != 0U) || interrupt_waits(vcpu);
}

static void inject_interrupt(vcpu_id_t vcpu, uint64_t vector)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    vmcb->interrupt_control &= ~VINT_VECTOR;
    vmcb->interrupt_control |= VINT_IRQ | VINT_PRIORITY | VINT_IGNORE_TPR | (vector << VINT_VECTOR_SHIFT);
    vmcb->intercept_misc1 &= ~MISC1_VINTR;
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

static void inject_event(vcpu_id_t vcpu, struct event event, uint64_t type)
{
    uint64_t value = (event.vector & 0xFFU) | (type << EVENT_TYPE_SHIFT) | EVENT_VALID;
    if (event.has_error) {
        value |= EVENT_HAS_ERROR | ((uint64_t)event.error << 32);
    }
    svm_vmcb[vcpu].event_injection = value;
}

/* REQ-INT-017 */
void svm_inject(vcpu_id_t vcpu, struct event event)
{
    switch (event.kind) {
    case EVENT_INTERRUPT:
        inject_interrupt(vcpu, event.vector & 0xFFU);
        break;
    case EVENT_NMI:
        nmi_state[vcpu] = NMI_IN_HANDLER;
        svm_vmcb[vcpu].intercept_misc1 |= MISC1_IRET;
        inject_event(vcpu, event, EVENT_TYPE_NMI);
        break;
    default:
        inject_event(vcpu, event, EVENT_TYPE_EXCEPTION);
        break;
    }
}

/* As the CPU does with the trap of a single step (APM 2, 13.1.1.3, 13.1.1.4): what EVENTINJ delivers changes neither DR6 nor DR7. */
/* REQ-INT-060 */
void svm_single_step(vcpu_id_t vcpu)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    vmcb->dr6 |= DR6_BS;
    vmcb->dr7 &= ~(uint64_t)DR7_GD;
    inject_event(vcpu, (struct event){ EVENT_EXCEPTION, VECTOR_DB, false, 0U }, EVENT_TYPE_EXCEPTION);
}

void svm_request_window(vcpu_id_t vcpu, bool wanted)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    if (interrupt_waits(vcpu)) {
        /* V_IRQ is taken. Nothing is lost: with an NMI or an interrupt waiting, the EOI of this one exits, and the window is asked for then. */
    } else if (wanted) {
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
/* REQ-INT-016 */
void svm_event_requeue(vcpu_id_t vcpu)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    const uint64_t info = vmcb->exit_int_info;
    const uint64_t type = (info >> EVENT_TYPE_SHIFT) & EVENT_TYPE_MASK;
    const uint64_t vector = info & 0xFFU;
    bool again = (info & EVENT_VALID) != 0U;
    if (type == EVENT_TYPE_EXCEPTION) {
        /* No exception has a vector above 31: that is how QEMU names a virtual interrupt, which still waits by its V_IRQ. */
        again = again && (vector != 3U) && (vector != 4U) && (vector < 32U);
    } else {
        again = again && ((type == EVENT_TYPE_INTERRUPT) || (type == EVENT_TYPE_NMI));
    }
    vmcb->event_injection = 0U;
    if (again && (type == EVENT_TYPE_INTERRUPT)) {
        inject_interrupt(vcpu, vector);
    } else if (again) {
        vmcb->event_injection = info;
    } else {
        /* the event went in whole, or there was none */
    }
}
