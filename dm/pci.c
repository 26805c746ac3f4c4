/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/pci.h"

#include <assert.h>
#include <string.h>

#define CF8_ENABLE         0x80000000U
#define STATUS_CAPABILITY  0x10U /* bit 4 of the low status byte */
#define STATUS_INTERRUPT   0x08U
#define HOST_BRIDGE_VENDOR 0x8086U /* 82G33 host bridge: known to every guest, asks for no driver */
#define HOST_BRIDGE_ID     0x29C0U
#define CLASS_HOST_BRIDGE  0x060000U

void pci_device_init(struct pci_device *device, uint16_t vendor, uint16_t id, uint32_t class_code, uint8_t revision)
{
    *device = (struct pci_device){.next_capability = 0x40U};
    pci_put16(device->config, 0, vendor);
    pci_put16(device->config, 2, id);
    pci_put32(device->config, PCI_REG_CLASS, (class_code << 8) | revision);
    pci_put16(device->writable, PCI_REG_COMMAND, 0x0406U); /* memory, bus master, INTx disable */
    device->writable[PCI_REG_INTERRUPT] = 0xFFU;
}

uint8_t pci_add_capability(struct pci_device *device, uint8_t id, uint8_t size)
{
    uint8_t at = device->next_capability;

    assert((unsigned)at + size <= PCI_CONFIG_SIZE);
    device->config[at] = id;
    if (device->last_capability == 0U) {
        device->config[PCI_REG_CAPABILITY] = at;
        device->config[PCI_REG_STATUS] |= STATUS_CAPABILITY;
    } else {
        device->config[device->last_capability + 1U] = at;
    }
    device->last_capability = at;
    device->next_capability = (uint8_t)((at + size + 3U) & ~3U);
    return at;
}

void pci_bus_create(struct pci_bus *bus, void (*set_irq)(void *owner, uint32_t gsi, bool high), void *owner)
{
    *bus = (struct pci_bus){.set_irq = set_irq, .owner = owner, .next_bar = MACHINE_PCI_MMIO_BASE};
    pthread_mutex_init(&bus->lock, NULL);
    pci_device_init(&bus->host_bridge, HOST_BRIDGE_VENDOR, HOST_BRIDGE_ID, CLASS_HOST_BRIDGE, 0);
    (void)pci_bus_add(bus, &bus->host_bridge);
}

bool pci_bus_place(struct pci_bus *bus, uint64_t size, uint64_t *address)
{
    uint64_t end = MACHINE_PCI_MMIO_BASE + MACHINE_PCI_MMIO_SIZE;
    bool fits = size <= MACHINE_PCI_MMIO_SIZE;

    if (fits) {
        *address = (bus->next_bar + size - 1U) & ~(size - 1U);
        fits = *address + size <= end;
        bus->next_bar = fits ? (*address + size) : bus->next_bar;
    }
    return fits;
}

static bool place_bar(struct pci_bus *bus, struct pci_device *device, unsigned bar)
{
    uint64_t size = device->bar[bar].size;
    uint64_t address = 0;
    bool fits = pci_bus_place(bus, size, &address);

    if (fits) {
        pci_put32(device->config, PCI_REG_BAR0 + 4U * bar, (uint32_t)address);
        pci_put32(device->writable, PCI_REG_BAR0 + 4U * bar, (uint32_t)~(size - 1U));
    }
    return fits;
}

static unsigned free_slot(const struct pci_bus *bus)
{
    unsigned slot = 0;

    while (slot < MACHINE_PCI_SLOTS && (bus->slot[slot] != NULL || ((bus->reserved >> slot) & 1U) != 0U)) {
        slot++;
    }
    return slot;
}

unsigned pci_bus_reserve(struct pci_bus *bus)
{
    unsigned slot = free_slot(bus);

    if (slot < MACHINE_PCI_SLOTS) {
        bus->reserved |= 1U << slot;
    } else {
        slot = 0;
    }
    return slot;
}

