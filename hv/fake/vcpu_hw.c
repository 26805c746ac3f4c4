/* SPDX-License-Identifier: Apache-2.0 */
#include "fake/fake.h"
#include <string.h>

#define RFLAGS_IF 0x200U

struct vcpu_regs vcpu_regs[MAX_VCPU];
struct fake_vcpu fake_vcpu[MAX_VCPU];
uint8_t fake_msr_open[MAX_VM][0x4000];
uint8_t fake_port_open[MAX_VM][0x10000];
uint64_t fake_xcr0_supported;
bool fake_apic_present;

void fake_vcpus_reset(void);
void fake_vcpus_reset(void)
{
    memset(vcpu_regs, 0, sizeof(vcpu_regs));
    memset(fake_vcpu, 0, sizeof(fake_vcpu));
    memset(fake_msr_open, 0, sizeof(fake_msr_open));
    memset(fake_port_open, 0, sizeof(fake_port_open));
    fake_xcr0_supported = 7U;
    fake_apic_present = false;
}

void fake_vcpu_ran(vcpu_id_t id)
{
    fake_vcpu[id].event_queued = false;
    fake_vcpu[id].injected = 0U;
    fake_vcpu[id].shadow = false;
}

uint64_t hw_vcpu_get(vcpu_id_t id, enum vcpu_reg reg)
{
    return fake_vcpu[id].reg[reg];
}

void hw_vcpu_set(vcpu_id_t id, enum vcpu_reg reg, uint64_t value)
{
    fake_vcpu[id].reg[reg] = value;
}

struct segment hw_vcpu_segment(vcpu_id_t id, enum segment_id seg)
{
    return fake_vcpu[id].segment[seg];
}

void hw_vcpu_set_segment(vcpu_id_t id, enum segment_id seg, struct segment value)
{
    fake_vcpu[id].segment[seg] = value;
}

void hw_vcpu_init(vcpu_id_t id, bool exclusive)
{
    uint32_t inits = fake_vcpu[id].inits;
    uint32_t flushes = fake_vcpu[id].flushes;
    memset(&fake_vcpu[id], 0, sizeof(fake_vcpu[id]));
    memset(&vcpu_regs[id], 0, sizeof(vcpu_regs[id]));
    fake_vcpu[id].inits = inits + 1U;
    fake_vcpu[id].flushes = flushes;
    fake_vcpu[id].exclusive = exclusive;
    fake_vcpu[id].reg[REG_CR0] = 0x60000010U;
    fake_vcpu[id].reg[REG_XCR0] = 1U;
    fake_vcpu[id].reg[REG_PAT] = 0x0007040600070406U;
    vcpu_regs[id].rip = 0xFFF0U;
    vcpu_regs[id].rflags = 2U;
}

void hw_vcpu_set_stage2(vcpu_id_t id, hpa_t root, uint32_t asid)
{
    fake_vcpu[id].stage2_root = root;
    fake_vcpu[id].asid = asid;
}

bool hw_vcpu_can_accept_interrupt(vcpu_id_t id)
{
    return ((vcpu_regs[id].rflags & RFLAGS_IF) != 0U) && !fake_vcpu[id].shadow && !fake_vcpu[id].event_queued;
}

bool hw_vcpu_event_queued(vcpu_id_t id)
{
    return fake_vcpu[id].event_queued;
}

bool hw_vcpu_can_accept_nmi(vcpu_id_t id)
{
    return !fake_vcpu[id].event_queued && !fake_vcpu[id].shadow && !fake_vcpu[id].nmi_masked;
}

static void inject(vcpu_id_t id, uint32_t vector)
{
    fake_vcpu[id].event_queued = true;
    fake_vcpu[id].injected = vector + 1U;
    fake_vcpu[id].injections++;
}

void hw_vcpu_inject_interrupt(vcpu_id_t id, uint32_t vector)
{
    inject(id, vector);
}

void hw_vcpu_inject_nmi(vcpu_id_t id)
{
    inject(id, 2U);
}

void hw_vcpu_inject_exception(vcpu_id_t id, uint32_t vector, bool has_error, uint32_t error)
{
    inject(id, vector);
    fake_vcpu[id].has_error = has_error;
    fake_vcpu[id].error = error;
}

