/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdarg.h>
#include <stdint.h>
void r17_arguments(uint32_t n, ...);
void r17_arguments(uint32_t n, ...)
{
    va_list list; /* VIOLATES 17.1 */
    va_start(list, n);
    va_end(list);
}
uint32_t r17_factorial(uint32_t n);
uint32_t r17_factorial(uint32_t n)
{
    return (n > 1U) ? (n * r17_factorial(n - 1U)) : 1U; /* VIOLATES 17.2 */
}
uint32_t r17_returns(uint32_t n);
uint32_t r17_returns(uint32_t n)
{
    if (n > 1U) {
        return 1U;
    }
} /* VIOLATES 17.4 */
uint32_t r17_first(const uint32_t list[8]);
uint32_t r17_first(const uint32_t list[8]) { return list[7]; }
uint32_t r17_short(void);
uint32_t r17_short(void)
{
    const uint32_t list[2] = { 1U, 2U };
    return r17_first(list); /* VIOLATES 17.5 */
}
uint32_t r17_static(const uint32_t list[static 4]); /* VIOLATES 17.6 */
uint32_t r17_changed(uint32_t n);
uint32_t r17_changed(uint32_t n)
{
    r17_factorial(n); /* VIOLATES 17.7 D4.7 */
    n = n + 1U; /* VIOLATES 17.8 */
    return n;
}
