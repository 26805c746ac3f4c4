/* SPDX-License-Identifier: Apache-2.0 */
/* QEMU's edu device (docs/specs/edu), found by the ports of PCI configuration space. For one test guest each. */
#ifndef TESTS_GUESTS_EDU_H
#define TESTS_GUESTS_EDU_H

#include "tests/guests/guest.h"

#define CONFIG_ADDRESS 0xCF8U
#define CONFIG_DATA    0xCFCU
#define CONFIG_ENABLE  0x80000000U
#define EDU            0x11E81234U
#define EDU_SLOTS      32U
#define COMMAND        0x04U
#define COMMAND_MEMORY_MASTER 6U
#define BAR0           0x10U

#define EDU_RAISE      0x60U
#define EDU_ACKNOWLEDGE 0x64U
#define DMA_SOURCE     0x80U
#define DMA_TARGET     0x88U
#define DMA_COUNT      0x90U
#define DMA_COMMAND    0x98U
#define DMA_RUN        1U
#define DMA_TO_MEMORY  2U
#define DEVICE_BUFFER  0x40000U
#define PATIENCE       2000000000U /* of the TSC */

static uint64_t edu_registers;
static uint32_t edu_slot;

static void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static uint32_t config_read(uint32_t slot, uint32_t offset)
{
    out32(CONFIG_ADDRESS, CONFIG_ENABLE | (slot << 11) | offset);
    return in32(CONFIG_DATA);
}

static void config_write(uint32_t slot, uint32_t offset, uint32_t value)
{
    out32(CONFIG_ADDRESS, CONFIG_ENABLE | (slot << 11) | offset);
    out32(CONFIG_DATA, value);
}

static void edu_find(void)
{
    while ((edu_slot < EDU_SLOTS) && (config_read(edu_slot, 0U) != EDU)) {
        edu_slot++;
    }
    check("edu", edu_slot < EDU_SLOTS, edu_slot);
    config_write(edu_slot, COMMAND, COMMAND_MEMORY_MASTER);
    edu_registers = config_read(edu_slot, BAR0) & 0xFFFFFFF0U;
}

static volatile uint64_t *edu(uint32_t offset)
{
    return (volatile uint64_t *)(uintptr_t)(edu_registers + offset);
}

/* False: it did not end. */
static bool edu_transfer(uint64_t from, uint64_t to, uint64_t size, uint64_t command)
{
    const uint64_t start = tsc();
    *edu(DMA_SOURCE) = from;
    *edu(DMA_TARGET) = to;
    *edu(DMA_COUNT) = size;
    *edu(DMA_COMMAND) = command | DMA_RUN;
    while (((*edu(DMA_COMMAND) & DMA_RUN) != 0U) && ((tsc() - start) < PATIENCE)) {
        __asm__ volatile("pause");
    }
    return (*edu(DMA_COMMAND) & DMA_RUN) == 0U;
}

#endif
