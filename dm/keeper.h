/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process of its own that gives PCI functions back to their drivers once the VM is gone, also when the device model was killed. It
 * is started before there is a VM, so that it holds nothing of it.
 */
#ifndef DM_KEEPER_H
#define DM_KEEPER_H

#include <sys/types.h>

#include "dm/host_pci.h"

struct keeper {
    pid_t process; /* 0: none */
    int pipe;
};

/* functions: in memory that is shared between processes. 0 or -errno. */
int keeper_start(struct keeper *keeper, struct host_function *functions, unsigned count);
/* The VM is gone. Returns when the functions are back. */
void keeper_finish(struct keeper *keeper);

#endif
