/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt acceptance and priority of the virtual local APIC (Intel SDM 3,
 * 10.8), its reset and its enable bits. Registers are in vlapic_regs.c, the
 * two ways to reach them in vlapic_access.c, messages in vlapic_ipi.c, the
 * timer in vlapic_timer.c. All state is under the shared-side lock.
 */
#include "devices/vlapic.h"

#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic_state.h"
#include "devices/vpic.h"

#define LVT_MODE_MASK 0x700U
#define LVT_EXTINT    0x700U
#define LVT_NMI       0x400U
#define CLASS_MASK    0xF0U

struct vlapic vlapic[MAX_VCPU];

static bool bit_test(const uint32_t bits[8], uint32_t vector)
{
    return ((bits[vector >> 5U] >> (vector & 31U)) & 1U) != 0U;
}

static void bit_set(uint32_t bits[8], uint32_t vector)
{
    bits[vector >> 5U] |= 1U << (vector & 31U);
}

static void bit_clear(uint32_t bits[8], uint32_t vector)
{
    bits[vector >> 5U] &= ~(1U << (vector & 31U));
}

static uint32_t any_of(const uint32_t bits[8])
{
    return bits[0] | bits[1] | bits[2] | bits[3] | bits[4] | bits[5] | bits[6] | bits[7];
}

static uint32_t up(uint32_t word, uint32_t at, uint32_t by)
{
    return ((word >> (at + by)) != 0U) ? (at + by) : at;
}

/* Highest vector in the set; VECTOR_NONE: empty (vectors below 16 are never in it). */
static uint32_t bit_highest(const uint32_t bits[8])
{
    uint32_t vector = VECTOR_NONE;

    /* mostly empty: this is asked several times at every exit */
    if (any_of(bits) != 0U) {
        uint32_t word = 7U;
        uint32_t bit;
        while ((word > 0U) && (bits[word] == 0U)) {
            word--;
        }
        bit = up(bits[word], 0U, 16U);
        bit = up(bits[word], bit, 8U);
        bit = up(bits[word], bit, 4U);
        bit = up(bits[word], bit, 2U);
        vector = (word * 32U) + up(bits[word], bit, 1U);
    }
    return vector;
}

bool vlapic_enabled(vcpu_id_t id)
{
    return (vlapic[id].base & APIC_BASE_ENABLE) != 0U;
}

bool vlapic_software_enabled(vcpu_id_t id)
{
    return vlapic_enabled(id) && ((vlapic[id].svr & SVR_ENABLE) != 0U);
}

bool vlapic_in_x2apic(vcpu_id_t id)
{
    return (vlapic[id].base & APIC_BASE_X2APIC) != 0U;
}

/* SDM 3, 10.8.3.1: the higher class of TPR and of what is in service. */
uint32_t vlapic_ppr(vcpu_id_t id)
{
    uint32_t in_service = bit_highest(vlapic[id].isr) & CLASS_MASK;
    uint32_t tpr = vlapic[id].tpr;

    return ((tpr & CLASS_MASK) >= in_service) ? tpr : in_service;
}

/* An error is reported once until ESR is written. Its own vector cannot raise a second one. */
void vlapic_error(vcpu_id_t id, uint32_t esr_bit)
{
    uint32_t lvt = vlapic[id].lvt[LVT_ERROR];
    uint32_t vector = lvt & 0xFFU;
    bool fresh = (vlapic[id].esr_pending & esr_bit) == 0U;

    vlapic[id].esr_pending |= esr_bit;
    if (fresh && ((lvt & LVT_MASKED) == 0U) && (vector >= 16U) && vlapic_software_enabled(id)) {
        bit_set(vlapic[id].irr, vector);
        bit_clear(vlapic[id].tmr, vector);
        vcpu_notify(id);
    }
}

/* A software-disabled APIC drops fixed interrupts (SDM 3, 10.4.7.2). */
void vlapic_post(vcpu_id_t id, uint32_t vector, bool level)
{
    uint32_t number = vector & 0xFFU;

    if (vlapic_software_enabled(id)) {
        if (number < 16U) {
            vlapic_error(id, ESR_RECEIVE_ILLEGAL_VECTOR);
        } else {
            bit_set(vlapic[id].irr, number);
            if (level) {
                bit_set(vlapic[id].tmr, number);
            } else {
                bit_clear(vlapic[id].tmr, number);
            }
        }
    }
}

/* REQ-INT-011 */
void vlapic_eoi(vcpu_id_t id)
{
    uint32_t vector = bit_highest(vlapic[id].isr);

    if (vector != VECTOR_NONE) {
        bit_clear(vlapic[id].isr, vector);
        if (bit_test(vlapic[id].tmr, vector)) {
            vioapic_eoi(vcpu_vm(id), vector);
        }
    }
}

