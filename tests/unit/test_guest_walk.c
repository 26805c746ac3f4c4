/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/guest_walk.c */
/* The walk of the guest's own page tables, in every paging mode. */
#include "guest_tables.h"

/* ---- 4 and 5 levels ---- */

/* REQ-IO-007 */
static void four_levels_reach_a_4k_page(void **state)
{
    (void)state;
    use_4_levels();
    assert_true(translated(GVA_4) == 0x123456789ABCU);
    assert_int_equal(reads, 4U);
}

static void four_levels_reach_a_2m_page(void **state)
{
    (void)state;
    use_4_levels();
    put64(0x3000U, 2U, 0x40200000U | P | PS | 0x1000U); /* with PAT */
    assert_true(translated(GVA_4) == 0x40203ABCU);
}

static void four_levels_reach_a_1g_page(void **state)
{
    (void)state;
    use_4_levels();
    put64(0x2000U, 1U, 0x1C0000000U | P | PS);
    assert_true(translated(GVA_4) == 0x1C0403ABCU);
}

static void five_levels_have_one_more(void **state)
{
    (void)state;
    use_4_levels();
    reg[REG_CR4] |= CR4_LA57;
    reg[REG_CR3] = 0x5000U;
    put64(0x5000U, 0x1A0U, 0x1000U | P);
    put64(0x1000U, 5U, 0x2000U | P);
    assert_true(translated(0xFFA0028040403ABCU) == 0x123456789ABCU);
    assert_int_equal(reads, 5U);
}

static void a_missing_entry_of_any_level_faults(void **state)
{
    static const struct { gpa_t table; uint32_t index; } entry[] = {
        { 0x1000U, 256U }, { 0x2000U, 1U }, { 0x3000U, 2U }, { 0x4000U, 3U },
    };
    (void)state;
    for (size_t i = 0U; i < 4U; i++) {
        use_4_levels();
        put64(entry[i].table, entry[i].index, 0x2000U);
        assert_true(faults(GVA_4));
    }
}

/* REQ-IO-007 */
static void a_table_outside_memory_faults(void **state)
{
    (void)state;
    use_4_levels();
    put64(0x3000U, 2U, 0x000FFFFFFFFFF000U | P);
    assert_true(faults(GVA_4));
    reg[REG_CR3] = 0x7FFFFFFFF000U;
    assert_true(faults(GVA_4));
}

/* REQ-IO-007 */
static void tables_that_point_to_themselves_end(void **state)
{
    (void)state;
    use_4_levels();
    for (uint32_t i = 0U; i < 512U; i++) {
        put64(0x1000U, i, 0x1000U | P);
    }
    assert_true(translated(0x0000123456789ABCU) == 0x1ABCU);
    assert_int_equal(reads, 4U);
}

static void large_pages_above_the_largest_level_are_reserved(void **state)
{
    (void)state;
    use_4_levels();
    put64(0x1000U, 256U, 0x2000U | P | PS);
    assert_true(faults(GVA_4));
}

static void misaligned_large_pages_fault(void **state)
{
    (void)state;
    use_4_levels();
    put64(0x3000U, 2U, 0x40202000U | P | PS);
    assert_true(faults(GVA_4));
    put64(0x3000U, 2U, 0x40300000U | P | PS);
    assert_true(faults(GVA_4));
    use_4_levels();
    put64(0x2000U, 1U, 0x40200000U | P | PS);
    assert_true(faults(GVA_4));
}

static void no_execute_is_reserved_unless_enabled(void **state)
{
    (void)state;
    use_4_levels();
    reg[REG_EFER] = EFER_LMA;
    assert_true(faults(GVA_4));
    put64(0x4000U, 3U, 0x5000U | P);
    assert_true(translated(GVA_4) == 0x5ABCU);
}

/* REQ-IO-007 */
static void addresses_that_are_not_canonical_fault(void **state)
{
    (void)state;
    use_4_levels();
    assert_true(faults(0x0000800040403ABCU));
    assert_true(faults(0xFFFF000040403ABCU));
    assert_true(faults(0x8000800040403ABCU));
    assert_int_equal(reads, 0U);
    reg[REG_CR4] |= CR4_LA57;
    assert_true(faults(0x0100000000000000U));
    assert_int_equal(reads, 0U);
}

