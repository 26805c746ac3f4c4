// SPDX-License-Identifier: Apache-2.0
/* With the test build of the module: the hypervisor fails where it hurts, and nothing is leaked or reused too early. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsm_client.h"

#define PARAMETERS "/sys/module/bulkhead_hsm/parameters/"
#define HC_CREATE_VM      0x80000010U
#define HC_DESTROY_VM     0x80000011U
#define HC_RESET_VM       0x80000015U
#define HC_SET_IOREQ      0x80000030U
#define HC_SET_REGIONS    0x80000042U
#define SEGMENT (1024U * PAGE)

static void parameter(const char *name, unsigned int value)
{
    char path[128];
    FILE *file;

    (void)snprintf(path, sizeof(path), PARAMETERS "%s", name);
    file = fopen(path, "w");
    EXPECT(file != NULL && fprintf(file, "%u", value) > 0);
    if (file != NULL) {
        EXPECT(fclose(file) == 0);
    }
}

static void fail_next(unsigned int id, unsigned int skip, unsigned int count, bool after)
{
    parameter("fault_count", 0U);
    parameter("fault_id", id);
    parameter("fault_skip", skip);
    parameter("fault_after", after ? 1U : 0U);
    parameter("fault_count", count);
}

/* Touched in an order that leaves few physical neighbours, so that it takes several hypercalls. */
static char *scattered(size_t size)
{
    char *memory = anonymous(size);
    char *other = anonymous(size);

    (void)madvise(memory, size, MADV_NOHUGEPAGE);
    (void)madvise(other, size, MADV_NOHUGEPAGE);
    for (size_t i = 0U; i < size; i += PAGE) {
        memory[i] = 1;
        other[(i * 7U) % size] = 1;
    }
    (void)munmap(other, size);
    return memory;
}

static void creation_fails_at_each_step(void)
{
    struct acrn_vm_creation creation;
    void *page = anonymous(PAGE);
    int fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);

    memset(&creation, 0, sizeof(creation));
    creation.ioreq_buf = (uint64_t)(uintptr_t)page;
    fail_next(HC_CREATE_VM, 0U, 1U, false);
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EIO);
    fail_next(HC_SET_IOREQ, 0U, 1U, false);
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EIO);
    fail_next(HC_SET_IOREQ, 0U, 1U, true);
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EIO);
    EXPECT(counter("vms") == 0 && counter("pinned_pages") == 0);
    /* All slots of the hypervisor are free again. */
    for (unsigned int i = 0U; i < 20U; i++) {
        EXPECT(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation) == 0);
        EXPECT(ioctl(fd, ACRN_IOCTL_DESTROY_VM, 0) == 0);
    }
    (void)close(fd);
    (void)munmap(page, PAGE);
}

/* REQ-HSM-007 */
static void a_segment_that_fails_half_way_is_taken_back(void)
{
    char *memory = scattered(SEGMENT);
    struct client client;

    if (client_open(&client)) {
        for (unsigned int skip = 0U; skip < 3U; skip++) {
            fail_next(HC_SET_REGIONS, skip, 1U, (skip & 1U) != 0U);
            int result = client_map(&client, 0U, memory, SEGMENT);
            if (result == 0) { /* the pages were neighbours after all: fewer calls than that */
                fail_next(0U, 0U, 0U, false);
                break;
            }
            EXPECT(errno == EIO);
            EXPECT(counter("pinned_pages") == 1);
        }
        EXPECT(client_map(&client, 2U * SEGMENT, memory, SEGMENT) == 0); /* nothing is in the way */
        client_close(&client);
    }
    (void)munmap(memory, SEGMENT);
}

/* The guest may still reach the pages: they stay pinned until the VM is gone. */
static void a_segment_that_cannot_be_taken_back_stays(void)
{
    char *memory = scattered(SEGMENT);
    struct client client;

    if (client_open(&client)) {
        fail_next(HC_SET_REGIONS, 0U, 2U, true);
        EXPECT_ERROR(client_map(&client, 0U, memory, SEGMENT), EIO);
        fail_next(0U, 0U, 0U, false);
        EXPECT(counter("pinned_pages") == 1 + (long)(SEGMENT / PAGE));
        EXPECT_ERROR(client_map(&client, 0U, memory, SEGMENT), EEXIST);
        client_close(&client);
    }
    EXPECT(counter("pinned_pages") == 0);
    (void)munmap(memory, SEGMENT);
}

/* REQ-HSM-004 */
static void destruction_may_be_tried_again(void)
{
    char *memory = anonymous(SEGMENT);
    struct client client;

    if (client_open(&client)) {
        EXPECT(client_map(&client, 0U, memory, SEGMENT) == 0);
        fail_next(HC_DESTROY_VM, 0U, 1U, false);
        EXPECT_ERROR(ioctl(client.fd, ACRN_IOCTL_DESTROY_VM, 0), EIO);
        EXPECT(counter("vms") == 1 && counter("pinned_pages") == 1 + (long)(SEGMENT / PAGE));
        EXPECT_ERROR(ioctl(client.fd, ACRN_IOCTL_START_VM, 0), EINVAL);
        EXPECT_ERROR(ioctl(client.fd, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 0), EINVAL);
        EXPECT_ERROR(ioctl(client.fd, ACRN_IOCTL_CREATE_VM, client.requests), EBUSY);
        EXPECT(ioctl(client.fd, ACRN_IOCTL_DESTROY_VM, 0) == 0);
        EXPECT(counter("vms") == 0 && counter("pinned_pages") == 0);
        client_close(&client);
    }
    (void)munmap(memory, SEGMENT);
}

/* REQ-HSM-004 */
static void what_cannot_be_destroyed_is_never_reused(void)
{
    char *memory = anonymous(SEGMENT);
    struct client client;

    if (client_open(&client)) {
        EXPECT(client_map(&client, 0U, memory, SEGMENT) == 0);
        fail_next(HC_DESTROY_VM, 0U, 1U, true); /* so that the hypervisor's slot is free after all */
        client_close(&client);
        EXPECT(counter("vms") == 0);
        EXPECT(counter("abandoned_pages") == 1 + (long)(SEGMENT / PAGE));
        EXPECT(counter("pinned_pages") == 1 + (long)(SEGMENT / PAGE));
    }
    (void)munmap(memory, SEGMENT);
    if (client_open(&client)) { /* others go on */
        client_close(&client);
    }
}

void test_fault(void)
{
    if (access(PARAMETERS "fault_id", F_OK) != 0) {
        printf("hsm_client: not the test build of the module\n");
    } else {
        creation_fails_at_each_step();
        a_segment_that_fails_half_way_is_taken_back();
        a_segment_that_cannot_be_taken_back_stays();
        destruction_may_be_tried_again();
        what_cannot_be_destroyed_is_never_reused();
        printf("hsm_client: %ld pages abandoned on purpose\n", counter("abandoned_pages"));
    }
}
