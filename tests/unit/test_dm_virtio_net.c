/* SPDX-License-Identifier: Apache-2.0 */
/* The network device as a driver sees it, on a backend that keeps what it is given: frames, carrier, hostile queues.
 * unit-sources: /dm/net.c /dm/virtio_net.c /dm/virtio.c /dm/virtio_pci.c /dm/virtqueue.c /dm/msix.c /dm/pci.c /dm/iobus.c /dm/loop.c /dm/memory.c /dm/log.c /tests/unit/dm_fake_hsm.c */
#include "dm_virtio_registers.h"

#include <errno.h>

#include "dm/virtio_net.h"

#define RECEIVE  0U
#define TRANSMIT 1U
#define HEADER   12U
#define MORE     1U
#define WRITABLE 2U
#define ENTRIES  8U
#define BUFFER(queue, i) (0x10000U + (queue) * 0x8000U + (i) * 0x1000U)

static struct virtio_net net;
static struct net_user user;
static struct {
    uint8_t frame[4][NET_FRAME_MAX];
    size_t size[4];
    unsigned count;
    bool full;
    int attached; /* what attach() returns */
} sent;
static const uint8_t mac[NET_MAC_SIZE] = {2, 0, 0, 0, 0, 7};

static int attach(void *state, struct loop *loop, const struct net_user *who)
{
    (void)state;
    (void)loop;
    user = *who;
    return sent.attached;
}

static bool keep_frame(void *state, const uint8_t *frame, size_t size)
{
    (void)state;
    if (!sent.full && sent.count < 4U) {
        memcpy(sent.frame[sent.count], frame, size);
        sent.size[sent.count] = size;
        sent.count++;
    }
    return !sent.full;
}

static const struct net_backend backend = {.attach = attach, .send = keep_frame};

static int setup(void **state)
{
    struct virtio_setup place = {.memory = &memory, .bus = &bus};

    (void)state;
    fake_hsm_reset();
    memset(&sent, 0, sizeof(sent));
    assert_int_equal(memory_create(&memory, RAM, false), 0);
    pci_bus_create(&bus, set_line, NULL);
    assert_int_equal(virtio_net_create(&net, &place, mac, &backend), 0);
    config_write(PCI_REG_COMMAND, 2, 6);
    bar = config_read(PCI_REG_BAR0, 4);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    virtio_destroy(&net.device);
    memory_destroy(&memory);
    return 0;
}

/* Queue q: descriptors, driver ring and device ring at q * 0x4000 + 0x1000, 0x2000, 0x3000. */
static uint32_t ring(unsigned queue, unsigned part) { return queue * 0x4000U + part * 0x1000U; }
static struct desc *desc_of(unsigned queue) { return at(ring(queue, 1)); }
static uint16_t used(unsigned queue) { return ((uint16_t *)at(ring(queue, 3)))[1]; }
static uint32_t used_size(unsigned queue, unsigned i) { return ((uint32_t *)at(ring(queue, 3)))[2U + 2U * i]; }
static bool stopped(void) { return (rd(bar + 20, 1) & VIRTIO_STATUS_NEEDS_RESET) != 0U; }

static void start(void)
{
    memset(memory_range(&memory, 0, 0x9000), 0, 0x9000);
    negotiate(VIRTIO_F_VERSION_1);
    for (unsigned queue = 0; queue < 2U; queue++) {
        wr(bar + 22, 2, queue);
        wr(bar + 24, 2, ENTRIES);
        wr(bar + 26, 2, queue + 1U);
        wr(bar + 32, 8, ring(queue, 1));
        wr(bar + 40, 8, ring(queue, 2));
        wr(bar + 48, 8, ring(queue, 3));
        wr(bar + 28, 2, 1);
        assert_int_equal(rd(bar + 28, 2), 1);
    }
    wr(bar + 16, 2, 0);
    wr(bar + 20, 1, 0x0F);
}

static void offer(unsigned queue, uint16_t head)
{
    uint16_t *avail = at(ring(queue, 2));

    avail[2U + avail[1] % ENTRIES] = head;
    avail[1]++;
}

/* One buffer as a chain of its own. */
static void give(unsigned queue, uint16_t slot, uint32_t size, uint16_t flags)
{
    desc_of(queue)[slot] = (struct desc){.address = BUFFER(queue, slot), .length = size, .flags = flags};
    offer(queue, slot);
}

static void work(unsigned queue)
{
    pthread_mutex_lock(&net.device.lock);
    if (virtio_running(&net.device, queue)) {
        net.device.model->kick(&net.device, queue);
    }
    pthread_mutex_unlock(&net.device.lock);
}

