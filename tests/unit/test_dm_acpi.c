/* SPDX-License-Identifier: Apache-2.0 */
/* ACPI tables: checksums, links, and the numbers that the DSDT repeats from machine.h.
 * unit-sources: /dm/acpi.c /build/dm/dsdt.c */
#define _GNU_SOURCE
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "dm/acpi.h"
#include "dm/machine.h"

#define BASE MACHINE_ACPI_BASE

static uint8_t tables[MACHINE_ACPI_SIZE];

static uint32_t get32(const uint8_t *at)
{
    uint32_t value;

    memcpy(&value, at, 4);
    return value;
}

static uint64_t get64(const uint8_t *at)
{
    uint64_t value;

    memcpy(&value, at, 8);
    return value;
}

static uint8_t sum(const uint8_t *at, size_t size)
{
    uint8_t total = 0;

    for (size_t i = 0; i < size; i++) {
        total = (uint8_t)(total + at[i]);
    }
    return total;
}

static const uint8_t *table(const char *signature)
{
    const uint8_t *xsdt = tables + get64(tables + 24) - BASE;
    const uint8_t *found = NULL;

    for (uint32_t at = 36; at < get32(xsdt + 4); at += 8U) {
        const uint8_t *candidate = tables + get64(xsdt + at) - BASE;

        found = (memcmp(candidate, signature, 4) == 0) ? candidate : found;
    }
    return found;
}

static int setup(void **state)
{
    (void)state;
    memset(tables, 0, sizeof(tables));
    assert_true(acpi_build(tables, sizeof(tables), BASE, 2, true) != 0U);
    return 0;
}

/* REQ-DM-008 */
static void every_checksum_is_right(void **state)
{
    static const char *const names[] = {"FACP", "APIC", "MCFG"};

    (void)state;
    assert_memory_equal(tables, "RSD PTR ", 8);
    assert_int_equal(sum(tables, 20), 0);
    assert_int_equal(sum(tables, 36), 0);
    for (unsigned i = 0; i < 3U; i++) {
        assert_non_null(table(names[i]));
        assert_int_equal(sum(table(names[i]), get32(table(names[i]) + 4)), 0);
    }
    assert_int_equal(sum(tables + get64(table("FACP") + 140) - BASE, acpi_dsdt_size), 0);
}

static void fadt_names_the_fixed_hardware(void **state)
{
    const uint8_t *fadt = table("FACP");

    (void)state;
    assert_int_equal(get32(fadt + 56), MACHINE_PORT_PM1_EVENT);
    assert_int_equal(get32(fadt + 64), MACHINE_PORT_PM1_CTL);
    assert_int_equal(get32(fadt + 76), MACHINE_PORT_PM_TIMER);
    assert_int_equal(get64(fadt + 120), MACHINE_PORT_RESET);
    assert_int_equal(fadt[128], MACHINE_RESET_VALUE);
    assert_int_equal(get32(fadt + 48), 0);             /* no SMI command port: always in ACPI mode */
    assert_memory_equal(tables + get32(fadt + 36) - BASE, "FACS", 4);
    assert_int_equal((get32(fadt + 36) % 64U), 0);
    assert_memory_equal(tables + get32(fadt + 40) - BASE, "DSDT", 4);
}

/* REQ-DM-008 */
static void madt_lists_each_vcpu(void **state)
{
    const uint8_t *madt = table("APIC");
    unsigned cpus = 0;

    (void)state;
    for (uint32_t at = 44; at < get32(madt + 4); at += madt[at + 1U]) {
        if (madt[at] == 0U) {
            assert_int_equal(madt[at + 3U], cpus);
            cpus++;
        }
        assert_true(madt[at + 1U] != 0U);
    }
    assert_int_equal(cpus, 2);
}

static void refuses_too_little_room(void **state)
{
    (void)state;
    for (size_t size = 36; size < 1500U; size += 7U) {
        assert_int_equal(acpi_build(tables, size, BASE, MACHINE_VCPUS_MAX, true), 0);
    }
}

static bool dsdt_has(const void *bytes, size_t size)
{
    return memmem(acpi_dsdt, acpi_dsdt_size, bytes, size) != NULL;
}

static bool dsdt_has32(uint64_t value)
{
    uint32_t narrow = (uint32_t)value;

    return dsdt_has(&narrow, 4);
}

static bool dsdt_has_port(uint16_t port)
{
    uint8_t bytes[5] = {0x47, 0x01, (uint8_t)port, (uint8_t)(port >> 8), (uint8_t)port}; /* IO, Decode16 */

    return dsdt_has(bytes, sizeof(bytes));
}

/* REQ-DM-008 */
static void dsdt_agrees_with_the_machine(void **state)
{
    const uint8_t s5[] = {'_', 'S', '5', '_', 0x12, 0x07, 0x04, 0x0A, MACHINE_SLEEP_S5};

    (void)state;
    assert_true(dsdt_has(s5, sizeof(s5)));
    assert_true(dsdt_has32(MACHINE_PCI_MMIO_BASE));
    assert_true(dsdt_has32(MACHINE_PCI_MMIO_BASE + MACHINE_PCI_MMIO_SIZE - 1U));
    assert_true(dsdt_has32(MACHINE_ECAM_BASE));
    assert_true(dsdt_has_port(MACHINE_PORT_COM1));
    assert_true(dsdt_has_port(MACHINE_PORT_RTC));
    assert_true(dsdt_has_port(MACHINE_PORT_CF8));
    assert_true(dsdt_has_port(MACHINE_PORT_PM1_EVENT));
    for (uint32_t gsi = MACHINE_GSI_PCI; gsi < MACHINE_GSI_PCI + MACHINE_GSI_PCI_COUNT; gsi++) {
        const uint8_t link[] = {0x89, 0x06, 0x00, 0x09, 0x01, (uint8_t)gsi, 0, 0, 0}; /* level, high, shared */

        assert_true(dsdt_has(link, sizeof(link)));
    }
}

/* REQ-DM-008 REQ-DM-013 */
static void functions_of_the_service_vm_are_not_looked_for_in_memory(void **state)
{
    const uint8_t *xsdt;

    (void)state;
    assert_true(acpi_build(tables, sizeof(tables), BASE, 2, false) != 0U);
    xsdt = tables + get64(tables + 24) - BASE;
    assert_int_equal(get32(xsdt + 4), 36 + 2 * 8);
    assert_int_equal(sum(xsdt, get32(xsdt + 4)), 0);
    assert_non_null(table("FACP"));
    assert_non_null(table("APIC"));
    assert_null(table("MCFG"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_checksum_is_right, setup), cmocka_unit_test_setup(fadt_names_the_fixed_hardware, setup),
        cmocka_unit_test_setup(madt_lists_each_vcpu, setup), cmocka_unit_test_setup(refuses_too_little_room, setup),
        cmocka_unit_test_setup(dsdt_agrees_with_the_machine, setup),
        cmocka_unit_test_setup(functions_of_the_service_vm_are_not_looked_for_in_memory, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
