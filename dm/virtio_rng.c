/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/virtio_rng.h"

#include <sys/random.h>

#define BYTES_MAX  256U /* at once: getrandom() never returns less for so few */
#define QUEUE_SIZE 8U

static uint32_t fill(const struct vq_chain *chain)
{
    uint8_t bytes[BYTES_MAX];
    uint64_t wanted = (chain->in_size < BYTES_MAX) ? chain->in_size : BYTES_MAX;
    ssize_t got = getrandom(bytes, wanted, 0);

    return (got <= 0) ? 0U : (uint32_t)iov_write(&chain->iov[chain->out_count], chain->in_count, 0, bytes, (uint64_t)got);
}

static void kick(struct virtio_device *device, unsigned queue)
{
    struct vq_chain chain;
    unsigned count = 0;

    while (count < QUEUE_SIZE && virtio_pop(device, queue, &chain)) {
        virtqueue_push(&device->queue[queue], chain.head, fill(&chain));
        count++;
    }
    virtio_complete(device, queue);
    if (virtio_running(device, queue) && virtqueue_rearm(&device->queue[queue])) {
        virtio_kick_again(device, queue);
    }
}

static const struct virtio_model model = {
    .name = "rng", .id = VIRTIO_ID_RNG, .class_code = 0x00FF00, .queue_count = 1, .queue_size = QUEUE_SIZE, .kick = kick,
};

int virtio_rng_create(struct virtio_device *device, const struct virtio_setup *setup)
{
    return virtio_create(device, setup, &model, 0, NULL);
}
