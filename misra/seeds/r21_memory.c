/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <locale.h>
struct r21_pair { uint8_t a; uint32_t b; };
uint32_t r21_memory(const struct r21_pair *p, const struct r21_pair *q, const char *text);
uint32_t r21_memory(const struct r21_pair *p, const struct r21_pair *q, const char *text)
{
    char name[4] = "abc";
    uint32_t words[2] = { 0U, 0U };
    uint8_t bytes[8] = { 0 };
    const char *where;
    uint32_t result = (isdigit(1000) != 0) ? 1U : 0U; /* VIOLATES 21.13 */
    result += (memcmp(name, "abd", 3U) == 0) ? 1U : 0U; /* VIOLATES 21.14 */
    (void)memcpy(words, bytes, 8U); /* VIOLATES 21.15 */
    result += (memcmp(p, q, sizeof(*p)) == 0) ? 1U : 0U; /* VIOLATES 21.16 */
    (void)strcpy(name, "too long for it"); /* VIOLATES 21.17 */
    (void)memset(bytes, 0, 9U); /* VIOLATES 21.18 */
    char *setting = setlocale(LC_ALL, 0); /* VIOLATES 21.19 */
    where = getenv("A");
    (void)setlocale(LC_ALL, "C");
    (void)getenv("B");
    result += (uint32_t)where[0]; /* VIOLATES 21.20 */
    setting[0] = 'x';
    return result + words[0] + (uint32_t)text[0];
}
