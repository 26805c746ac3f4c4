/* SPDX-License-Identifier: Apache-2.0 */
#include "dm/virtqueue.h"

#include <stdatomic.h>
#include <string.h>

#define DESC_SIZE     16U
#define DESC_NEXT     1U
#define DESC_WRITE    2U
#define DESC_INDIRECT 4U
#define AVAIL_NO_INTERRUPT 1U

/* Offsets in the rings: flags, idx, ring[size], event. */
#define RING_INDEX    2U
#define RING_ENTRIES  4U
#define AVAIL_ENTRY   2U
#define USED_ENTRY    8U

struct descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags;
    uint16_t next;
};

_Static_assert(sizeof(struct descriptor) == DESC_SIZE, "layout of virtio 1.1, 2.6.5");

static uint16_t load16(const uint8_t *at)
{
    return atomic_load_explicit((const _Atomic uint16_t *)(const void *)at, memory_order_acquire);
}

static void store16(uint8_t *at, uint16_t value)
{
    atomic_store_explicit((_Atomic uint16_t *)(void *)at, value, memory_order_release);
}

static bool sizes_valid(const struct virtqueue *queue)
{
    uint16_t size = queue->size;

    return size != 0U && size <= VIRTQUEUE_SIZE_MAX && (size & (size - 1U)) == 0U &&
           (queue->desc_gpa & 15U) == 0U && (queue->driver_gpa & 1U) == 0U && (queue->device_gpa & 3U) == 0U;
}

bool virtqueue_enable(struct virtqueue *queue, const struct guest_memory *memory, uint64_t features)
{
    uint64_t size = queue->size;
    bool valid = sizes_valid(queue);

    if (valid) {
        uint8_t *desc = memory_range(memory, queue->desc_gpa, size * DESC_SIZE);
        uint8_t *avail = memory_range(memory, queue->driver_gpa, RING_ENTRIES + size * AVAIL_ENTRY + 2U);
        uint8_t *used = memory_range(memory, queue->device_gpa, RING_ENTRIES + size * USED_ENTRY + 2U);

        valid = desc != NULL && avail != NULL && used != NULL;
        if (valid) {
            queue->desc = desc;
            queue->avail = avail;
            queue->used = used;
            queue->memory = memory;
            queue->event_idx = (features & VIRTIO_F_EVENT_IDX) != 0U;
            queue->indirect = (features & VIRTIO_F_INDIRECT_DESC) != 0U;
            queue->last_avail = 0;
            queue->used_index = 0;
            queue->signalled_used = 0;
            queue->enabled = true;
        }
    }
    return valid;
}

void virtqueue_reset(struct virtqueue *queue, uint16_t size)
{
    *queue = (struct virtqueue){.size = size};
}

static bool add_segment(const struct virtqueue *queue, struct vq_chain *chain, const struct descriptor *desc)
{
    unsigned count = chain->out_count + chain->in_count;
    bool writable = (desc->flags & DESC_WRITE) != 0U;
    void *data = memory_range(queue->memory, desc->address, desc->length);
    /* Readable buffers come first (2.6.4.2); empty ones and ones outside RAM are errors. */
    bool valid = data != NULL && desc->length != 0U && count < VIRTQUEUE_SIZE_MAX &&
                 (writable || chain->in_count == 0U);

    if (valid) {
        chain->iov[count] = (struct iovec){.iov_base = data, .iov_len = desc->length};
        if (writable) {
            chain->in_count++;
            chain->in_size += desc->length;
        } else {
            chain->out_count++;
            chain->out_size += desc->length;
        }
    }
    return valid;
}

struct table {
    const uint8_t *base;
    uint32_t count;
    bool indirect;
};

static struct descriptor copy_descriptor(const struct table *table, uint32_t index)
{
    struct descriptor desc;

    memcpy(&desc, table->base + (size_t)index * DESC_SIZE, sizeof(desc));
    atomic_signal_fence(memory_order_seq_cst); /* not to be read again */
    return desc;
}

static bool enter_indirect(const struct virtqueue *queue, struct table *table, const struct descriptor *desc)
{
    const uint8_t *base = memory_range(queue->memory, desc->address, desc->length);
    bool valid = queue->indirect && !table->indirect && (desc->flags & DESC_NEXT) == 0U && base != NULL &&
                 desc->length != 0U && desc->length % DESC_SIZE == 0U;

    if (valid) {
        *table = (struct table){.base = base, .count = desc->length / DESC_SIZE, .indirect = true};
    }
    return valid;
}

