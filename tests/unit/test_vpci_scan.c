/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c devices/vpci.c devices/vpci_scan.c devices/vpci_stop.c core/irq_exclusive.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_group.c devices/vpci_message.c devices/vpci_header.c devices/vpci_msi.c
     devices/vpci_msix.c devices/vpci_hv.c fake/pci.c */
/* What the scan makes of unusual functions, and what of them the Service VM may reach. */
#include "vpci_machine.h"

#define CARD        0x0030U /* 00:06.0, as each test needs it */
#define BEHIND      0x0100U /* 01:00.0, behind the bridge */

static void scan(void)
{
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
}

/* A function with a list of capabilities; each is {id, offset}, in order. */
static void card(const uint32_t capability[][2], uint32_t count)
{
    fake_add(CARD, 0x10001AF4U, 0x0200U);
    fake_put(CARD, 0x34U, 4U, (count != 0U) ? capability[0][1] : 0U, 0U);
    for (uint32_t i = 0U; i < count; i++) {
        uint32_t next = ((i + 1U) < count) ? capability[i + 1U][1] : 0U;
        fake_put(CARD, capability[i][1], 4U, capability[i][0] | (next << 8U), 0U);
        fake_put(CARD, capability[i][1] + 8U, 4U, 0U, ALL_ONES);
    }
}

static bool closed(uint32_t offset)
{
    wr(CARD, offset + 8U, 4U, 0x11U);
    return (rd(CARD, offset, 1U) == 0U) && (hw_pci_read(CARD, offset + 8U, 4U) == 0U);
}

static void of_two_msi_capabilities_the_second_is_closed(void **state)
{
    (void)state;
    static const uint32_t list[][2] = { { 0x05U, 0x50U }, { 0x05U, 0x70U } };
    card(list, 2U);
    scan();
    assert_int_equal(rd(CARD, 0x50U, 1U), 5U);
    assert_true(closed(0x70U));
}

static void an_msix_capability_where_it_cannot_be_is_closed(void **state)
{
    (void)state;
    static const uint32_t list[][2] = { { 0x11U, 0xF8U } };
    card(list, 1U);
    scan();
    assert_int_equal(rd(CARD, 0xF8U, 1U), 0U);
}

static void enhanced_allocation_is_closed_and_power_management_is_not(void **state)
{
    (void)state;
    static const uint32_t list[][2] = { { 0x14U, 0x50U }, { 0x01U, 0x70U } };
    card(list, 2U);
    scan();
    assert_true(closed(0x50U));
    assert_int_equal(rd(CARD, 0x70U, 1U), 1U);
    wr(CARD, 0x78U, 4U, 3U);
    assert_int_equal(hw_pci_read(CARD, 0x78U, 4U), 3U);
}

static void a_pointer_without_a_list_is_not_followed(void **state)
{
    (void)state;
    static const uint32_t list[][2] = { { 0x14U, 0x50U } };
    card(list, 1U);
    fake_put(CARD, 4U, 4U, 0x00000007U, 0xFFFFU); /* status: no list */
    scan();
    assert_int_equal(rd(CARD, 0x50U, 1U), 0x14U);
}

/* REQ-INT-026 */
static void extended_capabilities_that_move_things_are_closed(void **state)
{
    (void)state;
    static const uint32_t id[] = { 0x0FU, 0x13U, 0x15U, 0x1BU, 0x24U, 0x12U };
    static const uint32_t size[] = { 8U, 16U, 0x34U, 8U, 0x34U, 0x30U };
    card(NULL, 0U);
    for (uint32_t i = 0U; i < 6U; i++) {
        uint32_t next = (i < 5U) ? (0x180U + (0x80U * i)) : 0U;
        fake_put(CARD, 0x100U + (0x80U * i), 4U, id[i] | (next << 20U), 0U);
        fake_put(CARD, 0x100U + (0x80U * i) + (size[i] - 4U), 4U, 0U, ALL_ONES);
        fake_put(CARD, 0x100U + (0x80U * i) + size[i], 4U, 0U, ALL_ONES);
    }
    scan();
    for (uint32_t i = 0U; i < 6U; i++) {
        uint32_t at = 0x100U + (0x80U * i);
        wr(CARD, at + (size[i] - 4U), 4U, 1U);
        wr(CARD, at + size[i], 4U, 1U);
        assert_int_equal(rd(CARD, at, 2U), 0U);
        assert_int_equal(hw_pci_read(CARD, at + (size[i] - 4U), 4U), 0U);
        assert_int_equal(hw_pci_read(CARD, at + size[i], 4U), 1U); /* and no more than it */
    }
}

