/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/iommu.c x86/vtd/dmar.c x86/vtd/vtd.c x86/vtd/vtd_queue.c x86/vtd/vtd_fault.c */
/* Intel's IOMMU: what counts as usable, how it is switched on, what it is told, what it tells. */
#include "vtd_machine.h"

#include "core/iommu_table.h"

#define ROOT 0x12345000U
#define REMAP 0x23456000U

static int running(void **state)
{
    (void)usual_machine(state);
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_enable(ROOT, 0U, REMAP));
    return 0;
}

/* REQ-CFG-035 */
static void a_machine_with_all_that_is_needed_is_used(void **state)
{
    hpa_t base = 0U;
    uint64_t size = 0U;
    (void)state;
    assert_true(hw_iommu_find());
    assert_int_equal(log_lines, 0U);
    assert_int_equal(hw_iommu_format(), IOMMU_FORMAT_VTD);
    assert_false(hw_iommu_snoops());
    assert_true(hw_iommu_registers(0U, &base, &size));
    assert_int_equal(base, UNIT_A);
    assert_true(hw_iommu_registers(1U, &base, &size));
    assert_int_equal(base, UNIT_B);
    assert_int_equal(size, PAGE_SIZE);
    assert_false(hw_iommu_registers(2U, &base, &size));
    for (uint32_t i = 0U; i < UNITS; i++) {
        reg_set(&unit[i], VTD_ECAP, 8U, ECAP | 1U);
    }
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_snoops());
}

/* REQ-ISO-050 REQ-ISO-058 */
static void amds_unit_is_taken_where_there_is_none_of_intels_and_reads_amds_tables(void **state)
{
    (void)state;
    amdvi_there = true;
    assert_true(hw_iommu_find());
    assert_int_equal(hw_iommu_format(), IOMMU_FORMAT_VTD);
    assert_int_equal(iommu_entry_format(S2_FORMAT_NPT), S2_FORMAT_NPT);
    table_there = false;
    assert_true(hw_iommu_find());
    assert_int_equal(hw_iommu_format(), IOMMU_FORMAT_AMDVI);
    assert_int_equal(iommu_entry_format(S2_FORMAT_NPT), S2_FORMAT_NPT_AMDVI);
    vendor = &intel; /* whose tables it cannot read */
    assert_false(hw_iommu_find());
    assert_int_equal(iommu_entry_format(S2_FORMAT_EPT), S2_FORMAT_EPT);
    vendor = &amd;
    amdvi_there = false;
    assert_false(hw_iommu_find());
}

/* REQ-CFG-035 */
static void what_one_unit_lacks_is_named(void **state)
{
    static const struct { uint32_t reg; uint64_t bit; } lacks[] = {
        { VTD_CAP, 0x400U }, { VTD_CAP, 0x400000000U }, { VTD_CAP, 0x800000000U }, { VTD_CAP, 0x10U }, { VTD_ECAP, 2U }, { VTD_ECAP, 8U } };
    static const char *const names[] = { "48-bit addresses", "pages of 2 MiB", "pages of 1 GiB", "write-buffer", "queued invalidation", "interrupt remapping" };
    hpa_t base = 0U;
    uint64_t size = 0U;
    for (uint32_t i = 0U; i < 6U; i++) {
        (void)usual_machine(state);
        reg_set(&unit[1], lacks[i].reg, 8U, reg_get(&unit[1], lacks[i].reg, 8U) ^ lacks[i].bit);
        assert_false(hw_iommu_find());
        assert_true(log_has(names[i]));
        assert_false(hw_iommu_registers(0U, &base, &size));
    }
}

/* REQ-ISO-040 */
static void units_translate_by_the_given_tables(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < UNITS; i++) {
        assert_int_equal(reg_get(&unit[i], VTD_GSTS, 4U) & (VTD_TRANSLATE | VTD_ROOT | VTD_QUEUE), VTD_TRANSLATE | VTD_ROOT | VTD_QUEUE);
        assert_int_equal(reg_get(&unit[i], VTD_RTADDR, 8U), ROOT);
        /* all caches are emptied before */
        assert_int_equal(unit[i].low[0], 0x11U);
        assert_int_equal(unit[i].low[1], 0xD2U);
        assert_int_equal(unit[i].low[2], 0x04U);
    }
}

