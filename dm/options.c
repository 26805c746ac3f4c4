/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm/options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dm/console.h"
#include "dm/hsm.h"
#include "dm/log.h"
#include "dm/memory.h"

#define MEMORY_MIN     (32ULL << 20)
#define MEMORY_MAX     (256ULL << 30)
#define DEFAULT_DEVICE "/dev/acrn_hsm"
#define DEFAULT_CMDLINE "console=hvc0"
#define STOP_TIMEOUT_S 20U

static const char usage[] =
    "Usage: bhdm --name NAME --kernel BZIMAGE --memory SIZE [OPTION]...\n"
    "Run a Linux User VM on Bulkhead. Runs until the guest powers off.\n"
    "\n"
    "  --name NAME          name of the VM: 1 to 15 letters, digits, '-', '_', '.'\n"
    "  --kernel BZIMAGE     Linux kernel to boot\n"
    "  --initrd FILE        its initial RAM disk\n"
    "  --cmdline STRING     its command line (default: console=hvc0)\n"
    "  --memory SIZE        RAM, a multiple of 2M: 512M, 2G\n"
    "  --hugepages          fail unless hugetlbfs provides all of the RAM\n"
    "  --cpus N             number of vCPUs, each on a core of its own (default: 1, where the hypervisor chooses)\n"
    "  --affinity MASK      the cores, as a mask (0x6: cores 1 and 2); instead of --cpus\n"
    "  --console WHERE      virtio console, hvc0 in the guest (default: stdio)\n"
    "  --serial WHERE       serial port, ttyS0 in the guest (default: none)\n"
    "                       WHERE: stdio, none, pty, file:PATH, unix:PATH (a socket to connect to),\n"
    "                       or the path of a terminal such as /dev/ttyS3\n"
    "  --disk file=PATH[,ro]  virtio disk, vda first, on a raw image or a block device; up to 8\n"
    "  --net link:PATH[,mac=XX:XX:XX:XX:XX:XX]  network device; its cable goes to the VM that has the same PATH, a socket\n"
    "                       of the Service VM; up to 4\n"
    "  --pci BB:DD.F[,as-is]  a PCI function of the Service VM, with its registers, DMA and interrupts; up to 4;\n"
    "                       as-is: also one that cannot be reset between its owners\n"
    "  --ivshmem REGION     shared memory with doorbells, a region that the scenario opens to User VMs; up to 4\n"
    "  --mmio BASE,SIZE[,guest=GPA]  registers of a device of the Service VM that is no PCI function, which the\n"
    "                       scenario lists under lend_mmio; up to 4; guest: where the VM finds them (default: BASE)\n"
    "  --rng                virtio entropy source\n"
    "  --pidfile FILE       holds the process id while the VM exists\n"
    "  --events FILE        append one JSON line for each of: created, started, console ready, reset,\n"
    "                       link up, link down, poweroff, stopped, crashed, failed (also: --status-file)\n"
    "  --stop-timeout S     seconds between the power button and pulling the plug (default: 20)\n"
    "  --hsm PATH           the hypervisor's device (default: " DEFAULT_DEVICE ")\n"
    "  --help, --version\n"
    "\n"
    "SIGTERM and SIGINT press the power button; a second one, or a guest that does not listen, stops\n"
    "the VM at once. With --console stdio on a terminal, Ctrl-] does the same.\n"
    "Exit status: 0 powered off or stopped, 2 bad argument or image (nothing was created),\n"
    "3 the hypervisor or HSM failed, 4 the guest crashed.\n";

enum option_id {
    OPT_NAME = 256, OPT_KERNEL, OPT_INITRD, OPT_CMDLINE, OPT_MEMORY, OPT_HUGEPAGES, OPT_CPUS, OPT_AFFINITY,
    OPT_CONSOLE, OPT_SERIAL, OPT_DISK, OPT_NET, OPT_PCI, OPT_IVSHMEM, OPT_MMIO, OPT_RNG, OPT_PIDFILE, OPT_EVENTS,
    OPT_STOP_TIMEOUT, OPT_HSM,
    OPT_HELP, OPT_VERSION
};

