// SPDX-License-Identifier: Apache-2.0
/* Regions as files: region_stats, region_log, region_NAME below the hypervisor's PCI device. */
#define _DEFAULT_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bhctl.h"

#define DEVICE_PATTERN "/sys/bus/pci/drivers/bulkhead_hsm/*:*"

bool region_directory(const struct bhctl_options *options, char *directory, size_t size)
{
    glob_t found;
    bool good = false;

    if (options->directory != NULL) {
        good = snprintf(directory, size, "%s", options->directory) < (int)size;
    } else if (glob(DEVICE_PATTERN, 0, NULL, &found) == 0) {
        good = snprintf(directory, size, "%s", found.gl_pathv[0]) < (int)size;
        globfree(&found);
    } else {
        fprintf(stderr, "bhctl: no hypervisor device; is this the Service VM, and is the module bulkhead_hsm loaded?\n");
    }
    return good;
}

static bool region_map(const char *path, size_t minimum, struct bhctl_region *region)
{
    struct stat status;
    void *memory = MAP_FAILED;

    region->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (region->fd >= 0 && fstat(region->fd, &status) == 0 && (size_t)status.st_size >= minimum) {
        region->size = (size_t)status.st_size;
        memory = mmap(NULL, region->size, PROT_READ, MAP_SHARED, region->fd, 0);
    } else if (region->fd >= 0) {
        errno = ENODATA;
    }
    if (memory == MAP_FAILED) {
        int error = errno;
        if (region->fd >= 0) {
            close(region->fd);
        }
        region->fd = -1;
        errno = error;
        return false;
    }
    region->memory = memory;
    return true;
}

bool region_open(const struct bhctl_options *options, const char *name, size_t minimum, struct bhctl_region *region)
{
    char directory[512];
    char path[1024];

    if (!region_directory(options, directory, sizeof(directory))) {
        return false;
    }
    (void)snprintf(path, sizeof(path), "%s/region_%s", directory, name);
    if (!region_map(path, minimum, region)) {
        fprintf(stderr, "bhctl: %s: %s\n", path, errno == ENODATA ? "the region is too small" : strerror(errno));
        return false;
    }
    return true;
}

void region_close(struct bhctl_region *region)
{
    if (region->fd >= 0) {
        (void)munmap((void *)(uintptr_t)region->memory, region->size);
        (void)close(region->fd);
        region->fd = -1;
    }
}

static bool has_telemetry(const struct bhctl_region *region)
{
    const volatile struct rt_telemetry *telemetry = region->memory;

    return telemetry->magic == RT_MAGIC && telemetry->version == RT_VERSION;
}

static bool is_shared_region(const char *name)
{
    return strncmp(name, "region_", 7U) == 0 && strcmp(name, "region_stats") != 0 && strcmp(name, "region_log") != 0 &&
           strcmp(name, "region_trace") != 0 && strcmp(name, "region_crash") != 0;
}

static bool open_first_telemetry(const char *directory, struct bhctl_region *region)
{
    DIR *listing = opendir(directory);
    const struct dirent *entry;
    char path[1024];
    bool found = false;

    while (listing != NULL && !found && (entry = readdir(listing)) != NULL) {
        if (is_shared_region(entry->d_name)) {
            (void)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
            found = region_map(path, sizeof(struct rt_telemetry), region);
            if (found && !has_telemetry(region)) {
                region_close(region);
                found = false;
            }
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    return found;
}

bool region_open_telemetry(const struct bhctl_options *options, struct bhctl_region *region)
{
    char directory[512];
    bool good;

    if (options->region != NULL) {
        good = region_open(options, options->region, sizeof(struct rt_telemetry), region);
        if (good && !has_telemetry(region)) {
            fprintf(stderr, "bhctl: region %s holds no telemetry of a real-time VM\n", options->region);
            region_close(region);
            good = false;
        }
        return good;
    }
    if (!region_directory(options, directory, sizeof(directory))) {
        return false;
    }
    good = open_first_telemetry(directory, region);
    if (!good) {
        fprintf(stderr, "bhctl: no shared region in %s holds telemetry of a real-time VM\n", directory);
    }
    return good;
}
