/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
float r11_float(uint32_t *u);
float r11_float(uint32_t *u)
{
    return (float)u; /* VIOLATES 11.7 */
}
