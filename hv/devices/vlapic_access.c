/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two ways to the registers of the virtual local APIC: the xAPIC page and
 * the x2APIC MSRs, and IA32_APIC_BASE that chooses between them (Intel SDM 3,
 * 10.4.3, 10.4.4 and 10.12).
 */
#include "core/vm.h"
#include "devices/vlapic.h"
#include "devices/vlapic_state.h"

#define MSR_APIC_BASE    0x1BU
#define MSR_TSC_DEADLINE 0x6E0U
#define MSR_X2APIC_FIRST 0x800U
#define MSR_X2APIC_LAST  0x8FFU

#define MODE_BITS (APIC_BASE_ENABLE | APIC_BASE_X2APIC)

/* Bits 20-31, 16-17 and 13 are reserved; 12 was the delivery status and is ignored. */
#define ICR_X2APIC_RESERVED 0xFFF32000U
#define LVT_READ_ONLY 0x5000U /* delivery status, remote IRR */

/* SDM 3, figure 10-27: a mode is entered from its neighbour only. */
static bool transition_legal(uint64_t from, uint64_t to)
{
    bool legal = false;

    switch (to & MODE_BITS) {
    case 0U:
        legal = true;
        break;
    case APIC_BASE_ENABLE:
        legal = (from & APIC_BASE_X2APIC) == 0U;
        break;
    case MODE_BITS:
        legal = (from & APIC_BASE_ENABLE) != 0U;
        break;
    default:
        legal = false; /* x2APIC without enable */
        break;
    }
    return legal;
}

/* The page cannot be moved: every other address, reserved bits included, is refused. The BSP flag
 * is the platform's. Disabling loses the registers; entering x2APIC keeps all but ICR and LDR. */
static enum status base_write(vcpu_id_t id, uint64_t value)
{
    uint64_t old = vlapic[id].base;
    uint64_t known = MODE_BITS | APIC_BASE_BSP;
    enum status status = STATUS_INVALID;

    if (((value & ~known) == VLAPIC_BASE) && transition_legal(old, value)) {
        uint32_t index = vcpu_index(id);
        vlapic[id].base = (value & ~(uint64_t)APIC_BASE_BSP) | (old & APIC_BASE_BSP);
        if ((value & MODE_BITS) == 0U) {
            vlapic_reset_registers(id);
        } else if (((value & MODE_BITS) == MODE_BITS) && ((old & MODE_BITS) != MODE_BITS)) {
            vlapic[id].ldr = ((index >> 4U) << 16U) | (1U << (index & 15U));
            vlapic[id].icr_low = 0U;
            vlapic[id].icr_high = 0U;
        } else {
            /* same mode, or enabled again with the registers of reset */
        }
        status = STATUS_OK;
    }
    return status;
}

static bool x2apic_readable(uint32_t reg)
{
    bool readable = false;

    switch (reg) {
    case APIC_REG_ID:
    case APIC_REG_VERSION:
    case APIC_REG_TPR:
    case APIC_REG_PPR:
    case APIC_REG_LDR:
    case APIC_REG_SVR:
    case APIC_REG_ESR:
    case APIC_REG_ICR_LOW:
    case APIC_REG_TMICT:
    case APIC_REG_TMCCT:
    case APIC_REG_TDCR:
        readable = true;
        break;
    default:
        readable = ((reg >= APIC_REG_ISR) && (reg < APIC_REG_ESR)) ||
                   ((reg >= APIC_REG_LVT_FIRST) && (reg <= APIC_REG_LVT_LAST));
        break;
    }
    return readable;
}

/* Whether the register exists for writing and the value has no reserved bit (SDM 3, 10.12.1.3). */
static bool x2apic_write_legal(uint32_t reg, uint32_t value)
{
    bool legal = false;

    switch (reg) {
    case APIC_REG_TPR:
    case APIC_REG_SELF_IPI:
        legal = value <= 0xFFU;
        break;
    case APIC_REG_EOI:
    case APIC_REG_ESR:
        legal = value == 0U;
        break;
    case APIC_REG_SVR:
        legal = value <= 0x3FFU;
        break;
    case APIC_REG_TMICT:
        legal = true;
        break;
    case APIC_REG_TDCR:
        legal = (value & ~0xBU) == 0U;
        break;
    default:
        if ((reg >= APIC_REG_LVT_FIRST) && (reg <= APIC_REG_LVT_LAST)) {
            uint32_t known = vlapic_lvt_writable(reg - APIC_REG_LVT_FIRST) | LVT_READ_ONLY;
            legal = (value & ~known) == 0U;
        }
        break;
    }
    return legal;
}

