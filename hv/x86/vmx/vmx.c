/* SPDX-License-Identifier: Apache-2.0 */
/* VT-x: enabling it, one VMCS a core, entering a guest, and the vendor table. */
#include "x86/vmx/vmx.h"

#include <stddef.h>

#include "core/hw.h"
#include "core/log.h"
#include "core/stage2.h"
#include "core/stats_exit.h"
#include "core/trace.h"
#include "core/vm.h"
#include "x86/address.h"
#include "x86/asm.h"
#include "x86/exception.h"
#include "x86/flush.h"
#include "x86/layout.h"
#include "x86/vmx/core.h"

#define EPTP_WRITE_BACK 6U    /* table 24-9 */
#define EPTP_FOUR_LEVELS 0x18U
#define VPID_COUNT      0x10000U
#define TIMER_MAX       0xFFFFFFFFU

_Static_assert(offsetof(struct vmx_run, regs) == (size_t)VMX_RUN_REGS, "assembly layout");
_Static_assert(offsetof(struct vmx_run, kick) == (size_t)VMX_RUN_KICK, "assembly layout");
_Static_assert(offsetof(struct vmx_run, launched) == (size_t)VMX_RUN_LAUNCHED, "assembly layout");
_Static_assert((uint32_t)VMX_ENDED_KICK == (uint32_t)VMX_ENDED_IS_KICK, "assembly layout");
_Static_assert((uint32_t)VMX_ENDED_REFUSED == (uint32_t)VMX_ENDED_IS_REFUSED, "assembly layout");

static bool launched[MAX_PCPU]; /* the core's VMCS is */

static void vmx_vcpu_init(vcpu_id_t id, bool exclusive)
{
    struct vmx_vcpu *const v = &vmx_vcpu[id];
    v->exclusive = exclusive;
    v->controls_dirty = true;
    v->apic = false;
    v->vpid = (v->vpid == 0U) ? 1U : v->vpid;
    vmx_state_reset(id);
    vmx_event_reset(id);
    vmx_switch_reset(id);
    flush_note(id, FLUSH_RESET);
}

/* The core's VMCS holds another vCPU: all of this one's state and controls go in at the next entry. */
static void vmx_vcpu_load(vcpu_id_t id)
{
    vmx_vcpu[id].dirty = UINT64_MAX;
    vmx_vcpu[id].controls_dirty = true;
    vmx_switch_load(id);
    flush_note(id, FLUSH_CORE);
}

static void vmx_vcpu_unload(vcpu_id_t id)
{
    vmx_switch_save(id);
}

/* REQ-ISO-042 */
static void vmx_set_stage2(vcpu_id_t id, hpa_t root, uint32_t asid)
{
    vmx_vcpu[id].eptp = root | EPTP_FOUR_LEVELS | EPTP_WRITE_BACK;
    vmx_vcpu[id].vpid = flush_tag(asid, VPID_COUNT);
    vmx_vcpu[id].controls_dirty = true;
    flush_note(id, FLUSH_STAGE2);
}

static void vmx_flush(vcpu_id_t id)
{
    flush_note(id, FLUSH_CHANGED);
}

/* REQ-ISO-019 REQ-ISO-026 */
static void controls_store(vcpu_id_t id)
{
    struct vmx_vcpu *const v = &vmx_vcpu[id];
    const uint32_t plain = vmx_control_value(&vmx_caps, FIELD_SECONDARY, v->exclusive);
    const uint32_t secondary = v->apic ? vmx_control_with_apic(&vmx_caps, FIELD_SECONDARY, plain) : plain;
    const uint32_t primary = vmx_control_value(&vmx_caps, FIELD_PRIMARY, v->exclusive);
    v->pin = vmx_control_value(&vmx_caps, FIELD_PIN, v->exclusive);
    v->primary = v->apic ? vmx_control_with_apic(&vmx_caps, FIELD_PRIMARY, primary) : primary;
    v->entry = vmx_control_value(&vmx_caps, FIELD_ENTRY, v->exclusive);
    vmx_write(VMCS_PIN_CONTROLS, v->pin);
    vmx_write(VMCS_SECONDARY_CONTROLS, secondary);
    vmx_write(VMCS_EXIT_CONTROLS, vmx_control_value(&vmx_caps, FIELD_EXIT, v->exclusive));
    vmx_write(VMCS_EXCEPTION_BITMAP, exception_bitmap(v->exclusive));
    vmx_write(VMCS_CR0_MASK, VMX_CR0_OWNED);
    vmx_write(VMCS_CR4_MASK, VMX_CR4_OWNED);
    vmx_write(VMCS_EPT_POINTER, v->eptp);
    if ((secondary & SECONDARY_VPID) != 0U) {
        vmx_write(VMCS_VPID, v->vpid);
    }
    if ((secondary & SECONDARY_ENCLS) != 0U) {
        vmx_write(VMCS_ENCLS_EXITING, UINT64_MAX);
    }
    if (v->apic) {
        vmx_apic_store_controls(id);
    }
    vmx_bitmaps_attach(vcpu_vm(id), v->apic);
}

static void windows_store(const struct vmx_vcpu *v)
{
    uint32_t primary = v->primary;
    primary |= v->window ? PRIMARY_WINDOW : 0U;
    primary |= v->nmi_window ? PRIMARY_NMI_WINDOW : 0U;
    vmx_write(VMCS_PRIMARY_CONTROLS, primary);
}

/* REQ-ISO-013 */
static void translations_drop(vcpu_id_t id)
{
    if (flush_wanted(id)) {
        vmx_invept_one(vmx_vcpu[id].eptp);
        if (vmx_vpid_usable(&vmx_caps)) {
            vmx_invvpid_one(vmx_vcpu[id].vpid);
        }
        flush_done(id);
    }
}

