/* SPDX-License-Identifier: Apache-2.0 */
/* Messages for people on standard error, and events for programs as JSON lines in a file. */
#ifndef DM_LOG_H
#define DM_LOG_H

void log_message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* At most ten of these for the life of the process: for what a guest can trigger at will. */
void log_guest(const char *format, ...) __attribute__((format(printf, 1, 2)));

int events_open(const char *path, const char *vm_name); /* 0 or -errno; NULL path: no events */
/* One line: {"time_ms":T,"vm":"NAME","event":"EVENT"EXTRA}; EXTRA, printf style, is "" or
 * starts with a comma. */
void events_write(const char *event, const char *extra, ...) __attribute__((format(printf, 2, 3)));
void events_close(void);

#endif
