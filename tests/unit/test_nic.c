/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime's PCI layer and Ethernet driver, on a controller that works and on ones that do not. unit-sources: /rtvm/nic.c /rtvm/nic_ring.c /rtvm/pci.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_nic.h"
#include "rtvm/nic.h"
#include "rtvm/nic_ring.h"
#include "rtvm/pci.h"

#define ID_82574 0x10D38086U
#define ID_82576 0x10C98086U
#define LENGTH   64U
#define VECTOR   0x42U
#define APIC_ID  3U

static uint8_t frame[NIC_BUFFER];
static uint8_t back[NIC_BUFFER];

static enum nic_result start(enum nic_path path, enum nic_mode mode)
{
    struct nic_settings settings = { .function = PCI_NONE, .path = path, .mode = mode, .apic_id = APIC_ID, .vector = VECTOR, .tsc_hz = 1000000000U };

    return nic_start(&settings);
}

/* One frame there and back. */
static bool round_trip(uint32_t number)
{
    uint32_t length = 0U;
    bool there;

    frame[20] = (uint8_t)number;
    if (nic_put(frame, LENGTH) != NIC_OK) {
        return false;
    }
    nic_go();
    there = nic_arrived() && nic_receive(back, &length) && (length == LENGTH) && (memcmp(frame, back, LENGTH) == 0);
    nic_listen();
    return there;
}

/* REQ-RT-062 */
static void frames_go_and_come_back_many_times_round_the_ring(void **state)
{
    static const uint32_t ids[] = { ID_82574, ID_82576 };
    static const enum nic_mode modes[] = { NIC_POLL, NIC_MSIX };

    (void)state;
    for (uint32_t id = 0U; id < 2U; id++) {
        for (uint32_t mode = 0U; mode < 2U; mode++) {
            nic_plug(ids[id]);
            assert_int_equal(start(NIC_PHY, modes[mode]), NIC_OK);
            for (uint32_t i = 0U; i < (5U * NIC_RING); i++) {
                assert_true(round_trip(i));
            }
            assert_int_equal(nic.messages, (modes[mode] == NIC_MSIX) ? (5U * NIC_RING) : 0U);
            assert_int_equal(nic_counts.sent, 5U * NIC_RING);
            assert_int_equal(nic_counts.reported, (5U * NIC_RING) - 1U);
            assert_int_equal(nic_counts.received, 5U * NIC_RING);
            assert_int_equal(nic_counts.broken, 0U);
        }
    }
}

/* REQ-RT-062 */
static void a_message_is_the_vector_on_the_core(void **state)
{
    (void)state;
    nic_plug(ID_82574);
    assert_int_equal(start(NIC_PHY, NIC_MSIX), NIC_OK);
    assert_int_equal(nic.table[TABLE_AT / 4U], 0xFEE03000U);
    assert_int_equal(nic.table[(TABLE_AT / 4U) + 1U], 0U);
    assert_int_equal(nic.table[(TABLE_AT / 4U) + 2U], VECTOR);
    assert_int_equal(nic.config[CONFIG_MSIX / 4U], 0x80040011U);
    nic_plug(ID_82574);
    assert_int_equal(start(NIC_PHY, NIC_MSI), NIC_OK);
    assert_int_equal(nic.config[CONFIG_MSI / 4U], 0x0081A005U);
    assert_int_equal(nic.config[(CONFIG_MSI / 4U) + 1U], 0xFEE03000U);
    assert_int_equal(nic.config[(CONFIG_MSI / 4U) + 2U], 0U);
    assert_int_equal(nic.config[(CONFIG_MSI / 4U) + 3U], VECTOR);
    assert_true(round_trip(1U));
    assert_true(round_trip(2U));
    assert_int_equal(nic.messages, 2U);
}

