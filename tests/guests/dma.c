/* SPDX-License-Identifier: Apache-2.0 */
/* A VM aims QEMU's edu device (docs/specs/edu) at memory: its own, and the places of the words write=A,B,.. and read=A,B,...; with sits=1 it stays then. */
#include "tests/guests/edu.h"
#include "tests/guests/words.h"

#define SIZE           64U
#define PATTERN        0xD0D0BEEFU

static volatile uint32_t source[SIZE / 4U] __attribute__((aligned(4096)));
static volatile uint32_t target[SIZE / 4U] __attribute__((aligned(4096)));

static bool to_memory(uint64_t address)
{
    return edu_transfer(DEVICE_BUFFER, address, SIZE, DMA_TO_MEMORY);
}

static bool from_memory(uint64_t address)
{
    return edu_transfer(address, DEVICE_BUFFER, SIZE, 0U);
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
    print_text("dma\r\n");
    edu_find();
    check("own-memory", works(), target[0]);
    aim(word_of("write="), true);
    aim(word_of("read="), false);
    check("own-memory-still", works(), target[0]);
    print_text("done\r\n");
    while (*word_of("sits=") == '1') {
        __asm__ volatile("pause" : : : "memory"); /* whoever counts ends it */
    }
}
