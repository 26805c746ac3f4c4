/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/svm/intercept.c x86/exception.c */
/* The intercepts of AMD-V and the exceptions of both vendors are what their tables say, and each bit has one row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "x86/exception.h"
#include "x86/svm/intercept.h"

static struct vmcb vmcb;

static int setup(void **state)
{
    (void)state;
    memset(&vmcb, 0xFF, sizeof(vmcb));
    return 0;
}

static void expect_words(uint32_t cr, uint32_t misc1, uint32_t misc2)
{
    assert_int_equal(vmcb.intercept_cr_read, cr);
    assert_int_equal(vmcb.intercept_cr_write, cr);
    assert_int_equal(vmcb.intercept_dr_read, 0U);
    assert_int_equal(vmcb.intercept_dr_write, 0U);
    assert_int_equal(vmcb.intercept_exception, 0x60002U);
    assert_int_equal(vmcb.intercept_misc1, misc1);
    assert_int_equal(vmcb.intercept_misc2, misc2);
    assert_int_equal(vmcb.intercept_misc3, 0U);
}

/* REQ-ISO-019 REQ-ISO-026 */
static void a_shared_vcpu_has_these_intercepts(void **state)
{
    (void)state;
    svm_intercepts_set(&vmcb, false, false);
    expect_words(0x100U, 0xDD44800FU, 0x6E7FU);
}

/* REQ-ISO-019 REQ-RT-002 */
static void an_exclusive_vcpu_has_these_intercepts(void **state)
{
    (void)state;
    svm_intercepts_set(&vmcb, true, false);
    expect_words(0U, 0xDC44800EU, 0x4E7FU);
}

/* REQ-HYP-016 */
static void the_service_vm_exits_on_undefined_opcodes_as_well(void **state)
{
    (void)state;
    svm_intercepts_set(&vmcb, false, true);
    assert_int_equal(vmcb.intercept_exception, 0x60042U);
    assert_int_equal(vmcb.intercept_misc1, 0xDD44800FU);
}

/* REQ-ISO-019 REQ-EVI-041 */
static void every_bit_has_one_row_and_every_row_a_reason(void **state)
{
    static const uint32_t defined[SVM_WORDS] = { 0xFFFFU, 0xFFFFU, 0xFFFFU, 0xFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU, 0x7FU };
    uint32_t seen[SVM_WORDS] = { 0U };
    (void)state;
    for (uint32_t i = 0U; i < SVM_INTERCEPT_COUNT; i++) {
        const struct svm_intercept *const row = &svm_intercepts[i];
        const uint32_t mask = want_mask(row->first, row->last);
        assert_true(row->first <= row->last);
        assert_int_equal(seen[row->word] & mask, 0U);
        seen[row->word] |= mask;
        assert_true((strlen(row->name) > 0U) && (strlen(row->why) > 0U));
    }
    assert_memory_equal(seen, defined, sizeof(defined));
}

/* REQ-ISO-019 REQ-EVI-041 */
static void every_exception_has_one_row(void **state)
{
    uint32_t next = 0U;
    (void)state;
    for (uint32_t i = 0U; i < EXCEPTION_POLICY_COUNT; i++) {
        assert_int_equal(exception_policies[i].first, next);
        assert_true(exception_policies[i].last >= next);
        next = exception_policies[i].last + 1U;
        assert_true((strlen(exception_policies[i].name) > 0U) && (strlen(exception_policies[i].why) > 0U));
    }
    assert_int_equal(next, 32U);
    assert_int_equal(exception_bitmap(false), 0x60002U); /* #DB #AC #MC */
    assert_int_equal(exception_bitmap(true), 0x60002U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_shared_vcpu_has_these_intercepts, setup),
        cmocka_unit_test_setup(an_exclusive_vcpu_has_these_intercepts, setup),
        cmocka_unit_test_setup(the_service_vm_exits_on_undefined_opcodes_as_well, setup),
        cmocka_unit_test(every_bit_has_one_row_and_every_row_a_reason),
        cmocka_unit_test(every_exception_has_one_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
