/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
extern uint32_t r08_defined_twice;
uint32_t r08_defined_twice = 1U;
