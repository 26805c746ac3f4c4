/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC (Intel SDM 3, 11.4 and 11.12; AMD APM 2, 16.3 and 16.9). In x2APIC mode a register is an MSR. A CPU without that
 * mode has it in memory, 16 bytes for each, in the same order: only the ICR differs, which is two registers there. Exclusive cores
 * are always in x2APIC mode, as their guests own the local APIC through its MSRs (core/partition_vm.c).
 */
#include "x86/apic.h"

#include "x86/asm.h"
#include "x86/msr.h"
#include "x86/window.h"

#define CPUID1_ECX_X2APIC 0x200000U
#define APIC_BASE_BOOT   0x100U
#define APIC_BASE_ENABLE 0x800U
#define APIC_BASE_X2APIC 0x400U
#define MMIO_BASE        0xFEE00000U /* where it is after a reset, and no guest has a page */
#define MMIO_STEP        16U
#define MMIO_COUNT       0x390U
#define MMIO_ID_SHIFT    24U
#define SVR_ENABLE       0x100U
#define SVR_SPURIOUS     0xFFU
#define LVT_MASKED       0x10000U

#define ICR_FIXED        0x000U
#define ICR_NMI          0x400U
#define ICR_INIT         0x500U
#define ICR_SIPI         0x600U
#define ICR_ASSERT       0x4000U

uint64_t apic_timer_count(void); /* timer_count.S */

static bool apic_in_memory; /* on the sealed pages (link.ld) */

/* REQ-CFG-032 */
void apic_find(void)
{
    uint32_t leaf[4];
    asm_cpuid(1U, 0U, leaf);
    apic_in_memory = (leaf[2] & CPUID1_ECX_X2APIC) == 0U;
    if (apic_in_memory) {
        window_apic_map(MMIO_BASE);
    }
}

static uint32_t mmio_offset(uint32_t msr)
{
    return (msr - MSR_X2APIC_BASE) * MMIO_STEP;
}

uint32_t apic_read(uint32_t msr)
{
    return apic_in_memory ? window_apic_read(mmio_offset(msr)) : (uint32_t)asm_rdmsr(msr);
}

void apic_write(uint32_t msr, uint32_t value)
{
    if (apic_in_memory) {
        window_apic_write(mmio_offset(msr), value);
    } else {
        asm_wrmsr(msr, value);
    }
}

void apic_enable(void)
{
    const uint64_t base = asm_rdmsr(MSR_APIC_BASE);
    asm_wrmsr(MSR_APIC_BASE, apic_in_memory ? (MMIO_BASE | APIC_BASE_ENABLE | (base & APIC_BASE_BOOT)) : (base | APIC_BASE_ENABLE | APIC_BASE_X2APIC));
    apic_write(MSR_X2APIC_SVR, SVR_ENABLE | SVR_SPURIOUS);
    apic_write(MSR_X2APIC_TPR, 0U);
    apic_write(MSR_X2APIC_LVT_TIMER, LVT_MASKED);
    apic_write(MSR_X2APIC_LVT_LINT0, LVT_MASKED);
    apic_write(MSR_X2APIC_LVT_LINT1, LVT_MASKED);
    apic_write(MSR_X2APIC_LVT_ERROR, LVT_MASKED);
}

uint32_t apic_own_id(void)
{
    const uint32_t id = apic_read(MSR_X2APIC_ID);
    return apic_in_memory ? (id >> MMIO_ID_SHIFT) : id;
}

void apic_eoi(void)
{
    apic_write(MSR_X2APIC_EOI, 0U);
}

bool apic_is_x2apic(void)
{
    return !apic_in_memory;
}

/* timer_count.S has why the MSR is read there. */
uint32_t apic_count(void)
{
    return apic_in_memory ? window_apic_read(MMIO_COUNT) : (uint32_t)apic_timer_count();
}

/* x2APIC register writes are not serialising: what was stored before must be visible first (SDM 3, 11.12.3). Stores to uncached memory are. */
/* REQ-ISO-032 */
static void apic_send(uint32_t destination, uint32_t command)
{
    if (apic_in_memory) {
        apic_memory_send(destination, ICR_ASSERT | command);
    } else {
        asm_mfence_lfence();
        asm_wrmsr(MSR_X2APIC_ICR, ((uint64_t)destination << 32) | ICR_ASSERT | command);
    }
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
