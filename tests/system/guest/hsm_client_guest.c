// SPDX-License-Identifier: Apache-2.0
/*
 * A User VM of a few instructions in real mode: every kind of I/O request
 * makes the round trip through hypervisor, module and this process.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsm_client.h"
#include "abi/hsm.h"

#define GUEST_SIZE  (512U * 1024U)
#define CODE_GPA    0x1000U
#define RESULT_GPA  0x8000U
#define MMIO_GPA    0xd0000U
#define DONE_PORT   0xf4U
#define BELL_PORT   0x2000U
#define ROUNDS      20U

extern const char guest_code[];
extern const char guest_code_end[];

__asm__(".section .rodata\n"
        ".code16\n"
        "guest_code:\n"
        "mov $0x1234, %dx\n mov $0x5a, %al\n outb %al, %dx\n"        /* 1: port write */
        "mov $0x1236, %dx\n inw %dx, %ax\n mov %ax, 0x8000\n"         /* 2: port read */
        "mov $0xcf8, %dx\n mov $0x83000814, %eax\n outl %eax, %dx\n"  /* kept by the module */
        "inl %dx, %eax\n mov %eax, 0x8008\n"
        "mov $0xcfe, %dx\n inw %dx, %ax\n mov %ax, 0x8010\n"          /* 3: PCI configuration read */
        "mov $0x2000, %dx\n mov $7, %ax\n outw %ax, %dx\n"            /* ioeventfd */
        "mov $8, %ax\n outw %ax, %dx\n"                               /* 4: data do not match */
        "mov $0xd000, %ax\n mov %ax, %ds\n"
        "movw $0xbeef, 0x10\n"                                        /* 5: memory write */
        "mov 0x20, %eax\n"                                            /* 6: memory read */
        "xor %bx, %bx\n mov %bx, %ds\n mov %eax, 0x8018\n"
        "mov $0xf4, %dx\n outb %al, %dx\n"                            /* 7: done */
        "1: hlt\n jmp 1b\n"
        "guest_code_end:\n"
        ".code64\n"
        ".text\n");

struct seen {
    unsigned int port_writes;
    unsigned int port_reads;
    unsigned int pci_reads;
    unsigned int bells;
    unsigned int memory_writes;
    unsigned int memory_reads;
    unsigned int others;
    bool done;
};

static void answer_port(struct acrn_pio_request *io, struct seen *seen)
{
    if (io->address == 0x1234U && io->direction == ACRN_IOREQ_DIR_WRITE && io->size == 1U && io->value == 0x5aU) {
        seen->port_writes++;
    } else if (io->address == 0x1236U && io->direction == ACRN_IOREQ_DIR_READ && io->size == 2U) {
        seen->port_reads++;
        io->value = 0xcafeU;
    } else if (io->address == BELL_PORT && io->direction == ACRN_IOREQ_DIR_WRITE && io->value == 8U) {
        seen->bells++;
    } else if (io->address == DONE_PORT) {
        seen->done = true;
    } else {
        seen->others++;
    }
}

static void answer(struct acrn_io_request *request, struct seen *seen)
{
    struct acrn_mmio_request *mmio = &request->reqs.mmio_request;
    struct acrn_pci_request *pci = &request->reqs.pci_request;

    if (request->type == ACRN_IOREQ_TYPE_PORTIO) {
        answer_port(&request->reqs.pio_request, seen);
    } else if (request->type == ACRN_IOREQ_TYPE_PCICFG && pci->bus == 0U && pci->dev == 1U && pci->func == 0U &&
               pci->reg == 0x316U && pci->size == 2U && pci->direction == ACRN_IOREQ_DIR_READ) {
        seen->pci_reads++;
        pci->value = 0x1af4U;
    } else if (request->type == ACRN_IOREQ_TYPE_MMIO && mmio->address == MMIO_GPA + 0x10U && mmio->size == 2U &&
               mmio->direction == ACRN_IOREQ_DIR_WRITE && (mmio->value & 0xffffU) == 0xbeefU) {
        seen->memory_writes++;
    } else if (request->type == ACRN_IOREQ_TYPE_MMIO && mmio->address == MMIO_GPA + 0x20U && mmio->size == 4U &&
               mmio->direction == ACRN_IOREQ_DIR_READ) {
        seen->memory_reads++;
        mmio->value = 0x12345678U;
    } else {
        seen->others++;
    }
}

