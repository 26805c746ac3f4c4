/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instruction decoder: prefixes, opcode, ModRM and immediates of the forms that
 * touch emulated memory. A form that is not in the tables below is
 * INSN_INVALID; so is one that runs past the bytes given, or past 15 bytes.
 * Encodings: Intel SDM 2, chapter 2 and appendix A; AMD APM 3, chapter 1.
 */
#include "core/decode.h"

#define MODE_64 64U

#define REX_B 1U
#define REX_R 4U
#define REX_W 8U

/* What follows the opcode, and what the instruction means. */
#define FORM_MEMORY_DEST 0x01U /* writes its memory operand */
#define FORM_IMMEDIATE   0x02U /* byte, or operand size (at most 4 bytes) */
#define FORM_IMMEDIATE8  0x04U
#define FORM_OFFSET      0x08U /* no ModRM: accumulator and an absolute offset */
#define FORM_STRING      0x10U /* no ModRM: implicit operands */
#define FORM_CONTROL     0x20U /* ModRM names a register and a control register */
#define FORM_GROUP_ALU   0x40U /* ModRM.reg chooses the operation */
#define FORM_GROUP       0x80U /* ModRM.reg must be in the rule's set */

#define SIZE_BY_BIT0 0U /* byte if bit 0 of the opcode is clear, else the operand size */
#define SIZE_OPERAND 16U
#define SIZE_QUAD_OR_DOUBLE 17U

struct rule {
    uint8_t opcode;
    uint8_t form;
    uint8_t size;   /* of the memory operand: SIZE_* or bytes */
    uint8_t group;  /* FORM_GROUP: bit n set: /n is this instruction */
    enum insn_op op;
};

static const struct rule one_byte[] = {
    { 0x63U, 0U, 4U, 0U, INSN_LOAD_SIGN_EXT }, /* MOVSXD, 64-bit mode only */
    { 0x80U, FORM_IMMEDIATE | FORM_GROUP_ALU, SIZE_BY_BIT0, 0U, INSN_INVALID },
    { 0x81U, FORM_IMMEDIATE | FORM_GROUP_ALU, SIZE_BY_BIT0, 0U, INSN_INVALID },
    { 0x83U, FORM_IMMEDIATE8 | FORM_GROUP_ALU, SIZE_BY_BIT0, 0U, INSN_INVALID },
    { 0x84U, 0U, SIZE_BY_BIT0, 0U, INSN_TEST },
    { 0x85U, 0U, SIZE_BY_BIT0, 0U, INSN_TEST },
    { 0x86U, FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_XCHG },
    { 0x87U, FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_XCHG },
    { 0x88U, FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_STORE },
    { 0x89U, FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_STORE },
    { 0x8AU, 0U, SIZE_BY_BIT0, 0U, INSN_LOAD },
    { 0x8BU, 0U, SIZE_BY_BIT0, 0U, INSN_LOAD },
    { 0xA0U, FORM_OFFSET, SIZE_BY_BIT0, 0U, INSN_LOAD },
    { 0xA1U, FORM_OFFSET, SIZE_BY_BIT0, 0U, INSN_LOAD },
    { 0xA2U, FORM_OFFSET | FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_STORE },
    { 0xA3U, FORM_OFFSET | FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_STORE },
    { 0xA4U, FORM_STRING | FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_MOVS },
    { 0xA5U, FORM_STRING | FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_MOVS },
    { 0xAAU, FORM_STRING | FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_STOS },
    { 0xABU, FORM_STRING | FORM_MEMORY_DEST, SIZE_BY_BIT0, 0U, INSN_STOS },
    { 0xC6U, FORM_IMMEDIATE | FORM_GROUP | FORM_MEMORY_DEST, SIZE_BY_BIT0, 0x01U, INSN_STORE_IMM },
    { 0xC7U, FORM_IMMEDIATE | FORM_GROUP | FORM_MEMORY_DEST, SIZE_BY_BIT0, 0x01U, INSN_STORE_IMM },
    { 0xF6U, FORM_IMMEDIATE | FORM_GROUP, SIZE_BY_BIT0, 0x03U, INSN_TEST }, /* /1 is an alias of /0 */
    { 0xF7U, FORM_IMMEDIATE | FORM_GROUP, SIZE_BY_BIT0, 0x03U, INSN_TEST },
};

