/* SPDX-License-Identifier: Apache-2.0 */
/* What the first life of a VM has in common with a later one. An exclusive VM's own core does it again, with no lock: nothing
 * here touches what belongs to others. */
#ifndef CORE_VM_RELOAD_H
#define CORE_VM_RELOAD_H

#include "core/types.h"

void vm_rights_open(vm_id_t v);       /* MSRs and ports: closed, then those of its kind and table entry opened */
void vm_set_exclusive(vm_id_t v);     /* rights, and all vCPUs in power-on state */
/* Image and boot information into its memory, entry point into vCPU 0. Why not, or "". */
const char *vm_load_image(vm_id_t v, gpa_t rsdp);
const char *vm_load_listed(vm_id_t v); /* pre-launched: with its memory map and ACPI tables */
/* Exclusive VM, by its keeper (exclusive_life.h) while no vCPU of it runs: as at boot, from its pristine image. Why
 * it cannot be, or "". */
const char *vm_reload(vm_id_t v);

#endif
