/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/guest_walk.c */
/* The walk of the guest's own page tables, in every paging mode, and the fetch of its code. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/decode.h"
#include "core/vm.h"

#define ID vcpu_id(4U, 1U)
#define RAM_SIZE 0x20000U

#define P  0x001U
#define PS 0x080U
#define NX (1ULL << 63U)

#define CR0_PE 0x1U
#define CR0_PG 0x80000001U
#define CR4_PSE 0x10U
#define CR4_PAE 0x20U
#define CR4_LA57 0x1000U
#define EFER_LMA 0x400U
#define EFER_NXE 0x800U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
struct vcpu_regs vcpu_regs[MAX_VCPU];

static uint8_t ram[RAM_SIZE];
static uint64_t reg[REG_COUNT];
static struct segment code;
static uint32_t reads;

uint64_t hw_vcpu_get(vcpu_id_t id, enum vcpu_reg which)
{
    assert_int_equal(id, ID);
    return reg[which];
}

struct segment hw_vcpu_segment(vcpu_id_t id, enum segment_id segment)
{
    assert_int_equal(id, ID);
    assert_int_equal(segment, SEG_CS);
    return code;
}

enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size)
{
    enum status status = STATUS_FAULT;

    assert_int_equal(v, 4U);
    reads++;
    if ((gpa < RAM_SIZE) && (size <= (RAM_SIZE - gpa))) {
        memcpy(dst, &ram[gpa], size);
        status = STATUS_OK;
    }
    return status;
}

static int setup(void **state)
{
    (void)state;
    memset(ram, 0, sizeof(ram));
    memset(reg, 0, sizeof(reg));
    memset(vcpu_regs, 0, sizeof(vcpu_regs));
    memset(&code, 0, sizeof(code));
    reads = 0U;
    return 0;
}

static void put64(gpa_t table, uint32_t index, uint64_t entry) { memcpy(&ram[table + (index * 8U)], &entry, 8U); }
static void put32(gpa_t table, uint32_t index, uint32_t entry) { memcpy(&ram[table + (index * 4U)], &entry, 4U); }

static gpa_t translated(gva_t gva)
{
    gpa_t gpa = 0xBAD0BAD0U;

    assert_int_equal(guest_translate(ID, gva, &gpa), STATUS_OK);
    return gpa;
}

static bool faults(gva_t gva)
{
    gpa_t gpa = 0U;

    return guest_translate(ID, gva, &gpa) == STATUS_FAULT;
}

static void use_4_levels(void)
{
    reg[REG_CR0] = CR0_PG;
    reg[REG_CR4] = CR4_PAE;
    reg[REG_EFER] = EFER_LMA | EFER_NXE;
    reg[REG_CR3] = 0x1018U; /* PWT and PCD are no address bits */
    put64(0x1000U, 256U, 0x2000U | P);  /* 0xFFFF8000_00000000 */
    put64(0x2000U, 1U, 0x3000U | P);
    put64(0x3000U, 2U, 0x4000U | P);
    put64(0x4000U, 3U, 0x123456789000U | P | NX);
}
#define GVA_4 0xFFFF800040403ABCU

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

static void use_pae(void)
{
    reg[REG_CR0] = CR0_PG;
    reg[REG_CR4] = CR4_PAE;
    reg[REG_CR3] = 0x1020U; /* 32-byte aligned */
    put64(0x1020U, 3U, 0x2000U | P);
    put64(0x2000U, 2U, 0x3000U | P);
    put64(0x3000U, 5U, 0x8765432000U | P);
}
#define GVA_PAE 0xC0405123U

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

static void use_32_bit(void)
{
    reg[REG_CR0] = CR0_PG;
    reg[REG_CR4] = CR4_PSE;
    reg[REG_CR3] = 0x1018U;
    put32(0x1000U, 0x301U, 0x2000U | P);
    put32(0x2000U, 5U, 0xFEEFF000U | P);
}
#define GVA_32 0xC0405123U

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

/* ---- code ---- */

static void code_size_follows_the_mode_and_the_segment(void **state)
{
    (void)state;
    assert_int_equal(guest_code_mode(ID), 16U);
    code.access = 0x4000U; /* D: left over from protected mode, no effect in real mode */
    assert_int_equal(guest_code_mode(ID), 16U);
    reg[REG_CR0] = CR0_PE;
    assert_int_equal(guest_code_mode(ID), 32U);
    vcpu_regs[ID].rflags = 1U << 17U; /* virtual-8086 */
    assert_int_equal(guest_code_mode(ID), 16U);
    vcpu_regs[ID].rflags = 0U;
    code.access = 0U;
    assert_int_equal(guest_code_mode(ID), 16U);
    reg[REG_CR0] = CR0_PG;
    reg[REG_EFER] = EFER_LMA;
    code.access = 0x2000U; /* L */
    assert_int_equal(guest_code_mode(ID), 64U);
    code.access = 0x4000U; /* compatibility mode */
    assert_int_equal(guest_code_mode(ID), 32U);
    reg[REG_EFER] = 0U;
    code.access = 0x2000U; /* L means nothing outside long mode */
    assert_int_equal(guest_code_mode(ID), 16U);
}

