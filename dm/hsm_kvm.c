/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hsm.h on Linux's KVM: a test bench for the device model, not part of the product. It plays the
 * hypervisor and HSM: in-kernel local APICs, IOAPIC and PICs, no PIT; I/O exits become requests.
 */
#define _GNU_SOURCE
#include "dm/hsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "abi/ioreq.h"

#define VCPUS_MAX        8U
#define CPUID_ENTRIES    100U
#define CPUID_1_DEADLINE (1U << 24)

struct kvm_vcpu {
    struct hsm *hsm;
    unsigned index;
    int fd;
    struct kvm_run *run;
    pthread_t thread;
    bool in_guest;
    struct kvm_sregs sregs; /* as created, for reset */
    struct kvm_lapic_state lapic;
    struct kvm_mp_state mp;
};

struct hsm {
    int kvm, vm;
    unsigned vcpu_count, slots;
    struct kvm_vcpu vcpu[VCPUS_MAX];
    struct kvm_irqchip chip[3];
    struct acrn_io_request_buffer page;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool running, threads, quit, client, news;
    size_t run_size;
};

static int call(int fd, unsigned long code, void *argument)
{
    return (ioctl(fd, code, argument) < 0) ? -errno : 0;
}

static void wake_up(int signal)
{
    (void)signal;
}

struct hsm *hsm_open(const char *path)
{
    struct hsm *hsm = calloc(1, sizeof(*hsm));
    struct sigaction action = {.sa_handler = wake_up};

    (void)path;
    if (hsm != NULL) {
        pthread_mutex_init(&hsm->lock, NULL);
        pthread_cond_init(&hsm->changed, NULL);
        sigaction(SIGUSR1, &action, NULL);
        hsm->vm = -1;
        hsm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
        if (hsm->kvm < 0) {
            free(hsm);
            hsm = NULL;
        }
    }
    return hsm;
}

static void set_cpuid(struct kvm_vcpu *vcpu)
{
    struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(cpuid->entries[0]));

    if (cpuid == NULL) {
        abort();
    }
    cpuid->nent = CPUID_ENTRIES;
    if (call(vcpu->hsm->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) == 0) {
        for (unsigned i = 0; i < cpuid->nent; i++) {
            struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];

            if (entry->function == 1U) {
                entry->ebx = (entry->ebx & 0xFFFFU) | (vcpu->index << 24) | (vcpu->hsm->vcpu_count << 16);
                entry->ecx |= CPUID_1_DEADLINE | (1U << 31);
            } else if (entry->function == 0xBU || entry->function == 0x1FU) {
                entry->edx = vcpu->index;
            } else {
                /* as the host has it */
            }
        }
        (void)call(vcpu->fd, KVM_SET_CPUID2, cpuid);
    }
    free(cpuid);
}

