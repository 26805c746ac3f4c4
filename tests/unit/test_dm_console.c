/* SPDX-License-Identifier: Apache-2.0 */
/* The ends of consoles, and the virtio console between one of them and a driver (the test).
 * unit-sources: /dm/console.c /dm/loop.c /dm/log.c /dm/memory.c /dm/iobus.c /dm/pci.c /dm/msix.c /dm/virtio.c /dm/virtio_pci.c /dm/virtqueue.c /dm/virtio_console.c /dm/virtio_rng.c /tests/unit/dm_fake_hsm.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <fcntl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "dm/virtio_console.h"
#include "dm/virtio_rng.h"
#include "dm_fake_hsm.h"

#define RAM      (4ULL << 20)
#define BUFFER   0x10000U
#define WRITABLE 2U

static struct console console;
static struct loop loop;
static struct guest_memory memory;
static struct pci_bus bus;
static struct virtio_console device;
static char folder[] = "/tmp/test_dm_console.XXXXXX";
static char text[96];
static char got[8192];
static size_t got_size;

static void input(void *owner, const uint8_t *data, size_t size)
{
    (void)owner;
    memcpy(got + got_size, data, size);
    got_size += size;
}

static void set_line(void *owner, uint32_t gsi, bool high)
{
    (void)owner;
    (void)gsi;
    (void)high;
}

static int setup(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/test_dm_console.XXXXXX");
    assert_non_null(mkdtemp(folder));
    got_size = 0;
    fake_hsm_reset();
    assert_int_equal(loop_create(&loop), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    loop_destroy(&loop);
    return rmdir(folder); /* everything else is gone */
}

/* One event of a loop, or none after a while. */
static bool turn(struct loop *which)
{
    struct epoll_event event;
    bool any = epoll_wait(which->epoll, &event, 1, 300) == 1 && event.data.ptr != NULL;

    if (any) {
        struct loop_source *source = event.data.ptr;

        source->ready(source->owner, event.events);
    }
    return any;
}

static int connect_socket(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, console.path);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void a_socket_serves_one_client_after_the_other(void **state)
{
    char answer[16] = "";

    (void)state;
    snprintf(text, sizeof(text), "unix:%s/socket", folder);
    assert_int_equal(console_open(&console, text), 0);
    assert_int_equal(console_attach(&console, &loop, input, NULL), 0);
    console_write(&console, (const uint8_t *)"lost", 4); /* nobody there */
    for (unsigned i = 0; i < 3U; i++) {
        int fd = connect_socket();

        assert_true(turn(&loop));
        console_write(&console, (const uint8_t *)"hello", 5);
        assert_int_equal(read(fd, answer, sizeof(answer)), 5);
        assert_int_equal(write(fd, "abc", 3), 3);
        assert_true(turn(&loop));
        close(fd);
        assert_true(turn(&loop));
        assert_int_equal(console.out, -1);
    }
    assert_int_equal(got_size, 9);
    console_close(&console);
}

/* REQ-DM-010 */
static void a_client_that_does_not_read_stops_nobody(void **state)
{
    static uint8_t flood[1U << 20];
    int fd;

    (void)state;
    snprintf(text, sizeof(text), "unix:%s/socket", folder);
    assert_int_equal(console_open(&console, text), 0);
    assert_int_equal(console_attach(&console, &loop, input, NULL), 0);
    fd = connect_socket();
    assert_true(turn(&loop));
    console_write(&console, flood, sizeof(flood));
    close(fd);
    console_write(&console, flood, sizeof(flood)); /* no SIGPIPE */
    console_close(&console);
}

static void a_pty_talks(void **state)
{
    char answer[16] = "";
    int fd;

    (void)state;
    assert_int_equal(console_open(&console, "pty"), 0);
    assert_int_equal(console_attach(&console, &loop, input, NULL), 0);
    fd = open(console.path, O_RDWR | O_NOCTTY);
    assert_true(fd >= 0);
    console_write(&console, (const uint8_t *)"hi\n", 3);
    assert_int_equal(read(fd, answer, sizeof(answer)), 3); /* raw: no CR is added */
    assert_int_equal(write(fd, "yo", 2), 2);
    assert_true(turn(&loop));
    assert_memory_equal(got, "yo", 2);
    close(fd);
    assert_false(turn(&loop)); /* and survives its reader */
    console_close(&console);
}

