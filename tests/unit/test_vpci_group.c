/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c devices/vpci.c devices/vpci_scan.c devices/vpci_stop.c core/irq_exclusive.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_group.c devices/vpci_message.c
     devices/vpci_header.c devices/vpci_msi.c devices/vpci_msix.c devices/vpci_hv.c fake/pci.c */
/* Which functions have one owner, because nothing keeps them apart; and what of a shared bridge the Service VM may write. */
#include "vpci_machine.h"

#define PORT     0x0030U /* 00:06.0, a root port with bus 2 behind it */
#define BEHIND   0x0200U /* 02:00.0 */
#define BESIDE   0x0201U /* 02:00.1 */
#define TWIN     0x0029U /* 00:05.1, the second function of the one that is given away */
#define EXPRESS  0x40U
#define ACS      0x148U

static void with_express(uint16_t bdf, uint32_t type)
{
    fake_put(bdf, 0x34U, 4U, EXPRESS, 0U);
    fake_put(bdf, EXPRESS, 4U, 0x00020010U | (type << 20U), 0U);
}

static void with_acs(uint16_t bdf)
{
    fake_put(bdf, 0x100U, 4U, 0x14810001U, 0U);
    fake_put(bdf, ACS, 4U, 0x0001000DU, 0U);
    fake_put(bdf, ACS + 4U, 4U, 0x0000005FU, 0xFFFF0000U);
}

static void port(uint32_t type)
{
    fake_add(PORT, 0x000C1B36U, 0x0604U);
    fake_put(PORT, 0x0CU, 4U, 0x00010000U, 0U);
    fake_put(PORT, 0x18U, 4U, 0x00020200U, ALL_ONES);
    fake_put(PORT, 4U, 2U, 0U, 0xFFFFU);
    with_express(PORT, type);
}

static void behind(uint16_t bdf)
{
    fake_add(bdf, 0x10D38086U, 0x0200U);
    fake_put(bdf, 0xEU, 1U, 0x80U, 0U);
}

static enum status scan(void)
{
    irq_init();
    platform.iommu_present = true;
    log_lines = 0U;
    return vpci_scan();
}

static void give(uint16_t bdf)
{
    partition.table.vm[1].pci[0] = bdf;
}

/* REQ-INT-051 */
static void a_function_alone_behind_a_root_port_with_acs_can_be_given(void **state)
{
    (void)state;
    port(4U);
    with_acs(PORT);
    behind(BEHIND);
    give(BEHIND);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(PORT, ACS + 6U, 2U), 0x1DU); /* switched on, */
    wr(PORT, ACS + 6U, 2U, 0U);
    assert_int_equal(hw_pci_read(PORT, ACS + 6U, 2U), 0x1DU); /* and not to be switched off */
}

/* REQ-INT-051 */
static void access_control_comes_back_after_a_reset_by_the_guest(void **state)
{
    (void)state;
    with_acs(NIC);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(NIC, ACS + 6U, 2U), 0x1DU);
    hw_pci_write(NIC, ACS + 6U, 2U, 0U);
    wr(NIC, 4U, 2U, 6U); /* before it may do anything */
    assert_int_equal(hw_pci_read(NIC, ACS + 6U, 2U), 0x1DU);
}

/* REQ-INT-051 */
static void access_control_stays_as_it_is_without_an_iommu(void **state)
{
    (void)state;
    port(4U);
    with_acs(PORT);
    platform.iommu_present = false;
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(PORT, ACS + 6U, 2U), 0U);
}

/* REQ-INT-051 */
static void functions_of_one_device_without_acs_have_one_owner(void **state)
{
    (void)state;
    fake_put(GIVEN, 0xEU, 1U, 0x80U, 0U);
    fake_add(TWIN, 0x10001AF4U, 0x0200U);
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "ACS"));
    assert_non_null(strstr(log_last, "0x29"));
    partition.table.vm[1].pci_count = 2U;
    partition.table.vm[1].pci[1] = TWIN;
    assert_int_equal(scan(), STATUS_OK);
    partition.table.vm[1].pci_count = 1U;
    with_acs(GIVEN);
    assert_int_equal(scan(), STATUS_DENIED); /* the other one still reaches it */
    with_acs(TWIN);
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-INT-051 */
static void a_function_without_owner_may_share_the_device(void **state)
{
    (void)state;
    fake_put(GIVEN, 0xEU, 1U, 0x80U, 0U);
    fake_add(TWIN, 0x14191022U, 0x0200U);
    assert_int_equal(scan(), STATUS_DENIED);       /* the Service VM's */
    fake_put(TWIN, 8U, 4U, 0x0806U << 16U, 0U);    /* an IOMMU: nobody's */
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(TWIN, 4U, 2U) & 4U, 0U);
}

