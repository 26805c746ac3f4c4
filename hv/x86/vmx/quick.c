/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits that end where they began (docs/decisions/0015-quick-exits.md), as in svm/quick.c. There is no GIF: the loop of enter.S looks
 * at the kick flag before each entry (docs/decisions/0020-vt-x.md). The registers are in the core's VMCS meanwhile.
 */
#include "core/quick.h"
#include "core/stats_exit.h"
#include "core/trace.h"
#include "x86/asm.h"
#include "x86/vmx/vmx.h"

/* An event on its way into the guest, or waiting for its moment, is looked at by each exit's ordinary way. */
static bool no_event_waits(const struct vmx_vcpu *v)
{
    return (!v->window) && (!v->nmi_window) && ((vmx_read(VMCS_VECTORING) & VMX_EVENT_VALID) == 0U);
}

static bool vmx_answer_port(vcpu_id_t vcpu)
{
    const uint32_t qualification = (uint32_t)vmx_read(VMCS_QUALIFICATION);
    return ((qualification & VMX_IO_STRING) == 0U)
           && core_quick_port(vcpu, qualification >> 16, (qualification & 7U) + 1U, (qualification & VMX_IO_IN) == 0U);
}

/* What the exit was when it is answered, else HV_EXIT_OTHER. */
static enum hv_exit_reason vmx_answer(vcpu_id_t vcpu, uint32_t exit_reason)
{
    enum hv_exit_reason reason = HV_EXIT_OTHER;
    switch (exit_reason) { /* an entry that failed has bit 31 set */
    case VMX_EXIT_CPUID:
        cpuid_emulate(vcpu);
        reason = HV_EXIT_CPUID;
        break;
    case VMX_EXIT_VMCALL:
        reason = core_quick_hypercall(vcpu, (uint32_t)vmx_get(vcpu, REG_CPL)) ? HV_EXIT_HYPERCALL : HV_EXIT_OTHER;
        break;
    case VMX_EXIT_RDMSR:
        reason = core_quick_msr_read(vcpu) ? HV_EXIT_MSR_READ : HV_EXIT_OTHER;
        break;
    case VMX_EXIT_WRMSR:
        reason = core_quick_msr_write(vcpu) ? HV_EXIT_MSR_WRITE : HV_EXIT_OTHER;
        break;
    case VMX_EXIT_IO:
        reason = vmx_answer_port(vcpu) ? HV_EXIT_IO : HV_EXIT_OTHER;
        break;
    default:
        break;
    }
    return reason;
}

/* REQ-INT-060 */
static void vmx_answered_debug(vcpu_id_t vcpu, uint64_t rflags)
{
    if ((rflags & RFLAGS_RF) != 0U) {
        vmx_write(VMCS_GUEST_RFLAGS, rflags & ~(uint64_t)RFLAGS_RF);
    }
    if ((rflags & RFLAGS_TF) != 0U) {
        vmx_single_step(vcpu);
    }
}

/* REQ-RT-031 REQ-RT-060 */
uint32_t vmx_quick(struct vmx_run *run)
{
    const uint64_t left = asm_rdtsc();
    const uint32_t exit_reason = (uint32_t)vmx_read(VMCS_EXIT_REASON);
    struct vmx_vcpu *const v = &vmx_vcpu[run->vcpu];
    enum hv_exit_reason reason = HV_EXIT_OTHER;
    uint64_t now;
    run->ran = 1U;
    run->left = left;
    v->live = true;
    if ((exit_reason & VMX_ENTRY_FAILED) == 0U) {
        run->launched = 1U; /* 26.4: an entry that failed leaves the launch state alone */
    }
    if (no_event_waits(v)) {
        reason = vmx_answer(run->vcpu, exit_reason);
    }
    if (reason != HV_EXIT_OTHER) {
        vmx_write(VMCS_GUEST_RIP, vmx_rip_of_mode(run->vcpu, vmx_read(VMCS_GUEST_RIP) + vmx_read(VMCS_INSTRUCTION_LENGTH)));
        vmx_clear_shadow(run->vcpu);
        vmx_answered_debug(run->vcpu, vmx_read(VMCS_GUEST_RFLAGS));
        now = asm_rdtsc();
        stats_exit_quick(run->stats, reason, left, now);
        trace_quick(run->vcpu, reason, left, now);
    }
    return (reason != HV_EXIT_OTHER) ? 1U : 0U;
}
