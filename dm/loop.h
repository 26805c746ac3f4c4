/* SPDX-License-Identifier: Apache-2.0 */
/* An epoll loop, on the caller's thread or on one of its own (a worker). */
#ifndef DM_LOOP_H
#define DM_LOOP_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct loop {
    int epoll;
    int stop; /* eventfd */
    bool running;
    pthread_t thread;
};

/* Lives as long as it is in a loop. */
struct loop_source {
    int fd;
    void (*ready)(void *owner, uint32_t events);
    void *owner;
};

int loop_create(struct loop *loop); /* 0 or -errno */
void loop_destroy(struct loop *loop);
int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);
void loop_run(struct loop *loop); /* until loop_stop */
void loop_stop(struct loop *loop);
int loop_start_worker(struct loop *loop); /* loop_run on a new thread */
void loop_join_worker(struct loop *loop); /* stops it, waits; nothing if it does not run */

int event_create(void); /* a non-blocking eventfd, or -errno */
void event_signal(int fd);
bool event_take(int fd); /* true: it was signalled; now it is not */

#endif
