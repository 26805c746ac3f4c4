/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/acpi_relocate.c fake/memory.c fake/acpi.c */
/* The copies of the machine's ACPI tables: where they are, what they point to, and from where a restart takes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/acpi_filter.h"
#include "core/acpi_relocate.h"
#include "core/hw.h"

#define TABLES     0x7F000000U
#define MADT       (TABLES + 0x1000U)
#define FADT       (TABLES + 0x2000U)
#define DSDT       (TABLES + 0x3000U)
#define FACS       (TABLES + 0x4000U)
#define MADT_SIZE  100U
#define FADT_SIZE  244U
#define DSDT_SIZE  500U
#define COPY       0x6000000U
#define TABLE_MAX  0x80000U /* as in acpi_relocate.c */

void fake_memory_reset(void);

static void table(hpa_t at, uint32_t signature, uint32_t length)
{
    for (uint32_t i = 0U; i < length; i++) {
        hw_phys_write(at + i, 1U, (at >> 12) + i);
    }
    hw_phys_write(at, 4U, signature);
    hw_phys_write(at + 4U, 4U, length);
}

static void listed(hpa_t at, uint32_t signature, uint32_t length)
{
    struct acpi_table entry = { at, signature, length };
    table(at, signature, length);
    acpi_table[acpi_table_count] = entry;
    acpi_table_count++;
}

/* The first table is always the MADT at the same place: the module remembers where it was. */
static int setup(void **state)
{
    (void)state;
    fake_memory_reset();
    acpi_table_count = 0U;
    for (uint32_t i = 0U; i < 0x800U; i++) {
        hw_phys_write(COPY + i, 1U, 0xA5U); /* what was there before */
    }
    listed(MADT, ACPI_SIGNATURE('A', 'P', 'I', 'C'), MADT_SIZE);
    listed(FADT, ACPI_SIGNATURE('F', 'A', 'C', 'P'), FADT_SIZE);
    table(DSDT, ACPI_SIGNATURE('D', 'S', 'D', 'T'), DSDT_SIZE);
    table(FACS, ACPI_SIGNATURE('F', 'A', 'C', 'S'), 64U);
    hw_phys_write(FADT + 36U, 4U, FACS);
    hw_phys_write(FADT + 40U, 4U, DSDT);
    hw_phys_write(FADT + 132U, 8U, FACS);
    hw_phys_write(FADT + 140U, 8U, DSDT);
    return 0;
}

static uint32_t sum(hpa_t at, uint32_t length)
{
    uint32_t total = 0U;
    for (uint32_t i = 0U; i < length; i++) {
        total += (uint32_t)hw_phys_read(at + i, 1U);
    }
    return total & 0xFFU;
}

static void assert_same(hpa_t copy, hpa_t original, uint32_t length)
{
    for (uint32_t i = 0U; i < length; i++) {
        assert_int_equal(hw_phys_read(copy + i, 1U), hw_phys_read(original + i, 1U));
    }
}

static void tables_are_copied_and_listed_at_their_new_place(void **state)
{
    (void)state;
    uint64_t size = acpi_relocate_size();
    assert_int_equal(size, 0x1000U);

    acpi_relocate(COPY);

    assert_int_equal(acpi_table[0].address, COPY);
    assert_int_equal(acpi_table[1].address, COPY + 128U); /* 64-byte steps */
    assert_same(COPY, MADT, MADT_SIZE);
    assert_int_equal(hw_phys_read(COPY + 128U, 4U), ACPI_SIGNATURE('F', 'A', 'C', 'P'));
}

static void the_copied_fadt_points_to_the_copies(void **state)
{
    hpa_t fadt;
    hpa_t facs;
    hpa_t dsdt;
    (void)state;
    (void)acpi_relocate_size();

    acpi_relocate(COPY);

    fadt = acpi_table[1].address;
    facs = hw_phys_read(fadt + 132U, 8U);
    dsdt = hw_phys_read(fadt + 140U, 8U);
    assert_int_equal(facs, fadt + 256U);
    assert_int_equal(dsdt, facs + 64U);
    assert_int_equal(hw_phys_read(fadt + 36U, 4U), facs);
    assert_int_equal(hw_phys_read(fadt + 40U, 4U), dsdt);
    assert_same(facs, FACS, 64U);
    assert_same(dsdt, DSDT, DSDT_SIZE);
    assert_int_equal(sum(fadt, FADT_SIZE), 0U);
    assert_int_equal(hw_phys_read(FADT + 40U, 4U), DSDT); /* the firmware's own is untouched */
}

