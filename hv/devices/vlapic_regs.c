/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers of the virtual local APIC by number (Intel SDM 3, table 10-1).
 * What is read-only or does not exist is ignored here; the x2APIC rules that
 * make such accesses a #GP are in vlapic_access.c.
 */
#include "core/vm.h"
#include "devices/vlapic.h"
#include "devices/vlapic_state.h"

/* Six LVT entries, no EOI-broadcast suppression: level EOIs always reach the IOAPIC. */
#define VERSION_VALUE 0x00050014U

#define SVR_WRITABLE 0x3FFU
#define ICR_LOW_WRITABLE 0x000CCFFFU /* without delivery status */

/* Writable bits of each LVT entry (SDM 3, figure 10-8). */
static const uint32_t lvt_writable[LVT_COUNT] = {
    0x000700FFU, 0x000107FFU, 0x000107FFU, 0x0001A7FFU, 0x0001A7FFU, 0x000100FFU
};

uint32_t vlapic_lvt_writable(uint32_t lvt)
{
    return lvt_writable[lvt];
}

static uint32_t id_register(vcpu_id_t id)
{
    uint32_t index = vcpu_index(id);

    return vlapic_in_x2apic(id) ? index : (index << 24U);
}

static uint32_t bitmap_read(vcpu_id_t id, uint32_t reg)
{
    uint32_t word = reg & 7U;
    uint32_t value = 0U;

    if (reg < APIC_REG_TMR) {
        value = vlapic[id].isr[word];
    } else if (reg < APIC_REG_IRR) {
        value = vlapic[id].tmr[word];
    } else {
        value = vlapic[id].irr[word];
    }
    return value;
}

static bool is_bitmap(uint32_t reg)
{
    return (reg >= APIC_REG_ISR) && (reg < APIC_REG_ESR);
}

/* LVT_COUNT: the register is no LVT entry. */
static uint32_t lvt_of(uint32_t reg)
{
    bool is_lvt = (reg >= APIC_REG_LVT_FIRST) && (reg <= APIC_REG_LVT_LAST);

    return is_lvt ? (reg - APIC_REG_LVT_FIRST) : LVT_COUNT;
}

static uint32_t single_read(vcpu_id_t id, uint32_t reg)
{
    uint32_t value = 0U;

    switch (reg) {
    case APIC_REG_ID: value = id_register(id); break;
    case APIC_REG_VERSION: value = VERSION_VALUE; break;
    case APIC_REG_TPR: value = vlapic[id].tpr; break;
    case APIC_REG_PPR: value = vlapic_ppr(id); break;
    case APIC_REG_LDR: value = vlapic[id].ldr; break;
    case APIC_REG_DFR: value = vlapic[id].dfr; break;
    case APIC_REG_SVR: value = vlapic[id].svr; break;
    case APIC_REG_ESR: value = vlapic[id].esr; break;
    case APIC_REG_ICR_LOW: value = vlapic[id].icr_low; break;
    case APIC_REG_ICR_HIGH: value = vlapic[id].icr_high; break;
    case APIC_REG_TMICT: value = vlapic[id].timer_initial; break;
    case APIC_REG_TMCCT: value = vlapic_timer_current(id); break;
    case APIC_REG_TDCR: value = vlapic[id].timer_divide; break;
    case APIC_REG_APR: /* not on processors since the Pentium 4: zero, like EOI and RRR */
    case APIC_REG_EOI:
    case APIC_REG_RRR:
        break;
    default:
        vlapic_error(id, ESR_ILLEGAL_REGISTER);
        break;
    }
    return value;
}

uint32_t vlapic_register_read(vcpu_id_t id, uint32_t reg)
{
    uint32_t lvt = lvt_of(reg);
    uint32_t value = 0U;

    if (is_bitmap(reg)) {
        value = bitmap_read(id, reg);
    } else if (lvt < LVT_COUNT) {
        value = vlapic[id].lvt[lvt];
    } else {
        value = single_read(id, reg);
    }
    return value;
}

/* While software-disabled the mask bits are set and stay set (SDM 3, 10.4.7.2). */
static void lvt_write(vcpu_id_t id, uint32_t lvt, uint32_t value)
{
    uint32_t accepted = value & lvt_writable[lvt];

    if ((vlapic[id].svr & SVR_ENABLE) == 0U) {
        accepted |= LVT_MASKED;
    }
    if (lvt == LVT_TIMER) {
        vlapic_timer_set_lvt(id, accepted);
    } else {
        vlapic[id].lvt[lvt] = accepted;
    }
}

static void svr_write(vcpu_id_t id, uint32_t value)
{
    vlapic[id].svr = value & SVR_WRITABLE;
    if ((vlapic[id].svr & SVR_ENABLE) == 0U) {
        for (uint32_t i = 0U; i < LVT_COUNT; i++) {
            lvt_write(id, i, vlapic[id].lvt[i]);
        }
    }
}

/* A write shows what happened since the last one (SDM 3, 10.5.3). */
static void esr_write(vcpu_id_t id)
{
    vlapic[id].esr = vlapic[id].esr_pending;
    vlapic[id].esr_pending = 0U;
}

static void icr_write(vcpu_id_t id, uint32_t value)
{
    uint32_t high = vlapic[id].icr_high;

    vlapic[id].icr_low = value & ICR_LOW_WRITABLE;
    vlapic_send_ipi(id, vlapic[id].icr_low, vlapic_in_x2apic(id) ? high : (high >> 24U));
}

static void single_write(vcpu_id_t id, uint32_t reg, uint32_t value)
{
    switch (reg) {
    case APIC_REG_TPR: vlapic[id].tpr = value & 0xFFU; break;
    case APIC_REG_EOI: vlapic_eoi(id); break;
    case APIC_REG_LDR: vlapic[id].ldr = value & 0xFF000000U; break;
    case APIC_REG_DFR: vlapic[id].dfr = value | 0x0FFFFFFFU; break;
    case APIC_REG_SVR: svr_write(id, value); break;
    case APIC_REG_ESR: esr_write(id); break;
    case APIC_REG_ICR_LOW: icr_write(id, value); break;
    case APIC_REG_ICR_HIGH: vlapic[id].icr_high = value; break;
    case APIC_REG_TMICT: vlapic_timer_set_initial(id, value); break;
    case APIC_REG_TDCR: vlapic_timer_set_divide(id, value & 0xBU); break;
    case APIC_REG_ID: /* read-only, as on processors with x2APIC */
    case APIC_REG_VERSION:
    case APIC_REG_APR:
    case APIC_REG_PPR:
    case APIC_REG_RRR:
    case APIC_REG_TMCCT:
        break;
    default:
        vlapic_error(id, ESR_ILLEGAL_REGISTER);
        break;
    }
}

/* REQ-ISO-022 */
void vlapic_register_write(vcpu_id_t id, uint32_t reg, uint32_t value)
{
    uint32_t lvt = lvt_of(reg);

    if (lvt < LVT_COUNT) {
        lvt_write(id, lvt, value);
    } else if (!is_bitmap(reg)) {
        single_write(id, reg, value);
    } else {
        /* ISR, TMR and IRR are read-only */
    }
}
