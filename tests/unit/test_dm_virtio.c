/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: /dm/virtio.c /dm/virtio_pci.c /dm/virtio_blk.c /dm/virtqueue.c /dm/msix.c /dm/pci.c /dm/iobus.c /dm/loop.c /dm/memory.c /dm/log.c /tests/unit/dm_fake_hsm.c */
/* A virtio device as a driver sees it: PCI configuration, negotiation, queues, MSI-X, notification. */
#include "dm_virtio_driver.h"

static void announces_itself(void **state)
{
    uint8_t cap = (uint8_t)config_read(PCI_REG_CAPABILITY, 1);
    unsigned types = 0, msix = 0;

    (void)state;
    assert_int_equal(config_read(0, 4), 0x10421AF4);
    assert_true((config_read(PCI_REG_STATUS, 2) & 0x10U) != 0U);
    for (unsigned i = 0; i < 16U && cap != 0U; i++) {
        uint8_t id = (uint8_t)config_read(cap, 1);

        msix += id == 0x11U;
        types |= (id == 0x09U) ? 1U << config_read(cap + 3U, 1) : 0U;
        cap = (uint8_t)config_read(cap + 1U, 1);
    }
    assert_int_equal(msix, 1);
    assert_int_equal(types, 0x3E);
    assert_int_equal(rd(bar + 18, 2), 1);
    assert_int_equal(rd(bar + VIRTIO_BAR_DEVICE, 8), SECTORS);
    assert_int_equal(rd(bar + VIRTIO_BAR_DEVICE + 0xFF8, 8), 0);
}

static void sizes_and_moves_its_bars(void **state)
{
    (void)state;
    start();
    assert_int_equal(fake_hsm.ioeventfds, 1);
    assert_int_equal(fake_hsm.ioeventfd_gpa, NOTIFY);
    config_write(PCI_REG_COMMAND, 2, 0);
    assert_int_equal(fake_hsm.ioeventfds, 0);
    config_write(PCI_REG_BAR0, 4, 0xFFFFFFFF);
    assert_int_equal(config_read(PCI_REG_BAR0, 4), (uint32_t)~(VIRTIO_BAR_SIZE - 1U));
    config_write(PCI_REG_BAR0, 4, 0xD0000000);
    assert_int_equal(rd(0xD0000000, 4), 0xFFFFFFFF);
    config_write(PCI_REG_COMMAND, 2, 6);
    assert_int_equal(fake_hsm.ioeventfd_gpa, 0xD0003000);
    bar = 0xD0000000;
    assert_int_equal(rd(bar + 20, 1), 0x0F);
}

static void refuses_unknown_and_legacy_features(void **state)
{
    (void)state;
    negotiate(VIRTIO_F_VERSION_1 | (1ULL << 63));
    assert_int_equal(rd(bar + 20, 1), 3);
    negotiate(0);
    assert_int_equal(rd(bar + 20, 1), 3);
    wr(bar + 20, 1, 0x07); /* DRIVER_OK without FEATURES_OK */
    assert_int_equal(rd(bar + 20, 1), 3);
    assert_int_equal(fake_hsm.ioeventfds, 0);
}

/* REQ-DM-002 */
static void stops_at_a_bad_queue(void **state)
{
    (void)state;
    negotiate(VIRTIO_F_VERSION_1);
    wr(bar + 32, 8, RAM);
    wr(bar + 28, 2, 1);
    assert_int_equal(rd(bar + 28, 2), 0);
    assert_true((rd(bar + 20, 1) & VIRTIO_STATUS_NEEDS_RESET) != 0U);
    wr(bar + 20, 1, 0);
    assert_int_equal(rd(bar + 20, 1), 0);
}

/* REQ-DM-007 */
static void ignores_queues_and_widths_that_do_not_exist(void **state)
{
    (void)state;
    start();
    wr(bar + 22, 2, 7);
    assert_int_equal(rd(bar + 24, 2), 0);
    wr(bar + 24, 2, 4);
    wr(bar + 28, 2, 1);
    wr(bar + 32, 8, 1);
    wr(bar + 26, 2, 0);
    wr(bar + 22, 4, 0);
    wr(bar + 20, 4, 0);
    wr(bar + 0x38, 4, 1);
    wr(NOTIFY + 0x100, 2, 64);
    assert_int_equal(rd(bar + 20, 1), 0x0F);
    assert_int_equal(rd(bar + 52, 8), 0);
    wr(bar + 22, 2, 0);
    wr(bar + 32, 8, 0); /* an enabled queue does not move */
    assert_int_equal(rd(bar + 32, 8), DESC_GPA);
    wr(bar + 26, 2, 99);
    assert_int_equal(rd(bar + 26, 2), 0xFFFF);
}