static void a_message_with_a_short_address_has_its_data_behind_it(void **state)
{
    (void)state;
    nic_plug(ID_82574);
    nic.config[CONFIG_MSI / 4U] = 0x0030A005U; /* 32 bits; four messages were on */
    assert_int_equal(start(NIC_PHY, NIC_MSI), NIC_OK);
    assert_int_equal(nic.config[CONFIG_MSI / 4U], 0x0001A005U);
    assert_int_equal(nic.config[(CONFIG_MSI / 4U) + 2U], VECTOR);
    assert_false(pci_msi(NIC_AT, 0x100U, VECTOR)); /* a core that a message cannot name */
    assert_false(pci_msix(NIC_AT, 0x100U, VECTOR));
}

/* REQ-RT-062 */
static void a_controller_that_is_not_there_is_said_to_be(void **state)
{
    (void)state;
    nic_plug(0x100E8086U);
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_MISSING);
    assert_true(nic.config_reads < 10000U); /* each device is asked once */
    nic_plug(ID_82574);
    struct nic_settings settings = { .function = NIC_AT + 8U, .tsc_hz = 1000000000U };
    assert_int_equal(nic_start(&settings), NIC_MISSING);
    settings.function = NIC_AT;
    settings.mode = NIC_POLL;
    assert_int_equal(nic_start(&settings), NIC_OK);
}

/* REQ-RT-062 */
static void a_controller_that_does_not_work_ends_the_start_by_name(void **state)
{
    (void)state;
    nic_plug(ID_82574);
    nic.config[4] = 0U;
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_NO_REGISTERS);
    nic_plug(ID_82574);
    nic.no_enable = true;
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_NO_REGISTERS);
    nic_plug(ID_82574);
    nic.dead = true;
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_SILENT);
    nic_plug(ID_82574);
    nic.stuck_reset = true;
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_NO_RESET);
    nic_plug(ID_82574);
    nic.no_phy = true;
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_NO_PHY);
    assert_int_equal(start(NIC_WIRE, NIC_POLL), NIC_NO_PHY);
    assert_int_equal(start(NIC_MAC, NIC_POLL), NIC_OK);
    nic_plug(ID_82574);
    nic.no_link = true;
    assert_int_equal(start(NIC_WIRE, NIC_POLL), NIC_NO_LINK);
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_NO_LINK);
    nic_plug(ID_82574);
    nic.config[1] = 0U; /* no list of capabilities */
    assert_int_equal(start(NIC_PHY, NIC_MSIX), NIC_NO_MESSAGES);
    assert_int_equal(start(NIC_PHY, NIC_MSI), NIC_NO_MESSAGES);
    nic_plug(ID_82574);
    nic.config[CONFIG_MSI / 4U] = 0x0080D005U; /* the list loops */
    assert_int_equal(start(NIC_PHY, NIC_MSIX), NIC_NO_MESSAGES);
}

static void a_loop_comes_from_the_phy_or_from_the_mac(void **state)
{
    (void)state;
    nic_plug(ID_82574);
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_OK);
    assert_int_equal(nic.reg[0x20 / 4] & 0x1FFFFFU, 0x4140U);
    assert_int_equal(nic.reg[0x100 / 4] & 0xC0U, 0U);
    nic_plug(ID_82574);
    assert_int_equal(start(NIC_MAC, NIC_POLL), NIC_OK);
    assert_int_equal(nic.reg[0x100 / 4] & 0xC0U, 0x40U);
    nic_plug(ID_82574);
    assert_int_equal(start(NIC_WIRE, NIC_POLL), NIC_OK);
    assert_int_equal(nic.reg[0x20 / 4] & 0x1FFFFFU, 0x1340U);
    assert_int_equal(nic.reg[0] & 0x1800U, 0U); /* nothing is forced */
}

