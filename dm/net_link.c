/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/net_link.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "dm/log.h"

#define FRAMES_AT_ONCE 64U /* then other descriptors of the loop have their turn */

/* Each end's first message. Shorter than any frame. */
static const char greeting[] = "bhlink 1";

static int make_socket(const char *path, struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, path, strlen(path));
    return (fd < 0) ? -errno : fd;
}

/* A descriptor or -errno. */
static int connect_to(const char *path)
{
    struct sockaddr_un address;
    int fd = make_socket(path, &address);
    int result = fd;

    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        result = -errno;
        close(fd);
    }
    return result;
}

/* Nobody listens there. A socket is what a killed process left; anything else is not ours to remove. */
static int remove_stale(const char *path)
{
    struct stat status;
    int result = 0;

    if (lstat(path, &status) == 0) {
        result = S_ISSOCK(status.st_mode) ? ((unlink(path) < 0) ? -errno : 0) : -EEXIST;
    }
    return result;
}

static int listen_at(struct net_link *self)
{
    struct sockaddr_un address;
    struct stat status;
    int fd = make_socket(self->path, &address);
    int result = (fd < 0) ? fd : 0;

    if (result == 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        result = -errno;
    } else if (result == 0 && (listen(fd, 1) < 0 || lstat(self->path, &status) < 0)) {
        result = -errno;
        unlink(self->path);
    } else {
        /* bound and listening, or no socket at all */
    }
    if (result == 0) {
        self->listener = fd;
        self->device = status.st_dev;
        self->inode = status.st_ino;
    } else if (fd >= 0) {
        close(fd);
    } else {
        /* nothing to undo */
    }
    return result;
}

/* Of two that find a stale file one could remove what the other has just bound: one at a time, by a lock on the folder. */
static int lock_folder(const char *path)
{
    char folder[NET_PATH_SIZE] = ".";
    const char *slash = strrchr(path, '/');
    int fd;
    int result;

    if (slash != NULL) {
        size_t length = (slash == path) ? 1U : (size_t)(slash - path);

        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    result = (fd < 0) ? -errno : fd;
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        result = -errno;
        close(fd);
    }
    return result;
}

/* A connection, or else a listener. -EAGAIN: try again. */
static int join(struct net_link *self)
{
    int lock = lock_folder(self->path);
    int result = (lock < 0) ? lock : connect_to(self->path);

    if (lock >= 0) {
        if (result >= 0) {
            self->fd = result;
            result = 0;
        } else if (result == -ENOENT || result == -ECONNREFUSED) {
            result = remove_stale(self->path);
            result = (result == 0) ? listen_at(self) : result;
        } else {
            /* another kind of socket, not for us, or somebody who does not accept in time */
        }
        close(lock);
    }
    return result;
}

static void arm_timer(struct net_link *self)
{
    struct itimerspec when = {.it_value.tv_nsec = NET_LINK_RETRY_MS * 1000000L};

    (void)timerfd_settime(self->timer, 0, &when, NULL);
}

static void carrier(struct net_link *self, bool up)
{
    self->up = up;
    if (up) {
        self->complained = false;
        events_write("link up", ",\"path\":\"%s\"", self->path);
    } else {
        events_write("link down", ",\"path\":\"%s\",\"sent\":%llu,\"received\":%llu,\"not_taken\":%llu,\"bad\":%llu", self->path,
                     (unsigned long long)self->sent, (unsigned long long)self->received, (unsigned long long)self->not_taken,
                     (unsigned long long)self->bad);
    }
    self->user.carrier(self->user.owner, up);
}

/* Whatever there was is over, or could not be watched. */
static void start_again(struct net_link *self)
{
    if (self->fd >= 0) {
        loop_remove(self->loop, &self->fd_source);
        close(self->fd);
        self->fd = -1;
    }
    if (self->up) {
        carrier(self, false);
    }
    arm_timer(self);
}

static void take(struct net_link *self, const uint8_t *message, size_t size)
{
    if (!self->up) {
        if (size == sizeof(greeting) && memcmp(message, greeting, sizeof(greeting)) == 0) {
            carrier(self, true);
        } else {
            self->bad++;
        }
    } else if (size >= NET_FRAME_MIN && size <= NET_FRAME_MAX) {
        self->received++;
        self->user.receive(self->user.owner, message, size);
    } else {
        self->bad++;
    }
}

