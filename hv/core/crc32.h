/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 of IEEE 802.3, one byte at a time. It begins with all ones; what comes out is inverted once more. */
#ifndef CORE_CRC32_H
#define CORE_CRC32_H

#include "core/types.h"

#define CRC32_BEGIN 0xFFFFFFFFU

/*@ assigns \nothing;
    exits \false; */
static inline uint32_t crc32_step(uint32_t crc, uint32_t byte)
{
    /* What four bits that leave at the end put in; the polynomial is 0xEDB88320, bits reversed. */
    static const uint32_t of_bits[16] = {
        0x00000000U, 0x1DB71064U, 0x3B6E20C8U, 0x26D930ACU, 0x76DC4190U, 0x6B6B51F4U, 0x4DB26158U, 0x5005713CU,
        0xEDB88320U, 0xF00F9344U, 0xD6D6A3E8U, 0xCB61B38CU, 0x9B64C2B0U, 0x86D3D2D4U, 0xA00AE278U, 0xBDBDF21CU
    };
    const uint32_t value = crc ^ byte;
    const uint32_t half = (value >> 4U) ^ of_bits[value & 0xFU];
    return (half >> 4U) ^ of_bits[half & 0xFU];
}

#endif
