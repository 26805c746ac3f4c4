/* SPDX-License-Identifier: Apache-2.0 */
#include "nic_ring.h"

#include "cpu.h"

/* Of the second word, to send. Legacy: length 15:0, command 31:24, status 35:32. Advanced adds type 23:20 and the whole length 63:46. */
#define SEND_LAST      0x01000000ULL
#define SEND_CHECKSUM  0x02000000ULL
#define SEND_REPORT    0x08000000ULL
#define SEND_ADVANCED  0x20300000ULL /* DEXT, data */
#define SEND_WHOLE     46U
#define SENT           0x100000000ULL

/* Of the second word, received. Legacy: length 15:0, status 39:32, errors 47:40. */
#define LEGACY_DONE    0x100000000ULL
#define LEGACY_LAST    0x200000000ULL
#define LEGACY_ERRORS  0x970000000000ULL /* RXE, CXE, SEQ, SE, CE; not those of checksums within the frame */
#define LEGACY_LENGTH  0U
/* Advanced, as the controller writes it back: status 19:0, errors 31:20, length 47:32. */
#define ADVANCED_DONE   0x1ULL
#define ADVANCED_LAST   0x2ULL
#define ADVANCED_ERRORS 0x80000000ULL /* RXE */
#define ADVANCED_LENGTH 32U

static uint32_t after(uint32_t index) { return (index + 1U) % NIC_RING; }

static uint64_t buffer_of(const struct nic_ring *ring, uint32_t index) { return address_of(&ring->buffer[index][0]); }

static void give(struct nic_ring *ring, uint32_t index)
{
    ring->descriptor[index].address = buffer_of(ring, index); /* the advanced form has been written over */
    ring->descriptor[index].word = 0U;
}

static void init(struct nic_ring *ring, enum nic_format format)
{
    ring->format = format;
    ring->next = 0U;
    ring->oldest = 0U;
    for (uint32_t i = 0U; i < NIC_RING; i++) {
        give(ring, i);
    }
}

void nic_ring_init_send(struct nic_ring *ring, enum nic_format format) { init(ring, format); }

void nic_ring_init_receive(struct nic_ring *ring, enum nic_format format) { init(ring, format); }

bool nic_ring_put(struct nic_ring *ring, const uint8_t *frame, uint32_t length)
{
    uint32_t index = ring->next;
    uint64_t word = SEND_LAST | SEND_CHECKSUM | SEND_REPORT | length;
    bool good = (length >= NIC_FRAME_LEAST) && (length <= NIC_FRAME_MOST) && (after(index) != ring->oldest);

    if (good) {
        for (uint32_t i = 0U; i < length; i++) {
            ring->buffer[index][i] = frame[i];
        }
        if (ring->format == NIC_ADVANCED) {
            word |= SEND_ADVANCED | ((uint64_t)length << SEND_WHOLE);
        }
        ring->descriptor[index].address = buffer_of(ring, index);
        ring->descriptor[index].word = word;
        ring->next = after(index);
    }
    return good;
}

uint32_t nic_ring_reap(struct nic_ring *ring)
{
    uint32_t count = 0U;

    while ((ring->oldest != ring->next) && ((ring->descriptor[ring->oldest].word & SENT) != 0U)) {
        ring->oldest = after(ring->oldest);
        count++;
    }
    return count;
}

bool nic_ring_filled(const struct nic_ring *ring)
{
    uint64_t done = (ring->format == NIC_ADVANCED) ? ADVANCED_DONE : LEGACY_DONE;

    return (ring->descriptor[ring->next].word & done) != 0U;
}

static bool is_whole(enum nic_format format, uint64_t word)
{
    uint64_t last = (format == NIC_ADVANCED) ? ADVANCED_LAST : LEGACY_LAST;
    uint64_t errors = (format == NIC_ADVANCED) ? ADVANCED_ERRORS : LEGACY_ERRORS;

    return ((word & last) != 0U) && ((word & errors) == 0U);
}

/* REQ-RT-062 */
enum nic_taken nic_ring_take(struct nic_ring *ring, uint8_t *frame, uint32_t *length, uint32_t *tail)
{
    enum nic_taken taken = NIC_NOTHING;
    uint32_t index = ring->next;

    if (nic_ring_filled(ring)) {
        uint64_t word = ring->descriptor[index].word; /* once */
        uint32_t found = (uint32_t)(word >> ((ring->format == NIC_ADVANCED) ? ADVANCED_LENGTH : LEGACY_LENGTH)) & 0xFFFFU;
        taken = NIC_BROKEN;
        if (is_whole(ring->format, word) && (found <= NIC_BUFFER)) {
            taken = NIC_TAKEN;
            for (uint32_t i = 0U; i < found; i++) {
                frame[i] = ring->buffer[index][i];
            }
            *length = found;
        }
        give(ring, index);
        *tail = index;
        ring->next = after(index);
    }
    return taken;
}
