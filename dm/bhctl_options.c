// SPDX-License-Identifier: Apache-2.0
/* The command line: bhctl [--dir DIRECTORY] COMMAND [options]. Anything not understood is exit status 2. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bhctl_trace.h"

#define DELAY_MIN_MS 50UL
#define DELAY_MAX_MS 3600000UL

static void help(FILE *out)
{
    fprintf(out, "usage: bhctl [--dir DIRECTORY] COMMAND [OPTIONS]\n"
                 "Shows what the Bulkhead hypervisor publishes to the Service VM.\n\n");
    for (const struct bhctl_command *command = bhctl_commands; command->name != NULL; command++) {
        fprintf(out, "  %-6s %s\n", command->name, command->summary);
    }
    fprintf(out, "\n  -h, --help       this text, or the command's\n"
                 "  --dir DIRECTORY  where the region_* files are (default: the hypervisor's PCI device)\n\n"
                 "Exit status: 0 done, 1 failed, 2 the command line is wrong.\n");
}

static void help_command(FILE *out, const struct bhctl_command *command)
{
    fprintf(out, "usage: bhctl %s %s\nShows %s.\n\n", command->name, command->usage, command->summary);
    if (strstr(command->usage, "--output") != NULL) {
        fprintf(out, "  -s, --seconds N      how long, 0.05 to 3600 (default 1); ends well when interrupted\n"
                     "  -e, --events LIST    of all (default)");
        for (uint32_t kind = 0U; kind < HV_TRACE_KINDS; kind++) {
            fprintf(out, "%s%s", kind == 4U ? ",\n                       " : ", ", trace_kind_name(kind));
        }
        fprintf(out, "\n      --format FORMAT  perfetto (default): JSON, also for Chrome; ctf: a directory, for babeltrace2\n"
                     "  -o, --output FILE    where to; a CTF directory must not exist yet\n");
    }
    if (strstr(command->usage, "SECONDS") != NULL) {
        fprintf(out, "  -d, --delay SECONDS  between two refreshes (default 1)\n"
                     "  -n, --count COUNT    refreshes before the end (default: until interrupted)\n");
    }
    if (strstr(command->usage, "-b") != NULL) {
        fprintf(out, "  -b, --batch          plain text: do not clear the screen\n");
    }
    if (strstr(command->usage, "LINES") != NULL) {
        fprintf(out, "  -f, --follow         go on as the log grows\n"
                     "  -n, --count LINES    the last lines only\n");
    }
    if (strstr(command->usage, "--json") != NULL) {
        fprintf(out, "  --json               for programs; numbers are in the units of their names\n");
    }
    if (strstr(command->usage, "--histogram") != NULL) {
        fprintf(out, "  --histogram          with --json: the samples of each latency, as [ticks, samples] pairs\n");
    }
    if (strstr(command->usage, "--clear") != NULL) {
        fprintf(out, "  --all                also those that are marked as seen\n"
                     "  --clear              mark all as seen after they are shown\n");
    }
    if (strstr(command->usage, "--once") != NULL) {
        fprintf(out, "  --once               one report, no refresh\n"
                     "  REGION               name of the shared region (default: the first with telemetry)\n");
    }
    fprintf(out, "  -h, --help           this text\n");
}

static enum bhctl_exit refuse(const char *why, const char *what)
{
    fprintf(stderr, "bhctl: %s: %s (bhctl --help)\n", what, why);
    return BHCTL_USAGE;
}

static bool parse_count(const char *text, unsigned long *value)
{
    char *end = NULL;

    errno = 0;
    *value = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && *value != 0UL;
}

static bool parse_seconds(const char *text, double *seconds)
{
    char *end = NULL;

    *seconds = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*seconds) && *seconds * 1000.0 >= (double)DELAY_MIN_MS &&
           *seconds * 1000.0 <= (double)DELAY_MAX_MS;
}

static bool parse_delay(const char *text, unsigned long *delay_ms)
{
    double seconds;
    bool good = parse_seconds(text, &seconds);

    if (good) {
        *delay_ms = (unsigned long)(seconds * 1000.0);
    }
    return good;
}

static bool parse_format(const char *text, bool *ctf)
{
    *ctf = strcmp(text, "ctf") == 0;
    return *ctf || strcmp(text, "perfetto") == 0;
}

static const struct bhctl_command *find_command(const char *name)
{
    const struct bhctl_command *command = bhctl_commands;

    while (command->name != NULL && strcmp(command->name, name) != 0) {
        command++;
    }
    return command->name != NULL ? command : NULL;
}

static bool is(const char *argument, const char *brief, const char *full)
{
    return strcmp(argument, full) == 0 || (brief != NULL && strcmp(argument, brief) == 0);
}

/* An option is known to a command when its usage names it. */
static bool has(const struct bhctl_command *command, const char *option)
{
    return strstr(command->usage, option) != NULL;
}

