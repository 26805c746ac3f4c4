/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU's virtual local APIC (Intel SDM 3, chapter 29) in x2APIC mode: what core/ lends of a vCPU's local APIC lies in that vCPU's
 * page until it is taken back. RVI and SVI, the rest of the state, follow from the page: at an entry they are made of it, and
 * the CPU keeps both in step (29.1.4, 29.2).
 */
#include "x86/vmx/vmx.h"

#include <stddef.h>

#include "x86/address.h"
#include "x86/msr.h"

#define WORDS        8U
#define REG_TPR      0x08U
#define REG_ISR      0x10U
#define REG_TMR      0x18U
#define REG_IRR      0x20U
#define WRMSR_LENGTH 2U
#define SVI_SHIFT    8U  /* guest interrupt status (24.4.2) */

_Static_assert(sizeof(struct vmx_apic_page) == (size_t)PAGE_SIZE, "one page");

const bool vmx_apic_wanted = true; /* tests turn it off in the image, for a CPU that has none */
bool vmx_has_apic;

bool vmx_apic_present(void)
{
    return vmx_has_apic;
}

/* REQ-INT-033 */
void vmx_apic_lend(vcpu_id_t vcpu, uint32_t tpr, const uint32_t isr[8], const uint32_t tmr[8], const uint32_t irr[8])
{
    struct vmx_apic_page *const page = &vmx_apic_page[vcpu];
    page->reg[REG_TPR][0] = tpr;
    for (uint32_t i = 0U; i < WORDS; i++) {
        page->reg[REG_ISR + i][0] = isr[i];
        page->reg[REG_TMR + i][0] = tmr[i];
        page->reg[REG_IRR + i][0] = irr[i];
    }
    vmx_vcpu[vcpu].apic = true;
}

/* REQ-INT-033 */
uint32_t vmx_apic_take(vcpu_id_t vcpu, uint32_t isr[8], uint32_t irr[8])
{
    const struct vmx_apic_page *const page = &vmx_apic_page[vcpu];
    for (uint32_t i = 0U; i < WORDS; i++) {
        isr[i] = page->reg[REG_ISR + i][0];
        irr[i] |= page->reg[REG_IRR + i][0];
    }
    vmx_vcpu[vcpu].apic = false;
    return page->reg[REG_TPR][0];
}

/* Highest vector of a set in the page; 0: empty. */
static uint32_t highest(const struct vmx_apic_page *page, uint32_t first)
{
    uint32_t vector = 0U;
    for (uint32_t i = WORDS; (i > 0U) && (vector == 0U); i--) {
        const uint32_t bits = page->reg[first + i - 1U][0];
        vector = (bits != 0U) ? (((i - 1U) * 32U) + (31U - (uint32_t)__builtin_clz(bits))) : 0U;
    }
    return vector;
}

/* An EOI of a level-triggered interrupt concerns the IOAPIC, too: it exits. */
/* REQ-INT-033 */
void vmx_apic_store(vcpu_id_t vcpu)
{
    const struct vmx_apic_page *const page = &vmx_apic_page[vcpu];
    vmx_write(VMCS_GUEST_INTERRUPTS, (highest(page, REG_ISR) << SVI_SHIFT) | highest(page, REG_IRR));
    for (uint32_t i = 0U; i < (WORDS / 2U); i++) {
        const uint64_t low = page->reg[REG_TMR + (2U * i)][0];
        const uint64_t high = page->reg[REG_TMR + (2U * i) + 1U][0];
        vmx_write(VMCS_EOI_EXITING + (2U * i), (high << 32) | low);
    }
}

/* What vmx_apic_store() and the page are used with; where there is no such APIC, these fields need not exist. */
void vmx_apic_store_controls(vcpu_id_t vcpu)
{
    vmx_write(VMCS_APIC_PAGE, address_of(&vmx_apic_page[vcpu]));
    vmx_write(VMCS_TPR_THRESHOLD, 0U);
}

/*
 * The exits of an EOI and of a refused self-IPI come after their WRMSR (29.1.4, 29.1.5): they are made exits before it, as all others are, so
 * that core/ does what is left, or the instruction runs again. It is 0F 30 behind whatever prefixes.
 */
/* REQ-INT-033 */
void vmx_apic_undo_write(vcpu_id_t vcpu, uint32_t reg, uint32_t eoi_vector, struct vm_exit *exit)
{
    if (eoi_vector != 0U) {
        vmx_apic_page[vcpu].reg[REG_ISR + (eoi_vector / 32U)][0] |= (uint32_t)1U << (eoi_vector % 32U);
    }
    exit->reason = HV_EXIT_MSR_WRITE;
    exit->write = true;
    exit->number = MSR_X2APIC_BASE + reg;
    exit->length = WRMSR_LENGTH;
    vcpu_regs[vcpu].rip -= WRMSR_LENGTH;
}
