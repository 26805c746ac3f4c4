/* SPDX-License-Identifier: Apache-2.0 */
/* Network device with one pair of queues and no offloads (virtio 1.1, 5.1). */
#ifndef DM_VIRTIO_NET_H
#define DM_VIRTIO_NET_H

#include "dm/net.h"
#include "dm/virtio.h"

struct virtio_net_config { /* 5.1.4, up to status */
    uint8_t mac[NET_MAC_SIZE];
    uint16_t status;
};

struct virtio_net {
    struct virtio_device device;
    struct virtio_net_config config;
    const struct net_backend *backend;
    uint64_t no_buffer; /* frames for the guest that found none, or no driver */
    uint64_t bad;       /* frames of the guest of a size that none has */
};

int virtio_net_create(struct virtio_net *self, const struct virtio_setup *setup, const uint8_t mac[NET_MAC_SIZE],
                      const struct net_backend *backend);
void virtio_net_report(const struct virtio_net *self, const char *name); /* says what was dropped, if anything; the worker has ended */

#endif