static const struct rule two_byte[] = { /* after 0F */
    { 0x20U, FORM_CONTROL, SIZE_OPERAND, 0U, INSN_MOV_CR },
    { 0x22U, FORM_CONTROL, SIZE_OPERAND, 0U, INSN_MOV_CR },
    { 0xA3U, 0U, SIZE_OPERAND, 0U, INSN_BT },
    { 0xB6U, 0U, 1U, 0U, INSN_LOAD_ZERO_EXT },
    { 0xB7U, 0U, 2U, 0U, INSN_LOAD_ZERO_EXT },
    { 0xBAU, FORM_IMMEDIATE8 | FORM_GROUP, SIZE_OPERAND, 0x10U, INSN_BT },
    { 0xBEU, 0U, 1U, 0U, INSN_LOAD_SIGN_EXT },
    { 0xBFU, 0U, 2U, 0U, INSN_LOAD_SIGN_EXT },
    { 0xC3U, FORM_MEMORY_DEST, SIZE_QUAD_OR_DOUBLE, 0U, INSN_STORE }, /* MOVNTI */
};

/* Opcodes 00..3F in rows of eight, and /0../7 of group 1. ADC and SBB are not emulated. */
static const enum insn_op alu_row[8] = {
    INSN_ADD, INSN_OR, INSN_INVALID, INSN_INVALID, INSN_AND, INSN_SUB, INSN_XOR, INSN_CMP
};

struct cursor {
    const uint8_t *bytes;
    uint32_t available;
    uint32_t position;
    bool truncated;
};

struct prefixes {
    bool operand;
    bool address;
    bool repeat;
    bool lock;
    uint32_t rex;
    uint32_t segment; /* enum segment_id, or ID_NONE */
};

struct context {
    struct cursor in;
    struct prefixes prefix;
    uint32_t mode;
    uint32_t operand_size;
    struct insn out;
};

static uint32_t take(struct cursor *in)
{
    uint32_t byte = 0U;

    if (in->position < in->available) {
        byte = in->bytes[in->position];
        in->position++;
    } else {
        in->truncated = true;
    }
    return byte;
}

static uint64_t take_sized(struct cursor *in, uint32_t size)
{
    uint64_t value = 0U;

    for (uint32_t i = 0U; i < size; i++) {
        value |= (uint64_t)take(in) << (8U * i);
    }
    return value;
}

static uint64_t sign_extend(uint64_t value, uint32_t size)
{
    uint64_t result = value;

    if (size < 8U) {
        uint64_t sign = 1ULL << ((8U * size) - 1U);
        result = (value ^ sign) - sign;
    }
    return result;
}

/* Legacy prefixes; false: the byte is none. */
static bool apply_prefix(struct prefixes *prefix, uint32_t byte)
{
    bool known = true;

    switch (byte) {
    case 0x66U: prefix->operand = true; break;
    case 0x67U: prefix->address = true; break;
    case 0xF2U:
    case 0xF3U: prefix->repeat = true; break;
    case 0xF0U: prefix->lock = true; break;
    case 0x26U: prefix->segment = (uint32_t)SEG_ES; break;
    case 0x2EU: prefix->segment = (uint32_t)SEG_CS; break;
    case 0x36U: prefix->segment = (uint32_t)SEG_SS; break;
    case 0x3EU: prefix->segment = (uint32_t)SEG_DS; break;
    case 0x64U: prefix->segment = (uint32_t)SEG_FS; break;
    case 0x65U: prefix->segment = (uint32_t)SEG_GS; break;
    default: known = false; break;
    }
    return known;
}

/* Returns the first opcode byte. A REX prefix counts only directly before it (SDM 2, 2.2.1). */
static uint32_t take_prefixes(struct context *c)
{
    uint32_t byte = 0U;
    bool more = true;

    for (uint32_t i = 0U; more && (i < INSN_MAX); i++) {
        byte = take(&c->in);
        if (apply_prefix(&c->prefix, byte)) {
            c->prefix.rex = 0U;
        } else if ((c->mode == MODE_64) && ((byte & 0xF0U) == 0x40U)) {
            c->prefix.rex = byte;
        } else {
            more = false;
        }
    }
    return byte;
}

static uint32_t operand_size_of(const struct context *c)
{
    bool short_mode = (c->mode == 16U);
    uint32_t size = 4U;

    if ((c->prefix.rex & REX_W) != 0U) {
        size = 8U;
    } else if (short_mode != c->prefix.operand) {
        size = 2U;
    } else {
        size = 4U;
    }
    return size;
}

