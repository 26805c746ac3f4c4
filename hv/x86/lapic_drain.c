/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Empties the local APIC that an exclusive guest has programmed. Neither INIT nor its enable bit may be used for that: the
 * first would reset the core, the second loses what the hypervisor set up. What is in service ends by EOI; what is
 * pending can only leave IRR by being taken (Intel SDM 3, 11.8.4), by handlers that do nothing but end it. A
 * guest may use vectors from 16 on: below 32 the usual handlers would take them for exceptions.
 */
#include "core/hw.h"
#include "x86/apic.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/msr.h"
#include "x86/pcpu.h"

#define LVT_MASKED 0x10000U
#define WORDS      8U   /* 256 vectors, 32 a register */
#define ROUNDS     512U /* each ends all that is in service and takes what is pending: two rounds do, but for late arrivals */

static bool any_vector(uint32_t first)
{
    bool any = false;
    for (uint32_t word = 0U; word < WORDS; word++) {
        any = any || (asm_rdmsr(first + word) != 0U);
    }
    return any;
}

static void end_all_in_service(void)
{
    for (uint32_t i = 0U; (i < (WORDS * 32U)) && any_vector(MSR_X2APIC_ISR); i++) {
        apic_eoi(); /* ends the highest (Intel SDM 3, 11.8.5) */
    }
}

/* REQ-LIF-030 */
bool hw_lapic_drain(void)
{
    bool empty = false;
    pcpu_discard_arrived(&pcpus[hw_pcpu()]);
    asm_wrmsr(MSR_X2APIC_LVT_TIMER, LVT_MASKED); /* leaving TSC-deadline mode disarms it (Intel SDM 3, 11.5.4.1) */
    asm_wrmsr(MSR_X2APIC_TMICT, 0U);
    asm_wrmsr(MSR_X2APIC_TDCR, 0U);
    asm_wrmsr(MSR_X2APIC_TPR, 0U);
    idt_load_sinks();
    for (uint32_t i = 0U; (i < ROUNDS) && !empty; i++) {
        end_all_in_service();
        asm_sti_nop_cli();
        empty = !any_vector(MSR_X2APIC_ISR) && !any_vector(MSR_X2APIC_IRR);
    }
    idt_load();
    return empty;
}
