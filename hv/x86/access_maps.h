/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps of each VM that say which accesses to MSRs and ports exit. One set of pages for the extension that is in use, since a
 * machine has one of them: svm/bitmap.c and vmx/bitmap.c give the bits their places (VT-x needs the first part only).
 */
#ifndef X86_ACCESS_MAPS_H
#define X86_ACCESS_MAPS_H

#include "core/limits.h"
#include "core/types.h"

#define ACCESS_MSR_BYTES 8192U
#define ACCESS_IO_BYTES  12288U

extern uint8_t access_msr_map[MAX_VM][ACCESS_MSR_BYTES] __attribute__((aligned(4096)));
extern uint8_t access_io_map[MAX_VM][ACCESS_IO_BYTES] __attribute__((aligned(4096)));

/* The byte of a map with one bit clear, so that this access no longer exits. bit: below 8. */
static inline uint8_t access_without_bit(uint8_t byte, uint32_t bit)
{
    static const uint8_t keep[8] = { 0xFEU, 0xFDU, 0xFBU, 0xF7U, 0xEFU, 0xDFU, 0xBFU, 0x7FU };
    return byte & keep[bit];
}

#endif
