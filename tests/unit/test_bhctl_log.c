/* SPDX-License-Identifier: Apache-2.0 */
/* bhctl log: what the ring still holds, in order, whatever the writer has done.
 * unit-sources: /dm/bhctl_log.c /dm/bhctl_print.c /dm/bhctl_stats.c /dm/bhctl_region.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dm/bhctl.h"

#define CAPACITY 16U

static union {
    struct hv_log_ring ring;
    char space[sizeof(struct hv_log_ring) + CAPACITY];
} box;

bool bhctl_wait(unsigned long delay_ms)
{
    (void)delay_ms;
    return false;
}

static void log_text(const char *line)
{
    for (; *line != '\0'; line++) {
        box.space[sizeof(struct hv_log_ring) + (box.ring.written % CAPACITY)] = *line;
        box.ring.written++;
    }
}

static int setup(void **state)
{
    (void)state;
    memset(&box, 0, sizeof(box));
    box.ring.magic = HV_LOG_MAGIC;
    box.ring.capacity = CAPACITY;
    return 0;
}

static uint64_t expect_printed(uint64_t position, const char *wanted)
{
    char *text = NULL;
    size_t size = 0U;
    FILE *out = open_memstream(&text, &size);
    uint64_t end = log_print(out, &box.ring, sizeof(box), position);

    fclose(out);
    assert_string_equal(text, wanted);
    free(text);
    return end;
}

static void prints_all_of_a_young_log_and_goes_on_from_there(void **state)
{
    uint64_t position;
    (void)state;

    log_text("one\n");
    position = expect_printed(0U, "one\n");
    log_text("two\n");
    position = expect_printed(position, "two\n");
    assert_int_equal(expect_printed(position, ""), 8U);
}

/* REQ-DM-011 */
static void prints_what_is_left_after_a_wrap(void **state)
{
    (void)state;
    log_text("0123456789abcdefXYZ\n");
    assert_int_equal(expect_printed(0U, "456789abcdefXYZ\n"), 20U);
}

static void finds_the_last_lines(void **state)
{
    (void)state;
    log_text("a\nbb\nccc\n");
    expect_printed(log_position_of_last_lines(&box.ring, sizeof(box), 1U), "ccc\n");
    expect_printed(log_position_of_last_lines(&box.ring, sizeof(box), 2U), "bb\nccc\n");
    expect_printed(log_position_of_last_lines(&box.ring, sizeof(box), 9U), "a\nbb\nccc\n");
    expect_printed(log_position_of_last_lines(&box.ring, sizeof(box), 0U), "a\nbb\nccc\n");
}

/* REQ-DM-011 */
static void refuses_a_ring_larger_than_its_region(void **state)
{
    (void)state;
    log_text("a\n");
    box.ring.capacity = 32U;
    expect_printed(0U, "");
    box.ring.capacity = 12U; /* not a power of two */
    expect_printed(0U, "");
    box.ring.capacity = 0U;
    expect_printed(0U, "");
}

/* REQ-DM-011 */
static void json_has_an_object_for_each_whole_line(void **state)
{
    char *text = NULL;
    size_t size = 0U;
    FILE *out = open_memstream(&text, &size);
    (void)state;

    log_print_json(out, "a \"b\"\n\nc\nunfinished", 20U);
    fclose(out);
    assert_string_equal(text, "{\"line\":\"a \\\"b\\\"\"}\n{\"line\":\"\"}\n{\"line\":\"c\"}\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(prints_all_of_a_young_log_and_goes_on_from_there, setup),
        cmocka_unit_test_setup(prints_what_is_left_after_a_wrap, setup),
        cmocka_unit_test_setup(finds_the_last_lines, setup),
        cmocka_unit_test_setup(json_has_an_object_for_each_whole_line, setup),
        cmocka_unit_test_setup(refuses_a_ring_larger_than_its_region, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
