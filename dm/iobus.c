/* SPDX-License-Identifier: Apache-2.0 */
#include "dm/iobus.h"

#include <assert.h>

void io_bus_add(struct io_bus *bus, uint64_t base, uint64_t size, const struct io_ops *ops, void *device)
{
    assert(bus->count < IO_BUS_RANGES);
    bus->range[bus->count] = (struct io_range){.base = base, .size = size, .ops = ops, .device = device};
    bus->count++;
}

/* REQ-DM-007 */
static const struct io_range *find(const struct io_bus *bus, uint64_t address, uint32_t size)
{
    const struct io_range *found = NULL;

    for (size_t i = 0; i < bus->count && found == NULL; i++) {
        const struct io_range *range = &bus->range[i];

        if (address >= range->base && size <= range->size && address - range->base <= range->size - size) {
            found = range;
        }
    }
    return found;
}

uint64_t io_bus_read(const struct io_bus *bus, uint64_t address, uint32_t size)
{
    const struct io_range *range = find(bus, address, size);
    uint64_t value = UINT64_MAX;

    if (range != NULL) {
        value = range->ops->read(range->device, address - range->base, size);
    }
    return value & io_size_mask(size);
}

void io_bus_write(const struct io_bus *bus, uint64_t address, uint32_t size, uint64_t value)
{
    const struct io_range *range = find(bus, address, size);

    if (range != NULL) {
        range->ops->write(range->device, address - range->base, size, value & io_size_mask(size));
    }
}
