/* SPDX-License-Identifier: Apache-2.0 */
/* Boot: the address space and the open ports of the VMs in the partition table. */
#ifndef CORE_VM_MEMORY_H
#define CORE_VM_MEMORY_H

#include "core/types.h"

enum status vm_memory_build(vm_id_t v);
void vm_ports_open(vm_id_t v);

#endif
