/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdbool.h>
#include <stdint.h>
enum r10_kind { R10_A, R10_B };
uint32_t r10_types(uint32_t u, int32_t s, bool b, char c, uint8_t n, uint64_t w, enum r10_kind k);
uint32_t r10_types(uint32_t u, int32_t s, bool b, char c, uint8_t n, uint64_t w, enum r10_kind k)
{
    uint32_t result = 0U;
    uint8_t narrow = 0U;
    uint64_t wide = w;
    if (b && (s << 1)) { /* VIOLATES 10.1 */
        result = 1U;
    }
    result += (c + 'a'); /* VIOLATES 10.2 */
    narrow = u; /* VIOLATES 10.3 */
    result += s + u; /* VIOLATES 10.4 */
    k = (enum r10_kind)n; /* VIOLATES 10.5 */
    wide = u * n; /* VIOLATES 10.6 */
    wide += w + (u + n); /* VIOLATES 10.7 */
    wide += (uint64_t)(u + result); /* VIOLATES 10.8 */
    return result + narrow + (uint32_t)wide + (uint32_t)k;
}
uint32_t r10_bool(uint32_t k);
uint32_t r10_bool(uint32_t k)
{
    bool b = k && 1U; /* MISSED 10.1 */
    return b ? 1U : 0U;
}
uint8_t r10_returned(uint16_t v);
uint8_t r10_returned(uint16_t v) { return v; } /* VIOLATES 10.3 */
uint64_t r10_multiplied(uint32_t a, uint32_t b);
uint64_t r10_multiplied(uint32_t a, uint32_t b) { return a * b; } /* VIOLATES 10.6 */
