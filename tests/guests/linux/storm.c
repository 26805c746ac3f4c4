/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Load of ./bulkhead bench, in the Service VM, until it is killed. storm hypercalls: one hypercall after the other, through /dev/acrn_hsm, to a
 * User VM that never starts. storm interrupts: a timer interrupt every 50 us. Says how many after each 1000.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/acrn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE      4096U
#define LINE      4ULL /* an IOAPIC pin; its entry is masked */
#define PERIOD_NS 50000L
#define REPORT    1000UL

static int vm_create(void)
{
    struct acrn_vm_creation creation;
    void *const page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    int fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
    memset(&creation, 0, sizeof(creation));
    creation.ioreq_buf = (__u64)(uintptr_t)page;
    if ((page == MAP_FAILED) || (fd < 0) || (ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation) != 0)) {
        perror("storm");
        fd = -1;
    }
    return fd;
}

static void report(unsigned long done)
{
    if ((done % REPORT) == 0UL) {
        printf("%lu\n", done);
        (void)fflush(stdout);
    }
}

static bool hypercalls(void)
{
    const int fd = vm_create();
    bool good = fd >= 0;
    for (unsigned long i = 1UL; good; i++) {
        good = ioctl(fd, ACRN_IOCTL_SET_IRQLINE, LINE | ((__u64)(i & 1UL) << 32)) == 0; /* high, low, high */
        report(i);
    }
    return good;
}

static bool interrupts(void)
{
    struct timespec next;
    bool good = clock_gettime(CLOCK_MONOTONIC, &next) == 0;
    for (unsigned long i = 1UL; good; i++) {
        next.tv_nsec += PERIOD_NS;
        if (next.tv_nsec >= 1000000000L) {
            next.tv_nsec -= 1000000000L;
            next.tv_sec++;
        }
        good = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == 0;
        report(i);
    }
    return good;
}

int main(int argc, char **argv)
{
    if ((argc == 2) && (strcmp(argv[1], "hypercalls") == 0)) {
        (void)hypercalls();
    } else if ((argc == 2) && (strcmp(argv[1], "interrupts") == 0)) {
        (void)interrupts();
    } else {
        fprintf(stderr, "usage: storm hypercalls|interrupts\n");
    }
    return EXIT_FAILURE;
}
