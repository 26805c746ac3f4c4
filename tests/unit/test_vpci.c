/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c devices/vpci.c devices/vpci_scan.c devices/vpci_stop.c core/irq_exclusive.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_group.c devices/vpci_message.c devices/vpci_header.c devices/vpci_msi.c
     devices/vpci_msix.c devices/vpci_hv.c fake/pci.c */
/* PCI configuration space as the Service VM sees it: functions, BARs, refusals, and the hypervisor's own device. */
#include "vpci_machine.h"

static void the_scan_leaves_messages_off_and_bars_as_they_were(void **state)
{
    (void)state;
    assert_int_equal(hw_pci_read(NIC, 0x42U, 2U) & 0x8000U, 0U);
    assert_int_equal(hw_pci_read(DISK, 0x52U, 2U) & 1U, 0U);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), FAKE_MMIO);
    assert_int_equal(hw_pci_read(NIC, 0x14U, 4U), 0xC001U);
    assert_int_equal(hw_pci_read(NIC, 0x1CU, 4U), 0x38U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 3U); /* but for the master, as firmware's driver is gone */
    assert_int_equal(hw_pci_read(HOST_BRIDGE, 0x60U, 4U), 0xB0000001U);
    assert_int_equal(platform.ich_pm_base, 0x600U);
}

/* REQ-INT-025 */
/* REQ-ISO-100 */
static void functions_of_others_do_not_exist(void **state)
{
    (void)state;
    assert_int_equal(rd(GIVEN, 0U, 4U), ALL_ONES);
    assert_int_equal(hw_pci_read(GIVEN, 4U, 2U) & 4U, 0U); /* no bus master either */
    wr(GIVEN, 4U, 2U, 7U);
    assert_int_equal(hw_pci_read(GIVEN, 4U, 2U) & 4U, 0U);
    assert_int_equal(rd(0x0100U, 0U, 4U), ALL_ONES);
    assert_int_equal(vpci_config_read(1U, NIC, 0U, 4U), ALL_ONES);
    assert_int_equal(vpci_config_read(VM_FIRST_USER, NIC, 0U, 2U), 0xFFFFU);
    vpci_config_write(1U, NIC, 0x80U, 4U, 5U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0U);
}

/* REQ-INT-025 */
static void a_user_vm_reaches_nothing_here(void **state)
{
    const gpa_t nic = 0xB0000000U + ((gpa_t)NIC << 12U);
    (void)state;
    hw_mmio_write(TABLE + 0x100U, 4U, 0xCAFEU);
    vpci_config_write(VM_FIRST_USER, NIC, 0x80U, 4U, 5U);
    vpci_mmio_write(VM_FIRST_USER, nic + 0x80U, 4U, 5U);
    vpci_mmio_write(VM_FIRST_USER, TABLE + 0x100U, 4U, 5U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0U);
    assert_int_equal(hw32(TABLE + 0x100U), 0xCAFEU);
    assert_int_equal(vpci_mmio_read(VM_FIRST_USER, nic, 4U), ~0ULL);
    assert_int_equal(vpci_mmio_read(VM_FIRST_USER, TABLE + 0x100U, 4U), ~0ULL);
    assert_false(vpci_mmio_claims(VM_FIRST_USER, nic));
    vpci_mmio_write(VM_SERVICE, nic + 0x80U, 4U, 5U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 5U);
}

/* REQ-INT-023 */
static void bars_can_be_sized_but_not_moved(void **state)
{
    (void)state;
    wr(NIC, 0x10U, 4U, ALL_ONES);
    assert_int_equal(rd(NIC, 0x10U, 4U), 0xFFFF0000U);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), FAKE_MMIO);
    wr(NIC, 0x10U, 4U, FAKE_MMIO);
    assert_int_equal(rd(NIC, 0x10U, 4U), FAKE_MMIO);
    wr(NIC, 0x10U, 4U, 0x40000000U);
    assert_int_equal(rd(NIC, 0x10U, 4U), FAKE_MMIO);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), FAKE_MMIO);
    wr(NIC, 0x14U, 4U, ALL_ONES);
    assert_int_equal(rd(NIC, 0x14U, 4U), 0xFFE1U);
    wr(NIC, 0x18U, 4U, ALL_ONES);
    wr(NIC, 0x1CU, 4U, ALL_ONES);
    assert_int_equal(rd(NIC, 0x18U, 4U), 0xFFFFC00CU);
    assert_int_equal(rd(NIC, 0x1CU, 4U), ALL_ONES);
    wr(NIC, 0x10U, 2U, 0U);
    wr(NIC, 0x13U, 1U, 0U);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), FAKE_MMIO);
    /* not placed by the firmware: not there */
    wr(NIC, 0x20U, 4U, ALL_ONES);
    assert_int_equal(rd(NIC, 0x20U, 4U), 0U);
    assert_int_equal(hw_pci_read(NIC, 0x20U, 4U), 0U);
}