static uint32_t address_size_of(const struct context *c)
{
    bool short_mode = (c->mode == 16U);
    uint32_t size = 4U;

    if (c->mode == MODE_64) {
        size = c->prefix.address ? 4U : 8U;
    } else if (short_mode != c->prefix.address) {
        size = 2U;
    } else {
        size = 4U;
    }
    return size;
}

/* Bytes of displacement with 16-bit addresses (SDM 2, table 2-1). */
static uint32_t displacement16(uint32_t mod, uint32_t rm)
{
    uint32_t size = mod; /* mod 1: one byte, mod 2: two */

    if ((mod == 0U) && (rm == 6U)) {
        size = 2U;
    }
    return size;
}

/* With 32 and 64-bit addresses (tables 2-2 and 2-3); base: of the SIB byte, or rm. */
static uint32_t displacement32(uint32_t mod, uint32_t base)
{
    uint32_t size = 0U;

    if (mod == 1U) {
        size = 1U;
    } else if ((mod == 2U) || (base == 5U)) {
        size = 4U;
    } else {
        size = 0U;
    }
    return size;
}

/* Skips SIB and displacement: the address itself comes with the exit. */
static void skip_memory_operand(struct context *c, uint32_t modrm)
{
    uint32_t mod = modrm >> 6U;
    uint32_t base = modrm & 7U;
    uint32_t size = 0U;

    if (c->out.address_size == 2U) {
        size = displacement16(mod, base);
    } else {
        if (base == 4U) {
            base = take(&c->in) & 7U;
        }
        size = displacement32(mod, base);
    }
    (void)take_sized(&c->in, size);
}

static void set_register(struct context *c, uint32_t field, uint32_t extension, uint32_t size)
{
    c->out.reg = field;
    if ((c->prefix.rex & extension) != 0U) {
        c->out.reg += 8U;
    }
    /* Without REX, byte registers 4..7 are AH, CH, DH, BH. */
    if ((size == 1U) && (c->prefix.rex == 0U) && (field >= 4U)) {
        c->out.reg = field - 4U;
        c->out.high = true;
    }
}

static void take_immediate(struct context *c, uint32_t form)
{
    uint32_t size = c->out.size;

    if ((form & FORM_IMMEDIATE8) != 0U) {
        size = 1U;
    } else if (size > 4U) {
        size = 4U;
    } else {
        /* as wide as the operand */
    }
    c->out.immediate = sign_extend(take_sized(&c->in, size), size);
    c->out.reg = (uint32_t)GPR_COUNT;
    c->out.high = false;
}

static void decode_control(struct context *c)
{
    uint32_t modrm = take(&c->in);
    uint32_t number = (modrm >> 3U) & 7U;

    /* AMD's other spelling of CR8 in 32-bit mode is LOCK MOV CR0 (APM 3, MOV CRn). */
    if (((c->prefix.rex & REX_R) != 0U) || c->prefix.lock) {
        number += 8U;
    }
    c->out.size = (c->mode == MODE_64) ? 8U : 4U;
    c->out.reg_size = c->out.size;
    set_register(c, modrm & 7U, REX_B, c->out.size);
    c->out.immediate = number;
}

static enum insn_op operation_of(const struct rule *rule, uint32_t modrm)
{
    enum insn_op op = rule->op;
    uint32_t field = (modrm >> 3U) & 7U;

    if ((rule->form & FORM_GROUP_ALU) != 0U) {
        op = alu_row[field];
    }
    if (((rule->form & FORM_GROUP) != 0U) && ((((uint32_t)rule->group >> field) & 1U) == 0U)) {
        op = INSN_INVALID;
    }
    if ((modrm >> 6U) == 3U) {
        op = INSN_INVALID; /* a register operand touches no memory */
    }
    return op;
}

static void decode_modrm(struct context *c, const struct rule *rule)
{
    uint32_t modrm = take(&c->in);

    c->out.op = operation_of(rule, modrm);
    if ((rule->form & FORM_GROUP_ALU) != 0U) {
        c->out.memory_is_dest = (c->out.op != INSN_CMP);
        c->out.memory_first = true;
    }
    set_register(c, (modrm >> 3U) & 7U, REX_R, c->out.reg_size);
    skip_memory_operand(c, modrm);
    if ((rule->form & (FORM_IMMEDIATE | FORM_IMMEDIATE8)) != 0U) {
        take_immediate(c, rule->form);
    }
}

