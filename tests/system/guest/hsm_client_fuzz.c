// SPDX-License-Identifier: Apache-2.0
/* Calls at random, with arguments that are often almost right. Nothing may be left, and nobody may notice. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsm_client.h"

#define CALLS 20000U
#define SEED  0x0b04dU

static const unsigned long commands[] = {
    ACRN_IOCTL_CREATE_VM, ACRN_IOCTL_DESTROY_VM, ACRN_IOCTL_START_VM, ACRN_IOCTL_PAUSE_VM, ACRN_IOCTL_RESET_VM,
    ACRN_IOCTL_SET_VCPU_REGS, ACRN_IOCTL_INJECT_MSI, ACRN_IOCTL_VM_INTR_MONITOR, ACRN_IOCTL_SET_IRQLINE,
    ACRN_IOCTL_NOTIFY_REQUEST_FINISH, ACRN_IOCTL_CREATE_IOREQ_CLIENT, ACRN_IOCTL_DESTROY_IOREQ_CLIENT,
    ACRN_IOCTL_CLEAR_VM_IOREQ, ACRN_IOCTL_SET_MEMSEG, ACRN_IOCTL_UNSET_MEMSEG, ACRN_IOCTL_SET_PTDEV_INTR,
    ACRN_IOCTL_RESET_PTDEV_INTR, ACRN_IOCTL_ASSIGN_PCIDEV, ACRN_IOCTL_DEASSIGN_PCIDEV, ACRN_IOCTL_ASSIGN_MMIODEV,
    ACRN_IOCTL_DEASSIGN_MMIODEV, ACRN_IOCTL_CREATE_VDEV, ACRN_IOCTL_DESTROY_VDEV, ACRN_IOCTL_PM_GET_CPU_STATE,
    ACRN_IOCTL_IOEVENTFD, ACRN_IOCTL_IRQFD,
};

static uint64_t random_state = SEED;

static uint64_t random_number(void)
{
    random_state ^= random_state << 13U;
    random_state ^= random_state >> 7U;
    random_state ^= random_state << 17U;
    return random_state;
}

static uint64_t pick(const uint64_t *values, size_t count)
{
    return values[random_number() % count];
}

void test_fuzz(void)
{
    char *memory = anonymous(64U * PAGE);
    int event = eventfd(0U, EFD_CLOEXEC | EFD_NONBLOCK);
    int fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC);
    const uint64_t values[] = {
        0U, 1U, 2U, 4U, 7U, 8U, 0x47U, PAGE, 2U * PAGE, 0x100000U, 0xfec00000U, 0xfee00000U, 0xd0000000U, 1ULL << 39U,
        ~0ULL, ~(PAGE - 1U), (uint64_t)(uintptr_t)memory, (uint64_t)(uintptr_t)memory + (32U * PAGE), (uint64_t)event,
        (uint64_t)fd, 0x4700000000ULL, 5U << 24U,
    };
    size_t count = sizeof(values) / sizeof(values[0]);
    uint64_t block[64];
    unsigned int good = 0U;

    for (unsigned int i = 0U; i < CALLS; i++) {
        unsigned long command = commands[random_number() % (sizeof(commands) / sizeof(commands[0]))];
        bool sparse = (random_number() & 3U) != 0U;
        for (size_t word = 0U; word < 64U; word++) {
            block[word] = sparse && (random_number() & 3U) != 0U ? 0U : pick(values, count);
            if ((random_number() & 3U) == 0U) {
                block[word] |= pick(values, count) << 32U;
            }
        }
        if (command == ACRN_IOCTL_SET_IRQLINE) {
            good += ioctl(fd, command, pick(values, count)) == 0 ? 1U : 0U;
        } else {
            good += ioctl(fd, command, (random_number() & 63U) != 0U ? block : NULL) == 0 ? 1U : 0U;
        }
        memset(memory, (int)random_number(), PAGE); /* the request page, when there is one */
    }
    EXPECT(good > CALLS / 100U);
    (void)close(event);
    (void)close(fd);
    (void)munmap(memory, 64U * PAGE);
}
