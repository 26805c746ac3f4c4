/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <sys/ioctl.h>

#include "abi/hsm.h"
#include "dm/hsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct hsm {
    int fd;
    uint16_t vmid;
    bool created;
    bool plain; /* the module has ACRN's calls only */
    struct acrn_io_request_buffer *page;
};

_Static_assert(sizeof(struct acrn_io_request_buffer) == 4096U, "the request page is one page");

static int request(struct hsm *hsm, unsigned long code, void *argument)
{
    return (ioctl(hsm->fd, code, argument) < 0) ? -errno : 0;
}

struct hsm *hsm_open(const char *path)
{
    struct hsm *hsm = calloc(1, sizeof(*hsm));
    int saved;

    if (hsm != NULL) {
        hsm->fd = open(path, O_RDWR | O_CLOEXEC);
        hsm->page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (hsm->fd < 0 || hsm->page == MAP_FAILED) {
            saved = errno;
            hsm_close(hsm);
            errno = saved;
            hsm = NULL;
        }
    }
    return hsm;
}

void hsm_close(struct hsm *hsm)
{
    if (hsm->created) {
        hsm_destroy_vm(hsm);
    }
    if (hsm->fd >= 0) {
        close(hsm->fd);
    }
    if (hsm->page != MAP_FAILED) {
        munmap(hsm->page, 4096);
    }
    free(hsm);
}

int hsm_create_vm(struct hsm *hsm, const char *name, uint64_t affinity, uint16_t *vmid, uint16_t *vcpu_count)
{
    struct acrn_vm_creation creation = {0};
    int result;

    _Static_assert(sizeof(creation.uuid) == HSM_NAME_SIZE, "the UUID field carries the name");
    memcpy(&creation.uuid, name, strnlen(name, HSM_NAME_SIZE));
    creation.ioreq_buf = (uintptr_t)hsm->page;
    creation.cpu_affinity = affinity;
    result = request(hsm, ACRN_IOCTL_CREATE_VM, &creation);
    if (result == 0) {
        hsm->created = true;
        hsm->vmid = creation.vmid;
        *vmid = creation.vmid;
        *vcpu_count = creation.vcpu_num;
    }
    return result;
}

int hsm_destroy_vm(struct hsm *hsm)
{
    int result = request(hsm, ACRN_IOCTL_DESTROY_VM, NULL);

    if (result == 0) {
        hsm->created = false;
    }
    return result;
}

int hsm_start_vm(struct hsm *hsm)
{
    return request(hsm, ACRN_IOCTL_START_VM, NULL);
}

int hsm_pause_vm(struct hsm *hsm)
{
    return request(hsm, ACRN_IOCTL_PAUSE_VM, NULL);
}

int hsm_reset_vm(struct hsm *hsm)
{
    return request(hsm, ACRN_IOCTL_RESET_VM, NULL);
}

int hsm_set_vcpu_regs(struct hsm *hsm, const struct acrn_vcpu_regs *regs)
{
    struct acrn_vcpu_regs copy = *regs;

    return request(hsm, ACRN_IOCTL_SET_VCPU_REGS, &copy);
}

int hsm_map_memory(struct hsm *hsm, uint64_t gpa, void *hva, uint64_t size)
{
    struct acrn_vm_memmap map = {
        .type = ACRN_MEMMAP_RAM,
        .attr = ACRN_MEM_ACCESS_RWX | ACRN_MEM_TYPE_WB,
        .user_vm_pa = gpa,
        .vma_base = (uintptr_t)hva,
        .len = size,
    };

    return request(hsm, ACRN_IOCTL_SET_MEMSEG, &map);
}

int hsm_inject_msi(struct hsm *hsm, uint64_t address, uint32_t data)
{
    struct acrn_msi_entry msi = {.msi_addr = address, .msi_data = data};

    return request(hsm, ACRN_IOCTL_INJECT_MSI, &msi);
}

int hsm_set_irq_line(struct hsm *hsm, uint32_t gsi, bool high)
{
    /* By value: GSI in bits 31:0, operation in 63:32 (0 high, 1 low). */
    uint64_t operation = gsi | ((high ? 0ULL : 1ULL) << 32);

    return (ioctl(hsm->fd, ACRN_IOCTL_SET_IRQLINE, operation) < 0) ? -errno : 0;
}

int hsm_assign_pcidev(struct hsm *hsm, const struct acrn_pcidev *device)
{
    struct acrn_pcidev copy = *device;

    return request(hsm, ACRN_IOCTL_ASSIGN_PCIDEV, &copy);
}

