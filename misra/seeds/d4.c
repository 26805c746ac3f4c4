/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
uint32_t d4_asm(uint32_t a);
uint32_t d4_asm(uint32_t a)
{
    uint32_t b = a;
    __asm__ volatile("nop" : "+r"(b)); /* VIOLATES D4.3 */
    /* VIOLATES D4.4
       b = b + 3U; */
    b++;
    return b;
}
uint32_t d4_alike(uint32_t value_l, uint32_t value_1); /* VIOLATES D4.5 */
uint32_t d4_alike(uint32_t value_l, uint32_t value_1)
{
    unsigned int plain = value_l; /* VIOLATES D4.6 */
    return plain + value_1;
}
#define D4_LARGER(a, b) (((a) > (b)) ? (a) : (b)) /* VIOLATES D4.9 */
