/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c devices/vpci.c devices/vpci_scan.c devices/vpci_stop.c core/irq_exclusive.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_group.c devices/vpci_message.c devices/vpci_header.c devices/vpci_msi.c
     devices/vpci_msix.c devices/vpci_hv.c fake/pci.c */
/* Message interrupts of functions with short capabilities, without sources, and of other partitions. */
#include "vpci_machine.h"

#include "devices/vpci_function.h"

#define SOUND     0x0030U /* 00:06.0: MSI 32-bit, not maskable at 0x60 */
#define OLD       0x0110U /* 01:02.0 */
#define CARD      0x0038U /* 00:07.0: MSI-X at 0x80, BAR 0 behind the network card's table */
#define CARD_PAGE (FAKE_MMIO + 0x4000U)

static int setup_sound(void **state)
{
    int result = setup(state);
    fake_add(SOUND, 0x26688086U, 0x0403U);
    fake_put(SOUND, 0x34U, 4U, 0x60U, 0U);
    fake_put(SOUND, 0x60U, 4U, 0x00010005U, 0x00710000U);
    fake_put(SOUND, 0x64U, 4U, 0U, 0xFFFFFFFCU);
    fake_put(SOUND, 0x68U, 4U, 0U, ALL_ONES); /* the upper half is the function's own */
    fake_put(SOUND, 0x6CU, 4U, 0U, ALL_ONES);
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
    return result;
}

/* CARD's BAR 0 is FAKE_MMIO's second half, so that fake_decodes() is the network card's. */
static int setup_card(void **state)
{
    int result = setup(state);
    fake_add(CARD, 0x10001AF4U, 0x0200U);
    fake_put(CARD, 0x34U, 4U, 0x80U, 0U);
    fake_put(CARD, 0x10U, 4U, FAKE_MMIO + 0x4000U, 0xFFFFC000U);
    fake_put(CARD, 0x50U, 4U, 0U, ALL_ONES);
    fake_put(CARD, 0x80U, 4U, 0x00010011U, 0xC0000000U);
    fake_put(CARD, 0x84U, 4U, 0U, 0U);
    fake_put(CARD, 0x88U, 4U, 0x800U, 0U);
    return result;
}

static void enable_sound(uint32_t address)
{
    wr(SOUND, 0x64U, 4U, address);
    wr(SOUND, 0x68U, 2U, 0x0041U);
    wr(SOUND, 0x62U, 2U, 1U);
}

static void a_short_capability_has_its_data_behind_the_low_address(void **state)
{
    (void)state;
    enable_sound(0xFEE01000U);
    assert_int_equal(rd(SOUND, 0x60U, 4U), 0x00010005U);
    assert_int_equal(rd(SOUND, 0x64U, 4U), 0xFEE01000U);
    assert_int_equal(rd(SOUND, 0x68U, 2U), 0x0041U);
    assert_int_equal(hw_pci_read(SOUND, 0x62U, 2U), 1U);
    assert_int_equal(hw_pci_read(SOUND, 0x64U, 4U), 0xFEE01000U);
    assert_true(hw_pci_read(SOUND, 0x68U, 2U) >= (VECTOR_IRQ_BASE + IOAPIC_PINS));

    irq_arrived(1U, hw_pci_read(SOUND, 0x68U, 2U));
    assert_int_equal(delivered, 1U);
    assert_int_equal(delivered_data, 0x41U);
}

static void what_follows_a_short_capability_is_the_devices(void **state)
{
    (void)state;
    wr(SOUND, 0x6CU, 4U, 0x12345678U);
    assert_int_equal(hw_pci_read(SOUND, 0x6CU, 4U), 0x12345678U);
    assert_int_equal(rd(SOUND, 0x6CU, 4U), 0x12345678U);
}

/* It cannot be masked, so a message that may not be sent keeps the capability off. */
/* REQ-INT-005 */
static void a_bad_address_keeps_an_unmaskable_capability_off(void **state)
{
    (void)state;
    enable_sound(0x100000U);
    assert_int_equal(hw_pci_read(SOUND, 0x62U, 2U) & 1U, 0U);
    assert_int_equal(rd(SOUND, 0x62U, 2U), 1U); /* the guest sees what it wrote */
    wr(SOUND, 0x64U, 4U, 0xFEE00000U);
    assert_int_equal(hw_pci_read(SOUND, 0x62U, 2U) & 1U, 1U);
}

static uint32_t take_all_sources(void)
{
    uint32_t source = ID_NONE;
    uint32_t taken = 0U;
    while (irq_msi_alloc(VM_SERVICE, NIC, &source) == STATUS_OK) {
        taken++;
    }
    return taken;
}

