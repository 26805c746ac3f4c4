/* SPDX-License-Identifier: Apache-2.0 */
/* vCPU state that the virtualization extension does not switch. */
#ifndef X86_VCPU_STATE_H
#define X86_VCPU_STATE_H

#include "core/vcpu_hw.h"

void vcpu_state_core_init(void);      /* calling core */
void vcpu_state_reset(vcpu_id_t vcpu);
void vcpu_state_load(vcpu_id_t vcpu); /* makes it the calling core's; saves the one before */
uint64_t vcpu_state_get(vcpu_id_t vcpu, enum vcpu_reg reg);
void vcpu_state_set(vcpu_id_t vcpu, enum vcpu_reg reg, uint64_t value);

#endif
