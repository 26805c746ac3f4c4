/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Positions in a ring that one side fills and another empties. They count bytes and wrap around at 2^32; the size of
 * the ring divides that, so the slot of a position is its remainder. The distance of the two sides says how full it is.
 */
#ifndef CORE_RING_H
#define CORE_RING_H

#include "core/types.h"

#define RING_WRAP 0x100000000U

/* Bytes from one position to a later one, less than 2^32 apart. */
/*@ assigns \nothing;
    exits \false;
    ensures \result == (RING_WRAP + to - from) % RING_WRAP; */
static inline uint32_t ring_distance(uint32_t from, uint32_t to)
{
    return (uint32_t)(((RING_WRAP + to) - from) % RING_WRAP);
}

/*@ assigns \nothing;
    exits \false;
    ensures \result == (at + 1) % RING_WRAP; */
static inline uint32_t ring_next(uint32_t at)
{
    return (uint32_t)((at + 1ULL) % RING_WRAP);
}

/*@ assigns \nothing;
    exits \false;
    ensures \result == (RING_WRAP + at - 1) % RING_WRAP; */
static inline uint32_t ring_previous(uint32_t at)
{
    return (uint32_t)(((RING_WRAP + at) - 1U) % RING_WRAP);
}

#endif