static void a_terminal_is_opened_raw(void **state)
{
    struct console pty;

    (void)state;
    assert_int_equal(console_open(&pty, "pty"), 0);
    assert_int_equal(console_open(&console, pty.path), 0);
    assert_int_equal(console_attach(&console, &loop, input, NULL), 0);
    console_write(&pty, (const uint8_t *)"in", 2);
    assert_true(turn(&loop));
    assert_memory_equal(got, "in", 2);
    console_close(&console);
    console_close(&pty);
}

static void paused_input_waits(void **state)
{
    int fd;

    (void)state;
    snprintf(text, sizeof(text), "unix:%s/socket", folder);
    assert_int_equal(console_open(&console, text), 0);
    assert_int_equal(console_attach(&console, &loop, input, NULL), 0);
    console_pause_input(&console, true);
    fd = connect_socket();
    assert_true(turn(&loop));
    assert_int_equal(write(fd, "abc", 3), 3);
    close(fd);
    assert_false(turn(&loop)); /* neither the input nor the hang-up */
    console_pause_input(&console, false);
    assert_true(turn(&loop));
    assert_int_equal(got_size, 3);
    assert_true(turn(&loop));
    assert_int_equal(console.in, -1);
    console_close(&console);
}

static void odd_places_are_refused(void **state)
{
    static const char *const bad[] = {"", "file:", "unix:", "tty", "file", "/a\"b", "/a\\b", "file:/a\nb"};
    char longer[200];

    (void)state;
    memset(longer, '/', sizeof(longer) - 1U);
    longer[sizeof(longer) - 1U] = '\0';
    assert_int_equal(console_open(&console, longer), -EINVAL);
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(console_open(&console, bad[i]), -EINVAL);
    }
    assert_true(console_open(&console, "/dev/null") < 0); /* not a terminal */
}

static void *at(uint64_t gpa) { return memory_range(&memory, gpa, 4096); }

/* Queue q: descriptors at q * 0x4000 + 0x1000, driver ring + 0x2000, device ring + 0x3000. */
static uint64_t ring(unsigned queue, unsigned part) { return queue * 0x4000ULL + part * 0x1000ULL; }

static void enable_queues(struct virtio_device *virtio, unsigned count)
{
    for (unsigned q = 0; q < count; q++) {
        virtio->queue[q].size = 8;
        virtio->queue[q].desc_gpa = ring(q, 1);
        virtio->queue[q].driver_gpa = ring(q, 2);
        virtio->queue[q].device_gpa = ring(q, 3);
        assert_true(virtqueue_enable(&virtio->queue[q], &memory, 0));
    }
    virtio->status = VIRTIO_STATUS_DRIVER_OK;
}

static void offer(unsigned queue, uint32_t size, uint16_t flags)
{
    struct { uint64_t address; uint32_t length; uint16_t flags, next; } *desc = at(ring(queue, 1));
    uint16_t *avail = at(ring(queue, 2));
    unsigned slot = avail[1] % 8U;

    desc[slot].address = BUFFER + queue * 0x8000U + slot * 0x1000U;
    desc[slot].length = size;
    desc[slot].flags = flags;
    avail[2 + slot] = (uint16_t)slot;
    avail[1]++;
}

static uint16_t used(unsigned queue) { return ((uint16_t *)at(ring(queue, 3)))[1]; }

static void create_device(void)
{
    struct virtio_setup place = {.memory = &memory, .bus = &bus};

    assert_int_equal(memory_create(&memory, RAM, false), 0);
    pci_bus_create(&bus, set_line, NULL);
    assert_int_equal(virtio_console_create(&device, &place, &console), 0);
    enable_queues(&device.device, 2);
}

