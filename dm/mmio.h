/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of the Service VM that are no PCI functions: ranges of registers that the scenario lets User VMs have (lend_mmio). */
#ifndef DM_MMIO_H
#define DM_MMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "dm/hsm.h"
#include "dm/machine.h"

/* As the command line has it. */
struct mmio_option {
    uint64_t base, size; /* of the machine */
    uint64_t guest;      /* where the VM finds it */
};

struct mmio_ranges {
    unsigned assigned; /* the first ones of the command line */
};

/* BASE,SIZE or BASE,SIZE,guest=GPA. NULL, or what is wrong, in words. */
const char *mmio_parse(const char *text, struct mmio_option *option);
/* The VM does not run: the hypervisor gives them to the VM, or back to the Service VM. 0 or -errno. */
int mmio_assign(struct mmio_ranges *ranges, const struct mmio_option *options, unsigned count, struct hsm *hsm);
void mmio_deassign(struct mmio_ranges *ranges, const struct mmio_option *options, struct hsm *hsm);

#endif