static void fill_code(gpa_t gpa, uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        ram[gpa + i] = (uint8_t)(0xA0U + i);
    }
}

static void real_mode_code_is_at_its_segment_base(void **state)
{
    uint8_t bytes[INSN_MAX];
    (void)state;
    code.base = 0x9000U;
    vcpu_regs[ID].rip = 0x123U;
    fill_code(0x9123U, INSN_MAX);
    assert_int_equal(guest_fetch(ID, bytes), INSN_MAX);
    assert_memory_equal(bytes, &ram[0x9123U], INSN_MAX);
}

static void the_sum_of_base_and_eip_wraps_at_4_gib(void **state)
{
    uint8_t bytes[INSN_MAX];
    (void)state;
    reg[REG_CR0] = CR0_PE;
    code.base = 0xFFFFF000U;
    vcpu_regs[ID].rip = 0x2000U;
    fill_code(0x1000U, INSN_MAX);
    assert_int_equal(guest_fetch(ID, bytes), INSN_MAX);
    assert_int_equal(bytes[0], 0xA0U);
}

static void use_long_code(void)
{
    use_4_levels();
    code.access = 0x2000U;
    code.base = 0x5000U; /* ignored in 64-bit code */
    put64(0x4000U, 3U, 0x9000U | P);
    put64(0x4000U, 4U, 0xB000U | P);
}

static void code_may_lie_across_two_pages(void **state)
{
    uint8_t bytes[INSN_MAX];
    (void)state;
    use_long_code();
    vcpu_regs[ID].rip = (GVA_4 & ~0xFFFULL) + 0xFFAU;
    fill_code(0x9FFAU, 6U);
    fill_code(0xB000U, 9U);
    assert_int_equal(guest_fetch(ID, bytes), INSN_MAX);
    assert_memory_equal(bytes, &ram[0x9FFAU], 6U);
    assert_memory_equal(&bytes[6], &ram[0xB000U], 9U);
}

static void code_ends_where_its_page_does(void **state)
{
    uint8_t bytes[INSN_MAX];
    (void)state;
    use_long_code();
    put64(0x4000U, 4U, 0U);
    vcpu_regs[ID].rip = (GVA_4 & ~0xFFFULL) + 0xFFAU;
    assert_int_equal(guest_fetch(ID, bytes), 6U);
    vcpu_regs[ID].rip += 0x1000U;
    assert_int_equal(guest_fetch(ID, bytes), 0U);
}

static void code_in_no_memory_cannot_be_fetched(void **state)
{
    uint8_t bytes[INSN_MAX];
    (void)state;
    reg[REG_CR0] = CR0_PE;
    vcpu_regs[ID].rip = RAM_SIZE;
    assert_int_equal(guest_fetch(ID, bytes), 0U);
    vcpu_regs[ID].rip = RAM_SIZE - 5U;
    assert_int_equal(guest_fetch(ID, bytes), 5U);
}

#define T(name) cmocka_unit_test_setup(name, setup)

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
        T(operands_on_two_pages_need_both),
        T(four_levels_reach_a_4k_page), T(four_levels_reach_a_2m_page), T(four_levels_reach_a_1g_page),
        T(five_levels_have_one_more), T(a_missing_entry_of_any_level_faults), T(a_table_outside_memory_faults),
        T(tables_that_point_to_themselves_end), T(large_pages_above_the_largest_level_are_reserved),
        T(misaligned_large_pages_fault), T(no_execute_is_reserved_unless_enabled),
        T(addresses_that_are_not_canonical_fault), T(pae_reaches_a_4k_page), T(pae_reaches_a_2m_page),
        T(pae_has_no_1g_pages_and_reserved_high_bits), T(two_levels_reach_a_4k_page),
        T(two_levels_reach_a_4m_page_beyond_4_gib), T(without_pse_the_size_bit_is_ignored),
        T(missing_entries_of_two_levels_fault), T(without_paging_addresses_are_physical),
        T(code_size_follows_the_mode_and_the_segment), T(real_mode_code_is_at_its_segment_base),
        T(the_sum_of_base_and_eip_wraps_at_4_gib), T(code_may_lie_across_two_pages),
        T(code_ends_where_its_page_does), T(code_in_no_memory_cannot_be_fetched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
