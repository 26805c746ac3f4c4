/* SPDX-License-Identifier: Apache-2.0 */
/* Entropy device (virtio 1.1, 5.4). */
#ifndef DM_VIRTIO_RNG_H
#define DM_VIRTIO_RNG_H

#include "dm/virtio.h"

int virtio_rng_create(struct virtio_device *device, const struct virtio_setup *setup);

#endif