static const struct option long_options[] = {
    {"name", required_argument, NULL, OPT_NAME},         {"kernel", required_argument, NULL, OPT_KERNEL},
    {"initrd", required_argument, NULL, OPT_INITRD},     {"cmdline", required_argument, NULL, OPT_CMDLINE},
    {"memory", required_argument, NULL, OPT_MEMORY},     {"hugepages", no_argument, NULL, OPT_HUGEPAGES},
    {"cpus", required_argument, NULL, OPT_CPUS},         {"affinity", required_argument, NULL, OPT_AFFINITY},
    {"console", required_argument, NULL, OPT_CONSOLE},   {"serial", required_argument, NULL, OPT_SERIAL},
    {"disk", required_argument, NULL, OPT_DISK},         {"rng", no_argument, NULL, OPT_RNG},
    {"pidfile", required_argument, NULL, OPT_PIDFILE},   {"events", required_argument, NULL, OPT_EVENTS},
    {"status-file", required_argument, NULL, OPT_EVENTS}, {"stop-timeout", required_argument, NULL, OPT_STOP_TIMEOUT},
    {"hsm", required_argument, NULL, OPT_HSM},           {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},         {"pci", required_argument, NULL, OPT_PCI},
    {"ivshmem", required_argument, NULL, OPT_IVSHMEM},   {"net", required_argument, NULL, OPT_NET},
    {"mmio", required_argument, NULL, OPT_MMIO},
    {NULL, 0, NULL, 0},
};

static bool parse_number(const char *text, int base, uint64_t *value, const char **rest)
{
    char *end = NULL;

    errno = 0;
    *value = strtoull(text, &end, base);
    *rest = end;
    return isxdigit((unsigned char)text[0]) && end != text && errno == 0;
}

static bool parse_whole(const char *text, int base, uint64_t min, uint64_t max, uint64_t *value)
{
    const char *rest;

    return parse_number(text, base, value, &rest) && *rest == '\0' && *value >= min && *value <= max;
}

static bool parse_memory(const char *text, uint64_t *size)
{
    const char *rest;
    uint64_t number = 0;
    bool valid = parse_number(text, 10, &number, &rest) && number <= (MEMORY_MAX >> 20);
    unsigned shift = 0;

    if (valid) {
        shift = (strcasecmp(rest, "M") == 0) ? 20U : ((strcasecmp(rest, "G") == 0) ? 30U : 0U);
        *size = number << shift;
        valid = shift != 0U && *size >= MEMORY_MIN && *size <= MEMORY_MAX && *size % MEMORY_PAGE_2M == 0U;
    }
    return valid;
}

static bool valid_name(const char *name)
{
    size_t length = strlen(name);
    bool valid = length >= 1U && length < HSM_NAME_SIZE;

    for (size_t i = 0; i < length && valid; i++) {
        valid = isalnum((unsigned char)name[i]) || strchr("-_.", name[i]) != NULL;
    }
    return valid;
}

static bool add_disk(struct options *options, const char *text)
{
    const char *end = text + strlen(text);
    bool valid = strncmp(text, "file=", 5) == 0 && options->disk_count < MACHINE_DISKS_MAX;

    if (valid) {
        struct disk_option *disk = &options->disk[options->disk_count];
        size_t length;

        text += 5;
        disk->read_only = end - text >= 3 && strcmp(end - 3, ",ro") == 0;
        length = (size_t)(end - text) - (disk->read_only ? 3U : 0U);
        valid = length >= 1U && length < sizeof(disk->path);
        if (valid) {
            memcpy(disk->path, text, length);
            disk->path[length] = '\0';
            options->disk_count++;
        }
    }
    return valid;
}

