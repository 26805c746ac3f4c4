/* SPDX-License-Identifier: Apache-2.0 */
/* A real-time VM that sends without end over its COM2, the end of a line, and looks at nothing: neither whether there is room nor whether anybody is there. */
#include "tests/guests/guest.h"

#define COM2   0x2F8U
#define ROUND  0x8000U

void guest_main(void)
{
    uint32_t sent = 0U;

    check("a uart", in8(COM2 + 5U) == 0x60U, in8(COM2 + 5U));
    for (uint32_t round = 1U;; round++) {
        for (uint32_t i = 0U; i < ROUND; i++) {
            out8(COM2, (uint8_t)sent);
            sent++;
        }
        print_text("sent ");
        print_hex(sent);
        print_text("\r\n");
    }
}
