/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdbool.h>
#include <stdint.h>
uint32_t r16_switches(uint32_t a, bool b);
uint32_t r16_switches(uint32_t a, bool b)
{
    uint32_t result = 0U;
    switch (a) {
        result = 5U; /* VIOLATES 16.1 */
    case 1U:
        result = 1U;
        break;
    default:
        break;
    }
    switch (a) {
    case 1U:
        if (b) {
    case 2U: /* VIOLATES 16.2 */
            result = 2U;
        }
        break;
    default:
        break;
    }
    switch (a) {
    case 1U:
        result = 1U; /* the next case is fallen into */
    case 2U: /* VIOLATES 16.3 */
        result += 2U;
        break;
    default:
        break;
    }
    switch (a) { /* VIOLATES 16.4 */
    case 1U:
        result = 1U;
        break;
    case 2U:
        result = 2U;
        break;
    }
    switch (a) {
    case 1U:
        result = 1U;
        break;
    default: /* VIOLATES 16.5 */
        result = 2U;
        break;
    case 2U:
        result = 3U;
        break;
    }
    switch (a) { /* VIOLATES 16.6 */
    default:
        result++;
        break;
    }
    switch (b) { /* VIOLATES 16.7 */
    case false:
        result++;
        break;
    default:
        result--;
        break;
    }
    return result;
}
