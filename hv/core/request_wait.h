/* SPDX-License-Identifier: Apache-2.0 */
/* A vCPU of the Service VM that waits in FINISH_AND_WAIT for the next I/O request of a User VM: the request wakes it in
 * place of an upcall. Its HLT otherwise: whatever ends that ends the wait, and requests have their upcall again. */
#ifndef CORE_REQUEST_WAIT_H
#define CORE_REQUEST_WAIT_H

#include "core/types.h"

void request_wait_begin(vcpu_id_t id, vm_id_t awaited);
/* True: a vCPU waited for this VM's request, and runs now. False: the request needs an upcall. */
bool request_wait_end(vm_id_t awaited);

#endif
