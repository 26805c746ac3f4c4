/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor rings of the runtime's Ethernet driver, against what a controller may write. unit-sources: /rtvm/nic_ring.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "rtvm/nic_ring.h"

#define LENGTH 64U

static struct nic_ring ring;
static uint8_t frame[NIC_BUFFER];
static uint8_t out[NIC_BUFFER];
static uint32_t length;
static uint32_t tail;

/* The forms of the two controllers, as their datasheets number the bits. */
static uint64_t received(enum nic_format format, uint32_t bytes, bool last, uint32_t errors)
{
    return (format == NIC_LEGACY) ? ((uint64_t)bytes | (1ULL << 32) | ((uint64_t)last << 33) | ((uint64_t)errors << 40))
                                  : (1ULL | ((uint64_t)last << 1) | ((uint64_t)errors << 20) | ((uint64_t)bytes << 32));
}

/* The controller fills the index-th buffer. */
static void fill(uint32_t index, uint32_t bytes, bool last, uint32_t errors)
{
    for (uint32_t i = 0U; i < NIC_BUFFER; i++) {
        ring.buffer[index][i] = (uint8_t)(index + i);
    }
    ring.descriptor[index].address = (ring.format == NIC_ADVANCED) ? 0x1234U : ring.descriptor[index].address;
    ring.descriptor[index].word = received(ring.format, bytes, last, errors);
}

static void start(enum nic_format format)
{
    memset((void *)&ring, 0xA5, sizeof(ring));
    nic_ring_init_receive(&ring, format);
    length = 0U;
    tail = NIC_RING;
}

/* REQ-RT-062 */
static void a_frame_to_send_is_described_in_the_legacy_form(void **state)
{
    (void)state;
    nic_ring_init_send(&ring, NIC_LEGACY);
    frame[0] = 0x11U;
    frame[LENGTH - 1U] = 0x22U;
    assert_true(nic_ring_put(&ring, frame, LENGTH));
    assert_int_equal(ring.next, 1U);
    assert_int_equal(ring.descriptor[0].address, (uintptr_t)&ring.buffer[0][0]);
    assert_int_equal(ring.descriptor[0].word, 0x0B000000ULL | LENGTH); /* EOP, IFCS, RS */
    assert_int_equal(ring.buffer[0][0], 0x11U);
    assert_int_equal(ring.buffer[0][LENGTH - 1U], 0x22U);
}

/* REQ-RT-062 */
static void a_frame_to_send_is_described_in_the_advanced_form(void **state)
{
    (void)state;
    nic_ring_init_send(&ring, NIC_ADVANCED);
    assert_true(nic_ring_put(&ring, frame, LENGTH));
    assert_int_equal(ring.descriptor[0].word, ((uint64_t)LENGTH << 46) | 0x2B300000ULL | LENGTH); /* DEXT, data, EOP, IFCS, RS */
}

static void a_length_that_no_frame_has_is_refused(void **state)
{
    (void)state;
    nic_ring_init_send(&ring, NIC_LEGACY);
    assert_false(nic_ring_put(&ring, frame, NIC_FRAME_LEAST - 1U));
    assert_false(nic_ring_put(&ring, frame, NIC_FRAME_MOST + 1U));
    assert_int_equal(ring.next, 0U);
    assert_true(nic_ring_put(&ring, frame, NIC_FRAME_LEAST));
    assert_true(nic_ring_put(&ring, frame, NIC_FRAME_MOST));
}

/* REQ-RT-062 */
static void a_ring_of_which_nothing_is_sent_gets_full_and_takes_again_what_was_reported(void **state)
{
    uint32_t put = 0U;

    (void)state;
    nic_ring_init_send(&ring, NIC_LEGACY);
    while (put < (2U * NIC_RING) && nic_ring_put(&ring, frame, LENGTH)) {
        put++;
    }
    assert_int_equal(put, NIC_RING - 1U);
    assert_int_equal(nic_ring_reap(&ring), 0U);
    ring.descriptor[1].word |= 1ULL << 32; /* the second before the first: not in order, so not yet */
    assert_int_equal(nic_ring_reap(&ring), 0U);
    ring.descriptor[0].word |= 1ULL << 32;
    assert_int_equal(nic_ring_reap(&ring), 2U);
    assert_true(nic_ring_put(&ring, frame, LENGTH));
    assert_true(nic_ring_put(&ring, frame, LENGTH));
    assert_false(nic_ring_put(&ring, frame, LENGTH));
    assert_int_equal(ring.next, 1U);
}

