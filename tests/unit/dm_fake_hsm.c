/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "dm_fake_hsm.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

struct hsm {
    struct acrn_io_request_buffer page;
    bool client, started;
};

struct fake_hsm fake_hsm;
static struct hsm the_hsm;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

void fake_hsm_reset(void)
{
    fake_hsm = (struct fake_hsm){.irqfd_fd = -1};
    memset(&the_hsm, 0, sizeof(the_hsm));
    for (unsigned i = 0; i < ACRN_IO_REQUEST_MAX; i++) {
        the_hsm.page.req_slot[i].processed = ACRN_IOREQ_STATE_FREE;
    }
}

void fake_hsm_play_pio(uint32_t direction, uint64_t port, uint64_t size, uint32_t value)
{
    struct acrn_io_request *request = &fake_hsm.script[fake_hsm.script_size];

    *request = (struct acrn_io_request){.type = ACRN_IOREQ_TYPE_PORTIO};
    request->reqs.pio_request = (struct acrn_pio_request){.direction = direction, .address = port, .size = size, .value = value};
    fake_hsm.script_size++;
}

static int note(const char *call)
{
    pthread_mutex_lock(&lock);
    if (strlen(fake_hsm.log) + strlen(call) + 2U < sizeof(fake_hsm.log)) {
        strcat(strcat(fake_hsm.log, call), " ");
    }
    pthread_mutex_unlock(&lock);
    return (fake_hsm.fail != NULL && strcmp(fake_hsm.fail, call) == 0) ? ((fake_hsm.error != 0) ? fake_hsm.error : -EIO) : 0;
}

struct hsm *hsm_open(const char *path)
{
    (void)path;
    errno = ENOENT;
    return (note("open") == 0) ? &the_hsm : NULL;
}

void hsm_close(struct hsm *hsm)
{
    (void)hsm;
    note("close");
}

int hsm_create_vm(struct hsm *hsm, const char *name, uint64_t affinity, uint16_t *vmid, uint16_t *vcpu_count)
{
    (void)hsm;
    (void)name;
    *vmid = 4;
    *vcpu_count = (uint16_t)__builtin_popcountll(affinity);
    return note("create");
}

int hsm_destroy_vm(struct hsm *hsm)
{
    (void)hsm;
    return note("destroy");
}

int hsm_start_vm(struct hsm *hsm)
{
    int result = note("start");

    pthread_mutex_lock(&lock);
    hsm->started = result == 0;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return result;
}

int hsm_pause_vm(struct hsm *hsm)
{
    (void)hsm;
    return note("pause");
}

int hsm_reset_vm(struct hsm *hsm)
{
    (void)hsm;
    return note("reset");
}

int hsm_set_vcpu_regs(struct hsm *hsm, const struct acrn_vcpu_regs *regs)
{
    (void)hsm;
    fake_hsm.regs = *regs;
    return note("regs");
}

int hsm_map_memory(struct hsm *hsm, uint64_t gpa, void *hva, uint64_t size)
{
    (void)hsm;
    (void)gpa;
    (void)hva;
    (void)size;
    return note("map");
}

int hsm_create_vdev(struct hsm *hsm, const struct acrn_vdev *device)
{
    (void)hsm;
    fake_hsm.vdev = *device;
    return note("vdev");
}

int hsm_destroy_vdev(struct hsm *hsm, const struct acrn_vdev *device)
{
    (void)hsm;
    fake_hsm.vdev = *device;
    return note("novdev");
}

int hsm_assign_pcidev(struct hsm *hsm, const struct acrn_pcidev *device)
{
    (void)hsm;
    fake_hsm.pcidev = *device;
    return note("assign");
}

int hsm_deassign_pcidev(struct hsm *hsm, const struct acrn_pcidev *device)
{
    (void)hsm;
    fake_hsm.pcidev = *device;
    return note("deassign");
}

int hsm_assign_mmiodev(struct hsm *hsm, const struct acrn_mmiodev *device)
{
    (void)hsm;
    fake_hsm.mmiodev = *device;
    return note("mmio");
}

