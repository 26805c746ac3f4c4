/* SPDX-License-Identifier: Apache-2.0 */
/* The rings of a hostile guest: whatever is in them, the device stays inside the guest's RAM and comes to an end.
 * unit-sources: /dm/virtqueue.c /dm/memory.c */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dm/virtqueue.h"

#define SIZE      8U
#define DESC_GPA  0x1000ULL
#define AVAIL_GPA 0x2000ULL
#define USED_GPA  0x3000ULL
#define DATA_GPA  0x10000ULL
#define TABLE_GPA 0x4000ULL
#define RAM       (4ULL << 20)
#define NEXT      1U
#define WRITE     2U
#define INDIRECT  4U

struct desc {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

static struct guest_memory memory;
static struct virtqueue queue;
static struct vq_chain chain;

static struct desc *desc_at(uint64_t gpa) { return memory_range(&memory, gpa, SIZE * 16U); }
static uint16_t *avail(void) { return memory_range(&memory, AVAIL_GPA, 64); }
static uint16_t *used(void) { return memory_range(&memory, USED_GPA, 256); }

static void set(uint64_t table, unsigned i, uint64_t address, uint32_t length, uint16_t flags, uint16_t next)
{
    desc_at(table)[i] = (struct desc){address, length, flags, next};
}

static void offer(uint16_t head)
{
    uint16_t *ring = avail();

    ring[2 + ring[1] % SIZE] = head;
    ring[1]++;
}

static int setup(void **state)
{
    (void)state;
    assert_int_equal(memory_create(&memory, RAM, false), 0);
    virtqueue_reset(&queue, SIZE);
    queue.desc_gpa = DESC_GPA;
    queue.driver_gpa = AVAIL_GPA;
    queue.device_gpa = USED_GPA;
    assert_true(virtqueue_enable(&queue, &memory, VIRTIO_F_INDIRECT_DESC));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    memory_destroy(&memory);
    return 0;
}

static void hands_over_a_chain(void **state)
{
    (void)state;
    set(DESC_GPA, 2, DATA_GPA, 16, NEXT, 5);
    set(DESC_GPA, 5, DATA_GPA + 512, 100, WRITE, 0);
    offer(2);
    assert_int_equal(virtqueue_pop(&queue, &chain), VQ_CHAIN);
    assert_int_equal(chain.head, 2);
    assert_int_equal(chain.out_count, 1);
    assert_int_equal(chain.in_count, 1);
    assert_int_equal(chain.out_size, 16);
    assert_int_equal(chain.in_size, 100);
    assert_ptr_equal(chain.iov[1].iov_base, memory_range(&memory, DATA_GPA + 512, 1));
    assert_int_equal(virtqueue_pop(&queue, &chain), VQ_EMPTY);
    virtqueue_push(&queue, 2, 7);
    assert_int_equal(used()[1], 1);
    assert_int_equal(((uint32_t *)(void *)used())[1], 2);
    assert_int_equal(((uint32_t *)(void *)used())[2], 7);
}

static void follows_an_indirect_table(void **state)
{
    (void)state;
    set(DESC_GPA, 0, TABLE_GPA, 32, INDIRECT, 0);
    set(TABLE_GPA, 0, DATA_GPA, 16, NEXT, 1);
    set(TABLE_GPA, 1, DATA_GPA + 64, 1, WRITE, 0);
    offer(0);
    assert_int_equal(virtqueue_pop(&queue, &chain), VQ_CHAIN);
    assert_int_equal(chain.out_count + chain.in_count, 2);
}

static void refuses(void **state)
{
    (void)state;
    offer(0);
    assert_int_equal(virtqueue_pop(&queue, &chain), VQ_BROKEN);
}

/* REQ-DM-001 */
static void refuses_a_loop(void **state)
{
    set(DESC_GPA, 0, DATA_GPA, 16, NEXT, 1);
    set(DESC_GPA, 1, DATA_GPA, 16, NEXT, 0);
    refuses(state);
}

static void refuses_a_next_beyond_the_table(void **state)
{
    set(DESC_GPA, 0, DATA_GPA, 16, NEXT, SIZE);
    refuses(state);
}

static void refuses_a_head_beyond_the_table(void **state)
{
    (void)state;
    offer(SIZE);
    assert_int_equal(virtqueue_pop(&queue, &chain), VQ_BROKEN);
}

static void refuses_more_heads_than_the_ring_holds(void **state)
{
    (void)state;
    avail()[1] = SIZE + 1U;
    assert_int_equal(virtqueue_pop(&queue, &chain), VQ_BROKEN);
}

/* REQ-DM-001 */
static void refuses_buffers_outside_ram(void **state)
{
    static const struct { uint64_t address; uint32_t length; } bad[] = {
        {RAM, 1}, {RAM - 1U, 2}, {UINT64_MAX, 1}, {UINT64_MAX - 15U, 32}, {0, UINT32_MAX}, {0xFEE00000, 4}, {DATA_GPA, 0},
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(DESC_GPA, 0, bad[i].address, bad[i].length, WRITE, 0);
        offer(0);
        assert_int_equal(virtqueue_pop(&queue, &chain), VQ_BROKEN);
        avail()[1]--;
    }
    (void)state;
}

static void refuses_readable_after_writable(void **state)
{
    set(DESC_GPA, 0, DATA_GPA, 16, NEXT | WRITE, 1);
    set(DESC_GPA, 1, DATA_GPA, 16, 0, 0);
    refuses(state);
}

static void refuses_indirect_in_indirect(void **state)
{
    set(DESC_GPA, 0, TABLE_GPA, 16, INDIRECT, 0);
    set(TABLE_GPA, 0, TABLE_GPA, 16, INDIRECT, 0);
    refuses(state);
}

static void refuses_odd_indirect_tables(void **state)
{
    static const struct { uint64_t address; uint32_t length; uint16_t flags; } bad[] = {
        {TABLE_GPA, 0, INDIRECT}, {TABLE_GPA, 17, INDIRECT}, {RAM - 16U, 32, INDIRECT}, {TABLE_GPA, 16, INDIRECT | NEXT},
    };

    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        set(DESC_GPA, 0, bad[i].address, bad[i].length, bad[i].flags, 1);
        offer(0);
        assert_int_equal(virtqueue_pop(&queue, &chain), VQ_BROKEN);
        avail()[1]--;
    }
    (void)state;
}

