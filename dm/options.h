/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of bhdm. */
#ifndef DM_OPTIONS_H
#define DM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "dm/ivshmem.h"
#include "dm/machine.h"
#include "dm/mmio.h"
#include "dm/net.h"
#include "dm/passthrough.h"

#define BHDM_VERSION "0.1"

struct disk_option {
    char path[256];
    bool read_only;
};

struct options {
    const char *name, *kernel, *initrd, *cmdline, *console, *serial, *pidfile, *events, *device;
    uint64_t memory_size; /* bytes */
    uint64_t affinity;    /* mask of cores, one vCPU each; 0: one vCPU, the hypervisor chooses its core */
    unsigned vcpu_count;
    struct disk_option disk[MACHINE_DISKS_MAX];
    unsigned disk_count;
    struct function_option function[MACHINE_FUNCTIONS_MAX];
    unsigned function_count;
    char ivshmem[MACHINE_IVSHMEM_MAX][IVSHMEM_NAME]; /* names of regions */
    unsigned ivshmem_count;
    struct mmio_option mmio[MACHINE_MMIO_MAX];
    unsigned mmio_count;
    struct net_option net[MACHINE_NETS_MAX];
    unsigned net_count;
    bool rng, hugepages;
    unsigned stop_timeout_s;
};

enum options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_BAD };

/* DONE: help or version was printed. BAD: a message was. */
enum options_result options_parse(struct options *options, int argc, char **argv);

#endif
