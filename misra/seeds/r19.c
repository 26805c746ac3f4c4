/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
#include <string.h>
union r19_both { /* VIOLATES 19.2 */
    uint32_t word;
    uint8_t bytes[4];
};
void r19_overlap(void);
void r19_overlap(void)
{
    union r19_both b = { .word = 1U };
    char text[16] = "abcdefgh";
    (void)memcpy(&text[1], &text[0], 8U); /* VIOLATES 19.1 */
    b.bytes[0] = (uint8_t)text[1];
    (void)b;
}