static void refuses_indirect_that_was_not_negotiated(void **state)
{
    queue.indirect = false;
    set(DESC_GPA, 0, TABLE_GPA, 16, INDIRECT, 0);
    set(TABLE_GPA, 0, DATA_GPA, 16, 0, 0);
    refuses(state);
}

/* REQ-DM-001 */
static void bounds_the_length_of_an_indirect_chain(void **state)
{
    struct desc *table = memory_range(&memory, 0x8000, 2U * VIRTQUEUE_SIZE_MAX * 16U);

    for (unsigned i = 0; i < 2U * VIRTQUEUE_SIZE_MAX; i++) {
        table[i] = (struct desc){DATA_GPA, 1, NEXT, (uint16_t)(i + 1U)};
    }
    set(DESC_GPA, 0, 0x8000, 2U * VIRTQUEUE_SIZE_MAX * 16U, INDIRECT, 0);
    refuses(state);
}

static void refuses_bad_rings(void **state)
{
    static const struct { uint64_t desc, driver, device; uint16_t size; } bad[] = {
        {DESC_GPA + 8U, AVAIL_GPA, USED_GPA, SIZE}, {DESC_GPA, AVAIL_GPA + 1U, USED_GPA, SIZE},
        {DESC_GPA, AVAIL_GPA, USED_GPA + 2U, SIZE}, {RAM, AVAIL_GPA, USED_GPA, SIZE},
        {DESC_GPA, RAM - 4U, USED_GPA, SIZE},       {DESC_GPA, AVAIL_GPA, RAM - 64U, SIZE},
        {DESC_GPA, AVAIL_GPA, USED_GPA, 0},         {DESC_GPA, AVAIL_GPA, USED_GPA, 3},
        {DESC_GPA, AVAIL_GPA, USED_GPA, 512},       {UINT64_MAX - 15U, AVAIL_GPA, USED_GPA, SIZE},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct virtqueue other = {.size = bad[i].size, .desc_gpa = bad[i].desc, .driver_gpa = bad[i].driver, .device_gpa = bad[i].device};

        assert_false(virtqueue_enable(&other, &memory, 0));
        assert_false(other.enabled);
    }
}