/* REQ-INT-051 */
static void access_control_counts_where_all_of_it_has_room(void **state)
{
    (void)state;
    fake_put(GIVEN, 0xEU, 1U, 0x80U, 0U);
    fake_add(TWIN, 0x10001AF4U, 0x0200U);
    with_acs(GIVEN);
    fake_put(TWIN, 0x100U, 4U, 0xFF810001U, 0U);
    fake_put(TWIN, 0xFF8U, 4U, 0x0001000DU, 0U);   /* the last place */
    fake_put(TWIN, 0xFFCU, 4U, 0x0000005FU, 0xFFFF0000U);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(TWIN, 0xFFEU, 2U), 0x1DU);
    fake_put(TWIN, 0x100U, 4U, 0xFFC10001U, 0U);
    fake_put(TWIN, 0xFFCU, 4U, 0x0001000DU, 0U);   /* its registers would be behind the end */
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "ACS"));
}

/* REQ-INT-051 */
static void functions_behind_a_port_without_acs_have_one_owner(void **state)
{
    (void)state;
    port(4U);
    behind(BEHIND);
    behind(BESIDE);
    with_acs(BEHIND);
    with_acs(BESIDE);
    give(BEHIND);
    assert_int_equal(scan(), STATUS_DENIED);
    with_acs(PORT);
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-INT-051 */
static void an_upstream_port_joins_the_ports_below_it(void **state)
{
    (void)state;
    port(5U);
    with_acs(PORT); /* of an upstream port it says nothing about what is below */
    behind(BEHIND);
    fake_add(0x0208U, 0x10D38086U, 0x0200U); /* 02:01.0 */
    give(BEHIND);
    assert_int_equal(scan(), STATUS_DENIED);
    fake_put(PORT, EXPRESS, 4U, 0x00620010U, 0U); /* a downstream port */
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-INT-051 */
static void what_a_conventional_bridge_sends_for_is_given_to_nobody(void **state)
{
    (void)state;
    port(7U);
    behind(BEHIND);
    give(BEHIND);
    assert_int_equal(scan(), STATUS_DENIED);
    fake_put(PORT, 0x34U, 4U, 0U, 0U); /* no PCI Express capability */
    assert_int_equal(scan(), STATUS_DENIED);
}

static uint16_t requester(uint16_t bdf)
{
    return vpci_requester(&vpci_function[vpci_function_at(bdf)]);
}

/* REQ-ISO-091 */
static void behind_a_bridge_to_conventional_pci_the_bridge_next_to_the_root_asks(void **state)
{
    (void)state;
    port(4U);
    behind(BEHIND);
    fake_add(0x0208U, 0x10D38086U, 0x0200U);   /* 02:01.0 */
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(requester(0x0208U), 0x0208U); /* a root port asks for nobody */
    with_express(PORT, 7U);
    assert_int_equal(requester(0x0208U), 0x0200U); /* function 0 of device 0 behind it */
    assert_int_equal(requester(BEHIND), BEHIND);
    assert_int_equal(requester(PORT), PORT);
    assert_int_equal(requester(NIC), NIC);
    fake_put(PORT, 0x34U, 4U, 0U, 0U);         /* a bridge that is conventional PCI itself */
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(requester(0x0208U), PORT);
    fake_put(PORT, 0x18U, 4U, 0U, ALL_ONES);   /* the firmware left it alone */
    assert_int_equal(requester(NIC), NIC);
}

/* REQ-ISO-091 */
static void of_two_such_bridges_the_outer_one_asks(void **state)
{
    (void)state;
    port(7U);
    wr(PORT, 0x18U, 4U, 0U);
    fake_put(PORT, 0x18U, 4U, 0x00030200U, ALL_ONES);
    fake_add(0x0210U, 0x00011B36U, 0x0604U);   /* 02:02.0, with bus 3 behind it */
    fake_put(0x0210U, 0x0CU, 4U, 0x00010000U, 0U);
    fake_put(0x0210U, 0x18U, 4U, 0x00030302U, ALL_ONES);
    fake_add(0x0308U, 0x10D38086U, 0x0200U);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(requester(0x0308U), 0x0200U);
    assert_int_equal(vpci_function[vpci_function_at(0x0308U)].group, vpci_function[vpci_function_at(PORT)].group);
    fake_put(PORT, 0x18U, 4U, 0x00020200U, ALL_ONES); /* not behind this one */
    assert_int_equal(requester(0x0308U), 0x0210U);
    fake_put(PORT, 0x18U, 4U, 0x00030300U, ALL_ONES); /* whose bus is behind both: the first found */
    assert_int_equal(requester(0x0308U), 0x0300U);
}

/* REQ-INT-051 */
static void what_is_not_there_or_a_bridge_cannot_be_given(void **state)
{
    (void)state;
    give(0x0300U);
    assert_int_equal(scan(), STATUS_DENIED);
    give(BRIDGE);
    assert_int_equal(scan(), STATUS_DENIED);
    give(ISA_BRIDGE);
    assert_int_equal(scan(), STATUS_DENIED);
    give(HOST_BRIDGE);
    assert_int_equal(scan(), STATUS_DENIED);
    give(NIC);
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-INT-051 */
static void a_function_that_the_scan_gave_to_nobody_cannot_be_given(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < 9U; i++) {           /* one more to close than the limit */
        fake_put(GIVEN, 0x200U + (16U * i), 4U, 0x0001000FU | ((i < 8U) ? ((0x210U + (16U * i)) << 20U) : 0U), 0U);
    }
    fake_put(GIVEN, 0x100U, 4U, 0x20010001U, 0U);
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "capabilities to close"));
    assert_non_null(strstr(log_last, "0x28"));
    fake_put(GIVEN, 0x100U, 4U, 0x21010001U, 0U);  /* as many as the limit */
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-INT-051 */
static void what_the_machines_tables_do_not_reach_cannot_be_given(void **state)
{
    (void)state;
    fake_add(0x1000U, 0x10D38086U, 0x0200U); /* bus 16 */
    give(0x1000U);
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "IOMMU"));
    platform.mmconfig_buses = 16U;
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "MMCONFIG"));
    platform.mmconfig_base = 0U;
    give(GIVEN);
    assert_int_equal(scan(), STATUS_DENIED);
    assert_non_null(strstr(log_last, "MMCONFIG"));
}

