/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/iommu_table.c core/stage2.c core/stage2_table.c core/domain.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/iommu_hw.h"
#include "core/iommu_table.h"
#include "core/stage2.h"

#define POOL    0x10000000U
#define ENTRIES 0x20000000U
#define FUNCTIONS (256U * 256U)

void hw_iommu_write_back(hpa_t base, uint32_t size)
{
    (void)base;
    (void)size;
}

static int setup_with(uint32_t unit, uint32_t stage2)
{
    iommu_format = unit;
    stage2_format = stage2;
    stage2_init(POOL);
    memset(iommu_root, 0x5A, sizeof(iommu_root)); /* whatever was there */
    memset(iommu_entry, 0x5A, sizeof(iommu_entry));
    iommu_table_init(ENTRIES);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(IOMMU_FORMAT_VTD, S2_FORMAT_NPT);
}

static int setup_amdvi(void **state)
{
    (void)state;
    return setup_with(IOMMU_FORMAT_AMDVI, S2_FORMAT_NPT_AMDVI);
}

/* The walk of the hardware (Intel VT-d 4.1, 9.1 and 9.3), written without the module's helpers: where second-level tables begin, or 0. */
static hpa_t second_level_vtd(uint32_t bdf, uint32_t *domain)
{
    const uint64_t root = iommu_root[2U * (bdf >> 8)];
    hpa_t found = 0U;
    assert_int_equal(iommu_root[(2U * (bdf >> 8)) + 1U], 0U);
    if ((root & 1U) != 0U) {
        const uint64_t at = ((root & ~0xFFFULL) - ENTRIES) / 8U;
        const uint64_t *entry = &iommu_entry[at / IOMMU_BUS_WORDS][(at % IOMMU_BUS_WORDS) + (2U * (bdf & 0xFFU))];
        assert_int_equal(root & 0xFFEU, 0U);
        assert_true(at < (IOMMU_BUSES * IOMMU_BUS_WORDS));
        if ((entry[0] & 1U) != 0U) {
            assert_int_equal(entry[0] & 0xFFEU, 0U);             /* faults are recorded, second-level tables */
            assert_int_equal(entry[1] & 0xFFFFFFFFFF0000FFULL, 2U); /* four levels */
            *domain = (uint32_t)(entry[1] >> 8);
            found = entry[0] & ~0xFFFULL;
        } else {
            assert_int_equal(entry[0], 0U);
            assert_int_equal(entry[1], 0U);
        }
    }
    return found;
}

/* The same of AMD's device table (AMD IOMMU 3.08, 2.2.2), which ends with the last bus. */
static hpa_t second_level_amdvi(uint32_t bdf, uint32_t *domain)
{
    hpa_t found = 0U;
    if (bdf < (IOMMU_BUSES * 256U)) {
        const uint64_t *entry = &iommu_entry[bdf >> 8][4U * (bdf & 0xFFU)];
        assert_int_equal(entry[0] & 3U, 3U); /* valid: one that is not lets everything pass */
        assert_int_equal(entry[2] | entry[3], 0U);
        *domain = (uint32_t)entry[1];
        if (((entry[0] >> 9) & 7U) == 0U) {
            assert_int_equal(entry[0], 3U); /* no table, and neither reading nor writing */
        } else {
            assert_int_equal(entry[0] & ~0x000FFFFFFFFFF000ULL, 0x6000000000000803ULL); /* four levels, both rights */
            found = entry[0] & 0x000FFFFFFFFFF000ULL;
        }
    }
    return found;
}

static hpa_t second_level(uint32_t bdf, uint32_t *domain)
{
    return (iommu_format == IOMMU_FORMAT_AMDVI) ? second_level_amdvi(bdf, domain) : second_level_vtd(bdf, domain);
}

