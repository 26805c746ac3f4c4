/* SPDX-License-Identifier: Apache-2.0 */
/* TSC rate, and the local APIC timer in x2APIC mode. */
#ifndef RTVM_CLOCK_H
#define RTVM_CLOCK_H

#include <stdint.h>

#define TIMER_VECTOR 0x40U
#define IPI_VECTOR   0x41U
#define NIC_VECTOR   0x42U

extern volatile uint64_t timer_tsc;         /* TSC at the last timer interrupt, from its entry */
extern volatile uint64_t timer_interrupts;
extern volatile uint64_t ipi_interrupts;

/* Both in Hz; 0 when there is no way to tell (the console says why). */
uint64_t clock_tsc_hz(void);
uint64_t clock_timer_hz(uint64_t tsc_hz);

void clock_enable_x2apic(void);
/* One interrupt at this TSC value: by TSC deadline when the CPU has it, else one-shot count. */
void clock_set_rates(uint64_t tsc_hz, uint64_t timer_hz);
void clock_arm(uint64_t tsc_deadline);
/* From now on an interrupt every so many TSC ticks; returns the TSC value from which the periods count. */
uint64_t clock_start_periodic(uint64_t tsc_ticks);
void clock_send_ipi(uint32_t apic_id, uint32_t vector);
uint32_t clock_apic_id(void);

#endif
