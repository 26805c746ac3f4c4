/* SPDX-License-Identifier: Apache-2.0 */
/* The memory helpers under names of their own: the C library has theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define memcpy  hv_memcpy
#define memmove hv_memmove
#define memset  hv_memset
#define memcmp  hv_memcmp
#include "hv/core/string.c" /* the only way to have them here */
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

#define SIZE 6U

/* REQ-ISO-031 */
static void copy_takes_all_bytes_and_no_more(void **state)
{
    const uint8_t from[SIZE] = { 1, 2, 3, 4, 5, 6 };
    uint8_t to[SIZE] = { 0 };
    (void)state;

    void *result = hv_memcpy(&to[1], from, 4U);

    const uint8_t expected[SIZE] = { 0, 1, 2, 3, 4, 0 };
    assert_ptr_equal(result, &to[1]);
    assert_memory_equal(to, expected, SIZE);
}

/* REQ-ISO-031 */
static void a_move_to_a_lower_address_keeps_what_overlaps(void **state)
{
    uint8_t bytes[SIZE] = { 1, 2, 3, 4, 5, 6 };
    (void)state;

    void *result = hv_memmove(&bytes[0], &bytes[2], 4U);

    const uint8_t expected[SIZE] = { 3, 4, 5, 6, 5, 6 };
    assert_ptr_equal(result, &bytes[0]);
    assert_memory_equal(bytes, expected, SIZE);
}

static void a_move_to_a_higher_address_keeps_what_overlaps(void **state)
{
    uint8_t bytes[SIZE] = { 1, 2, 3, 4, 5, 6 };
    (void)state;

    void *result = hv_memmove(&bytes[2], &bytes[0], 4U);

    const uint8_t expected[SIZE] = { 1, 2, 1, 2, 3, 4 };
    assert_ptr_equal(result, &bytes[2]);
    assert_memory_equal(bytes, expected, SIZE);
}

static void set_writes_the_low_byte_of_its_value(void **state)
{
    uint8_t bytes[SIZE] = { 0 };
    (void)state;

    void *result = hv_memset(&bytes[1], 0x1A5, 3U);

    const uint8_t expected[SIZE] = { 0, 0xA5, 0xA5, 0xA5, 0, 0 };
    assert_ptr_equal(result, &bytes[1]);
    assert_memory_equal(bytes, expected, SIZE);
}

static void comparison_is_by_the_first_byte_that_differs(void **state)
{
    const uint8_t left[3] = { 1, 0x80, 9 };
    const uint8_t right[3] = { 1, 0x7F, 10 };
    (void)state;

    assert_true(hv_memcmp(left, right, 3U) > 0);
    assert_true(hv_memcmp(right, left, 3U) < 0);
    assert_int_equal(hv_memcmp(left, right, 1U), 0);
    assert_int_equal(hv_memcmp(left, left, 3U), 0);
    assert_int_equal(hv_memcmp(left, right, 0U), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_takes_all_bytes_and_no_more),
        cmocka_unit_test(a_move_to_a_lower_address_keeps_what_overlaps),
        cmocka_unit_test(a_move_to_a_higher_address_keeps_what_overlaps),
        cmocka_unit_test(set_writes_the_low_byte_of_its_value),
        cmocka_unit_test(comparison_is_by_the_first_byte_that_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
