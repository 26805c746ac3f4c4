/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
static uint32_t r05_helper(uint32_t a) { return a + 2U; } /* VIOLATES 5.9 */
uint32_t r05_second(void);
uint32_t r05_second(void) { return r05_helper(1U); }
