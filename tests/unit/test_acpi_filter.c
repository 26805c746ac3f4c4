/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/acpi_filter.c fake/memory.c fake/acpi.c */
/* The filtered tables, made from lists and entries as no good firmware writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/acpi_filter.h"
#include "core/hw.h"
#include "core/limits.h"

#define MADT   0x7F001000U
#define OUTPUT 0x30000U
#define VCPUS  2U
#define LAPICS (44U + (VCPUS * 8U) + 12U) /* where the interrupt source overrides come */

void fake_memory_reset(void);
static gpa_t rsdp;

static void listed(uint32_t signature, hpa_t at, uint32_t length)
{
    struct acpi_table table = { at, signature, length };
    acpi_table[acpi_table_count] = table;
    acpi_table_count++;
}

static int setup(void **state)
{
    (void)state;
    fake_memory_reset();
    memset(acpi_table, 0, sizeof(acpi_table));
    acpi_table_count = 0U;
    return 0;
}

/* An entry of the machine's MADT; returns where the next one goes. */
static uint32_t entry(uint32_t at, uint32_t type, uint32_t size)
{
    hw_phys_write(MADT + at, 1U, type);
    hw_phys_write(MADT + at + 1U, 1U, size);
    hw_phys_write(MADT + at + 3U, 1U, at); /* source: something to tell them apart */
    return at + ((size >= 10U) ? size : 10U);
}

static hpa_t madt(void)
{
    hpa_t xsdt = hw_phys_read(OUTPUT + 24U, 8U);
    uint32_t length = (uint32_t)hw_phys_read(xsdt + 4U, 4U);
    return hw_phys_read(xsdt + length - 8U, 8U);
}

/* Overrides in the filtered MADT, by its length. */
static uint32_t overrides(void)
{
    return (uint32_t)((hw_phys_read(madt() + 4U, 4U) - LAPICS - 6U) / 10U);
}

static void build(uint32_t madt_length)
{
    listed(ACPI_SIGNATURE('F', 'A', 'C', 'P'), 0x7F000000U, 244U);
    listed(ACPI_SIGNATURE('A', 'P', 'I', 'C'), MADT, madt_length);
    assert_int_equal(acpi_filter_build(VCPUS, OUTPUT, PAGE_SIZE, &rsdp), STATUS_OK);
}

/* REQ-CFG-019 */
static void overrides_are_kept(void **state)
{
    (void)state;
    uint32_t end = entry(44U, 2U, 10U);
    end = entry(end, 0U, 8U) - 2U; /* a local APIC between them */
    end = entry(end, 2U, 10U);
    build(end);
    assert_int_equal(overrides(), 2U);
    assert_int_equal(hw_phys_read(madt() + LAPICS + 3U, 1U), 44U);
    assert_int_equal(hw_phys_read(madt() + LAPICS + 13U, 1U), 62U);
}

static void an_override_of_another_size_is_none(void **state)
{
    (void)state;
    uint32_t end = entry(44U, 2U, 12U);
    end = entry(end, 2U, 10U);
    build(end);
    assert_int_equal(overrides(), 1U);
}

static void an_entry_without_a_size_ends_the_list(void **state)
{
    (void)state;
    uint32_t end = entry(44U, 2U, 10U);
    end = entry(end, 2U, 1U);
    end = entry(end, 2U, 10U);
    build(end);
    assert_int_equal(overrides(), 1U);
}

/* REQ-CFG-015 */
static void an_entry_longer_than_the_table_ends_the_list(void **state)
{
    (void)state;
    uint32_t end = entry(44U, 2U, 10U);
    (void)entry(end, 2U, 10U);
    build(end + 9U);
    assert_int_equal(overrides(), 1U);
}

static void no_more_overrides_are_kept_than_there_is_room_for(void **state)
{
    uint32_t end = 44U;
    (void)state;
    for (uint32_t i = 0U; i < 17U; i++) {
        end = entry(end, 2U, 10U);
    }
    build(end);
    assert_int_equal(overrides(), 16U);
}