/* REQ-LIF-005 */
static void a_restart_copies_from_the_firmwares_tables_again(void **state)
{
    (void)state;
    (void)acpi_relocate_size();
    acpi_relocate(COPY);
    hw_phys_write(COPY + 50U, 1U, 0x66U);     /* the guest wrote to its copies */
    hw_phys_write(COPY + 128U + 4U, 4U, 0xFFFFU);

    (void)acpi_relocate_size();
    acpi_relocate(COPY + 0x10000U);

    assert_same(COPY + 0x10000U, MADT, MADT_SIZE);
    assert_int_equal(hw_phys_read(acpi_table[1].address + 4U, 4U), FADT_SIZE);
}

static void an_old_fadt_has_only_the_short_pointers(void **state)
{
    hpa_t fadt;
    (void)state;
    acpi_table[1].length = 116U;
    hw_phys_write(FADT + 4U, 4U, 116U);
    (void)acpi_relocate_size();

    acpi_relocate(COPY);

    fadt = acpi_table[1].address;
    assert_int_equal(hw_phys_read(fadt + 36U, 4U), fadt + 128U);
    assert_int_equal(hw_phys_read(fadt + 40U, 4U), fadt + 128U + 64U);
    assert_same(fadt + 128U + 64U, DSDT, DSDT_SIZE);
    assert_int_equal(sum(fadt, 116U), 0U);
}

static void a_wide_pointer_that_is_not_set_leaves_the_short_one(void **state)
{
    (void)state;
    hw_phys_write(FADT + 132U, 8U, 0U);
    hw_phys_write(FADT + 140U, 8U, 0U);
    (void)acpi_relocate_size();

    acpi_relocate(COPY);

    assert_same(hw_phys_read(acpi_table[1].address + 140U, 8U), DSDT, DSDT_SIZE);
}

static void a_machine_without_dsdt_and_facs_has_none_afterwards(void **state)
{
    (void)state;
    hw_phys_write(FADT + 36U, 8U, 0U);
    hw_phys_write(FADT + 132U, 8U, 0U);
    hw_phys_write(FADT + 140U, 8U, 0U);
    assert_int_equal(acpi_relocate_size(), 0x1000U);

    acpi_relocate(COPY);

    assert_int_equal(hw_phys_read(acpi_table[1].address + 36U, 8U), 0U);
    assert_int_equal(hw_phys_read(acpi_table[1].address + 140U, 8U), 0U);
}

static void a_machine_without_fadt_needs_the_tables_only(void **state)
{
    (void)state;
    acpi_table_count = 1U;
    assert_int_equal(acpi_relocate_size(), 0x1000U);

    acpi_relocate(COPY);

    assert_same(COPY, MADT, MADT_SIZE);
    assert_int_equal(hw_phys_read(COPY + 128U, 1U), 0xA5U); /* nothing behind it, though a FADT is behind the list's end */
    assert_int_equal(acpi_table[1].address, FADT);
}

static void a_wide_pointer_is_used_where_the_table_is_just_long_enough(void **state)
{
    (void)state;
    acpi_table[1].length = 148U;
    hw_phys_write(FADT + 4U, 4U, 148U);
    hw_phys_write(FADT + 36U, 8U, 0U); /* only the wide ones are set */
    (void)acpi_relocate_size();
    acpi_relocate(COPY);
    assert_same(hw_phys_read(acpi_table[1].address + 140U, 8U), DSDT, DSDT_SIZE);
    assert_same(hw_phys_read(acpi_table[1].address + 132U, 8U), FACS, 64U);

    (void)setup(state);
    acpi_table[1].length = 140U; /* the wide pointer to the FACS, not that to the DSDT */
    hw_phys_write(FADT + 4U, 4U, 140U);
    (void)acpi_relocate_size();
    acpi_relocate(COPY);
    assert_same(hw_phys_read(acpi_table[1].address + 40U, 4U), DSDT, DSDT_SIZE);
    assert_int_equal(hw_phys_read(acpi_table[1].address + 140U, 1U), 0xA5U);
    assert_int_equal(sum(acpi_table[1].address, 140U), 0U);
}

