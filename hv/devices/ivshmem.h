/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared memory with doorbells between VMs: to each VM that the partition table connects, a PCI device 1af4:1110 of revision 1
 * with the registers of QEMU's ivshmem-doorbell. BAR 2 is the shared region, mapped for good; BAR 0 and BAR 1, the
 * registers and the MSI-X table, are answered here. A device is named by its index in the partition table's list.
 * A peer's number is its VM's; ends for User VMs have the one behind those (PART_IVSHMEM_USER).
 *
 * Of a VM on shared cores all of this is called under the shared lock; of an exclusive VM by its own cores without it.
 */
#ifndef DEVICES_IVSHMEM_H
#define DEVICES_IVSHMEM_H

#include "core/limits.h"
#include "core/types.h"

void ivshmem_init(void);
/* Configuration space of the VM's device there; an access that is one. */
uint32_t ivshmem_find(vm_id_t vm, uint16_t bdf); /* ID_NONE: none */
bool ivshmem_present(vm_id_t vm);                /* a pre-launched VM has one anywhere */
uint32_t ivshmem_register_read(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size);
void ivshmem_register_write(vm_id_t vm, uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value);
/* The register pages, which are not in stage 2. */
bool ivshmem_claims(vm_id_t vm, gpa_t gpa);
uint64_t ivshmem_read(vm_id_t vm, gpa_t gpa, uint32_t size);
void ivshmem_write(vm_id_t vm, gpa_t gpa, uint32_t size, uint64_t value);
/* What the Service VM's identity map must leave out: index 0.. until false. size 0: skip. */
bool ivshmem_hole(uint32_t index, gpa_t *base, uint64_t *size);
enum status ivshmem_map(void); /* boot: BAR 2 of the Service VM's devices, into those holes */
/* close: from here on, no doorbell reaches the VM. reset: its devices are as after power-on, and doorbells are heard again. */
void ivshmem_close(vm_id_t vm);
void ivshmem_reset(vm_id_t vm);
/* An end for User VMs, which one holds at a time, at the addresses that its device model chose. STATUS_NOT_FOUND: no such end; STATUS_BUSY: a VM
 * has it, or another device is in its place; STATUS_NO_MEMORY: the VM's tables are used up; STATUS_DENIED: all the rest. The log says why. */
struct ivshmem_request {
    uint16_t place;
    gpa_t registers;
    gpa_t table;             /* of MSI-X; both are BARs of 32 bits */
    gpa_t memory;
    uint64_t size;
    const uint8_t *name;     /* of the region, PART_NAME_SIZE bytes */
};
enum status ivshmem_take(vm_id_t vm, const struct ivshmem_request *request);
enum status ivshmem_drop(vm_id_t vm, uint16_t place); /* STATUS_NOT_FOUND: it has none there */
void ivshmem_drop_all(vm_id_t vm);
/* Shared cores, under the lock: delivers the doorbells that had to wait. When the next one is due, or TIME_NEVER. waiting: there may be one. */
extern volatile bool ivshmem_waiting;
uint64_t ivshmem_look(uint64_t now);

#endif
