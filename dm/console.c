/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define WRITE_WAIT_MS 1000
#define INPUT_SIZE    256

static const struct {
    const char *prefix;
    enum console_kind kind;
    bool path;
} kinds[] = {
    {"none", CONSOLE_NONE, false}, {"stdio", CONSOLE_STDIO, false}, {"pty", CONSOLE_PTY, false},
    {"file:", CONSOLE_FILE, true}, {"unix:", CONSOLE_UNIX, true},
};

bool console_parse(const char *text, enum console_kind *kind, const char **path)
{
    bool known = false;

    *path = "";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !known; i++) {
        size_t length = strlen(kinds[i].prefix);

        known = kinds[i].path ? (strncmp(text, kinds[i].prefix, length) == 0 && text[length] != '\0')
                              : (strcmp(text, kinds[i].prefix) == 0);
        if (known) {
            *kind = kinds[i].kind;
            *path = kinds[i].path ? text + length : "";
        }
    }
    if (!known && text[0] == '/') {
        *kind = CONSOLE_TTY;
        *path = text;
        known = true;
    }
    /* Paths go into JSON: nothing that would need quoting there. */
    for (const char *at = *path; *at != '\0' && known; at++) {
        known = *at != '"' && *at != '\\' && (unsigned char)*at >= ' ';
    }
    return known && strlen(*path) < sizeof(((struct console *)0)->path);
}

static int make_raw(struct console *console, int fd)
{
    struct termios raw;
    int result = 0;

    if (tcgetattr(fd, &console->termios) < 0) {
        result = -errno;
    } else {
        console->saved = true;
        raw = console->termios;
        cfmakeraw(&raw);
        raw.c_cflag |= CLOCAL;
        result = (tcsetattr(fd, TCSANOW, &raw) < 0) ? -errno : 0;
    }
    return result;
}

static int open_terminal(struct console *console)
{
    int fd = open(console->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int result = 0;

    if (fd < 0) {
        result = -errno;
    } else {
        console->in = fd;
        console->out = fd;
        result = make_raw(console, fd);
    }
    return result;
}

static int open_pty(struct console *console)
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    int result = 0;

    if (fd < 0 || grantpt(fd) < 0 || unlockpt(fd) < 0 ||
        ptsname_r(fd, console->path, sizeof(console->path)) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        result = -errno;
    }
    console->in = fd;
    console->out = fd;
    if (result == 0) {
        console->hold = open(console->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        result = (console->hold < 0) ? -errno : make_raw(console, console->hold);
        console->saved = false; /* it goes away with us */
    }
    return result;
}

static int open_unix(struct console *console)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int result = 0;

    memcpy(address.sun_path, console->path, strlen(console->path));
    console->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (console->listener < 0 || bind(console->listener, (struct sockaddr *)&address, sizeof(address)) < 0) {
        result = -errno;
    } else if (listen(console->listener, 1) < 0) {
        result = -errno;
        unlink(console->path);
    } else {
        /* bound and listening */
    }
    if (result != 0 && console->listener >= 0) {
        close(console->listener);
        console->listener = -1; /* not ours: console_close must not unlink it */
    }
    return result;
}

