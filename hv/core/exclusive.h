/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exclusive vCPUs: no lock. What one core tells another is a flag of its own that anybody may
 * set and only the addressed core clears, before it acts: a byte store, ordered as x86 orders
 * stores (Intel SDM 3, 9.2.2), so that nothing is lost and no atomic operation is needed.
 */
#ifndef CORE_EXCLUSIVE_H
#define CORE_EXCLUSIVE_H

#include "core/limits.h"
#include "core/types.h"

void exclusive_send_nmi(vcpu_id_t id);
void exclusive_send_init(vcpu_id_t id);
void exclusive_send_sipi(vcpu_id_t id, uint32_t vector);
/* All vCPUs have left: what they sent each other before counts for nothing in the VM's next life. */
void exclusive_forget(vm_id_t v);

#endif