static void extended_space_that_is_not_there_reads_as_ones(void **state)
{
    (void)state;
    card(NULL, 0U);
    fake_put(CARD, 0x100U, 4U, ALL_ONES, 0U);
    scan();
    assert_int_equal(rd(CARD, 0x100U, 4U), ALL_ONES);
    assert_int_equal(rd(CARD, 0U, 4U), 0x10001AF4U);
}

/* REQ-INT-026 */
static void closed_capabilities_in_a_circle_are_closed_once(void **state)
{
    (void)state;
    card(NULL, 0U);
    fake_put(CARD, 0x100U, 4U, 0x2000000FU, 0U); /* ATS, then PASID at 0x200, then ATS ... */
    fake_put(CARD, 0x200U, 4U, 0x1000001BU, 0U);
    scan();
    assert_int_equal(rd(CARD, 0U, 4U), 0x10001AF4U); /* not more than the limit: the function stays */
    assert_int_equal(rd(CARD, 0x100U, 2U), 0U);
    assert_int_equal(rd(CARD, 0x200U, 2U), 0U);
}

static void a_64_bit_bar_of_4_gib_or_more_keeps_its_upper_half(void **state)
{
    (void)state;
    card(NULL, 0U);
    fake_put(CARD, 0x10U, 4U, 0x0000000CU, 0U);            /* no address bit below 4 GiB can be set */
    fake_put(CARD, 0x14U, 4U, 0x00000040U, 0xFFFFFFFCU);
    scan();
    wr(CARD, 0x14U, 4U, ALL_ONES);
    assert_int_equal(rd(CARD, 0x14U, 4U), 0xFFFFFFFCU);
    wr(CARD, 0x14U, 4U, 0x80U);
    assert_int_equal(hw_pci_read(CARD, 0x14U, 4U), 0x40U);
}

/* There is no room for the upper half: what the type says is wrong. */
static void a_64_bit_bar_in_the_last_place_is_a_32_bit_one(void **state)
{
    (void)state;
    card(NULL, 0U);
    fake_put(CARD, 0x24U, 4U, 0xFE00000CU, 0xFFFFF000U);
    fake_put(CARD, 0x34U, 4U, 0x80U, 0U);
    fake_put(CARD, 0x80U, 4U, 0x00010011U, 0xC0000000U);
    fake_put(CARD, 0x84U, 4U, 5U, 0U);                     /* MSI-X table at its begin */
    fake_put(CARD, 0x88U, 4U, 0x805U, 0U);
    scan();
    wr(CARD, 0x24U, 4U, ALL_ONES);
    assert_int_equal(rd(CARD, 0x24U, 4U), 0xFFFFF00CU);
    assert_int_equal(rd(CARD, 0x80U, 1U), 0x11U);
    assert_true(vpci_mmio_claims(VM_SERVICE, 0xFE000000U));
}

static void a_bar_outside_the_boards_device_memory_is_said(void **state)
{
    (void)state;
    card(NULL, 0U);
    fake_put(CARD, 0x10U, 4U, 0x10000000U, 0xFFFFF000U);
    log_lines = 0U;
    scan();
    assert_int_equal(log_lines, 3U); /* the network card's BAR that has no address, this one, the number of functions */

    partition.table.vm[1].pci[0] = CARD; /* another partition's is no concern of the Service VM */
    partition.table.vm[1].range[0] = (struct part_range){ 0x10000000U, 0x10000000U, 0x1000U, PART_RANGE_MMIO, PART_RANGE_WRITE };
    log_lines = 0U;
    scan();
    assert_int_equal(log_lines, 2U);
}