void hw_vcpu_skipped(vcpu_id_t id)
{
    fake_vcpu[id].shadow = false;
    vcpu_regs[id].rflags &= ~(uint64_t)RFLAGS_RF;
    if ((vcpu_regs[id].rflags & RFLAGS_TF) != 0U) {
        hw_vcpu_inject_exception(id, 1U, false, 0U);
    }
}

void hw_vcpu_request_window(vcpu_id_t id, bool wanted)
{
    fake_vcpu[id].window = wanted;
}

bool hw_apic_present(void)
{
    return fake_apic_present;
}

void hw_vcpu_apic_lend(vcpu_id_t id, uint32_t tpr, const uint32_t isr[8], const uint32_t tmr[8], const uint32_t irr[8])
{
    fake_vcpu[id].apic_lent = true;
    fake_vcpu[id].apic_tpr = tpr;
    memcpy(fake_vcpu[id].apic_isr, isr, sizeof(fake_vcpu[id].apic_isr));
    memcpy(fake_vcpu[id].apic_tmr, tmr, sizeof(fake_vcpu[id].apic_tmr));
    memcpy(fake_vcpu[id].apic_irr, irr, sizeof(fake_vcpu[id].apic_irr));
}

uint32_t hw_vcpu_apic_take(vcpu_id_t id, uint32_t isr[8], uint32_t irr[8])
{
    fake_vcpu[id].apic_lent = false;
    memcpy(isr, fake_vcpu[id].apic_isr, sizeof(fake_vcpu[id].apic_isr));
    for (uint32_t i = 0U; i < 8U; i++) {
        irr[i] |= fake_vcpu[id].apic_irr[i];
    }
    return fake_vcpu[id].apic_tpr;
}

static uint32_t fake_highest(const uint32_t bits[8])
{
    uint32_t vector = 0U;
    for (uint32_t v = 16U; v < 256U; v++) {
        vector = (((bits[v / 32U] >> (v % 32U)) & 1U) != 0U) ? v : vector;
    }
    return vector;
}

uint32_t fake_apic_takes(vcpu_id_t id)
{
    uint32_t vector = fake_highest(fake_vcpu[id].apic_irr);
    uint32_t service = fake_highest(fake_vcpu[id].apic_isr) >> 4U;
    uint32_t tpr = fake_vcpu[id].apic_tpr >> 4U;
    if (!fake_vcpu[id].apic_lent || ((vector >> 4U) <= ((tpr > service) ? tpr : service))) {
        vector = 0U;
    } else {
        fake_vcpu[id].apic_irr[vector / 32U] &= ~(1U << (vector % 32U));
        fake_vcpu[id].apic_isr[vector / 32U] |= 1U << (vector % 32U);
    }
    return vector;
}

bool fake_apic_ends(vcpu_id_t id)
{
    uint32_t vector = fake_highest(fake_vcpu[id].apic_isr);
    bool exits = ((fake_vcpu[id].apic_tmr[vector / 32U] >> (vector % 32U)) & 1U) != 0U;
    if (!exits) { /* an exit that does is one before the write (hw_vcpu_apic_lend) */
        fake_vcpu[id].apic_isr[vector / 32U] &= ~(1U << (vector % 32U));
    }
    return exits;
}

/* The three ranges that a permission map knows (AMD APM 2, 15.11), folded; others alias harmlessly. */
uint32_t fake_msr_index(uint32_t msr)
{
    uint32_t fold = (msr >= 0xC0010000U) ? 0x2000U : ((msr >= 0xC0000000U) ? 0x1000U : 0U);
    return fold + (msr & 0xFFFU);
}

void hw_msr_open(vm_id_t v, uint32_t msr, bool read, bool write)
{
    fake_msr_open[v][fake_msr_index(msr)] = (uint8_t)((read ? 1U : 0U) | (write ? 2U : 0U));
}

void hw_port_open(vm_id_t v, uint16_t base, uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        fake_port_open[v][base + i] = 1U;
    }
}

void hw_bitmaps_close(vm_id_t v)
{
    memset(fake_msr_open[v], 0, sizeof(fake_msr_open[v]));
    memset(fake_port_open[v], 0, sizeof(fake_port_open[v]));
}

void hw_vcpu_flush(vcpu_id_t id)
{
    fake_vcpu[id].flushes++;
}

uint64_t hw_xcr0_supported(void)
{
    return fake_xcr0_supported;
}