/* The timer counts down by 1 each time that the TSC's bit vmx_misc[4:0] changes (25.5.1). */
static void timer_store(const struct vmx_vcpu *v)
{
    if ((v->pin & PIN_PREEMPTION_TIMER) != 0U) {
        const uint64_t now = asm_rdtsc();
        const uint64_t deadline = hw_timer_armed();
        const uint64_t ticks = (deadline > now) ? ((deadline - now) >> (uint32_t)(vmx_caps.misc & 0x1FU)) : 0U;
        vmx_write(VMCS_PREEMPTION_TIMER, (ticks > TIMER_MAX) ? TIMER_MAX : ticks);
    }
}

static void vmx_prepare(vcpu_id_t id)
{
    struct vmx_vcpu *const v = &vmx_vcpu[id];
    if (v->controls_dirty || (v->apic != v->apic_stored)) {
        controls_store(id);
        v->controls_dirty = false;
        v->apic_stored = v->apic;
    }
    if (v->apic) {
        vmx_apic_store(id);
    }
    windows_store(v);
    vmx_state_store(id);
    vmx_write(VMCS_ENTRY_EVENT, v->event);
    vmx_write(VMCS_ENTRY_ERROR, v->event_error);
    translations_drop(id);
    timer_store(v);
}

/* REQ-LIF-014 */
static void say_failure(vcpu_id_t id, uint32_t reason)
{
    if (vm_may_log(vcpu_vm(id))) {
        log_begin("vt-x");
        log_text("vCPU ");
        log_dec(id);
        log_text(": VM entry failed: ");
        log_text(vmx_entry_failure(reason));
        log_end();
    }
}

static void exit_take(vcpu_id_t id, struct vm_exit *exit)
{
    const uint32_t reason = (uint32_t)vmx_read(VMCS_EXIT_REASON);
    if ((reason & VMX_ENTRY_FAILED) != 0U) {
        say_failure(id, reason);
    }
    vmx_state_fetch(id);
    vmx_event_requeue(id);
    vmx_exit_decode(id, exit);
    if (exit->reason == HV_EXIT_NMI) {
        vmx_nmi_open();
    }
}

/* Until an exit that core/ has to look at, or a kick. A MOV that only changes shadowed bits is an exit that ends here. */
/* REQ-RT-014 */
static uint32_t guest_run(vcpu_id_t id, struct vmx_run *run)
{
    uint32_t ended = vmx_run_guest(run);
    while ((ended == (uint32_t)VMX_ENDED_EXIT) && vmx_shadow_changed(id)) {
        const uint64_t now = asm_rdtsc();
        stats_exit_quick(run->stats, HV_EXIT_CR, run->left, now);
        trace_quick(id, HV_EXIT_CR, run->left, now);
        ended = vmx_run_guest(run);
    }
    return ended;
}

static bool vmx_enter(vcpu_id_t id, const shared_u32_t *kick, struct vm_exit *exit)
{
    const pcpu_id_t self = hw_pcpu();
    struct vmx_run run = { &vcpu_regs[id], kick, launched[self] ? 1U : 0U, 0U, &vcpu_stats[id], id, 0U };
    uint32_t ended;
    vmx_prepare(id);
    ended = guest_run(id, &run);
    launched[self] = run.launched != 0U;
    exit->cut = CUT_NOTHING;
    exit->length = 0U;
    if (ended == (uint32_t)VMX_ENDED_EXIT) {
        exit_take(id, exit);
    } else if (ended == (uint32_t)VMX_ENDED_REFUSED) {
        say_failure(id, 0U);
        vmx_state_fetch(id);
        exit->reason = HV_EXIT_SHUTDOWN;
        run.ran = 1U;
    } else if (run.ran != 0U) { /* after a quick exit: all of it is done, and the kick is the exit */
        vmx_state_fetch(id);
        vmx_vcpu[id].event = 0U;
        exit->reason = HV_EXIT_NMI;
    } else {
        /* not entered: the state in memory is as it was */
    }
    return run.ran != 0U;
}

/* An NMI that interrupts the last steps before an entry makes them a kick. */
/* REQ-INT-029 */
static uint64_t vmx_nmi_return(uint64_t rip)
{
    const bool in_window = (rip >= vmx_marks[VMX_MARK_WINDOW]) && (rip < vmx_marks[VMX_MARK_WINDOW_END]);
    return in_window ? vmx_marks[VMX_MARK_KICKED] : rip;
}

const struct vendor_ops vmx_vendor = {
    .name = "VT-x",
    .entry_format = S2_FORMAT_EPT,
    .missing = vmx_core_missing,
    .core_enable = vmx_core_enable,
    .core_leave = vmx_off,
    .nmi_return = vmx_nmi_return,
    .vcpu_init = vmx_vcpu_init,
    .vcpu_load = vmx_vcpu_load,
    .vcpu_unload = vmx_vcpu_unload,
    .enter = vmx_enter,
    .get = vmx_get,
    .set = vmx_set,
    .get_segment = vmx_get_segment,
    .set_segment = vmx_set_segment,
    .set_stage2 = vmx_set_stage2,
    .flush = vmx_flush,
    .can_accept = vmx_can_accept,
    .event_queued = vmx_event_queued,
    .can_accept_nmi = vmx_can_accept_nmi,
    .inject = vmx_inject,
    .clear_shadow = vmx_clear_shadow,
    .single_step = vmx_single_step,
    .request_window = vmx_request_window,
    .apic_present = vmx_apic_present,
    .apic_lend = vmx_apic_lend,
    .apic_take = vmx_apic_take,
    .msr_open = vmx_msr_open,
    .port_open = vmx_port_open,
    .bitmaps_close = vmx_bitmaps_close,
};
