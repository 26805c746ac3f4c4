// SPDX-License-Identifier: Apache-2.0
/* VMs come and go, in order and not: whatever ends a process, nothing stays behind. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hsm_client.h"

#define ROUNDS      100U
#define RACE_ROUNDS 300U
#define RACE_SIZE   (64U * PAGE)

static void create_and_destroy_in_a_loop(void)
{
    char *memory = anonymous(RACE_SIZE);
    struct client client;
    unsigned int good = 0U;

    for (unsigned int i = 0U; i < ROUNDS; i++) {
        if (!client_open(&client)) {
            break;
        }
        good += client_map(&client, 0U, memory, RACE_SIZE) == 0 &&
                ((i & 1U) == 0U || ioctl(client.fd, ACRN_IOCTL_DESTROY_VM, 0) == 0) ? 1U : 0U;
        client_close(&client);
    }
    EXPECT(good == ROUNDS);
    EXPECT(counter("vms") == 0);
    (void)munmap(memory, RACE_SIZE);
}

/* REQ-HSM-006 */
static void a_killed_process_leaves_nothing(void)
{
    int ready[2];
    char byte;
    pid_t child;

    EXPECT(pipe(ready) == 0);
    child = fork();
    if (child == 0) {
        struct client client;
        int fd = eventfd(0U, 0);
        struct acrn_irqfd irq = { .fd = fd };
        bool good = client_open(&client) && client_map(&client, 0U, anonymous(RACE_SIZE), RACE_SIZE) == 0 &&
                    ioctl(client.fd, ACRN_IOCTL_IRQFD, &irq) == 0 &&
                    ioctl(client.fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0;
        if (good && write(ready[1], "x", 1U) == 1) {
            (void)ioctl(client.fd, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 0);
        }
        _exit(1);
    }
    EXPECT(read(ready[0], &byte, 1U) == 1);
    EXPECT(counter("vms") == 1);
    EXPECT(counter("pinned_pages") == 1 + (long)(RACE_SIZE / PAGE));
    EXPECT(kill(child, SIGKILL) == 0);
    EXPECT(waitpid(child, NULL, 0) == child);
    EXPECT(counter_becomes("vms", 0));
    EXPECT(counter_becomes("pinned_pages", 0));
    (void)close(ready[0]);
    (void)close(ready[1]);
}

static void a_child_shares_the_vm_but_not_its_memory(void)
{
    struct client client;
    int status = 0;
    pid_t child;

    if (!client_open(&client)) {
        return;
    }
    child = fork();
    if (child == 0) {
        errno = 0;
        int result = client_map(&client, 0U, anonymous(PAGE), PAGE);
        _exit(result < 0 && errno == EPERM ? 0 : 1);
    }
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    EXPECT(counter("vms") == 1); /* the child's exit closed a copy only */
    client_close(&client);
    EXPECT(counter("vms") == 0);
}

void test_life(void)
{
    create_and_destroy_in_a_loop();
    a_killed_process_leaves_nothing();
    a_child_shares_the_vm_but_not_its_memory();
}

static int race_fd;
static struct acrn_io_request_buffer *race_page;

static void *race_lives(void *argument)
{
    struct acrn_vm_creation creation;

    for (unsigned int i = 0U; i < RACE_ROUNDS; i++) {
        memset(&creation, 0, sizeof(creation));
        creation.ioreq_buf = (uint64_t)(uintptr_t)race_page;
        (void)ioctl(race_fd, ACRN_IOCTL_CREATE_VM, &creation);
        (void)sched_yield();
        (void)ioctl(race_fd, ACRN_IOCTL_DESTROY_VM, 0);
    }
    return argument;
}

static void *race_memory(void *argument)
{
    struct client client = { .fd = race_fd };
    char *memory = anonymous(RACE_SIZE);

    for (unsigned int i = 0U; i < RACE_ROUNDS; i++) {
        (void)client_map(&client, (uint64_t)(i % 8U) * RACE_SIZE, memory, RACE_SIZE);
        (void)ioctl(race_fd, (i & 1U) != 0U ? ACRN_IOCTL_START_VM : ACRN_IOCTL_RESET_VM, 0);
    }
    return argument;
}

static void *race_eventfds(void *argument)
{
    for (unsigned int i = 0U; i < RACE_ROUNDS; i++) {
        int fd = eventfd(0U, EFD_CLOEXEC);
        struct acrn_irqfd irq = { .fd = fd };
        struct acrn_ioeventfd io = { .fd = (uint32_t)fd, .addr = 0x1000U * i, .len = 4U };
        (void)ioctl(race_fd, ACRN_IOCTL_IRQFD, &irq);
        (void)ioctl(race_fd, ACRN_IOCTL_IOEVENTFD, &io);
        (void)eventfd_write(fd, 1U);
        if ((i & 1U) != 0U) {
            irq.flags = ACRN_IRQFD_FLAG_DEASSIGN;
            (void)ioctl(race_fd, ACRN_IOCTL_IRQFD, &irq);
        }
        (void)close(fd);
    }
    return argument;
}

/* The page is the device model's: it may write anything at any time. */
static void *race_clients(void *argument)
{
    struct acrn_ioreq_notify notify = { .vmid = 0U };

    for (unsigned int i = 0U; i < RACE_ROUNDS; i++) {
        for (unsigned int slot = 0U; slot < ACRN_IO_REQUEST_MAX; slot++) {
            race_page->req_slot[slot].type = i % 5U;
            race_page->req_slot[slot].reqs.pio_request.address = 0xcf8U + (i % 9U);
            race_page->req_slot[slot].reqs.pio_request.size = i % 9U;
            race_page->req_slot[slot].reqs.pio_request.direction = i % 3U;
            race_page->req_slot[slot].completion_polling = i % 2U;
            race_page->req_slot[slot].processed = i % 6U;
        }
        (void)ioctl(race_fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0);
        (void)ioctl(race_fd, ACRN_IOCTL_CLEAR_VM_IOREQ, 0);
        notify.vmid = (uint16_t)(i % 8U);
        notify.vcpu = i % 2U;
        (void)ioctl(race_fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify);
        (void)ioctl(race_fd, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 0);
    }
    return argument;
}

static void *race_states(void *argument)
{
    for (unsigned int i = 0U; i < RACE_ROUNDS; i++) {
        (void)ioctl(race_fd, ACRN_IOCTL_CLEAR_VM_IOREQ, 0);
        (void)ioctl(race_fd, ACRN_IOCTL_PAUSE_VM, 0);
    }
    return argument;
}

/* REQ-HSM-002 */
void test_race(void)
{
    void *(*const bodies[])(void *) = { race_lives, race_memory, race_eventfds, race_clients, race_states };
    pthread_t threads[sizeof(bodies) / sizeof(bodies[0])];

    race_fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
    race_page = anonymous(PAGE);
    for (size_t i = 0U; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        EXPECT(pthread_create(&threads[i], NULL, bodies[i], NULL) == 0);
    }
    for (size_t i = 0U; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        (void)pthread_join(threads[i], NULL);
    }
    (void)close(race_fd);
}