/* Random rings: no crash, no endless walk (the sanitizers watch). */
/* REQ-DM-001 */
static void survives_noise(void **state)
{
    unsigned chains = 0;

    (void)state;
    srand(1);
    for (unsigned round = 0; round < 20000U; round++) {
        for (unsigned i = 0; i < SIZE; i++) {
            set(DESC_GPA, i, (uint64_t)(rand() % 3) * (RAM / 2U), (uint32_t)(rand() % 64), (uint16_t)(rand() % 8),
                (uint16_t)(rand() % (SIZE + 1U)));
        }
        avail()[1] = (uint16_t)(queue.last_avail + (unsigned)rand() % 3U);
        avail()[2 + queue.last_avail % SIZE] = (uint16_t)(rand() % (SIZE + 1U));
        if (virtqueue_pop(&queue, &chain) == VQ_CHAIN) {
            chains++;
            virtqueue_push(&queue, chain.head, 0);
        }
    }
    assert_true(chains > 0U);
}

static void interrupts_unless_told_not_to(void **state)
{
    (void)state;
    assert_false(virtqueue_must_interrupt(&queue));
    virtqueue_push(&queue, 0, 0);
    assert_true(virtqueue_must_interrupt(&queue));
    assert_false(virtqueue_must_interrupt(&queue));
    avail()[0] = 1;
    virtqueue_push(&queue, 0, 0);
    assert_false(virtqueue_must_interrupt(&queue));
}

static void interrupts_at_the_event_index(void **state)
{
    (void)state;
    queue.event_idx = true;
    avail()[2 + SIZE] = 1; /* wants to hear of the second completion */
    virtqueue_push(&queue, 0, 0);
    assert_false(virtqueue_must_interrupt(&queue));
    virtqueue_push(&queue, 0, 0);
    assert_true(virtqueue_must_interrupt(&queue));
    queue.last_avail = 3;
    avail()[1] = 3;
    assert_false(virtqueue_rearm(&queue));
    assert_int_equal(used()[2 + SIZE * 4U], 3);
    avail()[1] = 4;
    assert_true(virtqueue_rearm(&queue));
}

static void copies_across_buffers(void **state)
{
    char a[3] = "ab", b[4] = "cde", out[8] = {0};
    struct iovec iov[2] = {{a, 2}, {b, 3}}, part[2];

    (void)state;
    assert_int_equal(iov_read(iov, 2, 1, out, 3), 3);
    assert_string_equal(out, "bcd");
    assert_int_equal(iov_read(iov, 2, 4, out, 8), 1);
    assert_int_equal(iov_read(iov, 2, 5, out, 8), 0);
    assert_int_equal(iov_write(iov, 2, 1, "XYZ", 3), 3);
    assert_memory_equal(a, "aX", 2);
    assert_memory_equal(b, "YZe", 3);
    assert_int_equal(iov_slice(iov, 2, 1, 2, part), 2);
    assert_int_equal(part[0].iov_len + part[1].iov_len, 2);
    assert_int_equal(iov_slice(iov, 2, 5, 9, part), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hands_over_a_chain), TEST(follows_an_indirect_table), TEST(refuses_a_loop),
        TEST(refuses_a_next_beyond_the_table), TEST(refuses_a_head_beyond_the_table),
        TEST(refuses_more_heads_than_the_ring_holds), TEST(refuses_buffers_outside_ram),
        TEST(refuses_readable_after_writable), TEST(refuses_indirect_in_indirect), TEST(refuses_odd_indirect_tables),
        TEST(refuses_indirect_that_was_not_negotiated), TEST(bounds_the_length_of_an_indirect_chain),
        TEST(refuses_bad_rings), TEST(survives_noise), TEST(interrupts_unless_told_not_to),
        TEST(interrupts_at_the_event_index), TEST(copies_across_buffers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
