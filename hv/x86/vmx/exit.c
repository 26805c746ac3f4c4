/* SPDX-License-Identifier: Apache-2.0 */
/* From exit reasons (Intel SDM 3, appendix C) and qualifications (27.2.1) to the record that core/ reads. */
#include "x86/vmx/vmx.h"

#define VECTOR_DB 1U
#define VECTOR_UD 6U
#define VECTOR_GP 13U
#define VECTOR_MC 18U
#define CR8       8U
#define DR7_GD    0x2000U
#define APIC_EOI  0xBU    /* register of the local APIC */

static void vmx_decode_exception(uint32_t vector, uint32_t error, struct vm_exit *exit)
{
    exit->reason = HV_EXIT_EXCEPTION;
    exit->length = 0U;
    exit->number = vector;
    exit->error = error;
}

/*
 * A #DB that exits has changed neither DR6 nor DR7 (27.1), and going in again it does not either (26.6). INT1 (ICEBP) exits before
 * it is done, and its #DB is that of the next instruction.
 */
static void vmx_decode_debug(vcpu_id_t vcpu, uint32_t type)
{
    vmx_switch_debug(vcpu, vmx_read(VMCS_QUALIFICATION));
    vmx_slot_write(vcpu, SLOT_DR7, vmx_slot_read(vcpu, SLOT_DR7) & ~(uint64_t)DR7_GD);
    if (type == VMX_EVENT_INT1) {
        vcpu_regs[vcpu].rip += vmx_read(VMCS_INSTRUCTION_LENGTH);
        vmx_clear_shadow(vcpu);
    }
}

static void vmx_decode_event(vcpu_id_t vcpu, struct vm_exit *exit)
{
    const uint32_t info = (uint32_t)vmx_read(VMCS_EXIT_EVENT);
    const uint32_t type = (info >> VMX_EVENT_TYPE_SHIFT) & VMX_EVENT_TYPE_MASK;
    if (type == VMX_EVENT_NMI) {
        exit->reason = HV_EXIT_NMI;
        exit->length = 0U;
    } else {
        vmx_decode_exception(info & 0xFFU, ((info & VMX_EVENT_HAS_ERROR) != 0U) ? (uint32_t)vmx_read(VMCS_EXIT_EVENT_ERROR) : 0U, exit);
        if (exit->number == VECTOR_DB) {
            vmx_decode_debug(vcpu, type);
        }
    }
}

/* Table 27-5; address size and segment of string instructions: table 27-8. */
static void vmx_decode_io(struct vm_exit *exit)
{
    const uint32_t qualification = (uint32_t)vmx_read(VMCS_QUALIFICATION);
    const uint32_t info = (uint32_t)vmx_read(VMCS_INSTRUCTION_INFO);
    exit->reason = HV_EXIT_IO;
    exit->number = qualification >> 16;
    exit->size = (qualification & 7U) + 1U;
    exit->write = (qualification & VMX_IO_IN) == 0U;
    exit->string = (qualification & VMX_IO_STRING) != 0U;
    exit->repeat = (qualification & VMX_IO_REPEAT) != 0U;
    exit->address_size = (uint32_t)2U << ((info >> 7) & 3U);
    exit->segment = (exit->string && exit->write) ? ((info >> 15) & 7U) : (uint32_t)SEG_DS;
}

static void vmx_decode_violation(struct vm_exit *exit)
{
    const uint32_t qualification = (uint32_t)vmx_read(VMCS_QUALIFICATION);
    exit->reason = HV_EXIT_MMIO;
    exit->length = 0U;
    exit->gpa = vmx_read(VMCS_GUEST_PHYSICAL);
    exit->write = (qualification & VMX_EPT_WRITE) != 0U;
    exit->execute = (qualification & VMX_EPT_FETCH) != 0U;
    exit->table_walk = (qualification & (VMX_EPT_LINEAR | VMX_EPT_TRANSLATED)) == VMX_EPT_LINEAR;
}

