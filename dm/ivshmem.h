/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regions of shared memory that the User VM gets as PCI devices with doorbells (1af4:1110). The hypervisor emulates them, at places on the VM's bus 0
 * that the device model's own bus leaves out; the device model chooses the places and where registers and memory are.
 */
#ifndef DM_IVSHMEM_H
#define DM_IVSHMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "dm/hsm.h"
#include "dm/machine.h"
#include "dm/pci.h"

#define IVSHMEM_NAME 16U /* of a region, with its end */

struct ivshmem_device {
    uint64_t size; /* of the region */
    struct acrn_vdev call;
    bool created;
};

struct ivshmem {
    unsigned count;
    struct ivshmem_device device[MACHINE_IVSHMEM_MAX];
};

/* Where HSM has the regions of the Service VM as files region_NAME; for the tests. */
extern const char *ivshmem_regions;

/* Before there is a VM: looks for the regions. False: a message was printed. */
bool ivshmem_prepare(struct ivshmem *all, const char (*names)[IVSHMEM_NAME], unsigned count);
/* The VM exists and does not run: places the devices, and has the hypervisor make them. 0 or -errno. */
int ivshmem_create(struct ivshmem *all, struct pci_bus *bus, struct hsm *hsm);
void ivshmem_destroy(struct ivshmem *all, struct hsm *hsm);

#endif
