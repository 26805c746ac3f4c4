/* SPDX-License-Identifier: Apache-2.0 */
/* An exclusive VM's accesses to its own PCI bus. False: it is none, and nothing was done. */
#ifndef CORE_EXCLUSIVE_PCI_H
#define CORE_EXCLUSIVE_PCI_H

#include "core/exit.h"
#include "core/types.h"

static inline bool exclusive_pci_port_named(uint32_t port) { return (port & 0xFFF8U) == 0xCF8U; } /* one of those of configuration space */
bool exclusive_pci_port(vcpu_id_t id, const struct vm_exit *exit);
bool exclusive_pci_memory(vcpu_id_t id, const struct vm_exit *exit);

#endif