/* CR8 is core/'s. What is left of CR0 and CR4 is a bit that the CPU says it does not have. */
static void vmx_decode_cr(struct vm_exit *exit)
{
    const uint32_t qualification = (uint32_t)vmx_read(VMCS_QUALIFICATION);
    const uint32_t number = qualification & 0xFU;
    const uint32_t access = (qualification >> 4) & 3U;
    if ((number == CR8) && (access <= VMX_CR_MOV_FROM)) {
        exit->reason = HV_EXIT_CR;
        exit->number = number;
        exit->write = access == VMX_CR_MOV_TO;
        exit->gpr = (qualification >> 8) & 0xFU;
    } else {
        vmx_decode_exception(VECTOR_GP, 0U, exit);
    }
}

static void vmx_decode_msr(vcpu_id_t vcpu, bool write, struct vm_exit *exit)
{
    exit->write = write;
    exit->reason = write ? HV_EXIT_MSR_WRITE : HV_EXIT_MSR_READ;
    exit->number = (uint32_t)vcpu_regs[vcpu].gpr[GPR_RCX];
}

static void vmx_decode_plain(enum hv_exit_reason reason, struct vm_exit *exit)
{
    exit->reason = reason;
    exit->length = 0U;
}

static void vmx_decode_by_reason(vcpu_id_t vcpu, uint32_t reason, struct vm_exit *exit)
{
    switch (reason) {
    case VMX_EXIT_EVENT: vmx_decode_event(vcpu, exit); break;
    case VMX_EXIT_TIMER: /* the core's timer is due, too: the run loop takes its interrupt */
    case VMX_EXIT_INIT: /* blocked from now on; nothing to do */
    case VMX_EXIT_INTERRUPT: vmx_decode_plain(HV_EXIT_INTERRUPT, exit); break;
    case VMX_EXIT_WINDOW:
        vmx_vcpu[vcpu].window = false;
        vmx_decode_plain(HV_EXIT_WINDOW, exit);
        break;
    case VMX_EXIT_NMI_WINDOW:
        vmx_vcpu[vcpu].nmi_window = false;
        vmx_decode_plain(HV_EXIT_WINDOW, exit);
        break;
    case VMX_EXIT_CPUID: exit->reason = HV_EXIT_CPUID; break;
    case VMX_EXIT_HLT: exit->reason = HV_EXIT_HLT; break;
    case VMX_EXIT_VMCALL: exit->reason = HV_EXIT_HYPERCALL; break;
    case VMX_EXIT_INVD:
    case VMX_EXIT_WBINVD: exit->reason = HV_EXIT_WBINVD; break;
    case VMX_EXIT_XSETBV: exit->reason = HV_EXIT_XSETBV; break;
    case VMX_EXIT_CR: vmx_decode_cr(exit); break;
    case VMX_EXIT_IO: vmx_decode_io(exit); break;
    case VMX_EXIT_RDMSR: vmx_decode_msr(vcpu, false, exit); break;
    case VMX_EXIT_WRMSR: vmx_decode_msr(vcpu, true, exit); break;
    case VMX_EXIT_EPT_VIOLATION: vmx_decode_violation(exit); break;
    case VMX_EXIT_EOI: vmx_apic_undo_write(vcpu, APIC_EOI, (uint32_t)vmx_read(VMCS_QUALIFICATION) & 0xFFU, exit); break;
    case VMX_EXIT_APIC_WRITE: vmx_apic_undo_write(vcpu, ((uint32_t)vmx_read(VMCS_QUALIFICATION) >> 4) & 0xFFU, 0U, exit); break;
    case VMX_EXIT_ENTRY_MC: vmx_decode_exception(VECTOR_MC, 0U, exit); break; /* the machine's, not the guest's (26.9) */
    case VMX_EXIT_RDPMC: vmx_decode_exception(VECTOR_GP, 0U, exit); break;
    /* Instructions of features that guests do not see: what a CPU without them does. */
    case VMX_EXIT_GETSEC:
    case VMX_EXIT_MWAIT:
    case VMX_EXIT_MONITOR:
    case VMX_EXIT_INVEPT:
    case VMX_EXIT_INVVPID:
    case VMX_EXIT_VMFUNC:
    case VMX_EXIT_ENCLS: vmx_decode_exception(VECTOR_UD, 0U, exit); break;
    case VMX_EXIT_TRIPLE_FAULT:
    /* A state that the guest had built and that VM entry refuses (26.8): no instruction of it can run any more. */
    case VMX_EXIT_GUEST_STATE:
    case VMX_EXIT_MSR_LOADING:
    /* No task switch completes here, and no access through a malformed table. */
    case VMX_EXIT_TASK_SWITCH:
    case VMX_EXIT_EPT_MISCONFIG: vmx_decode_plain(HV_EXIT_SHUTDOWN, exit); break;
    default:
        if ((reason >= VMX_EXIT_VMCLEAR) && (reason <= VMX_EXIT_VMXON)) {
            vmx_decode_exception(VECTOR_UD, 0U, exit);
        } else {
            vmx_decode_plain(HV_EXIT_OTHER, exit);
            exit->number = reason;
        }
        break;
    }
}

