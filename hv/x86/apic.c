/* SPDX-License-Identifier: Apache-2.0 */
/* Local APIC in x2APIC mode (Intel SDM 3, 10.12; AMD APM 2, 16.9). */
#include "x86/apic.h"

#include "x86/asm.h"
#include "x86/msr.h"

#define APIC_BASE_ENABLE 0x800U
#define APIC_BASE_X2APIC 0x400U
#define SVR_ENABLE       0x100U
#define SVR_SPURIOUS     0xFFU
#define LVT_MASKED       0x10000U

#define ICR_FIXED        0x000U
#define ICR_NMI          0x400U
#define ICR_INIT         0x500U
#define ICR_SIPI         0x600U
#define ICR_ASSERT       0x4000U

void apic_enable(void)
{
    asm_wrmsr(MSR_APIC_BASE, asm_rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE | APIC_BASE_X2APIC);
    asm_wrmsr(MSR_X2APIC_SVR, SVR_ENABLE | SVR_SPURIOUS);
    asm_wrmsr(MSR_X2APIC_TPR, 0U);
    asm_wrmsr(MSR_X2APIC_LVT_TIMER, LVT_MASKED);
    asm_wrmsr(MSR_X2APIC_LVT_LINT0, LVT_MASKED);
    asm_wrmsr(MSR_X2APIC_LVT_LINT1, LVT_MASKED);
    asm_wrmsr(MSR_X2APIC_LVT_ERROR, LVT_MASKED);
}

uint32_t apic_own_id(void)
{
    return (uint32_t)asm_rdmsr(MSR_X2APIC_ID);
}

void apic_eoi(void)
{
    asm_wrmsr(MSR_X2APIC_EOI, 0U);
}

/* x2APIC register writes are not serialising: what was stored before must be visible first (SDM 3, 10.12.3). */
/* REQ-ISO-032 */
static void apic_send(uint32_t destination, uint32_t command)
{
    asm_mfence_lfence();
    asm_wrmsr(MSR_X2APIC_ICR, ((uint64_t)destination << 32) | ICR_ASSERT | command);
}

void apic_send_fixed(uint32_t destination, uint32_t vector)
{
    apic_send(destination, ICR_FIXED | vector);
}

void apic_send_nmi(uint32_t destination)
{
    apic_send(destination, ICR_NMI);
}

void apic_send_init(uint32_t destination)
{
    apic_send(destination, ICR_INIT);
}

void apic_send_sipi(uint32_t destination, uint32_t page)
{
    apic_send(destination, ICR_SIPI | page);
}
