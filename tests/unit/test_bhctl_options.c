/* SPDX-License-Identifier: Apache-2.0 */
/* bhctl: the command line. Whatever is not understood is exit status 2 and runs nothing.
 * unit-sources: /dm/bhctl_options.c /dm/bhctl_events.c */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <cmocka.h>

#include "dm/bhctl.h"

static enum bhctl_exit nothing(const struct bhctl_options *options)
{
    (void)options;
    return BHCTL_OK;
}

const struct bhctl_command bhctl_commands[] = {
    { "top", "top", "[-d SECONDS] [-n COUNT] [-b]", nothing },
    { "log", "log", "[-f] [-n LINES]", nothing },
    { "rt", "rt", "[--json] [--histogram] [--once] [-d SECONDS] [-n COUNT] [REGION]", nothing },
    { "crash", "crash", "[--json] [--all] [--clear]", nothing },
    { "trace", "trace", "[--json] [--seconds N] [--events LIST] [--format perfetto|ctf] --output FILE", nothing },
    { NULL, NULL, NULL, NULL }
};

#define PARSE(...) parse((char *[]){ "bhctl", __VA_ARGS__, NULL })

static struct bhctl_options options;
static const struct bhctl_command *command;

static enum bhctl_exit parse(char **arguments)
{
    int count = 0;

    while (arguments[count] != NULL) {
        count++;
    }
    options = (struct bhctl_options){ .delay_ms = 1000UL };
    return options_parse(count, arguments, &options, &command);
}

static void accepts_each_option(void **state)
{
    (void)state;
    assert_int_equal(PARSE("rt", "--json", "--histogram", "-d", "0.5", "--count", "3", "rt0", "--once"), BHCTL_OK);
    assert_string_equal(command->name, "rt");
    assert_true(options.json && options.histogram && options.once);
    assert_int_equal(options.delay_ms, 500);
    assert_int_equal(options.count, 3);
    assert_string_equal(options.region, "rt0");
    assert_int_equal(PARSE("--dir", "/x", "log", "-f", "-n", "10"), BHCTL_OK);
    assert_true(options.follow);
    assert_string_equal(options.directory, "/x");
    assert_int_equal(PARSE("crash", "--all"), BHCTL_OK);
    assert_true(options.all && !options.clear);
    assert_int_equal(PARSE("crash", "--clear"), BHCTL_OK);
    assert_true(options.clear && !options.all);
    assert_int_equal(PARSE("log", "--clear"), BHCTL_USAGE);
    assert_int_equal(PARSE("log", "--all"), BHCTL_USAGE);
    assert_int_equal(PARSE("top", "--batch"), BHCTL_OK);
    assert_true(options.batch);
}

/* REQ-DM-012 */
static void a_trace_has_events_a_length_and_a_format(void **state)
{
    (void)state;
    assert_int_equal(PARSE("trace", "-o", "x.json"), BHCTL_OK);
    assert_string_equal(options.output, "x.json");
    assert_false(options.ctf);
    assert_int_equal(PARSE("trace", "--format", "ctf", "--output", "x", "--seconds", "2.5", "--events", "kick,exit"), BHCTL_OK);
    assert_true(options.ctf);
    assert_true(options.seconds == 2.5);
    assert_int_equal(options.events, (1U << HV_TRACE_KICK) | (1U << HV_TRACE_EXIT));
    assert_int_equal(PARSE("trace", "-o", "x", "-e", "all"), BHCTL_OK);
    assert_int_equal(options.events, HV_TRACE_ALL);
    assert_int_equal(PARSE("trace"), BHCTL_USAGE);
    assert_int_equal(PARSE("trace", "-o"), BHCTL_USAGE);
    assert_int_equal(PARSE("trace", "-o", "x", "--format", "xml"), BHCTL_USAGE);
    assert_int_equal(PARSE("trace", "-o", "x", "-s", "0"), BHCTL_USAGE);
    assert_int_equal(PARSE("rt", "-o", "x"), BHCTL_USAGE);
}

/* REQ-DM-012 */
static void refuses_lists_that_name_no_event(void **state)
{
    static char *const bad[] = { "", ",", "exit,", ",exit", "exit,,kick", "exi", "exits", "gap", "all exit" };
    (void)state;

    for (size_t i = 0U; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(PARSE("trace", "-o", "x", "-e", bad[i]), BHCTL_USAGE);
    }
}

/* REQ-DM-011 */
static void refuses_what_it_does_not_know(void **state)
{
    (void)state;
    assert_int_equal(PARSE("nonsense"), BHCTL_USAGE);
    assert_int_equal(PARSE("--nonsense"), BHCTL_USAGE);
    assert_int_equal(PARSE("--dir", "/x"), BHCTL_USAGE);
    assert_int_equal(PARSE("top", "--json"), BHCTL_USAGE);
    assert_int_equal(PARSE("log", "-b"), BHCTL_USAGE);
    assert_int_equal(PARSE("log", "-d", "1"), BHCTL_USAGE);
    assert_int_equal(PARSE("top", "extra"), BHCTL_USAGE);
    assert_int_equal(PARSE("rt", "a", "b"), BHCTL_USAGE);
}

static void refuses_numbers_out_of_range(void **state)
{
    static char *const bad_delays[] = { "0", "-1", "x", "", "1x", "nan", "inf", "1e9", "0.01" };
    static char *const bad_counts[] = { "0", "-1", "x", "", "1x", "99999999999999999999999", "+1", " 1" };
    (void)state;

    for (size_t i = 0U; i < sizeof(bad_delays) / sizeof(bad_delays[0]); i++) {
        assert_int_equal(PARSE("top", "-d", bad_delays[i]), BHCTL_USAGE);
    }
    for (size_t i = 0U; i < sizeof(bad_counts) / sizeof(bad_counts[0]); i++) {
        assert_int_equal(PARSE("top", "-n", bad_counts[i]), BHCTL_USAGE);
    }
    assert_int_equal(PARSE("top", "-n"), BHCTL_USAGE);
}

static void help_runs_nothing(void **state)
{
    (void)state;
    assert_int_equal(PARSE("--help"), BHCTL_OK);
    assert_null(command);
    assert_int_equal(PARSE("rt", "-h"), BHCTL_OK);
    assert_null(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_each_option),
        cmocka_unit_test(a_trace_has_events_a_length_and_a_format),
        cmocka_unit_test(refuses_lists_that_name_no_event),
        cmocka_unit_test(refuses_what_it_does_not_know),
        cmocka_unit_test(refuses_numbers_out_of_range),
        cmocka_unit_test(help_runs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
