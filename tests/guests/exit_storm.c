/* SPDX-License-Identifier: Apache-2.0 */
/* Leaves the guest as often as it can. */
#include "tests/guests/guest.h"

#define EXITS 50000U

void guest_main(void)
{
    for (uint32_t i = 0U; i < EXITS; i++) {
        uint32_t leaf[4];
        cpuid_get(1U, 0U, leaf);
    }
    print_text("done\r\n");
}