static void frame_arrives(size_t size)
{
    uint8_t frame[NET_FRAME_MAX];

    memset(frame, 'r', sizeof(frame));
    user.receive(user.owner, frame, size);
    user.received(user.owner);
}

static void announces_itself(void **state)
{
    (void)state;
    assert_int_equal(config_read(0, 4), 0x10411AF4);
    assert_int_equal(config_read(PCI_REG_SUBSYSTEM, 4), 0x00011AF4);
    assert_int_equal(config_read(8, 4) >> 8, 0x020000);
    assert_int_equal(rd(bar + 18, 2), 2);
    wr(bar, 4, 0);
    assert_int_equal(rd(bar + 4, 4), (1U << 5) | (1U << 16) | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX);
    assert_int_equal(rd(bar + VIRTIO_BAR_DEVICE, 8), 0x0000070000000002ULL);
}

/* REQ-DM-017 */
static void sends_frames_without_their_header(void **state)
{
    (void)state;
    start();
    memset(at(BUFFER(TRANSMIT, 0)), 's', 512);
    give(TRANSMIT, 0, HEADER + 60U, 0);
    /* The second one in pieces that split header and frame elsewhere. */
    desc_of(TRANSMIT)[1] = (struct desc){BUFFER(TRANSMIT, 1), 5, MORE, 2};
    desc_of(TRANSMIT)[2] = (struct desc){BUFFER(TRANSMIT, 2), 20, MORE, 3};
    desc_of(TRANSMIT)[3] = (struct desc){BUFFER(TRANSMIT, 3), HEADER + NET_FRAME_MAX - 25U, 0, 0};
    memcpy(at(BUFFER(TRANSMIT, 2)), "headers" "frame", 12);
    offer(TRANSMIT, 1);
    work(TRANSMIT);
    assert_int_equal(used(TRANSMIT), 2);
    assert_int_equal(sent.count, 2);
    assert_int_equal(sent.size[0], 60);
    assert_int_equal(sent.frame[0][59], 's');
    assert_int_equal(sent.size[1], NET_FRAME_MAX);
    assert_memory_equal(sent.frame[1], "frame", 5);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 1);
}

/* REQ-DM-017 */
static void a_frame_that_the_link_does_not_take_is_lost(void **state)
{
    (void)state;
    start();
    sent.full = true;
    give(TRANSMIT, 0, HEADER + 60U, 0);
    work(TRANSMIT);
    assert_int_equal(used(TRANSMIT), 1);
    assert_false(stopped());
}

/* REQ-DM-017 */
static void drops_frames_of_a_size_that_none_has(void **state)
{
    (void)state;
    start();
    give(TRANSMIT, 0, HEADER, 0);
    give(TRANSMIT, 1, HEADER + NET_FRAME_MIN - 1U, 0);
    give(TRANSMIT, 2, HEADER + NET_FRAME_MAX + 1U, 0);
    give(TRANSMIT, 3, 2U << 20, 0);
    give(TRANSMIT, 4, HEADER + NET_FRAME_MIN, 0);
    work(TRANSMIT);
    assert_int_equal(used(TRANSMIT), 5);
    assert_int_equal(sent.count, 1);
    assert_int_equal(net.bad, 4);
    assert_false(stopped());
    virtio_net_report(&net, "link");
}

/* REQ-DM-002 REQ-DM-017 */
static void stops_at_a_transmit_buffer_without_header(void **state)
{
    (void)state;
    start();
    give(TRANSMIT, 0, HEADER - 1U, 0);
    give(TRANSMIT, 1, HEADER + 60U, 0);
    work(TRANSMIT);
    assert_true(stopped());
    assert_int_equal(used(TRANSMIT), 0);
    start(); /* the driver's reset heals it */
    give(TRANSMIT, 0, HEADER + 60U, 0);
    work(TRANSMIT);
    assert_int_equal(sent.count, 1);
}

/* REQ-DM-002 REQ-DM-017 */
static void stops_at_buffers_of_the_wrong_direction(void **state)
{
    (void)state;
    start();
    give(TRANSMIT, 0, HEADER + 60U, WRITABLE);
    work(TRANSMIT);
    assert_true(stopped());
    start();
    desc_of(TRANSMIT)[0] = (struct desc){BUFFER(TRANSMIT, 0), HEADER + 60U, MORE, 1};
    desc_of(TRANSMIT)[1] = (struct desc){BUFFER(TRANSMIT, 1), 60, WRITABLE, 0};
    offer(TRANSMIT, 0);
    work(TRANSMIT);
    assert_true(stopped());
    start();
    give(RECEIVE, 0, 2048, 0);
    frame_arrives(60);
    assert_true(stopped());
    start();
    desc_of(RECEIVE)[0] = (struct desc){BUFFER(RECEIVE, 0), 60, MORE, 1};
    desc_of(RECEIVE)[1] = (struct desc){BUFFER(RECEIVE, 1), 2048, WRITABLE, 0};
    offer(RECEIVE, 0);
    frame_arrives(60);
    assert_true(stopped());
    assert_int_equal(sent.count, 0);
    assert_int_equal(net.no_buffer, 2);
}

