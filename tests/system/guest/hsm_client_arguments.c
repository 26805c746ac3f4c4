// SPDX-License-Identifier: Apache-2.0
/* Every call with arguments that it has to refuse, with and without a VM. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsm_client.h"

static const unsigned long calls_with_pointer[] = {
    ACRN_IOCTL_SET_VCPU_REGS, ACRN_IOCTL_INJECT_MSI, ACRN_IOCTL_VM_INTR_MONITOR, ACRN_IOCTL_NOTIFY_REQUEST_FINISH,
    ACRN_IOCTL_SET_MEMSEG, ACRN_IOCTL_UNSET_MEMSEG, ACRN_IOCTL_SET_PTDEV_INTR, ACRN_IOCTL_RESET_PTDEV_INTR,
    ACRN_IOCTL_ASSIGN_PCIDEV, ACRN_IOCTL_DEASSIGN_PCIDEV, ACRN_IOCTL_ASSIGN_MMIODEV, ACRN_IOCTL_DEASSIGN_MMIODEV,
    ACRN_IOCTL_CREATE_VDEV, ACRN_IOCTL_DESTROY_VDEV, ACRN_IOCTL_PM_GET_CPU_STATE, ACRN_IOCTL_IOEVENTFD,
    ACRN_IOCTL_IRQFD,
};
static const unsigned long calls_without[] = {
    ACRN_IOCTL_DESTROY_VM, ACRN_IOCTL_START_VM, ACRN_IOCTL_PAUSE_VM, ACRN_IOCTL_RESET_VM, ACRN_IOCTL_SET_IRQLINE,
    ACRN_IOCTL_CREATE_IOREQ_CLIENT, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, ACRN_IOCTL_DESTROY_IOREQ_CLIENT,
    ACRN_IOCTL_CLEAR_VM_IOREQ,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KERNEL_ADDRESS 0xffff888000000000UL

static void without_a_vm(void)
{
    static const unsigned char zero[512];
    int fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);

    EXPECT(fd >= 0);
    for (size_t i = 0U; i < COUNT(calls_with_pointer); i++) {
        EXPECT_ERROR(ioctl(fd, calls_with_pointer[i], zero), EINVAL);
    }
    for (size_t i = 0U; i < COUNT(calls_without); i++) {
        EXPECT_ERROR(ioctl(fd, calls_without[i], 0), EINVAL);
    }
    EXPECT_ERROR(ioctl(fd, _IO(ACRN_IOCTL_TYPE, 0x14), 0), ENOTTY);
    EXPECT_ERROR(ioctl(fd, _IO(ACRN_IOCTL_TYPE, 0x90), 0), ENOTTY);
    EXPECT_ERROR(ioctl(fd, _IO('k', 0x10), 0), ENOTTY);
    /* The right number with the wrong size is another call. */
    EXPECT_ERROR(ioctl(fd, _IOWR(ACRN_IOCTL_TYPE, 0x10, uint64_t), zero), ENOTTY);
    EXPECT_ERROR(read(fd, (void *)(uintptr_t)zero, 1U), EINVAL);
    (void)close(fd);
}

static void bad_creations(void)
{
    struct acrn_vm_creation creation;
    struct acrn_vm_creation *read_only = anonymous(PAGE);
    void *page = anonymous(PAGE);
    int fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);

    memset(&creation, 0, sizeof(creation));
    creation.ioreq_buf = (uint64_t)(uintptr_t)page;
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, NULL), EFAULT);
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, KERNEL_ADDRESS), EFAULT);
    creation.reserved0 = 1U;
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EINVAL);
    creation.reserved0 = 0U;
    creation.reserved1 = 1U;
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EINVAL);
    creation.reserved1 = 0U;
    creation.ioreq_buf = 0U;
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EINVAL);
    creation.ioreq_buf = (uint64_t)(uintptr_t)page + 8U;
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EINVAL);
    creation.ioreq_buf = KERNEL_ADDRESS;
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EFAULT);
    creation.ioreq_buf = 0x10000U; /* nothing is mapped there */
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EFAULT);
    creation.ioreq_buf = (uint64_t)(uintptr_t)page;
    /* The result cannot be written back: the VM must not stay. */
    *read_only = creation;
    EXPECT(mprotect(read_only, PAGE, PROT_READ) == 0);
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, read_only), EFAULT);
    EXPECT(counter("vms") == 0);
    EXPECT(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation) == 0);
    EXPECT(creation.vcpu_num >= 1U && creation.vcpu_num <= ACRN_IO_REQUEST_MAX);
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation), EBUSY);
    EXPECT(ioctl(fd, ACRN_IOCTL_DESTROY_VM, 0) == 0);
    EXPECT_ERROR(ioctl(fd, ACRN_IOCTL_DESTROY_VM, 0), EINVAL);
    EXPECT(ioctl(fd, ACRN_IOCTL_CREATE_VM, &creation) == 0); /* again on the same file */
    (void)close(fd);
    (void)munmap(read_only, PAGE);
    (void)munmap(page, PAGE);
}