static void a_cardbus_bridge_belongs_to_no_one(void **state)
{
    (void)state;
    card(NULL, 0U);
    fake_put(CARD, 0x0EU, 1U, 2U, 0U);
    fake_put(CARD, 0x10U, 4U, 0x10000000U, 0xFFFFF000U);
    scan();
    assert_int_equal(rd(CARD, 0U, 4U), ALL_ONES);
    assert_int_equal(hw_pci_read(CARD, 4U, 2U) & 0x0404U, 0x0400U); /* no bus master, no interrupt pin */
}

static void vendor_0_is_an_empty_place(void **state)
{
    (void)state;
    fake_add(CARD, 0x00000000U, 0x0200U);
    scan();
    assert_int_equal(rd(CARD, 0U, 4U), ALL_ONES);
}

static void a_function_of_a_slot_in_the_devices_place_stops_the_boot(void **state)
{
    (void)state;
    card(NULL, 0U);
    fake_put(CARD, 0x0EU, 1U, 0x80U, 0U);
    fake_add(CARD + 1U, 0x10001AF4U, 0x0200U);
    fake_add(CARD + 2U, 0x10001AF4U, 0x0200U);
    partition.table.board.hv_device_bdf = CARD + 1U;
    assert_int_equal(vpci_scan(), STATUS_BUSY);
    assert_string_equal(log_last, "pci: the place of the hypervisor's own device is taken by a real one");
}

static void a_table_that_claims_too_much_is_read_to_its_limits(void **state)
{
    (void)state;
    partition.table.vm_count = PART_MAX_VM + 1U;
    partition.table.vm[PART_MAX_VM - 1U].pci_count = PART_MAX_PCI + 1U;
    for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
        partition.table.vm[PART_MAX_VM - 1U].pci[i] = DISK;
    }
    partition.table.vm[PART_MAX_VM - 1U].pci[PART_MAX_PCI - 1U] = NIC;
    scan();
    assert_int_equal(rd(NIC, 0U, 4U), ALL_ONES);
    assert_int_equal(rd(DISK, 0U, 4U), ALL_ONES);
    assert_int_equal(rd(BRIDGE, 0U, 4U), 0x000C1B36U);
}

static void the_acpi_base_is_taken_only_from_the_chipset_that_the_fadt_names(void **state)
{
    (void)state;
    platform.ich_pm_base = 0U;
    platform.pm1a_event = 0U;
    scan();
    assert_int_equal(platform.ich_pm_base, 0U);

    platform.pm1a_event = 0x400U; /* not where the ISA bridge has it */
    scan();
    assert_int_equal(platform.ich_pm_base, 0U);

    platform.pm1a_event = 0x600U;
    fake_put(ISA_BRIDGE, 0U, 4U, 0x439D1002U, 0U); /* another vendor's */
    scan();
    assert_int_equal(platform.ich_pm_base, 0U);

    fake_put(ISA_BRIDGE, 0U, 4U, 0x29188086U, 0U);
    scan();
    assert_int_equal(platform.ich_pm_base, 0x600U);
}

static void the_board_may_say_where_the_configuration_window_is(void **state)
{
    (void)state;
    partition.table.board.mmconfig_base = 0xC0000000U;
    platform.mmconfig_buses = 64U;
    scan();
    assert_int_equal(platform.mmconfig_base, 0xC0000000U);
    assert_int_equal(platform.mmconfig_buses, 64U);

    platform.mmconfig_buses = 0U; /* no MCFG table: all buses */
    scan();
    assert_int_equal(platform.mmconfig_buses, 256U);
}

