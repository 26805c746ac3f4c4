/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual local APIC of a vCPU on a shared core: xAPIC page and x2APIC registers
 * (Intel SDM 3, chapter 10). Timer counts at the TSC rate and has TSC-deadline mode. */
#ifndef DEVICES_VLAPIC_H
#define DEVICES_VLAPIC_H

#include "core/limits.h"
#include "core/types.h"

#define VLAPIC_BASE 0xFEE00000U
#define VECTOR_NONE 0U
#define VECTOR_EXTINT 0x100U /* vlapic_pending(): take the vector from the VM's vPIC */

void vlapic_reset(vcpu_id_t id);  /* power-on; APIC id = vcpu_index(id) */
void vlapic_init(vcpu_id_t id);   /* INIT: keeps the id and APIC_BASE */

/* x2APIC MSRs 0x800..0x8FF, IA32_APIC_BASE 0x1B, IA32_TSC_DEADLINE 0x6E0. STATUS_INVALID: inject #GP. */
enum status vlapic_msr_read(vcpu_id_t id, uint32_t msr, uint64_t *value);
enum status vlapic_msr_write(vcpu_id_t id, uint32_t msr, uint64_t value);
/* xAPIC page, 32-bit accesses at 16-byte steps; STATUS_INVALID when in x2APIC mode or disabled. */
enum status vlapic_mmio_read(vcpu_id_t id, uint32_t offset, uint32_t *value);
enum status vlapic_mmio_write(vcpu_id_t id, uint32_t offset, uint32_t value);
uint32_t vlapic_cr8(vcpu_id_t id);
void vlapic_set_cr8(vcpu_id_t id, uint32_t value); /* 0..15 */

/* Highest vector that may interrupt now (IRR above PPR), VECTOR_EXTINT, or VECTOR_NONE. */
uint32_t vlapic_pending(vcpu_id_t id);
void vlapic_accepted(vcpu_id_t id, uint32_t vector);  /* injected: IRR -> ISR */
uint32_t vlapic_to_inject(vcpu_id_t id);              /* the same as pending, less what the CPU takes by itself */

/* The registers change hands, to a CPU that has a local APIC for guests: lend is the last thing before an entry; settle comes after an exit,
 * before anything else is asked of the APIC. Both do the paravirtual EOI, too. */
void vlapic_lend(vcpu_id_t id);
void vlapic_settle(vcpu_id_t id);

/* An EOI without consequences, or a write of the timer's initial count or TSC deadline while the core's timer is not armed for an
 * earlier one of this vCPU: done at once; on the core that runs it, no lock needed. False: not done. */
bool vlapic_quick_write(vcpu_id_t id, uint32_t msr, uint64_t value);

/* Paravirtual EOI. settle: after an exit, before anything else is asked of the APIC, and before
 * memory that the word may lie in changes hands; offer: last thing before an entry where nothing is lent. */
enum status vlapic_eoi_word_read(vcpu_id_t id, uint64_t *value);
enum status vlapic_eoi_word_write(vcpu_id_t id, uint64_t value);
void vlapic_eoi_settle(vcpu_id_t id);
void vlapic_eoi_offer(vcpu_id_t id);

uint64_t vlapic_deadline(vcpu_id_t id);               /* TSC of the next timer event, or TIME_NEVER */
void vlapic_advance(vcpu_id_t id, uint64_t now);      /* fires what is due */

/* Messages from IPIs, IOAPIC and MSIs, to every vCPU they address: vlapic_post + vcpu_notify. */
void vlapic_post(vcpu_id_t id, uint32_t vector, bool level);
void vlapic_deliver(vm_id_t vm, uint32_t dest, bool logical, uint32_t mode, uint32_t vector, bool level);
void vlapic_deliver_msi(vm_id_t vm, uint64_t address, uint32_t data);
/* The vCPU that a fixed message with this destination reaches first, or ID_NONE. */
vcpu_id_t vlapic_target(vm_id_t vm, uint32_t dest, bool logical);

#endif