/* ---- PAE ---- */

/* REQ-IO-007 */
static void pae_reaches_a_4k_page(void **state)
{
    (void)state;
    use_pae();
    assert_true(translated(GVA_PAE) == 0x8765432123U);
    assert_true(translated(0xFFFFFFFF00000000U | GVA_PAE) == 0x8765432123U); /* linear addresses have 32 bits */
}

static void pae_reaches_a_2m_page(void **state)
{
    (void)state;
    use_pae();
    put64(0x2000U, 2U, 0x200600000U | P | PS);
    assert_true(translated(GVA_PAE) == 0x200605123U);
}

static void pae_has_no_1g_pages_and_reserved_high_bits(void **state)
{
    (void)state;
    use_pae();
    put64(0x1020U, 3U, 0x40000000U | P | PS);
    assert_true(faults(GVA_PAE));
    use_pae();
    put64(0x3000U, 5U, 0x10000000005000U | P);
    assert_true(faults(GVA_PAE));
    use_pae();
    put64(0x3000U, 5U, 0x5000U | P | NX);
    assert_true(faults(GVA_PAE));
    reg[REG_EFER] = EFER_NXE;
    assert_true(translated(GVA_PAE) == 0x5123U);
}

/* ---- 32-bit ---- */

/* REQ-IO-007 */
static void two_levels_reach_a_4k_page(void **state)
{
    (void)state;
    use_32_bit();
    assert_true(translated(GVA_32) == 0xFEEFF123U);
    assert_int_equal(reads, 2U);
}

static void two_levels_reach_a_4m_page_beyond_4_gib(void **state)
{
    (void)state;
    use_32_bit();
    put32(0x1000U, 0x301U, 0x40400000U | P | PS);
    assert_true(translated(GVA_32) == 0x40405123U);
    put32(0x1000U, 0x301U, 0x40400000U | (0x81U << 13U) | P | PS); /* PSE-36 */
    assert_true(translated(GVA_32) == 0x8140405123U);
    put32(0x1000U, 0x301U, 0x40600000U | P | PS); /* bit 21 is reserved */
    assert_true(faults(GVA_32));
}

static void without_pse_the_size_bit_is_ignored(void **state)
{
    (void)state;
    use_32_bit();
    reg[REG_CR4] = 0U;
    put32(0x1000U, 0x301U, 0x2000U | P | PS);
    assert_true(translated(GVA_32) == 0xFEEFF123U);
}

static void missing_entries_of_two_levels_fault(void **state)
{
    (void)state;
    use_32_bit();
    assert_true(faults(0x1000U));
    put32(0x2000U, 5U, 0xFEEFF000U);
    assert_true(faults(GVA_32));
}

static void without_paging_addresses_are_physical(void **state)
{
    (void)state;
    reg[REG_CR0] = CR0_PE;
    assert_true(translated(0xFEE00020U) == 0xFEE00020U);
    assert_true(translated(0x1FEE00020U) == 0xFEE00020U);
    assert_int_equal(reads, 0U);
}

/* ---- rights of operands ---- */

static enum status data_access(bool write)
{
    struct operand operand = { GVA_4, 4U, write };
    gpa_t gpa = 0U;
    gva_t fault = 0U;
    return guest_translate_data(ID, &operand, &gpa, &fault);
}

