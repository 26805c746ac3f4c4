/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/ioapic.c x86/pci.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/hw.h"
#include "core/iommu_hw.h"
#include "core/iommu_table.h"

#define PINS   40U /* more than the hypervisor uses */
#define MASKED 0x10000U

struct platform platform;
static bool remaps;
static uint32_t format;
bool hw_iommu_remaps(void) { return remaps; }
uint32_t hw_iommu_format(void) { return format; }
static uint32_t entry[2U * PINS];
static uint32_t selected;
static unsigned int half_states; /* an unmasked entry whose halves were not written together */
static uint32_t config_address;
static uint16_t config_port;
static uint32_t config_value;
static hpa_t mmio_address;

uint64_t hw_mmio_read(hpa_t pa, uint32_t size)
{
    assert_int_equal(size, 4U);
    if (pa == 0xFEC00010U) {
        return (selected == 1U) ? (((PINS - 1U) << 16U) | 0x20U) : 0U;
    }
    mmio_address = pa;
    return 0x12345678U;
}
void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value)
{
    (void)size;
    if (pa == 0xFEC00000U) {
        selected = (uint32_t)value;
    } else if (pa == 0xFEC00010U) {
        assert_true((selected >= 0x10U) && (selected < 0x10U + 2U * PINS));
        uint32_t index = selected - 0x10U;
        half_states += ((index & 1U) != 0U && (entry[index - 1U] & MASKED) == 0U) ? 1U : 0U;
        entry[index] = (uint32_t)value;
    } else {
        mmio_address = pa;
    }
}
uint32_t hw_port_read(uint16_t port, uint32_t size)
{
    (void)size;
    config_port = port;
    return 0xABCDU;
}
void hw_port_write(uint16_t port, uint32_t size, uint32_t value)
{
    (void)size;
    if (port == 0xCF8U) {
        config_address = value;
    } else {
        config_port = port;
        config_value = value;
    }
}

static int setup(void **state)
{
    (void)state;
    platform = (struct platform){ .pcpu_count = 4U, .apic_id = { 0U, 2U, 4U, 6U }, .ioapic_base = 0xFEC00000U,
        .mmconfig_base = 0xB0000000U, .mmconfig_buses = 2U };
    half_states = 0U;
    remaps = false;
    format = IOMMU_FORMAT_VTD;
    return 0;
}

/* First: the module prepares the IOAPIC once. */
/* REQ-CFG-020 */
static void every_pin_of_the_machine_is_masked_first(void **state)
{
    (void)state;
    memset(entry, 0, sizeof(entry)); /* as a careless firmware might leave it */
    hw_ioapic_mask(0U, true);
    for (uint32_t pin = 0U; pin < PINS; pin++) {
        assert_int_equal(entry[2U * pin] & MASKED, MASKED);
    }
}

/* REQ-INT-001 */
static void a_route_is_fixed_physical_and_to_one_core(void **state)
{
    (void)state;
    hw_ioapic_route(9U, 0x39U, 3U, true, true);
    assert_int_equal(entry[18], 0xA039U);
    assert_int_equal(entry[19], 6U << 24U);
    hw_ioapic_route(4U, 0x34U, 1U, false, false);
    assert_int_equal(entry[8], 0x34U);
    assert_int_equal(entry[9], 2U << 24U);
}

static void a_route_changes_core_only_while_masked(void **state)
{
    (void)state;
    for (uint32_t n = 0U; n < 100U; n++) {
        hw_ioapic_route(5U, 0x35U, n % 4U, (n & 4U) != 0U, false);
        assert_int_equal(entry[11], platform.apic_id[n % 4U] << 24U);
        assert_int_equal(entry[10] & MASKED, 0U);
    }
    assert_int_equal(half_states, 0U);
}

/* REQ-ISO-041 */
static void a_remapped_pin_names_the_entry_of_its_vector(void **state)
{
    (void)state;
    remaps = true;
    hw_ioapic_route(10U, 0x3AU, 3U, true, true);
    assert_int_equal(entry[20], 0xA03AU);
    assert_int_equal(entry[21], (0x3AU << 17U) | 0x10000U);
    hw_ioapic_route(10U, 0x3AU, 2U, true, true); /* where it goes is the entry's */
    assert_int_equal(entry[21], (0x3AU << 17U) | 0x10000U);
    format = IOMMU_FORMAT_AMDVI; /* whose units take the vector as the index */
    hw_ioapic_route(10U, 0x3AU, 2U, true, true);
    assert_int_equal(entry[20], 0xA03AU);
    assert_int_equal(entry[21] & 0xFFFFFFU, 0U);
}

