/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
uint32_t r01_syntax(uint32_t a);
uint32_t r01_syntax(uint32_t a)
{
    return undeclared_name + a; /* VIOLATES 1.1 */
}
