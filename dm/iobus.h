/* SPDX-License-Identifier: Apache-2.0 */
/* Ports and MMIO: which device answers at which address. */
#ifndef DM_IOBUS_H
#define DM_IOBUS_H

#include <stddef.h>
#include <stdint.h>

#define IO_BUS_RANGES 32U

/* What a device offers to the bus. size is 1, 2, 4 or 8; offset + size lies in the range. */
struct io_ops {
    uint64_t (*read)(void *device, uint64_t offset, uint32_t size);
    void (*write)(void *device, uint64_t offset, uint32_t size, uint64_t value);
};

struct io_range {
    uint64_t base;
    uint64_t size;
    const struct io_ops *ops;
    void *device;
};

struct io_bus {
    struct io_range range[IO_BUS_RANGES];
    size_t count;
};

/* The earlier of two overlapping ranges wins. */
void io_bus_add(struct io_bus *bus, uint64_t base, uint64_t size, const struct io_ops *ops, void *device);
uint64_t io_bus_read(const struct io_bus *bus, uint64_t address, uint32_t size); /* nobody: all ones */
void io_bus_write(const struct io_bus *bus, uint64_t address, uint32_t size, uint64_t value);

static inline uint64_t io_size_mask(uint32_t size)
{
    return (size >= 8U) ? UINT64_MAX : ((1ULL << (size * 8U)) - 1U);
}

#endif
