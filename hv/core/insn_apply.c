/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a decoded instruction does to registers, RFLAGS and the value in memory
 * (Intel SDM 2; flags: SDM 1, appendix A). Flags that the manual leaves
 * undefined are cleared.
 */
#include "core/decode.h"

#define FLAG_CF 0x001U
#define FLAG_PF 0x004U
#define FLAG_AF 0x010U
#define FLAG_ZF 0x040U
#define FLAG_SF 0x080U
#define FLAG_OF 0x800U
#define FLAGS_STATUS (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

struct alu {
    uint64_t value;
    uint32_t flags;
};

static uint64_t mask_of(uint32_t size)
{
    return (size >= 8U) ? 0xFFFFFFFFFFFFFFFFULL : ((1ULL << (8U * size)) - 1U);
}

static uint64_t sign_of(uint32_t size)
{
    return 1ULL << ((8U * size) - 1U);
}

static uint64_t insn_sign_extend(uint64_t value, uint32_t size)
{
    uint64_t sign = sign_of(size);

    return ((value & mask_of(size)) ^ sign) - sign;
}

/* The operand that is not in memory. */
static uint64_t operand_of(vcpu_id_t id, const struct insn *insn)
{
    uint64_t value = 0U;

    if (insn->reg >= (uint32_t)GPR_COUNT) {
        value = insn->immediate;
    } else if (insn->high) {
        value = vcpu_regs[id].gpr[insn->reg] >> 8U;
    } else {
        value = vcpu_regs[id].gpr[insn->reg];
    }
    return value & mask_of(insn->reg_size);
}

/* A 32-bit result clears the upper half; 8 and 16-bit results leave the rest (SDM 1, 3.4.1.1). */
static void insn_register_write(vcpu_id_t id, const struct insn *insn, uint64_t value)
{
    if (insn->reg < (uint32_t)GPR_COUNT) {
        uint64_t *gpr = &vcpu_regs[id].gpr[insn->reg];
        uint64_t mask = mask_of(insn->reg_size);
        if (insn->high) {
            *gpr = (*gpr & ~0xFF00ULL) | ((value & 0xFFU) << 8U);
        } else if (insn->reg_size >= 4U) {
            *gpr = value & mask;
        } else {
            *gpr = (*gpr & ~mask) | (value & mask);
        }
    }
}

static void flags_write(vcpu_id_t id, uint32_t changed, uint32_t flags)
{
    uint64_t kept = vcpu_regs[id].rflags & ~(uint64_t)changed;

    vcpu_regs[id].rflags = kept | flags;
}

static bool parity_even(uint64_t value)
{
    uint32_t x = (uint32_t)(value & 0xFFU);

    x ^= x >> 4U;
    x ^= x >> 2U;
    x ^= x >> 1U;
    return (x & 1U) == 0U;
}

static uint32_t flags_of_result(uint64_t value, uint32_t size)
{
    uint32_t flags = 0U;

    if (value == 0U) {
        flags |= FLAG_ZF;
    }
    if ((value & sign_of(size)) != 0U) {
        flags |= FLAG_SF;
    }
    if (parity_even(value)) {
        flags |= FLAG_PF;
    }
    return flags;
}

static struct alu alu_add(uint64_t left, uint64_t right, uint32_t size)
{
    struct alu result = { (left + right) & mask_of(size), 0U };

    result.flags = flags_of_result(result.value, size);
    if (result.value < left) {
        result.flags |= FLAG_CF;
    }
    if (((left ^ result.value) & (right ^ result.value) & sign_of(size)) != 0U) {
        result.flags |= FLAG_OF;
    }
    if (((left ^ right ^ result.value) & 0x10U) != 0U) {
        result.flags |= FLAG_AF;
    }
    return result;
}

static struct alu alu_sub(uint64_t left, uint64_t right, uint32_t size)
{
    struct alu result = { (left - right) & mask_of(size), 0U };

