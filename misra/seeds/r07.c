/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
extern uint32_t r07_octal;
uint32_t r07_octal = 017U; /* VIOLATES 7.1 */
extern uint32_t r07_suffix;
uint32_t r07_suffix = 0xFFFFFFFF; /* VIOLATES 7.2 */
extern int64_t r07_lower;
int64_t r07_lower = 1l; /* VIOLATES 7.3 */
extern char *r07_text;
char *r07_text = "constant"; /* VIOLATES 7.4 */