/* REQ-INT-023 */
static void the_rom_can_be_sized_and_enabled_but_not_moved(void **state)
{
    (void)state;
    wr(NIC, 0x30U, 4U, 0xFFFFF800U);
    assert_int_equal(rd(NIC, 0x30U, 4U), 0xFFFC0000U);
    wr(NIC, 0x30U, 4U, 0xFEBC0001U);
    assert_int_equal(hw_pci_read(NIC, 0x30U, 4U), 0xFEBC0001U);
    wr(NIC, 0x30U, 4U, 0x00100001U);
    assert_int_equal(hw_pci_read(NIC, 0x30U, 4U), 0xFEBC0000U);
}

/* REQ-INT-023 */
static void bars_come_back_before_a_reset_function_decodes(void **state)
{
    (void)state;
    fake_put(NIC, 4U, 2U, 0U, 0xFFFFU);
    fake_put(NIC, 0x10U, 4U, 0U, 0xFFFF0000U);
    wr(NIC, 4U, 2U, 6U);
    assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), FAKE_MMIO);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 6U);
}

/* REQ-INT-024 */
static void chipset_and_bridge_registers_are_refused(void **state)
{
    (void)state;
    wr(HOST_BRIDGE, 0x60U, 4U, 0xE0000001U);
    wr(HOST_BRIDGE, 0x60U, 1U, 0U);
    assert_int_equal(hw_pci_read(HOST_BRIDGE, 0x60U, 4U), 0xB0000001U);
    wr(ISA_BRIDGE, 0x40U, 4U, 0x781U);
    assert_int_equal(hw_pci_read(ISA_BRIDGE, 0x40U, 4U), 0x601U);
    wr(ISA_BRIDGE, 0xF0U, 4U, 0U);
    assert_int_equal(hw_pci_read(ISA_BRIDGE, 0xF0U, 4U), 0xFED1C001U);
    wr(ISA_BRIDGE, 0x60U, 1U, 0x0BU);
    assert_int_equal(hw_pci_read(ISA_BRIDGE, 0x60U, 4U), 0x0BU);
    wr(BRIDGE, 0x18U, 4U, 0x00FF0200U);
    wr(BRIDGE, 0x20U, 4U, 0U);
    wr(BRIDGE, 0x24U, 2U, 0x1234U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x18U, 4U), 0x00010100U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x20U, 4U), 0xFE90FE80U);
    wr(BRIDGE, 0x3EU, 2U, 0x0043U); /* secondary bus reset */
    assert_int_equal(hw_pci_read(BRIDGE, 0x3EU, 2U), 0x0003U);
    wr(NIC, 0x80U, 4U, 0x12345678U);
    assert_int_equal(hw_pci_read(NIC, 0x80U, 4U), 0x12345678U);
}

/* REQ-INT-024 */
static void each_refusal_is_logged_once(void **state)
{
    (void)state;
    unsigned int before;

    wr(NIC, 0x10U, 4U, 0x40000000U);
    before = log_lines;
    for (uint32_t i = 0U; i < 1000U; i++) {
        wr(NIC, 0x10U, 4U, 0x40000000U + (i << 16U));
    }
    assert_int_equal(log_lines, before);
}