/* One bit is set in all of the eight words: their sum is a power of two, and so is what they have together. */
static bool exactly_one(const uint32_t bits[8])
{
    uint64_t sum = (uint64_t)bits[0] + bits[1] + bits[2] + bits[3] + bits[4] + bits[5] + bits[6] + bits[7];
    uint32_t any = any_of(bits);

    return (any != 0U) && ((any & (any - 1U)) == 0U) && (sum == any);
}

static bool disjoint(const uint32_t a[8], const uint32_t b[8])
{
    return ((a[0] & b[0]) | (a[1] & b[1]) | (a[2] & b[2]) | (a[3] & b[3]) | (a[4] & b[4]) | (a[5] & b[5]) | (a[6] & b[6])
            | (a[7] & b[7])) == 0U;
}

/* Neither an IOAPIC waits for it, nor an interrupt of the same or a lower class, nor an NMI whose window is asked for at that exit. */
bool vlapic_eoi_is_silent(vcpu_id_t id)
{
    return (any_of(vlapic[id].irr) == 0U) && !vcpus[id].nmi_pending && exactly_one(vlapic[id].isr) && disjoint(vlapic[id].isr, vlapic[id].tmr);
}

void vlapic_eoi_silent(vcpu_id_t id)
{
    for (uint32_t i = 0U; i < 8U; i++) {
        vlapic[id].isr[i] = 0U;
    }
}

/* The PIC's output is wired to LINT0 of vCPU 0. With the APIC off, LINT0 is the INTR pin itself
 * (SDM 3, 10.4.3), else it must be unmasked and in ExtINT mode; TPR does not hold it back. */
static bool extint_pending(vcpu_id_t id)
{
    uint32_t lint0 = vlapic[id].lvt[LVT_LINT0];
    bool open = ((lint0 & LVT_MASKED) == 0U) && ((lint0 & LVT_MODE_MASK) == LVT_EXTINT);

    return (vcpu_index(id) == 0U) && (open || !vlapic_enabled(id)) && vpic_pending(vcpu_vm(id));
}

/* What is in IRR stays deliverable while software-disabled: the processor has to take it. */
/* REQ-INT-011 */
uint32_t vlapic_pending(vcpu_id_t id)
{
    uint32_t vector = VECTOR_NONE;

    if (extint_pending(id)) {
        vector = VECTOR_EXTINT;
    } else if (vlapic_enabled(id)) {
        vector = bit_highest(vlapic[id].irr);
        if ((vector != VECTOR_NONE) && ((vector & CLASS_MASK) <= (vlapic_ppr(id) & CLASS_MASK))) {
            vector = VECTOR_NONE;
        }
    } else {
        vector = VECTOR_NONE;
    }
    return vector;
}

void vlapic_accepted(vcpu_id_t id, uint32_t vector)
{
    if ((vector < VECTOR_EXTINT) && bit_test(vlapic[id].irr, vector)) {
        bit_clear(vlapic[id].irr, vector);
        bit_set(vlapic[id].isr, vector);
    }
}

uint32_t vlapic_cr8(vcpu_id_t id)
{
    return vlapic[id].tpr >> 4U;
}

void vlapic_set_cr8(vcpu_id_t id, uint32_t value)
{
    vlapic[id].tpr = (value & 0xFU) << 4U;
}

/* Everything but APIC_BASE (SDM 3, 10.4.7.1). LINT0 and LINT1 are as firmware leaves them:
 * virtual wire mode on vCPU 0, NMI on LINT1, so that a kernel started without firmware has them. */
void vlapic_reset_registers(vcpu_id_t id)
{
    uint64_t base = vlapic[id].base;
    uint32_t index = vcpu_index(id);

    vlapic[id] = (struct vlapic){ 0 };
    vlapic[id].base = base;
    vlapic[id].deadline = TIME_NEVER;
    vlapic[id].dfr = 0xFFFFFFFFU;
    vlapic[id].svr = 0xFFU;
    for (uint32_t i = 0U; i < LVT_COUNT; i++) {
        vlapic[id].lvt[i] = LVT_MASKED;
    }
    vlapic[id].lvt[LVT_LINT0] = (index == 0U) ? LVT_EXTINT : LVT_MASKED;
    vlapic[id].lvt[LVT_LINT1] = LVT_NMI;
    if (vlapic_in_x2apic(id)) {
        vlapic[id].ldr = ((index >> 4U) << 16U) | (1U << (index & 15U));
    }
}

void vlapic_reset(vcpu_id_t id)
{
    vlapic[id].base = (uint64_t)VLAPIC_BASE | APIC_BASE_ENABLE | ((vcpu_index(id) == 0U) ? APIC_BASE_BSP : 0U);
    vlapic_reset_registers(id);
}

void vlapic_init(vcpu_id_t id)
{
    vlapic_reset_registers(id);
}
