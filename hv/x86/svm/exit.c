/* SPDX-License-Identifier: Apache-2.0 */
/* From #VMEXIT codes (APM 2, appendix C) to the record that core/ reads. */
#include "x86/svm/svm.h"

enum {
    EXIT_CR0_READ = 0x000, EXIT_CR15_READ = 0x00F, EXIT_CR0_WRITE = 0x010, EXIT_CR15_WRITE = 0x01F,
    EXIT_EXCEPTION = 0x040, EXIT_EXCEPTION_LAST = 0x05F,
    EXIT_INTR = 0x060, EXIT_NMI = 0x061, EXIT_SMI = 0x062, EXIT_INIT = 0x063, EXIT_VINTR = 0x064,
    EXIT_RDPMC = 0x06F, EXIT_CPUID = 0x072, EXIT_IRET = 0x074, EXIT_INVD = 0x076, EXIT_HLT = 0x078, EXIT_INVLPGA = 0x07A,
    EXIT_IOIO = 0x07B, EXIT_MSR = 0x07C, EXIT_FERR = 0x07E, EXIT_SHUTDOWN = 0x07F,
    EXIT_VMRUN = 0x080, EXIT_VMMCALL = 0x081, EXIT_VMLOAD = 0x082, EXIT_VMSAVE = 0x083,
    EXIT_STGI = 0x084, EXIT_CLGI = 0x085, EXIT_SKINIT = 0x086, EXIT_WBINVD = 0x089,
    EXIT_MONITOR = 0x08A, EXIT_MWAIT = 0x08B, EXIT_MWAIT_ARMED = 0x08C, EXIT_XSETBV = 0x08D,
    EXIT_RDPRU = 0x08E, EXIT_NPF = 0x400
};

#define EXIT_INVALID 0xFFFFFFFFU /* VMEXIT_INVALID is -1; QEMU zero-extends it from 32 bits */
#define VECTOR_UD 6U
#define VECTOR_GP 13U
#define GPR_UNKNOWN 16U

/* EXITINFO1 of NPF (APM 2, 15.25.6). */
#define NPF_WRITE (1ULL << 1)
#define NPF_FETCH (1ULL << 4)
#define NPF_TABLE (1ULL << 33)

/* Without the next-RIP feature: the length of the instruction by its kind; no prefix is legal
 * on these in 64-bit code but REX and segment overrides, which no compiler or kernel emits. */
static uint32_t length_of(const struct vmcb *vmcb, uint32_t usual)
{
    return svm_features.next_rip ? (uint32_t)(vmcb->next_rip - vmcb->rip) : usual;
}

static void decode_io(const struct vmcb *vmcb, struct vm_exit *exit)
{
    const uint32_t info = (uint32_t)vmcb->exit_info1;
    exit->reason = HV_EXIT_IO;
    exit->length = (uint32_t)(vmcb->exit_info2 - vmcb->rip);
    exit->number = info >> 16;
    exit->size = (info >> 4) & 7U;
    exit->write = (info & IO_IN) == 0U;
    exit->string = (info & IO_STRING) != 0U;
    exit->repeat = (info & IO_REPEAT) != 0U;
    exit->address_size = ((info >> 7) & 7U) * 2U;
    exit->segment = svm_features.decode_assists ? ((info >> 10) & 7U) : (uint32_t)SEG_DS;
}

static void decode_npf(const struct vmcb *vmcb, struct vm_exit *exit)
{
    exit->reason = HV_EXIT_MMIO;
    exit->gpa = vmcb->exit_info2;
    exit->write = (vmcb->exit_info1 & NPF_WRITE) != 0U;
    exit->execute = (vmcb->exit_info1 & NPF_FETCH) != 0U;
    exit->table_walk = (vmcb->exit_info1 & NPF_TABLE) != 0U;
}

static void decode_cr(const struct vmcb *vmcb, uint32_t code, struct vm_exit *exit)
{
    exit->reason = HV_EXIT_CR;
    exit->number = code & 0xFU;
    exit->write = code >= (uint32_t)EXIT_CR0_WRITE;
    exit->gpr = GPR_UNKNOWN;
    if (svm_features.decode_assists && ((vmcb->exit_info1 >> 63) != 0U)) { /* a MOV, not LMSW or CLTS */
        exit->gpr = (uint32_t)(vmcb->exit_info1 & 0xFU);
        exit->length = length_of(vmcb, 0U);
    }
}

static void decode_exception(uint32_t vector, uint32_t error, struct vm_exit *exit)
{
    exit->reason = HV_EXIT_EXCEPTION;
    exit->number = vector;
    exit->error = error;
}