static void masking_keeps_the_route(void **state)
{
    (void)state;
    hw_ioapic_route(6U, 0x36U, 2U, true, false);
    hw_ioapic_mask(6U, true);
    assert_int_equal(entry[12], 0x8036U | MASKED);
    hw_ioapic_mask(6U, false);
    assert_int_equal(entry[12], 0x8036U);
}

static void a_pin_without_a_vector_cannot_be_unmasked(void **state)
{
    (void)state;
    hw_ioapic_mask(7U, false);
    assert_int_equal(entry[14] & MASKED, MASKED);
    hw_ioapic_route(7U, 0U, 1U, false, false);
    assert_int_equal(entry[14] & MASKED, MASKED);
}

static void pins_and_cores_out_of_range_are_ignored(void **state)
{
    (void)state;
    uint32_t before[2U * PINS];

    memcpy(before, entry, sizeof(before));
    hw_ioapic_route(IOAPIC_PINS, 0x50U, 0U, false, false);
    hw_ioapic_mask(IOAPIC_PINS, false);
    hw_ioapic_route(3U, 0x33U, 4U, false, false);
    assert_memory_equal(before, entry, sizeof(before));
}

static void configuration_space_is_reached_by_port_or_by_window(void **state)
{
    (void)state;
    (void)hw_pci_read(0x0210U, 0x0EU, 1U); /* beyond the window */
    assert_int_equal(config_address, 0x8002100CU);
    assert_int_equal(config_port, 0xCFEU);
    hw_pci_write(0x0210U, 0x40U, 4U, 7U);
    assert_int_equal(config_value, 7U);
    assert_int_equal(hw_pci_read(0x0110U, 0x40U, 4U), 0x12345678U);
    assert_int_equal(mmio_address, 0xB0110040U);
    assert_int_equal(hw_pci_read(0x0110U, 0x100U, 4U), 0x12345678U);
    assert_int_equal(mmio_address, 0xB0110100U);
    assert_int_equal(hw_pci_read(0x0210U, 0x100U, 4U), 0xFFFFFFFFU);
    assert_int_equal(hw_pci_read(0x0110U, 0x41U, 2U), 0xFFFFFFFFU);
    assert_int_equal(hw_pci_read(0x0110U, 0x1000U, 4U), 0xFFFFFFFFU);
}

/* As on Bochs: ports reach the first 256 bytes of a function, and the rest is as if it did not exist. */
static void without_a_window_configuration_space_ends_at_256_bytes(void **state)
{
    (void)state;
    platform.mmconfig_base = 0U;
    platform.mmconfig_buses = 0U;
    mmio_address = 0U;
    (void)hw_pci_read(0x0110U, 0xFCU, 4U);
    assert_int_equal(config_address, 0x800110FCU);
    assert_int_equal(hw_pci_read(0x0110U, 0x100U, 4U), 0xFFFFFFFFU);
    hw_pci_write(0x0110U, 0x100U, 4U, 1U);
    assert_int_equal(mmio_address, 0U);
    assert_int_equal(config_address, 0x800110FCU);
}

/* REQ-INT-001 */
static void messages_are_fixed_physical_and_edge(void **state)
{
    (void)state;
    assert_int_equal(hw_msi_address(3U), 0xFEE06000U);
    assert_int_equal(hw_msi_data(0x4AU), 0x4AU);
    assert_int_equal(hw_msi_data(0xFFFFC44AU), 0x4AU);
    assert_int_equal(hw_msi_address(MAX_PCPU), 0xFEE00000U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_pin_of_the_machine_is_masked_first, setup),
        cmocka_unit_test_setup(a_route_is_fixed_physical_and_to_one_core, setup),
        cmocka_unit_test_setup(a_route_changes_core_only_while_masked, setup),
        cmocka_unit_test_setup(a_remapped_pin_names_the_entry_of_its_vector, setup),
        cmocka_unit_test_setup(masking_keeps_the_route, setup),
        cmocka_unit_test_setup(a_pin_without_a_vector_cannot_be_unmasked, setup),
        cmocka_unit_test_setup(pins_and_cores_out_of_range_are_ignored, setup),
        cmocka_unit_test_setup(configuration_space_is_reached_by_port_or_by_window, setup),
        cmocka_unit_test_setup(without_a_window_configuration_space_ends_at_256_bytes, setup),
        cmocka_unit_test_setup(messages_are_fixed_physical_and_edge, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
