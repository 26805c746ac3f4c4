/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Message interrupts of an exclusive VM's functions: they arrive without the hypervisor, with the guest's own vector, on the core of
 * the vCPU that its message names, always fixed and edge. Anything else is not sent at all.
 */
#ifndef CORE_IRQ_EXCLUSIVE_H
#define CORE_IRQ_EXCLUSIVE_H

#include "core/irq.h"

/* What to write into the hardware for the message that the guest wrote. */
struct irq_msi_message irq_exclusive_message(vm_id_t v, uint16_t bdf, uint64_t address, uint32_t data, bool enabled);

#endif
