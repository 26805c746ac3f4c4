/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of a virtio device in slot 1, as a driver reaches them. For one test program each. */
#ifndef UNIT_DM_VIRTIO_REGISTERS_H
#define UNIT_DM_VIRTIO_REGISTERS_H

#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "dm/machine.h"
#include "dm/virtio.h"
#include "dm_fake_hsm.h"

#define SLOT      1U
#define RAM       (4ULL << 20)
#define NOTIFY    (bar + VIRTIO_BAR_NOTIFY)

struct desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

static struct guest_memory memory;
static struct pci_bus bus;
static uint32_t bar;

static inline void set_line(void *owner, uint32_t gsi, bool high)
{
    (void)owner;
    (void)hsm_set_irq_line(NULL, gsi, high);
}

static inline uint32_t config_read(uint32_t reg, uint32_t size) { return pci_config_read(&bus, SLOT, 0, reg, size); }
static inline void config_write(uint32_t reg, uint32_t size, uint32_t value) { pci_config_write(&bus, SLOT, 0, reg, size, value); }

static inline uint64_t rd(uint32_t address, uint32_t size)
{
    return pci_mmio_ops.read(&bus, address - MACHINE_PCI_MMIO_BASE, size) & io_size_mask(size);
}

static inline void wr(uint32_t address, uint32_t size, uint64_t value)
{
    pci_mmio_ops.write(&bus, address - MACHINE_PCI_MMIO_BASE, size, value);
}

static inline void *at(uint64_t gpa) { return memory_range(&memory, gpa, 512); }

static inline void negotiate(uint64_t features)
{
    wr(bar + 20, 1, 0);
    wr(bar + 20, 1, 3);
    wr(bar + 8, 4, 0);
    wr(bar + 12, 4, (uint32_t)features);
    wr(bar + 8, 4, 1);
    wr(bar + 12, 4, features >> 32);
    wr(bar + 20, 1, 0x0B);
}

/* The vector sends 0x4040 and its number. */
static inline void enable_vector(const struct virtio_device *device, uint32_t vector)
{
    uint32_t entry = config_read(PCI_REG_BAR0 + 4U, 4) + 16U * vector;

    wr(entry, 4, 0xFEE01000U);
    wr(entry + 4U, 4, 0);
    wr(entry + 8U, 4, 0x4040U + vector);
    wr(entry + 12U, 4, 0);
    config_write(device->msix.capability + 2U, 2, 0x8000);
}

#endif