static void lists_of_devices_end_at_their_limits(void **state)
{
    (void)state;
    partition.table.vm_count = 200U;
    partition.table.vm[1].pci_count = 200U;
    for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
        partition.table.vm[1].pci[i] = GIVEN;
    }
    assert_int_equal(scan(), STATUS_OK);
}

/* REQ-INT-050 */
static void the_service_vm_cannot_cut_off_or_reset_what_is_behind_a_shared_bridge(void **state)
{
    (void)state;
    port(4U);
    with_acs(PORT);
    behind(BEHIND);
    give(BEHIND);
    fake_put(PORT, 0x3CU, 4U, 0U, ALL_ONES);
    fake_put(PORT, 0xA0U, 4U, 0U, ALL_ONES);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(PORT, 4U, 2U), 6U); /* it forwards already */
    log_lines = 0U;
    wr(PORT, 4U, 2U, 6U);
    wr(PORT, 4U, 2U, 0xFFFFU);
    assert_int_equal(log_lines, 0U);
    wr(PORT, 4U, 2U, 0U);
    wr(PORT, 4U, 1U, 0U);
    wr(PORT, 4U, 4U, 0U);
    wr(PORT, 0xCU, 1U, 0x10U);
    wr(PORT, 0x3CU, 1U, 0x10U);
    wr(PORT, 0x3CU, 4U, 0x00400000U);
    wr(PORT, 0x3EU, 2U, 0x0040U);
    wr(PORT, 0x3EU, 2U, 0x0001U);
    wr(PORT, 0xA0U, 4U, 3U); /* a power state, say */
    assert_int_equal(log_lines, 1U);
    assert_int_equal(hw_pci_read(PORT, 4U, 2U), 6U);
    assert_int_equal(hw_pci_read(PORT, 0xCU, 1U), 0U);
    assert_int_equal(hw_pci_read(PORT, 0x3CU, 4U), 0U);
    assert_int_equal(hw_pci_read(PORT, 0xA0U, 4U), 0U);
}

