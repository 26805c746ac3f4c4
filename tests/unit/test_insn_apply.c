/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/decode.c core/insn_apply.c */
/* What decoded instructions do to registers and flags, also against the processor. */
#include "decode_helpers.h"

/* ---- execution ---- */

static uint64_t rax(void) { return vcpu_regs[ID].gpr[GPR_RAX]; }
static void set_rax(uint64_t value) { vcpu_regs[ID].gpr[GPR_RAX] = value; }
static uint32_t flags(void) { return (uint32_t)vcpu_regs[ID].rflags & STATUS_FLAGS; }

#define ALL 0xFFFFFFFFFFFFFFFFU

static void loads_write_what_their_width_says(void **state)
{
    struct insn insn;
    (void)state;
    set_rax(ALL);
    insn = DECODE(64, 0x8A, 0x07);
    insn_complete_read(ID, &insn, 0x1234U);
    assert_true(rax() == 0xFFFFFFFFFFFFFF34U);
    insn = DECODE(64, 0x8A, 0x27); /* AH */
    insn_complete_read(ID, &insn, 0x56U);
    assert_true(rax() == 0xFFFFFFFFFFFF5634U);
    insn = DECODE(64, 0x66, 0x8B, 0x07);
    insn_complete_read(ID, &insn, 0x9ABCU);
    assert_true(rax() == 0xFFFFFFFFFFFF9ABCU);
    insn = DECODE(64, 0x8B, 0x07);
    insn_complete_read(ID, &insn, 0xFFFFFFFF80000000U);
    assert_true(rax() == 0x80000000U);
    insn = DECODE(64, 0x48, 0x8B, 0x07);
    insn_complete_read(ID, &insn, 0x123456789ABCDEF0U);
    assert_true(rax() == 0x123456789ABCDEF0U);
}

static void extending_loads_extend(void **state)
{
    struct insn insn;
    (void)state;
    set_rax(ALL);
    insn = DECODE(64, 0x0F, 0xB6, 0x07);
    insn_complete_read(ID, &insn, 0xFFF0U);
    assert_true(rax() == 0xF0U);
    insn = DECODE(64, 0x48, 0x0F, 0xBE, 0x07);
    insn_complete_read(ID, &insn, 0x80U);
    assert_true(rax() == 0xFFFFFFFFFFFFFF80U);
    insn = DECODE(64, 0x0F, 0xBF, 0x07);
    insn_complete_read(ID, &insn, 0x8000U);
    assert_true(rax() == 0xFFFF8000U);
    insn = DECODE(64, 0x66, 0x0F, 0xBE, 0x07);
    set_rax(0U);
    insn_complete_read(ID, &insn, 0xFFU);
    assert_true(rax() == 0xFFFFU);
    insn = DECODE(64, 0x48, 0x63, 0x07);
    insn_complete_read(ID, &insn, 0x7FFFFFFFU);
    assert_true(rax() == 0x7FFFFFFFU);
}

static void stores_give_their_width(void **state)
{
    struct insn insn;
    (void)state;
    set_rax(0x1122334455667788U);
    insn = DECODE(64, 0x88, 0x07);
    assert_true(insn_memory_value(ID, &insn, 0U) == 0x88U);
    insn = DECODE(64, 0x88, 0x27);
    assert_true(insn_memory_value(ID, &insn, 0U) == 0x77U);
    insn = DECODE(64, 0x89, 0x07);
    assert_true(insn_memory_value(ID, &insn, 0U) == 0x55667788U);
    insn = DECODE(64, 0x48, 0xAB);
    assert_true(insn_memory_value(ID, &insn, 0U) == 0x1122334455667788U);
    insn = DECODE(64, 0xC7, 0x07, 1, 0, 0, 0x80);
    assert_true(insn_memory_value(ID, &insn, 0U) == 0x80000001U);
    insn = DECODE(64, 0x48, 0xC7, 0x07, 1, 0, 0, 0x80);
    assert_true(insn_memory_value(ID, &insn, 0U) == 0xFFFFFFFF80000001U);
    insn = DECODE(64, 0xA5);
    assert_true(insn_memory_value(ID, &insn, 0xFFFFFFFF12345678U) == 0x12345678U);
    assert_int_equal(flags(), 0U);
}

static void xchg_swaps(void **state)
{
    struct insn insn = DECODE(64, 0x87, 0x07);
    (void)state;
    set_rax(0xFFFFFFFF00000001U);
    assert_true(insn_memory_value(ID, &insn, 0x22U) == 1U);
    assert_true(rax() == 0x22U);
}

