/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/decode.c core/insn_apply.c */
/* The instruction decoder: every form, every truncation, any bytes. */
#include "decode_helpers.h"

struct sample {
    const char *text;
    uint32_t mode;
    uint8_t bytes[INSN_MAX];
    uint32_t length;
    enum insn_op op;
    uint32_t size;
    uint32_t reg_size;
    uint32_t reg;
    bool high;
    bool memory_is_dest;
    bool memory_first;
    uint64_t immediate;
};

/* Encodings as GNU as writes them. */
static const struct sample samples[] = {
    { "mov %al,(%rdi)", 64, { 0x88, 0x07 }, 2, INSN_STORE, 1, 1, GPR_RAX, false, true, false, 0 },
    { "mov %ah,(%rdi)", 64, { 0x88, 0x27 }, 2, INSN_STORE, 1, 1, GPR_RAX, true, true, false, 0 },
    { "mov %bh,(%rdi)", 64, { 0x88, 0x3F }, 2, INSN_STORE, 1, 1, GPR_RBX, true, true, false, 0 },
    { "mov %sil,(%rdi)", 64, { 0x40, 0x88, 0x37 }, 3, INSN_STORE, 1, 1, GPR_RSI, false, true, false, 0 },
    { "mov %r9b,(%rdi)", 64, { 0x44, 0x88, 0x0F }, 3, INSN_STORE, 1, 1, GPR_R9, false, true, false, 0 },
    { "mov %ebp,(%rdi)", 64, { 0x89, 0x2F }, 2, INSN_STORE, 4, 4, GPR_RBP, false, true, false, 0 },
    { "mov %bp,(%rdi)", 64, { 0x66, 0x89, 0x2F }, 3, INSN_STORE, 2, 2, GPR_RBP, false, true, false, 0 },
    { "mov %r15,(%rdi)", 64, { 0x4C, 0x89, 0x3F }, 3, INSN_STORE, 8, 8, GPR_R15, false, true, false, 0 },
    { "data16 mov %rax,(%rdi)", 64, { 0x66, 0x48, 0x89, 0x07 }, 4, INSN_STORE, 8, 8, GPR_RAX, false, true, false, 0 },
    { "mov (%rdi),%cl", 64, { 0x8A, 0x0F }, 2, INSN_LOAD, 1, 1, GPR_RCX, false, false, false, 0 },
    { "mov (%rdi),%ch", 64, { 0x8A, 0x2F }, 2, INSN_LOAD, 1, 1, GPR_RCX, true, false, false, 0 },
    { "mov 0x4(%rdi),%eax", 64, { 0x8B, 0x47, 0x04 }, 3, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "mov 0x12345678(%rdi),%eax", 64, { 0x8B, 0x87, 0x78, 0x56, 0x34, 0x12 }, 6, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "mov 0x10(%rip),%eax", 64, { 0x8B, 0x05, 0x10, 0, 0, 0 }, 6, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "mov (%rax,%rcx,4),%edx", 64, { 0x8B, 0x14, 0x88 }, 3, INSN_LOAD, 4, 4, GPR_RDX, false, false, false, 0 },
    { "mov 0x8(%rax,%rcx,4),%edx", 64, { 0x8B, 0x54, 0x88, 0x08 }, 4, INSN_LOAD, 4, 4, GPR_RDX, false, false, false, 0 },
    { "mov 0x100(%rax,%rcx,4),%edx", 64, { 0x8B, 0x94, 0x88, 0, 1, 0, 0 }, 7, INSN_LOAD, 4, 4, GPR_RDX, false, false, false, 0 },
    { "mov 0xfee00030,%eax (no base)", 64, { 0x8B, 0x04, 0x25, 0x30, 0, 0xE0, 0xFE }, 7, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "mov (%r12),%eax", 64, { 0x41, 0x8B, 0x04, 0x24 }, 4, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "mov 0x0(%r13),%eax", 64, { 0x41, 0x8B, 0x45, 0x00 }, 4, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "mov 0x0(,%r13,1) base r13", 64, { 0x43, 0x8B, 0x44, 0x2D, 0x00 }, 5, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "movabs 0x1122334455667788,%eax", 64, { 0xA1, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11 }, 9, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "movabs %rax,...", 64, { 0x48, 0xA3, 1, 2, 3, 4, 5, 6, 7, 8 }, 10, INSN_STORE, 8, 8, GPR_RAX, false, true, false, 0 },
    { "addr32 mov %al,0x1000", 64, { 0x67, 0xA2, 0, 0x10, 0, 0 }, 6, INSN_STORE, 1, 1, GPR_RAX, false, true, false, 0 },
    { "mov 0xfee00030,%eax", 32, { 0xA1, 0x30, 0, 0xE0, 0xFE }, 5, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "mov 0xf000,%al", 16, { 0xA0, 0, 0xF0 }, 3, INSN_LOAD, 1, 1, GPR_RAX, false, false, false, 0 },
    { "movb $0x12,(%rdi)", 64, { 0xC6, 0x07, 0x12 }, 3, INSN_STORE_IMM, 1, 1, IMM, false, true, false, 0x12 },
    { "movl $0x80000001,(%rdi)", 64, { 0xC7, 0x07, 0x01, 0, 0, 0x80 }, 6, INSN_STORE_IMM, 4, 4, IMM, false, true, false, 0xFFFFFFFF80000001U },
    { "movw $0x1234,(%rdi)", 64, { 0x66, 0xC7, 0x07, 0x34, 0x12 }, 5, INSN_STORE_IMM, 2, 2, IMM, false, true, false, 0x1234 },
    { "movq $-2,(%rdi)", 64, { 0x48, 0xC7, 0x07, 0xFE, 0xFF, 0xFF, 0xFF }, 7, INSN_STORE_IMM, 8, 8, IMM, false, true, false, 0xFFFFFFFFFFFFFFFEU },
    { "movl $1,0x300(%rdi)", 64, { 0xC7, 0x87, 0, 3, 0, 0, 1, 0, 0, 0 }, 10, INSN_STORE_IMM, 4, 4, IMM, false, true, false, 1 },
    { "movzbl (%rdi),%eax", 64, { 0x0F, 0xB6, 0x07 }, 3, INSN_LOAD_ZERO_EXT, 1, 4, GPR_RAX, false, false, false, 0 },
    { "movzbl (%rdi),%esp", 64, { 0x0F, 0xB6, 0x27 }, 3, INSN_LOAD_ZERO_EXT, 1, 4, GPR_RSP, false, false, false, 0 },
    { "movzwq (%rdi),%r8", 64, { 0x4C, 0x0F, 0xB7, 0x07 }, 4, INSN_LOAD_ZERO_EXT, 2, 8, GPR_R8, false, false, false, 0 },
    { "movsbw (%rdi),%ax", 64, { 0x66, 0x0F, 0xBE, 0x07 }, 4, INSN_LOAD_SIGN_EXT, 1, 2, GPR_RAX, false, false, false, 0 },
    { "movswl (%rdi),%eax", 64, { 0x0F, 0xBF, 0x07 }, 3, INSN_LOAD_SIGN_EXT, 2, 4, GPR_RAX, false, false, false, 0 },
    { "movslq (%rdi),%rax", 64, { 0x48, 0x63, 0x07 }, 3, INSN_LOAD_SIGN_EXT, 4, 8, GPR_RAX, false, false, false, 0 },
    { "movsxd (%rdi),%ax", 64, { 0x66, 0x63, 0x07 }, 3, INSN_LOAD_SIGN_EXT, 2, 2, GPR_RAX, false, false, false, 0 },
    { "and %eax,(%rdi)", 64, { 0x21, 0x07 }, 2, INSN_AND, 4, 4, GPR_RAX, false, true, true, 0 },
    { "and (%rdi),%eax", 64, { 0x23, 0x07 }, 2, INSN_AND, 4, 4, GPR_RAX, false, false, false, 0 },
    { "or %al,(%rdi)", 64, { 0x08, 0x07 }, 2, INSN_OR, 1, 1, GPR_RAX, false, true, true, 0 },
    { "or (%rdi),%ah", 64, { 0x0A, 0x27 }, 2, INSN_OR, 1, 1, GPR_RAX, true, false, false, 0 },
    { "xor (%rdi),%r9", 64, { 0x4C, 0x33, 0x0F }, 3, INSN_XOR, 8, 8, GPR_R9, false, false, false, 0 },
    { "lock add %eax,(%rdi)", 64, { 0xF0, 0x01, 0x07 }, 3, INSN_ADD, 4, 4, GPR_RAX, false, true, true, 0 },
    { "sub %cx,(%rdi)", 64, { 0x66, 0x29, 0x0F }, 3, INSN_SUB, 2, 2, GPR_RCX, false, true, true, 0 },
    { "cmp %eax,(%rdi)", 64, { 0x39, 0x07 }, 2, INSN_CMP, 4, 4, GPR_RAX, false, false, true, 0 },
    { "cmp (%rdi),%eax", 64, { 0x3B, 0x07 }, 2, INSN_CMP, 4, 4, GPR_RAX, false, false, false, 0 },
    { "orl $0x100,(%rdi)", 64, { 0x81, 0x0F, 0, 1, 0, 0 }, 6, INSN_OR, 4, 4, IMM, false, true, true, 0x100 },
    { "andl $-2,(%rdi)", 64, { 0x83, 0x27, 0xFE }, 3, INSN_AND, 4, 4, IMM, false, true, true, 0xFFFFFFFFFFFFFFFEU },
    { "andb $0xfe,(%rdi)", 64, { 0x80, 0x27, 0xFE }, 3, INSN_AND, 1, 1, IMM, false, true, true, 0xFFFFFFFFFFFFFFFEU },
    { "cmpl $5,(%rdi)", 64, { 0x83, 0x3F, 0x05 }, 3, INSN_CMP, 4, 4, IMM, false, false, true, 5 },
    { "cmpb $0xff,0x10(%rdi)", 64, { 0x80, 0x7F, 0x10, 0xFF }, 4, INSN_CMP, 1, 1, IMM, false, false, true, 0xFFFFFFFFFFFFFFFFU },
    { "test %al,(%rdi)", 64, { 0x84, 0x07 }, 2, INSN_TEST, 1, 1, GPR_RAX, false, false, false, 0 },
    { "test %eax,(%rdi)", 64, { 0x85, 0x07 }, 2, INSN_TEST, 4, 4, GPR_RAX, false, false, false, 0 },
    { "testb $1,(%rdi)", 64, { 0xF6, 0x07, 0x01 }, 3, INSN_TEST, 1, 1, IMM, false, false, false, 1 },
    { "testl $0x1000,(%rdi)", 64, { 0xF7, 0x07, 0, 0x10, 0, 0 }, 6, INSN_TEST, 4, 4, IMM, false, false, false, 0x1000 },
    { "xchg %eax,(%rdi)", 64, { 0x87, 0x07 }, 2, INSN_XCHG, 4, 4, GPR_RAX, false, true, false, 0 },
    { "xchg %dh,(%rdi)", 64, { 0x86, 0x37 }, 2, INSN_XCHG, 1, 1, GPR_RDX, true, true, false, 0 },
    { "bt %eax,(%rdi)", 64, { 0x0F, 0xA3, 0x07 }, 3, INSN_BT, 4, 4, GPR_RAX, false, false, false, 0 },
    { "btl $12,(%rdi)", 64, { 0x0F, 0xBA, 0x27, 0x0C }, 4, INSN_BT, 4, 4, IMM, false, false, false, 12 },
    { "movnti %eax,(%rdi)", 64, { 0x0F, 0xC3, 0x07 }, 3, INSN_STORE, 4, 4, GPR_RAX, false, true, false, 0 },
    { "movnti %rax,(%rdi)", 64, { 0x48, 0x0F, 0xC3, 0x07 }, 4, INSN_STORE, 8, 8, GPR_RAX, false, true, false, 0 },
    { "stos %al", 64, { 0xAA }, 1, INSN_STOS, 1, 1, GPR_RAX, false, true, false, 0 },
    { "stos %rax", 64, { 0x48, 0xAB }, 2, INSN_STOS, 8, 8, GPR_RAX, false, true, false, 0 },
    { "movsb", 64, { 0xA4 }, 1, INSN_MOVS, 1, 1, GPR_RAX, false, true, false, 0 },
    { "movsl", 32, { 0xA5 }, 1, INSN_MOVS, 4, 4, GPR_RAX, false, true, false, 0 },
    { "mov %cr8,%rax", 64, { 0x44, 0x0F, 0x20, 0xC0 }, 4, INSN_MOV_CR, 8, 8, GPR_RAX, false, false, false, 8 },
    { "mov %rdi,%cr8", 64, { 0x44, 0x0F, 0x22, 0xC7 }, 4, INSN_MOV_CR, 8, 8, GPR_RDI, false, false, false, 8 },
    { "mov %r9,%cr3", 64, { 0x41, 0x0F, 0x22, 0xD9 }, 4, INSN_MOV_CR, 8, 8, GPR_R9, false, false, false, 3 },
    { "mov %cr0,%eax", 32, { 0x0F, 0x20, 0xC0 }, 3, INSN_MOV_CR, 4, 4, GPR_RAX, false, false, false, 0 },
    { "lock mov %cr0,%eax = cr8", 32, { 0xF0, 0x0F, 0x20, 0xC0 }, 4, INSN_MOV_CR, 4, 4, GPR_RAX, false, false, false, 8 },
    { "mov %cr0,(mod 0)", 32, { 0x0F, 0x20, 0x05 }, 3, INSN_MOV_CR, 4, 4, GPR_RBP, false, false, false, 0 },
    /* 16 and 32-bit code */
    { "mov (%bx,%si),%ax", 16, { 0x8B, 0x00 }, 2, INSN_LOAD, 2, 2, GPR_RAX, false, false, false, 0 },
    { "mov 0x1234,%ax by modrm", 16, { 0x8B, 0x06, 0x34, 0x12 }, 4, INSN_LOAD, 2, 2, GPR_RAX, false, false, false, 0 },
    { "mov 0x5(%bp),%ax", 16, { 0x8B, 0x46, 0x05 }, 3, INSN_LOAD, 2, 2, GPR_RAX, false, false, false, 0 },
    { "mov 0x1234(%si),%ax", 16, { 0x8B, 0x84, 0x34, 0x12 }, 4, INSN_LOAD, 2, 2, GPR_RAX, false, false, false, 0 },
    { "mov (%esp),%eax", 16, { 0x66, 0x67, 0x8B, 0x04, 0x24 }, 5, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "movw $0x1234,(%di)", 16, { 0xC7, 0x05, 0x34, 0x12 }, 4, INSN_STORE_IMM, 2, 2, IMM, false, true, false, 0x1234 },
    { "movl $1,%fs:(%eax)", 16, { 0x64, 0x66, 0x67, 0xC7, 0x00, 1, 0, 0, 0 }, 9, INSN_STORE_IMM, 4, 4, IMM, false, true, false, 1 },
    { "movnti %eax,(%bx)", 16, { 0x0F, 0xC3, 0x07 }, 3, INSN_STORE, 4, 4, GPR_RAX, false, true, false, 0 },
    { "mov (%bx),%eax", 32, { 0x67, 0x8B, 0x07 }, 3, INSN_LOAD, 4, 4, GPR_RAX, false, false, false, 0 },
    { "mov 0x12345678,%ecx", 32, { 0x8B, 0x0D, 0x78, 0x56, 0x34, 0x12 }, 6, INSN_LOAD, 4, 4, GPR_RCX, false, false, false, 0 },
    { "mov %bp,(%edi)", 32, { 0x66, 0x89, 0x2F }, 3, INSN_STORE, 2, 2, GPR_RBP, false, true, false, 0 },
};

