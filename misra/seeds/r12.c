/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdbool.h>
#include <stdint.h>
uint32_t r12_operators(uint32_t a, uint32_t b, uint32_t c);
uint32_t r12_operators(uint32_t a, uint32_t b, uint32_t c)
{
    uint32_t result = a + b << c; /* VIOLATES 12.1 */
    result += a << 40U; /* VIOLATES 12.2 */
    result = (a++, b); /* VIOLATES 12.3 */
    return result;
}
extern uint32_t r12_wrapped;
uint32_t r12_wrapped = 0xFFFFFFFFU + 2U; /* VIOLATES 12.4 */
uint64_t r12_size(uint32_t list[8]);
uint64_t r12_size(uint32_t list[8])
{
    return sizeof(list); /* VIOLATES 12.5 */
}
