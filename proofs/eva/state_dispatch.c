/* SPDX-License-Identifier: Apache-2.0 */
/* core/dispatch.c: what a core runs is a vCPU, or nothing. */
#include "core/dispatch.c"
#include "proofs/eva/eva.h"

void assume_dispatch(void)
{
    /*@ loop unroll MAX_PCPU; */
    for (uint32_t p = 0U; p < MAX_PCPU; p++) {
        dispatch_running[p] = any_below(MAX_VCPU + 1U);
    }
}

void check_dispatch(void)
{
    { uint32_t p = any_below(MAX_PCPU);
        /*@ assert running: dispatch_running[p] <= MAX_VCPU; */
    }
}
