/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses that stage 2 does not let through: emulated devices, I/O requests, or nothing there. */
#ifndef CORE_MMIO_H
#define CORE_MMIO_H

#include "core/exit.h"
#include "core/types.h"

void mmio_exit(vcpu_id_t id, const struct vm_exit *exit);
void mmio_complete(vcpu_id_t id, uint64_t value); /* the I/O request of a User VM is answered */

#endif
