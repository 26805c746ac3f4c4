/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
extern r08_implicit; /* VIOLATES 8.1 */
uint32_t r08_prototype(); /* VIOLATES 8.2 */
uint32_t r08_names(uint32_t first, uint32_t second); /* VIOLATES 8.3 */
uint32_t r08_names(uint32_t first, uint32_t other)
{
    return first - other;
}
uint32_t r08_undeclared = 1U; /* VIOLATES 8.4 */
static uint32_t r08_linkage(void);
extern uint32_t r08_linkage(void); /* VIOLATES 8.8 */
static uint32_t r08_linkage(void) { return 1U; }
static uint32_t r08_only_here; /* VIOLATES 8.9 */
uint32_t r08_user(void);
uint32_t r08_user(void) { r08_only_here++; return r08_only_here + r08_linkage(); }
inline uint32_t r08_inline(uint32_t a) { return a; } /* VIOLATES 8.10 */
extern uint32_t r08_array[]; /* VIOLATES 8.11 */
enum r08_kind { R08_A = 1, R08_B, R08_C = 2 }; /* VIOLATES 8.12 */
enum r08_kind r08_get(void);
enum r08_kind r08_get(void) { return R08_A; }
uint32_t r08_read(uint32_t *p);
uint32_t r08_read(uint32_t *p) { return *p; } /* VIOLATES 8.13 */
void r08_restrict(uint32_t *restrict a); /* VIOLATES 8.14 */