static void without_a_source_msi_stays_off_in_hardware(void **state)
{
    (void)state;
    assert_true(take_all_sources() > 0U);

    enable_sound(0xFEE00000U);

    assert_int_equal(hw_pci_read(SOUND, 0x62U, 2U) & 1U, 0U);
    wr(SOUND, 0x62U, 2U, 0U);                  /* off again: there is nothing to give back */
    assert_int_equal(rd(SOUND, 0x62U, 2U), 0U);
}

/* REQ-INT-001 */
static void without_a_source_an_msix_entry_stays_masked(void **state)
{
    (void)state;
    assert_true(take_all_sources() > 0U);

    wr(NIC, 0x42U, 2U, 0x8000U);
    vpci_mmio_write(VM_SERVICE, TABLE, 8U, 0xFEE00000U);
    vpci_mmio_write(VM_SERVICE, TABLE + 8U, 8U, 0x55U);

    assert_int_equal(hw32(TABLE + 12U), 1U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 8U, 8U), 0x55U);
}

/* Nobody waits for the writes of a table of which a few entries are used. */
/* REQ-INT-027 */
static void only_entries_that_are_or_were_unmasked_are_written_again(void **state)
{
    (void)state;
    hw_mmio_write(TABLE + 12U, 4U, 0U); /* as the firmware left them */
    hw_mmio_write(TABLE + 28U, 4U, 0U);
    wr(NIC, 0x42U, 2U, 0x8000U);
    assert_int_equal(hw32(TABLE + 12U), 1U);
    assert_int_equal(hw32(TABLE + 28U), 1U);
    vpci_mmio_write(VM_SERVICE, TABLE, 8U, 0xFEE00000U);
    vpci_mmio_write(VM_SERVICE, TABLE + 8U, 8U, 0x55U);
    assert_int_equal(hw32(TABLE + 12U), 0U);
    wr(NIC, 0x42U, 2U, 0U);
    hw_mmio_write(TABLE + 24U, 4U, 0xDEADU);
    vpci_mmio_write(VM_SERVICE, TABLE + 12U, 4U, 1U);
    vpci_reset(); /* another life: what the hardware has is known all the same */
    wr(NIC, 0x04U, 2U, 6U);
    wr(NIC, 0x42U, 2U, 0x8000U);
    assert_int_equal(hw32(TABLE + 12U), 1U);
    assert_int_equal(hw32(TABLE + 24U), 0xDEADU);
}

static void a_reset_gives_the_source_back(void **state)
{
    uint32_t source = ID_NONE;
    (void)state;
    enable_sound(0xFEE00000U);
    assert_true(take_all_sources() > 0U);
    assert_int_not_equal(irq_msi_alloc(VM_SERVICE, NIC, &source), STATUS_OK);

    vpci_reset();

    assert_int_equal(irq_msi_alloc(VM_SERVICE, NIC, &source), STATUS_OK);
    assert_int_equal(hw_pci_read(SOUND, 0x62U, 2U) & 1U, 0U);
    assert_int_equal(rd(SOUND, 0x62U, 2U) & 1U, 0U);
    assert_int_equal(rd(SOUND, 0x64U, 4U), 0U);
}

static void pending_bits_are_the_devices_and_the_mask_is_the_guests(void **state)
{
    (void)state;
    fake_put(DISK, 0x64U, 4U, 1U, 0U);
    wr(DISK, 0x60U, 4U, 1U);
    assert_int_equal(rd(DISK, 0x60U, 4U), 1U);
    assert_int_equal(rd(DISK, 0x64U, 4U), 1U);
    fake_put(DISK, 0x64U, 4U, 0U, 0U);
    assert_int_equal(rd(DISK, 0x60U, 4U), 1U);
    assert_int_equal(rd(DISK, 0x64U, 4U), 0U);
}

static void registers_before_an_msix_capability_are_the_devices(void **state)
{
    (void)state;
    assert_int_equal(vpci_scan(), STATUS_OK);
    wr(CARD, 0x50U, 4U, 0xCAFEU);
    assert_int_equal(hw_pci_read(CARD, 0x50U, 4U), 0xCAFEU);
    assert_int_equal(rd(CARD, 0x50U, 4U), 0xCAFEU);
}

