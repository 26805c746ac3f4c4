/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
uint32_t r08_local_only(uint32_t a);
uint32_t r08_local_only(uint32_t a) { return a + 1U; } /* VIOLATES 8.7 */
uint32_t r08_caller(void);
uint32_t r08_caller(void) { return r08_local_only(1U); }
