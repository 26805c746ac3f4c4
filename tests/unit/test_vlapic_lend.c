/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* A CPU that has local APICs for guests: what it is lent, what comes back, and that the guest sees the same interrupts as without it. */
#include "world.h"

#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vlapic_state.h"
#include "devices/vpic.h"

#define CPU    SERVICE_BSP
#define SECOND 1U
#define EOI    0x80BU
#define ISR    0x810U
#define IRR    0x820U
#define LINT0  0x835U
#define RFLAGS_IF 0x200U
#define PIN    5U
#define MANY   4000U

static bool bit_at(uint32_t first, uint32_t vector)
{
    uint64_t value;
    assert_int_equal(vlapic_msr_read(CPU, first + (vector / 32U), &value), STATUS_OK);
    return ((value >> (vector % 32U)) & 1U) != 0U;
}

static void mode_set(uint64_t base)
{
    assert_int_equal(vlapic_msr_write(CPU, 0x1BU, base), STATUS_OK);
}

static int setup(void **state)
{
    (void)state;
    fake_apic_present = true;
    fake_current_pcpu = 0U;
    vcpu_power_on(CPU);
    mode_set(0xFEE00D00U);
    assert_int_equal(vlapic_msr_write(CPU, 0x80FU, 0x1FFU), STATUS_OK);
    vcpu_regs[CPU].rflags = RFLAGS_IF;
    vpic_reset(VM_SERVICE);
    vioapic_reset(VM_SERVICE);
    return 0;
}

static void enter(void)
{
    struct run_plan plan = core_next(0U);
    assert_int_equal(plan.action, RUN_VCPU);
    assert_int_equal(plan.vcpu, CPU);
}

static void leave(enum hv_exit_reason reason)
{
    struct vm_exit exit = { .reason = reason, .length = 2U };
    fake_vcpu_ran(CPU);
    core_exit(CPU, &exit);
}

/* The guest's write of EOI: by the CPU, or by the exit that the CPU makes of it. */
static void guest_ends(void)
{
    if (!fake_vcpu[CPU].apic_lent || fake_apic_ends(CPU)) {
        struct vm_exit exit = { .reason = HV_EXIT_MSR_WRITE, .number = EOI, .length = 2U, .write = true };
        vcpu_regs[CPU].gpr[GPR_RAX] = 0U;
        vcpu_regs[CPU].gpr[GPR_RDX] = 0U;
        fake_vcpu_ran(CPU);
        core_exit(CPU, &exit);
        enter();
    }
}

/* REQ-INT-033 */
static void the_cpu_takes_what_was_requested(void **state)
{
    (void)state;
    vlapic_post(CPU, 0x51U, false);
    enter();
    assert_int_equal(fake_vcpu[CPU].injected, 0U);
    assert_false(fake_vcpu[CPU].window);
    assert_int_equal(fake_apic_takes(CPU), 0x51U);
    leave(HV_EXIT_INTERRUPT);
    assert_true(bit_at(ISR, 0x51U));
    assert_false(bit_at(IRR, 0x51U));
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0U); /* not a second time */
    assert_false(fake_apic_ends(CPU));
    leave(HV_EXIT_INTERRUPT);
    assert_false(bit_at(ISR, 0x51U));
}

/* REQ-INT-033 */
static void what_it_has_not_taken_is_still_requested(void **state)
{
    (void)state;
    vcpu_regs[CPU].rflags = 0U;
    vlapic_post(CPU, 0x51U, false);
    enter();
    leave(HV_EXIT_INTERRUPT);
    assert_true(bit_at(IRR, 0x51U));
    assert_int_equal(vlapic_pending(CPU), 0x51U); /* as a HLT is asked about */
}

/* REQ-INT-033 */
static void what_others_post_meanwhile_is_added(void **state)
{
    (void)state;
    vlapic_post(CPU, 0x51U, false);
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0x51U);
    vlapic_post(CPU, 0x61U, false);
    vlapic_post(CPU, 0x51U, false); /* once more, while the first is in service */
    assert_int_equal(fake_apic_takes(CPU), 0U);
    leave(HV_EXIT_NMI);
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0x61U);
    leave(HV_EXIT_INTERRUPT);
    assert_true(bit_at(ISR, 0x51U) && bit_at(ISR, 0x61U) && bit_at(IRR, 0x51U));
}