/* REQ-ISO-040 */
static void what_firmware_left_on_goes_off_first(void **state)
{
    (void)usual_machine(state);
    for (uint32_t i = 0U; i < UNITS; i++) {
        reg_set(&unit[i], VTD_GSTS, 4U, VTD_TRANSLATE | VTD_QUEUE | VTD_REMAP | VTD_COMPATIBLE);
        reg_set(&unit[i], VTD_CAP, 8U, CAP | 0x60U);
        reg_set(&unit[i], VTD_PMEN, 4U, 0x80000000U);
    }
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_enable(ROOT, 0U, REMAP));
    assert_int_equal(reg_get(&unit[1], VTD_PMEN, 4U), 0U);
    assert_int_equal(reg_get(&unit[1], VTD_GSTS, 4U) & VTD_COMPATIBLE, 0U);
    reg_set(&unit[0], VTD_CAP, 8U, CAP);
    unit[0].dead = true;
    assert_false(hw_iommu_enable(ROOT, 0U, REMAP));
}

/* REQ-ISO-054 */
static void a_unit_that_takes_no_command_is_told(void **state)
{
    (void)usual_machine(state);
    unit[1].dead = true;
    assert_true(hw_iommu_find());
    assert_false(hw_iommu_enable(ROOT, 0U, REMAP));
    assert_true(log_has("does not answer"));
}

/* REQ-ISO-054 */
static void each_command_that_a_unit_does_not_take_counts(void **state)
{
    static const uint32_t bits[] = { VTD_QUEUE, VTD_ROOT, VTD_REMAP_ROOT, VTD_TRANSLATE, VTD_REMAP };
    for (uint32_t i = 0U; i < 5U; i++) {
        (void)usual_machine(state);
        unit[0].refuses = bits[i];
        assert_true(hw_iommu_find());
        assert_false(hw_iommu_enable(ROOT, 0U, REMAP));
    }
}

/* REQ-ISO-051 */
static void a_domain_is_forgotten_by_every_unit(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < UNITS; i++) {
        unit[i].done = 0U;
    }
    assert_true(hw_iommu_flush_domain(5U));
    assert_true(hw_iommu_flush_function(0x1234U, 3U));
    for (uint32_t i = 0U; i < UNITS; i++) {
        assert_int_equal(unit[i].done, 5U);
        assert_int_equal(unit[i].low[0], 0x500E2U);
        assert_int_equal(unit[i].low[1] & 0xFFFFFFFFU, 0x65U); /* wait: status, fence */
        assert_int_equal(unit[i].low[2], 0x123400030031ULL);
        assert_int_equal(unit[i].low[3], 0x300E2U);
    }
    for (uint32_t n = 0U; n < 300U; n++) { /* round the queue */
        assert_true(hw_iommu_flush_domain(1U));
    }
}

/* REQ-ISO-054 */
static void a_queue_that_stands_still_is_not_waited_for_without_end(void **state)
{
    (void)state;
    unit[1].stuck = true;
    assert_false(hw_iommu_flush_domain(5U));
    unit[1].error = true;
    assert_false(hw_iommu_flush_function(0x10U, 5U));
}

/* REQ-ISO-052 */
static void faults_are_taken_one_by_one(void **state)
{
    struct iommu_fault fault = { .bdf = 0U };
    (void)state;
    assert_false(hw_iommu_fault_next(&fault));
    unit_faults(&unit[1], 0x28U, 0x40000000U, 5U);
    unit_faults(&unit[0], 0x30U, 0x3000U, 0x40000006U);
    assert_true(hw_iommu_fault_next(&fault));
    assert_int_equal(fault.bdf, 0x30U);
    assert_false(fault.write);
    assert_int_equal(fault.reason, 6U);
    assert_int_equal(fault.address, 0x3000U);
    assert_true(hw_iommu_fault_next(&fault));
    assert_int_equal(fault.bdf, 0x28U);
    assert_true(fault.write);
    assert_false(fault.interrupt);
    assert_int_equal(fault.address, 0x40000000U);
    assert_false(hw_iommu_fault_next(&fault));
    unit_faults(&unit[0], 0x28U, 7ULL << 48U, 0x22U);
    assert_true(hw_iommu_fault_next(&fault));
    assert_true(fault.interrupt);
    assert_int_equal(fault.address, 7U);
    unit_faults(&unit[0], 0x28U, 0U, 0x30U);
    assert_true(hw_iommu_fault_next(&fault));
    assert_false(fault.interrupt);
}

