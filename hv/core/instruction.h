/* SPDX-License-Identifier: Apache-2.0 */
/* Intercepted instructions and events of shared vCPUs that are too small for files of their own. */
#ifndef CORE_INSTRUCTION_H
#define CORE_INSTRUCTION_H

#include "core/exit.h"
#include "core/types.h"

void instruction_hlt(vcpu_id_t id, uint32_t length);
void instruction_hypercall(vcpu_id_t id, uint32_t length);
void instruction_mov_cr(vcpu_id_t id, const struct vm_exit *exit); /* CR8 only */
void instruction_xsetbv(vcpu_id_t id, uint32_t length);
void instruction_exception(vcpu_id_t id, const struct vm_exit *exit);
void instruction_shutdown(vcpu_id_t id);
/* XCR0 value that XSETBV accepts (Intel SDM 1, 13.3). */
bool instruction_xcr0_valid(uint64_t value, uint64_t supported);

#endif