/* REQ-DM-002 REQ-DM-017 */
static void stops_at_a_receive_buffer_without_room_for_the_header(void **state)
{
    (void)state;
    start();
    give(RECEIVE, 0, HEADER - 1U, WRITABLE);
    frame_arrives(60);
    assert_true(stopped());
    assert_int_equal(used(RECEIVE), 0);
}

/* REQ-DM-001 REQ-DM-002 */
static void stops_at_malformed_chains(void **state)
{
    (void)state;
    for (unsigned queue = 0; queue < 2U; queue++) {
        static const struct desc bad[] = {
            {RAM - 8U, 2048, 0, 0}, {UINT64_MAX, 2048, 0, 0}, {0x10000, 0, 0, 0}, {0x10000, 2048, MORE, 0},
            {0x10000, 2048, MORE, ENTRIES}, {0x10000, 2048, 4, 0},
        };

        for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            start();
            desc_of(queue)[0] = bad[i];
            desc_of(queue)[0].flags |= (queue == RECEIVE) ? WRITABLE : 0U;
            offer(queue, 0);
            work(queue);
            frame_arrives(60);
            assert_true(stopped());
            assert_int_equal(used(queue), 0);
        }
    }
    start();
    ((uint16_t *)at(ring(TRANSMIT, 2)))[1] = ENTRIES + 1U; /* more than the ring holds */
    work(TRANSMIT);
    assert_true(stopped());
    start();
    offer(RECEIVE, ENTRIES);
    frame_arrives(60);
    assert_true(stopped());
}

/* REQ-DM-017 */
static void receives_frames_with_a_header(void **state)
{
    static const uint8_t header[HEADER] = {[10] = 1};

    (void)state;
    start();
    memset(at(BUFFER(RECEIVE, 0)), 0xEE, 512);
    give(RECEIVE, 0, HEADER + NET_FRAME_MAX, WRITABLE);
    desc_of(RECEIVE)[1] = (struct desc){BUFFER(RECEIVE, 1), 7, WRITABLE | MORE, 2};
    desc_of(RECEIVE)[2] = (struct desc){BUFFER(RECEIVE, 2), HEADER + NET_FRAME_MAX - 7U, WRITABLE, 0};
    offer(RECEIVE, 1);
    frame_arrives(NET_FRAME_MIN);
    assert_int_equal(used(RECEIVE), 1);
    assert_int_equal(used_size(RECEIVE, 0), HEADER + NET_FRAME_MIN);
    assert_memory_equal(at(BUFFER(RECEIVE, 0)), header, HEADER);
    assert_int_equal(((uint8_t *)at(BUFFER(RECEIVE, 0)))[HEADER + NET_FRAME_MIN - 1U], 'r');
    assert_int_equal(((uint8_t *)at(BUFFER(RECEIVE, 0)))[HEADER + NET_FRAME_MIN], 0xEE);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 1);
    frame_arrives(NET_FRAME_MAX);
    assert_int_equal(used(RECEIVE), 2);
    assert_int_equal(used_size(RECEIVE, 1), HEADER + NET_FRAME_MAX);
    assert_memory_equal(at(BUFFER(RECEIVE, 1)), header, 7);
    assert_memory_equal(at(BUFFER(RECEIVE, 2)), header + 7, 5);
    assert_int_equal(((uint8_t *)at(BUFFER(RECEIVE, 2)))[5], 'r');
    assert_int_equal(net.no_buffer, 0);
}

/* REQ-DM-017 */
static void drops_frames_that_find_no_buffer(void **state)
{
    (void)state;
    frame_arrives(60); /* no driver yet */
    start();
    frame_arrives(60);
    assert_int_equal(net.no_buffer, 2);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 0);
    give(RECEIVE, 0, 100, WRITABLE);
    frame_arrives(100); /* does not fit: a smaller one gets the buffer */
    assert_int_equal(net.no_buffer, 3);
    assert_int_equal(used(RECEIVE), 0);
    frame_arrives(88);
    assert_int_equal(used(RECEIVE), 1);
    assert_false(stopped());
    virtio_net_report(&net, "link");
}

