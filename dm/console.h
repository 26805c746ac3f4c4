/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a guest's console ends: standard input and output, a file, a pseudo terminal, a Unix
 * socket, or a terminal device. Output that nobody takes is dropped, at once (pty, socket) or
 * after a bounded wait (the others): a guest is never stopped for good by its console.
 */
#ifndef DM_CONSOLE_H
#define DM_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "dm/loop.h"

enum console_kind { CONSOLE_NONE, CONSOLE_STDIO, CONSOLE_FILE, CONSOLE_PTY, CONSOLE_UNIX, CONSOLE_TTY };

#define CONSOLE_ESCAPE 0x1DU /* Ctrl-] on CONSOLE_STDIO: asks bhdm to stop, as SIGTERM does */

struct console {
    enum console_kind kind;
    char path[108];
    int in;       /* -1: no input */
    int out;      /* -1: nobody there */
    int listener; /* CONSOLE_UNIX */
    int hold;     /* CONSOLE_PTY: our end of the slave keeps the master alive */
    bool saved;
    struct termios termios;
    pthread_mutex_t lock; /* out against connects and disconnects */
    struct loop *loop;
    struct loop_source in_source;
    struct loop_source listen_source;
    bool stuck; /* the other end does not take our output */
    bool paused;
    bool watched; /* in_source is in the loop */
    void (*input)(void *owner, const uint8_t *data, size_t size);
    void *owner;
};

/* stdio, file:PATH, pty, unix:PATH, none, or the path of a terminal. False: not one of these. */
bool console_parse(const char *text, enum console_kind *kind, const char **path);
int console_open(struct console *console, const char *text); /* 0 or -errno */
void console_close(struct console *console);
void console_write(struct console *console, const uint8_t *data, size_t size);
/* Input goes to input() on the loop's thread, from now on or, if paused, after a resume. */
int console_attach(struct console *console, struct loop *loop,
                   void (*input)(void *owner, const uint8_t *data, size_t size), void *owner);
void console_pause_input(struct console *console, bool pause); /* on the loop's thread only */

#endif
