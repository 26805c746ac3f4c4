/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/vmx/vmx.c x86/vmx/control.c x86/vmx/state.c x86/vmx/state_reset.c x86/vmx/event.c x86/vmx/exit.c x86/vmx/quick.c x86/vmx/bitmap.c x86/vmx/apic.c x86/flush.c x86/exception.c */
/* VT-x's local APIC for guests: what an entry has of it, what comes back, and the two exits that come after their instruction. Each entry of
 * the machine checks that the open MSR map and the controls go together (vmx_machine.h). */
#include "vmx_machine.h"

#define ISR 0x10U
#define TMR 0x18U
#define IRR 0x20U
#define SECOND_MAP 4096U
#define ROUNDS 2000U

static uint32_t isr[8], tmr[8], irr[8];

static void lend(vcpu_id_t id, uint32_t tpr)
{
    vmx_vendor.apic_lend(id, tpr, isr, tmr, irr);
}

static int setup_apic(void **state)
{
    memset(isr, 0, sizeof(isr));
    memset(tmr, 0, sizeof(tmr));
    memset(irr, 0, sizeof(irr));
    return setup(state);
}

static bool exits(vm_id_t vm, bool apic, uint32_t msr, bool write)
{
    return ((access_msr_map[vm][(apic ? SECOND_MAP : 0U) + (write ? 2048U : 0U) + (msr / 8U)] >> (msr % 8U)) & 1U) != 0U;
}

/* REQ-INT-033 */
static void an_entry_has_what_is_lent(void **state)
{
    (void)state;
    isr[2] = 0x10U;         /* 44 */
    irr[2] = 0x40U;
    irr[7] = 0x80000001U;   /* E0, FF */
    tmr[1] = 1U;            /* 20 */
    tmr[6] = 4U;            /* C2 */
    lend(GUEST, 0x30U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_INTERRUPTS], 0x44FFU);
    assert_int_equal(entered[VMCS_EOI_EXITING], 1ULL << 32);
    assert_int_equal(entered[VMCS_EOI_EXITING + 2U], 0U);
    assert_int_equal(entered[VMCS_EOI_EXITING + 6U], 4U);
    assert_int_equal(entered[VMCS_APIC_PAGE], (uint64_t)(uintptr_t)&vmx_apic_page[GUEST]);
    assert_int_equal(vmx_apic_page[GUEST].reg[8][0], 0x30U);
    assert_int_equal(vmx_apic_page[GUEST].reg[IRR + 7U][0], 0x80000001U);
    assert_int_equal(vmx_apic_page[GUEST].reg[TMR + 6U][0], 4U);
    assert_int_equal(entered[VMCS_MSR_BITMAP], (uint64_t)(uintptr_t)access_msr_map[1] + SECOND_MAP);
}

/* REQ-INT-033 */
static void what_is_taken_back_is_the_cpus_with_what_came_since(void **state)
{
    (void)state;
    irr[2] = 3U;
    lend(GUEST, 0U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    vmx_apic_page[GUEST].reg[IRR + 2U][0] = 1U; /* the CPU has taken 41, and the guest raised its priority */
    vmx_apic_page[GUEST].reg[ISR + 2U][0] = 2U;
    vmx_apic_page[GUEST].reg[8][0] = 0x20U;
    memset(irr, 0, sizeof(irr));
    irr[3] = 8U;
    isr[0] = UINT32_MAX;
    assert_int_equal(vmx_vendor.apic_take(GUEST, isr, irr), 0x20U);
    assert_int_equal(irr[2], 1U);
    assert_int_equal(irr[3], 8U);
    assert_int_equal(isr[2], 2U);
    assert_int_equal(isr[0], 0U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_MSR_BITMAP], (uint64_t)(uintptr_t)access_msr_map[1]);
}

/* REQ-INT-033 */
static void with_nothing_requested_the_status_is_zero(void **state)
{
    (void)state;
    lend(GUEST, 0U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_GUEST_INTERRUPTS], 0U);
}

/* REQ-INT-033 */
static void the_exit_of_an_eoi_becomes_the_write_that_was_not_done_yet(void **state)
{
    struct vm_exit exit;
    (void)state;
    isr[3] = 2U;
    lend(GUEST, 0U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    vmx_apic_page[GUEST].reg[ISR + 3U][0] = 0U;
    leaves.rip = 0x2002U; /* behind the WRMSR */
    vcpu_regs[GUEST].gpr[GPR_RCX] = 0x80BU;
    exit = leave(VMX_EXIT_EOI, 0x61U);
    assert_int_equal(exit.reason, HV_EXIT_MSR_WRITE);
    assert_int_equal(exit.number, 0x80BU);
    assert_int_equal(exit.length, 2U);
    assert_true(exit.write);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x2000U);
    (void)vmx_vendor.apic_take(GUEST, isr, irr);
    assert_int_equal(isr[3], 2U);
}