static void reports_of_a_whole_ring_are_counted_once(void **state)
{
    (void)state;
    nic_ring_init_send(&ring, NIC_LEGACY);
    for (uint32_t round = 0U; round < (3U * NIC_RING); round++) {
        assert_true(nic_ring_put(&ring, frame, LENGTH));
        ring.descriptor[round % NIC_RING].word |= 1ULL << 32;
        assert_int_equal(nic_ring_reap(&ring), 1U);
        assert_int_equal(nic_ring_reap(&ring), 0U);
    }
}

/* REQ-RT-062 */
static void every_buffer_waits_at_the_start_and_is_given_back_whole(void **state)
{
    (void)state;
    for (uint32_t format = NIC_LEGACY; format <= NIC_ADVANCED; format++) {
        start((enum nic_format)format);
        for (uint32_t round = 0U; round < (3U * NIC_RING); round++) {
            uint32_t index = round % NIC_RING;
            assert_int_equal(ring.descriptor[index].address, (uintptr_t)&ring.buffer[index][0]);
            assert_int_equal(ring.descriptor[index].word, 0U);
            assert_false(nic_ring_filled(&ring));
            assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_NOTHING);
            fill(index, LENGTH + index, true, 0U);
            assert_true(nic_ring_filled(&ring));
            assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_TAKEN);
            assert_int_equal(length, LENGTH + index);
            assert_int_equal(tail, index);
            assert_int_equal(out[LENGTH - 1U], (uint8_t)(index + LENGTH - 1U));
        }
    }
}

/* REQ-RT-062 */
static void what_a_controller_cannot_have_meant_is_not_copied(void **state)
{
    static const uint32_t line_errors[] = { 0x01U, 0x02U, 0x04U, 0x10U, 0x80U };

    (void)state;
    for (uint32_t format = NIC_LEGACY; format <= NIC_ADVANCED; format++) {
        start((enum nic_format)format);
        memset(out, 0, sizeof(out));
        fill(0U, LENGTH, false, 0U); /* the first part of something longer */
        assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_BROKEN);
        fill(1U, NIC_BUFFER + 1U, true, 0U);
        assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_BROKEN);
        fill(2U, 0xFFFFU, true, 0U);
        assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_BROKEN);
        assert_int_equal(length, 0U);
        assert_int_equal(tail, 2U);
        assert_int_equal(out[0], 0U);
        fill(3U, NIC_BUFFER, true, 0U);
        assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_TAKEN);
        assert_int_equal(length, NIC_BUFFER);
    }
    start(NIC_LEGACY);
    for (uint32_t i = 0U; i < 5U; i++) {
        fill(i, LENGTH, true, line_errors[i]);
        assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_BROKEN);
    }
    fill(5U, LENGTH, true, 0x60U); /* checksums of IP and TCP are not the line's */
    assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_TAKEN);
    start(NIC_ADVANCED);
    fill(0U, LENGTH, true, 0x800U);
    assert_int_equal(nic_ring_take(&ring, out, &length, &tail), NIC_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_to_send_is_described_in_the_legacy_form),
        cmocka_unit_test(a_frame_to_send_is_described_in_the_advanced_form),
        cmocka_unit_test(a_length_that_no_frame_has_is_refused),
        cmocka_unit_test(a_ring_of_which_nothing_is_sent_gets_full_and_takes_again_what_was_reported),
        cmocka_unit_test(reports_of_a_whole_ring_are_counted_once),
        cmocka_unit_test(every_buffer_waits_at_the_start_and_is_given_back_whole),
        cmocka_unit_test(what_a_controller_cannot_have_meant_is_not_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
