/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
#define R20_NUMBER 3U
#define R20_NUMBERU 4U
#define R20_SHOW(x) ((x) + x##U) /* VIOLATES 20.12 */
uint32_t r20_shown(void);
uint32_t r20_shown(void)
{
    return R20_SHOW(R20_NUMBER);
}
