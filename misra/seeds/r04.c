/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
extern const uint8_t r04_text[4];
const uint8_t r04_text[4] = { (uint8_t)'\x41g', 0U, 0U, 0U }; /* VIOLATES 4.1 */
extern const char *r04_trigraph;
const char *r04_trigraph = "what??!"; /* VIOLATES 4.2 */
