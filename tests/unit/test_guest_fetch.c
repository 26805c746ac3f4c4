/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/guest_walk.c */
/* The fetch of the guest's code. */
#include "guest_tables.h"

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

/* REQ-IO-007 */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(code_size_follows_the_mode_and_the_segment), T(real_mode_code_is_at_its_segment_base),
        T(the_sum_of_base_and_eip_wraps_at_4_gib), T(code_may_lie_across_two_pages), T(code_ends_where_its_page_does),
        T(code_in_no_memory_cannot_be_fetched),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
