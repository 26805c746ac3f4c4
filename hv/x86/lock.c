/* SPDX-License-Identifier: Apache-2.0 */
/* Ticket lock: cores get it in the order in which they asked. */
#include "x86/lock.h"

#include <stdatomic.h>

#include "x86/asm.h"
#include "x86/fatal.h"

static _Atomic uint32_t ticket_next;
static _Atomic uint32_t ticket_serving;

void lock_shared(void)
{
    const uint32_t mine = atomic_fetch_add(&ticket_next, 1U);
    while (atomic_load_explicit(&ticket_serving, memory_order_acquire) != mine) {
        if (atomic_load_explicit(&fatal_shared_stop, memory_order_relaxed) != 0U) {
            asm_halt_forever(); /* the holder stopped with a broken invariant */
        }
        asm_pause();
    }
}

void unlock_shared(void)
{
    atomic_fetch_add_explicit(&ticket_serving, 1U, memory_order_release);
}
