/* SPDX-License-Identifier: Apache-2.0 */
/* Halts with interrupts off, for ever. */
#include "tests/guests/guest.h"

void guest_main(void)
{
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}
