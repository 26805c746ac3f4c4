/* SPDX-License-Identifier: Apache-2.0 */
/* Registers that are switched by hand never go from one life of a vCPU to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/limits.h"

/* Instead of the privileged instructions of x86/asm.h: one FPU byte and one DR0 a core. */
#define X86_ASM_H
#define FPU_BYTE 160U /* XMM0 in the legacy area */
static uint32_t core;
static uint8_t fpu[MAX_PCPU];
static uint64_t dr0[MAX_PCPU];
static uint64_t xcr0[MAX_PCPU];

static void asm_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)leaf;
    (void)subleaf;
    memset(out, 0, 4U * sizeof(out[0]));
}
static uint64_t asm_rdmsr(uint32_t msr) { (void)msr; return 0U; }
static void asm_wrmsr(uint32_t msr, uint64_t value) { (void)msr; (void)value; }
static void asm_xsetbv(uint32_t index, uint64_t value) { (void)index; xcr0[core] = value; }
static uint64_t asm_xgetbv(uint32_t index) { (void)index; return xcr0[core]; }
static void asm_xsave(uint8_t *area, uint64_t mask) { (void)mask; area[FPU_BYTE] = fpu[core]; }
static void asm_xrstor(const uint8_t *area, uint64_t mask) { (void)mask; fpu[core] = area[FPU_BYTE]; }
static uint64_t asm_read_dr0(void) { return dr0[core]; }
static uint64_t asm_read_dr1(void) { return 0U; }
static uint64_t asm_read_dr2(void) { return 0U; }
static uint64_t asm_read_dr3(void) { return 0U; }
static void asm_write_dr0(uint64_t value) { dr0[core] = value; }
static void asm_write_dr1(uint64_t value) { (void)value; }
static void asm_write_dr2(uint64_t value) { (void)value; }
static void asm_write_dr3(uint64_t value) { (void)value; }

#include "x86/vcpu_state.c"

#define USER 40U
#define SERVICE_0 0U
#define SERVICE_1 1U
#define SECRET 0x5AU

struct pcpu pcpus[MAX_PCPU];
pcpu_id_t hw_pcpu(void) { return core; }
uint64_t features_xcr0(void) { return 7U; }
static uint32_t unloads; /* what a backend saves then is the present life's */
static void load(vcpu_id_t vcpu) { (void)vcpu; }
static void unload(vcpu_id_t vcpu) { (void)vcpu; unloads++; }
static const struct vendor_ops fake_vendor = { .vcpu_load = load, .vcpu_unload = unload };
const struct vendor_ops *vendor = &fake_vendor;

static int setup(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < MAX_PCPU; i++) {
        pcpus[i].id = i;
        pcpus[i].loaded = ID_NONE;
        fpu[i] = 0U;
        dr0[i] = 0U;
    }
    vcpu_state_reset(USER);
    vcpu_state_reset(SERVICE_0);
    vcpu_state_reset(SERVICE_1);
    core = 0U;
    unloads = 0U;
    return 0;
}

/* REQ-ISO-024 */
static void state_survives_a_switch(void **state)
{
    (void)state;
    vcpu_state_load(USER);
    fpu[0] = SECRET;
    dr0[0] = SECRET;
    vcpu_state_load(SERVICE_0);
    assert_int_equal(fpu[0], 0U);
    fpu[0] = 1U;
    vcpu_state_load(USER);
    assert_int_equal(fpu[0], SECRET);
    assert_int_equal(dr0[0], SECRET);
}

/* Life one on core 0, life two on core 1; core 0 still carries life one when it goes on. */
/* REQ-ISO-023 */
static void earlier_life_on_another_core_is_not_saved(void **state)
{
    (void)state;
    vcpu_state_load(USER);
    fpu[0] = SECRET;
    dr0[0] = SECRET;
    vcpu_state_reset(USER);
    core = 1U;
    vcpu_state_load(USER);
    assert_int_equal(fpu[1], 0U);
    fpu[1] = 7U;
    vcpu_state_load(SERVICE_1);
    assert_int_equal(unloads, 1U);
    core = 0U;
    vcpu_state_load(SERVICE_0);
    assert_int_equal(unloads, 1U);
    core = 1U;
    vcpu_state_load(USER);
    assert_int_equal(fpu[1], 7U);
    assert_int_equal(dr0[1], 0U);
}

/* REQ-ISO-023 */
static void reset_state_is_not_saved(void **state)
{
    (void)state;
    vcpu_state_load(USER);
    fpu[0] = SECRET;
    vcpu_state_reset(USER);
    vcpu_state_load(USER);
    assert_int_equal(fpu[0], 0U);
    assert_int_equal(unloads, 0U);
}

/* REQ-ISO-023 */
static void registers_of_an_earlier_life_are_not_read(void **state)
{
    (void)state;
    vcpu_state_load(USER);
    xcr0[0] = 7U;
    vcpu_state_reset(USER);
    core = 1U;
    vcpu_state_load(USER);
    core = 0U;
    assert_int_equal(vcpu_state_get(USER, REG_XCR0), XCR0_X87);
}

static bool foreign_after(vcpu_id_t vcpu)
{
    pcpus[core].foreign = false; /* as after an entry */
    vcpu_state_load(vcpu);
    return pcpus[core].foreign;
}

/* REQ-ISO-056 */
static void a_core_knows_when_another_vm_ran_on_it(void **state)
{
    (void)state;
    assert_true(foreign_after(SERVICE_0));  /* it has loaded images */
    assert_false(foreign_after(SERVICE_0));
    assert_true(foreign_after(USER));
    assert_false(foreign_after(USER));
    assert_true(foreign_after(SERVICE_0));
    assert_true(foreign_after(SERVICE_1)); /* its first run here */
    assert_false(foreign_after(SERVICE_0));
    assert_false(foreign_after(SERVICE_1));
}

/* A User VM may take the number of one that is gone. */
/* REQ-ISO-056 */
static void a_new_life_is_another_vm(void **state)
{
    (void)state;
    vcpu_state_load(USER);
    vcpu_state_reset(USER);
    assert_true(foreign_after(USER));
    vcpu_state_reset(USER);
    vcpu_state_reset(USER + 1U);
    assert_true(foreign_after(USER + 1U));
    assert_true(foreign_after(USER));
    assert_false(foreign_after(USER + 1U));
}

/* It was about to enter one VM, and a kick made it enter another, or the first again. */
/* REQ-ISO-056 */
static void what_was_not_dropped_stays_noted(void **state)
{
    (void)state;
    vcpu_state_load(SERVICE_0);
    pcpus[core].foreign = false;
    vcpu_state_load(USER);
    vcpu_state_load(USER);
    assert_true(pcpus[core].foreign);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(state_survives_a_switch, setup),
        cmocka_unit_test_setup(earlier_life_on_another_core_is_not_saved, setup),
        cmocka_unit_test_setup(reset_state_is_not_saved, setup),
        cmocka_unit_test_setup(registers_of_an_earlier_life_are_not_read, setup),
        cmocka_unit_test_setup(a_core_knows_when_another_vm_ran_on_it, setup),
        cmocka_unit_test_setup(a_new_life_is_another_vm, setup),
        cmocka_unit_test_setup(what_was_not_dropped_stays_noted, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
