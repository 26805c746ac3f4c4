/* SPDX-License-Identifier: Apache-2.0 */
/* A core with VT-x, for unit tests: its VMCS is an array, its TLB remembers, and a guest leaves by what the test says. */
#ifndef TESTS_UNIT_VMX_MACHINE_H
#define TESTS_UNIT_VMX_MACHINE_H

#include "backend_machine.h"

#include "core/hw.h"
#include "core/log.h"
#include "core/vm.h"
#include "x86/fatal.h"
#include "x86/vmx/core.h"
#include "x86/vmx/vmx.h"

#include "vmx_samples.h"

#define SIBLING 9U  /* vCPU 1 of VM 1 */
#define OTHER 16U   /* vCPU 0 of VM 2 */
#define CORES 2U
#define TLB_SIZE 16U
#define ROOT 0x123000U

struct vmx_apic_page vmx_apic_page[MAX_VCPU];
struct vmx_caps vmx_caps;

static uint64_t vmcs[CORES][0x8000]; /* by field */
static uint64_t entered[0x8000];     /* as the CPU saw it at the last entry */
static pcpu_id_t core;
static uint32_t entries;
static vm_id_t entered_vm;
static bool kick_before, kick_after_first, refused;
static uint64_t now_armed;

/* What the CPU would write at the exit. */
static struct {
    uint32_t reason, event, event_error, vectoring, vectoring_error, length, info;
    uint64_t qualification, gpa, rip, shadow, rsp; /* rsp 0: as it was */
} leaves;

/* One cached translation a tag and table, as an entry makes it. */
static struct { bool valid; uint64_t eptp; uint64_t vpid; uint32_t life; } tlb[CORES][TLB_SIZE];
static uint32_t life;                /* of what the tables say: the test raises it when a translation changes */

static bool stale(void)
{
    bool found = false;
    for (uint32_t i = 0U; i < TLB_SIZE; i++) {
        found = found || (tlb[core][i].valid && (tlb[core][i].eptp == entered[VMCS_EPT_POINTER])
                          && (tlb[core][i].vpid == entered[VMCS_VPID]) && (tlb[core][i].life != life));
    }
    return found;
}

static void tlb_fill(void)
{
    for (uint32_t i = 0U; i < TLB_SIZE; i++) {
        if (!tlb[core][i].valid) {
            tlb[core][i].valid = true;
            tlb[core][i].eptp = entered[VMCS_EPT_POINTER];
            tlb[core][i].vpid = entered[VMCS_VPID];
            tlb[core][i].life = life;
            return;
        }
    }
}

static uint32_t invepts, invvpids;
void vmx_invept_one(uint64_t eptp)
{
    invepts++;
    for (uint32_t i = 0U; i < TLB_SIZE; i++) {
        tlb[core][i].valid = tlb[core][i].valid && (tlb[core][i].eptp != eptp);
    }
}
void vmx_off(void) {}
void vmx_invvpid_one(uint32_t vpid)
{
    assert_int_not_equal(vpid, 0U); /* the CPU refuses it */
    invvpids++;
    for (uint32_t i = 0U; i < TLB_SIZE; i++) {
        tlb[core][i].valid = tlb[core][i].valid && (tlb[core][i].vpid != vpid);
    }
}

uint64_t vmx_read(uint32_t field) { return vmcs[core][field]; }
void vmx_write(uint32_t field, uint64_t value)
{
    assert_int_not_equal((field >> 10) & 3U, 1U); /* an exit information field */
    vmcs[core][field] = value;
}

pcpu_id_t hw_pcpu(void) { return core; }
uint64_t hw_timer_armed(void) { return now_armed; }
void vmx_core_enable(void) {}
const char *vmx_core_missing(uint32_t *cursor) { return vmx_control_missing(&vmx_caps, cursor); }
void log_begin(const char *module) { (void)module; }
void log_dec(uint64_t value) { (void)value; }
static uint32_t lines;
void log_end(void) { lines++; }
static bool log_full;
bool vm_may_log(vm_id_t v) { assert_int_equal(v, 1U); return !log_full; }
static char said[256];
void log_text(const char *text) { strncat(said, text, sizeof(said) - strlen(said) - 1U); }

static uint32_t nmi_opened, switched_in, switched_out;
static uint64_t cr2, debug_seen;
void vmx_switch_reset(vcpu_id_t vcpu) { (void)vcpu; }
void vmx_switch_load(vcpu_id_t vcpu) { switched_in = vcpu; }
void vmx_switch_save(vcpu_id_t vcpu) { switched_out = vcpu; }
void vmx_switch_debug(vcpu_id_t vcpu, uint64_t qualification) { (void)vcpu; debug_seen = qualification; }
uint64_t vmx_cr2_read(void) { return cr2; }
void vmx_cr2_write(uint64_t value) { cr2 = value; }
void vmx_nmi_open(void) { nmi_opened++; }

const uint64_t vmx_marks[VMX_MARKS] = { 0x5000U, 0x5040U, 0x5100U, 0x5080U };

static uint64_t cr4_seen; /* by what a quick exit asks the backend */
void cpuid_emulate(vcpu_id_t id) { cr4_seen = vmx_get(id, REG_CR4); (void)answer(id); }

/* The MSR map that opens the APIC's registers is there with all that makes them virtual, and nothing of that without it: else the guest would reach
 * the physical APIC, or the entry fail (26.2.1.1). */
