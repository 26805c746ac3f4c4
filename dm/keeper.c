/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/keeper.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dm/log.h"

#define FDS_MAX 1024

static bool is_lock(const struct host_function *functions, unsigned count, int fd)
{
    bool found = false;

    for (unsigned i = 0; i < count; i++) {
        found = found || functions[i].lock == fd;
    }
    return found;
}

/* Terminals, pipes and disks are the device model's: they shall close when it ends. */
static void close_others(const struct host_function *functions, unsigned count, int pipe, int parent)
{
    for (int fd = 0; fd < FDS_MAX; fd++) {
        if (fd != STDERR_FILENO && fd != pipe && fd != parent && !is_lock(functions, count, fd)) {
            close(fd);
        }
    }
}

/* A process is over, for its descriptor, after it has closed its files: the VM is destroyed by then. */
static void await_end(int pipe, int parent)
{
    struct pollfd over = {.fd = parent, .events = POLLIN};
    char done;
    ssize_t size;

    do {
        size = read(pipe, &done, 1);
    } while (size < 0 && errno == EINTR);
    if (size != 1) {
        while (poll(&over, 1, -1) < 0 && errno == EINTR) {
            /* again */
        }
    }
}

/* The locks go with the process. */
static void give_back(struct host_function *functions, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        int result = host_pci_give_back(&functions[i]);

        if (result != 0) {
            log_message("%s does not go back to its driver %s: %s", functions[i].address, functions[i].driver, strerror(-result));
        }
    }
}

/* REQ-DM-014 */
int keeper_start(struct keeper *keeper, struct host_function *functions, unsigned count)
{
    int parent = pidfd_open(getpid(), 0);
    int ends[2] = {-1, -1};
    int result = (parent < 0 || pipe(ends) != 0) ? -errno : 0;

    *keeper = (struct keeper){.pipe = -1};
    if (result == 0) {
        keeper->process = fork();
        if (keeper->process == 0) {
            (void)setsid();
            (void)prctl(PR_SET_NAME, "bhdm-keeper");
            close_others(functions, count, ends[0], parent);
            await_end(ends[0], parent);
            give_back(functions, count);
            _exit(0);
        }
        result = (keeper->process < 0) ? -errno : 0;
        keeper->process = (keeper->process < 0) ? 0 : keeper->process;
        close(ends[0]);
        keeper->pipe = ends[1];
    }
    if (parent >= 0) {
        close(parent);
    }
    if (result != 0 && keeper->pipe >= 0) {
        close(keeper->pipe);
        keeper->pipe = -1;
    }
    return result;
}

/* REQ-DM-014 */
void keeper_finish(struct keeper *keeper)
{
    if (keeper->process != 0) {
        if (write(keeper->pipe, "", 1) != 1) {
            log_message("the process that gives PCI functions back is gone; see bhdm(1), PCI FUNCTIONS");
        }
        while (waitpid(keeper->process, NULL, 0) < 0 && errno == EINTR) {
            /* again */
        }
        close(keeper->pipe);
        *keeper = (struct keeper){.pipe = -1};
    }
}
