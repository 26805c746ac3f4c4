/* SPDX-License-Identifier: Apache-2.0 */
/* The last writes to a VM's devices: a list in the partition table, each write within the VM's own ports and device memory. */
#ifndef CORE_SAFE_STATE_H
#define CORE_SAFE_STATE_H

#include "core/types.h"

/* Any core, no lock; the VM has left its cores for good. In the order of the table. */
void safe_state_apply(vm_id_t v);
/* The machine halts: the same for all that share cores. These cores have stopped, but for the calling one. */
void safe_state_apply_shared(void);

#endif