static void read_modify_write_sets_the_flags(void **state)
{
    static const struct { uint8_t opcode; uint32_t old, operand, result, flags; } step[] = {
        { 0x01U, 1U, 2U, 3U, PF },                                      /* ADD */
        { 0x01U, 0xFFFFFFFFU, 1U, 0U, CF | ZF | PF | AF },
        { 0x01U, 0x7FFFFFFFU, 1U, 0x80000000U, OF | SF | AF | PF },
        { 0x01U, 0x80000000U, 0x80000000U, 0U, CF | OF | ZF | PF },
        { 0x29U, 5U, 5U, 0U, ZF | PF },                                 /* SUB */
        { 0x29U, 0U, 1U, 0xFFFFFFFFU, CF | SF | PF | AF },
        { 0x29U, 0x80000000U, 1U, 0x7FFFFFFFU, OF | AF | PF },
        { 0x29U, 0x10U, 1U, 0x0FU, AF | PF },
        { 0x21U, 0xF0U, 0x3CU, 0x30U, PF },                             /* AND */
        { 0x21U, 0xF0U, 0x0FU, 0U, ZF | PF },
        { 0x09U, 0x80000000U, 1U, 0x80000001U, SF },                    /* OR */
        { 0x31U, 0xFFU, 0xFFU, 0U, ZF | PF },                           /* XOR */
    };
    (void)state;
    for (size_t i = 0U; i < sizeof(step) / sizeof(step[0]); i++) {
        struct insn insn = DECODE(64, step[i].opcode, 0x07);
        vcpu_regs[ID].rflags = 0x202U | STATUS_FLAGS;
        set_rax(0xABCD000000000000U | step[i].operand);
        assert_true(insn_memory_value(ID, &insn, step[i].old) == step[i].result);
        assert_int_equal(flags(), step[i].flags);
        assert_int_equal(vcpu_regs[ID].rflags & ~(uint64_t)STATUS_FLAGS, 0x202U);
        assert_true(rax() == (0xABCD000000000000U | step[i].operand));
    }
}

static void operations_on_a_register_write_it_and_the_flags(void **state)
{
    struct insn insn = DECODE(64, 0x2B, 0x07); /* sub (%rdi),%eax */
    (void)state;
    set_rax(0xFFFFFFFF00000003U);
    insn_complete_read(ID, &insn, 5U);
    assert_true(rax() == 0xFFFFFFFEU);
    assert_int_equal(flags(), CF | SF | AF);
    insn = DECODE(64, 0x02, 0x27); /* add (%rdi),%ah */
    set_rax(0xFF11U);
    insn_complete_read(ID, &insn, 1U);
    assert_true(rax() == 0x0011U);
    assert_int_equal(flags(), CF | ZF | PF | AF);
}

static void cmp_minds_which_operand_comes_first(void **state)
{
    struct insn insn = DECODE(64, 0x39, 0x07); /* memory - eax */
    (void)state;
    set_rax(7U);
    insn_complete_read(ID, &insn, 5U);
    assert_int_equal(flags(), CF | SF | AF);
    insn = DECODE(64, 0x3B, 0x07); /* eax - memory */
    insn_complete_read(ID, &insn, 5U);
    assert_int_equal(flags(), 0U);
    insn = DECODE(64, 0x83, 0x3F, 0xFF); /* cmpl $-1 */
    insn_complete_read(ID, &insn, 0xFFFFFFFFU);
    assert_int_equal(flags(), ZF | PF);
    assert_true(rax() == 7U);
}

static void test_changes_flags_only(void **state)
{
    struct insn insn = DECODE(64, 0xF6, 0x07, 0x80); /* testb $0x80 */
    (void)state;
    vcpu_regs[ID].rflags = CF | OF;
    insn_complete_read(ID, &insn, 0x80U);
    assert_int_equal(flags(), SF);
    insn_complete_read(ID, &insn, 0x7FU);
    assert_int_equal(flags(), ZF | PF);
}

static void bt_copies_one_bit_to_carry(void **state)
{
    struct insn insn = DECODE(64, 0x0F, 0xBA, 0x27, 0x2C); /* btl $44 = bit 12 */
    (void)state;
    vcpu_regs[ID].rflags = ZF;
    insn_complete_read(ID, &insn, 0x1000U);
    assert_int_equal(flags(), ZF | CF);
    insn_complete_read(ID, &insn, 0xFFFFEFFFU);
    assert_int_equal(flags(), ZF);
    insn = DECODE(64, 0x0F, 0xA3, 0x07); /* bt %eax */
    set_rax(33U);
    insn_complete_read(ID, &insn, 2U);
    assert_int_equal(flags(), ZF | CF);
    insn = DECODE(64, 0x66, 0x0F, 0xA3, 0x07);
    set_rax(0xFFFFU); /* offset -1: bit 15 of the word before */
    insn_complete_read(ID, &insn, 0x8000U);
    assert_int_equal(flags(), ZF | CF);
}

