/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
#ifdef R20_OPEN /* VIOLATES 20.14 */
extern uint32_t r20_open;