/* REQ-DM-017 */
static void new_receive_buffers_alone_do_nothing(void **state)
{
    (void)state;
    start();
    give(RECEIVE, 0, 2048, WRITABLE);
    work(RECEIVE);
    assert_int_equal(used(RECEIVE), 0);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 0);
}

/* REQ-DM-017 */
static void the_carrier_is_status_and_interrupt(void **state)
{
    (void)state;
    start();
    assert_int_equal(rd(bar + VIRTIO_BAR_DEVICE + 6U, 2), 0);
    for (unsigned up = 1; up < 4U; up++) {
        uint64_t generation = rd(bar + 21, 1);

        user.carrier(user.owner, up % 2U == 1U);
        assert_int_equal(rd(bar + VIRTIO_BAR_DEVICE + 6U, 2), up % 2U);
        assert_int_not_equal(rd(bar + 21, 1), generation);
        assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 2);
    }
    wr(bar + 20, 1, 0);
    user.carrier(user.owner, false);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 0); /* nobody to tell */
    user.carrier(user.owner, true);
    start();
    assert_int_equal(rd(bar + VIRTIO_BAR_DEVICE + 6U, 2), 1); /* a reset of the driver pulls no cable */
}

static void each_cause_has_its_vector(void **state)
{
    (void)state;
    fake_hsm.no_irqfd = true;
    for (uint32_t vector = 0; vector < 3U; vector++) {
        enable_vector(&net.device, vector);
    }
    start();
    user.carrier(user.owner, true);
    assert_int_equal(fake_hsm.msi_data, 0x4040);
    give(RECEIVE, 0, 2048, WRITABLE);
    frame_arrives(60);
    assert_int_equal(fake_hsm.msi_data, 0x4041);
    give(TRANSMIT, 0, HEADER + 60U, 0);
    work(TRANSMIT);
    assert_int_equal(fake_hsm.msi_data, 0x4042);
    assert_int_equal(fake_hsm.msi_count, 3);
}

static void many_frames_are_one_interrupt(void **state)
{
    static const uint8_t frame[60];

    (void)state;
    start();
    for (uint16_t i = 0; i < 4U; i++) {
        give(RECEIVE, i, 2048, WRITABLE);
        user.receive(user.owner, frame, sizeof(frame));
    }
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 0);
    user.received(user.owner);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 1);
    user.received(user.owner);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 0);
}

static void a_backend_that_fails_leaves_no_device(void **state)
{
    struct virtio_setup place = {.memory = &memory, .bus = &bus};
    struct virtio_net second;

    (void)state;
    sent.attached = -EMFILE;
    assert_int_equal(virtio_net_create(&second, &place, mac, &backend), -EMFILE);
}

/* REQ-DM-001 REQ-DM-002 */
static void survives_noise(void **state)
{
    (void)state;
    srand(1);
    for (unsigned round = 0; round < 20000U; round++) {
        unsigned queue = (unsigned)rand() % 2U;
        unsigned slot = (unsigned)rand() % ENTRIES;
        uint64_t address = (rand() % 4 == 0) ? ((uint64_t)(unsigned)rand() << 20) : (uint64_t)((unsigned)rand() % RAM);

        if (stopped() || round == 0U) {
            start();
        }
        sent.count = 0;
        desc_of(queue)[slot] = (struct desc){address, (uint32_t)rand() % 3000U, (uint16_t)rand() % 8U, (uint16_t)rand() % (ENTRIES + 1U)};
        offer(queue, (uint16_t)slot);
        work(queue);
        frame_arrives(NET_FRAME_MIN + (unsigned)rand() % (NET_FRAME_MAX - NET_FRAME_MIN + 1U));
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(announces_itself), TEST(sends_frames_without_their_header), TEST(a_frame_that_the_link_does_not_take_is_lost),
        TEST(drops_frames_of_a_size_that_none_has), TEST(stops_at_a_transmit_buffer_without_header),
        TEST(stops_at_buffers_of_the_wrong_direction), TEST(stops_at_a_receive_buffer_without_room_for_the_header),
        TEST(stops_at_malformed_chains), TEST(receives_frames_with_a_header), TEST(drops_frames_that_find_no_buffer),
        TEST(new_receive_buffers_alone_do_nothing), TEST(the_carrier_is_status_and_interrupt), TEST(each_cause_has_its_vector),
        TEST(many_frames_are_one_interrupt), TEST(a_backend_that_fails_leaves_no_device), TEST(survives_noise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
