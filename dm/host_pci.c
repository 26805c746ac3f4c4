/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A function is kept from all drivers by a driver_override that is no driver's name; so no module such as pci-stub is needed. The override
 * comes first: a driver that is loaded between unbinding and overriding would get the function.
 */
#define _GNU_SOURCE
#include "dm/host_pci.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "abi/hv_info.h"
#include "dm/pci.h"

#define KEEP_OFF         "bulkhead-user-vm" /* no driver has this name */
#define PATH_SIZE        192U
#define REG_HEADER_TYPE  0x0EU
#define REG_PIN          0x3DU
#define CAP_MSI          0x05U
#define CAP_MSIX         0x11U
#define CAPS_MAX         48U
#define RESOURCE_MEMORY  0x200U      /* IORESOURCE_MEM */
#define RESOURCE_TYPE    0xFU

const char *host_pci_root = "/sys/bus/pci";

/* REQ-DM-013 */
bool host_pci_parse(const char *text, char address[HOST_PCI_ADDRESS], uint16_t *bdf)
{
    unsigned domain = 0, bus = 0, device = 0, number = 0;
    int used = 0;
    bool valid = sscanf(text, "%4x:%2x:%2x.%1u%n", &domain, &bus, &device, &number, &used) == 4 && text[used] == '\0';

    if (!valid) {
        domain = 0;
        used = 0;
        valid = sscanf(text, "%2x:%2x.%1u%n", &bus, &device, &number, &used) == 3 && text[used] == '\0';
    }
    valid = valid && domain == 0U && device < 32U && number < 8U;
    if (valid) {
        snprintf(address, HOST_PCI_ADDRESS, "0000:%02x:%02x.%u", bus & 0xFFU, device & 0x1FU, number & 7U);
        *bdf = (uint16_t)((bus << 8) | (device << 3) | number);
    }
    return valid;
}

static void path_of(char path[PATH_SIZE], const struct host_function *function, const char *file)
{
    snprintf(path, PATH_SIZE, "%s/devices/%s/%s", host_pci_root, function->address, file);
}

/* One line, without its end; "" when there is none. */
static void read_line(const struct host_function *function, const char *file, char *line, size_t size)
{
    char path[PATH_SIZE];
    FILE *stream;

    path_of(path, function, file);
    stream = fopen(path, "re");
    line[0] = '\0';
    if (stream != NULL) {
        if (fgets(line, (int)size, stream) == NULL) {
            line[0] = '\0';
        }
        fclose(stream);
    }
    line[strcspn(line, "\n")] = '\0';
}

static int write_path(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int result = 0;

    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        result = -errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    return result;
}

static int write_file(const struct host_function *function, const char *file, const char *text)
{
    char path[PATH_SIZE];

    path_of(path, function, file);
    return write_path(path, text);
}

static void read_driver(const struct host_function *function, char driver[HOST_PCI_NAME])
{
    char path[PATH_SIZE], target[PATH_SIZE];
    ssize_t length;

    path_of(path, function, "driver");
    length = readlink(path, target, sizeof(target) - 1U);
    target[(length > 0) ? length : 0] = '\0';
    snprintf(driver, HOST_PCI_NAME, "%.*s", (int)HOST_PCI_NAME - 1, (length > 0) ? basename(target) : "");
}

static bool has_messages(const uint8_t config[PCI_CONFIG_SIZE])
{
    uint32_t at = ((config[PCI_REG_STATUS] & 0x10U) != 0U) ? (config[PCI_REG_CAPABILITY] & 0xFCU) : 0U;
    bool found = false;

    for (unsigned i = 0; i < CAPS_MAX && at >= 0x40U && !found; i++) {
        found = config[at] == CAP_MSI || config[at] == CAP_MSIX;
        at = config[at + 1U] & 0xFCU;
    }
    return found;
}

/* One line for each resource: first and last address, flags. */
static bool read_bars(struct host_function *function)
{
    char path[PATH_SIZE];
    FILE *stream;
    bool valid;

    path_of(path, function, "resource");
    stream = fopen(path, "re");
    valid = stream != NULL;
    for (unsigned i = 0; i < HOST_PCI_BARS && valid; i++) {
        uint64_t first, last, flags;

        valid = fscanf(stream, "%" SCNx64 "%" SCNx64 "%" SCNx64, &first, &last, &flags) == 3;
        if (valid && (flags & RESOURCE_MEMORY) != 0U && last > first) {
            function->bar[i] = (struct host_bar){
                .address = first, .size = last - first + 1U, .type = (uint32_t)flags & RESOURCE_TYPE};
        }
    }
    if (stream != NULL) {
        fclose(stream);
    }
    return valid;
}

