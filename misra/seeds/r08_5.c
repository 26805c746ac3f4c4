/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
#include "r08_5_a.h"
extern uint32_t r08_declared_twice; /* VIOLATES 8.5 */
uint32_t r08_declared_twice = 1U;