/* REQ-ISO-040 */
static void errors_that_an_earlier_system_left_do_not_count(void **state)
{
    (void)state;
    reg_set(&unit[0], VTD_FSTS, 4U, 0x71U);
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_enable(ROOT, 0U, REMAP));
    assert_int_equal(reg_get(&unit[0], VTD_FSTS, 4U), 0U);
}

/* REQ-ISO-052 */
static void an_overflow_ends_when_all_is_read(void **state)
{
    struct iommu_fault fault = { .bdf = 0U };
    (void)state;
    unit_faults(&unit[0], 0x28U, 0x1000U, 5U);
    reg_set(&unit[0], VTD_FSTS, 4U, 3U);
    assert_true(hw_iommu_fault_next(&fault));
    assert_int_equal(reg_get(&unit[0], VTD_FSTS, 4U), 1U);
    assert_false(hw_iommu_fault_next(&fault));
    assert_int_equal(reg_get(&unit[0], VTD_FSTS, 4U), 0U);
}

/* REQ-ISO-052 */
static void the_event_of_all_units_goes_to_one_core(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < UNITS; i++) {
        assert_int_equal(reg_get(&unit[i], VTD_FECTL, 4U), 0x80000000U);
    }
    platform.apic_id[2] = 0x234U;
    hw_iommu_fault_event(2U, 0xEDU);
    for (uint32_t i = 0U; i < UNITS; i++) {
        assert_int_equal(reg_get(&unit[i], VTD_FEDATA, 4U), 0xEDU);
        assert_int_equal(reg_get(&unit[i], VTD_FEADDR, 4U), 0xFEE02000U);
        assert_int_equal(reg_get(&unit[i], VTD_FEUADDR, 4U), 0x200U);
        assert_int_equal(reg_get(&unit[i], VTD_FECTL, 4U), 0U);
    }
    hw_iommu_fault_event(2U, 0U);
    assert_int_equal(reg_get(&unit[1], VTD_FECTL, 4U), 0x80000000U);
}

/* REQ-ISO-041 */
static void interrupts_are_remapped_by_the_given_table(void **state)
{
    assert_true(hw_iommu_remaps());
    assert_false(hw_iommu_wide_ids()); /* the CPUs have no x2APIC */
    for (uint32_t i = 0U; i < UNITS; i++) {
        assert_int_equal(reg_get(&unit[i], VTD_GSTS, 4U) & (VTD_REMAP | VTD_REMAP_ROOT | VTD_COMPATIBLE), VTD_REMAP | VTD_REMAP_ROOT);
        assert_int_equal(reg_get(&unit[i], VTD_IRTA, 8U), REMAP | 12U);
    }
    (void)usual_machine(state);
    platform.x2apic = true;
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_enable(ROOT, 0U, REMAP));
    assert_true(hw_iommu_wide_ids());
    assert_int_equal(reg_get(&unit[1], VTD_IRTA, 8U), REMAP | 0x800U | 12U);
    reg_set(&unit[0], VTD_ECAP, 8U, ECAP & ~0x10ULL);
    assert_true(hw_iommu_find());
    assert_false(hw_iommu_wide_ids());
    assert_int_equal(platform.ioapic_bdf, 0xFFA0U);
}

/* REQ-ISO-041 */
static void an_entry_is_forgotten_by_every_unit(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < UNITS; i++) {
        unit[i].done = 0U;
    }
    assert_true(hw_iommu_flush_irqs(0x28U));
    assert_true(hw_iommu_flush_irqs(ID_NONE));
    for (uint32_t i = 0U; i < UNITS; i++) {
        assert_int_equal(unit[i].low[0], 0x04U);
        assert_int_equal(unit[i].low[2], 0x04U);
    }
    unit[0].stuck = true;
    assert_false(hw_iommu_flush_irqs(0x28U));
}

/* REQ-ISO-040 */
static void tables_go_out_line_by_line(void **state)
{
    static uint64_t table[16] __attribute__((aligned(64))) = { 1U };
    (void)state;
    hw_iommu_write_back((hpa_t)(uintptr_t)table, sizeof(table));
    assert_int_equal(table[0], 1U);
}

/* ---- DMAR ---- */

static bool refused(const char *why)
{
    log_lines = 0U;
    return (dmar_read() == STATUS_INVALID) && log_has(why);
}

