/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypercalls that lend devices (docs/decisions/0027-devices-of-user-vms.md). They change stage 2 of the Service VM and owners of the IOMMU's entries, which
 * hypercall_dispatch() is proved not to do: to the isolation theorem they are stage-2 operations and functions that change hands.
 */
#include "core/hypercall_device.h"
#include "core/hypercall_copy.h"
#include "core/hypercall_parts.h"
#include "core/iommu.h"
#include "core/vm.h"
#include "devices/mmio_lent.h"
#include "devices/vpci_lent.h"

static int64_t device_errno(enum status status)
{
    return (status == STATUS_BUSY) ? -HC_EBUSY : hypercall_errno(status);
}

/* vCPUs of the Service VM whose DEASSIGN_PCIDEV executes again, a bit each: the function may have arrived by another one's. */
static uint32_t returns;

/* REQ-HYP-013 */
static int64_t assign(vm_id_t v, uint64_t gpa)
{
    struct hc_pcidev device;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_pcidev(gpa, &device) == STATUS_OK) {
        const struct lent_request request = {
            .place = device.virt_bdf, .bdf = device.phys_bdf, .unreset = (device.type & HC_PCIDEV_QUIRK) != 0U, .bar = device.bar,
        };
        if (((device.type & ~HC_PCIDEV_QUIRK) != 0U) || ((request.place % 8U) != 0U) || (request.place == 0U)) {
            result = -HC_EINVAL; /* not function 0 of a device, or the place of the host bridge */
        } else {
            /* Under way already: the hypercall executes again. */
            const bool begun = vpci_lent_arriving(v, request.place, request.bdf);
            result = begun ? 0 : device_errno(vpci_lend(v, &request));
            if ((result == 0) && !vpci_lent_arrived(v, request.place, request.bdf)) {
                result = HYPERCALL_AGAIN;
            }
        }
    }
    return result;
}

/* REQ-HYP-013 */
static int64_t deassign(vcpu_id_t caller, vm_id_t v, uint64_t gpa)
{
    const uint32_t bit = 1U << vcpu_index(caller);
    struct hc_pcidev device;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_pcidev(gpa, &device) == STATUS_OK) {
        result = hypercall_errno(vpci_lent_return(v, device.virt_bdf, device.phys_bdf));
        if (result != 0) {
            result = ((returns & bit) != 0U) ? 0 : result;
        } else if (!vpci_lent_arrived(v, device.virt_bdf, device.phys_bdf)) {
            result = HYPERCALL_AGAIN;
        } else {
            /* it is back */
        }
    }
    returns = (result == HYPERCALL_AGAIN) ? (returns | bit) : (returns & ~bit);
    return result;
}

/* REQ-HYP-081 */
static int64_t mmio_call(vm_id_t v, uint64_t id, uint64_t gpa)
{
    struct hc_mmiodev device;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_mmiodev(gpa, &device) == STATUS_OK) {
        result = hypercall_errno((id == HC_ASSIGN_MMIODEV) ? mmio_lend(v, &device) : mmio_lent_return(v, &device));
    }
    return result;
}

/* REQ-INT-084 */
static int64_t line_call(vm_id_t v, uint64_t id, uint64_t gpa)
{
    struct hc_ptdev_irq irq;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_ptdev_irq(gpa, &irq) == STATUS_OK) {
        const enum status status = (id == HC_SET_PTDEV_INTR_INFO) ? vpci_lent_line_set(v, &irq) : vpci_lent_line_reset(v, &irq);
        result = device_errno(status);
    }
    return result;
}

static bool names_device(uint64_t id)
{
    return (id >= HC_SET_PTDEV_INTR_INFO) && (id <= HC_DESTROY_VDEV);
}

/* REQ-HYP-013 REQ-HYP-080 */
static int64_t device_call(vcpu_id_t caller, vm_id_t v, uint64_t id, uint64_t gpa)
{
    int64_t result;
    switch (id) {
    case HC_ASSIGN_PCIDEV:
        result = assign(v, gpa);
        break;
    case HC_DEASSIGN_PCIDEV:
        result = deassign(caller, v, gpa);
        break;
    case HC_SET_PTDEV_INTR_INFO:
    case HC_RESET_PTDEV_INTR_INFO:
        result = line_call(v, id, gpa);
        break;
    case HC_CREATE_VDEV:
    case HC_DESTROY_VDEV:
        result = hypercall_vdev(v, id, gpa);
        break;
    default: /* HC_ASSIGN_MMIODEV, HC_DEASSIGN_MMIODEV */
        result = mmio_call(v, id, gpa);
        break;
    }
    return result;
}

/* What must be over before the VM ends or begins anew: 0 then, else HYPERCALL_AGAIN. A VM that runs is refused by the dispatcher. */
/* REQ-LIF-081 */
static int64_t life_call(vm_id_t v, uint64_t id)
{
    const bool stands = (vms[v].state == VM_PAUSED) || (vms[v].state == VM_CREATED);
    bool settled = true;
    if (stands && (id == HC_DESTROY_VM)) {
        mmio_lent_return_all(v);
        vpci_lent_return_all(v);
        settled = vpci_lent_settled(v);
    } else if (stands && (id == HC_RESET_VM)) {
        vpci_lent_restart(v);
        settled = vpci_lent_settled(v);
    } else {
        settled = (id != HC_START_VM) || !stands || vpci_lent_settled(v); /* a function that is on its way would not arrive while the VM runs */
    }
    return settled ? 0 : HYPERCALL_AGAIN;
}

/* REQ-ISO-082 */
static void memory_changed(void)
{
    for (vm_id_t v = VM_FIRST_USER; v < MAX_VM; v++) {
        iommu_flush_vm(v); /* what was added: units that do not look into caches have not seen it */
    }
}

/* REQ-HYP-080 */
int64_t hypercall_call(vcpu_id_t caller, uint64_t id, uint64_t param1, uint64_t param2)
{
    const bool service = vms[vcpu_vm(caller)].kind == VM_KIND_SERVICE;
    int64_t result = 0;
    if (service && names_device(id)) {
        const vm_id_t v = hypercall_target(param1);
        result = (v == ID_NONE) ? -HC_EINVAL : device_call(caller, v, id, param2);
    } else {
        if (service && ((id == HC_DESTROY_VM) || (id == HC_RESET_VM) || (id == HC_START_VM))) {
            const vm_id_t v = hypercall_target(param1);
            result = (v == ID_NONE) ? 0 : life_call(v, id); /* no VM: the dispatcher's answer */
        }
        if (result == 0) {
            result = hypercall_dispatch(caller, id, param1, param2);
        }
        if (service && (id == HC_VM_SET_MEMORY_REGIONS)) {
            memory_changed();
        }
    }
    return result;
}
