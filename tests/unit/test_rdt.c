/* SPDX-License-Identifier: Apache-2.0 */
/* Each accessor of a class of service writes the register that the manuals name for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define X86_ASM_H /* instead of the privileged instructions */
static uint32_t last_msr;
static uint64_t last_value;
static uint64_t next_read;
static uint64_t asm_rdmsr(uint32_t msr) { last_msr = msr; return next_read; }
static void asm_wrmsr(uint32_t msr, uint64_t value) { last_msr = msr; last_value = value; }

#include "x86/rdt.c"

static void wrote(uint32_t msr, uint64_t value)
{
    assert_int_equal(last_msr, msr);
    assert_int_equal(last_value, value);
}

/* REQ-RT-053 */
static void registers_are_those_of_the_manuals(void **state)
{
    (void)state;
    hw_cache_mask(0U, 3U, 0xF0U);
    wrote(0xD13U, 0xF0U); /* IA32_L2_QOS_MASK_3 */
    hw_cache_mask(1U, 2U, 0xFFFF0000U);
    wrote(0xC92U, 0xFFFF0000U); /* IA32_L3_QOS_MASK_2 */
    hw_bandwidth_delay(1U, 90U);
    wrote(0xD51U, 90U); /* IA32_L2_QOS_EXT_BW_THRTL_1 */
    hw_bandwidth_rate(3U, 0x800U);
    wrote(0xC0000203U, 0x800U); /* L3QOS_BW_CONTROL_3 */
    hw_cache_class(2U);
    wrote(0xC8FU, 0x200000000U); /* IA32_PQR_ASSOC, bits 63:32 */
}

static void code_and_data_apart_is_bit_0_of_the_caches_register(void **state)
{
    (void)state;
    next_read = 1U;
    assert_true(hw_cache_split(0U));
    assert_int_equal(last_msr, 0xC82U); /* IA32_L2_QOS_CFG */
    next_read = 2U;
    assert_false(hw_cache_split(1U));
    assert_int_equal(last_msr, 0xC81U); /* IA32_L3_QOS_CFG */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registers_are_those_of_the_manuals),
        cmocka_unit_test(code_and_data_apart_is_bit_0_of_the_caches_register),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