/* REQ-IO-008 */
static void every_form_is_decoded(void **state)
{
    (void)state;
    for (size_t i = 0U; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const struct sample *s = &samples[i];
        struct insn insn = decode_exact(s->bytes, s->length, s->mode);
        bool same = (insn.op == s->op) && (insn.length == s->length) && (insn.size == s->size) &&
                    (insn.reg_size == s->reg_size) && (insn.reg == s->reg) && (insn.high == s->high) &&
                    (insn.memory_is_dest == s->memory_is_dest) && (insn.memory_first == s->memory_first) &&
                    (insn.immediate == s->immediate) && !insn.repeat;
        if (!same) {
            fail_msg("%s: op %d length %u size %u/%u reg %u high %d dest %d first %d imm %llx", s->text, (int)insn.op,
                     insn.length, insn.size, insn.reg_size, insn.reg, insn.high, insn.memory_is_dest,
                     insn.memory_first, (unsigned long long)insn.immediate);
        }
    }
}

/* REQ-ISO-022 */
static void every_truncation_is_invalid(void **state)
{
    (void)state;
    for (size_t i = 0U; i < sizeof(samples) / sizeof(samples[0]); i++) {
        for (uint32_t size = 0U; size < samples[i].length; size++) {
            struct insn insn = decode_exact(samples[i].bytes, size, samples[i].mode);
            if (insn.op != INSN_INVALID) {
                fail_msg("%s cut to %u bytes is valid", samples[i].text, size);
            }
        }
    }
}

