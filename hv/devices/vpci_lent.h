/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCI functions of the Service VM that are lent to User VMs at run time (docs/decisions/0027-devices-of-user-vms.md). The hypervisor answers for
 * the function at its place on the User VM's bus, and keeps its registers mapped where the User VM has its BARs. A function that is being handed
 * over is drained and reset first, which takes up to 200 ms and is done in steps; it is nobody's meanwhile: neither the Service VM nor the User VM
 * sees it, its registers are mapped to neither, and it reaches no memory. Lock: shared side.
 */
#ifndef DEVICES_VPCI_LENT_H
#define DEVICES_VPCI_LENT_H

#include "abi/hypercall.h"
#include "core/limits.h"
#include "core/types.h"

#define LENT_FUNCTIONS 8U /* in all */
#define LENT_PER_VM    4U
#define LENT_BARS      6U

extern uint32_t vpci_user_count; /* functions of User VMs that the hypervisor answers for: lent ones, also on their way, and ends of shared memory. Without any, their accesses need no look at whose they are */

struct lent_request {
    uint16_t place;         /* where the User VM sees it: function 0 of a device */
    uint16_t bdf;           /* of the machine */
    bool unreset;           /* also without a way to reset it */
    const uint32_t *bar;    /* LENT_BARS registers as the User VM finds them */
};

/* Begins to hand the function over; v is a User VM in VM_CREATED. Else it stays what it was, and the log says why: STATUS_NO_DEVICE: no IOMMU;
 * STATUS_NO_MEMORY: no record, or no tables left; STATUS_BUSY: another device is in its place; STATUS_DENIED: all the rest. */
enum status vpci_lend(vm_id_t v, const struct lent_request *request);
/* A function that is lent, or on its way, or shared memory has that place on the VM's bus. */
bool vpci_lent_taken(vm_id_t v, uint16_t place);
/* Begins to give it back. STATUS_NOT_FOUND: that VM has no such function there. */
enum status vpci_lent_return(vm_id_t v, uint16_t place, uint16_t bdf);
void vpci_lent_return_all(vm_id_t v);
/* Begins to reset all functions that the VM keeps, as for its next life, unless that is under way. */
void vpci_lent_restart(vm_id_t v);
/* Does what can be done by now; true: no function of the VM is in between, or not that one, which is on its way. */
bool vpci_lent_settled(vm_id_t v);
bool vpci_lent_arrived(vm_id_t v, uint16_t place, uint16_t bdf);
/* Whether the VM has such a function that is on its way to it. */
bool vpci_lent_arriving(vm_id_t v, uint16_t place, uint16_t bdf);

/* Its interrupt line becomes the VM's, or the Service VM's again. STATUS_NOT_FOUND: the VM has no such function there, or that has no such line; STATUS_INVALID: a
 * message, a line of the 8259s, or no pin; STATUS_BUSY: somebody else uses the line, which the log says. */
enum status vpci_lent_line_set(vm_id_t v, const struct hc_ptdev_irq *irq);
enum status vpci_lent_line_reset(vm_id_t v, const struct hc_ptdev_irq *irq);

/* Ports 0xCF8 to 0xCFF of a User VM. True: the access is to a function lent to it, and done. The address register is the device model's, too. */
bool vpci_lent_port_read(vm_id_t v, uint16_t port, uint32_t size, uint32_t *value);
bool vpci_lent_port_write(vm_id_t v, uint16_t port, uint32_t size, uint32_t value);
/* A page that holds an MSI-X table of a function lent to v, where v has its BAR: accesses go to *hpa, by vpci_msix_mmio_*(). */
bool vpci_lent_page(vm_id_t v, gpa_t gpa, hpa_t *hpa);
/* A BAR of a function lent to v is mapped there, or its table would be. */
bool vpci_lent_meets(vm_id_t v, gpa_t base, uint64_t size);

#endif
