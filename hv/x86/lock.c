/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Test-and-test-and-set. A ticket lock hands the lock to one certain core, which an emulator
 * or a hypervisor below us may just have stopped: all cores then wait for its host thread.
 * Who runs takes it; the shared side promises no latency, and exclusive cores never wait here.
 */
#include "x86/lock.h"

#include "x86/asm.h"
#include "x86/atomic.h"
#include "x86/fatal.h"

static shared_u32_t lock_held;

static void join_when_ended(void)
{
    if (atomic_load_explicit(&fatal_shared_stop, memory_order_relaxed) != 0U) {
        fatal_join();
    }
}

/* When the shared side has ended the holder may have stopped, and nothing is left to be done under the lock. */
/* REQ-ISO-034 REQ-LIF-012 */
void lock_shared(void)
{
    while (atomic_exchange_explicit(&lock_held, 1U, memory_order_acquire) != 0U) {
        while (atomic_load_explicit(&lock_held, memory_order_relaxed) != 0U) {
            join_when_ended();
            asm_pause();
        }
    }
    join_when_ended();
}

void unlock_shared(void)
{
    atomic_store_explicit(&lock_held, 0U, memory_order_release);
}
