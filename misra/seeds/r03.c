/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
/* a comment that opens another /* VIOLATES 3.1 */
extern uint32_t r03_value;
// a line comment that goes on, VIOLATES 3.2 \
uint32_t r03_lost;
uint32_t r03_value = 1U;
