/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdbool.h>
#include <stdint.h>
extern volatile uint32_t r13_port;
uint32_t r13_next(uint32_t *p);
uint32_t r13_effects(uint32_t a, uint32_t b);
uint32_t r13_effects(uint32_t a, uint32_t b)
{
    uint32_t list[2] = { r13_port, r13_port }; /* MISSED 13.1 */
    uint32_t counted[2] = { a++, 1U }; /* VIOLATES 13.1 */
    uint32_t c = a;
    uint32_t result;
    c = c++ + a; /* VIOLATES 13.2 */
    result = c++ + b; /* VIOLATES 13.3 */
    if ((a = b) != 0U) { /* VIOLATES 13.4 */
        result++;
    }
    if ((a > 0U) && (b++ > 0U)) { /* VIOLATES 13.5 */
        result++;
    }
    result += (uint32_t)sizeof(a++); /* VIOLATES 13.6 */
    return result + list[0] + list[1] + counted[0];
}
