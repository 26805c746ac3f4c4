/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI configuration space as each VM sees it: ports 0xCF8/0xCFC and the
 * MMCONFIG window. Functions of other partitions do not exist. BARs cannot be
 * moved, bridges not reprogrammed. MSI and MSI-X are virtual: the guest's
 * address and data are kept here, the hardware gets what core/irq.c chooses.
 * The Service VM also sees the hypervisor's own device (abi/hv_info.h), a pre-launched VM a bus of its own (vpci_given.c).
 */
#ifndef DEVICES_VPCI_H
#define DEVICES_VPCI_H

#include "core/limits.h"
#include "core/types.h"

enum status vpci_scan(void);  /* boot: every function, its BARs, MSI and MSI-X capabilities */
uint32_t vpci_config_read(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size);
void vpci_config_write(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);
uint32_t vpci_port_read(vm_id_t vm, uint16_t port, uint32_t size);   /* 0xCF8..0xCFF */
void vpci_port_write(vm_id_t vm, uint16_t port, uint32_t size, uint32_t value);

/* MMCONFIG and MSI-X table pages: left out of stage 2, answered here. */
bool vpci_mmio_claims(vm_id_t vm, gpa_t gpa);
uint64_t vpci_mmio_read(vm_id_t vm, gpa_t gpa, uint32_t size);
void vpci_mmio_write(vm_id_t vm, gpa_t gpa, uint32_t size, uint64_t value);
/* Page-granular holes that the VM's map of device memory must leave: index 0.. until false. */
bool vpci_hole(vm_id_t vm, uint32_t index, gpa_t *base, uint64_t *size); /* size 0: skip; may overlap */
/* The Service VM is being reset: its functions lose bus mastering and their message interrupts. vpci_given.h has it for the others. */
void vpci_reset(void);
void vpci_masters_off(vm_id_t vm);  /* of the VM's functions */
void vpci_shared_masters_off(void); /* of all but exclusive VMs'; reads only what the scan left, so that a lost core can call it */
void vpci_dma_open(vm_id_t vm); /* boot: its functions reach by DMA what its stage 2 maps; which cannot be said of one is told in the log */

/* I/O request upcall: the MSI of the hypervisor's device, or vector 0xF3 with the ACRN face. */
void vpci_upcall(void);
/* HC_SET_CALLBACK_VECTOR: the upcall's vector where the device's MSI is not enabled; 0x20..0xFF. */
enum status vpci_set_callback_vector(uint32_t vector);

#endif
