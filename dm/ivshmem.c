/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE
#include "dm/ivshmem.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "dm/log.h"

#define VENDOR    0x1AF4U
#define DEVICE    0x1110U
#define REGISTERS 0x2000U /* BAR 0 and BAR 1, a page each */
#define PAGE_4K   0x1000U
#define BAR_WIDE  0xCU    /* 64-bit, prefetchable */
#define PREFIX    "region_"

const char *ivshmem_regions = "/sys/bus/pci/drivers/bulkhead_hsm/*:*";

/* The hypervisor's own; the others are shared memory. */
static bool is_shared(const char *name)
{
    return strcmp(name, "stats") != 0 && strcmp(name, "log") != 0 && strcmp(name, "trace") != 0 && strcmp(name, "crash") != 0;
}

static const char *name_of(const char *path)
{
    return strrchr(path, '/') + sizeof(PREFIX);
}

static void say_unknown(const char *name, const glob_t *found)
{
    char known[256] = "";

    for (size_t i = 0; i < found->gl_pathc; i++) {
        const char *other = name_of(found->gl_pathv[i]);
        size_t used = strlen(known);

        if (is_shared(other)) {
            snprintf(known + used, sizeof(known) - used, "%s%s", (used == 0U) ? "" : ", ", other);
        }
    }
    if (found->gl_pathc == 0U) {
        log_message("--ivshmem %s: no regions; is this the Service VM, and is the module bulkhead_hsm loaded?", name);
    } else {
        log_message("--ivshmem %s: the scenario has no such region of shared memory; there are: %s", name, (known[0] == '\0') ? "none" : known);
    }
}

static bool find_region(struct ivshmem_device *device, const char *name, const glob_t *found)
{
    struct stat status;

    for (size_t i = 0; i < found->gl_pathc && device->size == 0U; i++) {
        if (strcmp(name_of(found->gl_pathv[i]), name) == 0 && is_shared(name) && stat(found->gl_pathv[i], &status) == 0) {
            device->size = (uint64_t)status.st_size;
        }
    }
    return device->size != 0U;
}

/* REQ-DM-015 */
bool ivshmem_prepare(struct ivshmem *all, const char (*names)[IVSHMEM_NAME], unsigned count)
{
    char pattern[128];
    glob_t found = {.gl_pathc = 0};
    bool prepared = true;

    *all = (struct ivshmem){.count = 0};
    snprintf(pattern, sizeof(pattern), "%s/" PREFIX "*", ivshmem_regions);
    if (count != 0U) {
        (void)glob(pattern, 0, NULL, &found);
    }
    for (unsigned i = 0; i < count && prepared; i++) {
        struct ivshmem_device *device = &all->device[i];

        memcpy(device->call.args, names[i], IVSHMEM_NAME);
        prepared = find_region(device, names[i], &found);
        if (prepared) {
            all->count++;
        } else {
            say_unknown(names[i], &found);
        }
    }
    globfree(&found);
    return prepared;
}

static const char *shm_reason(int result)
{
    const char *reason = strerror(-result);

    switch (result) {
    case -ENOENT:
        reason = "the scenario does not open this region to User VMs: name it in shared of user_vms";
        break;
    case -EBUSY:
        reason = "another User VM has it, which is to be stopped first, or another device is at its place";
        break;
    case -ENODEV:
    case -ENOTTY:
        reason = "this hypervisor has no shared memory for User VMs";
        break;
    default:
        break;
    }
    return reason;
}

static bool place(struct ivshmem_device *device, struct pci_bus *bus)
{
    uint64_t memory = 0, registers = 0;
    unsigned slot = pci_bus_reserve(bus);
    bool fits = slot != 0U && pci_bus_place(bus, device->size, &memory) && pci_bus_place(bus, REGISTERS, &registers);

    device->call.id.fields.vendor = VENDOR;
    device->call.id.fields.device = DEVICE;
    device->call.slot = (uint64_t)slot << 3;
    device->call.io_addr[0] = (uint32_t)registers;
    device->call.io_addr[1] = (uint32_t)registers + PAGE_4K;
    device->call.io_addr[2] = (uint32_t)memory | BAR_WIDE;
    device->call.io_size[0] = PAGE_4K;
    device->call.io_size[1] = PAGE_4K;
    device->call.io_size[2] = (uint32_t)device->size;
    return fits;
}

/* REQ-DM-015 */
int ivshmem_create(struct ivshmem *all, struct pci_bus *bus, struct hsm *hsm)
{
    int result = 0;

    for (unsigned i = 0; i < all->count && result == 0; i++) {
        struct ivshmem_device *device = &all->device[i];
        const char *name = (const char *)device->call.args;

        if (!place(device, bus)) {
            log_message("--ivshmem %s: no slot left on the VM's bus, or the region does not fit into the %llu MiB that a User VM has for registers", name,
                        MACHINE_PCI_MMIO_SIZE >> 20);
            result = -ENOSPC;
        } else {
            result = hsm_create_vdev(hsm, &device->call);
            device->created = result == 0;
            if (result == 0) {
                events_write("shared memory given", ",\"region\":\"%s\",\"as\":\"00:%02x.0\"", name, (unsigned)(device->call.slot >> 3));
            } else {
                log_message("--ivshmem %s: %s; 'bhctl log' says more", name, shm_reason(result));
            }
        }
    }
    return result;
}

void ivshmem_destroy(struct ivshmem *all, struct hsm *hsm)
{
    for (unsigned i = all->count; i != 0U; i--) {
        if (all->device[i - 1U].created) {
            (void)hsm_destroy_vdev(hsm, &all->device[i - 1U].call);
            all->device[i - 1U].created = false;
        }
    }
}
