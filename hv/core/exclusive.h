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
/* Every vCPU of the VM leaves for good; returns at once. */
void exclusive_stop(vm_id_t v);
bool exclusive_stopped(vm_id_t v); /* all its cores have left the guest for good */

#endif
