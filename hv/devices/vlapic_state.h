/* SPDX-License-Identifier: Apache-2.0 */
/* State of the virtual local APICs, shared by the files vlapic*.c and by no one else. */
#ifndef DEVICES_VLAPIC_STATE_H
#define DEVICES_VLAPIC_STATE_H

#include "core/limits.h"
#include "core/types.h"

/* Register numbers: xAPIC offset / 16, x2APIC MSR - 0x800 (SDM 3, table 10-6). */
#define APIC_REG_ID        0x02U
#define APIC_REG_VERSION   0x03U
#define APIC_REG_TPR       0x08U
#define APIC_REG_APR       0x09U
#define APIC_REG_PPR       0x0AU
#define APIC_REG_EOI       0x0BU
#define APIC_REG_RRR       0x0CU
#define APIC_REG_LDR       0x0DU
#define APIC_REG_DFR       0x0EU
#define APIC_REG_SVR       0x0FU
#define APIC_REG_ISR       0x10U /* eight each */
#define APIC_REG_TMR       0x18U
#define APIC_REG_IRR       0x20U
#define APIC_REG_ESR       0x28U
#define APIC_REG_ICR_LOW   0x30U
#define APIC_REG_ICR_HIGH  0x31U
#define APIC_REG_LVT_FIRST 0x32U /* timer, thermal, performance, LINT0, LINT1, error */
#define APIC_REG_LVT_LAST  0x37U
#define APIC_REG_TMICT     0x38U
#define APIC_REG_TMCCT     0x39U
#define APIC_REG_TDCR      0x3EU
#define APIC_REG_SELF_IPI  0x3FU
#define APIC_REG_COUNT     0x40U

#define LVT_TIMER 0U
#define LVT_LINT0 3U
#define LVT_LINT1 4U
#define LVT_ERROR 5U
#define LVT_COUNT 6U
#define LVT_MASKED 0x10000U

#define APIC_BASE_BSP    0x100U
#define APIC_BASE_X2APIC 0x400U
#define APIC_BASE_ENABLE 0x800U

#define SVR_ENABLE 0x100U

#define ESR_SEND_ILLEGAL_VECTOR    0x20U
#define ESR_RECEIVE_ILLEGAL_VECTOR 0x40U
#define ESR_ILLEGAL_REGISTER       0x80U

/* Delivery modes of ICR, IOAPIC entries and MSI data. */
#define DELIVERY_FIXED  0U
#define DELIVERY_LOWEST 1U
#define DELIVERY_NMI    4U
#define DELIVERY_INIT   5U
#define DELIVERY_SIPI   6U

struct vlapic {
    uint64_t base;          /* IA32_APIC_BASE */
    uint64_t deadline;      /* TSC of the next timer event, or TIME_NEVER; masked or not */
    uint32_t tpr;
    uint32_t ldr;           /* x2APIC: derived from the id */
    uint32_t dfr;
    uint32_t svr;
    uint32_t esr;
    uint32_t esr_pending;   /* errors since the last write to ESR */
    uint32_t icr_low;
    uint32_t icr_high;
    uint32_t lvt[LVT_COUNT];
    uint32_t timer_initial;
    uint32_t timer_divide;
    uint32_t isr[8];
    uint32_t tmr[8];
    uint32_t irr[8];
    bool lent;              /* the CPU has tpr and isr; irr is what came since (vlapic_lend.c) */
    uint64_t eoi_word;      /* MSR_KVM_PV_EOI_EN */
    uint64_t eoi_seen;      /* the VM's generation when the word was looked up ... */
    hpa_t eoi_hpa;
    bool eoi_there;         /* ... and whether RAM was found */
    bool eoi_offered;       /* the guest may end what is in service there */
};
extern struct vlapic vlapic[MAX_VCPU];

/* vlapic.c */
bool vlapic_enabled(vcpu_id_t id);          /* by APIC_BASE */
bool vlapic_software_enabled(vcpu_id_t id); /* and by SVR: accepts fixed interrupts */
bool vlapic_in_x2apic(vcpu_id_t id);
uint32_t vlapic_ppr(vcpu_id_t id);
void vlapic_eoi(vcpu_id_t id);
bool vlapic_eoi_is_silent(vcpu_id_t id);    /* an EOI would end the one interrupt in service, and nothing follows from it */
void vlapic_eoi_silent(vcpu_id_t id);       /* such an EOI */
void vlapic_error(vcpu_id_t id, uint32_t esr_bit);
void vlapic_reset_registers(vcpu_id_t id);

/* vlapic_regs.c: registers by number, without the checks of the two access modes. */
uint32_t vlapic_register_read(vcpu_id_t id, uint32_t reg);
void vlapic_register_write(vcpu_id_t id, uint32_t reg, uint32_t value);
uint32_t vlapic_lvt_writable(uint32_t lvt); /* bits software may set */

/* vlapic_ipi.c */
void vlapic_send_ipi(vcpu_id_t sender, uint32_t icr_low, uint32_t dest);

/* vlapic_timer.c */
void vlapic_timer_set_lvt(vcpu_id_t id, uint32_t value);
void vlapic_timer_set_initial(vcpu_id_t id, uint32_t value);
void vlapic_timer_set_divide(vcpu_id_t id, uint32_t value);
uint32_t vlapic_timer_current(vcpu_id_t id);
uint64_t vlapic_timer_deadline_msr(vcpu_id_t id);
void vlapic_timer_set_deadline_msr(vcpu_id_t id, uint64_t value);

#endif