/* REQ-INT-027 */
static void a_table_of_another_partition_is_out_of_reach(void **state)
{
    (void)state;
    partition.table.vm[1].pci_count = 2U;
    partition.table.vm[1].pci[0] = CARD;
    partition.table.vm[1].pci[1] = NIC; /* in its window */
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
    hw_mmio_write(CARD_PAGE, 4U, 0x1234U);

    vpci_mmio_write(VM_SERVICE, CARD_PAGE, 4U, 0xFEE00000U);

    assert_int_equal(hw32(CARD_PAGE), 0x1234U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, CARD_PAGE, 4U), ~0ULL);
}

static void what_lies_behind_the_pending_bits_goes_to_the_device(void **state)
{
    (void)state;
    vpci_mmio_write(VM_SERVICE, PBA + 8U, 4U, 0x77U);
    assert_int_equal(hw32(PBA + 8U), 0x77U);
}

static void msix_control_reads_back_as_the_guest_wrote_it(void **state)
{
    (void)state;
    assert_int_equal(rd(NIC, 0x42U, 2U), ENTRIES - 1U); /* not as the firmware left it */
    wr(NIC, 0x42U, 2U, 0xC000U);
    assert_int_equal(rd(NIC, 0x40U, 4U), 0xC0000011U | ((ENTRIES - 1U) << 16));
    wr(NIC, 0x42U, 2U, 0x8000U);
    assert_int_equal(rd(NIC, 0x42U, 2U), 0x8000U | (ENTRIES - 1U));
    wr(NIC, 0x42U, 2U, 0x4000U);
    assert_int_equal(rd(NIC, 0x42U, 2U), 0x4000U | (ENTRIES - 1U));
    assert_int_equal(hw_pci_read(NIC, 0x42U, 2U), 0x4000U | (ENTRIES - 1U));
    assert_int_equal(rd(NIC, 0x44U, 4U), 0x2000U); /* the table's place is the device's to say */

    wr(NIC, 0x42U, 2U, 0xC000U);
    vpci_reset();
    assert_int_equal(rd(NIC, 0x42U, 2U), ENTRIES - 1U);
}

static void an_msix_capability_has_twelve_bytes(void **state)
{
    (void)state;
    fake_put(NIC, 0x4CU, 4U, 0U, ALL_ONES);
    wr(NIC, 0x4CU, 4U, 0xCAFEU);
    assert_int_equal(hw_pci_read(NIC, 0x4CU, 4U), 0xCAFEU);
    memset(&fake_mmio[0x2000], 0, 16U * ENTRIES); /* unmasked: what firmware might leave */
    wr(NIC, 0x40U, 4U, 0x80000011U);              /* control in the upper half of the first dword */
    assert_int_equal(hw32(TABLE + 12U), 1U);
    assert_int_equal(rd(NIC, 0x42U, 2U), 0x8000U | (ENTRIES - 1U));
}

static void switching_msix_off_gives_the_sources_back(void **state)
{
    (void)state;
    wr(NIC, 0x42U, 2U, 0x8000U);
    for (uint32_t i = 0U; i < ENTRIES; i++) {
        vpci_mmio_write(VM_SERVICE, TABLE + (16U * i), 8U, 0xFEE00000U);
        vpci_mmio_write(VM_SERVICE, TABLE + (16U * i) + 8U, 8U, 0x55U);
    }
    wr(NIC, 0x42U, 2U, 0U);
    assert_int_equal(take_all_sources(), MAX_MSI_SOURCE);
}

static void a_table_page_takes_whole_accesses_of_known_sizes(void **state)
{
    (void)state;
    vpci_mmio_write(VM_SERVICE, TABLE + (16U * ENTRIES), 4U, 0x11U); /* just behind the table */
    assert_int_equal(hw32(TABLE + (16U * ENTRIES)), 0x11U);
    vpci_mmio_write(VM_SERVICE, PBA - 4U, 4U, 0x22U);                /* just before the pending bits */
    assert_int_equal(hw32(PBA - 4U), 0x22U);
    vpci_mmio_write(VM_SERVICE, TABLE + 0xFFCU, 4U, 0x33U);          /* the page's last dword */
    assert_int_equal(hw32(TABLE + 0xFFCU), 0x33U);
    vpci_mmio_write(VM_SERVICE, TABLE + 0x101U, 1U, 0x44U);
    assert_int_equal(hw32(TABLE + 0x100U), 0x4400U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 0x100U, 3U), ~0ULL);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 0xFFEU, 4U), ~0ULL);
}

