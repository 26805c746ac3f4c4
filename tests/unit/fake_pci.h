/* SPDX-License-Identifier: Apache-2.0 */
/* A machine with a few PCI functions, each 4 KiB of configuration space with a mask of
 * writable bits, and 128 KiB of device memory at FAKE_MMIO. */
#ifndef FAKE_PCI_H
#define FAKE_PCI_H

#include "core/boot_info.h"
#include "core/hw.h"
#include <stdlib.h>
#include <string.h>

#define FAKE_MMIO      0xFEB00000U
#define FAKE_MMIO_SIZE 0x20000U
#define FAKE_FUNCTIONS 160U

struct fake_function {
    bool present;
    uint16_t bdf;
    uint8_t config[4096];
    uint8_t writable[4096];
};
static struct fake_function fake_pci[FAKE_FUNCTIONS];
static uint8_t fake_mmio[FAKE_MMIO_SIZE];
static bool fake_decode_seen_off; /* a table write while its function did not decode */
struct platform platform;

static struct fake_function *fake_find(uint16_t bdf)
{
    struct fake_function *found = NULL;
    for (uint32_t i = 0U; i < FAKE_FUNCTIONS; i++) {
        if (fake_pci[i].present && (fake_pci[i].bdf == bdf)) {
            found = &fake_pci[i];
        }
    }
    return found;
}

static void fake_put(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value, uint32_t writable)
{
    for (uint32_t i = 0U; i < size; i++) {
        fake_find(bdf)->config[offset + i] = (uint8_t)(value >> (8U * i));
        fake_find(bdf)->writable[offset + i] = (uint8_t)(writable >> (8U * i));
    }
}

static void fake_add(uint16_t bdf, uint32_t id, uint32_t class_code)
{
    for (uint32_t i = 0U; i < FAKE_FUNCTIONS; i++) {
        if (!fake_pci[i].present) {
            memset(&fake_pci[i], 0, sizeof(fake_pci[i]));
            fake_pci[i].present = true;
            fake_pci[i].bdf = bdf;
            fake_put(bdf, 0U, 4U, id, 0U);
            fake_put(bdf, 4U, 4U, 0x00100007U, 0x0000FFFFU);
            fake_put(bdf, 8U, 4U, class_code << 16U, 0U);
            fake_put(bdf, 0xCU, 4U, 0U, 0xFF00FFFFU);
            fake_put(bdf, 0x3CU, 4U, 0x010BU, 0xFFFF00FFU);
            return;
        }
    }
    abort();
}

uint32_t hw_pci_read(uint16_t bdf, uint32_t offset, uint32_t size)
{
    struct fake_function *f = fake_find(bdf);
    uint32_t value = 0U;

    if ((offset % size) != 0U || offset + size > 4096U) {
        abort();
    }
    for (uint32_t i = 0U; i < size; i++) {
        value |= (uint32_t)((f != NULL) ? f->config[offset + i] : 0xFFU) << (8U * i);
    }
    return value;
}

void hw_pci_write(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    struct fake_function *f = fake_find(bdf);

    if ((offset % size) != 0U || offset + size > 4096U) {
        abort();
    }
    for (uint32_t i = 0U; (i < size) && (f != NULL); i++) {
        uint8_t w = f->writable[offset + i];
        f->config[offset + i] = (uint8_t)((f->config[offset + i] & ~w) | ((uint8_t)(value >> (8U * i)) & w));
    }
}

static bool fake_decodes(void)
{
    bool decodes = false;
    for (uint32_t i = 0U; i < FAKE_FUNCTIONS; i++) {
        uint32_t bar;
        memcpy(&bar, &fake_pci[i].config[0x10], 4U);
        decodes = decodes || (fake_pci[i].present && ((bar & ~15U) == FAKE_MMIO) && ((fake_pci[i].config[4] & 2U) != 0U));
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