/* REQ-INT-033 */
static void so_does_the_exit_of_a_self_ipi_below_16(void **state)
{
    struct vm_exit exit;
    (void)state;
    lend(GUEST, 0U);
    leaves.rip = 0x2002U;
    exit = leave(VMX_EXIT_APIC_WRITE, 0x3F0U);
    assert_int_equal(exit.reason, HV_EXIT_MSR_WRITE);
    assert_int_equal(exit.number, 0x83FU);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x2000U);
    assert_int_equal(vmx_apic_page[GUEST].reg[ISR][0], 0U);
}

/* REQ-INT-033 REQ-ISO-017 */
static void the_second_map_opens_what_the_cpu_answers_for_and_nothing_else(void **state)
{
    (void)state;
    vmx_vendor.bitmaps_close(1U);
    for (uint32_t msr = 0U; msr < 0x2000U; msr++) {
        const bool reads = (msr == 0x808U) || (msr == 0x80AU) || ((msr >= 0x810U) && (msr <= 0x827U));
        const bool writes = (msr == 0x808U) || (msr == 0x80BU) || (msr == 0x83FU);
        assert_true(exits(1U, false, msr, false) && exits(1U, false, msr, true));
        assert_int_equal(exits(1U, true, msr, false), !reads);
        assert_int_equal(exits(1U, true, msr, true), !writes);
    }
}

/* REQ-INT-033 REQ-ISO-017 */
static void what_is_opened_is_open_in_both_maps(void **state)
{
    (void)state;
    vmx_vendor.msr_open(1U, 0x175U, true, false);
    vmx_vendor.msr_open(1U, 0x174U, false, true);
    for (uint32_t apic = 0U; apic < 2U; apic++) {
        assert_false(exits(1U, apic == 1U, 0x175U, false));
        assert_true(exits(1U, apic == 1U, 0x175U, true));
        assert_true(exits(1U, apic == 1U, 0x174U, false));
        assert_false(exits(1U, apic == 1U, 0x174U, true));
    }
    vmx_vendor.msr_open(1U, 0xC0000081U, true, true);
    assert_int_equal(access_msr_map[1][SECOND_MAP + 1024U + 16U], 0xFDU);
    assert_int_equal(access_msr_map[1][SECOND_MAP + 3072U + 16U], 0xFDU);
}

/* REQ-INT-033 */
static void a_reset_takes_it_from_the_cpu(void **state)
{
    (void)state;
    lend(GUEST, 0U);
    leave(VMX_EXIT_INTERRUPT, 0U);
    vmx_vendor.vcpu_init(GUEST, false);
    leave(VMX_EXIT_INTERRUPT, 0U);
    assert_int_equal(entered[VMCS_MSR_BITMAP], (uint64_t)(uintptr_t)access_msr_map[1]);
}

/* Whoever runs where, with it and without: the check of the machine is what matters. */
/* REQ-INT-033 */
static void the_controls_follow_the_vcpu(void **state)
{
    static const vcpu_id_t who[3] = { GUEST, SIBLING, OTHER };
    vcpu_id_t loaded = GUEST;
    uint32_t random = 7U;
    (void)state;
    for (uint32_t i = 1U; i < 3U; i++) {
        vmx_vendor.vcpu_init(who[i], false);
        vmx_vendor.set_stage2(who[i], ROOT + (i * 0x1000U), 2U + i);
    }
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        struct vm_exit exit;
        random = (random * 1664525U) + 1013904223U;
        const vcpu_id_t next = who[(random >> 8U) % 3U];
        if (next != loaded) {
            vmx_vendor.vcpu_unload(loaded);
            vmx_vendor.vcpu_load(next);
            loaded = next;
        }
        vcpu_regs[next].rip = 0x1000U;
        if (((random >> 12U) & 1U) != 0U) {
            lend(next, 0U);
        }
        kick_before = ((random >> 13U) % 8U) == 0U;
        (void)vmx_vendor.enter(next, &kick, &exit);
        if (((random >> 17U) & 1U) != 0U) {
            (void)vmx_vendor.apic_take(next, isr, irr);
        }
    }
}

/* REQ-INT-033 */
static void it_is_there_when_the_caps_say_so(void **state)
{
    (void)state;
    assert_true(vmx_vendor.apic_present());
    vmx_has_apic = false;
    assert_false(vmx_vendor.apic_present());
}

#define T(name) cmocka_unit_test_setup(name, setup_apic)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_entry_has_what_is_lent), T(what_is_taken_back_is_the_cpus_with_what_came_since), T(with_nothing_requested_the_status_is_zero),
        T(the_exit_of_an_eoi_becomes_the_write_that_was_not_done_yet), T(so_does_the_exit_of_a_self_ipi_below_16),
        T(the_second_map_opens_what_the_cpu_answers_for_and_nothing_else), T(what_is_opened_is_open_in_both_maps),
        T(a_reset_takes_it_from_the_cpu), T(the_controls_follow_the_vcpu), T(it_is_there_when_the_caps_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
