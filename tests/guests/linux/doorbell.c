/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doorbell PLACE COMMAND [COUNT]: the end in the Service VM, or a User VM, of tests/guests/doorbell.c. PLACE is the PCI device's folder in sysfs, or for the
 * last command a device file of the driver bulkhead_ivshmem.
 *   send: COUNT messages, each with a doorbell, each waited for
 *   echo: the same, and the real-time VM's doorbell is waited for, too, which stays pending behind its mask
 *   stray: the same, with answers to the end of User VMs, which nobody holds
 *   flood: COUNT doorbells without a pause, then one message that must get through
 *   hostile: COUNT values of the doorbell register and others that nobody has, accesses that the device does not have, then a message
 *   events: COUNT messages, and the driver says that the real-time VM's doorbell came
 * Prints what the real-time VM has counted.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tests/guests/doorbell.h"

#define RTVM      1U
#define USER      4U
#define POSITION  2U        /* words of BAR 0 */
#define DOORBELL  3U
#define MASK      3U        /* of an entry of BAR 1 */
#define PENDING   0x200U    /* words from the start of BAR 1 */
#define MSIX      0x40
#define COMMAND   0x04
#define LIMIT_S   60

static volatile uint32_t *registers, *table, *word;

static void *map_file(const char *path, int file, size_t size, unsigned page)
{
    void *at = (file < 0) ? MAP_FAILED : mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, (off_t)page * 4096);
    if (at == MAP_FAILED) {
        perror(path);
        exit(1);
    }
    return at;
}

static void *map(const char *folder, const char *name, size_t size)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return map_file(path, open(path, O_RDWR | O_SYNC), size, 0U);
}

static void config_set(const char *folder, off_t offset, uint16_t value)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/config", folder);
    int file = open(path, O_RDWR);
    if ((file < 0) || (pwrite(file, &value, sizeof(value), offset) != sizeof(value))) {
        perror(path);
        exit(1);
    }
    close(file);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return ((uint64_t)t.tv_sec * 1000000000U) + (uint64_t)t.tv_nsec;
}

/* Waits until the word has the value: nothing else tells. */
static void await(const char *what, volatile uint32_t *at, uint32_t mask, uint32_t value)
{
    uint64_t until = now_ns() + (LIMIT_S * 1000000000ULL);
    while ((*at & mask) != value) {
        if (now_ns() > until) {
            printf("FAILED: %s is %#x, not %#x\n", what, *at, value);
            exit(1);
        }
    }
}

static void message(bool echo)
{
    word[ECHO] = echo ? (registers[POSITION] + 1U) : 0U;
    word[ASKED]++;
    registers[DOORBELL] = RTVM << 16;
    await("the message that was seen", &word[SEEN], 0xFFFFFFFFU, word[ASKED]);
}

/* The pending bit goes when the entry is unmasked: its message is empty, so nothing is sent. */
static void take_answer(void)
{
    await("the pending bit", &table[PENDING], 1U, 1U);
    table[MASK] = 0U;
    table[MASK] = 1U;
    await("the pending bit", &table[PENDING], 1U, 0U);
}

static void send(uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        message(false);
    }
}

static void echo(uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        message(true);
        take_answer();
    }
    word[ECHO] = 0U;
}

static void stray(uint32_t count)
{
    for (uint32_t i = 0U; i < count; i++) {
        word[ECHO] = USER + 1U;
        word[ASKED]++;
        registers[DOORBELL] = RTVM << 16;
        await("the message that was seen", &word[SEEN], 0xFFFFFFFFU, word[ASKED]);
    }
    message(false);
}

/* Each of the driver's events is one doorbell, as the next is rung only by the next message. */
static void events(int file, uint32_t count)
{
    uint32_t first = 0U;
    for (uint32_t i = 0U; i < count; i++) {
        struct pollfd wait = { .fd = file, .events = POLLIN };
        uint32_t event = 0U;
        message(true);
        if ((poll(&wait, 1, LIMIT_S * 1000) != 1) || (read(file, &event, sizeof(event)) != sizeof(event))) {
            printf("FAILED: no event for message %u\n", i);
            exit(1);
        }
        first = (i == 0U) ? event : first;
        if (event != (first + i)) {
            printf("FAILED: event %u for message %u\n", event, i);
            exit(1);
        }
    }
    word[ECHO] = 0U;
    printf("events %u\n", count);
}

static void flood(uint32_t count)
{
    uint32_t before;
    uint64_t start;
    message(false);
    before = word[TAKEN];
    start = now_ns();
    for (uint32_t i = 0U; i < count; i++) {
        registers[DOORBELL] = RTVM << 16;
    }
    message(false);
    printf("flood of %u: %u interrupts in %llu us\n", count, word[TAKEN] - before, (unsigned long long)((now_ns() - start) / 1000U));
}

static void hostile(uint32_t count)
{
    volatile uint8_t *bytes = (volatile uint8_t *)registers;
    volatile uint16_t *halves = (volatile uint16_t *)registers;
    srandom(1);
    for (uint32_t i = 0U; i < count; i++) {
        uint32_t value = ((uint32_t)random() << 1) ^ (uint32_t)random();
        uint32_t peer = value >> 16;
        if (peer <= RTVM) {
            value |= 0xFFF0U; /* a doorbell that it does not have */
        }
        registers[DOORBELL] = value;
        registers[(value >> 4) % 1024U] = (((value >> 4) % 1024U) == DOORBELL) ? 0xFFFFFFFFU : value;
        bytes[12U + (i % 4U)] = (uint8_t)value;
        halves[6U + (i % 2U)] = (uint16_t)value;
        ((volatile uint64_t *)registers)[1] = 1ULL << 48;
        table[8U + ((value >> 8) % 1000U)] = value; /* behind its own entries */
    }
    registers[DOORBELL] = (RTVM << 16) | 2U;
    registers[DOORBELL] = 0xFFFFFFFFU;
    message(false);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        return 2;
    }
    uint32_t count = (argc > 3) ? (uint32_t)strtoul(argv[3], NULL, 0) : 1U;
    bool by_driver = strcmp(argv[2], "events") == 0;
    int file = by_driver ? open(argv[1], O_RDWR) : -1;
    if (by_driver) {
        registers = map_file(argv[1], file, 4096, 0U);
        word = (volatile uint32_t *)((char *)map_file(argv[1], file, 0x100000, 1U) + WORDS);
    } else {
        config_set(argv[1], COMMAND, 0x0406U);
        config_set(argv[1], MSIX + 2, 0x8000U); /* enabled; each entry is masked */
        registers = map(argv[1], "resource0", 4096);
        table = map(argv[1], "resource1", 4096);
        word = (volatile uint32_t *)((char *)map(argv[1], "resource2", 0x100000) + WORDS);
    }
    await("the real-time VM's word", &word[READY], 0xFFFFFFFFU, MAGIC);
    if (by_driver) {
        events(file, count);
    } else if (strcmp(argv[2], "send") == 0) {
        send(count);
    } else if (strcmp(argv[2], "echo") == 0) {
        echo(count);
    } else if (strcmp(argv[2], "stray") == 0) {
        stray(count);
    } else if (strcmp(argv[2], "flood") == 0) {
        flood(count);
    } else {
        hostile(count);
    }
    printf("peer %u asked %u taken %u others %u answered %u\n", registers[POSITION], word[ASKED], word[TAKEN], word[OTHERS], word[ANSWERED]);
    return 0;
}
