/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PCI bus of a pre-launched VM. Takes no lock and calls nothing that does: the cores of an exclusive VM come here on their own. vm is
 * a pre-launched VM's, below PART_MAX_VM.
 */
#ifndef DEVICES_VPCI_GIVEN_H
#define DEVICES_VPCI_GIVEN_H

#include "core/types.h"

uint32_t vpci_given_port_read(vm_id_t vm, uint16_t port, uint32_t size); /* 0xCF8..0xCFF */
void vpci_given_port_write(vm_id_t vm, uint16_t port, uint32_t size, uint32_t value);
/* Its MMCONFIG window, of one bus, and its functions' MSI-X tables. */
bool vpci_given_claims(vm_id_t vm, gpa_t gpa);
uint64_t vpci_given_memory_read(vm_id_t vm, gpa_t gpa, uint32_t size);
void vpci_given_memory_write(vm_id_t vm, gpa_t gpa, uint32_t size, uint64_t value);
/* No core of the VM runs: its functions become quiet and are reset where they can be, which takes 200 ms at most. */
void vpci_given_reset(vm_id_t vm);

#endif