static void whole_steps_and_pages_are_not_rounded_up(void **state)
{
    (void)state;
    acpi_table[0].length = 3264U; /* 51 steps; with the others 4096 bytes */
    assert_int_equal(acpi_relocate_size(), 0x1000U);
    acpi_relocate(COPY);
    assert_int_equal(acpi_table[1].address, COPY + 3264U);
}

/* REQ-CFG-015 */
static void a_table_longer_than_any_real_one_is_refused(void **state)
{
    (void)state;
    acpi_table[0].length = TABLE_MAX;
    assert_int_not_equal(acpi_relocate_size(), 0U);
    acpi_table[0].length = TABLE_MAX + 1U;
    assert_int_equal(acpi_relocate_size(), 0U);
}

static void a_table_shorter_than_its_header_is_refused(void **state)
{
    (void)state;
    acpi_table[0].length = 36U;
    assert_int_not_equal(acpi_relocate_size(), 0U);
    acpi_table[0].length = 35U;
    assert_int_equal(acpi_relocate_size(), 0U);
}

static void a_dsdt_longer_than_any_real_one_is_refused(void **state)
{
    (void)state;
    hw_phys_write(DSDT + 4U, 4U, TABLE_MAX);
    assert_int_not_equal(acpi_relocate_size(), 0U);
    hw_phys_write(DSDT + 4U, 4U, TABLE_MAX + 1U);
    assert_int_equal(acpi_relocate_size(), 0U);
}

static void no_more_tables_are_read_than_the_list_holds(void **state)
{
    (void)state;
    for (uint32_t i = 1U; i < MAX_ACPI_TABLE; i++) {
        acpi_table[i] = acpi_table[0];
    }
    acpi_table_count = MAX_ACPI_TABLE + 1U;
    (void)acpi_relocate_size(); /* where they are is known from the first test: two tables, the others at 0 */
    uint64_t size = (((uint64_t)MAX_ACPI_TABLE * 128U) + 64U + 0xFFFU) & ~0xFFFU;
    assert_int_equal(acpi_relocate_size(), size);

    acpi_relocate(COPY);

    assert_int_equal(acpi_table[MAX_ACPI_TABLE - 1U].address, COPY + (128U * (MAX_ACPI_TABLE - 1U)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(tables_are_copied_and_listed_at_their_new_place, setup),
        cmocka_unit_test_setup(the_copied_fadt_points_to_the_copies, setup),
        cmocka_unit_test_setup(a_restart_copies_from_the_firmwares_tables_again, setup),
        cmocka_unit_test_setup(an_old_fadt_has_only_the_short_pointers, setup),
        cmocka_unit_test_setup(a_wide_pointer_that_is_not_set_leaves_the_short_one, setup),
        cmocka_unit_test_setup(a_machine_without_dsdt_and_facs_has_none_afterwards, setup),
        cmocka_unit_test_setup(a_machine_without_fadt_needs_the_tables_only, setup),
        cmocka_unit_test_setup(a_wide_pointer_is_used_where_the_table_is_just_long_enough, setup),
        cmocka_unit_test_setup(whole_steps_and_pages_are_not_rounded_up, setup),
        cmocka_unit_test_setup(a_table_longer_than_any_real_one_is_refused, setup),
        cmocka_unit_test_setup(a_table_shorter_than_its_header_is_refused, setup),
        cmocka_unit_test_setup(a_dsdt_longer_than_any_real_one_is_refused, setup),
        cmocka_unit_test_setup(no_more_tables_are_read_than_the_list_holds, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
