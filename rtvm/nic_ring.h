/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptor rings of Intel's gigabit controllers, in memory that the controller reads and writes: one ring of frames to send, one of
 * buffers to receive into. What the controller writes is checked before it is used. No access to its registers.
 */
#ifndef RTVM_NIC_RING_H
#define RTVM_NIC_RING_H

#include <stdbool.h>
#include <stdint.h>

#define NIC_RING       16U   /* descriptors; a ring's length in bytes is a multiple of 128 */
#define NIC_BUFFER     2048U
#define NIC_FRAME_LEAST 60U  /* without the checksum, which the controller appends */
#define NIC_FRAME_MOST 1514U

enum nic_format {
    NIC_LEGACY,   /* 82574 datasheet, legacy receive and transmit descriptors */
    NIC_ADVANCED  /* 82576 datasheet, advanced descriptors with one buffer */
};

/* Little-endian, as the CPU. word: length, commands and status. */
struct nic_descriptor {
    uint64_t address;
    uint64_t word;
};

struct nic_ring {
    volatile struct nic_descriptor descriptor[NIC_RING];
    volatile uint8_t buffer[NIC_RING][NIC_BUFFER];
    enum nic_format format;
    uint32_t next;    /* the one that the driver uses next: the tail of a ring to send */
    uint32_t oldest;  /* of a ring to send: the first that the controller has not reported as sent */
} __attribute__((aligned(128)));

enum nic_taken {
    NIC_NOTHING,  /* the controller has not filled the next buffer */
    NIC_TAKEN,
    NIC_BROKEN    /* with an error of the line, in parts, or with a length that cannot be; given back */
};

/* A ring that holds nothing, and one whose buffers all wait; the tail of the latter is NIC_RING - 1: one stays the driver's, since a full ring
 * looks like an empty one. */
void nic_ring_init_send(struct nic_ring *ring, enum nic_format format);
void nic_ring_init_receive(struct nic_ring *ring, enum nic_format format);

/* The frame becomes the next to send; ring->next is the new tail. False: the length is wrong, or the ring is full. */
bool nic_ring_put(struct nic_ring *ring, const uint8_t *frame, uint32_t length);
/* How many frames the controller reported as sent since the last call. */
uint32_t nic_ring_reap(struct nic_ring *ring);

/* Whether the next buffer is filled: one read of memory. */
bool nic_ring_filled(const struct nic_ring *ring);
/* Copies it to frame (NIC_BUFFER bytes) and gives the buffer back; *tail is then the one to tell the controller. */
enum nic_taken nic_ring_take(struct nic_ring *ring, uint8_t *frame, uint32_t *length, uint32_t *tail);

#endif
