/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define GUEST_MESSAGES_MAX 10

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int events_fd = -1;
static char events_vm[32];

static void print(const char *format, va_list arguments)
{
    char line[512];

    vsnprintf(line, sizeof(line), format, arguments);
    fprintf(stderr, "bhdm: %s\n", line);
}

void log_message(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(format, arguments);
    va_end(arguments);
}

void log_guest(const char *format, ...)
{
    static atomic_int count;
    int number = atomic_fetch_add(&count, 1);
    va_list arguments;

    if (number < GUEST_MESSAGES_MAX) {
        va_start(arguments, format);
        print(format, arguments);
        va_end(arguments);
    } else {
        atomic_store(&count, GUEST_MESSAGES_MAX); /* never wraps */
    }
}

int events_open(const char *path, const char *vm_name)
{
    int result = 0;

    snprintf(events_vm, sizeof(events_vm), "%s", vm_name);
    if (path != NULL) {
        events_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        result = (events_fd < 0) ? -errno : 0;
    }
    return result;
}

void events_write(const char *event, const char *extra, ...)
{
    char tail[400];
    char line[512];
    struct timespec now;
    va_list arguments;

    if (events_fd >= 0) {
        va_start(arguments, extra);
        vsnprintf(tail, sizeof(tail), extra, arguments);
        va_end(arguments);
        clock_gettime(CLOCK_MONOTONIC, &now);
        int length = snprintf(line, sizeof(line), "{\"time_ms\":%lld,\"vm\":\"%s\",\"event\":\"%s\"%s}\n",
                              (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000, events_vm, event, tail);
        pthread_mutex_lock(&lock);
        if (length > 0 && write(events_fd, line, (size_t)length) < 0) {
            log_message("events: %m");
        }
        pthread_mutex_unlock(&lock);
    }
}

void events_close(void)
{
    if (events_fd >= 0) {
        close(events_fd);
        events_fd = -1;
    }
}