static void what_follows_an_instruction_does_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0U; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint8_t bytes[32];
        memset(bytes, 0xF0, sizeof(bytes));
        memcpy(bytes, samples[i].bytes, samples[i].length);
        assert_int_equal(decode_exact(bytes, sizeof(bytes), samples[i].mode).length, samples[i].length);
    }
}

/* REQ-IO-008 */
static void register_operands_are_refused(void **state)
{
    (void)state;
    assert_int_equal(DECODE(64, 0x89, 0xC0).op, INSN_INVALID);
    assert_int_equal(DECODE(64, 0x81, 0xC0, 0, 0, 0, 0).op, INSN_INVALID);
    assert_int_equal(DECODE(64, 0x0F, 0xB6, 0xC0).op, INSN_INVALID);
    assert_int_equal(DECODE(64, 0xC7, 0xC0, 0, 0, 0, 0).op, INSN_INVALID);
}

/* REQ-IO-008 */
static void unknown_instructions_are_refused(void **state)
{
    (void)state;
    assert_int_equal(DECODE(64, 0x11, 0x07).op, INSN_INVALID);                  /* ADC */
    assert_int_equal(DECODE(64, 0x83, 0x17, 0x01).op, INSN_INVALID);            /* ADC imm */
    assert_int_equal(DECODE(64, 0x1B, 0x07).op, INSN_INVALID);                  /* SBB */
    assert_int_equal(DECODE(64, 0x04, 0x07).op, INSN_INVALID);                  /* ADD AL, imm */
    assert_int_equal(DECODE(64, 0xF7, 0x17, 0, 0, 0, 0).op, INSN_INVALID);      /* NOT */
    assert_int_equal(DECODE(64, 0xC7, 0x0F, 0, 0, 0, 0).op, INSN_INVALID);      /* C7 /1 */
    assert_int_equal(DECODE(64, 0x0F, 0xBA, 0x2F, 0x01).op, INSN_INVALID);      /* BTS */
    assert_int_equal(DECODE(64, 0x0F, 0xB1, 0x07).op, INSN_INVALID);            /* CMPXCHG */
    assert_int_equal(DECODE(64, 0x66, 0x0F, 0xC3, 0x07).op, INSN_INVALID);      /* MOVNTI has no 16-bit form */
    assert_int_equal(DECODE(16, 0x66, 0x0F, 0xC3, 0x07).op, INSN_INVALID);
    assert_int_equal(DECODE(64, 0xC5, 0xF8, 0x10, 0x07).op, INSN_INVALID);      /* VEX */
    assert_int_equal(DECODE(64, 0x0F, 0x38, 0xF0, 0x07).op, INSN_INVALID);      /* MOVBE */
    assert_int_equal(DECODE(32, 0x63, 0x07).op, INSN_INVALID);                  /* ARPL */
    assert_int_equal(DECODE(32, 0x48, 0x89, 0x07).op, INSN_INVALID);            /* DEC: no REX in 32-bit code */
    assert_int_equal(DECODE(32, 0x40, 0x07).op, INSN_INVALID);                  /* INC */
    assert_int_equal(DECODE(64, 0x82, 0x07, 0x00).op, INSN_INVALID);
    assert_int_equal(DECODE(64, 0x90).op, INSN_INVALID);
}

