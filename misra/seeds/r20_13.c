/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
#ifdef R20_NEVER
#elze 1 /* VIOLATES 20.13 */
#endif
extern uint32_t r20_value;
