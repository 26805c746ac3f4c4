/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 16

int event_create(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

    return (fd < 0) ? -errno : fd;
}

void event_signal(int fd)
{
    uint64_t one = 1;

    /* Fails only when the counter is full: then the reader has enough to wake up for. */
    (void)!write(fd, &one, sizeof(one));
}

bool event_take(int fd)
{
    uint64_t count;

    return read(fd, &count, sizeof(count)) == (ssize_t)sizeof(count);
}

static void close_all(struct loop *loop)
{
    if (loop->epoll >= 0) {
        close(loop->epoll);
    }
    if (loop->stop >= 0) {
        close(loop->stop);
    }
}

int loop_create(struct loop *loop)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    int result = 0;

    loop->running = false;
    loop->stop = event_create();
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (loop->stop < 0 || loop->epoll < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->stop, &event) < 0) {
        result = -errno;
        close_all(loop);
    }
    return result;
}

void loop_destroy(struct loop *loop)
{
    loop_join_worker(loop);
    close_all(loop);
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};

    return (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, source->fd, &event) < 0) ? -errno : 0;
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, source->fd, NULL);
}

void loop_run(struct loop *loop)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    bool stop = false;

    while (!stop) {
        int count = epoll_wait(loop->epoll, events, EVENTS_AT_ONCE, -1);

        for (int i = 0; i < count; i++) {
            struct loop_source *source = events[i].data.ptr;

            if (source == NULL) {
                stop = event_take(loop->stop);
            } else {
                source->ready(source->owner, events[i].events);
            }
        }
        if (count < 0 && errno != EINTR) {
            stop = true;
        }
    }
}

void loop_stop(struct loop *loop)
{
    event_signal(loop->stop);
}

static void *worker(void *argument)
{
    loop_run(argument);
    return NULL;
}

int loop_start_worker(struct loop *loop)
{
    int result = -pthread_create(&loop->thread, NULL, worker, loop);

    loop->running = (result == 0);
    return result;
}

void loop_join_worker(struct loop *loop)
{
    if (loop->running) {
        loop_stop(loop);
        pthread_join(loop->thread, NULL);
        loop->running = false;
    }
}