/* BB:DD.F or BB:DD.F,as-is; each function once. */
static bool add_function(struct options *options, const char *text)
{
    struct function_option function = {.as_is = false};
    size_t length = strcspn(text, ",");
    char address[HOST_PCI_ADDRESS];
    uint16_t bdf;
    bool valid = options->function_count < MACHINE_FUNCTIONS_MAX && length < sizeof(address);

    if (valid) {
        snprintf(address, sizeof(address), "%.*s", (int)length, text);
        function.as_is = text[length] != '\0';
        valid = host_pci_parse(address, function.address, &bdf) && (!function.as_is || strcmp(text + length, ",as-is") == 0);
    }
    for (unsigned i = 0; i < options->function_count && valid; i++) {
        valid = strcmp(options->function[i].address, function.address) != 0;
    }
    if (valid) {
        options->function[options->function_count] = function;
        options->function_count++;
    }
    return valid;
}

/* Each region once. */
static bool add_ivshmem(struct options *options, const char *name)
{
    bool valid = options->ivshmem_count < MACHINE_IVSHMEM_MAX && valid_name(name);

    for (unsigned i = 0; i < options->ivshmem_count && valid; i++) {
        valid = strcmp(options->ivshmem[i], name) != 0;
    }
    if (valid) {
        strcpy(options->ivshmem[options->ivshmem_count], name);
        options->ivshmem_count++;
    }
    return valid;
}

static bool add_mmio(struct options *options, const char *text)
{
    const char *problem = "4 ranges are the most";

    if (options->mmio_count < MACHINE_MMIO_MAX) {
        problem = mmio_parse(text, &options->mmio[options->mmio_count]);
    }
    if (problem == NULL) {
        options->mmio_count++;
    } else {
        log_message("--mmio %s: %s", text, problem);
    }
    return problem == NULL;
}

/* Each path once: a VM has no link to itself. */
static bool add_net(struct options *options, const char *text)
{
    struct net_option net;
    const char *problem = net_parse(text, &net);

    if (problem == NULL && options->net_count >= MACHINE_NETS_MAX) {
        problem = "4 network devices are the most";
    }
    for (unsigned i = 0; i < options->net_count && problem == NULL; i++) {
        problem = (strcmp(options->net[i].path, net.path) == 0) ? "the VM has this link already" : NULL;
    }
    if (problem == NULL) {
        options->net[options->net_count] = net;
        options->net_count++;
    } else {
        log_message("--net %s: %s", text, problem);
    }
    return problem == NULL;
}

static bool valid_console(const char *text)
{
    enum console_kind kind;
    const char *path;

    return console_parse(text, &kind, &path);
}

/* Options with a value that is checked by itself. */
static bool take_checked(struct options *options, int id, const char *value)
{
    uint64_t number = 0;
    bool valid = false;

    switch (id) {
    case OPT_NAME:
        options->name = value;
        valid = valid_name(value);
        break;
    case OPT_MEMORY:
        valid = parse_memory(value, &options->memory_size);
        break;
    case OPT_CPUS:
        valid = parse_whole(value, 10, 1, MACHINE_VCPUS_MAX, &number);
        options->vcpu_count = (unsigned)number;
        break;
    case OPT_AFFINITY:
        valid = parse_whole(value, 0, 1, UINT64_MAX, &options->affinity) &&
                __builtin_popcountll(options->affinity) <= (int)MACHINE_VCPUS_MAX;
        break;
    case OPT_CONSOLE:
        options->console = value;
        valid = valid_console(value);
        break;
    case OPT_SERIAL:
        options->serial = value;
        valid = valid_console(value);
        break;
    case OPT_DISK:
        valid = add_disk(options, value);
        break;
    case OPT_NET:
        valid = add_net(options, value);
        break;
    case OPT_PCI:
        valid = add_function(options, value);
        break;
    case OPT_IVSHMEM:
        valid = add_ivshmem(options, value);
        break;
    case OPT_MMIO:
        valid = add_mmio(options, value);
        break;
    case OPT_STOP_TIMEOUT:
        valid = parse_whole(value, 10, 0, 3600, &number);
        options->stop_timeout_s = (unsigned)number;
        break;
    default:
        break;
    }
    return valid;
}