/* REQ-INT-026 */
static void closed_capabilities_read_as_null_and_refuse_writes(void **state)
{
    (void)state;
    assert_int_equal(rd(DISK, 0x140U, 2U), 0x10U);      /* the Service VM may have virtual functions: test_vpci_sriov.c */
    fake_put(DISK, 0x140U, 4U, 0x00010013U, 0U);        /* page requests, it may not */
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(rd(DISK, 0x140U, 4U) & 0xFFFFU, 0U);
    assert_int_equal(rd(DISK, 0x140U, 2U), 0U);
    assert_int_equal(rd(DISK, 0x100U, 4U), 0x14010001U);
    wr(DISK, 0x148U, 2U, 1U);
    assert_int_equal(hw_pci_read(DISK, 0x148U, 4U), 0U);
}

/* REQ-LIF-009 */
static void a_vm_reset_silences_the_devices(void **state)
{
    (void)state;
    wr(NIC, 0x42U, 2U, 0x8000U);
    vpci_mmio_write(VM_SERVICE, TABLE, 8U, 0xFEE00000U);
    vpci_mmio_write(VM_SERVICE, TABLE + 8U, 8U, 0x33U);
    vpci_reset();
    irq_vm_reset(VM_SERVICE);
    assert_int_equal(hw_pci_read(NIC, 0x42U, 2U) & 0x8000U, 0U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U) & 4U, 0U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 8U, 8U), 0x100000000U);
}

/* REQ-LIF-033 */
static void the_service_vms_bus_masters_stop_and_no_others(void **state)
{
    (void)state;
    hw_pci_write(GIVEN, 4U, 2U, 7U);
    vpci_shared_masters_off();
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 3U);
    assert_int_equal(hw_pci_read(DISK, 4U, 2U), 3U);
    assert_int_equal(hw_pci_read(GIVEN, 4U, 2U), 7U);
    assert_int_equal(hw_pci_read(BRIDGE, 4U, 2U), 7U); /* what a real-time VM has behind it goes on */
}

/* REQ-LIF-033 */
static void a_function_without_owner_keeps_its_command(void **state)
{
    (void)state;
    fake_add(0x0038U, 0x14191022U, 0x0806U); /* an IOMMU */
    assert_int_equal(vpci_scan(), STATUS_OK);
    hw_pci_write(0x0038U, 4U, 2U, 7U);
    vpci_shared_masters_off();
    assert_int_equal(hw_pci_read(0x0038U, 4U, 2U), 7U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 3U);
}

static void ports_reach_the_same_registers(void **state)
{
    (void)state;
    vpci_port_write(VM_SERVICE, 0xCF8U, 4U, 0x80000000U | ((uint32_t)NIC << 8U));
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCF8U, 4U), 0x80001000U);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCFCU, 4U), 0x10D38086U);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCFEU, 2U), 0x10D3U);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCFEU, 4U), ALL_ONES);
    vpci_port_write(VM_SERVICE, 0xCF8U, 2U, 0U);
    vpci_port_write(1U, 0xCF8U, 4U, 0U);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCFCU, 2U), 0x8086U);
    vpci_port_write(VM_SERVICE, 0xCF8U, 4U, (uint32_t)NIC << 8U);
    assert_int_equal(vpci_port_read(VM_SERVICE, 0xCFCU, 4U), ALL_ONES);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, 0xB0000000U + ((gpa_t)NIC << 12U), 4U), 0x10D38086U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, 0xB0000000U + ((gpa_t)NIC << 12U), 8U), 0x0010000310D38086U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, 0xB0000001U + ((gpa_t)NIC << 12U), 4U), ALL_ONES);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, 0xB0000FFCU + ((gpa_t)NIC << 12U), 8U) >> 32U, ALL_ONES);
}

