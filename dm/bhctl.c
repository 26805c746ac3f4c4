// SPDX-License-Identifier: Apache-2.0
/* bhctl: the table of commands, and an orderly end on SIGINT and SIGTERM. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "bhctl.h"

static volatile sig_atomic_t stop_requested;

const struct bhctl_command bhctl_commands[] = {
    { "vm", "VMs: state, cores, memory, when they started, exits", "[--json]", command_list },
    { "list", "the same as vm", "[--json]", command_list },
    { "top", "exits and core time of each vCPU, refreshed", "[--json] [-d SECONDS] [-n COUNT] [-b]", command_top },
    { "stats", "all statistics", "[--json]", command_stats },
    { "log", "the hypervisor's log", "[--json] [-f] [-n LINES]", command_log },
    { "rt", "latency and exits of the real-time VM", "[--json] [--histogram] [--once] [-d SECONDS] [-n COUNT] [REGION]", command_rt },
    { "crash", "failures on record, also of earlier boots", "[--json] [--all] [--clear]", command_crash },
    { "trace", "what every core does, recorded for Perfetto or as CTF",
      "[--json] [--seconds N] [--events LIST] [--format perfetto|ctf] --output FILE", command_trace },
    { NULL, NULL, NULL, NULL }
};

static void on_signal(int number)
{
    (void)number;
    stop_requested = 1;
}

bool bhctl_wait(unsigned long delay_ms)
{
    struct timespec left = { (time_t)(delay_ms / 1000UL), (long)(delay_ms % 1000UL) * 1000000L };

    while (!stop_requested && nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
    return !stop_requested;
}

int main(int count, char **arguments)
{
    struct bhctl_options options = { .delay_ms = 1000UL, .seconds = 1.0, .events = HV_TRACE_ALL };
    const struct bhctl_command *command = NULL;
    struct sigaction action = { .sa_handler = on_signal };
    enum bhctl_exit status = options_parse(count, arguments, &options, &command);

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (status == BHCTL_OK && command != NULL) {
        status = command->run(&options);
    }
    if (fflush(stdout) != 0) {
        fprintf(stderr, "bhctl: cannot write the output\n");
        status = BHCTL_FAILED;
    }
    return (int)status;
}
