/* SPDX-License-Identifier: Apache-2.0 */
/* Block device (virtio 1.1, 5.2) on a raw file or a block device. */
#ifndef DM_VIRTIO_BLK_H
#define DM_VIRTIO_BLK_H

#include "dm/virtio.h"

#define VIRTIO_BLK_ID_SIZE 20U

struct virtio_blk_config { /* 5.2.4, up to blk_size */
    uint64_t capacity;     /* in sectors of 512 bytes */
    uint32_t size_max;
    uint32_t seg_max;
    uint8_t geometry[4];
    uint32_t blk_size;
};

struct virtio_blk {
    struct virtio_device device;
    struct virtio_blk_config config;
    int fd;
    bool read_only;
    char id[VIRTIO_BLK_ID_SIZE];
};

/* Opens and locks the image. 0, or -errno: -EAGAIN another process has it open for writing. */
int virtio_blk_open(struct virtio_blk *self, const char *path, bool read_only);
void virtio_blk_close(struct virtio_blk *self);
int virtio_blk_create(struct virtio_blk *self, const struct virtio_setup *setup);

#endif
