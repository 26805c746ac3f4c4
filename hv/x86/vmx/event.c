/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events into the guest: one at a time, by the VM-entry interruption information (Intel SDM 3, 24.8.3, 26.6). Virtual NMIs
 * are on: the CPU keeps "blocking by NMI" from the injection of an NMI to its handler's IRET.
 */
#include "x86/vmx/vmx.h"

#define RFLAGS_IF 0x200U
#define CR0_PE    0x1U

static uint32_t shadow(vcpu_id_t vcpu)
{
    return (uint32_t)vmx_slot_read(vcpu, SLOT_SHADOW);
}

void vmx_clear_shadow(vcpu_id_t vcpu)
{
    vmx_slot_write(vcpu, SLOT_SHADOW, shadow(vcpu) & ~(VMX_SHADOW_STI | VMX_SHADOW_MOV_SS));
}

/* A pending single step is one: an entry that delivers another event would lose it (26.7.3). */
bool vmx_event_queued(vcpu_id_t vcpu)
{
    return ((vmx_vcpu[vcpu].event & VMX_EVENT_VALID) != 0U) || ((vmx_slot_read(vcpu, SLOT_PENDING_DEBUG) & VMX_PENDING_BS) != 0U);
}

/* The CPU delivers it after the entry, which exits for the #DB as every other. */
/* REQ-INT-060 */
void vmx_single_step(vcpu_id_t vcpu)
{
    vmx_slot_write(vcpu, SLOT_PENDING_DEBUG, vmx_slot_read(vcpu, SLOT_PENDING_DEBUG) | VMX_PENDING_BS);
}

bool vmx_can_accept(vcpu_id_t vcpu)
{
    return ((vcpu_regs[vcpu].rflags & RFLAGS_IF) != 0U) && ((shadow(vcpu) & (VMX_SHADOW_STI | VMX_SHADOW_MOV_SS)) == 0U)
           && (!vmx_event_queued(vcpu));
}

/* STI's shadow holds an NMI back, too: some CPUs demand it at entry (26.3.1.5). */
bool vmx_can_accept_nmi(vcpu_id_t vcpu)
{
    return ((shadow(vcpu) & (VMX_SHADOW_STI | VMX_SHADOW_MOV_SS | VMX_SHADOW_NMI)) == 0U) && (!vmx_event_queued(vcpu));
}

static void queue(vcpu_id_t vcpu, uint32_t type, uint32_t vector)
{
    vmx_vcpu[vcpu].event = (vector & 0xFFU) | (type << VMX_EVENT_TYPE_SHIFT) | VMX_EVENT_VALID;
}

/* REQ-INT-017 */
void vmx_inject(vcpu_id_t vcpu, struct event event)
{
    switch (event.kind) {
    case EVENT_INTERRUPT:
        queue(vcpu, VMX_EVENT_INTERRUPT, event.vector);
        break;
    case EVENT_NMI:
        vmx_vcpu[vcpu].nmi_window = true; /* opens when the handler has returned; core/ then looks again */
        queue(vcpu, VMX_EVENT_NMI, event.vector);
        break;
    default:
        queue(vcpu, VMX_EVENT_EXCEPTION, event.vector);
        if (event.has_error && ((vmx_slot_read(vcpu, SLOT_CR0) & CR0_PE) != 0U)) { /* real mode has no error codes (26.2.1.3) */
            vmx_vcpu[vcpu].event |= VMX_EVENT_HAS_ERROR;
            vmx_vcpu[vcpu].event_error = event.error;
        }
        break;
    }
}

/*
 * What waits may be an NMI, for which IF means nothing. Behind a queued event, and in MOV SS's shadow, the NMI window opens with the next
 * instruction. Not in STI's: some CPUs open it there, where no NMI may go in (26.3.1.5), and IF is set by then.
 */
/* REQ-RT-008 */
void vmx_request_window(vcpu_id_t vcpu, bool wanted)
{
    vmx_vcpu[vcpu].window = wanted;
    if (wanted && (vmx_event_queued(vcpu) || ((shadow(vcpu) & VMX_SHADOW_MOV_SS) != 0U))) {
        vmx_vcpu[vcpu].nmi_window = true;
    }
}

void vmx_event_reset(vcpu_id_t vcpu)
{
    vmx_vcpu[vcpu].event = 0U;
    vmx_vcpu[vcpu].window = false;
    vmx_vcpu[vcpu].nmi_window = false;
}

static void block_nmi(vcpu_id_t vcpu, bool blocked)
{
    const uint32_t rest = shadow(vcpu) & ~VMX_SHADOW_NMI;
    vmx_slot_write(vcpu, SLOT_SHADOW, blocked ? (rest | VMX_SHADOW_NMI) : rest);
}

/* An IRET that opened NMIs and then faulted runs again: NMIs are blocked until it succeeds (27.2.2, 27.2.3). */
static bool iret_faulted(void)
{
    const uint32_t reason = (uint32_t)vmx_read(VMCS_EXIT_REASON);
    const uint32_t event = (uint32_t)vmx_read(VMCS_EXIT_EVENT);
    bool faulted = false;
    if (reason == VMX_EXIT_EPT_VIOLATION) {
        faulted = (vmx_read(VMCS_QUALIFICATION) & VMX_EPT_NMI_UNBLOCKED) != 0U;
    } else if ((reason == VMX_EXIT_EVENT) && ((event & 0xFFU) != 8U)) { /* undefined for #DF */
        faulted = (event & VMX_EVENT_NMI_UNBLOCKED) != 0U;
    } else {
        /* no other exit says so */
    }
    return faulted;
}

/*
 * An exit during the delivery of an event leaves it in the IDT-vectoring information: it is queued again. Software
 * interrupts and exceptions are not: RIP still points at their instruction, which simply runs again.
 */
/* REQ-INT-016 */
void vmx_event_requeue(vcpu_id_t vcpu)
{
    struct vmx_vcpu *const v = &vmx_vcpu[vcpu];
    const uint32_t info = (uint32_t)vmx_read(VMCS_VECTORING);
    const uint32_t type = (info >> VMX_EVENT_TYPE_SHIFT) & VMX_EVENT_TYPE_MASK;
    v->event = 0U;
    if ((vmx_read(VMCS_EXIT_REASON) & VMX_ENTRY_FAILED) != 0U) {
        /* nothing was delivered; the rest is of an earlier exit (26.8) */
    } else if ((info & VMX_EVENT_VALID) == 0U) {
        if (iret_faulted()) {
            block_nmi(vcpu, true);
        }
    } else if ((type == VMX_EVENT_INTERRUPT) || (type == VMX_EVENT_NMI) || (type == VMX_EVENT_EXCEPTION)) {
        v->event = info & ~VMX_EVENT_NMI_UNBLOCKED; /* undefined there */
        if ((info & VMX_EVENT_HAS_ERROR) != 0U) {
            v->event_error = (uint32_t)vmx_read(VMCS_VECTORING_ERROR);
        }
        if (type == VMX_EVENT_NMI) {
            block_nmi(vcpu, false); /* entry refuses an NMI while they are blocked (26.3.1.5) */
        }
    } else {
        /* the instruction runs again */
    }
}
