/* SPDX-License-Identifier: Apache-2.0 */
/* devices/ivshmem.c: an end is anybody's, or nobody's, and anywhere. */
#include "devices/ivshmem.c"
#include "proofs/eva/eva.h"

void assume_ivshmem(void)
{
    /*@ loop unroll PART_MAX_IVSHMEM; */
    for (uint32_t i = 0U; i < PART_MAX_IVSHMEM; i++) {
        ivshmem_end[i].vm = any_bool() ? any_below(MAX_VM) : ID_NONE;
        ivshmem_end[i].place = (uint16_t)any;
        ivshmem_end[i].registers = any;
        ivshmem_end[i].memory = any;
    }
}
