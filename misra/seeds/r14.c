/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdbool.h>
#include <stdint.h>
uint32_t r14_loops(uint8_t n);
uint32_t r14_loops(uint8_t n)
{
    uint32_t sum = 0U;
    for (float f = 0.0F; f < 1.0F; f += 0.25F) { /* VIOLATES 14.1 */
        sum++;
    }
    for (uint32_t i = 0U; i < 3U; sum++) { /* VIOLATES 14.2 */
        i += 2U;
    }
    if (n < 256) { /* VIOLATES 14.3 */
        sum++;
    }
    if (sum) { /* VIOLATES 14.4 */
        sum++;
    }
    while (1) { /* VIOLATES 14.4 */
        sum++;
        if (sum > 9U) {
            break;
        }
    }
    return sum;
}
