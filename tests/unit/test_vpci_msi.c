/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/irq.c devices/vpci.c devices/vpci_scan.c devices/vpci_stop.c core/irq_exclusive.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_group.c devices/vpci_message.c devices/vpci_header.c devices/vpci_msi.c
     devices/vpci_msix.c devices/vpci_hv.c fake/pci.c */
/* MSI and MSI-X: what the guest reads and writes, and what the hardware gets. */
#include "vpci_machine.h"

/* REQ-INT-001 */
static void msi_keeps_the_guests_message_and_offers_one(void **state)
{
    (void)state;
    assert_int_equal(rd(DISK, 0x50U, 4U), 0x01800005U);
    wr(DISK, 0x54U, 4U, 0xFEE02000U);
    wr(DISK, 0x58U, 4U, 0U);
    wr(DISK, 0x5CU, 2U, 0x0041U);
    assert_int_equal(hw_pci_read(DISK, 0x54U, 4U), 0U); /* not before it is enabled */
    wr(DISK, 0x52U, 2U, 0x0031U); /* and asks for 8 messages */
    assert_int_equal(rd(DISK, 0x52U, 2U), 0x0181U);
    assert_int_equal(rd(DISK, 0x54U, 4U), 0xFEE02000U);
    assert_int_equal(rd(DISK, 0x5CU, 2U), 0x0041U);
    assert_int_equal(hw_pci_read(DISK, 0x52U, 2U), 0x0187U);
    assert_int_equal(hw_pci_read(DISK, 0x54U, 4U), 0xFEE02000U); /* core 2 */
    assert_true(hw_pci_read(DISK, 0x5CU, 2U) >= VECTOR_IRQ_BASE + IOAPIC_PINS);
    irq_arrived(2U, hw_pci_read(DISK, 0x5CU, 2U));
    assert_int_equal(delivered, 1U);
    assert_int_equal(delivered_data, 0x41U);
    wr(DISK, 0x52U, 2U, 0U);
    assert_int_equal(hw_pci_read(DISK, 0x52U, 2U) & 1U, 0U);
}

static void masked_msi_is_masked_in_hardware(void **state)
{
    (void)state;
    wr(DISK, 0x54U, 4U, 0xFEE00000U);
    wr(DISK, 0x5CU, 2U, 0x0041U);
    wr(DISK, 0x52U, 2U, 1U);
    assert_int_equal(hw_pci_read(DISK, 0x60U, 4U), 0U);
    wr(DISK, 0x60U, 4U, ALL_ONES);
    assert_int_equal(hw_pci_read(DISK, 0x60U, 4U), 1U);
    assert_int_equal(rd(DISK, 0x60U, 4U), 1U);
    wr(DISK, 0x54U, 4U, 0xFEE01000U);
    wr(DISK, 0x60U, 4U, 0U);
    assert_int_equal(hw_pci_read(DISK, 0x54U, 4U), 0xFEE01000U);
    assert_int_equal(hw_pci_read(DISK, 0x60U, 4U), 0U);
}

/* REQ-INT-001 */
static void forged_msi_never_reaches_the_hardware(void **state)
{
    (void)state;
    static const uint32_t address[] = { 0U, 0x100000U, 0xFEE03000U, 0xFEEFF00CU, 0xFEC00000U, 0xFFFFFFFCU };
    static const uint32_t data[] = { 0x400U /* NMI */, 0x500U /* INIT */, 0xFFFFU, 0xEFU, 0U };

    for (size_t a = 0U; a < 6U; a++) {
        for (size_t d = 0U; d < 5U; d++) {
            wr(DISK, 0x54U, 4U, address[a]);
            wr(DISK, 0x58U, 4U, (uint32_t)d & 1U);
            wr(DISK, 0x5CU, 4U, data[d]);
            wr(DISK, 0x52U, 2U, 1U);
            uint32_t hw_data = hw_pci_read(DISK, 0x5CU, 2U);
            uint32_t core = (hw_pci_read(DISK, 0x54U, 4U) >> 12U) & 0xFFU;
            assert_true((hw_data == 0U) || ((hw_data >= VECTOR_IRQ_BASE) && (hw_data <= VECTOR_IRQ_LAST)));
            assert_true(core < 3U);
            assert_int_equal(hw_pci_read(DISK, 0x58U, 4U), 0U);
            wr(DISK, 0x52U, 2U, 0U);
        }
    }
}

