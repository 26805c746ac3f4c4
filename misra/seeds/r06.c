/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
struct r06_bits {
    int wide : 4; /* VIOLATES 6.1 */
    signed int one : 1; /* VIOLATES 6.2 */
};
int32_t r06_get(struct r06_bits bits);
int32_t r06_get(struct r06_bits bits) { return bits.wide; }