    result.flags = flags_of_result(result.value, size);
    if (left < right) {
        result.flags |= FLAG_CF;
    }
    if (((left ^ right) & (left ^ result.value) & sign_of(size)) != 0U) {
        result.flags |= FLAG_OF;
    }
    if (((left ^ right ^ result.value) & 0x10U) != 0U) {
        result.flags |= FLAG_AF;
    }
    return result;
}

static struct alu alu_logic(uint64_t value, uint32_t size)
{
    struct alu result = { value, flags_of_result(value, size) };

    return result;
}

static struct alu alu_apply(enum insn_op op, uint64_t left, uint64_t right, uint32_t size)
{
    struct alu result = { left, 0U };

    switch (op) {
    case INSN_ADD: result = alu_add(left, right, size); break;
    case INSN_SUB:
    case INSN_CMP: result = alu_sub(left, right, size); break;
    case INSN_AND:
    case INSN_TEST: result = alu_logic(left & right, size); break;
    case INSN_OR: result = alu_logic(left | right, size); break;
    case INSN_XOR: result = alu_logic(left ^ right, size); break;
    default: break;
    }
    return result;
}

/* REQ-IO-008 */
uint64_t insn_memory_value(vcpu_id_t id, const struct insn *insn, uint64_t old)
{
    uint64_t held = old & mask_of(insn->size);
    uint64_t operand = operand_of(id, insn);
    uint64_t value = held;

    switch (insn->op) {
    case INSN_STORE:
    case INSN_STORE_IMM:
    case INSN_STOS:
        value = operand & mask_of(insn->size);
        break;
    case INSN_XCHG:
        value = operand;
        insn_register_write(id, insn, held);
        break;
    case INSN_AND:
    case INSN_OR:
    case INSN_XOR:
    case INSN_ADD:
    case INSN_SUB: {
        struct alu result = alu_apply(insn->op, held, operand, insn->size);
        value = result.value;
        flags_write(id, FLAGS_STATUS, result.flags);
        break;
    }
    default:
        break; /* MOVS: what was read goes to the destination */
    }
    return value;
}

/* Only CF changes; the offset counts within the operand, whose address is already advanced
 * by the register form (SDM 2, BT). */
static void complete_bit_test(vcpu_id_t id, const struct insn *insn, uint64_t value)
{
    uint64_t bit = operand_of(id, insn) & ((8ULL * insn->size) - 1U);

    flags_write(id, FLAG_CF, (((value >> bit) & 1U) != 0U) ? FLAG_CF : 0U);
}

void insn_complete_read(vcpu_id_t id, const struct insn *insn, uint64_t value)
{
    uint64_t read = value & mask_of(insn->size);
    uint64_t operand = operand_of(id, insn);

    switch (insn->op) {
    case INSN_LOAD:
    case INSN_LOAD_ZERO_EXT:
    case INSN_XCHG:
        insn_register_write(id, insn, read);
        break;
    case INSN_LOAD_SIGN_EXT:
        insn_register_write(id, insn, insn_sign_extend(read, insn->size));
        break;
    case INSN_CMP:
    case INSN_TEST: {
        struct alu result = insn->memory_first ? alu_apply(insn->op, read, operand, insn->size)
                                               : alu_apply(insn->op, operand, read, insn->size);
        flags_write(id, FLAGS_STATUS, result.flags);
        break;
    }
    case INSN_AND:
    case INSN_OR:
    case INSN_XOR:
    case INSN_ADD:
    case INSN_SUB: {
        struct alu result = alu_apply(insn->op, operand, read, insn->size);
        insn_register_write(id, insn, result.value);
        flags_write(id, FLAGS_STATUS, result.flags);
        break;
    }
    case INSN_BT:
        complete_bit_test(id, insn, read);
        break;
    default:
        break;
    }
}

bool insn_writes_back(const struct insn *insn)
{
    bool modifies = (insn->op == INSN_AND) || (insn->op == INSN_OR) || (insn->op == INSN_XOR)
                    || (insn->op == INSN_ADD) || (insn->op == INSN_SUB);
    return (insn->op == INSN_MOVS) || (insn->op == INSN_XCHG) || (modifies && insn->memory_is_dest);
}
