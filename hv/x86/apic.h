/* SPDX-License-Identifier: Apache-2.0 */
/* The physical local APIC, x2APIC mode only. */
#ifndef X86_APIC_H
#define X86_APIC_H

#include "core/types.h"

void apic_enable(void);              /* calling core: x2APIC on, all local interrupts masked */
uint32_t apic_own_id(void);
void apic_eoi(void);
void apic_send_fixed(uint32_t destination, uint32_t vector);
void apic_send_nmi(uint32_t destination);
void apic_send_init(uint32_t destination);
void apic_send_sipi(uint32_t destination, uint32_t page);
void apic_timer_measure_begin(void); /* boot core, before the TSC is measured */
bool apic_timer_measure_end(void);   /* after it; false: the timer does not count */
void apic_timer_init(void);          /* calling core */
void apic_timer_stop(void);
uint64_t apic_timer_hz(void);

#endif
