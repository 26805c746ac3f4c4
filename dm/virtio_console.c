/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/virtio_console.h"

#include <string.h>

#include "dm/log.h"

#define QUEUE_RECEIVE  0U
#define QUEUE_TRANSMIT 1U
#define QUEUE_SIZE     64U
#define CHUNK          1024U
#define CHAIN_MAX      65536U /* bytes written for one chain; longer ones are cut */

static void transmit(struct virtio_console *self, const struct vq_chain *chain)
{
    uint64_t size = (chain->out_size < CHAIN_MAX) ? chain->out_size : CHAIN_MAX;
    uint8_t bytes[CHUNK];

    for (uint64_t offset = 0; offset < size; offset += CHUNK) {
        uint64_t part = (size - offset < CHUNK) ? size - offset : CHUNK;

        iov_read(chain->iov, chain->out_count, offset, bytes, part);
        console_write(self->console, bytes, part);
    }
}

static void drain_transmit(struct virtio_console *self)
{
    struct virtio_device *device = &self->device;
    struct vq_chain chain;
    unsigned count = 0;

    while (count < QUEUE_SIZE && virtio_pop(device, QUEUE_TRANSMIT, &chain)) {
        transmit(self, &chain);
        virtqueue_push(&device->queue[QUEUE_TRANSMIT], chain.head, 0);
        count++;
    }
    virtio_complete(device, QUEUE_TRANSMIT);
    if (virtio_running(device, QUEUE_TRANSMIT) && virtqueue_rearm(&device->queue[QUEUE_TRANSMIT])) {
        virtio_kick_again(device, QUEUE_TRANSMIT);
    }
}

static void fill_receive(struct virtio_console *self)
{
    struct virtio_device *device = &self->device;
    struct virtqueue *queue = &device->queue[QUEUE_RECEIVE];
    struct vq_chain chain;
    unsigned count = 0;

    while (self->input_size != 0U && count < QUEUE_SIZE && virtio_pop(device, QUEUE_RECEIVE, &chain)) {
        uint32_t taken = (uint32_t)iov_write(&chain.iov[chain.out_count], chain.in_count, 0, self->input,
                                             self->input_size);

        self->input_size -= taken;
        memmove(self->input, self->input + taken, self->input_size);
        virtqueue_push(queue, chain.head, taken);
        count++;
    }
    virtio_complete(device, QUEUE_RECEIVE);
    if (virtio_running(device, QUEUE_RECEIVE) && virtqueue_rearm(queue) && self->input_size != 0U) {
        virtio_kick_again(device, QUEUE_RECEIVE);
    }
}

/* Input is taken only while there is room for a whole read of it. */
static void update_pause(struct virtio_console *self)
{
    bool full = self->input_size > VIRTIO_CONSOLE_INPUT / 2U;

    if (full != self->console->paused) {
        console_pause_input(self->console, full);
    }
}

static void kick(struct virtio_device *device, unsigned queue)
{
    struct virtio_console *self = device->state;

    if (queue == QUEUE_TRANSMIT) {
        drain_transmit(self);
    } else {
        fill_receive(self);
        update_pause(self);
    }
}

static void started(struct virtio_device *device)
{
    struct virtio_console *self = device->state;

    if (!self->announced) {
        self->announced = true;
        events_write("console ready", ",\"path\":\"%s\"", self->console->path);
    }
}

static void reset(struct virtio_device *device)
{
    struct virtio_console *self = device->state;

    self->input_size = 0;
    self->announced = false;
}

/* On the worker's thread. */
static void input(void *owner, const uint8_t *data, size_t size)
{
    struct virtio_console *self = owner;
    struct virtio_device *device = &self->device;

    pthread_mutex_lock(&device->lock);
    if (virtio_running(device, QUEUE_RECEIVE) && size <= VIRTIO_CONSOLE_INPUT - self->input_size) {
        memcpy(self->input + self->input_size, data, size);
        self->input_size += (uint32_t)size;
        fill_receive(self);
        update_pause(self);
    }
    pthread_mutex_unlock(&device->lock);
}

static const struct virtio_model model = {
    .name = "console",
    .id = VIRTIO_ID_CONSOLE,
    .class_code = 0x078000,
    .queue_count = 2,
    .queue_size = QUEUE_SIZE,
    .kick = kick,
    .reset = reset,
    .started = started,
};

int virtio_console_create(struct virtio_console *self, const struct virtio_setup *setup, struct console *console)
{
    int result;

    self->console = console;
    result = virtio_create(&self->device, setup, &model, 0, self);
    if (result == 0) {
        result = console_attach(console, &self->device.loop, input, self);
        if (result != 0) {
            virtio_destroy(&self->device);
        }
    }
    return result;
}