static void apic_is_virtual_or_closed(void)
{
    const bool open = entered[VMCS_MSR_BITMAP] == ((uint64_t)(uintptr_t)access_msr_map[entered_vm] + 4096U);
    assert_true(open || (entered[VMCS_MSR_BITMAP] == (uint64_t)(uintptr_t)access_msr_map[entered_vm]));
    assert_int_equal(entered[VMCS_SECONDARY_CONTROLS] & SECONDARY_APIC, open ? SECONDARY_APIC : 0U);
    assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & PRIMARY_TPR_SHADOW, open ? PRIMARY_TPR_SHADOW : 0U);
    if (open) {
        assert_int_equal(entered[VMCS_PIN_CONTROLS] & 1U, 1U); /* external-interrupt exiting */
        assert_int_equal(entered[VMCS_PRIMARY_CONTROLS] & PRIMARY_CR8_EXITS, 0U);
        assert_int_equal(entered[VMCS_TPR_THRESHOLD], 0U);
    }
}

static void cpu_runs(void)
{
    uint64_t *const at = vmcs[core];
    memcpy(entered, at, sizeof(entered));
    apic_is_virtual_or_closed();
    entries++;
    at[VMCS_EXIT_REASON] = leaves.reason;
    at[VMCS_QUALIFICATION] = leaves.qualification;
    if ((leaves.reason & VMX_ENTRY_FAILED) != 0U) {
        return; /* no other field is written (26.8) */
    }
    assert_false(stale());
    tlb_fill();
    at[VMCS_ENTRY_EVENT] &= ~(uint64_t)VMX_EVENT_VALID;
    at[VMCS_GUEST_PENDING_DEBUG] = 0U; /* 27.3.4 */
    at[VMCS_EXIT_EVENT] = leaves.event;
    at[VMCS_EXIT_EVENT_ERROR] = leaves.event_error;
    at[VMCS_VECTORING] = leaves.vectoring;
    at[VMCS_VECTORING_ERROR] = leaves.vectoring_error;
    at[VMCS_INSTRUCTION_LENGTH] = leaves.length;
    at[VMCS_INSTRUCTION_INFO] = leaves.info;
    at[VMCS_GUEST_PHYSICAL] = leaves.gpa;
    at[VMCS_GUEST_RIP] = leaves.rip;
    at[VMCS_GUEST_SHADOW] = leaves.shadow;
    at[VMCS_GUEST_RSP] = (leaves.rsp != 0U) ? leaves.rsp : at[VMCS_GUEST_RSP];
}

static uint32_t ends_after; /* rounds, for exits that are run again */
/* As enter.S has it; a quick exit is followed by a physical interrupt at the next instruction. */
uint32_t vmx_run_guest(struct vmx_run *run)
{
    uint32_t ended = (uint32_t)VMX_ENDED_EXIT;
    assert_ptr_equal(run->kick, &kick);
    assert_ptr_equal(run->regs, &vcpu_regs[run->vcpu]);
    entered_vm = vcpu_vm(run->vcpu);
    if (kick_before) {
        memcpy(entered, vmcs[core], sizeof(entered));
        ended = (uint32_t)VMX_ENDED_KICK;
    } else if (refused) {
        ended = (uint32_t)VMX_ENDED_REFUSED;
    } else {
        if ((ends_after != 0U) && (--ends_after == 0U)) {
            leaves.reason = VMX_EXIT_INTERRUPT;
        }
        cpu_runs();
        while ((ended == (uint32_t)VMX_ENDED_EXIT) && (vmx_quick(run) != 0U)) {
            if (kick_after_first) {
                ended = (uint32_t)VMX_ENDED_KICK;
            } else {
                leaves.reason = VMX_EXIT_INTERRUPT;
                leaves.vectoring = 0U;
                leaves.rip = vmcs[core][VMCS_GUEST_RIP];
                leaves.shadow = vmcs[core][VMCS_GUEST_SHADOW];
                cpu_runs();
            }
        }
    }
    return ended;
}

static int setup(void **state)
{
    (void)state;
    vmx_caps = skylake;
    vmx_has_apic = true;
    core = 0U;
    memset(vmcs, 0, sizeof(vmcs));
    memset(tlb, 0, sizeof(tlb));
    memset(vmx_apic_page, 0xA5, sizeof(vmx_apic_page));
    memset(vmx_vcpu, 0, sizeof(vmx_vcpu));
    quick_reset();
    memset(&leaves, 0, sizeof(leaves));
    memset(said, 0, sizeof(said));
    kick_before = kick_after_first = refused = false;
    log_full = false;
    lines = 0U;
    entries = invepts = invvpids = nmi_opened = ends_after = 0U;
    now_armed = TIME_NEVER;
    life = 1U;
    vmx_vendor.bitmaps_close(1U);
    vmx_vendor.vcpu_init(GUEST, false);
    vmx_vendor.set_stage2(GUEST, ROOT, 2U);
    vmx_vendor.vcpu_load(GUEST);
    vcpu_regs[GUEST].rip = 0x1000U;
    vcpu_regs[GUEST].rflags = 2U;
    leaves.rip = 0x1000U;
    leaves.reason = VMX_EXIT_INTERRUPT;
    leaves.length = 2U;
    return 0;
}

static struct vm_exit leave(uint32_t reason, uint64_t qualification)
{
    struct vm_exit exit;
    memset(&exit, 0xA5, sizeof(exit));
    leaves.reason = reason;
    leaves.qualification = qualification;
    assert_true(vmx_vendor.enter(GUEST, &kick, &exit));
    return exit;
}

#endif
