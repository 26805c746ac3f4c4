/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
uint32_t r09_unset(uint32_t a);
uint32_t r09_unset(uint32_t a)
{
    uint32_t value;
    if (a > 1U) {
        value = 1U;
    }
    return value; /* VIOLATES 9.1 */
}
uint32_t r09_lists(void);
uint32_t r09_lists(void)
{
    uint32_t flat[2][2] = { 1U, 2U, 3U, 4U }; /* VIOLATES 9.2 */
    uint32_t partial[4] = { 1U, 2U }; /* VIOLATES 9.3 */
    uint32_t twice[2] = { [0] = 1U, [1] = 2U, [0] = 3U }; /* VIOLATES 9.4 */
    uint32_t open[] = { [1] = 1U }; /* VIOLATES 9.5 */
    return flat[0][0] + partial[0] + twice[0] + open[1];
}