static void rex_counts_only_directly_before_the_opcode(void **state)
{
    (void)state;
    struct insn insn = DECODE(64, 0x48, 0x66, 0x89, 0x07);

    assert_int_equal(insn.size, 2U);
    assert_int_equal(insn.length, 4U);
    insn = DECODE(64, 0x40, 0x48, 0x89, 0x07);
    assert_int_equal(insn.size, 8U);
}

static void an_instruction_has_at_most_15_bytes(void **state)
{
    uint8_t bytes[32];
    (void)state;
    memset(bytes, 0x66, sizeof(bytes));
    bytes[13] = 0x89U;
    bytes[14] = 0x07U;
    assert_int_equal(decode_exact(bytes, sizeof(bytes), 64U).length, 15U);
    assert_int_equal(decode_exact(bytes, sizeof(bytes), 64U).op, INSN_STORE);
    bytes[13] = 0x66U;
    bytes[14] = 0x89U;
    bytes[15] = 0x07U;
    assert_int_equal(decode_exact(bytes, sizeof(bytes), 64U).op, INSN_INVALID);
    memset(bytes, 0x66, sizeof(bytes));
    assert_int_equal(decode_exact(bytes, sizeof(bytes), 64U).op, INSN_INVALID);
}

static void string_instructions_know_their_addresses(void **state)
{
    (void)state;
    assert_true(DECODE(64, 0xF3, 0x48, 0xAB).repeat);
    assert_true(DECODE(64, 0xF2, 0xAA).repeat);
    assert_int_equal(DECODE(64, 0xA4).address_size, 8U);
    assert_int_equal(DECODE(64, 0x67, 0xA4).address_size, 4U);
    assert_int_equal(DECODE(32, 0xA4).address_size, 4U);
    assert_int_equal(DECODE(32, 0x67, 0xA4).address_size, 2U);
    assert_int_equal(DECODE(16, 0xA4).address_size, 2U);
    assert_int_equal(DECODE(16, 0x67, 0xA4).address_size, 4U);
    assert_int_equal(DECODE(32, 0xA4).segment, SEG_DS);
    assert_int_equal(DECODE(32, 0x26, 0xA4).segment, SEG_ES);
    assert_int_equal(DECODE(32, 0x2E, 0xA4).segment, SEG_CS);
    assert_int_equal(DECODE(32, 0x36, 0xA4).segment, SEG_SS);
    assert_int_equal(DECODE(32, 0x3E, 0xA4).segment, SEG_DS);
    assert_int_equal(DECODE(64, 0x64, 0xA4).segment, SEG_FS);
    assert_int_equal(DECODE(64, 0x65, 0xA4).segment, SEG_GS);
    assert_int_equal(DECODE(64, 0x26, 0xA4).segment, SEG_DS); /* ignored in 64-bit code */
}

