/* SPDX-License-Identifier: Apache-2.0 */
/* eva-without: state */
/* Any text that ends, any numbers, rings in any state. */
#include "core/boot_info.h"
#include "core/log.c"
#include "core/stats.h"
#include "proofs/eva/eva.h"

#define TEXT_SIZE 300U /* longer than a line */

struct boot_info boot_info;
static char text[TEXT_SIZE];

void stats_log_char(char c) { (void)c; }

void stats_log_told(void) {}

int main(void)
{
    text[TEXT_SIZE - 1U] = '\0';
    log_turn = any_below(MAX_PCPU);
    switch (any_below(9U)) {
    case 0U: log_begin(text); break;
    case 1U: log_text(text); break;
    case 2U: log_chars(text, any_below(TEXT_SIZE + 1U)); break;
    case 3U: log_dec(any); break;
    case 4U: log_hex(any); break;
    case 5U: log_line(text, text); break;
    case 6U: (void)log_drain(any); break;
    case 7U: (void)log_own_char((uint32_t)any); break;
    default: log_flush(); break;
    }
    /*@ assert turn: log_turn < MAX_PCPU; */
    return 0;
}