static enum status x2apic_read(vcpu_id_t id, uint32_t reg, uint64_t *value)
{
    enum status status = STATUS_INVALID;

    if (vlapic_in_x2apic(id) && x2apic_readable(reg)) {
        *value = vlapic_register_read(id, reg);
        if (reg == APIC_REG_ICR_LOW) {
            *value |= (uint64_t)vlapic[id].icr_high << 32U;
        }
        status = STATUS_OK;
    }
    return status;
}

static enum status x2apic_icr_write(vcpu_id_t id, uint64_t value)
{
    enum status status = STATUS_INVALID;

    if ((value & ICR_X2APIC_RESERVED) == 0U) {
        vlapic_register_write(id, APIC_REG_ICR_HIGH, (uint32_t)(value >> 32U));
        vlapic_register_write(id, APIC_REG_ICR_LOW, (uint32_t)(value & 0xFFFFFFFFU));
        status = STATUS_OK;
    }
    return status;
}

static enum status x2apic_write(vcpu_id_t id, uint32_t reg, uint64_t value)
{
    enum status status = STATUS_INVALID;
    uint32_t low = (uint32_t)(value & 0xFFFFFFFFU);

    if (!vlapic_in_x2apic(id)) {
        status = STATUS_INVALID;
    } else if (reg == APIC_REG_ICR_LOW) {
        status = x2apic_icr_write(id, value);
    } else if (((value >> 32U) != 0U) || !x2apic_write_legal(reg, low)) {
        status = STATUS_INVALID;
    } else if (reg == APIC_REG_SELF_IPI) {
        vlapic_post(id, low, false);
        status = STATUS_OK;
    } else {
        vlapic_register_write(id, reg, low);
        status = STATUS_OK;
    }
    return status;
}

/* REQ-INT-012 */
enum status vlapic_msr_read(vcpu_id_t id, uint32_t msr, uint64_t *value)
{
    enum status status = STATUS_INVALID;

    if (msr == MSR_APIC_BASE) {
        *value = vlapic[id].base;
        status = STATUS_OK;
    } else if (msr == MSR_TSC_DEADLINE) {
        *value = vlapic_timer_deadline_msr(id);
        status = STATUS_OK;
    } else if ((msr >= MSR_X2APIC_FIRST) && (msr <= MSR_X2APIC_LAST)) {
        status = x2apic_read(id, msr - MSR_X2APIC_FIRST, value);
    } else {
        status = STATUS_INVALID;
    }
    return status;
}

/* REQ-INT-012 */
enum status vlapic_msr_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    enum status status = STATUS_INVALID;

    if (msr == MSR_APIC_BASE) {
        status = base_write(id, value);
    } else if (msr == MSR_TSC_DEADLINE) {
        vlapic_timer_set_deadline_msr(id, value);
        status = STATUS_OK;
    } else if ((msr >= MSR_X2APIC_FIRST) && (msr <= MSR_X2APIC_LAST)) {
        status = x2apic_write(id, msr - MSR_X2APIC_FIRST, value);
    } else {
        status = STATUS_INVALID;
    }
    return status;
}

/* The page answers in xAPIC mode only. Between the 16-byte steps nothing is there: it reads as
 * zero and ignores writes, as the manual leaves such accesses undefined (SDM 3, 10.4.1). */
static bool page_answers(vcpu_id_t id)
{
    return vlapic_enabled(id) && !vlapic_in_x2apic(id);
}

static bool is_register(uint32_t offset)
{
    return ((offset & 0xFU) == 0U) && ((offset >> 4U) < APIC_REG_COUNT);
}

enum status vlapic_mmio_read(vcpu_id_t id, uint32_t offset, uint32_t *value)
{
    enum status status = STATUS_INVALID;

    *value = 0U;
    if (page_answers(id)) {
        if (is_register(offset)) {
            *value = vlapic_register_read(id, offset >> 4U);
        }
        status = STATUS_OK;
    }
    return status;
}

enum status vlapic_mmio_write(vcpu_id_t id, uint32_t offset, uint32_t value)
{
    enum status status = STATUS_INVALID;

    if (page_answers(id)) {
        if (is_register(offset)) {
            vlapic_register_write(id, offset >> 4U, value);
        }
        status = STATUS_OK;
    }
    return status;
}
