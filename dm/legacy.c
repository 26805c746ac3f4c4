/* SPDX-License-Identifier: Apache-2.0 */
#include "dm/legacy.h"

#include "dm/pm.h"

#define SYSTEM_B_REFRESH 0x10U
#define SYSTEM_B_OUT2    0x20U
#define I8042_RESET      0xFEU

static uint64_t zero_read(void *device, uint64_t offset, uint32_t size)
{
    (void)device;
    (void)offset;
    (void)size;
    return 0;
}

static void ignore_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    (void)device;
    (void)offset;
    (void)size;
    (void)value;
}

static uint64_t system_b_read(void *device, uint64_t offset, uint32_t size)
{
    uint8_t *state = device;

    (void)offset;
    (void)size;
    *state ^= SYSTEM_B_REFRESH;
    return *state | SYSTEM_B_OUT2;
}

static void i8042_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    struct pm *pm = device;

    (void)offset;
    (void)size;
    if ((value & 0xFFU) == I8042_RESET) {
        pm->power(pm->owner, POWER_RESET);
    }
}

const struct io_ops legacy_zero_ops = {.read = zero_read, .write = ignore_write};
const struct io_ops legacy_system_b_ops = {.read = system_b_read, .write = ignore_write};
const struct io_ops legacy_i8042_ops = {.read = zero_read, .write = i8042_write};
