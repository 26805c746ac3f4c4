/* SPDX-License-Identifier: Apache-2.0 */
/* Copy windows: three virtual pages a core, each mapped only for the length of one copy; behind them the trace and the local APIC. */
#ifndef X86_WINDOW_H
#define X86_WINDOW_H

#include <stdint.h>

#include "core/types.h"

#define WINDOW_BASE 0x40000000U /* virtual; one page table */

extern uint64_t window_table[512];

/* A window of the calling core on pa's page: the address of pa's byte there. Interrupts off; each is closed before it is opened again. */
#define WINDOW_SOURCE 0U /* write-back */
#define WINDOW_DEST   1U /* write-back */
uintptr_t window_open(uint32_t window, hpa_t pa);
void window_close(uint32_t window);
uint64_t window_page_part(hpa_t pa, uint64_t size); /* how many of size bytes lie on pa's page */

/* The local APIC's registers, where the CPU has no x2APIC (apic.c). */
void window_apic_map(hpa_t base);
uint32_t window_apic_read(uint32_t offset);
void window_apic_write(uint32_t offset, uint32_t value);

#endif
