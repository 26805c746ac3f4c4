/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/virtio_net.h"

#include <string.h>

#include "dm/log.h"

#define QUEUE_RECEIVE  0U
#define QUEUE_TRANSMIT 1U
#define QUEUE_SIZE     256U

#define FEATURE_MAC    (1ULL << 5)
#define FEATURE_STATUS (1ULL << 16)
#define STATUS_LINK_UP 1U

/* Before each frame (5.1.6). Without offloads only num_buffers says anything, and to the driver. */
struct header {
    uint8_t flags;
    uint8_t gso_type;
    uint16_t hdr_len;
    uint16_t gso_size;
    uint16_t csum_start;
    uint16_t csum_offset;
    uint16_t num_buffers;
};

_Static_assert(sizeof(struct header) == 12U, "virtio 1.1, 5.1.6");
_Static_assert(sizeof(struct virtio_net_config) == 8U, "virtio 1.1, 5.1.4");

/* REQ-DM-017 */
static void transmit(struct virtio_net *self, const struct vq_chain *chain)
{
    uint8_t frame[NET_FRAME_MAX];
    uint64_t size = chain->out_size - sizeof(struct header);

    if (size >= NET_FRAME_MIN && size <= NET_FRAME_MAX) {
        (void)iov_read(chain->iov, chain->out_count, sizeof(struct header), frame, size);
        (void)self->backend->send(self->backend->state, frame, size);
    } else {
        self->bad++;
    }
}

static void drain_transmit(struct virtio_net *self)
{
    struct virtio_device *device = &self->device;
    struct vq_chain chain;
    unsigned count = 0;

    while (count < QUEUE_SIZE && virtio_running(device, QUEUE_TRANSMIT) && virtio_pop(device, QUEUE_TRANSMIT, &chain)) {
        if (chain.out_size < sizeof(struct header) || chain.in_count != 0U) {
            virtio_fail(device, "transmit buffer without header, or writable");
        } else {
            transmit(self, &chain);
            virtqueue_push(&device->queue[QUEUE_TRANSMIT], chain.head, 0);
        }
        count++;
    }
    virtio_complete(device, QUEUE_TRANSMIT);
    if (virtio_running(device, QUEUE_TRANSMIT) && virtqueue_rearm(&device->queue[QUEUE_TRANSMIT])) {
        virtio_kick_again(device, QUEUE_TRANSMIT);
    }
}

/* New receive buffers wait for the next frame. */
static void kick(struct virtio_device *device, unsigned queue)
{
    if (queue == QUEUE_TRANSMIT) {
        drain_transmit(device->state);
    }
}

/* True: the guest has the frame. A chain that it does not fit into stays for the next one: 1526 bytes are advice (5.1.6.3.1). */
static bool deliver(struct virtio_net *self, const uint8_t *frame, size_t size)
{
    static const struct header header = {.num_buffers = 1};
    struct virtio_device *device = &self->device;
    struct virtqueue *queue = &device->queue[QUEUE_RECEIVE];
    struct vq_chain chain;
    bool delivered = false;

    if (virtio_running(device, QUEUE_RECEIVE) && virtio_pop(device, QUEUE_RECEIVE, &chain)) {
        if (chain.out_count != 0U || chain.in_size < sizeof(header)) {
            virtio_fail(device, "receive buffer without room for the header, or not writable");
        } else if (chain.in_size < sizeof(header) + size) {
            virtqueue_unpop(queue);
        } else {
            (void)iov_write(chain.iov, chain.in_count, 0, &header, sizeof(header));
            (void)iov_write(chain.iov, chain.in_count, sizeof(header), frame, size);
            virtqueue_push(queue, chain.head, (uint32_t)(sizeof(header) + size));
            delivered = true;
        }
    }
    return delivered;
}

/* On the worker's thread, as the two below. REQ-DM-017 */
static void receive(void *owner, const uint8_t *frame, size_t size)
{
    struct virtio_net *self = owner;

    pthread_mutex_lock(&self->device.lock);
    if (!deliver(self, frame, size)) {
        self->no_buffer++;
    }
    pthread_mutex_unlock(&self->device.lock);
}

static void received(void *owner)
{
    struct virtio_net *self = owner;

    pthread_mutex_lock(&self->device.lock);
    if (virtio_running(&self->device, QUEUE_RECEIVE)) {
        virtio_complete(&self->device, QUEUE_RECEIVE);
    }
    pthread_mutex_unlock(&self->device.lock);
}

static void carrier(void *owner, bool up)
{
    struct virtio_net *self = owner;

    pthread_mutex_lock(&self->device.lock);
    self->config.status = up ? STATUS_LINK_UP : 0U;
    virtio_config_changed(&self->device);
    pthread_mutex_unlock(&self->device.lock);
}

static const struct virtio_model model = {
    .name = "net", .id = VIRTIO_ID_NETWORK, .class_code = 0x020000, .queue_count = 2, .queue_size = QUEUE_SIZE, .kick = kick,
};

int virtio_net_create(struct virtio_net *self, const struct virtio_setup *setup, const uint8_t mac[NET_MAC_SIZE],
                      const struct net_backend *backend)
{
    const struct net_user user = {.receive = receive, .received = received, .carrier = carrier, .owner = self};
    int result;

    *self = (struct virtio_net){.backend = backend};
    memcpy(self->config.mac, mac, NET_MAC_SIZE);
    result = virtio_create(&self->device, setup, &model, FEATURE_MAC | FEATURE_STATUS, self);
    if (result == 0) {
        self->device.config = &self->config;
        self->device.config_size = sizeof(self->config);
        result = backend->attach(backend->state, &self->device.loop, &user);
        if (result != 0) {
            virtio_destroy(&self->device);
        }
    }
    return result;
}

void virtio_net_report(const struct virtio_net *self, const char *name)
{
    if (self->no_buffer != 0U || self->bad != 0U) {
        log_message("%s: dropped %llu frames for which the guest had no buffer, and %llu of the guest with a bad size", name,
                    (unsigned long long)self->no_buffer, (unsigned long long)self->bad);
    }
}
