/* SPDX-License-Identifier: Apache-2.0 */
/* Restores the x87 and SSE state for ever: what each core of a multitasking system does at every change of task. */
#include "tests/guests/guest.h"

#define CR4_OSFXSR 0x200U

static uint8_t state[512] __attribute__((aligned(16)));

void guest_main(void)
{
    uint64_t cr4;
    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_OSFXSR));
    __asm__ volatile("fxsave %0" : "=m"(state));
    print_text("fpu: restoring\r\n");
    for (;;) {
        __asm__ volatile("fxrstor %0" : : "m"(state));
    }
}
