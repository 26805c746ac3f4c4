/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
struct r05_tag { uint32_t a; };
uint32_t r05_tags(void);
uint32_t r05_tags(void)
{
    struct r05_tag outer = { 1U };
    uint32_t result = outer.a;
    {
        struct r05_tag { uint8_t b; }; /* VIOLATES 5.7 */
        struct r05_tag inner = { 2U };
        result += inner.b;
    }
    return result;
}