/* REQ-CFG-034 */
static void without_a_table_there_is_no_iommu(void **state)
{
    (void)state;
    table_there = false;
    assert_int_equal(dmar_read(), STATUS_NOT_FOUND);
    assert_false(hw_iommu_find());
    assert_int_equal(log_lines, 0U);
}

/* REQ-CFG-034 */
static void the_table_is_read(void **state)
{
    static const uint8_t behind[] = { 1U, 0U, 3U, 1U };
    uint16_t bdf = 0U;
    hpa_t base = 0U;
    uint64_t size = 0U;
    (void)state;
    secondary = 7U;
    put_region(0x7A000123U, 0x7A7FFFFFU, 10U);
    put_scope(1U, 0U, 0U, 2U, behind);
    put16(3U); /* another type */
    put16(4U);
    assert_int_equal(dmar_read(), STATUS_OK);
    assert_int_equal(dmar.unit_count, 2U);
    assert_int_equal(platform.ioapic_bdf, 0xFFA0U);
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_reserved(0U, &bdf, &base, &size));
    assert_int_equal(bdf, 0x719U);
    assert_int_equal(base, 0x7A000000U);
    assert_int_equal(size, 0x800000U);
    assert_false(hw_iommu_reserved(1U, &bdf, &base, &size));
}

/* REQ-CFG-034 REQ-ISO-040 */
static void a_function_is_behind_a_unit_that_names_it_or_its_bridge_or_all(void **state)
{
    static const uint8_t disk[] = { 5U, 0U };
    static const uint8_t bridge[] = { 6U, 0U };
    (void)state;
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_covers(0x28U));
    table_begin(1U);
    put_unit(0U, 0U, UNIT_A, 24U);
    put_scope(1U, 0U, 0U, 1U, disk);
    put_scope(2U, 0U, 0U, 1U, bridge);
    put_scope(3U, 9U, 0xFFU, 1U, ioapic_path);
    secondary = 7U;
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_covers(0x28U));
    assert_true(hw_iommu_covers(0x30U));
    assert_true(hw_iommu_covers(0x7FFU));
    assert_false(hw_iommu_covers(0x38U));
    assert_false(hw_iommu_covers(0x6FFU));
    assert_false(hw_iommu_covers(0x800U));
}

/* REQ-CFG-034 */
static void tables_that_lie_are_refused(void **state)
{
    (void)state;
    put_unit(1U, 1U, UNIT_A, 0U);
    assert_true(refused("another PCI segment"));
    usual_table();
    put_unit(1U, 0U, UNIT_A + 8U, 0U);
    assert_true(refused("registers are nowhere"));
    usual_table();
    put_unit(1U, 0U, 0U, 0U);
    assert_true(refused("registers are nowhere"));
    usual_table();
    put_unit(1U, 0U, 0x0010000000000000U, 0U);
    assert_true(refused("registers are nowhere"));
    usual_table();
    for (uint32_t i = 0U; i < 7U; i++) {
        put_unit(0U, 0U, UNIT_A, 0U);
    }
    assert_true(refused("more units than the limit"));
    table_begin(1U);
    assert_true(refused("names no unit"));
    table_begin(1U);
    put_unit(0U, 0U, UNIT_A, 129U * 8U);
    for (uint32_t i = 0U; i < 129U; i++) {
        put_scope(1U, 0U, 0U, 1U, ioapic_path);
    }
    assert_true(refused("more functions than the limit"));
    table_begin(0U);
    put_unit(1U, 0U, UNIT_A, 8U);
    put_scope(3U, 9U, 0xFFU, 1U, ioapic_path);
    assert_true(refused("cannot be remapped"));
    table_begin(1U);
    put_unit(1U, 0U, UNIT_A, 8U);
    put_scope(3U, 8U, 0xFFU, 1U, ioapic_path);
    assert_true(refused("cannot be remapped"));
    usual_table();
    put_region(0x2000U, 0x1000U, 8U);
    put_scope(2U, 0U, 0U, 1U, ioapic_path);
    assert_true(refused("ends before it begins"));
    usual_table();
    for (uint32_t i = 0U; i < 17U; i++) {
        put_region(0x2000U, 0x2FFFU, 8U);
        put_scope(1U, 0U, 0U, 1U, ioapic_path);
    }
    assert_true(refused("more than the limit"));
}

