/* SPDX-License-Identifier: Apache-2.0 */
/* Block copy and fill with the string instructions. */
#include "x86/memory.h"

/* REQ-ISO-032 */
void memory_copy(uintptr_t dst, uintptr_t src, uint64_t size)
{
    uintptr_t to = dst;
    uintptr_t from = src;
    uint64_t count = size / 8U;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
    count = size % 8U;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

void memory_fill(uintptr_t dst, uint8_t value, uint64_t size)
{
    const uint64_t pattern = value * 0x0101010101010101ULL;
    uintptr_t to = dst;
    uint64_t count = size / 8U;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(pattern) : "memory");
    count = size % 8U;
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(pattern) : "memory");
}