static int create_vcpu(struct hsm *hsm, unsigned index)
{
    struct kvm_vcpu *vcpu = &hsm->vcpu[index];
    int result = 0;

    vcpu->hsm = hsm;
    vcpu->index = index;
    vcpu->fd = ioctl(hsm->vm, KVM_CREATE_VCPU, (unsigned long)index);
    if (vcpu->fd < 0) {
        result = -errno;
    } else {
        vcpu->run = mmap(NULL, hsm->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
        set_cpuid(vcpu);
        (void)call(vcpu->fd, KVM_GET_SREGS, &vcpu->sregs);
        (void)call(vcpu->fd, KVM_GET_LAPIC, &vcpu->lapic);
        (void)call(vcpu->fd, KVM_GET_MP_STATE, &vcpu->mp);
    }
    return result;
}

int hsm_create_vm(struct hsm *hsm, const char *name, uint64_t affinity, uint16_t *vmid, uint16_t *vcpu_count)
{
    uint64_t identity = 0xFEFFC000ULL;
    int result = 0;

    (void)name;
    hsm->run_size = (size_t)ioctl(hsm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    hsm->vm = ioctl(hsm->kvm, KVM_CREATE_VM, 0UL);
    if (hsm->vm < 0 || ioctl(hsm->vm, KVM_SET_TSS_ADDR, 0xFEFFD000UL) < 0 ||
        call(hsm->vm, KVM_SET_IDENTITY_MAP_ADDR, &identity) != 0 || ioctl(hsm->vm, KVM_CREATE_IRQCHIP, 0) < 0) {
        result = -errno;
    }
    hsm->vcpu_count = (affinity == 0U) ? 1U : (unsigned)__builtin_popcountll(affinity);
    for (unsigned i = 0; i < hsm->vcpu_count && result == 0; i++) {
        result = create_vcpu(hsm, i);
    }
    for (unsigned i = 0; i < 3U && result == 0; i++) {
        hsm->chip[i].chip_id = i;
        result = call(hsm->vm, KVM_GET_IRQCHIP, &hsm->chip[i]);
    }
    for (unsigned i = 0; i < ACRN_IO_REQUEST_MAX; i++) {
        hsm->page.req_slot[i].processed = ACRN_IOREQ_STATE_FREE;
    }
    *vmid = 1;
    *vcpu_count = (uint16_t)hsm->vcpu_count;
    return result;
}

/* With the lock held: posts the request and waits for its end. False: it was cleared. */
static bool post(struct kvm_vcpu *vcpu, struct acrn_io_request *request)
{
    struct hsm *hsm = vcpu->hsm;
    struct acrn_io_request *slot = &hsm->page.req_slot[vcpu->index];
    bool completed;

    request->processed = ACRN_IOREQ_STATE_FREE;
    *slot = *request;
    __atomic_store_n(&slot->processed, ACRN_IOREQ_STATE_PROCESSING, __ATOMIC_RELEASE);
    hsm->news = true;
    pthread_cond_broadcast(&hsm->changed);
    while (slot->processed == ACRN_IOREQ_STATE_PROCESSING && !hsm->quit) {
        pthread_cond_wait(&hsm->changed, &hsm->lock);
    }
    completed = slot->processed == ACRN_IOREQ_STATE_COMPLETE;
    slot->processed = ACRN_IOREQ_STATE_FREE;
    *request = *slot;
    return completed;
}

static void exit_io(struct kvm_vcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;
    uint8_t *data = (uint8_t *)run + run->io.data_offset;
    bool go_on = true;

    for (uint32_t i = 0; i < run->io.count && go_on; i++, data += run->io.size) {
        struct acrn_io_request request = {.type = ACRN_IOREQ_TYPE_PORTIO};
        struct acrn_pio_request *pio = &request.reqs.pio_request;

        pio->direction = (run->io.direction == KVM_EXIT_IO_OUT) ? ACRN_IOREQ_DIR_WRITE : ACRN_IOREQ_DIR_READ;
        pio->address = run->io.port;
        pio->size = run->io.size;
        memcpy(&pio->value, data, run->io.size);
        go_on = post(vcpu, &request);
        memcpy(data, &pio->value, run->io.size);
    }
}

static void exit_mmio(struct kvm_vcpu *vcpu)
{
    struct kvm_run *run = vcpu->run;
    struct acrn_io_request request = {.type = ACRN_IOREQ_TYPE_MMIO};
    struct acrn_mmio_request *mmio = &request.reqs.mmio_request;

    mmio->direction = run->mmio.is_write ? ACRN_IOREQ_DIR_WRITE : ACRN_IOREQ_DIR_READ;
    mmio->address = run->mmio.phys_addr;
    mmio->size = run->mmio.len;
    memcpy(&mmio->value, run->mmio.data, sizeof(mmio->value));
    (void)post(vcpu, &request);
    memcpy(run->mmio.data, &mmio->value, sizeof(mmio->value));
}

static void exit_shutdown(struct kvm_vcpu *vcpu)
{
    struct acrn_io_request request = {.type = ACRN_IOREQ_TYPE_PORTIO};

    request.reqs.pio_request.direction = ACRN_IOREQ_DIR_WRITE;
    request.reqs.pio_request.address = IOREQ_SHUTDOWN_PORT;
    request.reqs.pio_request.size = 1;
    request.reqs.pio_request.value = IOREQ_SHUTDOWN_VALUE;
    (void)post(vcpu, &request);
}

static void run_once(struct kvm_vcpu *vcpu)
{
    struct hsm *hsm = vcpu->hsm;
    int result;

    vcpu->in_guest = true;
    pthread_mutex_unlock(&hsm->lock);
    result = call(vcpu->fd, KVM_RUN, NULL);
    pthread_mutex_lock(&hsm->lock);
    if (result == 0) {
        switch (vcpu->run->exit_reason) {
        case KVM_EXIT_IO:
            exit_io(vcpu);
            break;
        case KVM_EXIT_MMIO:
            exit_mmio(vcpu);
            break;
        case KVM_EXIT_INTR:
            break;
        default:
            exit_shutdown(vcpu);
            break;
        }
    }
    /* An access must be completed before registers are set anew. */
    if (!hsm->running || hsm->quit) {
        vcpu->run->immediate_exit = 1;
        (void)call(vcpu->fd, KVM_RUN, NULL);
        vcpu->run->immediate_exit = 0;
    }
    vcpu->in_guest = false;
    pthread_cond_broadcast(&hsm->changed);
}

static void *vcpu_thread(void *argument)
{
    struct kvm_vcpu *vcpu = argument;
    struct hsm *hsm = vcpu->hsm;

    pthread_mutex_lock(&hsm->lock);
    while (!hsm->quit) {
        if (hsm->running) {
            run_once(vcpu);
        } else {
            pthread_cond_wait(&hsm->changed, &hsm->lock);
        }
    }
    pthread_mutex_unlock(&hsm->lock);
    return NULL;
}

int hsm_start_vm(struct hsm *hsm)
{
    pthread_mutex_lock(&hsm->lock);
    hsm->running = true;
    if (!hsm->threads) {
        hsm->threads = true;
        for (unsigned i = 0; i < hsm->vcpu_count; i++) {
            pthread_create(&hsm->vcpu[i].thread, NULL, vcpu_thread, &hsm->vcpu[i]);
        }
    }
    pthread_cond_broadcast(&hsm->changed);
    pthread_mutex_unlock(&hsm->lock);
    return 0;
}

static bool any_in_guest(struct hsm *hsm)
{
    bool any = false;

    for (unsigned i = 0; i < hsm->vcpu_count; i++) {
        /* One that waits for its request to be finished counts as stopped. */
        if (hsm->vcpu[i].in_guest && hsm->page.req_slot[i].processed != ACRN_IOREQ_STATE_PROCESSING) {
            pthread_kill(hsm->vcpu[i].thread, SIGUSR1);
            any = true;
        }
    }
    return any;
}

static void wait_stopped(struct hsm *hsm)
{
    while (hsm->threads && any_in_guest(hsm)) {
        struct timespec soon;

        clock_gettime(CLOCK_REALTIME, &soon);
        soon.tv_nsec += 1000000;
        soon.tv_sec += soon.tv_nsec / 1000000000;
        soon.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&hsm->changed, &hsm->lock, &soon);
    }
}

int hsm_pause_vm(struct hsm *hsm)
{
    pthread_mutex_lock(&hsm->lock);
    hsm->running = false;
    wait_stopped(hsm);
    pthread_mutex_unlock(&hsm->lock);
    return 0;
}

int hsm_clear_requests(struct hsm *hsm)
{
    pthread_mutex_lock(&hsm->lock);
    for (unsigned i = 0; i < hsm->vcpu_count; i++) {
        if (hsm->page.req_slot[i].processed == ACRN_IOREQ_STATE_PROCESSING) {
            hsm->page.req_slot[i].processed = ACRN_IOREQ_STATE_FREE;
        }
    }
    pthread_cond_broadcast(&hsm->changed);
    wait_stopped(hsm);
    pthread_mutex_unlock(&hsm->lock);
    return 0;
}

int hsm_reset_vm(struct hsm *hsm)
{
    for (unsigned i = 0; i < hsm->vcpu_count; i++) {
        struct kvm_vcpu *vcpu = &hsm->vcpu[i];

        (void)call(vcpu->fd, KVM_SET_SREGS, &vcpu->sregs);
        (void)call(vcpu->fd, KVM_SET_LAPIC, &vcpu->lapic);
        (void)call(vcpu->fd, KVM_SET_MP_STATE, &vcpu->mp);
    }
    for (unsigned i = 0; i < 3U; i++) {
        (void)call(hsm->vm, KVM_SET_IRQCHIP, &hsm->chip[i]);
    }
    return 0;
}

int hsm_destroy_vm(struct hsm *hsm)
{
    (void)hsm_pause_vm(hsm);
    pthread_mutex_lock(&hsm->lock);
    hsm->quit = true;
    pthread_cond_broadcast(&hsm->changed);
    pthread_mutex_unlock(&hsm->lock);
    for (unsigned i = 0; i < hsm->vcpu_count; i++) {
        if (hsm->threads) {
            pthread_join(hsm->vcpu[i].thread, NULL);
        }
        munmap(hsm->vcpu[i].run, hsm->run_size);
        close(hsm->vcpu[i].fd);
    }
    hsm->vcpu_count = 0;
    return 0;
}

void hsm_close(struct hsm *hsm)
{
    if (hsm->vm >= 0) {
        (void)hsm_destroy_vm(hsm);
        close(hsm->vm);
    }
    close(hsm->kvm);
    free(hsm);
}

static struct kvm_segment data_segment(uint16_t selector)
{
    return (struct kvm_segment){.limit = 0xFFFFFFFFU, .selector = selector, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1};
}

int hsm_set_vcpu_regs(struct hsm *hsm, const struct acrn_vcpu_regs *regs)
{
    const struct acrn_regs *from = &regs->vcpu_regs;
    struct kvm_vcpu *vcpu = &hsm->vcpu[regs->vcpu_id];
    struct kvm_regs general = {.rip = from->rip, .rflags = from->rflags, .rsi = from->gprs.rsi};
    struct kvm_sregs special = vcpu->sregs;
    int result;

    special.cs = (struct kvm_segment){.limit = from->cs_limit, .selector = from->cs_sel, .type = from->cs_ar & 15U,
                                      .present = 1, .l = 1, .s = 1, .g = 1};
    special.ss = data_segment(from->ss_sel);
    special.ds = data_segment(from->ds_sel);
    special.es = data_segment(from->es_sel);
    special.fs = data_segment(from->fs_sel);
    special.gs = data_segment(from->gs_sel);
    special.gdt = (struct kvm_dtable){.base = from->gdt.base, .limit = from->gdt.limit};
    special.cr0 = from->cr0;
    special.cr3 = from->cr3;
    special.cr4 = from->cr4;
    special.efer = from->ia32_efer;
    result = call(vcpu->fd, KVM_SET_SREGS, &special);
    return (result == 0) ? call(vcpu->fd, KVM_SET_REGS, &general) : result;
}

int hsm_map_memory(struct hsm *hsm, uint64_t gpa, void *hva, uint64_t size)
{
    struct kvm_userspace_memory_region region = {
        .slot = hsm->slots, .guest_phys_addr = gpa, .memory_size = size, .userspace_addr = (uintptr_t)hva};

    hsm->slots++;
    return call(hsm->vm, KVM_SET_USER_MEMORY_REGION, &region);
}

int hsm_inject_msi(struct hsm *hsm, uint64_t address, uint32_t data)
{
    struct kvm_msi msi = {.address_lo = (uint32_t)address, .address_hi = (uint32_t)(address >> 32), .data = data};

    return (ioctl(hsm->vm, KVM_SIGNAL_MSI, &msi) < 0) ? -errno : 0;
}

int hsm_set_irq_line(struct hsm *hsm, uint32_t gsi, bool high)
{
    struct kvm_irq_level level = {.irq = gsi, .level = high ? 1U : 0U};

    return call(hsm->vm, KVM_IRQ_LINE, &level);
}

static int ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size, uint32_t flags)
{
    struct kvm_ioeventfd event = {.addr = gpa, .len = size, .fd = fd, .flags = flags};

    return call(hsm->vm, KVM_IOEVENTFD, &event);
}

