/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/vmx/control.c */
/* The control policy against capability MSRs of CPUs that have less, or demand more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "x86/vmx/control.h"

#include "vmx_samples.h"

static struct vmx_caps caps;

static int setup(void **state)
{
    (void)state;
    caps = skylake;
    return 0;
}

static const char *first_missing(void)
{
    uint32_t cursor = 0U;
    return vmx_control_missing(&caps, &cursor);
}

static uint32_t missing_count(void)
{
    uint32_t cursor = 0U;
    uint32_t count = 0U;
    while (vmx_control_missing(&caps, &cursor) != NULL) {
        count++;
    }
    return count;
}

/* REQ-CFG-010 */
static void a_skylake_lacks_nothing(void **state)
{
    (void)state;
    assert_null(first_missing());
}

/* REQ-CFG-010 */
static void a_haswell_lacks_nothing(void **state)
{
    (void)state;
    caps.controls[FIELD_SECONDARY] = 0x00047FFF00000000U;
    assert_null(first_missing());
}

/* REQ-ISO-026 */
static void a_shared_vcpu_gives_up_interrupts_hlt_and_tpr(void **state)
{
    (void)state;
    assert_int_equal(vmx_control_value(&caps, FIELD_PIN, false), 0x16U | 0x1U | 0x8U | 0x20U | PIN_PREEMPTION_TIMER);
    assert_int_equal(vmx_control_value(&caps, FIELD_PRIMARY, false),
        0x04006172U | (1U << 7) | (3U << 10) | (3U << 19) | (1U << 25) | (3U << 28) | (1U << 31));
}

/* REQ-RT-002 */
static void an_exclusive_vcpu_keeps_them(void **state)
{
    (void)state;
    assert_int_equal(vmx_control_value(&caps, FIELD_PIN, true), 0x16U | 0x8U | 0x20U);
    assert_int_equal(vmx_control_value(&caps, FIELD_PRIMARY, true),
        0x04006172U | (3U << 10) | (1U << 25) | (3U << 28) | (1U << 31));
}

/* REQ-ISO-019 */
static void both_kinds_have_ept_unrestricted_guests_and_wbinvd_exits(void **state)
{
    (void)state;
    for (uint32_t exclusive = 0U; exclusive < 2U; exclusive++) {
        assert_int_equal(vmx_control_value(&caps, FIELD_SECONDARY, exclusive == 1U),
            (1U << 1) | (1U << 3) | SECONDARY_VPID | (1U << 6) | (1U << 7));
        assert_int_equal(vmx_control_value(&caps, FIELD_ENTRY, exclusive == 1U), 0x11FBU | 0x4U | 0x4000U | 0x8000U);
    }
    assert_int_equal(vmx_control_value(&caps, FIELD_EXIT, false), 0x36DFBU | 0x4U | 0x200U | 0x3C0000U | EXIT_SAVE_TIMER);
    assert_int_equal(vmx_control_value(&caps, FIELD_EXIT, true), 0x36DFBU | 0x4U | 0x200U | 0x3C0000U);
}

/* Every row: REQUIRED and ON_DEMAND bits taken away, OFF and ON_DEMAND bits forced, are named; PREFERRED are not. */
/* REQ-CFG-010 */
static void every_row_is_enforced_by_its_name(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < VMX_CONTROL_COUNT; i++) {
        const struct vmx_control *const row = &vmx_controls[i];
        const bool needed = (row->shared == WANT_REQUIRED) || (row->exclusive == WANT_REQUIRED) || (row->shared == WANT_ON_DEMAND)
                            || (row->shared == WANT_NO_APIC);
        const bool cleared = (row->shared == WANT_OFF) || (row->exclusive == WANT_OFF) || (row->shared == WANT_ON_DEMAND);
        caps = skylake;
        caps.controls[row->field] &= ~(1ULL << (32U + row->bit));
        if (needed) {
            assert_string_equal(first_missing(), row->name);
            assert_int_equal(missing_count(), 1U);
        } else {
            assert_null(first_missing());
        }
        caps = skylake;
        caps.controls[row->field] |= (1ULL << (32U + row->bit)) | (1ULL << row->bit);
        if (cleared) {
            assert_string_equal(first_missing(), row->name);
        } else {
            assert_null(first_missing());
        }
    }
}

/* REQ-CFG-010 */
static void every_property_is_enforced(void **state)
{
    static const struct { uint32_t word; uint32_t bit; } bits[] = {
        { 0U, 54U }, { 0U, 55U }, { 1U, 6U }, { 2U, 6U }, { 2U, 14U }, { 2U, 16U }, { 2U, 17U }, { 2U, 20U }, { 2U, 25U } };
    (void)state;
    for (uint32_t i = 0U; i < (sizeof(bits) / sizeof(bits[0])); i++) {
        caps = skylake;
        uint64_t *const words[3] = { &caps.basic, &caps.misc, &caps.ept_vpid };
        *words[bits[i].word] &= ~(1ULL << bits[i].bit);
        assert_int_equal(missing_count(), 1U);
    }
}

