// SPDX-License-Identifier: Apache-2.0
/* hsm_client [GROUP...]: runs the groups of tests and ends with the line "hsm_client: N passed, M failed". */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsm_client.h"

#define WAIT_MS 10000L

static unsigned int passed;
static unsigned int failed;

void check(bool good, const char *name, long value)
{
    if (good) {
        passed++;
    } else {
        failed++;
        printf("FAIL %s (%ld, %s)\n", name, value, value > 0 ? strerror((int)value) : "no error");
        (void)fflush(stdout);
    }
}

long counter(const char *name)
{
    static const char *const places[] = { "/sys/bus/pci/drivers/bulkhead_hsm/*/hsm/", "/sys/class/misc/acrn_hsm/hsm/" };
    char pattern[256];
    glob_t found;
    long value = -1;

    for (size_t i = 0U; i < 2U && value < 0; i++) {
        (void)snprintf(pattern, sizeof(pattern), "%s%s", places[i], name);
        if (glob(pattern, 0, NULL, &found) == 0) {
            FILE *file = fopen(found.gl_pathv[0], "r");
            if (file != NULL && fscanf(file, "%ld", &value) != 1) {
                value = -1;
            }
            if (file != NULL) {
                (void)fclose(file);
            }
            globfree(&found);
        }
    }
    return value;
}

bool counter_becomes(const char *name, long value)
{
    long waited = 0;

    while (counter(name) != value && waited < WAIT_MS) {
        (void)poll(NULL, 0, 10);
        waited += 10;
    }
    return counter(name) == value;
}

void *anonymous(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return memory;
}

bool client_create(struct client *client)
{
    struct acrn_vm_creation creation;

    memset(&creation, 0, sizeof(creation));
    memcpy(&creation.uuid, "hsm-client", 10U);
    client->requests = anonymous(PAGE);
    creation.ioreq_buf = (uint64_t)(uintptr_t)client->requests;
    if (ioctl(client->fd, ACRN_IOCTL_CREATE_VM, &creation) != 0) {
        check(false, "CREATE_VM", errno);
        (void)munmap(client->requests, PAGE);
        return false;
    }
    client->vmid = creation.vmid;
    client->vcpus = creation.vcpu_num;
    return true;
}

bool client_open(struct client *client)
{
    client->fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
    if (client->fd < 0) {
        check(false, "open /dev/acrn_hsm", errno);
        return false;
    }
    if (!client_create(client)) {
        (void)close(client->fd);
        return false;
    }
    return true;
}

void client_close(struct client *client)
{
    (void)close(client->fd);
    (void)munmap(client->requests, PAGE);
}

int client_map(const struct client *client, uint64_t gpa, const void *memory, size_t size)
{
    struct acrn_vm_memmap map = {
        .type = ACRN_MEMMAP_RAM,
        .attr = ACRN_MEM_ACCESS_RWX | ACRN_MEM_TYPE_WB,
        .user_vm_pa = gpa,
        .vma_base = (uint64_t)(uintptr_t)memory,
        .len = size,
    };

    return ioctl(client->fd, ACRN_IOCTL_SET_MEMSEG, &map);
}

static const struct {
    const char *name;
    void (*run)(void);
} groups[] = {
    { "arguments", test_arguments }, { "memory", test_memory }, { "clients", test_clients },
    { "eventfds", test_eventfds }, { "life", test_life }, { "race", test_race }, { "guest", test_guest },
    { "fuzz", test_fuzz }, { "fault", test_fault },
};

static bool wanted(const char *name, int count, char **arguments)
{
    bool found = count < 2;

    for (int i = 1; i < count; i++) {
        found = found || strcmp(arguments[i], name) == 0;
    }
    return found;
}

int main(int count, char **arguments)
{
    for (size_t i = 0U; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (wanted(groups[i].name, count, arguments)) {
            printf("hsm_client: %s\n", groups[i].name);
            (void)fflush(stdout);
            groups[i].run();
            /* Whatever a group did, it leaves nothing behind. */
            check(counter_becomes("vms", 0), "no VM left", counter("vms"));
            check(counter_becomes("pinned_pages", counter("abandoned_pages")), "no page left pinned", counter("pinned_pages"));
            check(counter_becomes("ioeventfds", 0), "no ioeventfd left", counter("ioeventfds"));
            check(counter_becomes("irqfds", 0), "no irqfd left", counter("irqfds"));
            check(groups[i].run == test_fault || counter("abandoned_pages") == 0, "no page abandoned",
                  counter("abandoned_pages"));
        }
    }
    printf("hsm_client: %u passed, %u failed\n", passed, failed);
    return failed == 0U ? 0 : 1;
}
