/* SPDX-License-Identifier: Apache-2.0 */
/* The local APIC in both of its modes: the same registers, as MSRs or in memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
static void asm_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
static uint64_t asm_rdmsr(uint32_t msr);
static void asm_wrmsr(uint32_t msr, uint64_t value);
static void asm_mfence_lfence(void);
static void asm_pause(void);

#include "x86/apic.c"
#include "x86/apic_memory.c"

#define BOOT_CORE 0x100U

static bool cpu_has_x2apic;
static uint64_t base_msr;
static uint64_t msr_value[0x40];
static uint32_t memory[0x40]; /* one for each 16 bytes */
static uint32_t msr_accesses;
static uint32_t memory_accesses;
static uint32_t writes[8]; /* of the ICR's halves: offset << 20 | value's low bits */
static uint32_t write_count;
static uint32_t busy; /* so often the ICR is found busy */
static bool stuck;
static uint32_t fences;
static hpa_t mapped;

static void asm_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)subleaf;
    assert_int_equal(leaf, 1U);
    memset(out, 0, 16U);
    out[2] = cpu_has_x2apic ? 0x200000U : 0U;
}

static uint64_t asm_rdmsr(uint32_t msr)
{
    if (msr != MSR_APIC_BASE) {
        msr_accesses++;
        assert_in_range(msr, 0x800U, 0x83FU);
    }
    return (msr == MSR_APIC_BASE) ? base_msr : msr_value[msr - 0x800U];
}

static void asm_wrmsr(uint32_t msr, uint64_t value)
{
    if (msr == MSR_APIC_BASE) {
        base_msr = value;
    } else {
        msr_accesses++;
        assert_in_range(msr, 0x800U, 0x83FU);
        msr_value[msr - 0x800U] = value;
    }
}

static void asm_mfence_lfence(void) { fences++; }
static void asm_pause(void) {}
uint64_t apic_timer_count(void) { return 4711U; }
void window_apic_map(hpa_t base) { mapped = base; }

uint32_t window_apic_read(uint32_t offset)
{
    memory_accesses++;
    assert_int_equal(offset % 16U, 0U);
    if ((offset == 0x300U) && (stuck || (busy != 0U))) {
        busy -= stuck ? 0U : 1U;
        return 0x1000U;
    }
    return memory[offset / 16U];
}

void window_apic_write(uint32_t offset, uint32_t value)
{
    memory_accesses++;
    assert_true(mapped != 0U);
    assert_int_equal(offset % 16U, 0U);
    assert_true((offset != 0x300U) || (busy == 0U));
    memory[offset / 16U] = value;
    writes[write_count % 8U] = offset;
    write_count++;
}

static int setup(void **state)
{
    (void)state;
    memset(msr_value, 0, sizeof(msr_value));
    memset(memory, 0, sizeof(memory));
    base_msr = 0xFEE00000U | BOOT_CORE;
    msr_accesses = 0U;
    memory_accesses = 0U;
    write_count = 0U;
    busy = 0U;
    fences = 0U;
    mapped = 0U;
    return 0;
}

static void find(bool x2apic)
{
    cpu_has_x2apic = x2apic;
    apic_find();
    apic_enable();
}

/* REQ-CFG-032 */
static void with_x2apic_nothing_is_mapped_and_all_goes_by_msr(void **state)
{
    (void)state;
    find(true);
    assert_true(apic_is_x2apic());
    assert_int_equal(base_msr, 0xFEE00000U | BOOT_CORE | 0xC00U);
    assert_int_equal(msr_value[0x0F], 0x1FFU);
    assert_int_equal(msr_value[0x32], 0x10000U);
    assert_int_equal(msr_value[0x35], 0x10000U);
    assert_int_equal(msr_value[0x36], 0x10000U);
    assert_int_equal(msr_value[0x37], 0x10000U);
    msr_value[0x02] = 0x12U;
    assert_int_equal(apic_own_id(), 0x12U);
    assert_int_equal(apic_count(), 4711U);
    apic_eoi();
    assert_int_equal(mapped, 0U);
    assert_int_equal(memory_accesses, 0U);
}