static void bad_pointers(const struct client *client)
{
    for (size_t i = 0U; i < COUNT(calls_with_pointer); i++) {
        EXPECT_ERROR(ioctl(client->fd, calls_with_pointer[i], NULL), EFAULT);
        EXPECT_ERROR(ioctl(client->fd, calls_with_pointer[i], KERNEL_ADDRESS), EFAULT);
    }
}

static void bad_registers(const struct client *client)
{
    struct acrn_vcpu_regs regs;

    memset(&regs, 0, sizeof(regs));
    regs.vcpu_id = client->vcpus;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_SET_VCPU_REGS, &regs), EINVAL);
    regs.vcpu_id = 0U;
    regs.reserved[2] = 1U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_SET_VCPU_REGS, &regs), EINVAL);
    regs.reserved[2] = 0U;
    regs.vcpu_regs.reserved_32[2] = 1U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_SET_VCPU_REGS, &regs), EINVAL);
    regs.vcpu_regs.reserved_32[2] = 0U;
    regs.vcpu_regs.reserved_64[0] = 1U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_SET_VCPU_REGS, &regs), EINVAL);
    regs.vcpu_regs.reserved_64[0] = 0U;
    regs.vcpu_regs.gdt.reserved[1] = 1U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_SET_VCPU_REGS, &regs), EINVAL);
}

static void bad_interrupts(const struct client *client)
{
    uint32_t monitor[98] = { 2U };

    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_SET_IRQLINE, 4ULL << 32), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_SET_IRQLINE, ~0ULL), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_VM_INTR_MONITOR, monitor), EINVAL);
    monitor[0] = 0U;
    monitor[1] = 49U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_VM_INTR_MONITOR, monitor), EINVAL);
}

static void bad_power_commands(const struct client *client)
{
    uint64_t command[8] = { ((uint64_t)client->vmid << 24U) | 9U };

    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_PM_GET_CPU_STATE, command), EINVAL);
    command[0] = ((uint64_t)(client->vmid + 1U) << 24U) | ACRN_PMCMD_GET_PX_CNT;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_PM_GET_CPU_STATE, command), EINVAL);
    command[0] = (1ULL << 32U) | ((uint64_t)client->vmid << 24U) | ACRN_PMCMD_GET_PX_CNT;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_PM_GET_CPU_STATE, command), EINVAL);
}

static void bad_devices(const struct client *client)
{
    struct acrn_ptdev_irq irq = { .type = 3U };
    struct acrn_pcidev pci = { .type = 2U };
    struct acrn_mmiodev mmio;

    memset(&mmio, 0, sizeof(mmio));
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_SET_PTDEV_INTR, &irq), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_RESET_PTDEV_INTR, &irq), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_ASSIGN_PCIDEV, &pci), EINVAL);
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_DEASSIGN_PCIDEV, &pci), EINVAL);
    mmio.res[2].size = 1U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_ASSIGN_MMIODEV, &mmio), EINVAL);
    mmio.res[2].size = 2U * PAGE;
    mmio.res[2].user_vm_pa = ~0ULL - PAGE + 1U;
    EXPECT_ERROR(ioctl(client->fd, ACRN_IOCTL_DEASSIGN_MMIODEV, &mmio), EINVAL);
}

/* What the hypervisor decides: some error of its own, never anything outside of the interface. */
static void well_formed_calls_without_a_device_behind(const struct client *client)
{
    static const unsigned long calls[] = {
        ACRN_IOCTL_ASSIGN_PCIDEV, ACRN_IOCTL_DEASSIGN_PCIDEV, ACRN_IOCTL_ASSIGN_MMIODEV, ACRN_IOCTL_DEASSIGN_MMIODEV,
        ACRN_IOCTL_CREATE_VDEV, ACRN_IOCTL_DESTROY_VDEV, ACRN_IOCTL_SET_PTDEV_INTR, ACRN_IOCTL_RESET_PTDEV_INTR,
    };
    unsigned char block[256];

    for (size_t i = 0U; i < COUNT(calls); i++) {
        memset(block, 0, sizeof(block));
        errno = 0;
        long result = ioctl(client->fd, calls[i], block);
        check(result < 0 && (errno == ENODEV || errno == EINVAL || errno == ENOTTY || errno == ENOSYS || errno == EPERM ||
                             errno == ENOENT || errno == EOPNOTSUPP), "a device that is not there is refused", errno);
    }
}

/* REQ-HSM-002 */
void test_arguments(void)
{
    struct client client;

    without_a_vm();
    bad_creations();
    if (client_open(&client)) {
        bad_pointers(&client);
        bad_registers(&client);
        bad_interrupts(&client);
        bad_power_commands(&client);
        bad_devices(&client);
        well_formed_calls_without_a_device_behind(&client);
        client_close(&client);
    }
}