/* Memory and register operand sizes; MOVZX and MOVSX: the register has the operand size. */
static void set_sizes(struct context *c, const struct rule *rule)
{
    uint32_t by_bit0 = ((rule->opcode & 1U) != 0U) ? c->operand_size : 1U;

    c->out.reg_size = c->operand_size;
    if (rule->size == SIZE_BY_BIT0) {
        c->out.size = by_bit0;
        c->out.reg_size = by_bit0;
    } else if (rule->size == SIZE_OPERAND) {
        c->out.size = c->operand_size;
    } else if (rule->size == SIZE_QUAD_OR_DOUBLE) {
        c->out.size = (c->operand_size == 8U) ? 8U : 4U;
        c->out.reg_size = c->out.size;
    } else {
        c->out.size = rule->size;
    }
    if (c->out.size > c->out.reg_size) {
        c->out.size = c->out.reg_size; /* MOVSXD with a 16-bit register */
    }
}

static void apply_rule(struct context *c, const struct rule *rule)
{
    c->out.op = rule->op;
    c->out.memory_is_dest = (rule->form & FORM_MEMORY_DEST) != 0U;
    c->out.repeat = c->prefix.repeat;
    set_sizes(c, rule);
    if ((rule->form & FORM_CONTROL) != 0U) {
        decode_control(c);
    } else if ((rule->form & FORM_OFFSET) != 0U) {
        (void)take_sized(&c->in, c->out.address_size);
        c->out.reg = (uint32_t)GPR_RAX;
    } else if ((rule->form & FORM_STRING) != 0U) {
        c->out.reg = (uint32_t)GPR_RAX;
    } else {
        decode_modrm(c, rule);
    }
}

/* Opcodes 00..3F whose low three bits are 0..3: ALU operations between memory and a register. */
static void apply_alu(struct context *c, uint32_t opcode)
{
    struct rule rule = { (uint8_t)opcode, 0U, SIZE_BY_BIT0, 0U, alu_row[(opcode >> 3U) & 7U] };
    bool memory_first = (opcode & 2U) == 0U;

    if (memory_first && (rule.op != INSN_CMP)) {
        rule.form = FORM_MEMORY_DEST;
    }
    apply_rule(c, &rule);
    c->out.memory_first = memory_first;
}

static void apply_table(struct context *c, const struct rule *table, uint32_t count, uint32_t opcode)
{
    bool found = false;

    for (uint32_t i = 0U; (i < count) && !found; i++) {
        if (table[i].opcode == opcode) {
            apply_rule(c, &table[i]);
            found = true;
        }
    }
}

/* REQ-IO-008 */
static void decode_opcode(struct context *c, uint32_t opcode)
{
    if (opcode == 0x0FU) {
        uint32_t second = take(&c->in);
        bool movnti_prefixed = (second == 0xC3U) && c->prefix.operand; /* no such instruction */
        if (!movnti_prefixed) {
            apply_table(c, two_byte, (uint32_t)(sizeof(two_byte) / sizeof(two_byte[0])), second);
        }
    } else if ((opcode < 0x40U) && ((opcode & 7U) < 4U)) {
        apply_alu(c, opcode);
    } else if ((opcode == 0x63U) && (c->mode != MODE_64)) {
        c->out.op = INSN_INVALID; /* ARPL */
    } else {
        apply_table(c, one_byte, (uint32_t)(sizeof(one_byte) / sizeof(one_byte[0])), opcode);
    }
}

/* In 64-bit mode only FS and GS overrides count. */
static uint32_t source_segment(const struct context *c)
{
    uint32_t segment = c->prefix.segment;
    bool has_base = (segment == (uint32_t)SEG_FS) || (segment == (uint32_t)SEG_GS);

    if ((segment == ID_NONE) || ((c->mode == MODE_64) && !has_base)) {
        segment = (uint32_t)SEG_DS;
    }
    return segment;
}

/* REQ-ISO-022 */
struct insn insn_decode(const uint8_t *bytes, uint32_t available, uint32_t mode)
{
    struct context c = { 0 };
    uint32_t opcode = 0U;

    c.in.bytes = bytes;
    c.in.available = (available < INSN_MAX) ? available : INSN_MAX;
    c.prefix.segment = ID_NONE;
    c.mode = mode;
    c.out.op = INSN_INVALID;
    c.out.size = 1U; /* of what is invalid, too: users compute with it */
    c.out.reg_size = 1U;
    opcode = take_prefixes(&c);
    c.operand_size = operand_size_of(&c);
    c.out.address_size = address_size_of(&c);
    c.out.segment = source_segment(&c);
    decode_opcode(&c, opcode);
    c.out.length = c.in.position;
    if (c.in.truncated) {
        c.out.op = INSN_INVALID;
    }
    return c.out;
}