static void ignores_writes_behind_the_last_register(void **state)
{
    (void)state;
    for (uint32_t offset = 52; offset < 128U; offset += 4U) {
        wr(bar + offset, 4, 0xFFFFFFFF);
        wr(bar + offset, 8, UINT64_MAX);
    }
    assert_int_equal(rd(bar + 20, 1), 0);
}

static void reads_and_interrupts_by_msix(void **state)
{
    (void)state;
    enable_msix();
    start();
    assert_int_equal(request(0, 3, 1024), 0);
    assert_int_equal(((char *)at(DATA_GPA))[0], 'd');
    assert_int_equal(((char *)at(DATA_GPA + 512U))[0], 'e');
    assert_int_equal(((uint32_t *)at(USED_GPA))[2], 1025);
    assert_int_equal(fake_hsm.irqfds, 1);
    assert_int_equal(fake_hsm.irqfd_address, 0xFEE01000);
    assert_true(event_take(fake_hsm.irqfd_fd));
    assert_int_equal(fake_hsm.line_changes, 0);
}

static void interrupts_by_injection_without_irqfd(void **state)
{
    (void)state;
    fake_hsm.no_irqfd = true;
    enable_msix();
    start();
    assert_int_equal(request(0, 0, 512), 0);
    assert_int_equal(fake_hsm.msi_count, 1);
    assert_int_equal(fake_hsm.msi_data, 0x4041);
}

static void interrupts_by_line_without_msix(void **state)
{
    uint32_t gsi = MACHINE_GSI_PCI + SLOT % MACHINE_GSI_PCI_COUNT;

    (void)state;
    start();
    assert_int_equal(request(0, 0, 512), 0);
    assert_true(fake_hsm.line[gsi]);
    assert_true((config_read(PCI_REG_STATUS, 2) & 8U) != 0U);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 1);
    assert_false(fake_hsm.line[gsi]);
    assert_int_equal(rd(bar + VIRTIO_BAR_ISR, 1), 0);
}

static void keeps_a_masked_interrupt(void **state)
{
    uint32_t table = config_read(PCI_REG_BAR0 + 4U, 4);

    (void)state;
    enable_msix();
    wr(table + 28U, 4, 1);
    start();
    request(0, 0, 512);
    assert_int_equal(fake_hsm.irqfds, 0);
    assert_int_equal(rd(table + MSIX_PBA_OFFSET, 4), 2);
    wr(table + 28U, 4, 0);
    assert_int_equal(fake_hsm.irqfds, 1);
    assert_int_equal(rd(table + MSIX_PBA_OFFSET, 4), 0);
    wr(table + 24U, 4, 0x4042); /* a new vector drops the old route */
    assert_int_equal(fake_hsm.irqfds, 0);
}

static void offers_the_window_in_configuration_space(void **state)
{
    uint32_t cap = blk.device.cfg_capability;

    (void)state;
    config_write(cap + 4U, 1, 0);
    config_write(cap + 8U, 4, 20);
    config_write(cap + 12U, 4, 1);
    config_write(cap + 16U, 4, 3);
    assert_int_equal(rd(bar + 20, 1), 3);
    assert_int_equal(config_read(cap + 16U, 1), 3);
    config_write(cap + 8U, 4, 0xFFFFFFFF); /* outside: nothing happens */
    config_write(cap + 16U, 4, 0);
    config_write(cap + 8U, 4, 20);
    config_write(cap + 12U, 4, 0);
    config_write(cap + 16U, 4, 0);
    assert_int_equal(rd(bar + 20, 1), 3);
}

