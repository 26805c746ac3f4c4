/* SPDX-License-Identifier: Apache-2.0 */
/* core/irq.c: owners are VMs, places are cores and their vectors. */
#include "core/irq.c"
#include "proofs/eva/eva.h"

void assume_irq(void)
{
    /*@ loop unroll IOAPIC_PINS; */
    for (uint32_t pin = 0U; pin < IOAPIC_PINS; pin++) {
        pin_state[pin].owner = any_below(MAX_VM);
        pin_state[pin].pcpu = any_below(MAX_PCPU);
    }
    /*@ loop unroll MAX_MSI_SOURCE; */
    for (uint32_t s = 0U; s < MAX_MSI_SOURCE; s++) {
        source_state[s].vm = any_below(MAX_VM);
        source_state[s].pcpu = any_below(MAX_PCPU);
        source_state[s].vector = any_below(VECTOR_IRQ_LAST + 1U);
    }
    /*@ loop unroll MAX_PCPU; */
    for (uint32_t p = 0U; p < MAX_PCPU; p++) {
        vector_next[p] = any_below(MSI_VECTORS);
    }
}

void check_irq(void)
{
    { uint32_t pin = any_below(IOAPIC_PINS);
        /*@ assert pin_owner: pin_state[pin].owner < MAX_VM; */
        /*@ assert pin_pcpu: pin_state[pin].pcpu < MAX_PCPU; */
    }
    { uint32_t s = any_below(MAX_MSI_SOURCE);
        /*@ assert source_vm: source_state[s].vm < MAX_VM; */
        /*@ assert source_pcpu: source_state[s].pcpu < MAX_PCPU; */
        /*@ assert source_vector: source_state[s].vector <= VECTOR_IRQ_LAST; */
    }
    { uint32_t p = any_below(MAX_PCPU);
        /*@ assert next: vector_next[p] < MSI_VECTORS; */
    }
}