int console_open(struct console *console, const char *text)
{
    const char *path;
    int result = -EINVAL;

    *console = (struct console){.in = -1, .out = -1, .listener = -1, .hold = -1};
    pthread_mutex_init(&console->lock, NULL);
    if (console_parse(text, &console->kind, &path)) {
        result = 0;
        snprintf(console->path, sizeof(console->path), "%s", path);
        switch (console->kind) {
        case CONSOLE_STDIO:
            console->in = STDIN_FILENO;
            console->out = STDOUT_FILENO;
            result = isatty(STDIN_FILENO) ? make_raw(console, STDIN_FILENO) : 0;
            break;
        case CONSOLE_FILE:
            console->out = open(console->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
            result = (console->out < 0) ? -errno : 0;
            break;
        case CONSOLE_PTY:
            result = open_pty(console);
            break;
        case CONSOLE_UNIX:
            result = open_unix(console);
            break;
        case CONSOLE_TTY:
            result = open_terminal(console);
            break;
        case CONSOLE_NONE:
        default:
            break;
        }
    }
    if (result != 0) {
        console_close(console);
    }
    return result;
}

void console_close(struct console *console)
{
    if (console->saved) {
        (void)tcsetattr(console->in, TCSANOW, &console->termios);
        console->saved = false;
    }
    if (console->kind != CONSOLE_STDIO) {
        if (console->in >= 0) {
            close(console->in);
        }
        if (console->out >= 0 && console->out != console->in) {
            close(console->out);
        }
    }
    if (console->hold >= 0) {
        close(console->hold);
    }
    if (console->listener >= 0) {
        close(console->listener);
        unlink(console->path);
    }
    console->in = -1;
    console->out = -1;
    console->hold = -1;
    console->listener = -1;
}

/* One that did not take anything for the whole wait gets no second one before it does. */
static bool wait_writable(struct console *console)
{
    struct pollfd poll_fd = {.fd = console->out, .events = POLLOUT};
    bool drop = console->stuck || console->kind == CONSOLE_PTY || console->kind == CONSOLE_UNIX;
    bool writable = poll(&poll_fd, 1, drop ? 0 : WRITE_WAIT_MS) > 0 && (poll_fd.revents & POLLOUT) != 0;

    console->stuck = !writable;
    return writable;
}

/* REQ-DM-010 */
void console_write(struct console *console, const uint8_t *data, size_t size)
{
    size_t done = 0;
    bool more = true;

    pthread_mutex_lock(&console->lock);
    while (more && done < size && console->out >= 0) {
        ssize_t written = (console->kind == CONSOLE_UNIX)
                              ? send(console->out, data + done, size - done, MSG_NOSIGNAL)
                              : write(console->out, data + done, size - done);

        if (written > 0) {
            done += (size_t)written;
        } else {
            more = (errno == EINTR) || (errno == EAGAIN && wait_writable(console));
        }
    }
    pthread_mutex_unlock(&console->lock);
}

/* Out of the loop while nobody wants input: a hang-up would be reported again and again. */
static int watch_input(struct console *console)
{
    bool wanted = console->loop != NULL && console->in >= 0 && !console->paused;
    int result = 0;

    if (wanted && !console->watched) {
        console->in_source.fd = console->in;
        result = loop_add(console->loop, &console->in_source, EPOLLIN);
        console->watched = result == 0;
    } else if (!wanted && console->watched) {
        loop_remove(console->loop, &console->in_source);
        console->watched = false;
    } else {
        /* as it is */
    }
    return result;
}

static void disconnect(struct console *console)
{
    loop_remove(console->loop, &console->in_source);
    console->watched = false;
    if (console->kind == CONSOLE_UNIX) {
        pthread_mutex_lock(&console->lock);
        close(console->in);
        console->in = -1;
        console->out = -1;
        pthread_mutex_unlock(&console->lock);
    }
}

static void input_ready(void *owner, uint32_t events)
{
    struct console *console = owner;
    uint8_t data[INPUT_SIZE];
    ssize_t size = (events & EPOLLIN) ? read(console->in, data, sizeof(data)) : 0;

    if (size > 0) {
        if (console->kind == CONSOLE_STDIO && console->saved && memchr(data, CONSOLE_ESCAPE, (size_t)size)) {
            kill(getpid(), SIGTERM);
        } else {
            console->input(console->owner, data, (size_t)size);
        }
    } else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        disconnect(console);
    } else {
        /* nothing there after all */
    }
}

static void connection_ready(void *owner, uint32_t events)
{
    struct console *console = owner;
    int fd = accept4(console->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    (void)events;
    if (fd >= 0 && console->in >= 0) {
        close(fd); /* one at a time */
    } else if (fd >= 0) {
        pthread_mutex_lock(&console->lock);
        console->in = fd;
        console->out = fd;
        pthread_mutex_unlock(&console->lock);
        (void)watch_input(console);
    } else {
        /* gone again */
    }
}

int console_attach(struct console *console, struct loop *loop,
                   void (*input)(void *owner, const uint8_t *data, size_t size), void *owner)
{
    int result;

    console->loop = loop;
    console->input = input;
    console->owner = owner;
    console->in_source = (struct loop_source){.fd = console->in, .ready = input_ready, .owner = console};
    console->listen_source =
        (struct loop_source){.fd = console->listener, .ready = connection_ready, .owner = console};
    result = watch_input(console);
    result = (result == -EPERM) ? 0 : result; /* standard input is a plain file: no input */
    if (result == 0 && console->listener >= 0) {
        result = loop_add(loop, &console->listen_source, EPOLLIN);
    }
    return result;
}

void console_pause_input(struct console *console, bool pause)
{
    console->paused = pause;
    (void)watch_input(console);
}