/* REQ-CFG-032 */
static void without_it_the_same_registers_are_in_memory(void **state)
{
    (void)state;
    find(false);
    assert_false(apic_is_x2apic());
    assert_int_equal(mapped, 0xFEE00000U);
    assert_int_equal(memory[0x0F], 0x1FFU);
    assert_int_equal(memory[0x32], 0x10000U);
    assert_int_equal(memory[0x35], 0x10000U);
    assert_int_equal(memory[0x36], 0x10000U);
    assert_int_equal(memory[0x37], 0x10000U);
    memory[0x02] = 0x12000000U;
    assert_int_equal(apic_own_id(), 0x12U);
    memory[0x39] = 815U;
    assert_int_equal(apic_count(), 815U);
    apic_write(MSR_X2APIC_TMICT, 99U);
    assert_int_equal(memory[0x38], 99U);
    assert_int_equal(apic_read(MSR_X2APIC_TMICT), 99U);
    memory[0x0B] = 1U;
    apic_eoi();
    assert_int_equal(memory[0x0B], 0U);
    assert_int_equal(msr_accesses, 0U);
}

/* Firmware may have moved it; all cores' are reached through one page. */
/* REQ-CFG-032 */
static void a_local_apic_in_memory_is_put_where_it_is_mapped_and_x2apic_stays_off(void **state)
{
    (void)state;
    base_msr = 0xFED00000U | BOOT_CORE;
    find(false);
    assert_int_equal(base_msr, 0xFEE00000U | BOOT_CORE | 0x800U);
    base_msr = 0xFEE00000U;
    apic_enable();
    assert_int_equal(base_msr, 0xFEE00000U | 0x800U);
}

/* REQ-CFG-032 */
static void by_msr_an_interrupt_is_one_write_behind_a_fence(void **state)
{
    (void)state;
    find(true);
    apic_send_fixed(3U, 0xF0U);
    assert_int_equal(msr_value[0x30], (3ULL << 32) | 0x40F0U);
    apic_send_nmi(0xFEU);
    assert_int_equal(msr_value[0x30], (0xFEULL << 32) | 0x4400U);
    assert_int_equal(fences, 2U);
}

/* The write of the low half sends: the destination comes first, and never before the last interrupt has left. */
/* REQ-CFG-032 */
static void in_memory_the_destination_comes_first_and_the_last_one_has_left(void **state)
{
    (void)state;
    find(false);
    write_count = 0U;
    busy = 3U;
    apic_send_sipi(2U, 8U);
    assert_int_equal(busy, 0U);
    assert_int_equal(write_count, 2U);
    assert_int_equal(writes[0], 0x310U);
    assert_int_equal(writes[1], 0x300U);
    assert_int_equal(memory[0x31], 2U << 24);
    assert_int_equal(memory[0x30], 0x4608U);
    apic_send_init(1U);
    assert_int_equal(memory[0x31], 1U << 24);
    assert_int_equal(memory[0x30], 0x4500U);
    apic_send_fixed(0U, 0xF1U);
    assert_int_equal(memory[0x30], 0x40F1U);
    apic_send_nmi(0U);
    assert_int_equal(memory[0x30], 0x4400U);
    assert_int_equal(msr_accesses, 0U);
}

/* REQ-CFG-032 */
static void one_that_never_leaves_is_not_waited_for(void **state)
{
    (void)state;
    find(false);
    stuck = true;
    apic_send_fixed(1U, 0xF0U);
    stuck = false;
    assert_int_equal(memory[0x30], 0x40F0U);
}

int main(void)
{
#define U(name) cmocka_unit_test_setup(name, setup)
    const struct CMUnitTest tests[] = {
        U(with_x2apic_nothing_is_mapped_and_all_goes_by_msr), U(without_it_the_same_registers_are_in_memory),
        U(a_local_apic_in_memory_is_put_where_it_is_mapped_and_x2apic_stays_off),
        U(by_msr_an_interrupt_is_one_write_behind_a_fence), U(in_memory_the_destination_comes_first_and_the_last_one_has_left),
        U(one_that_never_leaves_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
