/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
#define R02_UNUSED 7U /* VIOLATES 2.5 */
typedef uint32_t r02_unused_t; /* VIOLATES 2.3 */
enum r02_unused { R02_ONE, R02_TWO }; /* VIOLATES 2.4 */
uint32_t r02_unreachable(uint32_t a);
uint32_t r02_unreachable(uint32_t a)
{
    uint32_t b = a;
    return b;
    b = 2U; /* VIOLATES 2.1 */
}
uint32_t r02_dead(uint32_t a);
uint32_t r02_dead(uint32_t a)
{
    uint32_t b = a;
    a + 1U; /* VIOLATES 2.2 */
    return b;
}
uint32_t r02_label(uint32_t a);
uint32_t r02_label(uint32_t a)
{
    uint32_t b = a;
unused_label: /* VIOLATES 2.6 */
    b++;
    return b;
}
uint32_t r02_parameter(uint32_t a, uint32_t b); /* next line */
uint32_t r02_parameter(uint32_t a, uint32_t b) /* VIOLATES 2.7 */
{
    return a;
}