static void the_virtio_console_sends(void **state)
{
    char line[64] = "";
    FILE *file;

    (void)state;
    snprintf(text, sizeof(text), "file:%s/log", folder);
    assert_int_equal(console_open(&console, text), 0);
    create_device();
    memset(at(BUFFER + 0x8000U), 'x', 4096);
    offer(1, 2500, 0);
    memcpy(at(BUFFER + 0x8000U + 0x1000U), "second", 6);
    offer(1, 6, 0);
    virtio_kick_again(&device.device, 1);
    assert_true(turn(&device.device.loop));
    assert_int_equal(used(1), 2);
    virtio_destroy(&device.device);
    console_close(&console);
    file = fopen(text + 5, "r");
    assert_int_equal(fseek(file, 2500, SEEK_SET), 0);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, "second");
    fclose(file);
    unlink(text + 5);
    memory_destroy(&memory);
}

static void the_virtio_console_receives(void **state)
{
    static char flood[3000];
    int fd;

    (void)state;
    memset(flood, 'f', sizeof(flood));
    assert_int_equal(console_open(&console, "pty"), 0);
    create_device();
    fd = open(console.path, O_RDWR | O_NOCTTY);
    assert_int_equal(write(fd, "hello", 5), 5);
    assert_true(turn(&device.device.loop)); /* no buffer yet: it waits */
    assert_int_equal(used(0), 0);
    offer(0, 3, WRITABLE);
    offer(0, 100, WRITABLE);
    virtio_kick_again(&device.device, 0);
    assert_true(turn(&device.device.loop));
    assert_int_equal(used(0), 2);
    assert_memory_equal(at(BUFFER), "hel", 3);
    assert_memory_equal(at(BUFFER + 0x1000U), "lo", 2);
    /* More than fits: it stays in the terminal until the driver makes room. */
    assert_int_equal(write(fd, flood, sizeof(flood)), sizeof(flood));
    while (turn(&device.device.loop)) {
    }
    assert_true(console.paused);
    for (unsigned i = 0; i < 4U; i++) {
        offer(0, 4096, WRITABLE);
    }
    virtio_kick_again(&device.device, 0);
    while (turn(&device.device.loop)) {
    }
    assert_false(console.paused);
    assert_int_equal(device.input_size, 0);
    close(fd);
    virtio_destroy(&device.device);
    console_close(&console);
    memory_destroy(&memory);
}

/* REQ-DM-010 */
static void the_virtio_console_survives_wrong_directions(void **state)
{
    (void)state;
    assert_int_equal(console_open(&console, "none"), 0);
    create_device();
    offer(0, 100, 0);        /* a receive buffer that cannot be written: nothing arrives in it */
    offer(1, 100, WRITABLE); /* a send buffer that cannot be read: nothing is sent */
    device.input_size = 10;
    virtio_kick_again(&device.device, 0);
    virtio_kick_again(&device.device, 1);
    assert_true(turn(&device.device.loop));
    assert_true(turn(&device.device.loop));
    assert_int_equal(used(0), 1);
    assert_int_equal(used(1), 1);
    virtio_destroy(&device.device);
    memory_destroy(&memory);
}

static void the_entropy_source_fills_buffers(void **state)
{
    static const uint8_t zeros[256];
    struct virtio_setup place = {.memory = &memory, .bus = &bus};
    struct virtio_device rng;

    (void)state;
    assert_int_equal(memory_create(&memory, RAM, false), 0);
    pci_bus_create(&bus, set_line, NULL);
    assert_int_equal(virtio_rng_create(&rng, &place), 0);
    enable_queues(&rng, 1);
    offer(0, 4096, WRITABLE);
    virtio_kick_again(&rng, 0);
    assert_true(turn(&rng.loop));
    assert_int_equal(used(0), 1);
    assert_int_equal(((uint32_t *)at(ring(0, 3)))[2], 256);
    assert_memory_not_equal(at(BUFFER), zeros, 256);
    virtio_destroy(&rng);
    memory_destroy(&memory);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_socket_serves_one_client_after_the_other), TEST(a_client_that_does_not_read_stops_nobody), TEST(a_pty_talks),
        TEST(a_terminal_is_opened_raw), TEST(paused_input_waits), TEST(odd_places_are_refused), TEST(the_virtio_console_sends),
        TEST(the_virtio_console_receives), TEST(the_virtio_console_survives_wrong_directions),
        TEST(the_entropy_source_fills_buffers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
