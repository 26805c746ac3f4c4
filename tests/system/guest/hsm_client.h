/* SPDX-License-Identifier: Apache-2.0 */
/* A client of /dev/acrn_hsm that runs in the Service VM and uses every call well and badly. */
#ifndef HSM_CLIENT_H
#define HSM_CLIENT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <linux/acrn.h>

#define PAGE 4096UL

/* A User VM and the page that it shares with this process. */
struct client {
    int fd;
    uint16_t vmid;
    uint16_t vcpus;
    struct acrn_io_request_buffer *requests;
};

void check(bool good, const char *name, long value);
#define EXPECT(condition) check((condition), #condition, errno)
/* call: an expression like an ioctl; it has to fail with this error. */
#define EXPECT_ERROR(call, error) do { \
        errno = 0; \
        long result_ = (long)(call); \
        check(result_ < 0 && errno == (error), #call " gives " #error, result_ < 0 ? errno : 0); \
    } while (0)

/* Opens the device and creates a VM; false when that failed (reported). */
bool client_open(struct client *client);
/* The same on an open device. */
bool client_create(struct client *client);
void client_close(struct client *client);
int client_map(const struct client *client, uint64_t gpa, const void *memory, size_t size);
void *anonymous(size_t size);

/* A counter of the module; -1 when it cannot be read. */
long counter(const char *name);
/* Waits until the counter has the value; false after ten seconds. */
bool counter_becomes(const char *name, long value);

void test_arguments(void);
void test_memory(void);
void test_clients(void);
void test_eventfds(void);
void test_life(void);
void test_race(void);
void test_guest(void);
void test_fuzz(void);
void test_fault(void);

#endif
