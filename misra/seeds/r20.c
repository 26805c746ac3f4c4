/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
extern uint32_t r20_before;
#include <stdbool.h> /* VIOLATES 20.1 */
#define volatile const /* VIOLATES 20.4 */
#undef volatile /* VIOLATES 20.5 */
uint32_t r20_before = 1U;
#define R20_TWICE(x) (x * 2U) /* VIOLATES 20.7 */
#define R20_TWO 2
#if R20_TWO /* VIOLATES 20.8 */
#endif
#if R20_NEVER_DEFINED == 0 /* VIOLATES 20.9 */
#endif
#define R20_PASTE(a, b) a##b /* VIOLATES 20.10 */
#define R20_BOTH(a) #a ## a /* VIOLATES 20.11 */
uint32_t r20_use(uint32_t a);
uint32_t r20_use(uint32_t a)
{
    return R20_TWICE(a + 1U) + R20_PASTE(1, U);
}