/* REQ-INT-033 */
static void a_kick_before_the_entry_loses_nothing(void **state)
{
    (void)state;
    vlapic_post(CPU, 0x51U, false);
    enter();
    vlapic_post(CPU, 0x61U, false);
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0x61U);
    assert_false(fake_apic_ends(CPU));
    assert_int_equal(fake_apic_takes(CPU), 0x51U);
}

/* REQ-INT-033 */
static void an_exit_that_counts_for_nothing_loses_nothing(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_HLT, .length = 1U };
    (void)state;
    vlapic_post(CPU, 0x51U, false);
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0x51U);
    vms[VM_SERVICE].state = VM_PAUSED;
    core_exit(CPU, &exit);
    vms[VM_SERVICE].state = VM_RUNNING;
    enter();
    assert_false(fake_apic_ends(CPU));
    leave(HV_EXIT_INTERRUPT);
    assert_false(bit_at(ISR, 0x51U));
}

/* REQ-INT-033 */
static void the_priority_is_the_guests(void **state)
{
    (void)state;
    enter();
    fake_vcpu[CPU].apic_tpr = 0x60U;
    leave(HV_EXIT_INTERRUPT);
    assert_int_equal(vlapic_cr8(CPU), 6U);
    vlapic_post(CPU, 0x51U, false);
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0U);
}

/* REQ-INT-033 */
static void in_xapic_mode_and_without_such_a_cpu_it_is_injected(void **state)
{
    (void)state;
    fake_apic_present = false;
    vlapic_post(CPU, 0x51U, false);
    enter();
    assert_int_equal(fake_vcpu[CPU].injected, 0x52U);
    assert_false(fake_vcpu[CPU].apic_lent);
    fake_apic_present = true;
    vcpu_power_on(CPU);
    vcpu_regs[CPU].rflags = RFLAGS_IF;
    assert_int_equal(vlapic_mmio_write(CPU, 0xF0U, 0x1FFU), STATUS_OK);
    vlapic_post(CPU, 0x61U, false);
    enter();
    assert_int_equal(fake_vcpu[CPU].injected, 0x62U);
    assert_false(fake_vcpu[CPU].apic_lent);
}

/* REQ-INT-033 */
static void the_mode_may_change_between_two_entries(void **state)
{
    (void)state;
    vlapic_post(CPU, 0x51U, false);
    enter();
    leave(HV_EXIT_INTERRUPT);
    mode_set(0xFEE00100U); /* off: all is lost, as on a CPU */
    enter();
    assert_false(fake_vcpu[CPU].apic_lent);
    leave(HV_EXIT_INTERRUPT);
    assert_int_equal(vlapic_pending(CPU), VECTOR_NONE);
}

/* REQ-INT-033 REQ-INT-011 */
static void the_end_of_a_level_exits_and_reaches_the_ioapic(void **state)
{
    (void)state;
    vioapic_mmio_write(VM_SERVICE, 0x00U, 0x10U + (2U * PIN));
    vioapic_mmio_write(VM_SERVICE, 0x10U, 0x8062U);
    vioapic_set_line(VM_SERVICE, PIN, true);
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0x62U);
    vioapic_set_line(VM_SERVICE, PIN, true);
    guest_ends();
    assert_int_equal(fake_apic_takes(CPU), 0x62U); /* the line is still high */
    vioapic_set_line(VM_SERVICE, PIN, false);
    guest_ends();
    assert_int_equal(fake_apic_takes(CPU), 0U);
}

/* REQ-INT-033 REQ-INT-017 */
static void nmis_and_the_pic_are_injected(void **state)
{
    (void)state;
    vcpus[CPU].nmi_pending = true;
    vlapic_post(CPU, 0x51U, false);
    enter();
    assert_int_equal(fake_vcpu[CPU].injected, 3U);
    assert_false(fake_vcpu[CPU].window); /* not for what the CPU takes */
    leave(HV_EXIT_INTERRUPT);
    assert_int_equal(vlapic_msr_write(CPU, LINT0, 0x700U), STATUS_OK);
    vpic_port_write(VM_SERVICE, 0x20U, 0x11U);
    vpic_port_write(VM_SERVICE, 0x21U, 0x30U);
    vpic_port_write(VM_SERVICE, 0x21U, 4U);
    vpic_port_write(VM_SERVICE, 0x21U, 1U);
    vpic_set_line(VM_SERVICE, 1U, true);
    vcpu_regs[CPU].rflags = 0U;
    enter();
    assert_true(fake_vcpu[CPU].window);
    leave(HV_EXIT_WINDOW);
    vcpu_regs[CPU].rflags = RFLAGS_IF;
    enter();
    assert_int_equal(fake_vcpu[CPU].injected, 0x32U);
    assert_int_equal(fake_apic_takes(CPU), 0x51U);
}

