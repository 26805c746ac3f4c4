/* SPDX-License-Identifier: Apache-2.0 */
/* Per-core state and the kick. */
#include "x86/pcpu.h"

#include "core/dispatch.h"
#include "core/trace.h"
#include "x86/address.h"
#include "x86/apic.h"
#include "x86/apic_guest.h"
#include "x86/asm.h"
#include "x86/cpu.h"
#include "x86/msr.h"

#define TPR_NO_EXCEPTION_VECTORS 0x10U /* vectors up to 31 wait (Intel SDM 3, 10.8.3.1) */

struct pcpu pcpus[MAX_PCPU];

void pcpu_init(pcpu_id_t id)
{
    pcpus[id].id = id;
    pcpus[id].loaded = ID_NONE;
    pcpus[id].timer_deadline = TIME_NEVER;
    asm_wrmsr(MSR_GS_BASE, address_of(&pcpus[id]));
    gdt_load(id);
    idt_load();
    atomic_store(&pcpus[id].state, PCPU_IN_HV);
}

pcpu_id_t hw_pcpu(void)
{
    return asm_read_gs_first();
}

/*
 * The flag comes first: a core that reads its flag after it marked itself in-guest or idle
 * either sees the flag, or its mark is seen here and the signal reaches it.
 */
/* REQ-INT-029 */
void hw_kick(pcpu_id_t target)
{
    uint32_t state;
    atomic_store(&pcpus[target].kick, 1U);
    state = atomic_load(&pcpus[target].state);
    if (state == PCPU_IN_GUEST) {
        apic_send_nmi(pcpus[target].apic_id);
    } else if (state == PCPU_IDLE) {
        apic_send_fixed(pcpus[target].apic_id, VECTOR_WAKE);
    } else {
        /* inside the hypervisor: it looks at the flag before it leaves */
    }
    trace_now(HV_TRACE_KICK, ID_NONE, target, state); /* not between the look and the signal: the state may change */
}

void hw_send_ipi(pcpu_id_t target, uint32_t vector)
{
    apic_send_for_guest(target, vector);
}

void hw_fence(void)
{
    asm_mfence();
}

bool hw_raise(volatile bool *flag)
{
    return asm_raise(flag);
}

void hw_relax(void)
{
    asm_pause();
}

/*
 * The mark is set before the flag is read: see hw_kick(). An exclusive VM programs the local APIC
 * itself, with any vector from 16 on: one below 32 would be taken for an exception of the hypervisor
 * here. Its own TPR counts for nothing meanwhile, so that it cannot hold back the wake-up either.
 */
/* REQ-INT-029 REQ-INT-030 */
void pcpu_wait(struct pcpu *self)
{
    atomic_store(&self->state, PCPU_IDLE);
    if (atomic_load(&self->kick) == 0U) {
        uint64_t guest_tpr = 0U;
        if (self->exclusive) {
            guest_tpr = asm_rdmsr(MSR_X2APIC_TPR);
            asm_wrmsr(MSR_X2APIC_TPR, TPR_NO_EXCEPTION_VECTORS);
        }
        asm_sti_hlt_cli();
        if (self->exclusive) {
            asm_wrmsr(MSR_X2APIC_TPR, guest_tpr);
        }
    }
    atomic_store(&self->state, PCPU_IN_HV);
}

uint32_t pcpu_take_arrived(struct pcpu *self)
{
    uint32_t vector = 0U;
    const uint32_t *const set = self->arrived;
    const bool some = (set[0] | set[1] | set[2] | set[3] | set[4] | set[5] | set[6] | set[7]) != 0U; /* mostly not */
    for (uint32_t word = 8U; some && (word > 0U) && (vector == 0U); word--) {
        const uint32_t bits = self->arrived[word - 1U];
        if (bits != 0U) {
            const uint32_t bit = 31U - (uint32_t)__builtin_clz(bits);
            self->arrived[word - 1U] = bits & ~(1U << bit);
            vector = ((word - 1U) * 32U) + bit;
        }
    }
    return vector;
}

void pcpu_discard_arrived(struct pcpu *self)
{
    while (pcpu_take_arrived(self) != 0U) {
        apic_eoi();
    }
}

bool hw_pcpu_in_guest(pcpu_id_t target)
{
    return atomic_load(&pcpus[target].state) == PCPU_IN_GUEST;
}