/* REQ-ISO-028 REQ-INT-027 */
static void msix_table_pages_are_holes(void **state)
{
    (void)state;
    gpa_t base;
    uint64_t size;
    bool table = false;
    bool rcba = false;
    uint32_t count = 0U;

    while (vpci_hole(VM_SERVICE, count, &base, &size)) {
        table = table || ((base == (TABLE & ~0xFFFU)) && (size == PAGE_SIZE));
        rcba = rcba || ((base == 0xFED1C000U) && (size == 0x4000U));
        count++;
    }
    assert_true(table);
    assert_true(rcba);
    assert_true(vpci_mmio_claims(VM_SERVICE, TABLE));
    assert_true(vpci_mmio_claims(VM_SERVICE, 0xB0000000U));
    assert_false(vpci_mmio_claims(VM_SERVICE, FAKE_MMIO));
    assert_false(vpci_mmio_claims(1U, TABLE));
}

/* REQ-INT-001 */
static void msix_entries_are_virtual(void **state)
{
    (void)state;
    wr(NIC, 0x42U, 2U, 0xC000U);
    assert_int_equal(hw_pci_read(NIC, 0x42U, 2U), 0xC000U | (ENTRIES - 1U));
    for (uint32_t i = 0U; i < ENTRIES; i++) {
        assert_int_equal(hw32(TABLE + 16U * i + 12U), 1U);
    }
    vpci_mmio_write(VM_SERVICE, TABLE + 16U, 4U, 0xFEE01000U);
    vpci_mmio_write(VM_SERVICE, TABLE + 20U, 4U, 0U);
    vpci_mmio_write(VM_SERVICE, TABLE + 24U, 8U, 0x0000000000000055U); /* data, and unmask */
    wr(NIC, 0x42U, 2U, 0x8000U);
    assert_int_equal(hw_pci_read(NIC, 0x42U, 2U), 0x8000U | (ENTRIES - 1U));
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 16U, 8U), 0xFEE01000U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 24U, 4U), 0x55U);
    assert_int_equal(hw32(TABLE + 28U), 0U);
    assert_int_not_equal(hw32(TABLE + 24U), 0x55U);
    irq_arrived(1U, hw32(TABLE + 24U));
    assert_int_equal(delivered_data, 0x55U);
    assert_int_equal(delivered_address, 0xFEE01000U);
    vpci_mmio_write(VM_SERVICE, TABLE + 28U, 4U, 1U);
    assert_int_equal(hw32(TABLE + 28U), 1U);
}

/* REQ-INT-027 */
static void partial_and_straddling_table_accesses_are_ignored(void **state)
{
    (void)state;
    uint8_t before[64];

    wr(NIC, 0x42U, 2U, 0x8000U);
    memcpy(before, &fake_mmio[0x2000], sizeof(before));
    vpci_mmio_write(VM_SERVICE, TABLE - 2U, 4U, ALL_ONES);
    vpci_mmio_write(VM_SERVICE, TABLE - 4U, 8U, ~0ULL);
    vpci_mmio_write(VM_SERVICE, TABLE, 1U, 0xFFU);
    vpci_mmio_write(VM_SERVICE, TABLE + 2U, 4U, ALL_ONES);
    vpci_mmio_write(VM_SERVICE, TABLE + 4U, 8U, ~0ULL);
    vpci_mmio_write(VM_SERVICE, TABLE + 12U, 2U, 0U);
    vpci_mmio_write(VM_SERVICE, TABLE + 16U * ENTRIES - 4U, 8U, 0U);
    vpci_mmio_write(VM_SERVICE, TABLE, 3U, 0U);
    vpci_mmio_write(VM_SERVICE, TABLE + 0xFFEU, 4U, 0U);
    assert_memory_equal(before, &fake_mmio[0x2000], sizeof(before));
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE, 1U), ~0ULL);
}

/* REQ-INT-027 */
static void the_rest_of_a_table_page_goes_to_the_device(void **state)
{
    (void)state;
    vpci_mmio_write(VM_SERVICE, TABLE + 0x100U, 4U, 0xCAFEU);
    assert_int_equal(hw32(TABLE + 0x100U), 0xCAFEU);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 0x100U, 2U), 0xCAFEU);
    hw_mmio_write(PBA, 4U, 5U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, PBA, 4U), 5U);
    vpci_mmio_write(VM_SERVICE, PBA, 4U, 0U);
    assert_int_equal(hw32(PBA), 5U);
}

/* REQ-INT-027 */
static void a_table_is_not_reached_while_the_function_does_not_decode(void **state)
{
    (void)state;
    wr(NIC, 0x42U, 2U, 0x8000U);
    vpci_mmio_write(VM_SERVICE, TABLE + 8U, 4U, 0x31U);
    wr(NIC, 4U, 2U, 4U);
    vpci_mmio_write(VM_SERVICE, TABLE + 8U, 4U, 0x32U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 8U, 4U), ~0ULL);
    wr(NIC, 4U, 2U, 6U);
    assert_int_equal(vpci_mmio_read(VM_SERVICE, TABLE + 8U, 4U), 0x31U);
}

