/* SPDX-License-Identifier: Apache-2.0 */
/* Copy windows: three virtual pages a core, each mapped only for the length of one copy; behind them the trace. */
#ifndef X86_WINDOW_H
#define X86_WINDOW_H

#include "core/types.h"

#define WINDOW_BASE 0x40000000U /* virtual; one page table */

extern uint64_t window_table[512];

#endif