/* REQ-INT-052 */
static void a_function_without_owner_sends_nothing(void **state)
{
    const struct vpci_written written = { 0xFEE01000U, 0x41U, true };
    struct vpci_function fn = { .bdf = CARD, .owner = ID_NONE };
    struct irq_msi_message message;
    uint32_t source = ID_NONE;
    (void)state;
    message = vpci_message(&fn, &source, &written);
    assert_false(message.enabled);
    assert_int_equal(source, ID_NONE);
    fn.owner = VM_SERVICE;
    message = vpci_message(&fn, &source, &written);
    assert_true(message.enabled);
    assert_int_not_equal(source, ID_NONE);
    vpci_message_free(&source);
    assert_int_equal(source, ID_NONE);
}

/* REQ-ISO-091 */
static void a_message_from_behind_a_bridge_has_the_bridges_number(void **state)
{
    (void)state;
    fake_put(BRIDGE, 0x40U, 4U, 0x00720010U, 0U);  /* to conventional PCI */
    fake_add(OLD, 0x26688086U, 0x0403U);
    fake_put(OLD, 0x34U, 4U, 0x60U, 0U);
    fake_put(OLD, 0x60U, 4U, 0x00010005U, 0x00710000U);
    fake_put(OLD, 0x64U, 4U, 0U, 0xFFFFFFFCU);
    fake_put(OLD, 0x68U, 4U, 0U, ALL_ONES);
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
    iommu_remaps = true;
    wr(OLD, 0x64U, 4U, 0xFEE00000U);
    wr(OLD, 0x68U, 2U, 0x0041U);
    wr(OLD, 0x62U, 2U, 1U);
    assert_int_equal(hw_pci_read(OLD, 0x62U, 2U) & 1U, 1U);
    assert_int_equal(routed, 0x0100U);
    enable_sound(0xFEE00000U);
    assert_int_equal(routed, SOUND);
    iommu_remaps = false;
}

/* REQ-INT-024 */
static void each_function_says_once_of_each_kind_what_it_was_refused(void **state)
{
    unsigned int before = log_lines;
    (void)state;
    for (uint32_t i = 0U; i < 3U; i++) {
        wr(NIC, 0x10U, 4U, 0x1000U);
        wr(DISK, 0x140U, 4U, 1U);
        enable_sound(0x1000U);
    }
    assert_int_equal(log_lines, before + 3U);
    enable_sound(0xFEE00000U);
    wr(HOST_BRIDGE, 0x60U, 4U, 1U);
    wr(ISA_BRIDGE, 0x40U, 4U, 1U); /* the same kind, of another function */
    wr(ISA_BRIDGE, 0x40U, 4U, 1U);
    assert_int_equal(log_lines, before + 5U);
    wr(NIC, 0x42U, 2U, 0x8000U);
    vpci_mmio_write(VM_SERVICE, TABLE, 8U, 0x1000U);
    vpci_mmio_write(VM_SERVICE, TABLE + 8U, 8U, 0x55U); /* another kind, of the same function */
    assert_int_equal(log_lines, before + 6U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_short_capability_has_its_data_behind_the_low_address, setup_sound),
        cmocka_unit_test_setup(what_follows_a_short_capability_is_the_devices, setup_sound),
        cmocka_unit_test_setup(a_bad_address_keeps_an_unmaskable_capability_off, setup_sound),
        cmocka_unit_test_setup(without_a_source_msi_stays_off_in_hardware, setup_sound),
        cmocka_unit_test_setup(only_entries_that_are_or_were_unmasked_are_written_again, setup),
        cmocka_unit_test_setup(without_a_source_an_msix_entry_stays_masked, setup),
        cmocka_unit_test_setup(a_reset_gives_the_source_back, setup_sound),
        cmocka_unit_test_setup(pending_bits_are_the_devices_and_the_mask_is_the_guests, setup),
        cmocka_unit_test_setup(registers_before_an_msix_capability_are_the_devices, setup_card),
        cmocka_unit_test_setup(a_table_of_another_partition_is_out_of_reach, setup_card),
        cmocka_unit_test_setup(what_lies_behind_the_pending_bits_goes_to_the_device, setup),
        cmocka_unit_test_setup(msix_control_reads_back_as_the_guest_wrote_it, setup),
        cmocka_unit_test_setup(an_msix_capability_has_twelve_bytes, setup),
        cmocka_unit_test_setup(switching_msix_off_gives_the_sources_back, setup),
        cmocka_unit_test_setup(a_table_page_takes_whole_accesses_of_known_sizes, setup),
        cmocka_unit_test_setup(a_function_without_owner_sends_nothing, setup),
        cmocka_unit_test_setup(a_message_from_behind_a_bridge_has_the_bridges_number, setup_sound),
        cmocka_unit_test_setup(each_function_says_once_of_each_kind_what_it_was_refused, setup_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