/* REQ-IO-011 */
static void the_hypervisors_device_names_the_information_page(void **state)
{
    (void)state;
    assert_int_equal(rd(HV_DEVICE, 0U, 4U), 0x0001B04DU);
    assert_int_equal(rd(HV_DEVICE, 8U, 4U) >> 8U, HV_PCI_CLASS);
    assert_int_equal(rd(HV_DEVICE, 6U, 2U) & 0x10U, 0x10U);
    assert_int_equal(rd(HV_DEVICE, 0x34U, 1U), HV_PCI_CAP_MSI);
    assert_int_equal(rd(HV_DEVICE, 0x40U, 2U), 0x5005U);
    assert_int_equal(rd(HV_DEVICE, 0x50U, 4U), 0x02140009U);
    assert_int_equal(rd(HV_DEVICE, HV_PCI_INFO_GPA, 4U), 0x44100000U);
    assert_int_equal(rd(HV_DEVICE, HV_PCI_INFO_GPA + 4U, 4U), 1U);
    assert_int_equal(rd(HV_DEVICE, 0x0EU, 1U), 0U);
    for (uint32_t bar = 0x10U; bar < 0x28U; bar += 4U) {
        wr(HV_DEVICE, bar, 4U, ALL_ONES);
        assert_int_equal(rd(HV_DEVICE, bar, 4U), 0U);
    }
    wr(HV_DEVICE, HV_PCI_INFO_GPA, 4U, 0U);
    assert_int_equal(rd(HV_DEVICE, HV_PCI_INFO_GPA, 4U), 0x44100000U);
}

/* REQ-IO-011 */
static void only_a_whole_publish_command_publishes(void **state)
{
    (void)state;
    wr(HV_DEVICE, HV_PCI_COMMAND, 1U, HV_COMMAND_PUBLISH);
    wr(HV_DEVICE, HV_PCI_COMMAND, 4U, 3U);
    assert_int_equal(published, 0U);
    wr(HV_DEVICE, HV_PCI_COMMAND, 4U, HV_COMMAND_PUBLISH);
    assert_int_equal(published, 1U);
    assert_int_equal(crashes_seen, 0U);
}

/* REQ-LIF-032 */
static void only_a_whole_command_marks_crash_records_as_seen(void **state)
{
    (void)state;
    wr(HV_DEVICE, HV_PCI_COMMAND, 1U, HV_COMMAND_CRASH_SEEN);
    assert_int_equal(crashes_seen, 0U);
    wr(HV_DEVICE, HV_PCI_COMMAND, 4U, HV_COMMAND_CRASH_SEEN);
    assert_int_equal(crashes_seen, 1U);
    assert_int_equal(published, 0U);
}

/* REQ-RT-031 */
static void the_trace_is_switched_by_whole_writes_and_off_after_a_reset(void **state)
{
    (void)state;
    wr(HV_DEVICE, HV_PCI_TRACE, 1U, 3U);
    assert_int_equal(rd(HV_DEVICE, HV_PCI_TRACE, 4U), 0U);
    wr(HV_DEVICE, HV_PCI_TRACE, 4U, 0x3FFU);
    assert_int_equal(rd(HV_DEVICE, HV_PCI_TRACE, 4U), 0x3FFU);
    vpci_reset();
    assert_int_equal(rd(HV_DEVICE, HV_PCI_TRACE, 4U), 0U);
}

/* REQ-IO-011 */
static void the_upcall_is_the_msi_of_the_device(void **state)
{
    (void)state;
    vpci_upcall();
    assert_int_equal(delivered + posted, 0U);
    wr(HV_DEVICE, 0x44U, 4U, 0xFEE01000U);
    wr(HV_DEVICE, 0x48U, 4U, 0U);
    wr(HV_DEVICE, 0x4CU, 2U, 0x42U);
    wr(HV_DEVICE, 0x42U, 2U, 1U);
    assert_int_equal(rd(HV_DEVICE, 0x42U, 2U), 0x0081U);
    vpci_upcall();
    assert_int_equal(delivered, 1U);
    assert_int_equal(delivered_address, 0xFEE01000U);
    assert_int_equal(delivered_data, 0x42U);
}

/* REQ-HYP-017 */
static void the_acrn_face_gets_a_vector(void **state)
{
    (void)state;
    partition.table.vm[0].face = PART_FACE_ACRN;
    vpci_reset();
    vpci_upcall();
    assert_int_equal(posted_vector, 0xF3U);
    assert_int_equal(vpci_set_callback_vector(0x1FU), STATUS_INVALID);
    assert_int_equal(vpci_set_callback_vector(0x100U), STATUS_INVALID);
    assert_int_equal(vpci_set_callback_vector(0xF4U), STATUS_OK);
    vpci_upcall();
    assert_int_equal(posted_vector, 0xF4U);
}