/* REQ-RT-062 */
static void a_controller_that_sends_nothing_fills_the_ring_and_no_more(void **state)
{
    (void)state;
    nic_plug(ID_82574);
    nic.mute = true;
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_OK);
    for (uint32_t i = 0U; i < (NIC_RING - 1U); i++) {
        assert_int_equal(nic_put(frame, LENGTH), NIC_OK);
        nic_go();
    }
    assert_int_equal(nic_put(frame, LENGTH), NIC_FULL);
    assert_int_equal(nic_counts.sent, NIC_RING - 1U);
    nic.mute = false;
    nic_go();
    assert_int_equal(nic_put(frame, LENGTH), NIC_OK);
    assert_int_equal(nic_put(frame, NIC_FRAME_LEAST - 1U), NIC_BAD_LENGTH);
    assert_int_equal(nic_put(frame, NIC_FRAME_MOST + 1U), NIC_BAD_LENGTH);
}

/* REQ-RT-062 */
static void what_arrives_broken_is_counted_and_its_buffer_used_again(void **state)
{
    uint32_t length = 0U;

    (void)state;
    nic_plug(ID_82574);
    assert_int_equal(start(NIC_PHY, NIC_POLL), NIC_OK);
    assert_false(nic_receive(back, &length));
    nic.errors = 1U;
    for (uint32_t i = 0U; i < (3U * NIC_RING); i++) {
        assert_false(round_trip(i));
    }
    assert_int_equal(nic_counts.broken, 3U * NIC_RING);
    nic.errors = 0U;
    assert_true(round_trip(0U));
    nic.silent = true;
    assert_false(round_trip(1U));
}

static void its_address_and_model_are_told(void **state)
{
    static const uint8_t expected[6] = { 0x52U, 0x54U, 0x00U, 0x12U, 0x34U, 0x56U };
    uint8_t address[6];

    (void)state;
    nic_plug(ID_82576);
    assert_int_equal(start(NIC_MAC, NIC_POLL), NIC_OK);
    nic_address(address);
    assert_memory_equal(address, expected, 6U);
    assert_string_equal(nic_model(), "82576");
    nic_plug(ID_82574);
    assert_int_equal(start(NIC_MAC, NIC_POLL), NIC_OK);
    assert_string_equal(nic_model(), "82574");
}

static void each_outcome_has_its_words(void **state)
{
    (void)state;
    for (uint32_t one = NIC_OK; one <= NIC_BAD_LENGTH; one++) {
        for (uint32_t other = NIC_OK; other < one; other++) {
            assert_string_not_equal(nic_words((enum nic_result)one), nic_words((enum nic_result)other));
        }
    }
}

static void a_bar_of_ports_or_beyond_the_last_is_none(void **state)
{
    (void)state;
    nic_plug(ID_82574);
    assert_int_equal(pci_bar(NIC_AT, 0U), NIC_BASE);
    assert_int_equal(pci_bar(NIC_AT, 1U), 0U);
    assert_int_equal(pci_bar(NIC_AT, 6U), 0U);
    nic.config[6] = 0x00000004U;
    nic.config[7] = 0x000000C0U;
    assert_int_equal(pci_bar(NIC_AT, 2U), 0xC000000000ULL);
    nic.config[9] = 0xFE000004U; /* 64 bits, and no room for the other half */
    assert_int_equal(pci_bar(NIC_AT, 5U), 0xFE000000U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_go_and_come_back_many_times_round_the_ring),
        cmocka_unit_test(a_message_is_the_vector_on_the_core),
        cmocka_unit_test(a_message_with_a_short_address_has_its_data_behind_it),
        cmocka_unit_test(a_controller_that_is_not_there_is_said_to_be),
        cmocka_unit_test(a_controller_that_does_not_work_ends_the_start_by_name),
        cmocka_unit_test(a_loop_comes_from_the_phy_or_from_the_mac),
        cmocka_unit_test(a_controller_that_sends_nothing_fills_the_ring_and_no_more),
        cmocka_unit_test(what_arrives_broken_is_counted_and_its_buffer_used_again),
        cmocka_unit_test(its_address_and_model_are_told),
        cmocka_unit_test(each_outcome_has_its_words),
        cmocka_unit_test(a_bar_of_ports_or_beyond_the_last_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
