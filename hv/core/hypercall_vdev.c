/* SPDX-License-Identifier: Apache-2.0 */
/* Hypercalls about devices that the hypervisor emulates in User VMs: shared memory with doorbells. */
#include "core/hypercall_copy.h"
#include "core/hypercall_device.h"
#include "core/hypercall_parts.h"
#include "devices/ivshmem.h"

#define BAR_ADDRESS 0xFFFFFFF0U
#define PREFIX      4U /* of ACRN's names, "hv:/": no name of the scenario has a colon */

static int64_t vdev_errno(enum status status)
{
    int64_t result;
    switch (status) {
    case STATUS_NOT_FOUND:
        result = -HC_ENOENT;
        break;
    case STATUS_BUSY:
        result = -HC_EBUSY;
        break;
    default:
        result = hypercall_errno(status);
        break;
    }
    return result;
}

static enum status vdev_create(vm_id_t v, const struct hc_vdev *device)
{
    const struct ivshmem_request request = {
        .place = (uint16_t)device->slot,
        .registers = (uint64_t)device->io_addr[0] & BAR_ADDRESS,
        .table = (uint64_t)device->io_addr[1] & BAR_ADDRESS,
        .memory = ((uint64_t)device->io_addr[2] & BAR_ADDRESS) | ((uint64_t)device->io_addr[3] << 32),
        .size = device->io_size[2],
        .name = &device->args[(device->args[PREFIX - 2U] == (uint8_t)':') ? PREFIX : 0U],
    };
    return ivshmem_take(v, &request);
}

/* REQ-HYP-085 */
int64_t hypercall_vdev(vm_id_t v, uint64_t id, uint64_t gpa)
{
    struct hc_vdev device;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_vdev(gpa, &device) == STATUS_OK) {
        if (device.id != HC_VDEV_IVSHMEM) {
            result = -HC_ENODEV;
        } else if ((device.slot == 0U) || (device.slot > 0xFFFFU)) {
            result = -HC_EINVAL; /* the place of the host bridge, or none */
        } else {
            result = vdev_errno((id == HC_CREATE_VDEV) ? vdev_create(v, &device) : ivshmem_drop(v, (uint16_t)device.slot));
        }
    }
    return result;
}