/* REQ-IO-006 */
static void operands_need_the_rights_of_every_level(void **state)
{
    (void)state;
    use_4_levels();
    reg[REG_CPL] = 0U;
    assert_int_equal(data_access(true), STATUS_OK); /* CR0.WP is off */
    reg[REG_CR0] |= 0x10000U;
    assert_int_equal(data_access(true), STATUS_DENIED);
    assert_int_equal(data_access(false), STATUS_OK);
    reg[REG_CPL] = 3U;
    assert_int_equal(data_access(false), STATUS_DENIED);
    put64(0x1000U, 256U, 0x2000U | P | 6U);
    put64(0x2000U, 1U, 0x3000U | P | 6U);
    put64(0x4000U, 3U, 0x123456789000U | P | 6U);
    assert_int_equal(data_access(false), STATUS_DENIED);
    put64(0x3000U, 2U, 0x4000U | P | 4U);
    assert_int_equal(data_access(false), STATUS_OK);
    assert_int_equal(data_access(true), STATUS_DENIED);
    put64(0x3000U, 2U, 0x4000U | P | 6U);
    assert_int_equal(data_access(true), STATUS_OK);
    put64(0x3000U, 2U, 0U);
    assert_int_equal(data_access(true), STATUS_FAULT);
    reg[REG_CR0] = 0U;
    assert_int_equal(data_access(true), STATUS_OK); /* no paging, no rights */
}

static void the_top_of_pae_tables_gives_no_rights_and_takes_none(void **state)
{
    struct operand operand = { 0x1000U, 4U, true };
    gpa_t gpa = 0U;
    gva_t fault = 0U;
    (void)state;
    reg[REG_CR0] = CR0_PG;
    reg[REG_CR4] = CR4_PAE;
    reg[REG_CPL] = 3U;
    reg[REG_CR3] = 0x1000U;
    put64(0x1000U, 0U, 0x2000U | P);
    put64(0x2000U, 0U, 0x3000U | P | 6U);
    put64(0x3000U, 1U, 0x5000U | P | 6U);
    assert_int_equal(guest_translate_data(ID, &operand, &gpa, &fault), STATUS_OK);
}

/* Bytes behind the first page's end are not those of the next frame. */
/* REQ-IO-006 */
static void operands_on_two_pages_need_both(void **state)
{
    struct operand operand = { 0x1FFEU, 4U, true };
    gpa_t gpa = 0U;
    gva_t fault = 0U;
    (void)state;
    reg[REG_CR0] = CR0_PG;
    reg[REG_CR4] = CR4_PAE;
    reg[REG_CPL] = 3U;
    reg[REG_CR3] = 0x1000U;
    put64(0x1000U, 0U, 0x2000U | P);
    put64(0x2000U, 0U, 0x3000U | P | 6U);
    put64(0x3000U, 1U, 0x5000U | P | 6U);
    assert_int_equal(guest_translate_data(ID, &operand, &gpa, &fault), STATUS_FAULT);
    assert_true(fault == 0x2000U);
    put64(0x3000U, 2U, 0x6000U | P | 2U);
    assert_int_equal(guest_translate_data(ID, &operand, &gpa, &fault), STATUS_DENIED);
    put64(0x3000U, 2U, 0x6000U | P | 6U);
    assert_int_equal(guest_translate_data(ID, &operand, &gpa, &fault), STATUS_OK);
    assert_true(gpa == 0x5FFEU);
    put64(0x3000U, 2U, 0x8000U | P | 6U);
    assert_int_equal(guest_translate_data(ID, &operand, &gpa, &fault), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(operands_need_the_rights_of_every_level), T(the_top_of_pae_tables_gives_no_rights_and_takes_none),
        T(operands_on_two_pages_need_both), T(four_levels_reach_a_4k_page), T(four_levels_reach_a_2m_page),
        T(four_levels_reach_a_1g_page), T(five_levels_have_one_more), T(a_missing_entry_of_any_level_faults),
        T(a_table_outside_memory_faults), T(tables_that_point_to_themselves_end),
        T(large_pages_above_the_largest_level_are_reserved), T(misaligned_large_pages_fault),
        T(no_execute_is_reserved_unless_enabled), T(addresses_that_are_not_canonical_fault), T(pae_reaches_a_4k_page),
        T(pae_reaches_a_2m_page), T(pae_has_no_1g_pages_and_reserved_high_bits), T(two_levels_reach_a_4k_page),
        T(two_levels_reach_a_4m_page_beyond_4_gib), T(without_pse_the_size_bit_is_ignored),
        T(missing_entries_of_two_levels_fault), T(without_paging_addresses_are_physical),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
