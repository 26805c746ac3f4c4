/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
uint32_t r05_local(void);
uint32_t r05_local(void)
{
    uint32_t r05_global = 2U; /* VIOLATES 5.8 */
    return r05_global;
}
