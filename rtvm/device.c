/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include "cpu.h"

#define CONFIG_ADDRESS 0xCF8U /* PCI Local Bus 3.0, 3.2.2.3.2 */
#define CONFIG_DATA    0xCFCU
#define CONFIG_ENABLE  0x80000000U
#define OFFSET_MASK    0xFCU

#define MAPPED         0x100000000ULL /* by start.S */
#define WINDOW         0x200000ULL
#define WINDOWS        8U
#define PAGE_LARGE     0x9BU /* present, writable, uncached, large (SDM 3, 4.5.4) */
#define PAGE_TABLE     0x3U

extern volatile uint64_t page_pointers[5]; /* start.S; one for each GiB */
static volatile uint64_t windows[512] __attribute__((aligned(4096)));
static uint32_t window_count;

uint64_t device_map(uint64_t bus_address)
{
    uint64_t place = bus_address & (WINDOW - 1U);
    uint64_t mapped = bus_address;

    if (bus_address >= MAPPED) {
        mapped = 0U;
        if (window_count < WINDOWS) {
            windows[window_count] = (bus_address - place) | PAGE_LARGE; /* was not present, so that no translation is stale */
            page_pointers[4] = address_of(windows) | PAGE_TABLE;
            mapped = MAPPED + (window_count * WINDOW) + place;
            window_count++;
        }
    }
    return mapped;
}

static void select(uint32_t function, uint32_t offset)
{
    port_write32(CONFIG_ADDRESS, CONFIG_ENABLE | (function << 8) | (offset & OFFSET_MASK));
}

uint32_t device_config_read(uint32_t function, uint32_t offset)
{
    select(function, offset);
    return port_read32(CONFIG_DATA);
}

void device_config_write(uint32_t function, uint32_t offset, uint32_t value)
{
    select(function, offset);
    port_write32(CONFIG_DATA, value);
}

static volatile uint32_t *reg_at(uint64_t address) { return (volatile uint32_t *)address; /* DEV-003 */ }

uint32_t device_read(uint64_t address) { return *reg_at(address); }

void device_write(uint64_t address, uint32_t value) { *reg_at(address) = value; }

uint64_t device_time(void) { return tsc_read(); }
