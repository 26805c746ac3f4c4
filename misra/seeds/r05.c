/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded violations: each marked line breaks the guideline that it names, and a tool must say so. */
#include <stdint.h>
extern uint32_t a_name_that_goes_on_for_more_than_sixty_three_characters_and_ends_one;
extern uint32_t a_name_that_goes_on_for_more_than_sixty_three_characters_and_ends_two; /* VIOLATES 5.1 */
uint32_t r05_hide(uint32_t a);
uint32_t r05_hide(uint32_t a)
{
    uint32_t value = a;
    if (a > 1U) {
        uint32_t value = 3U; /* VIOLATES 5.3 */
        a += value;
    }
    return value + a;
}
static uint32_t a_name_that_goes_on_for_more_than_sixty_three_characters_and_ends_three;
static uint32_t a_name_that_goes_on_for_more_than_sixty_three_characters_and_ends_four; /* VIOLATES 5.2 */
uint32_t r05_use(void);
uint32_t r05_use(void) { return a_name_that_goes_on_for_more_than_sixty_three_characters_and_ends_three + a_name_that_goes_on_for_more_than_sixty_three_characters_and_ends_four; }
#define a_name_that_goes_on_for_more_than_sixty_three_characters_and_ends_five 5U
#define a_name_that_goes_on_for_more_than_sixty_three_characters_and_ends_six 6U /* VIOLATES 5.4 */
#define r05_macro 1U
extern uint32_t r05_object;
uint32_t r05_object = r05_macro;
static uint32_t r05_macro_user(void)
{
    return 1U;
}
uint32_t r05_more(void);
uint32_t r05_more(void) { return r05_macro_user(); }