/* How the device model's thread goes from one request to the next: by ACRN's two calls, or by the one for both. */
static bool finish(const struct client *client, uint32_t slot, bool waits, bool *more)
{
    struct acrn_ioreq_notify notify = { .vmid = client->vmid, .vcpu = slot };
    int result;

    *more = waits;
    if (waits) {
        result = ioctl(client->fd, HSM_IOCTL_FINISH_AND_WAIT, (unsigned long)slot);
    } else {
        result = ioctl(client->fd, ACRN_IOCTL_NOTIFY_REQUEST_FINISH, &notify);
    }
    return result == 0;
}

static bool serve(const struct client *client, struct seen *seen, bool waits)
{
    unsigned int served = 0U;
    bool more = false;

    while (!seen->done && served < 100U) {
        if (!more && ioctl(client->fd, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 0) != 0) {
            return false;
        }
        more = false;
        for (uint32_t slot = 0U; slot < client->vcpus; slot++) {
            struct acrn_io_request *request = &client->requests->req_slot[slot];
            if (atomic_load((_Atomic uint32_t *)&request->processed) == ACRN_IOREQ_STATE_PROCESSING) {
                answer(request, seen);
                served++;
                /* Behind the last one there is nothing to wait for. */
                if (!finish(client, slot, waits && !seen->done, &more)) {
                    return false;
                }
            }
        }
    }
    return seen->done;
}

static bool set_registers(const struct client *client)
{
    struct acrn_vcpu_regs regs;

    memset(&regs, 0, sizeof(regs));
    regs.vcpu_regs.cs_sel = CODE_GPA >> 4U;
    regs.vcpu_regs.cs_base = CODE_GPA;
    regs.vcpu_regs.cs_limit = 0xffffU;
    regs.vcpu_regs.cs_ar = 0x9bU;
    regs.vcpu_regs.cr0 = 0x30U;
    regs.vcpu_regs.rflags = 2U;
    regs.vcpu_regs.idt.limit = 0x3ffU;
    return ioctl(client->fd, ACRN_IOCTL_SET_VCPU_REGS, &regs) == 0;
}