/* REQ-DM-018 */
static void fd_ready(void *owner, uint32_t events)
{
    struct net_link *self = owner;
    uint8_t message[NET_FRAME_MAX];
    bool over = (events & (EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0U;
    bool more = true;

    for (unsigned i = 0; i < FRAMES_AT_ONCE && more; i++) {
        /* MSG_TRUNC: the whole size of one that is too long. An empty one looks like the end, which events tells for sure. */
        ssize_t size = recv(self->fd, message, sizeof(message), MSG_TRUNC);

        more = size > 0;
        if (more) {
            take(self, message, (size_t)size);
        }
    }
    self->user.received(self->user.owner);
    if (over && !more) {
        start_again(self);
    }
}

static int watch_connection(struct net_link *self)
{
    self->fd_source = (struct loop_source){.fd = self->fd, .ready = fd_ready, .owner = self};
    (void)send(self->fd, greeting, sizeof(greeting), MSG_NOSIGNAL); /* who is gone already is found out by the loop */
    return loop_add(self->loop, &self->fd_source, EPOLLIN | EPOLLRDHUP);
}

/* One peer at a time: others wait in the queue, without a greeting and so without a carrier. */
static void listener_ready(void *owner, uint32_t events)
{
    struct net_link *self = owner;

    (void)events;
    loop_remove(self->loop, &self->listener_source);
    self->fd = accept4(self->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (self->fd < 0 || watch_connection(self) != 0) {
        start_again(self);
    }
}

static int watch_listener(struct net_link *self)
{
    self->listener_source = (struct loop_source){.fd = self->listener, .ready = listener_ready, .owner = self};
    return loop_add(self->loop, &self->listener_source, EPOLLIN);
}

/* Whatever is there; if nothing is, another attempt. */
static int watch(struct net_link *self)
{
    int result = 0;

    if (self->fd >= 0) {
        result = watch_connection(self);
    } else if (self->listener >= 0) {
        result = watch_listener(self);
    } else {
        arm_timer(self);
    }
    return result;
}

static void timer_ready(void *owner, uint32_t events)
{
    struct net_link *self = owner;
    int result = 0;

    (void)events;
    (void)event_take(self->timer);
    if (self->listener < 0) {
        result = join(self);
    }
    if (result != 0 && result != -EAGAIN && !self->complained) {
        self->complained = true;
        log_message("link %s: %s", self->path, strerror(-result));
    }
    if (watch(self) != 0) {
        start_again(self);
    }
}

/* REQ-DM-018 */
static bool link_send(void *state, const uint8_t *frame, size_t size)
{
    struct net_link *self = state;
    bool sent = self->up && send(self->fd, frame, size, MSG_NOSIGNAL) == (ssize_t)size;

    self->sent += sent ? 1U : 0U;
    self->not_taken += sent ? 0U : 1U;
    return sent;
}

static int attach(void *state, struct loop *loop, const struct net_user *user)
{
    struct net_link *self = state;
    int result;

    self->loop = loop;
    self->user = *user;
    self->timer_source = (struct loop_source){.fd = self->timer, .ready = timer_ready, .owner = self};
    result = loop_add(loop, &self->timer_source, EPOLLIN);
    return (result == 0) ? watch(self) : result;
}

int net_link_open(struct net_link *self, const char *path)
{
    int result;

    *self = (struct net_link){.backend = {.attach = attach, .send = link_send, .state = self}, .fd = -1, .listener = -1};
    memcpy(self->path, path, strnlen(path, sizeof(self->path) - 1U));
    self->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    result = (self->timer < 0) ? -errno : join(self);
    result = (result == -EAGAIN) ? 0 : result;
    if (result != 0) {
        net_link_close(self);
    }
    return result;
}

/* The path goes first, so that a peer that looks for the next listener does not find this one. */
void net_link_close(struct net_link *self)
{
    struct stat status;

    if (self->listener >= 0) {
        if (lstat(self->path, &status) == 0 && status.st_dev == self->device && status.st_ino == self->inode) {
            unlink(self->path);
        }
        close(self->listener);
        self->listener = -1;
    }
    if (self->fd >= 0) {
        close(self->fd);
        self->fd = -1;
    }
    if (self->timer >= 0) {
        close(self->timer);
        self->timer = -1;
    }
}