static void expect(uint32_t bdf, vm_id_t vm)
{
    uint32_t domain = 0U;
    const hpa_t root = second_level(bdf, &domain);
    assert_int_equal(iommu_table_owner((uint16_t)bdf), vm);
    assert_int_equal(root, (vm == IOMMU_NOBODY) ? 0U : stage2_root(vm));
    assert_int_equal(domain, (vm == IOMMU_NOBODY) ? 0U : (vm + 1U));
}

/* REQ-ISO-050 */
static void at_first_no_function_reaches_anything(void **state)
{
    (void)state;
    for (uint32_t bdf = 0U; bdf < FUNCTIONS; bdf++) {
        expect(bdf, IOMMU_NOBODY);
    }
}

/* REQ-ISO-050 */
static void a_function_reaches_what_its_owner_reaches_and_others_stay(void **state)
{
    (void)state;
    static const uint16_t mine[4] = { 0x0000U, 0x00FFU, 0x0308U, 0x0FFFU };
    for (uint32_t i = 0U; i < 4U; i++) {
        assert_true(iommu_table_set(mine[i], i * 2U));
    }
    for (uint32_t bdf = 0U; bdf < FUNCTIONS; bdf++) {
        vm_id_t vm = IOMMU_NOBODY;
        for (uint32_t i = 0U; i < 4U; i++) {
            vm = (mine[i] == bdf) ? (i * 2U) : vm;
        }
        expect(bdf, vm);
    }
    assert_true(iommu_table_set(mine[1], MAX_VM - 1U));
    expect(mine[1], MAX_VM - 1U);
    assert_true(iommu_table_set(mine[1], IOMMU_NOBODY));
    expect(mine[1], IOMMU_NOBODY);
    expect(mine[2], 4U);
}

/* REQ-ISO-050 */
static void buses_without_a_table_and_vms_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    assert_true(iommu_table_set(0x0108U, 3U));
    assert_false(iommu_table_set(0x0108U, IOMMU_NOBODY + 1U));
    assert_false(iommu_table_set(0x0108U, ID_NONE));
    expect(0x0108U, 3U);
    assert_false(iommu_table_set(IOMMU_BUSES * 256U, 1U));
    assert_false(iommu_table_set(0xFFFFU, IOMMU_NOBODY));
    expect(IOMMU_BUSES * 256U, IOMMU_NOBODY);
    expect(0xFFFFU, IOMMU_NOBODY);
}

/* REQ-ISO-050 */
static void a_unit_that_cannot_read_stage_2_gives_nothing_to_anybody(void **state)
{
    (void)setup_with(IOMMU_FORMAT_AMDVI, S2_FORMAT_NPT);
    assert_false(iommu_table_set(0x0108U, 1U));
    expect(0x0108U, IOMMU_NOBODY);
    assert_true(iommu_table_set(0x0108U, IOMMU_NOBODY));
    (void)setup_with(IOMMU_FORMAT_AMDVI, S2_FORMAT_EPT);
    assert_false(iommu_table_set(0x0108U, 1U));
    (void)setup_with(IOMMU_FORMAT_VTD, S2_FORMAT_NPT_AMDVI);
    assert_false(iommu_table_set(0x0108U, 1U));
    expect(0x0108U, IOMMU_NOBODY);
    (void)setup_with(IOMMU_FORMAT_VTD, S2_FORMAT_EPT);
    assert_true(iommu_table_set(0x0108U, 1U));
    (void)setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(at_first_no_function_reaches_anything, setup),
        cmocka_unit_test_setup(a_function_reaches_what_its_owner_reaches_and_others_stay, setup),
        cmocka_unit_test_setup(buses_without_a_table_and_vms_that_do_not_exist_are_refused, setup),
        cmocka_unit_test_setup(at_first_no_function_reaches_anything, setup_amdvi),
        cmocka_unit_test_setup(a_function_reaches_what_its_owner_reaches_and_others_stay, setup_amdvi),
        cmocka_unit_test_setup(buses_without_a_table_and_vms_that_do_not_exist_are_refused, setup_amdvi),
        cmocka_unit_test_setup(a_unit_that_cannot_read_stage_2_gives_nothing_to_anybody, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