static void run_one(unsigned int round, bool waits, char *memory)
{
    struct client client;
    struct seen seen = { 0 };
    uint64_t bells = 0U;
    int bell = eventfd(0U, EFD_CLOEXEC | EFD_NONBLOCK);
    struct acrn_ioeventfd args = {
        .fd = (uint32_t)bell, .flags = ACRN_IOEVENTFD_FLAG_PIO | ACRN_IOEVENTFD_FLAG_DATAMATCH,
        .addr = BELL_PORT, .len = 2U, .data = 7U,
    };

    if (!client_open(&client)) {
        return;
    }
    memset(memory + RESULT_GPA, 0, PAGE);
    EXPECT(client_map(&client, 0U, memory, GUEST_SIZE) == 0);
    EXPECT(set_registers(&client));
    EXPECT(ioctl(client.fd, ACRN_IOCTL_IOEVENTFD, &args) == 0);
    /* A request that comes before there is a client waits for it. */
    if ((round & 1U) == 0U) {
        EXPECT(ioctl(client.fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0);
        EXPECT(ioctl(client.fd, ACRN_IOCTL_START_VM, 0) == 0);
    } else {
        EXPECT(ioctl(client.fd, ACRN_IOCTL_START_VM, 0) == 0);
        EXPECT(ioctl(client.fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0);
    }
    EXPECT(serve(&client, &seen, waits));
    EXPECT(seen.port_writes == 1U && seen.port_reads == 1U && seen.pci_reads == 1U && seen.bells == 1U);
    EXPECT(seen.memory_writes == 1U && seen.memory_reads == 1U && seen.others == 0U);
    EXPECT(read(bell, &bells, sizeof(bells)) == sizeof(bells) && bells == 1U);
    EXPECT(*(uint16_t *)(memory + RESULT_GPA) == 0xcafeU);
    EXPECT(*(uint32_t *)(memory + RESULT_GPA + 8U) == 0x83000814U);
    EXPECT(*(uint16_t *)(memory + RESULT_GPA + 16U) == 0x1af4U);
    EXPECT(*(uint32_t *)(memory + RESULT_GPA + 24U) == 0x12345678U);
    if (round == 0U) {
        struct acrn_msi_entry msi = { .msi_addr = 0xfee00000U, .msi_data = 0x40U };
        EXPECT(ioctl(client.fd, ACRN_IOCTL_INJECT_MSI, &msi) == 0);
        EXPECT(ioctl(client.fd, ACRN_IOCTL_PAUSE_VM, 0) == 0);
        EXPECT(ioctl(client.fd, ACRN_IOCTL_RESET_VM, 0) == 0);
    }
    (void)close(bell);
    client_close(&client); /* running in most rounds: the module pauses it */
}

struct waiting {
    struct client client;
    volatile bool answered; /* the first request, and nothing more is to come */
    int result;
    int error;
};

static void *answer_and_wait(void *argument)
{
    struct waiting *waiting = argument;

    waiting->result = ioctl(waiting->client.fd, ACRN_IOCTL_ATTACH_IOREQ_CLIENT, 0);
    if (waiting->result == 0) {
        waiting->answered = true;
        waiting->result = ioctl(waiting->client.fd, HSM_IOCTL_FINISH_AND_WAIT, 0UL);
        waiting->error = errno;
    }
    return NULL;
}

/* The guest halts for good behind its one request: whoever waits for another one is sent home with the client. */
/* REQ-HSM-010 */
static void destroying_the_client_ends_the_wait(char *memory)
{
    static const char one_request[] = "\xe6\x80\xf4\xeb\xfd"; /* out %al, $0x80; hlt; jmp back */
    struct waiting waiting = { .answered = false };
    pthread_t thread;

    memcpy(memory + CODE_GPA, one_request, sizeof(one_request) - 1U);
    for (unsigned int round = 0U; round < ROUNDS && client_open(&waiting.client); round++) {
        waiting.answered = false;
        EXPECT(client_map(&waiting.client, 0U, memory, GUEST_SIZE) == 0);
        EXPECT(set_registers(&waiting.client));
        EXPECT(ioctl(waiting.client.fd, ACRN_IOCTL_CREATE_IOREQ_CLIENT, 0) == 0);
        EXPECT(ioctl(waiting.client.fd, ACRN_IOCTL_START_VM, 0) == 0);
        EXPECT(pthread_create(&thread, NULL, answer_and_wait, &waiting) == 0);
        while (!waiting.answered) {
            (void)sched_yield();
        }
        EXPECT(ioctl(waiting.client.fd, ACRN_IOCTL_DESTROY_IOREQ_CLIENT, 0) == 0);
        (void)pthread_join(thread, NULL);
        EXPECT(waiting.result < 0 && waiting.error == ENODEV);
        client_close(&waiting.client);
    }
}

/* REQ-HSM-003 REQ-HSM-010 */
void test_guest(void)
{
    char *memory = anonymous(GUEST_SIZE);

    if (access("/sys/bus/pci/drivers/bulkhead_hsm", F_OK) != 0 || access("/dev/hsm_fake", F_OK) == 0) {
        printf("hsm_client: no hypervisor to run a guest\n");
    } else {
        memcpy(memory + CODE_GPA, guest_code, (size_t)(guest_code_end - guest_code));
        for (unsigned int round = 0U; round < ROUNDS; round++) {
            run_one(round, false, memory);
        }
        long requests = counter("requests");
        long upcalls = counter("upcalls");
        for (unsigned int round = 0U; round < ROUNDS; round++) {
            run_one(round, true, memory);
        }
        /* Some were waited for, and came without an interrupt. */
        EXPECT(counter("upcalls") - upcalls < counter("requests") - requests);
        destroying_the_client_ends_the_wait(memory);
    }
    (void)munmap(memory, GUEST_SIZE);
}
