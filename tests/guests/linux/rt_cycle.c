// SPDX-License-Identifier: Apache-2.0
/* rt_cycle COUNT: sleeps to an absolute time COUNT times, 1 ms apart, at real-time priority; says how late it woke. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define PERIOD_NS 1000000
#define SECOND_NS 1000000000
#define MAX_COUNT 100000

static int64_t late_ns[MAX_COUNT];

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * SECOND_NS + time->tv_nsec;
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

int main(int argc, char **argv)
{
    int count = (argc == 2) ? atoi(argv[1]) : 0;
    struct sched_param priority = { .sched_priority = 90 };
    struct timespec wake;
    if (count < 1 || count > MAX_COUNT) {
        fprintf(stderr, "usage: rt_cycle COUNT (1 to %d)\n", MAX_COUNT);
        return 2;
    }
    if (sched_setscheduler(0, SCHED_FIFO, &priority) != 0 || mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        perror("rt_cycle");
        return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &wake);
    for (int i = 0; i < count; i++) {
        struct timespec now;
        wake.tv_nsec += PERIOD_NS;
        if (wake.tv_nsec >= SECOND_NS) {
            wake.tv_nsec -= SECOND_NS;
            wake.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        late_ns[i] = nanoseconds(&now) - nanoseconds(&wake);
    }
    qsort(late_ns, (size_t)count, sizeof(late_ns[0]), compare);
    printf("cycle: wakeups %d late_ns min %lld p50 %lld max %lld\n", count, (long long)late_ns[0],
           (long long)late_ns[count / 2], (long long)late_ns[count - 1]);
    return 0;
}