int hsm_assign_ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size)
{
    return ioeventfd(hsm, fd, gpa, size, 0);
}

int hsm_deassign_ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size)
{
    return ioeventfd(hsm, fd, gpa, size, KVM_IOEVENTFD_FLAG_DEASSIGN);
}

/* Left out: callers fall back to hsm_inject_msi. */
int hsm_assign_irqfd(struct hsm *hsm, int fd, uint64_t address, uint32_t data)
{
    (void)hsm;
    (void)fd;
    (void)address;
    (void)data;
    return -ENOSYS;
}

int hsm_deassign_irqfd(struct hsm *hsm, int fd)
{
    (void)hsm;
    (void)fd;
    return 0;
}

int hsm_create_client(struct hsm *hsm)
{
    hsm->client = true;
    return 0;
}

int hsm_wait_requests(struct hsm *hsm)
{
    int result;

    pthread_mutex_lock(&hsm->lock);
    while (hsm->client && !hsm->news) {
        pthread_cond_wait(&hsm->changed, &hsm->lock);
    }
    hsm->news = false;
    result = hsm->client ? 0 : -ENODEV;
    pthread_mutex_unlock(&hsm->lock);
    return result;
}

/* News are about all slots: what waits in another one is no longer new. */
static bool any_waits(const struct hsm *hsm)
{
    bool waits = false;

    for (unsigned slot = 0; slot < ACRN_IO_REQUEST_MAX; slot++) {
        waits = waits || hsm->page.req_slot[slot].processed == ACRN_IOREQ_STATE_PROCESSING;
    }
    return waits;
}

