/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts that one vCPU of an exclusive VM sends to another. */
#ifndef X86_APIC_GUEST_H
#define X86_APIC_GUEST_H

#include "x86/asm.h"
#include "x86/msr.h"
#include "x86/pcpu.h"

#define APIC_GUEST_ASSERT 0x4000U /* fixed, physical, edge */

/* No fence, unlike apic.h's: the hypervisor has stored nothing that the other vCPU waits for, and what the guest has stored before its
 * own write of the ICR it has ordered itself, as on the bare machine (Intel SDM 3, 11.12.3). */
static inline void apic_send_for_guest(pcpu_id_t target, uint32_t vector)
{
    asm_wrmsr_halves(MSR_X2APIC_ICR, APIC_GUEST_ASSERT | vector, pcpus[target].apic_id);
}

#endif
