/* SPDX-License-Identifier: Apache-2.0 */
/* What a core drops between two VMs, by what its CPU says of itself, and what the log says about it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/types.h"

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
static uint32_t highest, edx7;
static uint32_t flushes, verws;
static void asm_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)subleaf;
    memset(out, 0, 4U * sizeof(out[0]));
    out[0] = (leaf == 0U) ? highest : 0U;
    out[3] = (leaf == 7U) ? edx7 : 0U;
}
static void asm_wrmsr(uint32_t msr, uint64_t value)
{
    assert_int_equal(msr, 0x10BU);
    assert_int_equal(value, 1U);
    assert_int_equal(verws, 0U);
    flushes++;
}
static void asm_verw(void) { verws++; }

#include "x86/speculation.c"

#define MD_CLEAR     0x400U
#define L1D          0x10000000U
#define CAPABILITIES 0x20000000U
#define RDCL_NO      1U

const struct vendor_ops vmx_vendor;
static const struct vendor_ops other;
const struct vendor_ops *vendor;
static uint64_t capabilities;
static bool has_register;
bool msr_read_safe(uint32_t msr, uint64_t *value)
{
    assert_int_equal(msr, 0x10AU);
    *value = has_register ? capabilities : 0U;
    return has_register;
}
static char said[1024];
void log_begin(const char *module) { assert_string_equal(module, "cpu"); }
void log_text(const char *text) { strncat(said, text, sizeof(said) - strlen(said) - 1U); }
void log_end(void) { log_text("\n"); }
void log_line(const char *module, const char *text)
{
    log_begin(module);
    log_text(text);
    log_end();
}

static struct pcpu self;
/* A CPU with these features that says this of itself; what it drops: */
static void drops(uint32_t features_edx, uint64_t says, uint32_t l1d, uint32_t buffers)
{
    edx7 = features_edx;
    capabilities = says;
    flushes = verws = 0U;
    speculation_init(&self);
    speculation_clear(&self);
    assert_int_equal(flushes, l1d);
    assert_int_equal(verws, buffers);
}

static int setup(void **state)
{
    (void)state;
    memset(&self, 0xFF, sizeof(self));
    memset(said, 0, sizeof(said));
    vendor = &vmx_vendor;
    highest = 0x16U;
    has_register = true;
    return 0;
}

/* REQ-ISO-056 */
static void a_cpu_that_does_not_say_it_is_free_drops_what_it_can(void **state)
{
    (void)state;
    drops(L1D | MD_CLEAR, 0U, 1U, 1U); /* Skylake: no register at all */
    drops(L1D, 0U, 1U, 0U);
    drops(MD_CLEAR, 0U, 0U, 1U);
    drops(0U, 0U, 0U, 0U);
    drops(L1D | MD_CLEAR | CAPABILITIES, 0x800000000ULL, 1U, 1U);
}

/* REQ-ISO-056 */
static void a_cpu_that_says_so_is_left_alone(void **state)
{
    (void)state;
    drops(L1D | MD_CLEAR | CAPABILITIES, RDCL_NO, 0U, 1U);
    drops(L1D | MD_CLEAR | CAPABILITIES, 0x8U, 0U, 1U); /* SKIP_L1DFL_VMENTRY */
    drops(L1D | MD_CLEAR | CAPABILITIES, RDCL_NO | 0x800E120U, 0U, 0U);
    for (uint64_t bit = 0x20U; bit <= 0x8000000U; bit <<= 1) { /* one of the flaws is left */
        if ((0x800E120U & bit) != 0U) {
            drops(L1D | MD_CLEAR | CAPABILITIES, RDCL_NO | (0x800E120U & ~bit), 0U, 1U);
        }
    }
}

/* Zen 4 has a flush of the cache, and none of the flaws. */
/* REQ-ISO-056 */
static void amd_cpus_drop_nothing(void **state)
{
    (void)state;
    vendor = &other;
    drops(L1D | MD_CLEAR | CAPABILITIES, 0U, 0U, 0U);
    speculation_say(&self);
    assert_string_equal(said, "");
}

/* REQ-ISO-056 */
static void a_cpu_without_the_leaf_drops_nothing(void **state)
{
    (void)state;
    highest = 6U;
    drops(L1D | MD_CLEAR, 0U, 0U, 0U);
}

/* REQ-ISO-055 */
static void what_the_cpu_says_of_itself_is_zero_where_the_register_is_missing(void **state)
{
    uint64_t value = 5U;
    (void)state;
    edx7 = MD_CLEAR;
    capabilities = 0x123U;
    assert_false(hw_arch_capabilities(&value));
    assert_int_equal(value, 0U);
    edx7 = CAPABILITIES;
    assert_true(hw_arch_capabilities(&value));
    assert_int_equal(value, 0x123U);
    has_register = false;
    assert_true(hw_arch_capabilities(&value));
    assert_int_equal(value, 0U);
}

/* REQ-ISO-056 */
static void the_log_says_what_is_done_and_what_is_not(void **state)
{
    (void)state;
    drops(L1D | MD_CLEAR | CAPABILITIES, 0x40U, 1U, 1U);
    speculation_say(&self);
    assert_string_equal(said, "between two VMs, a shared core drops its first-level cache buffers\n");
    memset(said, 0, sizeof(said));
    drops(MD_CLEAR, 0U, 0U, 1U);
    speculation_say(&self);
    assert_non_null(strstr(said, "drops its buffers\n"));
    assert_non_null(strstr(said, "L1TF"));
    assert_non_null(strstr(said, "iTLB multihit"));
    memset(said, 0, sizeof(said));
    drops(CAPABILITIES, RDCL_NO | 0x40U, 0U, 0U);
    speculation_say(&self);
    assert_string_equal(said, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_cpu_that_does_not_say_it_is_free_drops_what_it_can, setup),
        cmocka_unit_test_setup(a_cpu_that_says_so_is_left_alone, setup),
        cmocka_unit_test_setup(amd_cpus_drop_nothing, setup),
        cmocka_unit_test_setup(a_cpu_without_the_leaf_drops_nothing, setup),
        cmocka_unit_test_setup(what_the_cpu_says_of_itself_is_zero_where_the_register_is_missing, setup),
        cmocka_unit_test_setup(the_log_says_what_is_done_and_what_is_not, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