int hsm_finish_and_wait(struct hsm *hsm, unsigned slot)
{
    bool more;

    (void)hsm_finish_request(hsm, slot);
    pthread_mutex_lock(&hsm->lock);
    more = any_waits(hsm);
    pthread_mutex_unlock(&hsm->lock);
    return more ? 0 : hsm_wait_requests(hsm);
}

int hsm_destroy_client(struct hsm *hsm)
{
    pthread_mutex_lock(&hsm->lock);
    hsm->client = false;
    pthread_cond_broadcast(&hsm->changed);
    pthread_mutex_unlock(&hsm->lock);
    return 0;
}

struct acrn_io_request *hsm_request(struct hsm *hsm, unsigned slot)
{
    return &hsm->page.req_slot[slot];
}

int hsm_finish_request(struct hsm *hsm, unsigned slot)
{
    pthread_mutex_lock(&hsm->lock);
    hsm->page.req_slot[slot].processed = ACRN_IOREQ_STATE_COMPLETE;
    pthread_cond_broadcast(&hsm->changed);
    pthread_mutex_unlock(&hsm->lock);
    return 0;
}

int hsm_create_vdev(struct hsm *hsm, const struct acrn_vdev *device)
{
    (void)hsm;
    (void)device;
    return -ENOTTY;
}

int hsm_destroy_vdev(struct hsm *hsm, const struct acrn_vdev *device)
{
    (void)hsm;
    (void)device;
    return -ENOTTY;
}

int hsm_assign_pcidev(struct hsm *hsm, const struct acrn_pcidev *device)
{
    (void)hsm;
    (void)device;
    return -ENOTTY;
}

int hsm_deassign_pcidev(struct hsm *hsm, const struct acrn_pcidev *device)
{
    (void)hsm;
    (void)device;
    return -ENOTTY;
}

int hsm_assign_mmiodev(struct hsm *hsm, const struct acrn_mmiodev *device)
{
    (void)hsm;
    (void)device;
    return -ENOTTY;
}

int hsm_deassign_mmiodev(struct hsm *hsm, const struct acrn_mmiodev *device)
{
    (void)hsm;
    (void)device;
    return -ENOTTY;
}

int hsm_set_ptdev_intr(struct hsm *hsm, const struct acrn_ptdev_irq *irq)
{
    (void)hsm;
    (void)irq;
    return -ENOTTY;
}

int hsm_reset_ptdev_intr(struct hsm *hsm, const struct acrn_ptdev_irq *irq)
{
    (void)hsm;
    (void)irq;
    return -ENOTTY;
}