/* No row twice, no row on a bit that the CPU fixes for its own reasons. */
static void a_bit_has_one_row(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < VMX_CONTROL_COUNT; i++) {
        assert_true(vmx_controls[i].bit < 32U);
        assert_true((strlen(vmx_controls[i].name) > 0U) && (strlen(vmx_controls[i].why) > 0U));
        for (uint32_t j = i + 1U; j < VMX_CONTROL_COUNT; j++) {
            assert_false((vmx_controls[i].field == vmx_controls[j].field) && (vmx_controls[i].bit == vmx_controls[j].bit));
        }
    }
}

static void a_value_never_leaves_what_the_cpu_allows(void **state)
{
    (void)state;
    for (uint32_t bit = 0U; bit < 32U; bit++) {
        caps = skylake;
        for (uint32_t field = 0U; field < FIELD_COUNT; field++) {
            caps.controls[field] &= ~(1ULL << (32U + bit));
            for (uint32_t exclusive = 0U; exclusive < 2U; exclusive++) {
                const uint32_t value = vmx_control_value(&caps, (enum vmx_field)field, exclusive == 1U);
                assert_int_equal(value & ~((uint32_t)(caps.controls[field] >> 32) | (uint32_t)caps.controls[field]), 0U);
                assert_int_equal(~value & (uint32_t)caps.controls[field], 0U);
            }
        }
    }
}

static void the_timer_is_not_saved_when_it_is_not_there(void **state)
{
    (void)state;
    caps.controls[FIELD_PIN] &= ~((uint64_t)PIN_PREEMPTION_TIMER << 32);
    assert_int_equal(vmx_control_value(&caps, FIELD_EXIT, false) & EXIT_SAVE_TIMER, 0U);
    assert_null(first_missing());
}

/* REQ-ISO-013 */
static void no_vpid_without_a_way_to_drop_one(void **state)
{
    (void)state;
    assert_true(vmx_vpid_usable(&caps));
    caps.ept_vpid &= ~(1ULL << 41);
    assert_false(vmx_vpid_usable(&caps));
    assert_int_equal(vmx_control_value(&caps, FIELD_SECONDARY, false) & SECONDARY_VPID, 0U);
    caps = skylake;
    caps.ept_vpid &= ~(1ULL << 32);
    assert_false(vmx_vpid_usable(&caps));
    assert_null(first_missing());
}

/* REQ-INT-033 */
static void with_a_local_apic_for_guests_tpr_does_not_exit_and_all_four_are_on(void **state)
{
    const uint32_t primary = vmx_control_value(&caps, FIELD_PRIMARY, false);
    const uint32_t secondary = vmx_control_value(&caps, FIELD_SECONDARY, false);
    (void)state;
    assert_true(vmx_apic_usable(&caps));
    assert_int_equal(vmx_control_with_apic(&caps, FIELD_PRIMARY, primary), (primary & ~(3U << 19)) | (1U << 21));
    assert_int_equal(vmx_control_with_apic(&caps, FIELD_SECONDARY, secondary), secondary | (1U << 4) | (1U << 8) | (1U << 9));
    assert_int_equal(vmx_control_with_apic(&caps, FIELD_PIN, 0x7FU), 0x7FU);
}

/* REQ-INT-033 */
static void with_one_of_them_missing_none_is_used_and_none_is_missed(void **state)
{
    static const struct { enum vmx_field field; uint32_t bit; } parts[] = {
        { FIELD_PRIMARY, 21U }, { FIELD_SECONDARY, 4U }, { FIELD_SECONDARY, 8U }, { FIELD_SECONDARY, 9U } };
    (void)state;
    for (uint32_t i = 0U; i < (sizeof(parts) / sizeof(parts[0])); i++) {
        caps = skylake;
        caps.controls[parts[i].field] &= ~(1ULL << (32U + parts[i].bit));
        assert_false(vmx_apic_usable(&caps));
        assert_null(first_missing());
    }
    for (uint32_t bit = 19U; bit <= 20U; bit++) { /* a CPU that cannot leave MOV CR8 alone */
        caps = skylake;
        caps.controls[FIELD_PRIMARY] |= 1ULL << bit;
        assert_false(vmx_apic_usable(&caps));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_skylake_lacks_nothing, setup),
        cmocka_unit_test_setup(a_haswell_lacks_nothing, setup),
        cmocka_unit_test_setup(a_shared_vcpu_gives_up_interrupts_hlt_and_tpr, setup),
        cmocka_unit_test_setup(an_exclusive_vcpu_keeps_them, setup),
        cmocka_unit_test_setup(both_kinds_have_ept_unrestricted_guests_and_wbinvd_exits, setup),
        cmocka_unit_test_setup(every_row_is_enforced_by_its_name, setup),
        cmocka_unit_test_setup(every_property_is_enforced, setup),
        cmocka_unit_test_setup(a_bit_has_one_row, setup),
        cmocka_unit_test_setup(a_value_never_leaves_what_the_cpu_allows, setup),
        cmocka_unit_test_setup(the_timer_is_not_saved_when_it_is_not_there, setup),
        cmocka_unit_test_setup(no_vpid_without_a_way_to_drop_one, setup),
        cmocka_unit_test_setup(with_a_local_apic_for_guests_tpr_does_not_exit_and_all_four_are_on, setup),
        cmocka_unit_test_setup(with_one_of_them_missing_none_is_used_and_none_is_missed, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
