/* SPDX-License-Identifier: Apache-2.0 */
/* PCI functions: found, switched on, and their messages directed. Addresses of registers are taken as firmware or hypervisor placed them. */
#ifndef RTVM_PCI_H
#define RTVM_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_NONE 0xFFFFFFFFU

/* Vendor in bits 15:0, device in 31:16; all ones when nothing answers. */
uint32_t pci_id(uint32_t function);
/* The first function with one of these ids, PCI_NONE without one. Looks at each bus once. */
uint32_t pci_find(const uint32_t *ids, uint32_t id_count);
/* Where a memory BAR is reached (device_map); 0 when it is none, not placed, or cannot be reached. */
uint64_t pci_bar(uint32_t function, uint32_t index);
/* Decoding of memory and bus mastering on, pin interrupt off; false when the function does not take it. */
bool pci_enable(uint32_t function);
/* All messages of the function, or of entry 0 of its table, become this vector on this core. False: it has no such capability. */
bool pci_msi(uint32_t function, uint32_t apic_id, uint32_t vector);
bool pci_msix(uint32_t function, uint32_t apic_id, uint32_t vector);

#endif
