/* SPDX-License-Identifier: Apache-2.0 */
/* devices/mmio_lent.c: records name a VM, also those that are free. */
#include "devices/mmio_lent.c"
#include "proofs/eva/eva.h"

void assume_mmio_lent(void)
{
    /*@ loop unroll PART_MAX_RANGE; */
    for (uint32_t i = 0U; i < PART_MAX_RANGE; i++) {
        mmio_lent_record[i].vm = any_below(MAX_VM);
    }
}

void check_mmio_lent(void)
{
    uint32_t i = any_below(PART_MAX_RANGE);
    /*@ assert mmio_vm: mmio_lent_record[i].vm < MAX_VM; */
    (void)i;
}
