/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that are configuration space only. A reset sets what can be written to 0. */
#include "fake/pci.h"
#include <stdlib.h>
#include <string.h>

struct fake_bus_function fake_bus[FAKE_BUS_FUNCTIONS];

void fake_bus_reset(void)
{
    memset(fake_bus, 0, sizeof(fake_bus));
}

struct fake_bus_function *fake_bus_find(uint16_t bdf)
{
    struct fake_bus_function *found = NULL;
    for (uint32_t i = 0U; i < FAKE_BUS_FUNCTIONS; i++) {
        if (fake_bus[i].present && (fake_bus[i].bdf == bdf)) {
            found = &fake_bus[i];
        }
    }
    return found;
}

void fake_bus_put(struct fake_bus_function *f, uint32_t offset, uint32_t size, uint32_t value, uint32_t writable)
{
    for (uint32_t i = 0U; i < size; i++) {
        f->config[offset + i] = (uint8_t)(value >> (8U * i));
        f->writable[offset + i] = (uint8_t)(writable >> (8U * i));
    }
}

struct fake_bus_function *fake_bus_add(uint16_t bdf, uint32_t id, uint32_t class_code)
{
    struct fake_bus_function *f = fake_bus;
    while (f->present) {
        f++;
        if (f == &fake_bus[FAKE_BUS_FUNCTIONS]) {
            abort();
        }
    }
    memset(f, 0, sizeof(*f));
    f->present = true;
    f->bdf = bdf;
    fake_bus_put(f, 0U, 4U, id, 0U);
    fake_bus_put(f, 4U, 4U, 0x00100000U, 0x0000FFFFU);
    fake_bus_put(f, 8U, 4U, class_code << 16U, 0U);
    fake_bus_put(f, 0xCU, 4U, 0U, 0x0000FFFFU);
    fake_bus_put(f, 0x3CU, 4U, 0x0100U, 0x000000FFU);
    return f;
}

static void bus_function_reset(struct fake_bus_function *f)
{
    f->resets++;
    for (uint32_t i = 0U; i < 4096U; i++) {
        f->config[i] &= (uint8_t)~f->writable[i];
    }
}

uint32_t hw_pci_read(uint16_t bdf, uint32_t offset, uint32_t size)
{
    const struct fake_bus_function *f = fake_bus_find(bdf);
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
    struct fake_bus_function *f = fake_bus_find(bdf);
    if ((offset % size) != 0U || offset + size > 4096U) {
        abort();
    }
    if (f != NULL) {
        bool woke = (f->power != 0U) && (offset == f->power + 4U) && ((f->config[offset] & 3U) == 3U) && ((value & 3U) == 0U);
        f->masters += ((offset == 4U) && ((value & ~f->config[4] & 4U) != 0U)) ? 1U : 0U;
        for (uint32_t i = 0U; i < size; i++) {
            uint8_t w = f->writable[offset + i];
            f->config[offset + i] = (uint8_t)((f->config[offset + i] & ~w) | ((uint8_t)(value >> (8U * i)) & w));
        }
        if (woke || ((f->express != 0U) && (offset == f->express + 8U) && ((value & 0x8000U) != 0U)) ||
            ((f->advanced != 0U) && (offset == f->advanced + 4U) && ((value & 1U) != 0U))) {
            bus_function_reset(f);
        }
    }
}
