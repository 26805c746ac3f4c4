/* SPDX-License-Identifier: Apache-2.0 */
/* The device behind the registers: life cycle, queues, notification, interrupts. */
#define _GNU_SOURCE
#include "dm/virtio.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "dm/log.h"
#include "dm/virtio_pci.h"

bool virtio_running(const struct virtio_device *device, unsigned queue)
{
    return (device->status & (VIRTIO_STATUS_DRIVER_OK | VIRTIO_STATUS_NEEDS_RESET)) == VIRTIO_STATUS_DRIVER_OK &&
           device->queue[queue].enabled;
}

static void kick_ready(void *owner, uint32_t events)
{
    struct virtio_kick *kick = owner;
    struct virtio_device *device = kick->device;

    (void)events;
    if (event_take(kick->fd)) {
        pthread_mutex_lock(&device->lock);
        if (virtio_running(device, kick->queue)) {
            device->model->kick(device, kick->queue);
        }
        pthread_mutex_unlock(&device->lock);
    }
}

static int create_kicks(struct virtio_device *device)
{
    int result = 0;

    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        device->kick[i] = (struct virtio_kick){.device = device, .queue = i, .fd = -1};
    }
    for (unsigned i = 0; i < device->model->queue_count && result == 0; i++) {
        struct virtio_kick *kick = &device->kick[i];

        kick->fd = event_create();
        kick->source = (struct loop_source){.fd = kick->fd, .ready = kick_ready, .owner = kick};
        result = (kick->fd < 0) ? kick->fd : loop_add(&device->loop, &kick->source, EPOLLIN);
    }
    return result;
}

int virtio_create(struct virtio_device *device, const struct virtio_setup *setup, const struct virtio_model *model,
                  uint64_t features, void *state)
{
    int result;

    *device = (struct virtio_device){
        .model = model,
        .state = state,
        .features = features | VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX,
        .hsm = setup->hsm,
        .memory = setup->memory,
    };
    pthread_mutex_init(&device->lock, NULL);
    virtio_pci_setup(device);
    result = loop_create(&device->loop);
    if (result == 0) {
        result = create_kicks(device);
        if (result == 0 && !pci_bus_add(setup->bus, &device->pci)) {
            result = -ENOSPC;
        }
        virtio_reset(device);
        if (result != 0) {
            virtio_destroy(device);
        }
    }
    return result;
}

int virtio_start_worker(struct virtio_device *device)
{
    return loop_start_worker(&device->loop);
}

void virtio_destroy(struct virtio_device *device)
{
    loop_join_worker(&device->loop);
    virtio_reset(device);
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        if (device->kick[i].fd >= 0) {
            close(device->kick[i].fd);
            device->kick[i].fd = -1;
        }
    }
    msix_destroy(&device->msix);
    loop_destroy(&device->loop);
}

/* Brings the ioeventfds in line with what the guest has set up. */
void virtio_update_notify(struct virtio_device *device)
{
    uint64_t bar;
    bool decoded = pci_bar_address(&device->pci, 0, &bar);

    for (unsigned i = 0; i < device->model->queue_count; i++) {
        struct virtio_kick *kick = &device->kick[i];
        uint64_t gpa = bar + VIRTIO_BAR_NOTIFY + (uint64_t)i * VIRTIO_NOTIFY_MULTIPLIER;
        bool wanted = decoded && (device->status & VIRTIO_STATUS_DRIVER_OK) != 0U && device->queue[i].enabled;

        if (kick->assigned && (!wanted || gpa != kick->gpa)) {
            (void)hsm_deassign_ioeventfd(device->hsm, kick->fd, kick->gpa, 2);
            kick->assigned = false;
        }
        if (wanted && !kick->assigned) {
            /* Without it the write comes through the request loop: slower, but it works. */
            kick->gpa = gpa;
            kick->assigned = hsm_assign_ioeventfd(device->hsm, kick->fd, gpa, 2) == 0;
        }
    }
}

