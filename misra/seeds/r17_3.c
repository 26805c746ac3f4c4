/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
uint32_t r17_implicit(void);
uint32_t r17_implicit(void)
{
    return (uint32_t)r17_nobody_declared(); /* VIOLATES 17.3 */
}
