/* SPDX-License-Identifier: Apache-2.0 */
/* Emptying a local APIC, on one made of two bitmaps that behaves as Intel SDM 3, 11.8 says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
static uint64_t asm_rdmsr(uint32_t msr);
static void asm_wrmsr(uint32_t msr, uint64_t value);
static void asm_sti_nop_cli(void);

#include "x86/lapic_drain.c"

struct pcpu pcpus[MAX_PCPU];
static uint32_t isr[8];
static uint32_t irr[8];
static uint64_t written[0x40];
static bool sinks;
static uint32_t refills; /* so often a vector that was taken is pending again */
static uint32_t taken;

pcpu_id_t hw_pcpu(void) { return 0U; }
void idt_load(void) { sinks = false; }
void idt_load_sinks(void) { sinks = true; }
void pcpu_discard_arrived(struct pcpu *self) { memset(self->arrived, 0, sizeof(self->arrived)); }

static int32_t highest(const uint32_t *bits)
{
    int32_t found = -1;
    for (int32_t vector = 0; vector < 256; vector++) {
        found = (((bits[vector / 32] >> (vector % 32)) & 1U) != 0U) ? vector : found;
    }
    return found;
}

void apic_eoi(void)
{
    int32_t vector = highest(isr);
    if (vector >= 0) {
        isr[vector / 32] &= ~(1U << (vector % 32));
    }
}

static uint64_t asm_rdmsr(uint32_t msr)
{
    assert_in_range(msr, 0x810U, 0x827U);
    return (msr < 0x818U) ? isr[msr - 0x810U] : irr[msr - 0x820U];
}

static void asm_wrmsr(uint32_t msr, uint64_t value)
{
    written[msr - 0x800U] = value;
}

/* Takes what is above the priority of what is in service; the sinks end it. */
static void asm_sti_nop_cli(void)
{
    int32_t vector = highest(irr);
    assert_true(sinks);
    assert_int_equal(written[0x08], 0U);
    while ((vector >= 0) && ((vector / 16) > (highest(isr) / 16))) {
        irr[vector / 32] &= ~(1U << (vector % 32));
        taken++;
        if (refills != 0U) {
            refills--;
            irr[vector / 32] |= 1U << (vector % 32);
            break;
        }
        vector = highest(irr);
    }
}

static void set(uint32_t *bits, uint32_t vector)
{
    bits[vector / 32U] |= 1U << (vector % 32U);
}

static int setup(void **state)
{
    (void)state;
    memset(isr, 0, sizeof(isr));
    memset(irr, 0, sizeof(irr));
    memset(written, 0xFF, sizeof(written));
    refills = 0U;
    taken = 0U;
    return 0;
}

/* REQ-LIF-030 */
static void nested_handlers_and_pending_vectors_all_go(void **state)
{
    (void)state;
    set(isr, 0x41U);
    set(isr, 0x73U);
    set(isr, 0xF1U);
    set(irr, 0x12U); /* would be machine check, */
    set(irr, 0x15U); /* and an exception with an error code */
    set(irr, 0x40U);
    set(irr, 0xF2U);
    set(irr, 0xFFU);
    assert_true(hw_lapic_drain());
    assert_int_equal(highest(isr), -1);
    assert_int_equal(highest(irr), -1);
    assert_int_equal(taken, 5U);
    assert_false(sinks);
}

/* REQ-LIF-030 */
static void the_timer_is_as_after_power_on(void **state)
{
    (void)state;
    assert_true(hw_lapic_drain());
    assert_int_equal(written[0x32], 0x10000U);
    assert_int_equal(written[0x38], 0U);
    assert_int_equal(written[0x3E], 0U);
    assert_int_equal(written[0x08], 0U);
}

static void what_arrived_but_was_not_acknowledged_is_forgotten(void **state)
{
    (void)state;
    pcpus[0].arrived[3] = 4U;
    set(isr, 0x62U);
    assert_true(hw_lapic_drain());
    assert_int_equal(pcpus[0].arrived[3], 0U);
}

static void a_late_arrival_is_taken_too(void **state)
{
    (void)state;
    set(irr, 0x51U);
    refills = 3U;
    assert_true(hw_lapic_drain());
    assert_int_equal(taken, 4U);
}

/* REQ-LIF-030 */
static void one_that_never_becomes_empty_is_given_up(void **state)
{
    (void)state;
    set(irr, 0x51U);
    refills = 0xFFFFFFFFU;
    assert_false(hw_lapic_drain());
    assert_false(sinks);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        T(nested_handlers_and_pending_vectors_all_go), T(the_timer_is_as_after_power_on),
        T(what_arrived_but_was_not_acknowledged_is_forgotten), T(a_late_arrival_is_taken_too),
        T(one_that_never_becomes_empty_is_given_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
