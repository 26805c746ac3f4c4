/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
extern uint32_t r20_chosen;
#define R20_CALL(x) (x)
uint32_t r20_chosen = R20_CALL(
#ifdef R20_OTHER /* VIOLATES 20.6 */
    1U
#else
    2U
#endif
);
