/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the fake bus by their numbers, as firmware leaves them, and 128 KiB of device memory at FAKE_MMIO. */
#ifndef FAKE_PCI_H
#define FAKE_PCI_H

#include "core/boot_info.h"
#include "core/hw.h"
#include "fake/pci.h"
#include <stdlib.h>
#include <string.h>

#define FAKE_MMIO      0xFEB00000U
#define FAKE_MMIO_SIZE 0x20000U

static uint8_t fake_mmio[FAKE_MMIO_SIZE];
static bool fake_decode_seen_off; /* a table write while its function did not decode */
struct platform platform;

static inline void fake_put(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value, uint32_t writable)
{
    fake_bus_put(fake_bus_find(bdf), offset, size, value, writable);
}

static inline void fake_add(uint16_t bdf, uint32_t id, uint32_t class_code)
{
    struct fake_bus_function *f = fake_bus_add(bdf, id, class_code);
    fake_bus_put(f, 4U, 4U, 0x00100007U, 0x0000FFFFU);
    fake_bus_put(f, 0xCU, 4U, 0U, 0xFF00FFFFU);
    fake_bus_put(f, 0x3CU, 4U, 0x010BU, 0xFFFF00FFU);
}

static bool fake_decodes(void)
{
    bool decodes = false;
    for (uint32_t i = 0U; i < FAKE_BUS_FUNCTIONS; i++) {
        uint32_t bar;
        memcpy(&bar, &fake_bus[i].config[0x10], 4U);
        decodes = decodes || (fake_bus[i].present && ((bar & ~15U) == FAKE_MMIO) && ((fake_bus[i].config[4] & 2U) != 0U));
    }
    return decodes;
}

uint64_t hw_mmio_read(hpa_t pa, uint32_t size)
{
    uint64_t value = 0U;
    if (pa < FAKE_MMIO || pa + size > FAKE_MMIO + FAKE_MMIO_SIZE) {
        abort();
    }
    memcpy(&value, &fake_mmio[pa - FAKE_MMIO], size);
    return value;
}

void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value)
{
    if (pa < FAKE_MMIO || pa + size > FAKE_MMIO + FAKE_MMIO_SIZE) {
        abort();
    }
    if (fake_decodes()) {
        memcpy(&fake_mmio[pa - FAKE_MMIO], &value, size);
    } else {
        fake_decode_seen_off = true;
    }
}

#endif