static bool walk(const struct virtqueue *queue, struct vq_chain *chain)
{
    struct table table = {.base = queue->desc, .count = queue->size, .indirect = false};
    uint32_t index = chain->head;
    bool more = true;
    bool valid = true;

    /* One step more than segments: the descriptor of an indirect table holds none. */
    for (unsigned step = 0; more && valid && step <= VIRTQUEUE_SIZE_MAX; step++) {
        struct descriptor desc = copy_descriptor(&table, index);

        if (desc.flags & DESC_INDIRECT) {
            valid = enter_indirect(queue, &table, &desc);
            index = 0;
        } else {
            valid = add_segment(queue, chain, &desc);
            more = (desc.flags & DESC_NEXT) != 0U;
            index = desc.next;
            valid = valid && (!more || index < table.count);
        }
    }
    return valid && !more;
}

/* REQ-DM-001 */
enum vq_result virtqueue_pop(struct virtqueue *queue, struct vq_chain *chain)
{
    uint16_t pending = (uint16_t)(load16(queue->avail + RING_INDEX) - queue->last_avail);
    enum vq_result result = VQ_BROKEN;

    if (pending == 0U) {
        result = VQ_EMPTY;
    } else if (pending <= queue->size) {
        uint32_t entry = queue->last_avail % queue->size;

        chain->head = load16(queue->avail + RING_ENTRIES + entry * AVAIL_ENTRY);
        chain->out_count = 0;
        chain->in_count = 0;
        chain->out_size = 0;
        chain->in_size = 0;
        if (chain->head < queue->size && walk(queue, chain)) {
            queue->last_avail++;
            result = VQ_CHAIN;
        }
    } else {
        /* more buffers than the ring holds */
    }
    return result;
}

void virtqueue_unpop(struct virtqueue *queue)
{
    queue->last_avail--;
}

void virtqueue_push(struct virtqueue *queue, uint16_t head, uint32_t written)
{
    uint32_t element[2] = {head, written};
    uint32_t entry = queue->used_index % queue->size;

    memcpy(queue->used + RING_ENTRIES + entry * USED_ENTRY, element, sizeof(element));
    queue->used_index++;
    store16(queue->used + RING_INDEX, queue->used_index); /* after the element (2.6.8) */
}

bool virtqueue_rearm(struct virtqueue *queue)
{
    if (queue->event_idx) {
        store16(queue->used + RING_ENTRIES + (uint32_t)queue->size * USED_ENTRY, queue->last_avail);
    }
    atomic_thread_fence(memory_order_seq_cst); /* the wish is seen before the index is looked at */
    return load16(queue->avail + RING_INDEX) != queue->last_avail;
}

bool virtqueue_must_interrupt(struct virtqueue *queue)
{
    uint16_t old = queue->signalled_used;
    uint16_t new = queue->used_index;
    bool must = false;

    atomic_thread_fence(memory_order_seq_cst);
    queue->signalled_used = new;
    if (new == old) {
        must = false;
    } else if (queue->event_idx) {
        uint16_t event = load16(queue->avail + RING_ENTRIES + (uint32_t)queue->size * AVAIL_ENTRY);

        must = (uint16_t)(new - event - 1U) < (uint16_t)(new - old);
    } else {
        must = (load16(queue->avail) & AVAIL_NO_INTERRUPT) == 0U;
    }
    return must;
}

unsigned iov_slice(const struct iovec *iov, unsigned count, uint64_t offset, uint64_t size, struct iovec *to)
{
    unsigned made = 0;

    for (unsigned i = 0; i < count && size != 0U; i++) {
        if (offset >= iov[i].iov_len) {
            offset -= iov[i].iov_len;
        } else {
            uint64_t here = iov[i].iov_len - offset;

            here = (here < size) ? here : size;
            to[made] = (struct iovec){.iov_base = (uint8_t *)iov[i].iov_base + offset, .iov_len = here};
            made++;
            size -= here;
            offset = 0;
        }
    }
    return made;
}

uint64_t iov_read(const struct iovec *iov, unsigned count, uint64_t offset, void *to, uint64_t size)
{
    uint64_t done = 0;

    for (unsigned i = 0; i < count && done < size; i++) {
        struct iovec part;

        if (iov_slice(&iov[i], 1, offset, size - done, &part) == 1U) {
            memcpy((uint8_t *)to + done, part.iov_base, part.iov_len);
            done += part.iov_len;
            offset = 0;
        } else {
            offset -= iov[i].iov_len;
        }
    }
    return done;
}

uint64_t iov_write(const struct iovec *iov, unsigned count, uint64_t offset, const void *from, uint64_t size)
{
    uint64_t done = 0;

    for (unsigned i = 0; i < count && done < size; i++) {
        struct iovec part;

        if (iov_slice(&iov[i], 1, offset, size - done, &part) == 1U) {
            memcpy(part.iov_base, (const uint8_t *)from + done, part.iov_len);
            done += part.iov_len;
            offset = 0;
        } else {
            offset -= iov[i].iov_len;
        }
    }
    return done;
}
