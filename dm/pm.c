/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/pm.h"

#include <time.h>

#include "dm/machine.h"

#define TIMER_HZ    3579545ULL
#define TIMER_MASK  0x00FFFFFFU /* 24 bits: TMR_VAL_EXT is clear in the FADT */
#define PWRBTN      0x0100U     /* PM1 status and enable, bit 8 */
#define STATUS_BITS 0x8731U     /* the write-1-to-clear bits that exist */
#define SCI_EN      0x0001U
#define SLP_EN      0x2000U
#define SLP_SHIFT   10U

static void update_sci(struct pm *pm)
{
    bool high = (pm->status & pm->enable) != 0U;

    if (high != pm->sci_high) {
        pm->sci_high = high;
        pm->set_irq(pm->owner, high);
    }
}

static uint64_t event_read(void *device, uint64_t offset, uint32_t size)
{
    struct pm *pm = device;
    uint64_t both;

    (void)size; /* the bus cuts the value to the access size */
    pthread_mutex_lock(&pm->lock);
    both = pm->status | ((uint64_t)pm->enable << 16);
    pthread_mutex_unlock(&pm->lock);
    return both >> (offset * 8U);
}

static void event_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    struct pm *pm = device;
    uint32_t mask = (uint32_t)(io_size_mask(size) << (offset * 8U));
    uint32_t bits = (uint32_t)(value << (offset * 8U)) & mask;

    pthread_mutex_lock(&pm->lock);
    pm->status &= (uint16_t)~(bits & STATUS_BITS);
    pm->enable = (uint16_t)((pm->enable & ~(mask >> 16)) | (bits >> 16));
    update_sci(pm);
    pthread_mutex_unlock(&pm->lock);
}

static uint64_t control_read(void *device, uint64_t offset, uint32_t size)
{
    const struct pm *pm = device;

    (void)size;
    return (uint64_t)(pm->control | SCI_EN) >> (offset * 8U);
}

static void control_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    struct pm *pm = device;
    uint16_t mask = (uint16_t)(io_size_mask(size) << (offset * 8U));
    uint16_t bits = (uint16_t)(value << (offset * 8U)) & mask;

    pm->control = (uint16_t)((pm->control & ~mask) | bits) & (uint16_t)~SLP_EN; /* SLP_EN reads as 0 */
    if ((bits & SLP_EN) != 0U && ((pm->control >> SLP_SHIFT) & 7U) == MACHINE_SLEEP_S5) {
        pm->power(pm->owner, POWER_OFF);
    }
}

uint32_t pm_timer_at(uint64_t monotonic_ns)
{
    uint64_t seconds = monotonic_ns / 1000000000ULL;
    uint64_t rest_ns = monotonic_ns % 1000000000ULL;

    return (uint32_t)(seconds * TIMER_HZ + rest_ns * TIMER_HZ / 1000000000ULL) & TIMER_MASK;
}

static uint64_t timer_read(void *device, uint64_t offset, uint32_t size)
{
    struct timespec now;

    (void)device;
    (void)size;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)pm_timer_at((uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec) >> (offset * 8U);
}

static void timer_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    (void)device;
    (void)offset;
    (void)size;
    (void)value;
}

static uint64_t reset_read(void *device, uint64_t offset, uint32_t size)
{
    const struct pm *pm = device;

    (void)offset;
    (void)size;
    return pm->reset_control;
}

static void reset_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    struct pm *pm = device;

    (void)offset;
    (void)size;
    /* Bit 2 going from 0 to 1 resets (PCI south bridges since the PIIX). */
    if ((value & 4U) != 0U && (pm->reset_control & 4U) == 0U) {
        pm->power(pm->owner, POWER_RESET);
    }
    pm->reset_control = (uint8_t)value & 0x0EU;
}

const struct io_ops pm_event_ops = {.read = event_read, .write = event_write};
const struct io_ops pm_control_ops = {.read = control_read, .write = control_write};
const struct io_ops pm_timer_ops = {.read = timer_read, .write = timer_write};
const struct io_ops pm_reset_ops = {.read = reset_read, .write = reset_write};

void pm_create(struct pm *pm, void (*set_irq)(void *owner, bool high),
               void (*power)(void *owner, enum power_request request), void *owner)
{
    *pm = (struct pm){.set_irq = set_irq, .power = power, .owner = owner};
    pthread_mutex_init(&pm->lock, NULL);
}

void pm_reset(struct pm *pm)
{
    pthread_mutex_lock(&pm->lock);
    pm->status = 0;
    pm->enable = 0;
    pm->control = 0;
    pm->reset_control = 0;
    update_sci(pm);
    pthread_mutex_unlock(&pm->lock);
}

bool pm_press_power_button(struct pm *pm)
{
    bool heard;

    pthread_mutex_lock(&pm->lock);
    heard = (pm->enable & PWRBTN) != 0U;
    if (heard) {
        pm->status |= PWRBTN;
        update_sci(pm);
    }
    pthread_mutex_unlock(&pm->lock);
    return heard;
}
