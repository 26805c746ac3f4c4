/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device side of a split virtqueue (virtio 1.1, 2.6). The rings are in the memory of a hostile
 * guest: each field is copied once, then checked; every loop is bounded by the queue size.
 */
#ifndef DM_VIRTQUEUE_H
#define DM_VIRTQUEUE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "dm/memory.h"

#define VIRTQUEUE_SIZE_MAX 256U

#define VIRTIO_F_INDIRECT_DESC (1ULL << 28)
#define VIRTIO_F_EVENT_IDX     (1ULL << 29)
#define VIRTIO_F_VERSION_1     (1ULL << 32)

struct virtqueue {
    /* What the driver writes. */
    uint16_t size;
    uint64_t desc_gpa, driver_gpa, device_gpa;
    /* What the device makes of it. */
    bool enabled;
    bool event_idx, indirect;
    uint16_t last_avail, used_index, signalled_used;
    const struct guest_memory *memory;
    uint8_t *desc, *avail, *used;
};

/* A chain of buffers, the device-readable ones first. */
struct vq_chain {
    uint16_t head;
    uint16_t out_count, in_count; /* readable by the device, writable by the device */
    uint64_t out_size, in_size;   /* bytes */
    struct iovec iov[VIRTQUEUE_SIZE_MAX];
};

enum vq_result { VQ_CHAIN, VQ_EMPTY, VQ_BROKEN };

/* Checks size and addresses. False: nothing changed. */
bool virtqueue_enable(struct virtqueue *queue, const struct guest_memory *memory, uint64_t features);
void virtqueue_reset(struct virtqueue *queue, uint16_t size);
enum vq_result virtqueue_pop(struct virtqueue *queue, struct vq_chain *chain);
/* Takes back the last pop. */
void virtqueue_unpop(struct virtqueue *queue);
void virtqueue_push(struct virtqueue *queue, uint16_t head, uint32_t written);
/* Asks for a kick at the next buffer; true: one is there already. */
bool virtqueue_rearm(struct virtqueue *queue);
/* Whether the driver wants an interrupt for what was pushed since the last call. */
bool virtqueue_must_interrupt(struct virtqueue *queue);

/* Copies between a list of buffers and flat memory; both return the bytes copied. */
uint64_t iov_read(const struct iovec *iov, unsigned count, uint64_t offset, void *to, uint64_t size);
uint64_t iov_write(const struct iovec *iov, unsigned count, uint64_t offset, const void *from, uint64_t size);
/* The part [offset, offset + size) of a list, as a list; returns its length. to: count entries. */
unsigned iov_slice(const struct iovec *iov, unsigned count, uint64_t offset, uint64_t size, struct iovec *to);

#endif
