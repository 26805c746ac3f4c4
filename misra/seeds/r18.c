/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stddef.h>
#include <stdint.h>
struct r18_open {
    uint32_t count;
    uint32_t items[]; /* VIOLATES 18.7 */
};
uint32_t r18_bounds(uint32_t k);
uint32_t r18_bounds(uint32_t k)
{
    uint32_t list[4] = { 1U, 2U, 3U, 4U };
    return list[4] + k; /* VIOLATES 18.1 */
}
ptrdiff_t r18_difference(void);
ptrdiff_t r18_difference(void)
{
    uint32_t a[2] = { 1U, 2U };
    uint32_t b[2] = { 3U, 4U };
    return &a[1] - &b[0]; /* VIOLATES 18.2 */
}
uint32_t r18_compared(void);
uint32_t r18_compared(void)
{
    uint32_t a[2] = { 1U, 2U };
    uint32_t b[2] = { 3U, 4U };
    uint32_t *p = a;
    uint32_t *q = b;
    return (p < q) ? 1U : 0U; /* VIOLATES 18.3 */
}
uint32_t r18_arithmetic(const uint32_t *p);
uint32_t r18_arithmetic(const uint32_t *p)
{
    const uint32_t *q = p + 1; /* VIOLATES 18.4 */
    return *q;
}
uint32_t r18_nested(uint32_t ***p); /* VIOLATES 18.5 */
uint32_t *r18_dangling(void);
uint32_t *r18_dangling(void)
{
    uint32_t local = 1U;
    return &local; /* VIOLATES 18.6 */
}
uint32_t r18_variable(uint32_t n);
uint32_t r18_variable(uint32_t n)
{
    uint32_t list[n]; /* VIOLATES 18.8 */
    list[0] = n;
    return list[0] + n;
}
uint32_t r18_count(const struct r18_open *o);
uint32_t r18_count(const struct r18_open *o) { return o->count; }
