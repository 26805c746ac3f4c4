/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Driver of a shared-memory device (PCI 1af4:1110 of revision 1; docs/user-guide.md, Shared memory with doorbells): finds it,
 * tells where its memory is, rings doorbells, takes interrupts by MSI-X. Memory below 4 GiB is mapped one to one.
 */
#ifndef RTVM_IVSHMEM_H
#define RTVM_IVSHMEM_H

#include <stdbool.h>
#include <stdint.h>

struct ivshmem {
    uint32_t bdf;
    uint32_t peer;        /* this VM's number: others ring it by that */
    uint32_t vectors;     /* doorbells that this VM receives */
    uint64_t registers;   /* BAR 0 */
    uint64_t table;       /* BAR 1 */
    uint64_t memory;      /* BAR 2 */
    uint64_t size;        /* bytes of it */
};

/* The n-th one on bus 0; false: there is none. BARs stay where they are. */
bool ivshmem_find(struct ivshmem *device, uint32_t n);
/* Doorbell n becomes this interrupt vector, 16..255, on the vCPU with this local APIC id; both before the device is enabled. */
void ivshmem_interrupt(const struct ivshmem *device, uint32_t n, uint32_t apic_id, uint8_t vector);
void ivshmem_enable(const struct ivshmem *device);
/* What was stored in the memory before is there when the peer takes its interrupt. One exit. */
void ivshmem_ring(const struct ivshmem *device, uint32_t peer, uint32_t doorbell);

#endif
