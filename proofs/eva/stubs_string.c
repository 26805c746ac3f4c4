/* SPDX-License-Identifier: Apache-2.0 */
/* core/string.c as the other drivers see it; strings.c here has the bodies analysed. */
#include "core/string.h"

/*@ requires in_object: \valid((uint8_t *)dst + (0 .. size - 1));
    assigns ((uint8_t *)dst)[0 .. size - 1] \from value;
    assigns \result \from dst;
    ensures \result == dst;
    ensures \initialized((uint8_t *)dst + (0 .. size - 1)); */
void *memset(void *dst, int value, size_t size);