static enum exit_cut vmx_cut_delivery(uint32_t info)
{
    const uint32_t type = (info >> VMX_EVENT_TYPE_SHIFT) & VMX_EVENT_TYPE_MASK;
    enum exit_cut cut = CUT_NOTHING;
    if ((info & VMX_EVENT_VALID) == 0U) {
        /* the event went in whole, or there was none */
    } else if (type == VMX_EVENT_EXCEPTION) {
        cut = vendor_cut_exception(info & 0xFFU);
    } else {
        cut = CUT_BENIGN; /* an interrupt, an NMI, INT n, INT3 */
    }
    return cut;
}

/* REQ-IO-014 */
void vmx_exit_decode(vcpu_id_t vcpu, struct vm_exit *exit)
{
    const uint32_t reason = (uint32_t)vmx_read(VMCS_EXIT_REASON);
    exit->cut = vmx_cut_delivery((uint32_t)vmx_read(VMCS_VECTORING));
    exit->length = (uint32_t)vmx_read(VMCS_INSTRUCTION_LENGTH); /* for instructions; the others take it back */
    vmx_decode_by_reason(vcpu, reason & 0xFFFFU, exit);
    if ((reason & VMX_ENTRY_FAILED) != 0U) {
        exit->cut = CUT_NOTHING;
        if ((reason & 0xFFFFU) != VMX_EXIT_ENTRY_MC) {
            vmx_decode_plain(HV_EXIT_SHUTDOWN, exit);
        }
    }
}

/* VM-instruction errors that an entry can give (30.4). */
const char *vmx_entry_failure(uint32_t reason)
{
    const char *name;
    const uint32_t number = (reason != 0U) ? (reason & 0xFFFFU) : (uint32_t)vmx_read(VMCS_INSTRUCTION_ERROR);
    if (reason != 0U) {
        switch (number) {
        case VMX_EXIT_GUEST_STATE: name = "invalid guest state"; break;
        case VMX_EXIT_MSR_LOADING: name = "MSR loading"; break;
        case VMX_EXIT_ENTRY_MC: name = "machine check during the entry"; break;
        default: name = "unknown exit reason"; break;
        }
    } else {
        switch (number) {
        case 4U: name = "VMLAUNCH with a launched VMCS"; break;
        case 5U: name = "VMRESUME with a clear VMCS"; break;
        case 7U: name = "invalid control field"; break;
        case 8U: name = "invalid host state"; break;
        case 26U: name = "events blocked by MOV SS"; break;
        default: name = "no current VMCS, or an unknown error"; break;
        }
    }
    return name;
}
