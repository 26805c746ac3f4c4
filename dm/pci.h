/* SPDX-License-Identifier: Apache-2.0 */
/* PCI bus 0: configuration space (CF8/CFC, MMCONFIG, and requests that HSM has decoded), memory
 * BARs, INTx. One function a slot; slot 0 is the host bridge. */
#ifndef DM_PCI_H
#define DM_PCI_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "dm/iobus.h"
#include "dm/machine.h"

#define PCI_CONFIG_SIZE 256U
#define PCI_BARS        2U

#define PCI_REG_COMMAND    0x04U
#define PCI_REG_STATUS     0x06U
#define PCI_REG_CLASS      0x08U
#define PCI_REG_BAR0       0x10U
#define PCI_REG_SUBSYSTEM  0x2CU
#define PCI_REG_CAPABILITY 0x34U
#define PCI_REG_INTERRUPT  0x3CU
#define PCI_COMMAND_MEMORY 0x0002U
#define PCI_COMMAND_NO_INTX 0x0400U

struct pci_bar {
    uint32_t size; /* power of two, 4 KiB or more; 0: no such BAR */
    const struct io_ops *ops;
    void *device;
};

struct pci_device {
    uint8_t config[PCI_CONFIG_SIZE];
    uint8_t initial[PCI_CONFIG_SIZE];  /* what reset restores */
    uint8_t writable[PCI_CONFIG_SIZE]; /* bits that a guest may change */
    struct pci_bar bar[PCI_BARS];
    uint8_t next_capability; /* where the next one goes */
    uint8_t last_capability; /* 0: none yet */
    bool intx;
    unsigned slot;
    struct pci_bus *bus;
    /* Optional. Both run on the thread of the access. */
    void (*before_read)(void *owner, uint32_t reg, uint32_t size);
    void (*after_write)(void *owner, uint32_t reg, uint32_t size);
    void *owner;
};

struct pci_bus {
    struct pci_device *slot[MACHINE_PCI_SLOTS];
    uint32_t reserved; /* slots that are not answered here, as a mask */
    struct pci_device host_bridge;
    uint32_t address; /* CF8 */
    uint64_t next_bar;
    pthread_mutex_t lock; /* intx_lines: workers raise, vCPU accesses lower */
    uint32_t intx_lines[MACHINE_GSI_PCI_COUNT]; /* slots that hold the line, as a mask */
    void (*set_irq)(void *owner, uint32_t gsi, bool high);
    void *owner;
};

extern const struct io_ops pci_cf8_ops;  /* CF8..CFB, device: struct pci_bus */
extern const struct io_ops pci_cfc_ops;  /* CFC..CFF */
extern const struct io_ops pci_ecam_ops; /* MMCONFIG */
extern const struct io_ops pci_mmio_ops; /* the MMIO window */

void pci_bus_create(struct pci_bus *bus, void (*set_irq)(void *owner, uint32_t gsi, bool high), void *owner);
/* Device: all but BAR addresses is set up. It gets the next free slot; false: none, or no room. */
bool pci_bus_add(struct pci_bus *bus, struct pci_device *device);
/* The next free slot for a function that the hypervisor answers for; 0: none. */
unsigned pci_bus_reserve(struct pci_bus *bus);
/* The next free part of the MMIO window, aligned to its size, a power of two; false: no room. */
bool pci_bus_place(struct pci_bus *bus, uint64_t size, uint64_t *address);
void pci_bus_reset(struct pci_bus *bus);
uint32_t pci_config_read(struct pci_bus *bus, uint32_t slot, uint32_t function, uint32_t reg, uint32_t size);
void pci_config_write(struct pci_bus *bus, uint32_t slot, uint32_t function, uint32_t reg, uint32_t size,
                      uint32_t value);

void pci_device_init(struct pci_device *device, uint16_t vendor, uint16_t id, uint32_t class_code, uint8_t revision);
/* Room for a capability of size bytes; returns its offset, with id and link filled in. */
uint8_t pci_add_capability(struct pci_device *device, uint8_t id, uint8_t size);
bool pci_bar_address(const struct pci_device *device, unsigned bar, uint64_t *address); /* false: not decoded */
void pci_set_intx(struct pci_device *device, bool high);

/* The GSI of a slot's INTA. */
static inline uint32_t pci_slot_line(unsigned slot)
{
    return MACHINE_GSI_PCI + slot % MACHINE_GSI_PCI_COUNT;
}

static inline uint16_t pci_get16(const uint8_t *config, uint32_t reg)
{
    return (uint16_t)(config[reg] | (config[reg + 1U] << 8));
}

static inline void pci_put16(uint8_t *config, uint32_t reg, uint16_t value)
{
    config[reg] = (uint8_t)value;
    config[reg + 1U] = (uint8_t)(value >> 8);
}

static inline uint32_t pci_get32(const uint8_t *config, uint32_t reg)
{
    return pci_get16(config, reg) | ((uint32_t)pci_get16(config, reg + 2U) << 16);
}

static inline void pci_put32(uint8_t *config, uint32_t reg, uint32_t value)
{
    pci_put16(config, reg, (uint16_t)value);
    pci_put16(config, reg + 2U, (uint16_t)(value >> 16));
}

#endif
