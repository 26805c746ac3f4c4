/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stddef.h>
#include <stdint.h>
struct r11_hidden;
struct r11_other;
uint32_t r11_pointers(uint32_t *u, const uint32_t *cu, void *v, struct r11_hidden *h, uint64_t address, float f);
uint32_t r11_pointers(uint32_t *u, const uint32_t *cu, void *v, struct r11_hidden *h, uint64_t address, float f)
{
    uint64_t (*function)(void) = (uint64_t (*)(void))v; /* VIOLATES 11.1 */
    struct r11_other *other = (struct r11_other *)h; /* VIOLATES 11.2 */
    uint16_t *halves = (uint16_t *)u; /* VIOLATES 11.3 */
    uint32_t *placed = (uint32_t *)address; /* VIOLATES 11.4 */
    uint32_t *object = (uint32_t *)v; /* VIOLATES 11.5 */
    uint64_t number = (uint64_t)v; /* VIOLATES 11.6 */
    float fraction = (float)(uint64_t)u + f; /* VIOLATES 11.4 */
    uint32_t *writable = (uint32_t *)cu; /* VIOLATES 11.8 */
    uint32_t *none = 0; /* VIOLATES 11.9 */
    return halves[0] + placed[0] + object[0] + writable[0] + (uint32_t)number + (uint32_t)fraction +
           ((none == NULL) ? 1U : 0U) + ((other == NULL) ? 1U : 0U) + (uint32_t)function();
}
