/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/vcpu.c */
/* An instruction that the hypervisor does for a guest is one that a debugger in the guest sees (the vendors' halves: test_svm.c, test_vmx_rules.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/emulate.h"
#include "x86/vcpu_state.h"
#include "x86/vendor.h"

#define ID 3U

static uint32_t shadows_cleared, steps;
static void clear_shadow(vcpu_id_t vcpu) { assert_int_equal(vcpu, ID); assert_int_equal(steps, 0U); shadows_cleared++; }
static void single_step(vcpu_id_t vcpu) { assert_int_equal(vcpu, ID); steps++; }
static const struct vendor_ops fake_vendor = { .clear_shadow = clear_shadow, .single_step = single_step };
const struct vendor_ops *vendor = &fake_vendor;
uint64_t vcpu_state_get(vcpu_id_t vcpu, enum vcpu_reg reg) { (void)vcpu; (void)reg; return 0U; }
void vcpu_state_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value) { (void)vcpu; (void)reg; (void)value; }
void vcpu_state_reset(vcpu_id_t vcpu) { (void)vcpu; }

static void skip_with(uint64_t rflags)
{
    shadows_cleared = steps = 0U;
    vcpu_regs[ID].rip = 0x1000U;
    vcpu_regs[ID].rflags = rflags;
    emulate_skip(ID, 2U);
    assert_int_equal(vcpu_regs[ID].rip, 0x1002U);
    assert_int_equal(shadows_cleared, 1U);
}

/* REQ-INT-060 */
static void a_single_step_ends_behind_the_instruction(void **state)
{
    (void)state;
    skip_with(0x302U);
    assert_int_equal(steps, 1U);
    assert_int_equal(vcpu_regs[ID].rflags, 0x302U);
    skip_with(0x202U);
    assert_int_equal(steps, 0U);
}

/* Left set, it would hide the breakpoint of the next instruction. */
/* REQ-INT-060 */
static void the_resume_flag_is_for_one_instruction(void **state)
{
    (void)state;
    skip_with(0x10202U);
    assert_int_equal(vcpu_regs[ID].rflags, 0x202U);
    assert_int_equal(steps, 0U);
    skip_with(0x10302U);
    assert_int_equal(vcpu_regs[ID].rflags, 0x302U);
    assert_int_equal(steps, 1U);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_single_step_ends_behind_the_instruction), cmocka_unit_test(the_resume_flag_is_for_one_instruction) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