/* REQ-DM-002 */
static void reset_leaves_nothing(void **state)
{
    (void)state;
    enable_msix();
    start();
    request(0, 0, 512);
    virtio_reset(&blk.device);
    pci_bus_reset(&bus);
    assert_int_equal(fake_hsm.ioeventfds, 0);
    assert_int_equal(fake_hsm.irqfds, 0);
    assert_int_equal(rd(bar + 20, 1), 0xFF); /* memory decoding is off again */
    config_write(PCI_REG_COMMAND, 2, 6);
    assert_int_equal(rd(bar + 20, 1), 0);
    enable_msix();
    start();
    *(uint16_t *)(void *)((uint8_t *)at(AVAIL_GPA) + 2) = 0;
    assert_int_equal(request(0, 0, 512), 0);
}

/* REQ-DM-002 */
static void survives_noise(void **state)
{
    static const uint32_t sizes[] = {1, 2, 4, 8};

    (void)state;
    srand(1);
    for (unsigned i = 0; i < 200000U; i++) {
        uint32_t size = sizes[rand() % 4];
        uint32_t address = bar + (((unsigned)rand() % 5U) << 12) + ((unsigned)rand() % 64U);
        uint64_t value = ((unsigned)rand() % 4U == 0U) ? ((uint64_t)(unsigned)rand() << 24) : (unsigned)rand() % 0x4000U;

        switch (rand() % 8) {
        case 0:
            (void)rd(address, size);
            break;
        case 1:
            config_write((unsigned)rand() % 256U, size, (uint32_t)value);
            break;
        case 2:
            (void)config_read((unsigned)rand() % 256U, size);
            break;
        case 3:
            work();
            break;
        case 4:
            config_write(PCI_REG_COMMAND, 2, 6);
            config_write(PCI_REG_BAR0, 4, bar);
            break;
        default:
            wr(address, size, value);
            break;
        }
    }
    virtio_reset(&blk.device);
    assert_int_equal(fake_hsm.ioeventfds, 0);
    assert_int_equal(fake_hsm.irqfds, 0);
}

static void configuration_accesses(void **state)
{
    (void)state;
    assert_int_equal(pci_config_read(&bus, 9, 0, 0, 4), 0xFFFFFFFF);
    assert_int_equal(pci_config_read(&bus, 31, 0, 0, 4), 0xFFFFFFFF);
    assert_int_equal(pci_config_read(&bus, SLOT, 1, 0, 4), 0xFFFFFFFF);
    assert_int_equal(pci_config_read(&bus, SLOT, 0, 254, 4), 0xFFFFFFFF);
    assert_int_equal(pci_config_read(&bus, SLOT, 0, UINT32_MAX, 1), 0xFF);
    pci_config_write(&bus, SLOT, 0, 0, 4, 0);
    assert_int_equal(config_read(0, 2), 0x1AF4);
    pci_cf8_ops.write(&bus, 0, 4, 0x80000000U | (SLOT << 11));
    assert_int_equal(pci_cfc_ops.read(&bus, 2, 2), 0x1042);
    pci_cf8_ops.write(&bus, 0, 1, 0);
    assert_int_equal(pci_cf8_ops.read(&bus, 0, 4), 0x80000000U | (SLOT << 11));
    pci_cf8_ops.write(&bus, 0, 4, 0x80010000U); /* bus 1 */
    assert_int_equal((uint32_t)pci_cfc_ops.read(&bus, 0, 4), 0xFFFFFFFF);
    assert_int_equal(pci_ecam_ops.read(&bus, (SLOT << 15) + 2U, 2), 0x1042);
    assert_int_equal((uint32_t)pci_ecam_ops.read(&bus, (SLOT << 15) + 0x100U, 4), 0xFFFFFFFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(announces_itself), TEST(sizes_and_moves_its_bars), TEST(refuses_unknown_and_legacy_features),
        TEST(stops_at_a_bad_queue), TEST(ignores_queues_and_widths_that_do_not_exist),
        TEST(ignores_writes_behind_the_last_register), TEST(reads_and_interrupts_by_msix),
        TEST(interrupts_by_injection_without_irqfd), TEST(interrupts_by_line_without_msix),
        TEST(keeps_a_masked_interrupt), TEST(offers_the_window_in_configuration_space), TEST(reset_leaves_nothing),
        TEST(survives_noise), TEST(configuration_accesses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
