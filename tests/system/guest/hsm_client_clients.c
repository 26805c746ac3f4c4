// SPDX-License-Identifier: Apache-2.0
/* I/O request clients: who sleeps in ATTACH is always woken. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "hsm_client.h"
#include "abi/hsm.h"

struct sleeper {
    pthread_t thread;
    int fd;
    volatile pid_t tid;
    int result;
    int error;
};

static void *sleep_in_attach(void *argument)
{
    struct sleeper *sleeper = argument;

    sleeper->tid = (pid_t)syscall(SYS_gettid);
    sleeper->result = ioctl(sleeper->fd, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 0);
    sleeper->error = errno;
    return NULL;
}

/* Waits until the thread sleeps in the call: /proc tells. */
static bool asleep(const struct sleeper *sleeper)
{
    char path[64];
    char line[128] = "";
    bool sleeping = false;

    for (unsigned int i = 0U; !sleeping && i < 1000000U; i++) {
        if (sleeper->tid != 0) {
            (void)snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)sleeper->tid);
            FILE *file = fopen(path, "r");
            if (file != NULL) {
                if (fgets(line, sizeof(line), file) != NULL) {
                    sleeping = strncmp(line, "16 ", 3U) == 0; /* ioctl */
                }
                (void)fclose(file);
            }
        }
        (void)sched_yield();
    }
    return sleeping;
}

static bool start_sleeper(struct sleeper *sleeper, int fd)
{
    memset(sleeper, 0, sizeof(*sleeper));
    sleeper->fd = fd;
    EXPECT(pthread_create(&sleeper->thread, NULL, sleep_in_attach, sleeper) == 0);
    EXPECT(asleep(sleeper));
    return true;
}

static void on_signal(int number)
{
    (void)number;
}

static void client_calls_in_the_wrong_order(const struct client *client)
{
    struct acrn_ioreq_notify notify = { .vmid = client->vmid };

    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 0), ENODEV);
    EXPECT_ERROR(ioctl(client->fd, HSM_IOCTL_FINISH_AND_WAIT, 0), ENODEV);
    EXPECT(ioctl(client->fd, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 0) == 0);
    EXPECT(ioctl(client->fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0);
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0), EEXIST);
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify), EINVAL);
    notify.vcpu = client->vcpus;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify), EINVAL);
    notify.vcpu = ~0U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify), EINVAL);
    notify.vcpu = 0U;
    notify.reserved = 1U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify), EINVAL);
    notify.reserved = 0U;
    notify.vmid++;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, HSM_IOCTL_FINISH_AND_WAIT, 0UL), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, HSM_IOCTL_FINISH_AND_WAIT, (unsigned long)client->vcpus), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, HSM_IOCTL_FINISH_AND_WAIT, 1UL << 32U), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, HSM_IOCTL_FINISH_AND_WAIT, ~0UL), EINVAL);
    EXPECT(ioctl(client->fd, ACRN_IOCTL_CLEAR_VM_IOREQ, 0) == 0);
    EXPECT(ioctl(client->fd, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 0) == 0);
}

static void destroying_the_client_wakes_it(const struct client *client)
{
    struct sleeper one;
    struct sleeper two;

    EXPECT(ioctl(client->fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0);
    start_sleeper(&one, client->fd);
    start_sleeper(&two, client->fd);
    EXPECT(ioctl(client->fd, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 0) == 0);
    (void)pthread_join(one.thread, NULL);
    (void)pthread_join(two.thread, NULL);
    EXPECT(one.result < 0 && one.error == ENODEV);
    EXPECT(two.result < 0 && two.error == ENODEV);
}

static void a_signal_wakes_it_without_an_error(const struct client *client)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct sleeper sleeper;

    EXPECT(sigaction(SIGUSR1, &action, NULL) == 0);
    EXPECT(ioctl(client->fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0);
    start_sleeper(&sleeper, client->fd);
    EXPECT(pthread_kill(sleeper.thread, SIGUSR1) == 0);
    (void)pthread_join(sleeper.thread, NULL);
    EXPECT(sleeper.result == 0);
}

static void destroying_the_vm_wakes_it(struct client *client)
{
    struct sleeper sleeper;

    start_sleeper(&sleeper, client->fd);
    EXPECT(ioctl(client->fd, ACRN_IOCTL_DESTROY_VM, 0) == 0);
    (void)pthread_join(sleeper.thread, NULL);
    EXPECT(sleeper.result < 0 && sleeper.error == ENODEV);
}

/* REQ-HSM-006 */
static void closing_the_file_wakes_it_and_destroys_the_vm(void)
{
    struct sleeper sleeper;
    struct client client;

    if (client_open(&client)) {
        EXPECT(ioctl(client.fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0);
        start_sleeper(&sleeper, client.fd);
        client_close(&client);
        (void)pthread_join(sleeper.thread, NULL);
        EXPECT(sleeper.result < 0 && sleeper.error == ENODEV);
        EXPECT(counter_becomes("vms", 0));
    }
}

static void a_second_descriptor_keeps_the_vm(void)
{
    struct sleeper sleeper;
    struct client client;
    int second;

    if (client_open(&client)) {
        EXPECT(ioctl(client.fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0);
        second = dup(client.fd);
        start_sleeper(&sleeper, client.fd);
        client_close(&client);
        EXPECT(asleep(&sleeper));
        EXPECT(counter("vms") == 1);
        (void)close(second);
        (void)pthread_join(sleeper.thread, NULL);
        EXPECT(sleeper.result < 0 && sleeper.error == ENODEV);
    }
}

void test_clients(void)
{
    struct client client;

    if (client_open(&client)) {
        client_calls_in_the_wrong_order(&client);
        destroying_the_client_wakes_it(&client);
        a_signal_wakes_it_without_an_error(&client);
        destroying_the_vm_wakes_it(&client);
        client_close(&client);
    }
    closing_the_file_wakes_it_and_destroys_the_vm();
    a_second_descriptor_keeps_the_vm();
}
