/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/guest_locate.c */
/* Where a page of the guest lies: what is remembered, and how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/guest_locate.h"
#include "core/stage2.h"
#include "core/vm.h"

#define USER 4U
#define ID   vcpu_id(USER, 1U)
#define GPA  0x5000U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static struct stage2_mapping leaf;
static uint32_t lookups;

struct stage2_mapping stage2_lookup(vm_id_t v, gpa_t gpa)
{
    struct stage2_mapping found = leaf;

    assert_int_equal(v, USER);
    lookups++;
    found.hpa += gpa;
    return found;
}

static int setup(void **state)
{
    (void)state;
    vms[USER].generation++; /* as a new VM */
    leaf = (struct stage2_mapping){ .present = true, .hpa = 0x40000000U, .span = 4096U, .attr = S2_READ | S2_WRITE };
    lookups = 0U;
    return 0;
}

static hpa_t located(uint32_t place, gpa_t gpa)
{
    hpa_t hpa = 0U;

    assert_int_equal(guest_locate(ID, place, gpa, &hpa), STATUS_OK);
    return hpa;
}

/* REQ-IO-025 */
static void a_page_is_looked_up_once_for_each_place(void **state)
{
    (void)state;
    assert_true(located(0U, GPA + 8U) == 0x40005008U);
    assert_true(located(0U, GPA + 0xFFFU) == 0x40005FFFU);
    assert_int_equal(lookups, 1U);
    assert_true(located(1U, GPA + 0x10U) == 0x40005010U);
    assert_int_equal(lookups, 2U);
    assert_true(located(0U, GPA + 0x1000U) == 0x40006000U);
    assert_int_equal(lookups, 3U);
}

/* REQ-IO-025 */
static void what_was_taken_away_is_no_longer_there(void **state)
{
    hpa_t hpa = 0U;

    (void)state;
    assert_true(located(5U, GPA) == 0x40005000U);
    leaf.present = false;
    vms[USER].generation++;
    assert_int_equal(guest_locate(ID, 5U, GPA, &hpa), STATUS_FAULT);
    leaf.present = true;
    leaf.hpa = 0x50000000U;
    assert_true(located(5U, GPA) == 0x50005000U); /* mapped since, which moves no generation */
}

/* REQ-IO-025 */
static void a_device_is_not_memory(void **state)
{
    hpa_t hpa = 0U;

    (void)state;
    leaf.attr = S2_READ | S2_WRITE | S2_UC;
    assert_int_equal(guest_locate(ID, 0U, GPA, &hpa), STATUS_FAULT);
    leaf.attr = S2_READ | S2_WC;
    assert_int_equal(guest_locate(ID, 0U, GPA, &hpa), STATUS_FAULT);
    leaf.attr = S2_READ;
    assert_int_equal(guest_locate(ID, 0U, GPA, &hpa), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_page_is_looked_up_once_for_each_place, setup),
        cmocka_unit_test_setup(what_was_taken_away_is_no_longer_there, setup),
        cmocka_unit_test_setup(a_device_is_not_memory, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