static void the_table_is_written_even_when_the_function_does_not_decode(void **state)
{
    (void)state;
    memset(&fake_mmio[0x2000], 0, 64U); /* all entries unmasked: what firmware might leave */
    wr(NIC, 4U, 2U, 4U);
    wr(NIC, 0x42U, 2U, 0x8000U);
    assert_int_equal(hw32(TABLE + 12U), 1U);
    assert_int_equal(hw_pci_read(NIC, 4U, 2U), 4U);
    assert_false(fake_decode_seen_off);
}

static void toggling_msix_leaks_no_source(void **state)
{
    (void)state;
    for (uint32_t n = 0U; n < 1000U; n++) {
        wr(NIC, 0x42U, 2U, 0x8000U);
        for (uint32_t i = 0U; i < ENTRIES; i++) {
            vpci_mmio_write(VM_SERVICE, TABLE + 16U * i, 8U, 0xFEE00000U);
            vpci_mmio_write(VM_SERVICE, TABLE + 16U * i + 8U, 8U, n & 0xFFU);
            assert_int_equal(hw32(TABLE + 16U * i + 12U), 0U);
        }
        wr(NIC, 0x42U, 2U, 0U);
        wr(DISK, 0x54U, 4U, 0xFEE00000U);
        wr(DISK, 0x52U, 2U, 1U);
        assert_int_equal(hw_pci_read(DISK, 0x60U, 4U), 0U);
        wr(DISK, 0x52U, 2U, 0U);
    }
}

/* REQ-INT-027 */
static void a_table_that_does_not_fit_its_bar_hides_msix(void **state)
{
    (void)state;
    static const uint32_t table[] = { 0xFFF8U, 0x10000U, 0xFFFFFFF8U, 0x2001U /* an I/O BAR */, 0x2003U /* half of a BAR */,
        0x2004U /* not placed */, 0x2006U, 0x2007U };

    for (size_t i = 0U; i < sizeof(table) / sizeof(table[0]); i++) {
        fake_put(NIC, 0x44U, 4U, table[i], 0U);
        irq_init();
        assert_int_equal(vpci_scan(), STATUS_OK);
        assert_int_equal(rd(NIC, 0x40U, 1U), 0U); /* the null capability */
        assert_int_equal(rd(NIC, 0x41U, 1U), 0U); /* the list goes on as it was */
        wr(NIC, 0x42U, 2U, 0x8000U);
        assert_int_equal(hw_pci_read(NIC, 0x42U, 2U) & 0x8000U, 0U);
        assert_false(vpci_mmio_claims(VM_SERVICE, TABLE));
    }
}

static void more_entries_than_the_pool_hide_msix(void **state)
{
    (void)state;
    fake_put(NIC, 0x40U, 4U, 0x07FF0011U, 0xC0000000U); /* 2048 entries: the whole pool */
    fake_put(NIC, 0x44U, 4U, 0U, 0U);
    fake_put(DISK, 0x34U, 4U, 0x50U, 0U);
    fake_put(DISK, 0x10U, 4U, FAKE_MMIO, 0xFFFF0000U);
    fake_put(DISK, 0x51U, 1U, 0x80U, 0U);
    fake_put(DISK, 0x80U, 4U, 0x00000011U, 0xC0000000U);
    irq_init();
    assert_int_equal(vpci_scan(), STATUS_OK);
    assert_int_equal(rd(NIC, 0x40U, 1U), 0x11U);
    assert_int_equal(rd(DISK, 0x80U, 1U), 0U);
    assert_int_equal(rd(DISK, 0x50U, 1U), 5U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(msi_keeps_the_guests_message_and_offers_one, setup),
        cmocka_unit_test_setup(masked_msi_is_masked_in_hardware, setup),
        cmocka_unit_test_setup(forged_msi_never_reaches_the_hardware, setup),
        cmocka_unit_test_setup(msix_table_pages_are_holes, setup),
        cmocka_unit_test_setup(msix_entries_are_virtual, setup),
        cmocka_unit_test_setup(partial_and_straddling_table_accesses_are_ignored, setup),
        cmocka_unit_test_setup(the_rest_of_a_table_page_goes_to_the_device, setup),
        cmocka_unit_test_setup(the_table_is_written_even_when_the_function_does_not_decode, setup),
        cmocka_unit_test_setup(a_table_is_not_reached_while_the_function_does_not_decode, setup),
        cmocka_unit_test_setup(toggling_msix_leaks_no_source, setup),
        cmocka_unit_test_setup(a_table_that_does_not_fit_its_bar_hides_msix, setup),
        cmocka_unit_test_setup(more_entries_than_the_pool_hide_msix, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