/* REQ-INT-033 */
static void a_reset_drops_what_is_lent(void **state)
{
    (void)state;
    vlapic_post(CPU, 0x51U, false);
    enter();
    vcpu_power_on(CPU);
    mode_set(0xFEE00D00U);
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0U);
    leave(HV_EXIT_INTERRUPT);
    assert_false(bit_at(IRR, 0x51U));
}

/* REQ-INT-033 REQ-INT-031 */
static void no_end_in_memory_is_offered_then(void **state)
{
    (void)state;
    assert_int_equal(vlapic_eoi_word_write(CPU, SCRATCH | 1U), STATUS_OK);
    hw_phys_write(SCRATCH, 4U, 0U);
    vlapic_post(CPU, 0x51U, false);
    enter();
    assert_int_equal(fake_apic_takes(CPU), 0x51U);
    leave(HV_EXIT_INTERRUPT);
    enter();
    assert_int_equal(hw_phys_read(SCRATCH, 4U), 0U);
    assert_false(vlapic_quick_write(CPU, EOI, 0U)); /* the registers are the CPU's */
}

/* One guest's life, with interrupts open: what it was given, in that order. */
static uint32_t taken[2U * MANY];
static uint32_t taken_count;

static void give_all(void)
{
    uint32_t vector;
    do {
        if (fake_vcpu[CPU].apic_lent) {
            vector = fake_apic_takes(CPU);
        } else {
            vector = (fake_vcpu[CPU].injected == 0U) ? 0U : (fake_vcpu[CPU].injected - 1U);
            leave(HV_EXIT_INTERRUPT);
            enter();
        }
        if (vector != 0U) {
            taken[taken_count] = vector;
            taken_count++;
        }
    } while (vector != 0U);
}

static void live(uint32_t seed)
{
    uint32_t random = seed;
    taken_count = 0U;
    enter();
    for (uint32_t i = 0U; i < MANY; i++) {
        random = (random * 1664525U) + 1013904223U;
        uint32_t pick = random >> 8U;
        switch (pick % 4U) {
        case 0U:
        case 1U: /* another core posts, and kicks */
            vlapic_post(CPU, 16U + ((pick >> 4U) % 240U), (pick % 16U) >= 12U);
            leave(HV_EXIT_NMI);
            enter();
            break;
        case 2U:
            if (fake_vcpu[CPU].apic_lent) {
                fake_vcpu[CPU].apic_tpr = (pick >> 4U) & 0x70U;
            } else {
                assert_int_equal(vlapic_msr_write(CPU, 0x808U, (pick >> 4U) & 0x70U), STATUS_OK);
                leave(HV_EXIT_INTERRUPT);
                enter();
            }
            break;
        default:
            guest_ends();
            break;
        }
        give_all();
    }
}

/* REQ-INT-033 */
static void the_guest_is_given_the_same_vectors_in_the_same_order(void **state)
{
    static uint32_t with[2U * MANY];
    uint32_t count;
    live(1U);
    count = taken_count;
    assert_true(count > (MANY / 8U));
    memcpy(with, taken, sizeof(with));
    (void)setup(state);
    fake_apic_present = false;
    live(1U);
    assert_int_equal(taken_count, count);
    assert_memory_equal(taken, with, count * sizeof(with[0]));
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_cpu_takes_what_was_requested), T(what_it_has_not_taken_is_still_requested), T(what_others_post_meanwhile_is_added),
        T(a_kick_before_the_entry_loses_nothing), T(an_exit_that_counts_for_nothing_loses_nothing), T(the_priority_is_the_guests),
        T(in_xapic_mode_and_without_such_a_cpu_it_is_injected), T(the_mode_may_change_between_two_entries),
        T(the_end_of_a_level_exits_and_reaches_the_ioapic), T(nmis_and_the_pic_are_injected), T(a_reset_drops_what_is_lent),
        T(no_end_in_memory_is_offered_then), T(the_guest_is_given_the_same_vectors_in_the_same_order),
    };
    return cmocka_run_group_tests(tests, world_start, NULL);
}