bool pci_bus_add(struct pci_bus *bus, struct pci_device *device)
{
    unsigned slot = free_slot(bus);
    bool added = slot < MACHINE_PCI_SLOTS;

    for (unsigned i = 0; added && i < PCI_BARS; i++) {
        added = device->bar[i].size == 0U || place_bar(bus, device, i);
    }
    if (added) {
        device->slot = slot;
        device->bus = bus;
        if (slot != 0U) {
            device->config[PCI_REG_INTERRUPT] = (uint8_t)pci_slot_line(slot);
            device->config[PCI_REG_INTERRUPT + 1U] = 1; /* INTA */
        }
        memcpy(device->initial, device->config, sizeof(device->initial));
        bus->slot[slot] = device;
    }
    return added;
}

void pci_bus_reset(struct pci_bus *bus)
{
    bus->address = 0;
    for (unsigned i = 0; i < MACHINE_PCI_SLOTS; i++) {
        struct pci_device *device = bus->slot[i];

        if (device != NULL) {
            pci_set_intx(device, false);
            memcpy(device->config, device->initial, sizeof(device->config));
        }
    }
}

static struct pci_device *find_device(struct pci_bus *bus, uint32_t slot, uint32_t function, uint32_t reg,
                                      uint32_t size)
{
    bool valid = slot < MACHINE_PCI_SLOTS && function == 0U && size <= 4U && reg <= PCI_CONFIG_SIZE - size;

    return valid ? bus->slot[slot] : NULL;
}

uint32_t pci_config_read(struct pci_bus *bus, uint32_t slot, uint32_t function, uint32_t reg, uint32_t size)
{
    struct pci_device *device = find_device(bus, slot, function, reg, size);
    uint32_t value = UINT32_MAX;

    if (device != NULL) {
        if (device->before_read != NULL) {
            device->before_read(device->owner, reg, size);
        }
        value = 0;
        for (uint32_t i = 0; i < size; i++) {
            value |= (uint32_t)device->config[reg + i] << (8U * i);
        }
        if (device->intx && reg <= PCI_REG_STATUS && reg + size > PCI_REG_STATUS) {
            value |= STATUS_INTERRUPT << (8U * (PCI_REG_STATUS - reg));
        }
    }
    return value & (uint32_t)io_size_mask(size);
}

static void update_intx(struct pci_device *device)
{
    struct pci_bus *bus = device->bus;
    uint32_t line = device->slot % MACHINE_GSI_PCI_COUNT;
    bool masked = (pci_get16(device->config, PCI_REG_COMMAND) & PCI_COMMAND_NO_INTX) != 0U;
    uint32_t bit = 1U << device->slot;
    uint32_t old = bus->intx_lines[line];
    uint32_t new = (device->intx && !masked) ? (old | bit) : (old & ~bit);

    bus->intx_lines[line] = new;
    if ((old != 0U) != (new != 0U)) {
        bus->set_irq(bus->owner, MACHINE_GSI_PCI + line, new != 0U);
    }
}

void pci_set_intx(struct pci_device *device, bool high)
{
    pthread_mutex_lock(&device->bus->lock);
    if (device->intx != high) {
        device->intx = high;
        update_intx(device);
    }
    pthread_mutex_unlock(&device->bus->lock);
}

void pci_config_write(struct pci_bus *bus, uint32_t slot, uint32_t function, uint32_t reg, uint32_t size,
                      uint32_t value)
{
    struct pci_device *device = find_device(bus, slot, function, reg, size);

    if (device != NULL) {
        for (uint32_t i = 0; i < size; i++) {
            uint8_t mask = device->writable[reg + i];
            uint8_t byte = (uint8_t)(value >> (8U * i));

            device->config[reg + i] = (uint8_t)((device->config[reg + i] & ~mask) | (byte & mask));
        }
        if (reg < PCI_REG_COMMAND + 2U && reg + size > PCI_REG_COMMAND) {
            pthread_mutex_lock(&bus->lock);
            update_intx(device);
            pthread_mutex_unlock(&bus->lock);
        }
        if (device->after_write != NULL) {
            device->after_write(device->owner, reg, size);
        }
    }
}

