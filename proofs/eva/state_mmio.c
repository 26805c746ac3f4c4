/* SPDX-License-Identifier: Apache-2.0 */
/* core/mmio.c: what waits for an answer came out of the decoder. */
#include "core/mmio.c"
#include "proofs/eva/eva.h"

void assume_mmio(void)
{
    /*@ loop unroll MAX_VCPU; */
    for (uint32_t id = 0U; id < MAX_VCPU; id++) {
        struct insn *insn = &mmio_pending[id].insn;
        insn->op = (enum insn_op)any_below((uint32_t)INSN_MOV_CR + 1U);
        insn->size = any_size(8U);
        insn->reg_size = any_size(8U);
        insn->reg = any_below((uint32_t)GPR_COUNT + 1U);
        insn->address_size = 2U * any_size(4U);
        insn->segment = any_below(6U);
    }
}

void check_mmio(void)
{
    { uint32_t id = any_below(MAX_VCPU);
        const struct insn *insn = &mmio_pending[id].insn;
        /*@ assert size: 1 <= insn->size <= 8; */
        /*@ assert reg_size: 1 <= insn->reg_size <= 8; */
        /*@ assert reg: insn->reg <= GPR_COUNT; */
        /*@ assert segment: insn->segment < 6; */
        (void)insn;
    }
}