/* REQ-IO-011 */
static void a_real_function_in_the_devices_place_is_refused(void **state)
{
    (void)state;
    partition.table.board.hv_device_bdf = NIC;
    assert_int_equal(vpci_scan(), STATUS_BUSY);
}

/* REQ-INT-025 */
static void an_iommu_does_not_exist_for_the_service_vm(void **state)
{
    (void)state;
    fake_add(0x0038U, 0x14191022U, 0x0806U);
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(rd(0x0038U, 0U, 4U), ALL_ONES);
}

/* REQ-INT-026 */
static void capability_lists_without_end_are_survived(void **state)
{
    (void)state;
    fake_put(NIC, 0x41U, 1U, 0x40U, 0U);
    fake_put(DISK, 0x100U, 4U, 0x10010001U, 0U); /* points to itself */
    fake_put(BRIDGE, 0x34U, 1U, 0xFCU, 0U);
    fake_put(BRIDGE, 0xFCU, 4U, 0xFC05U, 0U);    /* MSI where it cannot be */
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(rd(BRIDGE, 0xFCU, 1U), 0U);
}

/* REQ-INT-026 */
static void too_many_capabilities_to_close_withhold_the_function(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < 10U; i++) {
        fake_put(DISK, 0x200U + 16U * i, 4U, 0x0001000FU | ((i < 9U) ? ((0x210U + 16U * i) << 20U) : 0U), 0U);
    }
    fake_put(DISK, 0x100U, 4U, 0x20010001U, 0U);
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(rd(DISK, 0U, 4U), ALL_ONES);
}

static void more_functions_than_the_limit_stop_the_boot(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < MAX_PCI_FUNCTION; i++) {
        fake_add((uint16_t)(0x0200U + 8U * i), 0x10001AF4U, 0x0200U);
    }
    assert_int_equal(vpci_scan(), STATUS_NO_MEMORY);
}

static void other_functions_of_a_slot_are_found(void **state)
{
    (void)state;
    fake_add(0x0013U, 0x10001AF4U, 0x0200U);
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(rd(0x0013U, 0U, 4U), ALL_ONES); /* function 0 does not say so */
    fake_put(NIC, 0x0EU, 1U, 0x80U, 0U);
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(rd(0x0013U, 0U, 4U), 0x10001AF4U);
    partition.table.board.hv_device_bdf = 0x0012U;
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(rd(0x0012U, 0x0EU, 1U), 0x80U);
    fake_put(NIC, 0x0EU, 1U, 0U, 0U);
    assert_int_equal(rd(NIC, 0x0EU, 1U), 0x80U);
}

/* REQ-INT-024 */
static void a_bridge_above_another_partitions_function_is_closed(void **state)
{
    (void)state;
    fake_put(BRIDGE, 0x80U, 4U, 0U, ALL_ONES);
    wr(BRIDGE, 0x80U, 4U, 1U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x80U, 4U), 1U);
    fake_add(0x0100U, 0x10001AF4U, 0x0200U);
    partition.table.vm[1].pci[0] = 0x0100U;
    assert_int_equal(vpci_scan(), STATUS_OK);
    wr(BRIDGE, 0x80U, 4U, 2U);
    assert_int_equal(hw_pci_read(BRIDGE, 0x80U, 4U), 1U);
}