static void routing_registers_are_known_for_intels_isa_bridges_only(void **state)
{
    (void)state;
    fake_put(ISA_BRIDGE, 0x68U, 4U, 0U, ALL_ONES);
    wr(ISA_BRIDGE, 0x68U, 4U, 0x0BU);
    assert_int_equal(hw_pci_read(ISA_BRIDGE, 0x68U, 4U), 0x0BU);

    fake_put(ISA_BRIDGE, 0U, 4U, 0x439D1002U, 0U);
    wr(ISA_BRIDGE, 0x60U, 1U, 0x0BU);
    assert_int_equal(hw_pci_read(ISA_BRIDGE, 0x60U, 4U), 0U);
}

static void hole_of_chipset(gpa_t *base, uint64_t *size)
{
    assert_true(vpci_hole(VM_SERVICE, 5U, base, size));
}

static void the_chipsets_block_is_a_hole_where_it_is_enabled(void **state)
{
    gpa_t base = 1U;
    uint64_t size = 1U;
    (void)state;
    hole_of_chipset(&base, &size);
    assert_int_equal(base, 0xFED1C000U);
    assert_int_equal(size, 0x4000U);

    fake_put(ISA_BRIDGE, 0xF0U, 4U, 0xFED1C000U, 0U); /* not enabled */
    hole_of_chipset(&base, &size);
    assert_int_equal(size, 0U);

    fake_put(ISA_BRIDGE, 0xF0U, 4U, 0xFED1C001U, 0U);
    fake_put(ISA_BRIDGE, 0U, 4U, 0x439D1002U, 0U);    /* another register there */
    hole_of_chipset(&base, &size);
    assert_int_equal(size, 0U);
}

static void a_bridge_is_shared_only_with_what_is_behind_it(void **state)
{
    (void)state;
    fake_put(BRIDGE, 0x80U, 4U, 0U, ALL_ONES);
    fake_add(0x0200U, 0x10001AF4U, 0x0200U);           /* bus 2: not behind it */
    partition.table.vm[1].pci[0] = 0x0200U;
    scan();
    wr(BRIDGE, 0x80U, 4U, 1U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x80U, 4U), 1U);

    fake_add(BEHIND, 0x10001AF4U, 0x0200U);
    partition.table.vm[1].pci[0] = BEHIND;             /* and other functions are scanned after it */
    scan();
    wr(BRIDGE, 0x80U, 4U, 2U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x80U, 4U), 1U);
}

/* REQ-INT-024 */
static void bridge_control_may_change_but_for_the_bus_reset(void **state)
{
    (void)state;
    wr(BRIDGE, 0x3EU, 2U, 0x0003U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x3EU, 2U), 0x0003U);
    wr(BRIDGE, 0x3CU, 4U, 0x0042010BU);
    assert_int_equal(hw_pci_read(BRIDGE, 0x3EU, 2U), 0x0002U);
}

static void probing_a_bridges_windows_or_writing_them_back_is_not_refused(void **state)
{
    (void)state;
    log_lines = 0U;
    wr(BRIDGE, 0x20U, 4U, ALL_ONES);
    wr(BRIDGE, 0x20U, 4U, 0xFE90FE80U);
    assert_int_equal(log_lines, 0U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x20U, 4U), 0xFE90FE80U);
}

static void ports_take_whole_registers_of_the_data_window_only(void **state)
{
    (void)state;
    vpci_port_write(VM_SERVICE, 0xCF8U, 4U, 0x80000080U | ((uint32_t)NIC << 8U));
    vpci_port_write(VM_SERVICE, 0xCFCU, 4U, 0x11223344U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x11223344U);
    vpci_port_write(VM_SERVICE, 0xCFDU, 1U, 0xEEU);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x1122EE44U);
    vpci_port_write(VM_SERVICE, 0xCFCU, 3U, 0U);       /* no such size */
    vpci_port_write(VM_SERVICE, 0xD00U, 4U, 0U);       /* behind it */
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x1122EE44U);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCFDU, 1U), 0xEEU);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCFEU, 2U), 0x1122U);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xD00U, 1U), 0xFFU);
    assert_int_equal(vpci_port_read(1U, 0xCFCU, 4U), ALL_ONES);
}

