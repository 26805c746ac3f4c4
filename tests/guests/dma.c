/* SPDX-License-Identifier: Apache-2.0 */
/* The Service VM aims QEMU's edu device (docs/specs/edu) at memory: its own, and the places of the words write=A,B,.. and read=A,B,... */
#include "tests/guests/words.h"

#define CONFIG_ADDRESS 0xCF8U
#define CONFIG_DATA    0xCFCU
#define ENABLE         0x80000000U
#define EDU            0x11E81234U
#define COMMAND        0x04U
#define COMMAND_MEMORY_MASTER 6U
#define BAR0           0x10U

#define DMA_SOURCE     0x80U
#define DMA_TARGET     0x88U
#define DMA_COUNT      0x90U
#define DMA_COMMAND    0x98U
#define DMA_RUN        1U
#define DMA_TO_MEMORY  2U
#define DEVICE_BUFFER  0x40000U
#define SIZE           64U
#define PATTERN        0xD0D0BEEFU
#define PATIENCE       2000000000U /* of the TSC */

static volatile uint32_t source[SIZE / 4U] __attribute__((aligned(4096)));
static volatile uint32_t target[SIZE / 4U] __attribute__((aligned(4096)));
static uint64_t registers;

static void out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

static uint32_t config_read(uint32_t slot, uint32_t offset)
{
    out32(CONFIG_ADDRESS, ENABLE | (slot << 11) | offset);
    return in32(CONFIG_DATA);
}

static void config_write(uint32_t slot, uint32_t offset, uint32_t value)
{
    out32(CONFIG_ADDRESS, ENABLE | (slot << 11) | offset);
    out32(CONFIG_DATA, value);
}

static volatile uint64_t *device(uint32_t offset)
{
    return (volatile uint64_t *)(uintptr_t)(registers + offset);
}

static bool transfer(uint64_t from, uint64_t to, uint64_t command)
{
    const uint64_t start = tsc();
    *device(DMA_SOURCE) = from;
    *device(DMA_TARGET) = to;
    *device(DMA_COUNT) = SIZE;
    *device(DMA_COMMAND) = command | DMA_RUN;
    while (((*device(DMA_COMMAND) & DMA_RUN) != 0U) && ((tsc() - start) < PATIENCE)) {
        __asm__ volatile("pause");
    }
    return (*device(DMA_COMMAND) & DMA_RUN) == 0U;
}

static bool to_memory(uint64_t address)
{
    return transfer(DEVICE_BUFFER, address, DMA_TO_MEMORY);
}

static bool from_memory(uint64_t address)
{
    return transfer(address, DEVICE_BUFFER, 0U);
}

static bool same(void)
{
    bool equal = true;
    for (uint32_t i = 0U; i < (SIZE / 4U); i++) {
        equal = equal && (target[i] == (PATTERN + i));
    }
    return equal;
}

static bool works(void)
{
    for (uint32_t i = 0U; i < (SIZE / 4U); i++) {
        source[i] = PATTERN + i;
        target[i] = 0U;
    }
    return from_memory((uint64_t)(uintptr_t)source) && to_memory((uint64_t)(uintptr_t)target) && same();
}

/* One hexadecimal number of a list; moves on behind the comma. */
static uint64_t number(const char **list)
{
    uint64_t value = 0U;
    while ((**list != '\0') && (**list != ' ') && (**list != ',')) {
        const uint32_t c = (uint32_t)**list;
        value = (value * 16U) + ((c <= (uint32_t)'9') ? (c - (uint32_t)'0') : (c - (uint32_t)'a' + 10U));
        (*list)++;
    }
    *list += (**list == ',') ? 1 : 0;
    return value;
}

static void aim(const char *list, bool write)
{
    const char *at = list;
    while ((*at != '\0') && (*at != ' ')) {
        const uint64_t address = number(&at);
        const bool ended = write ? to_memory(address) : from_memory(address);
        print_text(write ? "aimed at " : "read from ");
        print_hex(address);
        print_text("\r\n");
        check("ended", ended, address);
        if (!write) {
            (void)to_memory((uint64_t)(uintptr_t)target);
            print_text("left at ");
            print_hex((uint64_t)(uintptr_t)target);
            print_text("\r\n");
        }
    }
}

void guest_main(void)
{
    uint32_t slot = 0U;
    print_text("dma\r\n");
    while ((slot < 32U) && (config_read(slot, 0U) != EDU)) {
        slot++;
    }
    check("edu", slot < 32U, slot);
    config_write(slot, COMMAND, COMMAND_MEMORY_MASTER);
    registers = config_read(slot, BAR0) & 0xFFFFFFF0U;
    check("own-memory", works(), target[0]);
    aim(word_of("write="), true);
    aim(word_of("read="), false);
    check("own-memory-still", works(), target[0]);
    print_text("done\r\n");
}