/* Whatever is written where: the registers that matter keep their values. */
/* REQ-INT-023 */
static void random_writes_move_nothing(void **state)
{
    (void)state;
    static const uint16_t target[] = { HOST_BRIDGE, NIC, DISK, BRIDGE, GIVEN, ISA_BRIDGE, HV_DEVICE, 0x1234U };
    static const uint32_t sizes[] = { 1U, 2U, 4U, 3U, 8U };
    uint32_t seed = 12345U;

    for (uint32_t n = 0U; n < 300000U; n++) {
        uint32_t r[4];
        for (uint32_t i = 0U; i < 4U; i++) {
            seed = (seed * 1664525U) + 1013904223U;
            r[i] = seed >> 8U;
        }
        uint32_t offset = ((r[1] & 7U) == 0U) ? (r[1] >> 3U) % 4200U : (r[1] >> 3U) % 0x100U;
        uint32_t size = sizes[r[2] % 5U];
        uint32_t value = r[3] * 257U;
        if ((r[0] & 0x30U) == 0U) {
            vpci_mmio_write(VM_SERVICE, TABLE - 8U + (r[1] % 96U), size, ((uint64_t)value << 32U) | value);
            (void)vpci_mmio_read(VM_SERVICE, TABLE + (r[1] % 96U), size);
        } else {
            wr(target[r[0] % 8U], offset, size, value);
            (void)rd(target[r[0] % 8U], offset, size);
        }
        assert_int_equal(hw_pci_read(NIC, 0x10U, 4U), FAKE_MMIO);
        assert_int_equal(hw_pci_read(NIC, 0x14U, 4U), 0xC001U);
        assert_int_equal(hw_pci_read(NIC, 0x1CU, 4U), 0x38U);
        assert_int_equal(hw_pci_read(HOST_BRIDGE, 0x60U, 4U), 0xB0000001U);
        assert_int_equal(hw_pci_read(ISA_BRIDGE, 0x40U, 4U), 0x601U);
        assert_int_equal(hw_pci_read(BRIDGE, 0x18U, 4U), 0x00010100U);
        assert_int_equal(hw_pci_read(GIVEN, 4U, 2U) & 4U, 0U);
        for (uint32_t i = 0U; i < ENTRIES; i++) {
            uint32_t data = hw32(TABLE + 16U * i + 8U);
            bool live = (hw_pci_read(NIC, 0x42U, 2U) & 0x8000U) != 0U && hw32(TABLE + 16U * i + 12U) == 0U;
            assert_true(!live || ((data >= VECTOR_IRQ_BASE + IOAPIC_PINS) && (data <= VECTOR_IRQ_LAST)));
            assert_true(!live || (hw32(TABLE + 16U * i) & ~0x3000U) == 0xFEE00000U);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_scan_leaves_messages_off_and_bars_as_they_were, setup),
        cmocka_unit_test_setup(functions_of_others_do_not_exist, setup),
        cmocka_unit_test_setup(a_user_vm_reaches_nothing_here, setup),
        cmocka_unit_test_setup(bars_can_be_sized_but_not_moved, setup),
        cmocka_unit_test_setup(the_rom_can_be_sized_and_enabled_but_not_moved, setup),
        cmocka_unit_test_setup(bars_come_back_before_a_reset_function_decodes, setup),
        cmocka_unit_test_setup(chipset_and_bridge_registers_are_refused, setup),
        cmocka_unit_test_setup(each_refusal_is_logged_once, setup),
        cmocka_unit_test_setup(closed_capabilities_read_as_null_and_refuse_writes, setup),
        cmocka_unit_test_setup(a_vm_reset_silences_the_devices, setup),
        cmocka_unit_test_setup(the_service_vms_bus_masters_stop_and_no_others, setup),
        cmocka_unit_test_setup(a_function_without_owner_keeps_its_command, setup),
        cmocka_unit_test_setup(ports_reach_the_same_registers, setup),
        cmocka_unit_test_setup(the_hypervisors_device_names_the_information_page, setup),
        cmocka_unit_test_setup(only_a_whole_publish_command_publishes, setup),
        cmocka_unit_test_setup(only_a_whole_command_marks_crash_records_as_seen, setup),
        cmocka_unit_test_setup(the_trace_is_switched_by_whole_writes_and_off_after_a_reset, setup),
        cmocka_unit_test_setup(the_upcall_is_the_msi_of_the_device, setup),
        cmocka_unit_test_setup(the_acrn_face_gets_a_vector, setup),
        cmocka_unit_test_setup(a_real_function_in_the_devices_place_is_refused, setup),
        cmocka_unit_test_setup(an_iommu_does_not_exist_for_the_service_vm, setup),
        cmocka_unit_test_setup(capability_lists_without_end_are_survived, setup),
        cmocka_unit_test_setup(too_many_capabilities_to_close_withhold_the_function, setup),
        cmocka_unit_test_setup(more_functions_than_the_limit_stop_the_boot, setup),
        cmocka_unit_test_setup(other_functions_of_a_slot_are_found, setup),
        cmocka_unit_test_setup(a_bridge_above_another_partitions_function_is_closed, setup),
        cmocka_unit_test_setup(random_writes_move_nothing, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
