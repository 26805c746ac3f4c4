/* SPDX-License-Identifier: Apache-2.0 */
/* The four functions that a freestanding compiler may call (C11 4p6; GCC manual, "Standards"). */
#include "core/string.h"

/* The volatile accesses keep the compiler from turning a loop into a call of the function
 * that it is the body of. Sizes here are small: guest memory is moved by hw_phys_*. */
/* REQ-ISO-031 */
void *memcpy(void *dst, const void *src, size_t size)
{
    volatile uint8_t *to = (volatile uint8_t *)dst; /* DEV-005 */
    const uint8_t *from = (const uint8_t *)src; /* DEV-005 */
    for (size_t i = 0U; i < size; i++) {
        to[i] = from[i];
    }
    return dst;
}

/* REQ-ISO-031 */
void *memmove(void *dst, const void *src, size_t size)
{
    volatile uint8_t *to = (volatile uint8_t *)dst; /* DEV-005 */
    const volatile uint8_t *from = (const volatile uint8_t *)src; /* DEV-005 */
    if (to <= from) { /* DEV-010 */
        for (size_t i = 0U; i < size; i++) {
            to[i] = from[i];
        }
    } else {
        for (size_t i = size; i > 0U; i--) {
            to[i - 1U] = from[i - 1U];
        }
    }
    return dst;
}

void *memset(void *dst, int value, size_t size) /* DEV-006 */
{
    volatile uint8_t *to = (volatile uint8_t *)dst; /* DEV-005 */
    for (size_t i = 0U; i < size; i++) {
        to[i] = (uint8_t)value;
    }
    return dst;
}

int memcmp(const void *left, const void *right, size_t size) /* DEV-006 */
{
    const uint8_t *a = (const uint8_t *)left; /* DEV-005 */
    const uint8_t *b = (const uint8_t *)right; /* DEV-005 */
    int32_t result = 0;
    for (size_t i = 0U; (i < size) && (result == 0); i++) {
        result = (int32_t)a[i] - (int32_t)b[i];
    }
    return result;
}
