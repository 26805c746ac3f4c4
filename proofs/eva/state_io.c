/* SPDX-License-Identifier: Apache-2.0 */
/* core/io.c: what waits for an answer was an exit record. */
#include "core/io.c"
#include "proofs/eva/eva.h"

void assume_io(void)
{
    /*@ loop unroll MAX_VCPU; */
    for (uint32_t id = 0U; id < MAX_VCPU; id++) {
        io_pending[id].exit = any_exit();
    }
}

void check_io(void)
{
    { uint32_t id = any_below(MAX_VCPU);
        /*@ assert pending_size: 1 <= io_pending[id].exit.size <= 4; */
        /*@ assert pending_segment: io_pending[id].exit.segment < 8; */
    }
}