static void wide_operations_use_all_64_bits(void **state)
{
    struct insn insn = DECODE(64, 0x48, 0x01, 0x07);
    (void)state;
    set_rax(1U);
    assert_true(insn_memory_value(ID, &insn, 0x7FFFFFFFFFFFFFFFU) == 0x8000000000000000U);
    assert_int_equal(flags(), OF | SF | AF | PF);
    assert_true(insn_memory_value(ID, &insn, ALL) == 0U);
    assert_int_equal(flags(), CF | ZF | AF | PF);
}

/* ---- against the processor ---- */

/* One line a width: the instruction on the host's registers, its result and flags. */
#define NATIVE(mnemonic, type, suffix)                                                                       \
    do {                                                                                                 \
        type value = (type)left;                                                                         \
        __asm__ volatile(mnemonic suffix " %[r],%[v]\n\tpushfq\n\tpop %[f]"                                  \
                         : [v] "+q"(value), [f] "=r"(native_flags)                                       \
                         : [r] "q"((type)right)                                                          \
                         : "cc");                                                                        \
        native = (uint64_t)value;                                                                        \
    } while (0)

#define AGREES(mnemonic, name, mask)                                                                         \
    static void name(uint32_t opcode, uint32_t size, uint64_t left, uint64_t right)                      \
    {                                                                                                    \
        uint64_t native = 0U;                                                                            \
        uint64_t native_flags = 0U;                                                                      \
        uint8_t bytes[3] = { (size == 2U) ? 0x66U : ((size == 8U) ? 0x48U : 0x40U),                      \
                             (uint8_t)(opcode | ((size == 1U) ? 0U : 1U)), 0x07U };                      \
        struct insn decoded = insn_decode(bytes, 3U, 64U);                                               \
        switch (size) {                                                                                  \
        case 1U: NATIVE(mnemonic, uint8_t, "b"); break;                                                      \
        case 2U: NATIVE(mnemonic, uint16_t, "w"); break;                                                     \
        case 4U: NATIVE(mnemonic, uint32_t, "l"); break;                                                     \
        default: NATIVE(mnemonic, uint64_t, "q"); break;                                                     \
        }                                                                                                \
        assert_int_equal(decoded.size, size);                                                            \
        set_rax(right);                                                                                  \
        if (decoded.memory_is_dest) {                                                                    \
            assert_true(insn_memory_value(ID, &decoded, left) == native);                                \
        } else {                                                                                         \
            insn_complete_read(ID, &decoded, left);                                                      \
        }                                                                                                \
        assert_int_equal(flags() & (mask), native_flags & (mask));                                       \
    }

AGREES("add", add_agrees, STATUS_FLAGS)
AGREES("sub", sub_agrees, STATUS_FLAGS)
AGREES("cmp", cmp_agrees, STATUS_FLAGS)
AGREES("and", and_agrees, STATUS_FLAGS & ~AF) /* AF is undefined after logic */
AGREES("or", or_agrees, STATUS_FLAGS & ~AF)
AGREES("xor", xor_agrees, STATUS_FLAGS & ~AF)
AGREES("test", test_agrees, STATUS_FLAGS & ~AF)

/* REQ-IO-008 */
static void results_and_flags_are_the_processors(void **state)
{
    static const uint64_t edge[] = { 0U, 1U, 0x7FU, 0x80U, 0xFFU, 0x7FFFU, 0x8000U, 0xFFFFU, 0x7FFFFFFFU, 0x80000000U,
                                     0xFFFFFFFFU, 0x7FFFFFFFFFFFFFFFU, 0x8000000000000000U, ALL };
    const uint32_t edges = sizeof(edge) / sizeof(edge[0]);
    (void)state;
    random_state = 0xB5AD4ECEDA1CE2A9U;
    for (uint32_t i = 0U; i < 20000U; i++) {
        bool first = i < (edges * edges);
        uint64_t left = first ? edge[i / edges] : random_next64();
        uint64_t right = first ? edge[i % edges] : random_next64();
        for (uint32_t size = 1U; size <= 8U; size *= 2U) {
            add_agrees(0x00U, size, left, right);
            or_agrees(0x08U, size, left, right);
            and_agrees(0x20U, size, left, right);
            sub_agrees(0x28U, size, left, right);
            xor_agrees(0x30U, size, left, right);
            cmp_agrees(0x38U, size, left, right);
            test_agrees(0x84U, size, left, right);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(loads_write_what_their_width_says), T(extending_loads_extend), T(stores_give_their_width), T(xchg_swaps),
        T(read_modify_write_sets_the_flags), T(operations_on_a_register_write_it_and_the_flags),
        T(cmp_minds_which_operand_comes_first), T(test_changes_flags_only), T(bt_copies_one_bit_to_carry),
        T(wide_operations_use_all_64_bits), T(results_and_flags_are_the_processors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