int hsm_deassign_pcidev(struct hsm *hsm, const struct acrn_pcidev *device)
{
    struct acrn_pcidev copy = *device;

    return request(hsm, ACRN_IOCTL_DEASSIGN_PCIDEV, &copy);
}

int hsm_assign_mmiodev(struct hsm *hsm, const struct acrn_mmiodev *device)
{
    struct acrn_mmiodev copy = *device;

    return request(hsm, ACRN_IOCTL_ASSIGN_MMIODEV, &copy);
}

int hsm_deassign_mmiodev(struct hsm *hsm, const struct acrn_mmiodev *device)
{
    struct acrn_mmiodev copy = *device;

    return request(hsm, ACRN_IOCTL_DEASSIGN_MMIODEV, &copy);
}

int hsm_set_ptdev_intr(struct hsm *hsm, const struct acrn_ptdev_irq *irq)
{
    struct acrn_ptdev_irq copy = *irq;

    return request(hsm, ACRN_IOCTL_SET_PTDEV_INTR, &copy);
}

int hsm_reset_ptdev_intr(struct hsm *hsm, const struct acrn_ptdev_irq *irq)
{
    struct acrn_ptdev_irq copy = *irq;

    return request(hsm, ACRN_IOCTL_RESET_PTDEV_INTR, &copy);
}

int hsm_create_vdev(struct hsm *hsm, const struct acrn_vdev *device)
{
    struct acrn_vdev copy = *device;

    return request(hsm, ACRN_IOCTL_CREATE_VDEV, &copy);
}

int hsm_destroy_vdev(struct hsm *hsm, const struct acrn_vdev *device)
{
    struct acrn_vdev copy = *device;

    return request(hsm, ACRN_IOCTL_DESTROY_VDEV, &copy);
}

static int ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size, uint32_t flags)
{
    struct acrn_ioeventfd event = {.fd = (uint32_t)fd, .flags = flags, .addr = gpa, .len = size};

    return request(hsm, ACRN_IOCTL_IOEVENTFD, &event);
}

int hsm_assign_ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size)
{
    return ioeventfd(hsm, fd, gpa, size, 0);
}

int hsm_deassign_ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size)
{
    return ioeventfd(hsm, fd, gpa, size, ACRN_IOEVENTFD_FLAG_DEASSIGN);
}

int hsm_assign_irqfd(struct hsm *hsm, int fd, uint64_t address, uint32_t data)
{
    struct acrn_irqfd irq = {.fd = fd, .msi = {.msi_addr = address, .msi_data = data}};

    return request(hsm, ACRN_IOCTL_IRQFD, &irq);
}

int hsm_deassign_irqfd(struct hsm *hsm, int fd)
{
    struct acrn_irqfd irq = {.fd = fd, .flags = ACRN_IRQFD_FLAG_DEASSIGN};

    return request(hsm, ACRN_IOCTL_IRQFD, &irq);
}

int hsm_create_client(struct hsm *hsm)
{
    return request(hsm, ACRN_IOCTL_CREATE_IOREQ_CLIENT, NULL);
}

int hsm_wait_requests(struct hsm *hsm)
{
    return request(hsm, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, NULL);
}

int hsm_destroy_client(struct hsm *hsm)
{
    return request(hsm, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, NULL);
}

int hsm_clear_requests(struct hsm *hsm)
{
    return request(hsm, ACRN_IOCTL_CLEAR_VM_IOREQ, NULL);
}

struct acrn_io_request *hsm_request(struct hsm *hsm, unsigned slot)
{
    return &hsm->page->req_slot[slot];
}

int hsm_finish_request(struct hsm *hsm, unsigned slot)
{
    struct acrn_ioreq_notify notify = {.vmid = hsm->vmid, .vcpu = slot};

    return request(hsm, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify);
}

int hsm_finish_and_wait(struct hsm *hsm, unsigned slot)
{
    int result = -ENOTTY;

    if (!hsm->plain) {
        result = (ioctl(hsm->fd, HSM_IOCTL_FINISH_AND_WAIT, (unsigned long)slot) < 0) ? -errno : 0;
        hsm->plain = (result == -ENOTTY);
    }
    if (hsm->plain) {
        result = hsm_finish_request(hsm, slot);
        result = (result == 0) ? hsm_wait_requests(hsm) : result;
    }
    return result;
}