static void no_more_tables_are_looked_at_than_the_list_holds(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < MAX_ACPI_TABLE; i++) {
        listed(ACPI_SIGNATURE('S', 'S', 'D', 'T'), 0x7F100000U + (i * 0x1000U), 100U);
    }
    acpi_table_count = MAX_ACPI_TABLE + 1U;
    assert_int_equal(acpi_filter_build(VCPUS, OUTPUT, PAGE_SIZE, &rsdp), STATUS_NOT_FOUND);

    acpi_table[MAX_ACPI_TABLE - 1U].signature = ACPI_SIGNATURE('A', 'P', 'I', 'C');
    acpi_table[MAX_ACPI_TABLE - 1U].address = MADT;
    acpi_table[MAX_ACPI_TABLE - 1U].length = 44U;
    assert_int_equal(acpi_filter_build(VCPUS, OUTPUT, PAGE_SIZE, &rsdp), STATUS_OK);
    hpa_t xsdt = hw_phys_read(OUTPUT + 24U, 8U);
    assert_int_equal(hw_phys_read(xsdt + 4U, 4U), 36U + (8U * MAX_ACPI_TABLE)); /* the MADT is replaced */
}

static uint32_t byte(hpa_t at) { return (uint32_t)hw_phys_read(at, 1U); }

static void the_madt_has_the_vcpus_one_ioapic_and_the_nmi(void **state)
{
    (void)state;
    build(44U);
    hpa_t at = madt();
    uint32_t length = (uint32_t)hw_phys_read(at + 4U, 4U);
    uint32_t sum = 0U;
    for (uint32_t i = 0U; i < length; i++) {
        sum += byte(at + i);
    }
    assert_int_equal(length, LAPICS + 6U);
    assert_int_equal(sum & 0xFFU, 0U);
    assert_int_equal(hw_phys_read(at, 4U), ACPI_SIGNATURE('A', 'P', 'I', 'C'));
    assert_int_equal(hw_phys_read(at + 36U, 8U), 0x1FEE00000U); /* address, then flags: 8259s are there */
    for (uint32_t i = 0U; i < VCPUS; i++) {
        assert_int_equal(hw_phys_read(at + 44U + (8U * i), 8U), 0x100000800U | (i << 16) | (i << 24)); /* enabled */
    }
    assert_int_equal(hw_phys_read(at + 60U, 4U), 0x00000C01U);
    assert_int_equal(hw_phys_read(at + 64U, 8U), 0xFEC00000U);
    assert_int_equal(hw_phys_read(at + 72U, 4U), 0x00FF0604U); /* all processors, LINT1 */
    assert_int_equal(hw_phys_read(at + 76U, 2U), 0x0100U);
}

static void the_most_vcpus_and_the_least_room_will_do(void **state)
{
    (void)state;
    listed(ACPI_SIGNATURE('A', 'P', 'I', 'C'), MADT, 44U);
    assert_int_equal(acpi_filter_build(MAX_VCPU_PER_VM, OUTPUT, 2048U, &rsdp), STATUS_OK);
    assert_int_equal(acpi_filter_build(MAX_VCPU_PER_VM, OUTPUT, 2047U, &rsdp), STATUS_NO_MEMORY);
    assert_int_equal(acpi_filter_build(MAX_VCPU_PER_VM + 1U, OUTPUT, 2048U, &rsdp), STATUS_INVALID);
}

static void a_list_may_end_with_its_last_byte(void **state)
{
    (void)state;
    uint32_t end = entry(44U, 0U, 2U) - 8U; /* the shortest entry there is */
    end = entry(end, 2U, 10U);
    build(end);
    assert_int_equal(overrides(), 1U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_madt_has_the_vcpus_one_ioapic_and_the_nmi, setup),
        cmocka_unit_test_setup(the_most_vcpus_and_the_least_room_will_do, setup),
        cmocka_unit_test_setup(a_list_may_end_with_its_last_byte, setup),
        cmocka_unit_test_setup(overrides_are_kept, setup),
        cmocka_unit_test_setup(an_override_of_another_size_is_none, setup),
        cmocka_unit_test_setup(an_entry_without_a_size_ends_the_list, setup),
        cmocka_unit_test_setup(an_entry_longer_than_the_table_ends_the_list, setup),
        cmocka_unit_test_setup(no_more_overrides_are_kept_than_there_is_room_for, setup),
        cmocka_unit_test_setup(no_more_tables_are_looked_at_than_the_list_holds, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