/* ---- any bytes ---- */

static void check_any(const uint8_t *bytes, uint32_t size, uint32_t mode)
{
    struct insn insn = decode_exact(bytes, size, mode);

    assert_true(insn.length <= size);
    assert_true(insn.length <= INSN_MAX);
    if (insn.op != INSN_INVALID) {
        struct insn again = decode_exact(bytes, insn.length, mode);
        assert_true(insn.length > 0U);
        assert_true((insn.size == 1U) || (insn.size == 2U) || (insn.size == 4U) || (insn.size == 8U));
        assert_true((insn.reg_size >= insn.size) && (insn.reg_size <= 8U));
        assert_true(insn.reg <= (uint32_t)GPR_COUNT);
        assert_true(!insn.high || ((insn.reg < 4U) && (insn.reg_size == 1U)));
        assert_true((mode == 64U) || (insn.reg < 8U) || (insn.reg == IMM));
        assert_int_equal(again.op, insn.op);
        assert_int_equal(again.length, insn.length);
        assert_int_equal(decode_exact(bytes, insn.length - 1U, mode).op, INSN_INVALID);
        (void)insn_memory_value(ID, &insn, ((uint64_t)random_next() << 32U) | random_next());
        insn_complete_read(ID, &insn, ((uint64_t)random_next() << 32U) | random_next());
    }
}

