/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine-check banks say, and that nothing stays in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
static void asm_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
static uint64_t asm_rdmsr(uint32_t msr);
static void asm_wrmsr(uint32_t msr, uint64_t value);

#include "x86/machine_check.c"

static bool has_registers = true;
static uint32_t banks = 4U;
static uint32_t accesses;

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
    accesses++;
    assert_int_equal(msr, 0x179U);
    *value = has_registers ? (0x1000100U | banks) : 0U;
    return has_registers;
}

static uint32_t features;
static uint64_t status[32];
static uint64_t global;

static void asm_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)leaf;
    (void)subleaf;
    memset(out, 0, 16U);
    out[3] = features;
}

static uint64_t asm_rdmsr(uint32_t msr)
{
    accesses++;
    assert_in_range(msr, 0x401U, 0x47FU);
    return status[(msr - 0x401U) / 4U];
}

static void asm_wrmsr(uint32_t msr, uint64_t value)
{
    accesses++;
    if (msr == 0x17AU) {
        for (uint32_t i = 0U; i < 32U; i++) {
            assert_true((status[i] & STATUS_VALID) == 0U); /* the banks first */
        }
        global = value;
    } else {
        assert_int_equal((msr - 0x401U) % 4U, 0U);
        status[(msr - 0x401U) / 4U] = value;
    }
}

/* REQ-LIF-034 */
static void the_first_valid_bank_is_told_and_all_are_cleared(void **state)
{
    (void)state;
    features = CPUID_MCA;
    status[0] = 5U; /* not valid */
    status[1] = STATUS_VALID | 1U;
    status[3] = STATUS_VALID | 3U;
    global = 4U;
    assert_true(hw_machine_check() == (STATUS_VALID | 1U));
    assert_int_equal(global, 0U);
    assert_int_equal(status[3], 0U);
    assert_true(hw_machine_check() == 0U);
}

/* Registers of banks beyond the 32nd are elsewhere: a read would be a fault of the hypervisor. */
/* REQ-LIF-034 */
static void no_more_banks_are_read_than_have_their_registers_there(void **state)
{
    (void)state;
    features = CPUID_MCA;
    banks = 64U;
    status[31] = STATUS_VALID | 31U;
    assert_true(hw_machine_check() == (STATUS_VALID | 31U));
    banks = 4U;
}

static void a_cpu_without_banks_has_nothing_to_say(void **state)
{
    (void)state;
    features = 0U;
    accesses = 0U;
    assert_true(hw_machine_check() == 0U);
    assert_int_equal(accesses, 0U);
}

/* Bochs 3.0: CPUID says MCA, and IA32_MCG_CAP is a fault. */
/* REQ-CFG-033 */
static void a_cpu_that_only_says_so_has_nothing_to_say_either(void **state)
{
    (void)state;
    features = CPUID_MCA;
    has_registers = false;
    accesses = 0U;
    assert_true(hw_machine_check() == 0U);
    assert_int_equal(accesses, 1U);
    has_registers = true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_valid_bank_is_told_and_all_are_cleared),
        cmocka_unit_test(no_more_banks_are_read_than_have_their_registers_there),
        cmocka_unit_test(a_cpu_without_banks_has_nothing_to_say),
        cmocka_unit_test(a_cpu_that_only_says_so_has_nothing_to_say_either),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