/* REQ-CFG-034 */
static void tables_that_are_cut_short_are_refused(void **state)
{
    (void)state;
    put8(0U); /* half a header */
    assert_true(refused("bad entry"));
    usual_table();
    put16(0U);
    put16(17U);
    assert_true(refused("bad entry"));
    usual_table();
    put16(0U);
    put16(3U);
    assert_true(refused("bad entry"));
    usual_table();
    put16(0U);
    put16(4U);
    assert_true(refused("a unit is cut short"));
    usual_table();
    put16(1U);
    put16(4U);
    assert_true(refused("a region is cut short"));
    usual_table();
    put_unit(0U, 0U, UNIT_A, 3U);
    put16(3U);
    put8(0U);
    assert_true(refused("scope is cut short"));
    usual_table();
    put_unit(0U, 0U, UNIT_A, 8U);
    put8(3U);
    put8(9U); /* longer than what is left */
    put16(0U);
    put16(0U);
    put16(0U);
    assert_true(refused("scope is cut short"));
    usual_table();
    put_unit(0U, 0U, UNIT_A, 8U);
    put8(3U);
    put8(7U);
    put16(0U);
    put16(0U);
    put16(0U);
    assert_true(refused("scope is cut short"));
}

/* REQ-ISO-040 */
static void all_registers_of_a_unit_are_withheld(void **state)
{
    hpa_t base = 0U;
    uint64_t size = 0U;
    (void)state;
    unit_order = 0xF1U;                                                  /* of both, says the firmware; what is not defined yet is left out */
    usual_table();
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_registers(0U, &base, &size));
    assert_int_equal(size, 2U * PAGE_SIZE);
    unit_order = 0U;
    usual_table();
    reg_set(&unit[0], VTD_ECAP, 8U, (ECAP & ~0x3FF00ULL) | (0x3FFULL << 8U)); /* invalidation by registers from 0x3FF0 on */
    reg_set(&unit[1], VTD_CAP, 8U, (CAP & ~0xFF03FF000000ULL) | (0x100ULL << 24U) | (0xFFULL << 40U)); /* 256 records from 0x1000 on */
    assert_true(hw_iommu_find());
    assert_true(hw_iommu_registers(0U, &base, &size));
    assert_int_equal(size, 4U * PAGE_SIZE);
    assert_true(hw_iommu_registers(1U, &base, &size));
    assert_int_equal(size, 2U * PAGE_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_machine_with_all_that_is_needed_is_used, usual_machine),
        cmocka_unit_test_setup(amds_unit_is_taken_where_there_is_none_of_intels_and_reads_amds_tables, usual_machine),
        cmocka_unit_test_setup(what_one_unit_lacks_is_named, usual_machine),
        cmocka_unit_test_setup(units_translate_by_the_given_tables, running),
        cmocka_unit_test_setup(what_firmware_left_on_goes_off_first, usual_machine),
        cmocka_unit_test_setup(a_unit_that_takes_no_command_is_told, usual_machine),
        cmocka_unit_test_setup(each_command_that_a_unit_does_not_take_counts, usual_machine),
        cmocka_unit_test_setup(a_domain_is_forgotten_by_every_unit, running),
        cmocka_unit_test_setup(a_queue_that_stands_still_is_not_waited_for_without_end, running),
        cmocka_unit_test_setup(faults_are_taken_one_by_one, running),
        cmocka_unit_test_setup(an_overflow_ends_when_all_is_read, running),
        cmocka_unit_test_setup(errors_that_an_earlier_system_left_do_not_count, usual_machine),
        cmocka_unit_test_setup(the_event_of_all_units_goes_to_one_core, running),
        cmocka_unit_test_setup(interrupts_are_remapped_by_the_given_table, running),
        cmocka_unit_test_setup(an_entry_is_forgotten_by_every_unit, running),
        cmocka_unit_test_setup(tables_go_out_line_by_line, running),
        cmocka_unit_test_setup(without_a_table_there_is_no_iommu, usual_machine),
        cmocka_unit_test_setup(the_table_is_read, usual_machine),
        cmocka_unit_test_setup(a_function_is_behind_a_unit_that_names_it_or_its_bridge_or_all, usual_machine),
        cmocka_unit_test_setup(tables_that_lie_are_refused, usual_machine),
        cmocka_unit_test_setup(tables_that_are_cut_short_are_refused, usual_machine),
        cmocka_unit_test_setup(all_registers_of_a_unit_are_withheld, usual_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
