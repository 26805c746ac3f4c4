/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: a file that does not compile. */
#include <stdint.h>
uint32_t d4_wrong(void);
uint32_t d4_wrong(void)
{
    return 1U +; /* VIOLATES D2.1 */
}