static enum bhctl_exit parse_valued(const char *argument, const char *value, const struct bhctl_command *command,
                                    struct bhctl_options *options)
{
    enum bhctl_exit status = BHCTL_OK;

    if (value == NULL) {
        status = refuse("needs a value", argument);
    } else if (is(argument, "-d", "--delay") && has(command, "-d ")) {
        status = parse_delay(value, &options->delay_ms) ? BHCTL_OK : refuse("not between 0.05 and 3600 seconds", value);
    } else if (is(argument, "-n", "--count") && has(command, "-n ")) {
        status = parse_count(value, &options->count) ? BHCTL_OK : refuse("not a positive number", value);
    } else if (is(argument, "-s", "--seconds") && has(command, "--seconds")) {
        status = parse_seconds(value, &options->seconds) ? BHCTL_OK : refuse("not between 0.05 and 3600 seconds", value);
    } else if (is(argument, "-e", "--events") && has(command, "--events")) {
        status = trace_parse_events(value, &options->events) ? BHCTL_OK : refuse("no list of events", value);
    } else if (is(argument, "-o", "--output") && has(command, "--output")) {
        options->output = value;
    } else if (is(argument, NULL, "--format") && has(command, "--format")) {
        status = parse_format(value, &options->ctf) ? BHCTL_OK : refuse("neither perfetto nor ctf", value);
    } else {
        status = refuse("unknown option", argument);
    }
    return status;
}

static bool takes_value(const char *argument)
{
    return is(argument, "-d", "--delay") || is(argument, "-n", "--count") || is(argument, "-s", "--seconds") ||
           is(argument, "-e", "--events") || is(argument, "-o", "--output") || is(argument, NULL, "--format");
}

static enum bhctl_exit parse_flag(const char *argument, const struct bhctl_command *command, struct bhctl_options *options)
{
    enum bhctl_exit status = BHCTL_OK;

    if (is(argument, NULL, "--json") && has(command, "--json")) {
        options->json = true;
    } else if (is(argument, NULL, "--histogram") && has(command, "--histogram")) {
        options->histogram = true;
    } else if (is(argument, NULL, "--all") && has(command, "--all")) {
        options->all = true;
    } else if (is(argument, NULL, "--clear") && has(command, "--clear")) {
        options->clear = true;
    } else if (is(argument, NULL, "--once") && has(command, "--once")) {
        options->once = true;
    } else if (is(argument, "-b", "--batch") && has(command, "-b")) {
        options->batch = true;
    } else if (is(argument, "-f", "--follow") && has(command, "-f")) {
        options->follow = true;
    } else if (argument[0] != '-' && has(command, "REGION") && options->region == NULL) {
        options->region = argument;
    } else {
        status = refuse(argument[0] == '-' ? "unknown option" : "unexpected argument", argument);
    }
    return status;
}

static enum bhctl_exit parse_command_options(int count, char *const *arguments, struct bhctl_options *options,
                                             const struct bhctl_command **command)
{
    enum bhctl_exit status = BHCTL_OK;

    for (int i = 0; status == BHCTL_OK && *command != NULL && i < count; i++) {
        if (is(arguments[i], "-h", "--help")) {
            help_command(stdout, *command);
            *command = NULL;
        } else if (takes_value(arguments[i])) {
            status = parse_valued(arguments[i], i + 1 < count ? arguments[i + 1] : NULL, *command, options);
            i++;
        } else {
            status = parse_flag(arguments[i], *command, options);
        }
    }
    if (status == BHCTL_OK && *command != NULL && has(*command, " --output") && options->output == NULL) {
        status = refuse("needs --output", (*command)->name);
    }
    return status;
}

enum bhctl_exit options_parse(int count, char *const *arguments, struct bhctl_options *options,
                              const struct bhctl_command **command)
{
    enum bhctl_exit status = BHCTL_OK;
    int i = 1;

    *command = NULL;
    if (i + 1 < count && is(arguments[i], NULL, "--dir")) {
        options->directory = arguments[i + 1];
        i += 2;
    }
    if (i >= count) {
        help(stderr);
        status = BHCTL_USAGE;
    } else if (is(arguments[i], "-h", "--help")) {
        help(stdout);
    } else {
        *command = find_command(arguments[i]);
        status = *command != NULL ? parse_command_options(count - i - 1, arguments + i + 1, options, command)
                                  : refuse(arguments[i][0] == '-' ? "unknown option" : "unknown command", arguments[i]);
    }
    return status;
}