bool pci_bar_address(const struct pci_device *device, unsigned bar, uint64_t *address)
{
    bool decoded = (device->config[PCI_REG_COMMAND] & PCI_COMMAND_MEMORY) != 0U && device->bar[bar].size != 0U;

    *address = pci_get32(device->config, PCI_REG_BAR0 + 4U * bar);
    return decoded;
}

static uint64_t cf8_read(void *device, uint64_t offset, uint32_t size)
{
    const struct pci_bus *bus = device;

    return (offset == 0U && size == 4U) ? bus->address : UINT64_MAX;
}

/* Only dword accesses reach the address register (PCI 2.3, 3.2.2.3.2); CF9 is not ours. */
static void cf8_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    struct pci_bus *bus = device;

    if (offset == 0U && size == 4U) {
        bus->address = (uint32_t)value;
    }
}

static bool cf8_selects(const struct pci_bus *bus)
{
    return (bus->address & CF8_ENABLE) != 0U && ((bus->address >> 16) & 0xFFU) == 0U;
}

static uint64_t cfc_read(void *device, uint64_t offset, uint32_t size)
{
    struct pci_bus *bus = device;
    uint32_t address = bus->address;
    uint64_t value = UINT64_MAX;

    if (cf8_selects(bus)) {
        value = pci_config_read(bus, (address >> 11) & 0x1FU, (address >> 8) & 7U,
                                (address & 0xFCU) + (uint32_t)offset, size);
    }
    return value;
}

static void cfc_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    struct pci_bus *bus = device;
    uint32_t address = bus->address;

    if (cf8_selects(bus)) {
        pci_config_write(bus, (address >> 11) & 0x1FU, (address >> 8) & 7U, (address & 0xFCU) + (uint32_t)offset,
                         size, (uint32_t)value);
    }
}

/* Bus 0: offset = slot:5 function:3 register:12. */
static uint64_t ecam_read(void *device, uint64_t offset, uint32_t size)
{
    return pci_config_read(device, (uint32_t)(offset >> 15) & 0x1FU, (uint32_t)(offset >> 12) & 7U,
                           (uint32_t)offset & 0xFFFU, size);
}

static void ecam_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    pci_config_write(device, (uint32_t)(offset >> 15) & 0x1FU, (uint32_t)(offset >> 12) & 7U,
                     (uint32_t)offset & 0xFFFU, size, (uint32_t)value);
}

static const struct pci_bar *find_bar(const struct pci_bus *bus, uint64_t address, uint32_t size, uint64_t *offset)
{
    const struct pci_bar *found = NULL;

    for (unsigned slot = 0; slot < MACHINE_PCI_SLOTS && found == NULL; slot++) {
        const struct pci_device *device = bus->slot[slot];

        for (unsigned i = 0; device != NULL && i < PCI_BARS && found == NULL; i++) {
            uint64_t base;

            if (pci_bar_address(device, i, &base) && address >= base && device->bar[i].size >= size &&
                address - base <= device->bar[i].size - size) {
                found = &device->bar[i];
                *offset = address - base;
            }
        }
    }
    return found;
}

static uint64_t mmio_read(void *device, uint64_t offset, uint32_t size)
{
    uint64_t in_bar = 0;
    const struct pci_bar *bar = find_bar(device, MACHINE_PCI_MMIO_BASE + offset, size, &in_bar);

    return (bar != NULL) ? bar->ops->read(bar->device, in_bar, size) : UINT64_MAX;
}

static void mmio_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    uint64_t in_bar = 0;
    const struct pci_bar *bar = find_bar(device, MACHINE_PCI_MMIO_BASE + offset, size, &in_bar);

    if (bar != NULL) {
        bar->ops->write(bar->device, in_bar, size, value);
    }
}

const struct io_ops pci_cf8_ops = {.read = cf8_read, .write = cf8_write};
const struct io_ops pci_cfc_ops = {.read = cfc_read, .write = cfc_write};
const struct io_ops pci_ecam_ops = {.read = ecam_read, .write = ecam_write};
const struct io_ops pci_mmio_ops = {.read = mmio_read, .write = mmio_write};
