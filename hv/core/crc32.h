/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 of IEEE 802.3, one byte at a time. It begins with all ones; what comes out is inverted once more. */
#ifndef CORE_CRC32_H
#define CORE_CRC32_H

#include "core/types.h"

#define CRC32_BEGIN 0xFFFFFFFFU
#define CRC32_POLYNOMIAL 0xEDB88320U /* bits reversed */

/*@ assigns \nothing;
    exits \false; */
static inline uint32_t crc32_step(uint32_t crc, uint32_t byte)
{
    uint32_t value = crc ^ byte;
    /*@ loop invariant bit <= 8;
        loop assigns bit, value;
        loop variant 8 - bit; */
    for (uint32_t bit = 0U; bit < 8U; bit++) {
        value = ((value & 1U) != 0U) ? ((value >> 1U) ^ CRC32_POLYNOMIAL) : (value >> 1U);
    }
    return value;
}

#endif
