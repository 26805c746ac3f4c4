/* SPDX-License-Identifier: Apache-2.0 */
/* devices/vpic.c: a chip's vectors are those of a byte. */
#include "devices/vpic.c"
#include "proofs/eva/eva.h"

void assume_vpic(void)
{
    /*@ loop unroll MAX_VM; */
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        chips[v][MASTER].base = any_below(0xF9U);
        chips[v][SLAVE].base = any_below(0xF9U);
    }
}

void check_vpic(void)
{
    uint32_t v = any_below(MAX_VM);
    uint32_t which = any_below(2U);
    /*@ assert base: chips[v][which].base <= 0xF8; */
    (void)v; (void)which;
}
