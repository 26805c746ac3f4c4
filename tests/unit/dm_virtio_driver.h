/* SPDX-License-Identifier: Apache-2.0 */
/* A driver of a virtio block device: PCI, negotiation, queue, requests. For one test program each. */
#ifndef UNIT_DM_VIRTIO_DRIVER_H
#define UNIT_DM_VIRTIO_DRIVER_H

#include "dm_virtio_registers.h"

#include <errno.h>
#include <fcntl.h>

#include "dm/virtio_blk.h"

#define DESC_GPA  0x1000U
#define AVAIL_GPA 0x2000U
#define USED_GPA  0x3000U
#define HEAD_GPA  0x8000U
#define DATA_GPA  0x10000U
#define STAT_GPA  0x9000U
#define SECTORS   16U

static struct virtio_blk blk;
static char path[] = "/tmp/test_dm_virtio.XXXXXX";

/* The worker is not started: the test runs the queue when it wants to. */
static inline void work(void)
{
    pthread_mutex_lock(&blk.device.lock);
    if (virtio_running(&blk.device, 0)) {
        blk.device.model->kick(&blk.device, 0);
    }
    pthread_mutex_unlock(&blk.device.lock);
}

static inline void open_disk(bool read_only)
{
    struct virtio_setup setup = {.hsm = hsm_open(""), .memory = &memory, .bus = &bus};

    assert_int_equal(virtio_blk_open(&blk, path, read_only), 0);
    assert_int_equal(virtio_blk_create(&blk, &setup), 0);
    config_write(PCI_REG_COMMAND, 2, 6);
    bar = config_read(PCI_REG_BAR0, 4);
}

static inline int setup(void **state)
{
    char sector[512];
    int fd;

    (void)state;
    fake_hsm_reset();
    strcpy(path, "/tmp/test_dm_virtio.XXXXXX");
    fd = mkstemp(path);
    for (unsigned i = 0; i < SECTORS; i++) {
        memset(sector, 'a' + (int)i, sizeof(sector));
        assert_int_equal(write(fd, sector, sizeof(sector)), sizeof(sector));
    }
    close(fd);
    assert_int_equal(memory_create(&memory, RAM, false), 0);
    pci_bus_create(&bus, set_line, NULL);
    open_disk(false);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    virtio_destroy(&blk.device);
    virtio_blk_close(&blk);
    memory_destroy(&memory);
    unlink(path);
    return 0;
}

static inline void start(void)
{
    negotiate(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC);
    assert_int_equal(rd(bar + 20, 1), 0x0B);
    wr(bar + 22, 2, 0);
    wr(bar + 24, 2, 8);
    wr(bar + 26, 2, 1);
    wr(bar + 32, 8, DESC_GPA);
    wr(bar + 40, 4, AVAIL_GPA);
    wr(bar + 44, 4, 0);
    wr(bar + 48, 8, USED_GPA);
    wr(bar + 28, 2, 1);
    assert_int_equal(rd(bar + 28, 2), 1);
    wr(bar + 20, 1, 0x0F);
}

static inline void enable_msix(void) { enable_vector(&blk.device, 1); }

static inline void offer(uint16_t head)
{
    uint16_t *ring = at(AVAIL_GPA);

    ring[2 + ring[1] % 8U] = head;
    ring[1]++;
}

static inline void set(unsigned i, uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
    ((struct desc *)at(DESC_GPA))[i] = (struct desc){address, length, flags, next};
}

/* One request; returns its status byte, 0xEE if it was not written. */
static inline unsigned request(uint32_t type, uint64_t sector, uint32_t size)
{
    bool out = type == 1U;
    uint32_t header[2] = {type, 0};

    memcpy(at(HEAD_GPA), header, 8);
    memcpy((uint8_t *)at(HEAD_GPA) + 8, &sector, 8);
    *(uint8_t *)at(STAT_GPA) = 0xEE;
    set(0, HEAD_GPA, 16, 1, (size == 0U) ? 2 : 1);
    set(1, DATA_GPA, size, out ? 1 : 3, 2);
    set(2, STAT_GPA, 1, 2, 0);
    offer(0);
    work();
    return *(uint8_t *)at(STAT_GPA);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
