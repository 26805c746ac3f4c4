/* SPDX-License-Identifier: Apache-2.0 */
/* The PCI bus of the machine that unit tests run on: empty after fake_bus_reset(), then what tests put there. Host only. */
#ifndef FAKE_PCI_BUS_H
#define FAKE_PCI_BUS_H

#include "core/hw.h"

#define FAKE_BUS_FUNCTIONS 160U

struct fake_bus_function {
    bool present;
    uint16_t bdf;
    uint8_t config[4096];
    uint8_t writable[4096];
    uint32_t express;      /* offsets of capabilities with which it can be reset; 0: none */
    uint32_t advanced;
    uint32_t power;
    uint32_t resets;       /* so far */
    uint32_t masters;      /* writes that switched bus mastering on */
};
extern struct fake_bus_function fake_bus[FAKE_BUS_FUNCTIONS];

void fake_bus_reset(void);
struct fake_bus_function *fake_bus_find(uint16_t bdf); /* NULL: nothing answers there */
struct fake_bus_function *fake_bus_add(uint16_t bdf, uint32_t id, uint32_t class_code);
/* A register: its value now, and which bits can be written. */
void fake_bus_put(struct fake_bus_function *f, uint32_t offset, uint32_t size, uint32_t value, uint32_t writable);

#endif
