/* SPDX-License-Identifier: Apache-2.0 */
/* Decoder for the instructions with which guests touch emulated memory (Intel SDM 2; AMD APM 3). */
#ifndef CORE_DECODE_H
#define CORE_DECODE_H

#include "core/types.h"
#include "core/vcpu_hw.h"

#define INSN_MAX 15U

enum insn_op { INSN_INVALID, INSN_LOAD, INSN_STORE, INSN_STORE_IMM, INSN_LOAD_ZERO_EXT, INSN_LOAD_SIGN_EXT,
               INSN_AND, INSN_OR, INSN_XOR, INSN_ADD, INSN_SUB, INSN_CMP, INSN_TEST, INSN_XCHG, INSN_BT,
               INSN_STOS, INSN_MOVS, INSN_MOV_CR };

struct insn {
    enum insn_op op;
    uint32_t length;
    uint32_t size;         /* of the memory operand: 1, 2, 4, 8 */
    uint32_t reg_size;     /* of the register operand (MOVZX and MOVSX differ) */
    uint32_t reg;          /* enum gpr; AH..BH: high is set and reg is 0..3; GPR_COUNT: "immediate" is the operand */
    bool high;
    bool memory_is_dest;   /* read-modify-write, XCHG and stores */
    bool memory_first;     /* CMP: memory - operand, not operand - memory */
    bool repeat;
    uint32_t address_size; /* 2, 4, 8: width of RSI, RDI and RCX in string instructions */
    uint32_t segment;      /* enum segment_id of the source of MOVS */
    uint64_t immediate;    /* sign-extended; MOV_CR: number of the control register */
};

/* mode: 16, 32 or 64 = default operand size of the code segment (64: long mode). */
struct insn insn_decode(const uint8_t *bytes, uint32_t available, uint32_t mode);
/* Value that the memory gets, for stores and read-modify-write; updates RFLAGS. old is what the memory
 * held (of stores: not used; MOVS: what the source held). XCHG also writes old to the register. */
uint64_t insn_memory_value(vcpu_id_t id, const struct insn *insn, uint64_t old);
/* Finish a load, compare or test with the value read: writes the register or RFLAGS. */
void insn_complete_read(vcpu_id_t id, const struct insn *insn, uint64_t value);
bool insn_writes_back(const struct insn *insn); /* what it reads from memory is followed by a write of memory */

/* Default operand size of the code that runs: 16, 32 or 64, for insn_decode. */
uint32_t guest_code_mode(vcpu_id_t id);

/* Guest-virtual to guest-physical by the guest's own tables (CR0, CR3, CR4, EFER): no paging,
 * 32-bit, PAE, 4 and 5 levels. STATUS_FAULT: not present. */
enum status guest_translate(vcpu_id_t id, gva_t gva, gpa_t *gpa);
/* The same for an operand that the processor has not checked. STATUS_DENIED: the code that runs may not
 * read or write there (protection keys and SMAP are not looked at); STATUS_INVALID: it lies on two pages
 * that are not neighbours in guest-physical memory. *fault: what a page fault would name. */
struct operand {
    gva_t gva;
    uint32_t size;
    bool write;
};
enum status guest_translate_data(vcpu_id_t id, const struct operand *operand, gpa_t *gpa, gva_t *fault);
/* Fetches up to INSN_MAX bytes at CS:RIP; returns how many. */
uint32_t guest_fetch(vcpu_id_t id, uint8_t bytes[INSN_MAX]);

#endif