static void the_configuration_window_writes_what_the_ports_write(void **state)
{
    (void)state;
    gpa_t nic = 0xB0000000U + ((gpa_t)NIC << 12U);
    fake_put(NIC, 0x84U, 4U, 0U, ALL_ONES);
    vpci_mmio_write(VM_SERVICE, nic + 0x80U, 4U, 0x11223344U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x11223344U);
    vpci_mmio_write(VM_SERVICE, nic + 0x80U, 8U, 0x5566778899AABBCCU);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x99AABBCCU);
    assert_int_equal(hw_pci_read(NIC, 0x84U, 4U), 0x55667788U);
    vpci_mmio_write(1U, nic + 0x80U, 4U, 0U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x99AABBCCU);
    assert_int_equal(vpci_mmio_read(1U, nic + 0x80U, 4U), ALL_ONES);
}

static void memory_that_is_not_claimed_reads_as_ones(void **state)
{
    (void)state;
    assert_false(vpci_mmio_claims(VM_SERVICE, 0x1000U)); /* below the window */
    assert_int_equal(vpci_mmio_read(VM_SERVICE, 0x1000U, 4U), ~0ULL);
    vpci_mmio_write(VM_SERVICE, 0x1000U, 4U, 0U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, FAKE_MMIO, 4U), ~0ULL);
}

/* REQ-LIF-009 */
static void the_reset_of_another_vm_touches_nothing(void **state)
{
    (void)state;
    wr(DISK, 0x54U, 4U, 0xFEE01000U);
    wr(NIC, 4U, 2U, 7U);
    vpci_given_reset(1U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 7U);
    assert_int_equal(rd(DISK, 0x54U, 4U), 0xFEE01000U);
}

static void lists_end_where_they_say(void **state)
{
    (void)state;
    partition.table.vm[1].pci[1] = NIC;   /* one is listed */
    partition.table.vm[2].pci_count = 1U; /* two VMs are listed */
    partition.table.vm[2].pci[0] = DISK;
    scan();
    assert_int_equal(rd(NIC, 0U, 4U), 0x10D38086U);
    assert_int_equal(rd(DISK, 0U, 4U), 0x29228086U);
    assert_int_equal(rd(GIVEN, 0U, 4U), ALL_ONES);
}

static void capabilities_at_their_last_place_are_offered(void **state)
{
    (void)state;
    static const uint32_t list[][2] = { { 0x05U, 0xE8U } };
    card(list, 1U);
    scan();
    assert_int_equal(rd(CARD, 0xE8U, 1U), 5U);
    fake_put(CARD, 0x34U, 4U, 0xECU, 0U);
    fake_put(CARD, 0xECU, 4U, 0x05U, 0U); /* its longest form would not fit */
    scan();
    assert_int_equal(rd(CARD, 0xECU, 1U), 0U);
}

/* REQ-ISO-092 */
static void what_firmware_left_a_master_is_none_until_its_driver_says_so(void **state)
{
    (void)state;
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 3U);         /* fake_add() has all three on */
    assert_int_equal(hw_pci_read(DISK, 4U, 2U), 3U);
    assert_int_equal(hw_pci_read(GIVEN, 4U, 2U) & 4U, 0U);
    assert_int_equal(hw_pci_read(BRIDGE, 4U, 2U), 7U);      /* it only forwards */
    assert_int_equal(hw_pci_read(ISA_BRIDGE, 4U, 2U), 7U);  /* no driver would switch it on again */
    assert_int_equal(hw_pci_read(HOST_BRIDGE, 4U, 2U), 7U);
    wr(NIC, 4U, 2U, 7U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 7U);
    card(NULL, 0U);
    fake_put(CARD, 8U, 4U, 0x06800000U, 0U);                /* a bridge by its class only, as non-transparent ones are */
    scan();
    assert_int_equal(hw_pci_read(CARD, 4U, 2U), 3U);
}