int hsm_deassign_mmiodev(struct hsm *hsm, const struct acrn_mmiodev *device)
{
    (void)hsm;
    fake_hsm.mmiodev = *device;
    return note("nommio");
}

int hsm_set_ptdev_intr(struct hsm *hsm, const struct acrn_ptdev_irq *irq)
{
    (void)hsm;
    fake_hsm.ptdev_irq = *irq;
    return note("line");
}

int hsm_reset_ptdev_intr(struct hsm *hsm, const struct acrn_ptdev_irq *irq)
{
    (void)hsm;
    fake_hsm.ptdev_irq = *irq;
    return note("noline");
}

int hsm_inject_msi(struct hsm *hsm, uint64_t address, uint32_t data)
{
    (void)hsm;
    fake_hsm.msi_count++;
    fake_hsm.msi_address = address;
    fake_hsm.msi_data = data;
    return 0;
}

int hsm_set_irq_line(struct hsm *hsm, uint32_t gsi, bool high)
{
    (void)hsm;
    fake_hsm.line[gsi] = high;
    fake_hsm.line_changes++;
    return 0;
}

int hsm_assign_ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size)
{
    (void)hsm;
    (void)fd;
    (void)size;
    fake_hsm.ioeventfds++;
    fake_hsm.ioeventfd_gpa = gpa;
    return 0;
}

int hsm_deassign_ioeventfd(struct hsm *hsm, int fd, uint64_t gpa, uint32_t size)
{
    (void)hsm;
    (void)fd;
    (void)gpa;
    (void)size;
    fake_hsm.ioeventfds--;
    return 0;
}

int hsm_assign_irqfd(struct hsm *hsm, int fd, uint64_t address, uint32_t data)
{
    (void)hsm;
    (void)data;
    if (!fake_hsm.no_irqfd) {
        fake_hsm.irqfds++;
        fake_hsm.irqfd_fd = fd;
        fake_hsm.irqfd_address = address;
    }
    return fake_hsm.no_irqfd ? -ENOTTY : 0;
}

int hsm_deassign_irqfd(struct hsm *hsm, int fd)
{
    (void)hsm;
    (void)fd;
    fake_hsm.irqfds--;
    return 0;
}

int hsm_create_client(struct hsm *hsm)
{
    hsm->client = true;
    return note("client");
}

/* Once the VM runs: the next request of the script, or a wait for the client's end. */
int hsm_wait_requests(struct hsm *hsm)
{
    int result = 0;

    pthread_mutex_lock(&lock);
    while (hsm->client && !hsm->started) {
        pthread_cond_wait(&changed, &lock);
    }
    if (hsm->client && fake_hsm.script_next < fake_hsm.script_size) {
        hsm->page.req_slot[0] = fake_hsm.script[fake_hsm.script_next];
        hsm->page.req_slot[0].processed = ACRN_IOREQ_STATE_PROCESSING;
        fake_hsm.script_next++;
    } else {
        while (hsm->client) {
            pthread_cond_wait(&changed, &lock);
        }
        result = -ENODEV;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int hsm_destroy_client(struct hsm *hsm)
{
    pthread_mutex_lock(&lock);
    hsm->client = false;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    return note("noclient");
}

int hsm_clear_requests(struct hsm *hsm)
{
    (void)hsm;
    return note("clear");
}

struct acrn_io_request *hsm_request(struct hsm *hsm, unsigned slot)
{
    return &hsm->page.req_slot[slot];
}

int hsm_finish_request(struct hsm *hsm, unsigned slot)
{
    struct acrn_io_request *request = &hsm->page.req_slot[slot];

    fake_hsm.answer[fake_hsm.answered] = request->reqs.pio_request.value;
    fake_hsm.answered++;
    request->processed = ACRN_IOREQ_STATE_FREE;
    return 0;
}

int hsm_finish_and_wait(struct hsm *hsm, unsigned slot)
{
    int result = hsm_finish_request(hsm, slot);

    return (result == 0) ? hsm_wait_requests(hsm) : result;
}
