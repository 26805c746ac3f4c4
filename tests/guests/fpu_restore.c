/* SPDX-License-Identifier: Apache-2.0 */
/* Restores the x87 and SSE state for ever: what each core of a multitasking system does at every change of task. */
#include "tests/guests/guest.h"

static uint8_t state[512] __attribute__((aligned(16)));

void guest_main(void)
{
    __asm__ volatile("fxsave %0" : "=m"(state));
    print_text("fpu: restoring\r\n");
    for (;;) {
        __asm__ volatile("fxrstor %0" : : "m"(state));
    }
}
