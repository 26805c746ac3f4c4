/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
#define r05_twice 1U
#undef r05_twice
static uint32_t r05_twice = 2U; /* VIOLATES 5.5 */
#define r05_twice 1U
uint32_t r05_get(void);
uint32_t r05_get(void) { return r05_twice; }
