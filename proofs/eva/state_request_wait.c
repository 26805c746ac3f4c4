/* SPDX-License-Identifier: Apache-2.0 */
/* core/request_wait.c: who waited last is a vCPU, or nobody. */
#include "core/request_wait.c"
#include "proofs/eva/eva.h"

void assume_request_wait(void)
{
    /*@ loop unroll MAX_VM; */
    for (vm_id_t v = 0U; v < MAX_VM; v++) {
        request_waiter[v] = any_below(MAX_VCPU + 1U);
    }
}

void check_request_wait(void)
{
    { uint32_t v = any_below(MAX_VM);
        /*@ assert waiter: request_waiter[v] <= MAX_VCPU; */
    }
}