/* REQ-INT-026 */
static void a_bridges_flattening_portal_is_closed(void **state)
{
    (void)state;
    fake_put(BRIDGE, 0x41U, 1U, 0x60U, 0U);
    fake_put(BRIDGE, 0x60U, 4U, 0x00000015U, 0U);
    fake_put(BRIDGE, 0x68U, 4U, 0U, ALL_ONES);
    fake_put(BRIDGE, 0x80U, 4U, 0U, ALL_ONES);
    fake_put(BRIDGE, 0x84U, 4U, 0U, ALL_ONES);
    partition.table.vm[1].pci_count = 0U; /* the bridge is its owner's alone */
    scan();
    assert_int_equal(rd(BRIDGE, 0x60U, 1U), 0U);
    wr(BRIDGE, 0x68U, 4U, 1U);
    wr(BRIDGE, 0x80U, 4U, 1U);
    wr(BRIDGE, 0x84U, 4U, 1U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x68U, 4U), 0U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x80U, 4U), 0U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x84U, 4U), 1U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(of_two_msi_capabilities_the_second_is_closed, setup),
        cmocka_unit_test_setup(an_msix_capability_where_it_cannot_be_is_closed, setup),
        cmocka_unit_test_setup(enhanced_allocation_is_closed_and_power_management_is_not, setup),
        cmocka_unit_test_setup(a_pointer_without_a_list_is_not_followed, setup),
        cmocka_unit_test_setup(extended_capabilities_that_move_things_are_closed, setup),
        cmocka_unit_test_setup(extended_space_that_is_not_there_reads_as_ones, setup),
        cmocka_unit_test_setup(closed_capabilities_in_a_circle_are_closed_once, setup),
        cmocka_unit_test_setup(a_64_bit_bar_of_4_gib_or_more_keeps_its_upper_half, setup),
        cmocka_unit_test_setup(a_64_bit_bar_in_the_last_place_is_a_32_bit_one, setup),
        cmocka_unit_test_setup(a_bar_outside_the_boards_device_memory_is_said, setup),
        cmocka_unit_test_setup(a_cardbus_bridge_belongs_to_no_one, setup),
        cmocka_unit_test_setup(vendor_0_is_an_empty_place, setup),
        cmocka_unit_test_setup(a_function_of_a_slot_in_the_devices_place_stops_the_boot, setup),
        cmocka_unit_test_setup(a_table_that_claims_too_much_is_read_to_its_limits, setup),
        cmocka_unit_test_setup(the_acpi_base_is_taken_only_from_the_chipset_that_the_fadt_names, setup),
        cmocka_unit_test_setup(the_board_may_say_where_the_configuration_window_is, setup),
        cmocka_unit_test_setup(routing_registers_are_known_for_intels_isa_bridges_only, setup),
        cmocka_unit_test_setup(the_chipsets_block_is_a_hole_where_it_is_enabled, setup),
        cmocka_unit_test_setup(a_bridge_is_shared_only_with_what_is_behind_it, setup),
        cmocka_unit_test_setup(bridge_control_may_change_but_for_the_bus_reset, setup),
        cmocka_unit_test_setup(probing_a_bridges_windows_or_writing_them_back_is_not_refused, setup),
        cmocka_unit_test_setup(ports_take_whole_registers_of_the_data_window_only, setup),
        cmocka_unit_test_setup(the_configuration_window_writes_what_the_ports_write, setup),
        cmocka_unit_test_setup(memory_that_is_not_claimed_reads_as_ones, setup),
        cmocka_unit_test_setup(the_reset_of_another_vm_touches_nothing, setup),
        cmocka_unit_test_setup(lists_end_where_they_say, setup),
        cmocka_unit_test_setup(capabilities_at_their_last_place_are_offered, setup),
        cmocka_unit_test_setup(what_firmware_left_a_master_is_none_until_its_driver_says_so, setup),
        cmocka_unit_test_setup(a_bridges_flattening_portal_is_closed, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