/* REQ-INT-050 */
static void a_bridge_of_the_service_vm_alone_is_its_own(void **state)
{
    (void)state;
    port(4U);
    behind(BEHIND);
    fake_put(PORT, 0x3CU, 4U, 0U, ALL_ONES);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(PORT, 4U, 2U), 0U);
    wr(PORT, 4U, 2U, 7U);
    wr(PORT, 0x3EU, 2U, 1U);
    assert_int_equal(hw_pci_read(PORT, 4U, 2U), 7U);
    assert_int_equal(hw_pci_read(PORT, 0x3EU, 2U), 1U);
}

/* REQ-INT-026 */
static void virtual_functions_that_the_firmware_switched_on_go_away(void **state)
{
    (void)state;
    fake_put(DISK, 0x148U, 4U, 0x00000009U, ALL_ONES);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(DISK, 0x148U, 4U), 8U);
}

/* REQ-INT-026 */
static void virtual_functions_are_switched_off_where_the_capability_has_room(void **state)
{
    (void)state;
    fake_put(DISK, 0x100U, 4U, 0xFC010001U, 0U);
    fake_put(DISK, 0xFC0U, 4U, 0x00010010U, 0U);   /* the last place */
    fake_put(DISK, 0xFC8U, 4U, 0x00000009U, ALL_ONES);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(DISK, 0xFC8U, 4U), 8U);
    fake_put(DISK, 0x100U, 4U, 0xFC410001U, 0U);
    fake_put(DISK, 0xFC4U, 4U, 0x00010010U, 0U);   /* cut off by the end: no such capability, closed all the same */
    fake_put(DISK, 0xFCCU, 4U, 0x00000009U, ALL_ONES);
    assert_int_equal(scan(), STATUS_OK);
    assert_int_equal(hw_pci_read(DISK, 0xFCCU, 4U), 9U);
    wr(DISK, 0xFCCU, 4U, 1U);
    assert_int_equal(hw_pci_read(DISK, 0xFCCU, 4U), 9U);
    assert_int_equal(rd(DISK, 0xFC4U, 2U), 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_function_alone_behind_a_root_port_with_acs_can_be_given, setup),
        cmocka_unit_test_setup(access_control_comes_back_after_a_reset_by_the_guest, setup),
        cmocka_unit_test_setup(access_control_stays_as_it_is_without_an_iommu, setup),
        cmocka_unit_test_setup(functions_of_one_device_without_acs_have_one_owner, setup),
        cmocka_unit_test_setup(a_function_without_owner_may_share_the_device, setup),
        cmocka_unit_test_setup(access_control_counts_where_all_of_it_has_room, setup),
        cmocka_unit_test_setup(functions_behind_a_port_without_acs_have_one_owner, setup),
        cmocka_unit_test_setup(an_upstream_port_joins_the_ports_below_it, setup),
        cmocka_unit_test_setup(what_a_conventional_bridge_sends_for_is_given_to_nobody, setup),
        cmocka_unit_test_setup(behind_a_bridge_to_conventional_pci_the_bridge_next_to_the_root_asks, setup),
        cmocka_unit_test_setup(of_two_such_bridges_the_outer_one_asks, setup),
        cmocka_unit_test_setup(what_is_not_there_or_a_bridge_cannot_be_given, setup),
        cmocka_unit_test_setup(a_function_that_the_scan_gave_to_nobody_cannot_be_given, setup),
        cmocka_unit_test_setup(what_the_machines_tables_do_not_reach_cannot_be_given, setup),
        cmocka_unit_test_setup(lists_of_devices_end_at_their_limits, setup),
        cmocka_unit_test_setup(the_service_vm_cannot_cut_off_or_reset_what_is_behind_a_shared_bridge, setup),
        cmocka_unit_test_setup(a_bridge_of_the_service_vm_alone_is_its_own, setup),
        cmocka_unit_test_setup(virtual_functions_that_the_firmware_switched_on_go_away, setup),
        cmocka_unit_test_setup(virtual_functions_are_switched_off_where_the_capability_has_room, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
