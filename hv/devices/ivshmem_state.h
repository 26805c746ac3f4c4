/* SPDX-License-Identifier: Apache-2.0 */
/* What ivshmem*.c share. Only they include this. */
#ifndef DEVICES_IVSHMEM_STATE_H
#define DEVICES_IVSHMEM_STATE_H

#include "core/partition.h"
#include "core/types.h"

#define IVSHMEM_BARS 4U /* dwords: registers, MSI-X table, and the two halves of the memory's address */

struct ivshmem_vector { /* an entry of the MSI-X table */
    uint64_t address;
    uint32_t data;
    bool masked;
};

/* Where a device is: of the partition table's VMs from the start, of an end for User VMs as long as one holds it. */
struct ivshmem_end {
    volatile vm_id_t vm; /* ID_NONE: nobody's. Senders on exclusive cores read it without the lock */
    uint16_t place;      /* of a User VM's */
    gpa_t registers;
    gpa_t memory;
};
extern struct ivshmem_end ivshmem_end[PART_MAX_IVSHMEM];

/* Written by the device's own VM alone. */
struct ivshmem_device {
    uint32_t command;
    uint32_t line;
    uint32_t mask;      /* IntrMask: kept, without effect, as MSI-X has its own */
    bool enabled;       /* MSI-X */
    bool masked;        /* all of it */
    bool sizing[IVSHMEM_BARS];
    struct ivshmem_vector vector[PART_IVSHMEM_VECTORS];
};
extern struct ivshmem_device ivshmem_device[PART_MAX_IVSHMEM];

static inline bool ivshmem_open(uint32_t device)
{
    return partition.table.ivshmem[device].vm == PART_IVSHMEM_USER;
}

uint64_t ivshmem_region_size(uint32_t device);
void ivshmem_device_reset(uint32_t device); /* as after power-on: no messages, nothing rings */
/* The device of that VM for the same region, or ID_NONE. */
uint32_t ivshmem_peer(uint32_t device, uint32_t vm);

/* ivshmem_doorbell.c */
void ivshmem_ring(uint32_t sender, uint32_t value); /* written to the Doorbell register */
bool ivshmem_held(uint32_t device, uint32_t vector);   /* rung while it was masked */
void ivshmem_routes_update(uint32_t device);           /* after a change of MSI-X */
void ivshmem_doorbells_reset(uint32_t device);
void ivshmem_doorbells_open(vm_id_t vm, bool open);
void ivshmem_doorbells_init(void);

#endif
