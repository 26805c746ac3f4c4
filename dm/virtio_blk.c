/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/virtio_blk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define QUEUE_SIZE  128U
#define SECTOR_SIZE 512U

#define FEATURE_SEG_MAX  (1ULL << 2)
#define FEATURE_RO       (1ULL << 5)
#define FEATURE_BLK_SIZE (1ULL << 6)
#define FEATURE_FLUSH    (1ULL << 9)

#define TYPE_IN     0U
#define TYPE_OUT    1U
#define TYPE_FLUSH  4U
#define TYPE_GET_ID 8U


/* The last byte of a request (5.2.6). */
enum blk_status { STATUS_OK = 0, STATUS_IOERR = 1, STATUS_UNSUPPORTED = 2 };

struct header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
};

struct request {
    struct header header;
    struct iovec data[VIRTQUEUE_SIZE_MAX];
    unsigned data_count;
    uint64_t data_size;
};

static int image_size(int fd, uint64_t *size)
{
    struct stat status;
    int result = 0;

    if (fstat(fd, &status) < 0) {
        result = -errno;
    } else if (S_ISBLK(status.st_mode)) {
        result = (ioctl(fd, BLKGETSIZE64, size) < 0) ? -errno : 0;
    } else if (S_ISREG(status.st_mode)) {
        *size = (uint64_t)status.st_size;
    } else {
        result = -EINVAL;
    }
    return result;
}

/* REQ-DM-003 */
int virtio_blk_open(struct virtio_blk *self, const char *path, bool read_only)
{
    const char *base = strrchr(path, '/');
    uint64_t size = 0;
    int result;

    *self = (struct virtio_blk){.read_only = read_only};
    self->fd = open(path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (self->fd < 0) {
        result = -errno;
    } else {
        /* Two writers would destroy the file system in it. */
        result = (flock(self->fd, (read_only ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0) ? -errno : 0;
        result = (result == 0) ? image_size(self->fd, &size) : result;
        result = (result == 0 && size < SECTOR_SIZE) ? -ENODATA : result;
    }
    if (result != 0) {
        virtio_blk_close(self);
    }
    self->config = (struct virtio_blk_config){
        .capacity = size / SECTOR_SIZE, .seg_max = QUEUE_SIZE - 2U, .blk_size = SECTOR_SIZE};
    base = (base == NULL) ? path : base + 1;
    memcpy(self->id, base, strnlen(base, sizeof(self->id)));
    return result;
}

void virtio_blk_close(struct virtio_blk *self)
{
    if (self->fd >= 0) {
        close(self->fd);
        self->fd = -1;
    }
}

/* Layout: header (readable), data, one status byte (the last writable byte). 5.2.6 */
static bool decode(const struct vq_chain *chain, struct request *request)
{
    bool valid = chain->in_size >= 1U && iov_read(chain->iov, chain->out_count, 0, &request->header,
                                                  sizeof(request->header)) == sizeof(request->header);

    if (valid && request->header.type == TYPE_OUT) {
        request->data_size = chain->out_size - sizeof(request->header);
        request->data_count =
            iov_slice(chain->iov, chain->out_count, sizeof(request->header), request->data_size, request->data);
    } else if (valid) {
        request->data_size = chain->in_size - 1U;
        request->data_count =
            iov_slice(&chain->iov[chain->out_count], chain->in_count, 0, request->data_size, request->data);
    } else {
        request->data_count = 0;
    }
    return valid;
}

/* REQ-DM-003 */
static bool in_capacity(const struct virtio_blk *self, const struct request *request)
{
    uint64_t sectors = request->data_size / SECTOR_SIZE;

    return request->data_size % SECTOR_SIZE == 0U && sectors <= self->config.capacity &&
           request->header.sector <= self->config.capacity - sectors;
}

/* All of it or an error; short transfers are continued. */
static enum blk_status transfer(const struct virtio_blk *self, struct request *request, bool write)
{
    uint64_t position = request->header.sector * SECTOR_SIZE;
    uint64_t done = 0;
    enum blk_status status = STATUS_OK;

    while (status == STATUS_OK && done < request->data_size) {
        struct iovec rest[VIRTQUEUE_SIZE_MAX];
        int count = (int)iov_slice(request->data, request->data_count, done, request->data_size - done, rest);
        ssize_t moved = write ? pwritev(self->fd, rest, count, (off_t)(position + done))
                              : preadv(self->fd, rest, count, (off_t)(position + done));

        if (moved > 0) {
            done += (uint64_t)moved;
        } else if (moved == 0 || errno != EINTR) {
            status = STATUS_IOERR;
        } else {
            /* again */
        }
    }
    return status;
}

static enum blk_status get_id(const struct virtio_blk *self, const struct request *request)
{
    bool fits = request->data_size >= VIRTIO_BLK_ID_SIZE;

    if (fits) {
        iov_write(request->data, request->data_count, 0, self->id, sizeof(self->id));
    }
    return fits ? STATUS_OK : STATUS_IOERR;
}

static enum blk_status perform(const struct virtio_blk *self, struct request *request)
{
    enum blk_status status;

    switch (request->header.type) {
    case TYPE_IN:
        status = in_capacity(self, request) ? transfer(self, request, false) : STATUS_IOERR;
        break;
    case TYPE_OUT:
        status = (!self->read_only && in_capacity(self, request)) ? transfer(self, request, true) : STATUS_IOERR;
        break;
    case TYPE_FLUSH:
        status = (self->read_only || fdatasync(self->fd) == 0) ? STATUS_OK : STATUS_IOERR;
        break;
    case TYPE_GET_ID:
        status = get_id(self, request);
        break;
    default:
        status = STATUS_UNSUPPORTED;
        break;
    }
    return status;
}

static void handle(struct virtio_blk *self, const struct vq_chain *chain)
{
    struct virtio_device *device = &self->device;
    struct request request;

    if (decode(chain, &request)) {
        enum blk_status result = perform(self, &request);
        uint8_t status = (uint8_t)result;
        bool reads = result == STATUS_OK && request.header.type != TYPE_OUT;
        uint32_t written = (uint32_t)(reads ? chain->in_size : 1U);

        iov_write(&chain->iov[chain->out_count], chain->in_count, chain->in_size - 1U, &status, 1);
        virtqueue_push(&device->queue[0], chain->head, written);
    } else {
        virtio_fail(device, "request without header or status");
    }
}

static void kick(struct virtio_device *device, unsigned queue)
{
    struct virtio_blk *self = device->state;
    struct vq_chain chain;
    unsigned count = 0;

    while (count < QUEUE_SIZE && virtio_running(device, queue) && virtio_pop(device, queue, &chain)) {
        handle(self, &chain);
        count++;
    }
    virtio_complete(device, queue);
    if (virtio_running(device, queue) && virtqueue_rearm(&device->queue[queue])) {
        virtio_kick_again(device, queue);
    }
}

static const struct virtio_model model = {
    .name = "blk", .id = VIRTIO_ID_BLOCK, .class_code = 0x018000, .queue_count = 1, .queue_size = QUEUE_SIZE, .kick = kick,
};

int virtio_blk_create(struct virtio_blk *self, const struct virtio_setup *setup)
{
    uint64_t features = FEATURE_SEG_MAX | FEATURE_BLK_SIZE | FEATURE_FLUSH | (self->read_only ? FEATURE_RO : 0U);
    int result = virtio_create(&self->device, setup, &model, features, self);

    self->device.config = &self->config;
    self->device.config_size = sizeof(self->config);
    return result;
}
