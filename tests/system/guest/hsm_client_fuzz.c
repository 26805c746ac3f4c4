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

struct world {
    char *memory;
    int event;
    int fd;
};

/* A right argument for the call, as far as it needs more than zeros. */
static void fill_well(const struct world *world, unsigned long command, uint64_t *block)
{
    uint64_t page = (uint64_t)(uintptr_t)world->memory;

    memset(block, 0, 64U * sizeof(block[0]));
    if (command == ACRN_IOCTL_CREATE_VM) {
        ((struct acrn_vm_creation *)block)->ioreq_buf = page;
    } else if (command == ACRN_IOCTL_SET_MEMSEG) {
        *(struct acrn_vm_memmap *)block = (struct acrn_vm_memmap){
            .attr = ACRN_MEM_ACCESS_RWX, .user_vm_pa = (random_number() % 64U) * PAGE,
            .vma_base = page + ((random_number() % 32U) * PAGE), .len = (1U + (random_number() % 32U)) * PAGE,
        };
    } else if (command == ACRN_IOCTL_IOEVENTFD) {
        *(struct acrn_ioeventfd *)block = (struct acrn_ioeventfd){
            .fd = (uint32_t)world->event, .flags = random_number() % 8U, .addr = random_number() % 64U,
            .len = 1U << (random_number() % 4U),
        };
    } else if (command == ACRN_IOCTL_IRQFD) {
        *(struct acrn_irqfd *)block = (struct acrn_irqfd){ .fd = world->event, .flags = random_number() % 2U };
    } else if (command == ACRN_IOCTL_NOTIFY_REQUEST_FINISH || command == ACRN_IOCTL_PM_GET_CPU_STATE) {
        block[0] = random_number() % 8U;
    }
}

static void spoil(const struct world *world, uint64_t *block)
{
    const uint64_t values[] = {
        1U, 2U, 4U, 8U, 0x47U, PAGE, 0xfec00000U, 0xfee00000U, 1ULL << 39U, ~0ULL, ~(PAGE - 1U),
        (uint64_t)(uintptr_t)world->memory, (uint64_t)world->event, (uint64_t)world->fd, 0x4700000000ULL, 5U << 24U,
    };
    uint64_t value = values[random_number() % (sizeof(values) / sizeof(values[0]))];
    size_t word = random_number() % ((random_number() & 1U) != 0U ? 4U : 64U);

    block[word] = (random_number() & 1U) != 0U ? value : (block[word] ^ (1ULL << (random_number() % 64U)));
}

/* REQ-HSM-002 */
void test_fuzz(void)
{
    uint64_t block[64];
    unsigned int good = 0U;
    struct world world = {
        .memory = anonymous(64U * PAGE), .event = eventfd(0U, EFD_CLOEXEC | EFD_NONBLOCK),
        .fd = open("/dev/acrn_hsm", O_RDWR | O_CLOEXEC),
    };

    for (unsigned int i = 0U; i < CALLS; i++) {
        unsigned long command = commands[random_number() % (sizeof(commands) / sizeof(commands[0]))];
        if ((random_number() & 15U) == 0U) {
            command = ACRN_IOCTL_CREATE_VM;
        }
        fill_well(&world, command, block);
        for (uint64_t spoils = random_number() % 4U; spoils > 1U; spoils--) {
            spoil(&world, block);
        }
        if (command == ACRN_IOCTL_SET_IRQLINE) {
            good += ioctl(world.fd, command, block[0]) == 0 ? 1U : 0U;
        } else {
            good += ioctl(world.fd, command, (random_number() & 63U) != 0U ? block : NULL) == 0 ? 1U : 0U;
        }
        (void)eventfd_write(world.event, 1U);
        /* The request page, when there is a VM. */
        memset(world.memory + (random_number() % PAGE), (int)random_number(), 1U);
    }
    EXPECT(good > CALLS / 20U);
    (void)close(world.event);
    (void)close(world.fd);
    (void)munmap(world.memory, 64U * PAGE);
}
