/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdbool.h>
#include <stdint.h>
uint32_t r15_jumps(uint32_t a);
uint32_t r15_jumps(uint32_t a)
{
    uint32_t result = a;
    if (a > 100U) {
        return 1U; /* VIOLATES 15.5 */
    }
again:
    result++;
    if (result < 10U) {
        goto again; /* VIOLATES 15.1 15.2 */
    }
    if (a == 5U) {
        goto done; /* VIOLATES 15.1 */
    }
    while (result < 50U) { /* VIOLATES 15.4 */
        result++;
        if (result == 20U) {
            break;
        }
        if (result == 30U) {
            break;
        }
    }
    if (a > 3U) result++; /* VIOLATES 15.6 */
    if (a > 1U) {
        result = 1U;
    } else if (a > 0U) {
        result = 2U;
    } /* VIOLATES 15.7 */
done:
    return result;
}
uint32_t r15_into(uint32_t a);
uint32_t r15_into(uint32_t a)
{
    uint32_t b = a;
    if (a > 1U) {
        goto inner; /* VIOLATES 15.3 */
    }
    if (a == 0U) {
inner:
        b++;
    }
    return b;
}
