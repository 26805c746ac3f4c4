/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: /dm/virtio.c /dm/virtio_pci.c /dm/virtio_blk.c /dm/virtqueue.c /dm/msix.c /dm/pci.c /dm/iobus.c /dm/loop.c /dm/memory.c /dm/log.c /tests/unit/dm_fake_hsm.c */
/* The block device on virtio: requests, good and hostile. */
#include "dm_virtio_driver.h"

static void writes_and_flushes(void **state)
{
    char sector[512];
    int fd;

    (void)state;
    start();
    memset(at(DATA_GPA), 'Z', 512);
    assert_int_equal(request(1, 5, 512), 0);
    assert_int_equal(request(4, 0, 0), 0);
    fd = open(path, O_RDONLY);
    assert_int_equal(pread(fd, sector, 512, 5 * 512), 512);
    assert_int_equal(sector[511], 'Z');
    close(fd);
}

static void gives_its_id(void **state)
{
    (void)state;
    start();
    assert_int_equal(request(8, 0, 20), 0);
    assert_memory_equal(at(DATA_GPA), strrchr(path, '/') + 1, 20);
    assert_int_equal(request(8, 0, 19), 1);
}

/* REQ-DM-003 */
static void refuses_what_is_out_of_range(void **state)
{
    (void)state;
    start();
    assert_int_equal(request(0, SECTORS, 512), 1);
    assert_int_equal(request(0, SECTORS - 1U, 1024), 1);
    assert_int_equal(request(0, UINT64_MAX, 512), 1);
    assert_int_equal(request(0, UINT64_MAX / 512U, 512), 1);
    assert_int_equal(request(1, SECTORS, 512), 1);
    assert_int_equal(request(0, 0, 511), 1);
    assert_int_equal(request(99, 0, 512), 2);
    assert_int_equal(request(0, 0, 512), 0);
}

/* REQ-DM-003 */
static void keeps_a_read_only_disk(void **state)
{
    virtio_destroy(&blk.device);
    virtio_blk_close(&blk);
    pci_bus_create(&bus, set_line, NULL);
    open_disk(true);
    wr(bar, 4, 0);
    assert_true((rd(bar + 4, 4) & (1U << 5)) != 0U);
    start();
    assert_int_equal(request(1, 0, 512), 1);
    assert_int_equal(request(0, 0, 512), 0);
    (void)state;
}

static void stops_at_a_request_without_status(void **state)
{
    (void)state;
    start();
    set(0, HEAD_GPA, 16, 0, 0);
    offer(0);
    work();
    assert_true((rd(bar + 20, 1) & VIRTIO_STATUS_NEEDS_RESET) != 0U);
    start(); /* the driver's reset heals it */
    *(uint16_t *)(void *)((uint8_t *)at(AVAIL_GPA) + 2) = 0;
    assert_int_equal(request(0, 0, 512), 0);
}

static void stops_at_a_short_header(void **state)
{
    (void)state;
    start();
    set(0, HEAD_GPA, 15, 1, 1);
    set(1, STAT_GPA, 1, 2, 0);
    offer(0);
    work();
    assert_true((rd(bar + 20, 1) & VIRTIO_STATUS_NEEDS_RESET) != 0U);
}

/* REQ-DM-003 */
static void refuses_a_second_writer(void **state)
{
    struct virtio_blk second;

    (void)state;
    assert_int_equal(virtio_blk_open(&second, path, false), -EWOULDBLOCK);
    assert_int_equal(virtio_blk_open(&second, "/nonexistent", true), -ENOENT);
    assert_int_equal(virtio_blk_open(&second, "/dev/null", true), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_and_flushes), TEST(gives_its_id), TEST(refuses_what_is_out_of_range), TEST(keeps_a_read_only_disk),
        TEST(stops_at_a_request_without_status), TEST(stops_at_a_short_header), TEST(refuses_a_second_writer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
