/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
uint32_t r01_generic(uint32_t a);
uint32_t r01_generic(uint32_t a)
{
    return _Generic(a, uint32_t: a, default: 0U); /* VIOLATES 1.4 */
}
int32_t r01_overflow(void);
int32_t r01_overflow(void)
{
    return 0x7FFFFFFF + 1; /* VIOLATES 1.3 */
}
uint32_t r01_extension(uint32_t a);
uint32_t r01_extension(uint32_t a)
{
    return ({ a + 1U; }); /* VIOLATES 1.2 */
}
