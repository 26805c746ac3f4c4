/* SPDX-License-Identifier: Apache-2.0 */
/* The physical local APIC: x2APIC mode where the CPU has it, else its registers in memory. */
#ifndef X86_APIC_H
#define X86_APIC_H

#include "core/types.h"

void apic_find(void);                /* boot core, first: which of the two modes */
void apic_enable(void);              /* calling core: on, all local interrupts masked */
/* Calling core: a register, by its x2APIC number (x86/msr.h); not the ICR. */
uint32_t apic_read(uint32_t msr);
void apic_write(uint32_t msr, uint32_t value);
bool apic_is_x2apic(void);
uint32_t apic_count(void);           /* the timer's */
uint32_t apic_own_id(void);
void apic_eoi(void);
void apic_send_fixed(uint32_t destination, uint32_t vector);
void apic_send_nmi(uint32_t destination);
void apic_send_init(uint32_t destination);
void apic_send_sipi(uint32_t destination, uint32_t page);
void apic_memory_send(uint32_t destination, uint32_t command); /* where there is no x2APIC, which no exclusive core does without */
void apic_timer_measure_begin(void); /* boot core, before the TSC is measured */
bool apic_timer_measure_end(void);   /* after it; false: the timer does not count */
void apic_timer_init(void);          /* calling core */
void apic_timer_stop(void);
uint64_t apic_timer_hz(void);

#endif