static void decode_msr(vcpu_id_t vcpu, const struct vmcb *vmcb, struct vm_exit *exit)
{
    exit->write = (vmcb->exit_info1 & 1U) != 0U;
    exit->reason = exit->write ? HV_EXIT_MSR_WRITE : HV_EXIT_MSR_READ;
    exit->number = (uint32_t)vcpu_regs[vcpu].gpr[GPR_RCX];
    exit->length = length_of(vmcb, 2U);
}

static void decode_plain(const struct vmcb *vmcb, enum hv_exit_reason reason, uint32_t length, struct vm_exit *exit)
{
    exit->reason = reason;
    exit->length = (length == 0U) ? 0U : length_of(vmcb, length);
}

static void decode_by_code(vcpu_id_t vcpu, uint32_t code, struct vm_exit *exit)
{
    struct vmcb *const vmcb = &svm_vmcb[vcpu];
    switch (code) {
    case EXIT_INTR: decode_plain(vmcb, HV_EXIT_INTERRUPT, 0U, exit); break;
    case EXIT_NMI: decode_plain(vmcb, HV_EXIT_NMI, 0U, exit); break;
    case EXIT_VINTR:
        svm_request_window(vcpu, false);
        decode_plain(vmcb, HV_EXIT_WINDOW, 0U, exit);
        break;
    case EXIT_IRET:
        svm_nmi_returning(vcpu);
        decode_plain(vmcb, HV_EXIT_WINDOW, 0U, exit);
        break;
    case EXIT_CPUID: decode_plain(vmcb, HV_EXIT_CPUID, 2U, exit); break;
    case EXIT_HLT: decode_plain(vmcb, HV_EXIT_HLT, 1U, exit); break;
    case EXIT_IOIO: decode_io(vmcb, exit); break;
    case EXIT_MSR: decode_msr(vcpu, vmcb, exit); break;
    case EXIT_SHUTDOWN: decode_plain(vmcb, HV_EXIT_SHUTDOWN, 0U, exit); break;
    case EXIT_VMMCALL: decode_plain(vmcb, HV_EXIT_HYPERCALL, 3U, exit); break;
    case EXIT_INVD:
    case EXIT_WBINVD: decode_plain(vmcb, HV_EXIT_WBINVD, 2U, exit); break;
    case EXIT_XSETBV: decode_plain(vmcb, HV_EXIT_XSETBV, 3U, exit); break;
    case EXIT_NPF: decode_npf(vmcb, exit); break;
    /* Instructions of features that guests do not see: what a CPU without them does. */
    case EXIT_VMRUN:
    case EXIT_VMLOAD:
    case EXIT_VMSAVE:
    case EXIT_STGI:
    case EXIT_CLGI:
    case EXIT_SKINIT:
    case EXIT_INVLPGA:
    case EXIT_MONITOR:
    case EXIT_MWAIT:
    case EXIT_MWAIT_ARMED:
    case EXIT_RDPRU: decode_exception(VECTOR_UD, 0U, exit); break;
    case EXIT_RDPMC: decode_exception(VECTOR_GP, 0U, exit); break;
    case EXIT_SMI:
    case EXIT_INIT: decode_plain(vmcb, HV_EXIT_NMI, 0U, exit); break; /* the host has dealt with it */
    /* VMRUN refused the state that the guest had built: no instruction of it can run any more. */
    case EXIT_INVALID: decode_plain(vmcb, HV_EXIT_SHUTDOWN, 0U, exit); break;
    default: exit->number = code; break; /* HV_EXIT_OTHER */
    }
}

static enum exit_cut cut_delivery(uint64_t info)
{
    enum exit_cut cut = CUT_NOTHING;
    if ((info & EVENT_VALID) == 0U) {
        /* the event went in whole, or there was none */
    } else if (((info >> EVENT_TYPE_SHIFT) & EVENT_TYPE_MASK) == EVENT_TYPE_EXCEPTION) {
        cut = vendor_cut_exception((uint32_t)info & 0xFFU);
    } else {
        cut = CUT_BENIGN; /* an interrupt, an NMI, INT n */
    }
    return cut;
}

/* REQ-IO-014 */
void svm_exit_decode(vcpu_id_t vcpu, struct vm_exit *exit)
{
    const struct vmcb *const vmcb = &svm_vmcb[vcpu];
    const uint32_t code = (uint32_t)vmcb->exit_code;
    exit->reason = HV_EXIT_OTHER;
    exit->length = 0U;
    exit->number = 0U; /* the trace shows it for every reason */
    exit->cut = cut_delivery(vmcb->exit_int_info);
    if (code <= (uint32_t)EXIT_CR15_WRITE) {
        decode_cr(vmcb, code, exit);
    } else if ((code >= (uint32_t)EXIT_EXCEPTION) && (code <= (uint32_t)EXIT_EXCEPTION_LAST)) {
        decode_exception(code - (uint32_t)EXIT_EXCEPTION, (uint32_t)vmcb->exit_info1, exit);
    } else {
        decode_by_code(vcpu, code, exit);
    }
}
