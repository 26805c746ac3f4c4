/* SPDX-License-Identifier: Apache-2.0 */
/* bhdm: the device model of one User VM. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "dm/log.h"
#include "dm/options.h"
#include "dm/vm.h"

static bool write_pidfile(const char *path)
{
    FILE *file = (path != NULL) ? fopen(path, "we") : NULL;
    bool written = path == NULL;

    if (file != NULL) {
        written = fprintf(file, "%d\n", (int)getpid()) > 0;
        written = fclose(file) == 0 && written;
    }
    if (!written) {
        log_message("%s: %s", path, strerror(errno));
    }
    return written;
}

/* Before any thread exists, so that all inherit it: signals are read from a descriptor. */
static void block_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static int run(const struct options *options)
{
    static struct vm vm;
    enum vm_exit result;

    block_signals();
    result = vm_prepare(&vm, options);
    if (result == VM_POWERED_OFF && !write_pidfile(options->pidfile)) {
        result = VM_BAD_ARGUMENT;
    } else if (result == VM_POWERED_OFF) {
        result = vm_create(&vm);
        if (result == VM_POWERED_OFF) {
            result = vm_run(&vm);
        }
        if (options->pidfile != NULL) {
            unlink(options->pidfile);
        }
    } else {
        /* said why */
    }
    vm_destroy(&vm);
    return (int)result;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = 0;

    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_RUN:
        status = run(&options);
        break;
    case OPTIONS_DONE:
        break;
    case OPTIONS_BAD:
    default:
        status = VM_BAD_ARGUMENT;
        break;
    }
    return status;
}
