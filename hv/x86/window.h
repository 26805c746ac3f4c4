/* SPDX-License-Identifier: Apache-2.0 */
/* Copy windows: three virtual pages a core, each mapped only for the length of one copy; behind them the trace and the local APIC. */
#ifndef X86_WINDOW_H
#define X86_WINDOW_H

#include "core/types.h"

#define WINDOW_BASE 0x40000000U /* virtual; one page table */

extern uint64_t window_table[512];

/* The local APIC's registers, where the CPU has no x2APIC (apic.c). */
void window_apic_map(hpa_t base);
uint32_t window_apic_read(uint32_t offset);
void window_apic_write(uint32_t offset, uint32_t value);

#endif
