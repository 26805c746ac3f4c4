/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/msix.h"

#include <string.h>
#include <unistd.h>

#include "dm/loop.h"

#define CAP_ID_MSIX     0x11U
#define CONTROL_ENABLE  0x8000U
#define CONTROL_MASK    0x4000U
#define VECTOR_MASKED   1U
#define ENTRY_SIZE      16U

void msix_create(struct msix *msix, struct hsm *hsm, struct pci_device *device, unsigned bar, unsigned count)
{
    uint8_t at = pci_add_capability(device, CAP_ID_MSIX, MSIX_CAP_SIZE);

    *msix = (struct msix){.hsm = hsm, .count = count, .capability = at};
    pthread_mutex_init(&msix->lock, NULL);
    for (unsigned i = 0; i < MSIX_VECTORS_MAX; i++) {
        msix->vector[i].fd = -1;
        msix->vector[i].control = VECTOR_MASKED;
    }
    pci_put16(device->config, at + 2U, (uint16_t)(count - 1U));
    pci_put16(device->writable, at + 2U, CONTROL_ENABLE | CONTROL_MASK);
    pci_put32(device->config, at + 4U, bar);
    pci_put32(device->config, at + 8U, MSIX_PBA_OFFSET | bar);
    device->bar[bar] = (struct pci_bar){.size = MSIX_BAR_SIZE, .ops = &msix_ops, .device = msix};
}

static void unroute(struct msix *msix, struct msix_vector *vector)
{
    if (vector->routed) {
        (void)hsm_deassign_irqfd(msix->hsm, vector->fd);
        vector->routed = false;
    }
}

void msix_reset(struct msix *msix)
{
    pthread_mutex_lock(&msix->lock);
    msix->enabled = false;
    msix->masked = false;
    for (unsigned i = 0; i < msix->count; i++) {
        struct msix_vector *vector = &msix->vector[i];

        unroute(msix, vector);
        vector->address = 0;
        vector->data = 0;
        vector->control = VECTOR_MASKED;
        vector->pending = false;
    }
    pthread_mutex_unlock(&msix->lock);
}

void msix_destroy(struct msix *msix)
{
    msix_reset(msix);
    for (unsigned i = 0; i < msix->count; i++) {
        if (msix->vector[i].fd >= 0) {
            close(msix->vector[i].fd);
            msix->vector[i].fd = -1;
        }
    }
}

static void route(struct msix *msix, struct msix_vector *vector)
{
    if (vector->fd < 0) {
        vector->fd = event_create();
    }
    if (vector->fd >= 0 && !vector->routed) {
        vector->routed = hsm_assign_irqfd(msix->hsm, vector->fd, vector->address, vector->data) == 0;
    }
}

static void deliver(struct msix *msix, struct msix_vector *vector)
{
    if (!msix->enabled || msix->masked || (vector->control & VECTOR_MASKED) != 0U) {
        vector->pending = true;
    } else {
        vector->pending = false;
        route(msix, vector);
        if (vector->routed) {
            event_signal(vector->fd);
        } else {
            (void)hsm_inject_msi(msix->hsm, vector->address, vector->data);
        }
    }
}

static void deliver_pending(struct msix *msix)
{
    for (unsigned i = 0; i < msix->count; i++) {
        if (msix->vector[i].pending) {
            deliver(msix, &msix->vector[i]);
        }
    }
}

void msix_config_written(struct msix *msix, const struct pci_device *device)
{
    uint16_t control = pci_get16(device->config, msix->capability + 2U);

    pthread_mutex_lock(&msix->lock);
    msix->enabled = (control & CONTROL_ENABLE) != 0U;
    msix->masked = (control & CONTROL_MASK) != 0U;
    if (msix->enabled && !msix->masked) {
        deliver_pending(msix);
    }
    pthread_mutex_unlock(&msix->lock);
}

bool msix_enabled(struct msix *msix)
{
    bool enabled;

    pthread_mutex_lock(&msix->lock);
    enabled = msix->enabled;
    pthread_mutex_unlock(&msix->lock);
    return enabled;
}

void msix_signal(struct msix *msix, unsigned vector)
{
    if (vector < msix->count) {
        pthread_mutex_lock(&msix->lock);
        deliver(msix, &msix->vector[vector]);
        pthread_mutex_unlock(&msix->lock);
    }
}

static uint64_t pending_bits(const struct msix *msix)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < msix->count; i++) {
        bits |= (uint64_t)msix->vector[i].pending << i;
    }
    return bits;
}

static void entry_store(const struct msix_vector *vector, uint8_t entry[ENTRY_SIZE])
{
    memcpy(entry, &vector->address, 8);
    memcpy(entry + 8, &vector->data, 4);
    memcpy(entry + 12, &vector->control, 4);
}

static uint64_t msix_read(void *device, uint64_t offset, uint32_t size)
{
    struct msix *msix = device;
    uint64_t index = offset / ENTRY_SIZE;
    uint8_t entry[ENTRY_SIZE];
    uint64_t value = 0;

    pthread_mutex_lock(&msix->lock);
    if (offset % size != 0U) {
        value = UINT64_MAX; /* only naturally aligned accesses are defined */
    } else if (index < msix->count) {
        entry_store(&msix->vector[index], entry);
        memcpy(&value, entry + offset % ENTRY_SIZE, size);
    } else if (offset >= MSIX_PBA_OFFSET && offset < MSIX_PBA_OFFSET + 8U) {
        value = pending_bits(msix) >> (8U * (offset - MSIX_PBA_OFFSET));
    } else {
        value = 0;
    }
    pthread_mutex_unlock(&msix->lock);
    return value;
}

static void msix_write(void *device, uint64_t offset, uint32_t size, uint64_t value)
{
    struct msix *msix = device;
    uint64_t index = offset / ENTRY_SIZE;
    uint8_t entry[ENTRY_SIZE];

    if (index < msix->count && offset % size == 0U && size >= 4U) {
        struct msix_vector *vector = &msix->vector[index];

        pthread_mutex_lock(&msix->lock);
        entry_store(vector, entry);
        memcpy(entry + offset % ENTRY_SIZE, &value, size);
        if (memcmp(entry, &vector->address, 8) != 0 || memcmp(entry + 8, &vector->data, 4) != 0) {
            unroute(msix, vector);
        }
        memcpy(&vector->address, entry, 8);
        memcpy(&vector->data, entry + 8, 4);
        memcpy(&vector->control, entry + 12, 4);
        vector->control &= VECTOR_MASKED;
        if (vector->pending) {
            deliver(msix, vector);
        }
        pthread_mutex_unlock(&msix->lock);
    }
}

const struct io_ops msix_ops = {.read = msix_read, .write = msix_write};