/* To take their card from its driver would end them, whoever has them. */
static bool has_virtual_functions(const struct host_function *function)
{
    char text[HOST_PCI_NAME];
    unsigned count = 0;

    read_line(function, "sriov_numvfs", text, sizeof(text));
    return sscanf(text, "%u", &count) == 1 && count != 0U;
}

static const char *read_function(struct host_function *function, int fd)
{
    uint8_t config[PCI_CONFIG_SIZE] = {0};
    char text[HOST_PCI_NAME];
    const char *problem = NULL;

    if (pread(fd, config, sizeof(config), 0) < 64 || !read_bars(function)) {
        problem = "its configuration space cannot be read; run bhdm as root";
    } else if ((config[REG_HEADER_TYPE] & 0x7FU) != 0U) {
        problem = "is a bridge, and bridges are not given away; name a function behind it";
    } else if (pci_get16(config, 0) == HV_PCI_VENDOR) {
        problem = "is the hypervisor's own device";
    } else if (has_virtual_functions(function)) {
        problem = "its virtual functions are on; write 0 to its sriov_numvfs first, or name one of them";
    } else {
        function->pin = config[REG_PIN];
        function->messages = has_messages(config);
        read_line(function, "irq", text, sizeof(text));
        function->line = 0;
        (void)sscanf(text, "%u", &function->line);
        read_driver(function, function->driver);
        read_line(function, "power/control", function->power, sizeof(function->power));
        read_line(function, "driver_override", function->override, sizeof(function->override));
        if (strcmp(function->override, "(null)") == 0 || strcmp(function->override, KEEP_OFF) == 0) {
            function->override[0] = '\0';
        }
    }
    return problem;
}

/* REQ-DM-013 */
const char *host_pci_open(struct host_function *function, const char *address)
{
    char path[PATH_SIZE];
    char ours[HOST_PCI_ADDRESS];
    const char *problem = NULL;

    *function = (struct host_function){.lock = -1};
    if (!host_pci_parse(address, ours, &function->bdf)) {
        problem = "is no PCI function; write BUS:DEVICE.FUNCTION as lspci does, such as 00:03.0";
    } else {
        memcpy(function->address, ours, sizeof(ours));
        path_of(path, function, "config");
        function->lock = open(path, O_RDONLY | O_CLOEXEC);
        if (function->lock < 0) {
            problem = "this VM has no such PCI function; /sys/bus/pci/devices lists those that it has";
        } else if (flock(function->lock, LOCK_EX | LOCK_NB) != 0) {
            problem = "another User VM has it; stop that one first";
        } else {
            problem = read_function(function, function->lock);
        }
    }
    if (problem != NULL) {
        host_pci_close(function);
    }
    return problem;
}

void host_pci_close(struct host_function *function)
{
    if (function->lock >= 0) {
        close(function->lock);
        function->lock = -1;
    }
}

/* Which line of the IOAPIC its pin is, ACPI says once the function is switched on; before that, "irq" is what the firmware wrote for the 8259s. */
static void find_line(struct host_function *function)
{
    char text[HOST_PCI_NAME];

    if (write_file(function, "enable", "1") == 0) {
        read_line(function, "irq", text, sizeof(text));
        (void)sscanf(text, "%u", &function->line);
        (void)write_file(function, "enable", "0");
    }
}

/* REQ-DM-014 */
int host_pci_take(struct host_function *function)
{
    int result;

    function->taken = true;
    /* A function that sleeps, or whose port does, cannot be handed over. */
    (void)write_file(function, "power/control", "on");
    result = write_file(function, "driver_override", KEEP_OFF "\n");
    if (result == 0 && function->driver[0] != '\0') {
        result = write_file(function, "driver/unbind", function->address);
    }
    if (result == 0 && !function->messages && function->pin != 0U) {
        find_line(function);
    }
    return result;
}

/* REQ-DM-014 */
int host_pci_give_back(struct host_function *function)
{
    char path[PATH_SIZE];
    char text[HOST_PCI_NAME + 1U];
    int result = 0;

    if (function->taken) {
        snprintf(text, sizeof(text), "%s\n", function->override);
        result = write_file(function, "driver_override", text);
        if (result == 0 && function->driver[0] != '\0') {
            snprintf(path, sizeof(path), "%s/drivers/%s/bind", host_pci_root, function->driver);
            result = write_path(path, function->address);
        }
        if (function->power[0] != '\0') {
            (void)write_file(function, "power/control", function->power);
        }
        function->taken = false;
    }
    return result;
}