static void reset_locked(struct virtio_device *device)
{
    device->status = 0;
    virtio_update_notify(device);
    device->isr = 0;
    device->queue_select = 0;
    device->device_feature_select = 0;
    device->driver_feature_select = 0;
    device->driver_features = 0;
    device->config_vector = VIRTIO_NO_VECTOR;
    for (unsigned i = 0; i < device->model->queue_count; i++) {
        virtqueue_reset(&device->queue[i], device->model->queue_size);
        device->queue_vector[i] = VIRTIO_NO_VECTOR;
    }
    if (device->pci.bus != NULL) {
        pci_set_intx(&device->pci, false);
    }
    if (device->model->reset != NULL) {
        device->model->reset(device);
    }
}

void virtio_reset(struct virtio_device *device)
{
    pthread_mutex_lock(&device->lock);
    reset_locked(device);
    pthread_mutex_unlock(&device->lock);
    msix_reset(&device->msix);
}

static void interrupt(struct virtio_device *device, uint8_t cause, uint16_t vector)
{
    device->isr |= cause;
    if (msix_enabled(&device->msix)) {
        msix_signal(&device->msix, vector); /* VIRTIO_NO_VECTOR is beyond the table: nothing */
    } else {
        pci_set_intx(&device->pci, true);
    }
}

static void notify_config(struct virtio_device *device)
{
    if ((device->status & VIRTIO_STATUS_DRIVER_OK) != 0U) {
        interrupt(device, VIRTIO_ISR_CONFIG, device->config_vector);
    }
}

/* REQ-DM-002 */
void virtio_fail(struct virtio_device *device, const char *why)
{
    if ((device->status & VIRTIO_STATUS_NEEDS_RESET) == 0U) {
        log_guest("virtio-%s in slot %u: %s; stopped until the guest resets it", device->model->name,
                  device->pci.slot, why);
        device->status |= VIRTIO_STATUS_NEEDS_RESET;
        notify_config(device);
    }
}

bool virtio_pop(struct virtio_device *device, unsigned queue, struct vq_chain *chain)
{
    enum vq_result result = virtqueue_pop(&device->queue[queue], chain);

    if (result == VQ_BROKEN) {
        virtio_fail(device, "malformed virtqueue");
    }
    return result == VQ_CHAIN;
}

void virtio_complete(struct virtio_device *device, unsigned queue)
{
    if (virtqueue_must_interrupt(&device->queue[queue])) {
        interrupt(device, VIRTIO_ISR_QUEUE, device->queue_vector[queue]);
    }
}

void virtio_config_changed(struct virtio_device *device)
{
    device->config_generation++;
    notify_config(device);
}

void virtio_kick_again(struct virtio_device *device, unsigned queue)
{
    event_signal(device->kick[queue].fd);
}

void virtio_write_status(struct virtio_device *device, uint8_t value)
{
    uint8_t old = device->status;

    if (value == 0U) {
        reset_locked(device);
    } else {
        value |= old; /* bits are only ever added (2.1) */
        if ((value & VIRTIO_STATUS_FEATURES_OK) != 0U && (old & VIRTIO_STATUS_FEATURES_OK) == 0U &&
            ((device->driver_features & ~device->features) != 0U ||
             (device->driver_features & VIRTIO_F_VERSION_1) == 0U)) {
            value &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK; /* refused (3.1.1 step 6) */
        }
        if ((value & VIRTIO_STATUS_FEATURES_OK) == 0U) {
            value &= (uint8_t)~VIRTIO_STATUS_DRIVER_OK;
        }
        device->status = value;
        if ((value & ~old & VIRTIO_STATUS_DRIVER_OK) != 0U) {
            virtio_update_notify(device);
            if (device->model->started != NULL) {
                device->model->started(device);
            }
            for (unsigned i = 0; i < device->model->queue_count; i++) {
                virtio_kick_again(device, i); /* for what was queued before */
            }
        }
    }
}

void virtio_enable_queue(struct virtio_device *device)
{
    unsigned index = device->queue_select;

    if (index < device->model->queue_count && !device->queue[index].enabled &&
        (device->status & VIRTIO_STATUS_FEATURES_OK) != 0U) {
        if (!virtqueue_enable(&device->queue[index], device->memory, device->driver_features)) {
            virtio_fail(device, "bad virtqueue address or size");
        }
    }
}
