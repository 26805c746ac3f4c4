/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
uint32_t r05_types(void);
uint32_t r05_types(void)
{
    uint32_t result = 0U;
    { typedef uint8_t r05_kind_t; r05_kind_t a = 1U; result += a; }
    { typedef uint16_t r05_kind_t; r05_kind_t a = 1U; result += a; } /* VIOLATES 5.6 */
    return result;
}