/* REQ-ISO-022 */
static void any_bytes_are_decoded_within_their_bounds(void **state)
{
    static const uint32_t mode[3] = { 16U, 32U, 64U };
    static const uint8_t prefix[] = { 0x66, 0x67, 0xF0, 0xF2, 0xF3, 0x2E, 0x64, 0x48, 0x44, 0x41, 0x0F };
    (void)state;
    random_state = 0x9E3779B97F4A7C15U;
    for (uint32_t round = 0U; round < 300000U; round++) {
        uint8_t bytes[20];
        uint32_t size = random_next() % 20U;
        uint32_t prefixes = random_next() % 5U;
        for (uint32_t i = 0U; i < size; i++) {
            bytes[i] = (i < prefixes) ? prefix[random_next() % sizeof(prefix)] : (uint8_t)random_next();
        }
        check_any(bytes, size, mode[round % 3U]);
    }
}

/* REQ-ISO-022 */
static void every_opcode_and_modrm_is_decoded_within_bounds(void **state)
{
    (void)state;
    random_state = 1U;
    for (uint32_t first = 0U; first < 0x10000U; first++) {
        uint8_t bytes[INSN_MAX] = { (uint8_t)(first >> 8U), (uint8_t)first, 0x24, 0x25, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
        uint8_t two[INSN_MAX] = { 0x0F, (uint8_t)(first >> 8U), (uint8_t)first, 0x25, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };
        check_any(bytes, INSN_MAX, 64U);
        check_any(two, INSN_MAX, 64U);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(every_form_is_decoded), T(every_truncation_is_invalid), T(what_follows_an_instruction_does_not_matter),
        T(register_operands_are_refused), T(unknown_instructions_are_refused),
        T(rex_counts_only_directly_before_the_opcode), T(an_instruction_has_at_most_15_bytes),
        T(string_instructions_know_their_addresses), T(any_bytes_are_decoded_within_their_bounds),
        T(every_opcode_and_modrm_is_decoded_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
