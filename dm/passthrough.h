/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions of the Service VM that the User VM gets. The hypervisor emulates their configuration space, at an address on the VM's bus 0
 * that the device model's own bus leaves out, and maps their registers; the device model chooses where all of that is.
 */
#ifndef DM_PASSTHROUGH_H
#define DM_PASSTHROUGH_H

#include "dm/host_pci.h"
#include "dm/hsm.h"
#include "dm/keeper.h"
#include "dm/machine.h"
#include "dm/pci.h"

/* As the command line has it. */
struct function_option {
    char address[HOST_PCI_ADDRESS];
    bool as_is;
};

struct passed_function {
    unsigned slot;
    uint32_t bar[HOST_PCI_BARS]; /* registers as the VM finds them */
    bool assigned, has_line;
    bool as_is; /* also without a way to reset it */
};

struct passthrough {
    unsigned count;
    struct host_function *host; /* shared with the keeper; NULL: nothing prepared */
    struct passed_function passed[MACHINE_FUNCTIONS_MAX];
    struct keeper keeper;
};

/* Before there is a VM: looks at the functions and locks them. False: a message was printed. */
bool passthrough_prepare(struct passthrough *all, const struct function_option *options, unsigned count);
int passthrough_start_keeper(struct passthrough *all);
/* The VM exists: takes the functions from their drivers and places them on its bus. 0 or -errno. */
int passthrough_take(struct passthrough *all, struct pci_bus *bus);
/* The VM does not run: the hypervisor gives them to the VM, or back to the Service VM. */
int passthrough_assign(struct passthrough *all, struct hsm *hsm);
void passthrough_deassign(struct passthrough *all, struct hsm *hsm);
/* The VM is gone: returns when all functions are with their former drivers. */
void passthrough_finish(struct passthrough *all);

#endif
