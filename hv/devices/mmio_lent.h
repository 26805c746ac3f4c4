/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices of the Service VM that are no PCI functions, lent to User VMs at run time: the ranges of registers that the scenario lists as fit for it
 * (PART_RANGE_LEND, docs/decisions/0030-mmio-devices-and-interrupt-lines-of-user-vms.md), each as a whole. Lock: shared side.
 */
#ifndef DEVICES_MMIO_LENT_H
#define DEVICES_MMIO_LENT_H

#include "abi/hypercall.h"
#include "core/limits.h"
#include "core/types.h"

/* All ranges of the device, or none and the log says why; those not lent lose their size then. v: a User VM that does not run. */
enum status mmio_lend(vm_id_t v, struct hc_mmiodev *device);
/* STATUS_NOT_FOUND: not all of the ranges are lent to that VM at these places, and nothing changes. */
enum status mmio_lent_return(vm_id_t v, const struct hc_mmiodev *device);
/* Registers, or memory that is none of its own, may be there in a User VM: not an interrupt controller's, and below the end of its memory. */
bool mmio_place_valid(gpa_t gpa, uint64_t size);
/* The VM ends. */
void mmio_lent_return_all(vm_id_t v);

#endif