static bool take(struct options *options, int id, const char *value)
{
    bool valid = true;

    switch (id) {
    case OPT_KERNEL:
        options->kernel = value;
        break;
    case OPT_INITRD:
        options->initrd = value;
        break;
    case OPT_CMDLINE:
        options->cmdline = value;
        break;
    case OPT_HUGEPAGES:
        options->hugepages = true;
        break;
    case OPT_RNG:
        options->rng = true;
        break;
    case OPT_PIDFILE:
        options->pidfile = value;
        break;
    case OPT_EVENTS:
        options->events = value;
        break;
    case OPT_HSM:
        options->device = value;
        break;
    default:
        valid = take_checked(options, id, value);
        break;
    }
    return valid;
}

/* Without a mask the hypervisor chooses the core of a single vCPU: it knows which ones the scenario allows and which
 * carry least. For more: cores from the top, because core 0 carries the Service VM's upcalls. */
static const char *choose_cores(struct options *options)
{
    const char *problem = NULL;

    if (options->affinity != 0U) {
        unsigned cores = (unsigned)__builtin_popcountll(options->affinity);

        if (options->vcpu_count != 0U && options->vcpu_count != cores) {
            problem = "--cpus and --affinity disagree";
        }
        options->vcpu_count = cores;
    } else {
        long online = sysconf(_SC_NPROCESSORS_ONLN);

        options->vcpu_count = (options->vcpu_count == 0U) ? 1U : options->vcpu_count;
        if (online < 1 || online > 63 || options->vcpu_count > (unsigned)online) {
            problem = "more vCPUs than cores; each vCPU needs one of its own";
        } else if (options->vcpu_count > 1U) {
            options->affinity = ((1ULL << options->vcpu_count) - 1U) << ((unsigned)online - options->vcpu_count);
        } else {
            options->affinity = 0U;
        }
    }
    return problem;
}

static const char *complete(struct options *options)
{
    const char *problem = NULL;

    if (options->name == NULL) {
        problem = "--name is missing";
    } else if (options->kernel == NULL) {
        problem = "--kernel is missing";
    } else if (options->memory_size == 0U) {
        problem = "--memory is missing";
    } else if (strcmp(options->console, "stdio") == 0 && strcmp(options->serial, "stdio") == 0) {
        problem = "--console and --serial cannot both be stdio";
    } else {
        problem = choose_cores(options);
    }
    return problem;
}

/* REQ-DM-009 */
enum options_result options_parse(struct options *options, int argc, char **argv)
{
    enum options_result result = OPTIONS_RUN;
    int id;

    *options = (struct options){.cmdline = DEFAULT_CMDLINE, .console = "stdio", .serial = "none",
                                .device = DEFAULT_DEVICE, .stop_timeout_s = STOP_TIMEOUT_S};
    optind = 0; /* tests parse more than once */
    while (result == OPTIONS_RUN && (id = getopt_long(argc, argv, "+", long_options, NULL)) != -1) {
        if (id == OPT_HELP || id == OPT_VERSION) {
            fputs((id == OPT_HELP) ? usage : "bhdm " BHDM_VERSION "\n", stdout);
            result = OPTIONS_DONE;
        } else if (id == '?') {
            result = OPTIONS_BAD;
        } else if (!take(options, id, optarg)) {
            log_message("bad value '%s' (see bhdm --help)", optarg);
            result = OPTIONS_BAD;
        } else {
            /* next */
        }
    }
    if (result == OPTIONS_RUN) {
        const char *problem = (optind < argc) ? "takes no arguments but options" : complete(options);

        if (problem != NULL) {
            log_message("%s (see bhdm --help)", problem);
            result = OPTIONS_BAD;
        }
    }
    return result;
}
