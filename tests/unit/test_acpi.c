/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/acpi.c core/acpi_filter.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/acpi_filter.h"
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/limits.h"
#include "stub_log.h"
#include "x86/acpi.h"

struct boot_info boot_info;
struct platform platform;

#define MEMORY  0x100000U /* the machine's first MiB */
#define RSDP    0xF5000U
#define XSDT    0x20000U
#define RSDT    0x21000U
#define MADT    0x22000U
#define FADT    0x23000U
#define MCFG    0x24000U
#define HPET    0x25000U
#define DMAR    0x26000U
#define OUTPUT  0x30000U
#define PM1     0x604U

static uint8_t memory[MEMORY];
static uint32_t pm1;
static unsigned int smi_writes;
static uint32_t boot_apic_id;

uint64_t hw_phys_read(hpa_t pa, uint32_t size)
{
    uint64_t value = 0U;
    for (uint32_t i = 0U; i < size; i++) {
        value |= (uint64_t)((pa + i < MEMORY) ? memory[pa + i] : 0xFFU) << (8U * i);
    }
    return value;
}
void hw_phys_copy_in(uint8_t *dst, hpa_t src, uint32_t size)
{
    for (uint32_t i = 0U; i < size; i++) {
        dst[i] = (src + i < MEMORY) ? memory[src + i] : 0xFFU;
    }
}
void hw_phys_copy_out(hpa_t dst, const uint8_t *src, uint32_t size) { memcpy(&memory[dst], src, size); }
uint32_t hw_port_read(uint16_t port, uint32_t size) { (void)size; return (port == PM1) ? pm1 : 0xFFU; }
void hw_port_write(uint16_t port, uint32_t size, uint32_t value)
{
    (void)size;
    if ((port == 0xB2U) && (value == 2U)) {
        smi_writes++;
        pm1 |= 1U;
    }
}
void hw_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)subleaf;
    memset(out, 0, 4U * sizeof(out[0]));
    out[0] = (leaf == 0U) ? 1U : 0U;
    out[1] = (leaf == 1U) ? (boot_apic_id << 24U) : 0U;
}

static void put(uint32_t at, uint64_t value, uint32_t size)
{
    for (uint32_t i = 0U; i < size; i++) {
        memory[at + i] = (uint8_t)(value >> (8U * i));
    }
}
static void fix(uint32_t at, uint32_t size, uint32_t checksum)
{
    uint32_t sum = 0U;
    memory[at + checksum] = 0U;
    for (uint32_t i = 0U; i < size; i++) {
        sum += memory[at + i];
    }
    memory[at + checksum] = (uint8_t)(0x100U - (sum & 0xFFU));
}
static uint32_t sum_of(uint32_t at, uint32_t size)
{
    uint32_t sum = 0U;
    for (uint32_t i = 0U; i < size; i++) {
        sum += memory[at + i];
    }
    return sum & 0xFFU;
}
static void header(uint32_t at, const char *signature, uint32_t length)
{
    memcpy(&memory[at], signature, 4U);
    put(at + 4U, length, 4U);
    memcpy(&memory[at + 10U], "BOCHS ", 6U);
}
static void finish(uint32_t at) { fix(at, (uint32_t)hw_phys_read(at + 4U, 4U), 9U); }

static void lapic(uint32_t at, uint32_t id, uint32_t flags)
{
    put(at, 0x0800U, 2U);
    put(at + 2U, id, 1U);
    put(at + 3U, id, 1U);
    put(at + 4U, flags, 4U);
}
static void ioapic(uint32_t at, uint64_t base, uint32_t gsi)
{
    put(at, 0x0C01U, 2U);
    put(at + 4U, base, 4U);
    put(at + 8U, gsi, 4U);
}

static int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    memset(&boot_info, 0, sizeof(boot_info));
    pm1 = 0U;
    smi_writes = 0U;
    boot_apic_id = 2U;
    memcpy(&memory[RSDP], "RSD PTR ", 8U);
    put(RSDP + 15U, 2U, 1U);
    put(RSDP + 16U, RSDT, 4U);
    put(RSDP + 20U, 36U, 4U);
    put(RSDP + 24U, XSDT, 8U);
    fix(RSDP, 20U, 8U);
    fix(RSDP, 36U, 32U);
    header(XSDT, "XSDT", 36U + 40U);
    put(XSDT + 36U, MADT, 8U);
    put(XSDT + 44U, FADT, 8U);
    put(XSDT + 52U, MCFG, 8U);
    put(XSDT + 60U, HPET, 8U);
    put(XSDT + 68U, DMAR, 8U);
    finish(XSDT);
    header(RSDT, "RSDT", 36U + 8U);
    put(RSDT + 36U, MADT, 4U);
    put(RSDT + 40U, FADT, 4U);
    finish(RSDT);
    header(MADT, "APIC", 44U + 4U * 8U + 12U + 20U + 16U);
    lapic(MADT + 44U, 0U, 1U);
    lapic(MADT + 52U, 2U, 1U);
    lapic(MADT + 60U, 4U, 0U); /* disabled */
    lapic(MADT + 68U, 6U, 1U);
    ioapic(MADT + 76U, 0xFEC00000U, 0U);
    put(MADT + 88U, 0x0A02U, 2U); /* IRQ 0 is interrupt 2 */
    put(MADT + 92U, 2U, 4U);
    put(MADT + 98U, 0x0A02U, 2U); /* IRQ 9: level, low */
    put(MADT + 101U, 9U, 1U);
    put(MADT + 102U, 9U, 4U);
    put(MADT + 106U, 0xFU, 2U);
    put(MADT + 108U, 0x1009U, 2U); /* x2APIC entry of a core known already */
    put(MADT + 112U, 6U, 4U);
    put(MADT + 116U, 1U, 4U);
    finish(MADT);
    header(FADT, "FACP", 244U);
    put(FADT + 48U, 0xB2U, 4U);
    put(FADT + 52U, 2U, 1U);
    put(FADT + 56U, 0x600U, 4U);
    put(FADT + 64U, PM1, 4U);
    put(FADT + 76U, 0x608U, 4U);
    put(FADT + 112U, 1U << 10U, 4U);
    put(FADT + 116U, 1U, 1U);
    put(FADT + 120U, 0xCF9U, 8U);
    put(FADT + 128U, 0x0FU, 1U);
    put(FADT + 208U, 1U, 1U);
    put(FADT + 212U, 0x708U, 8U); /* the 64-bit address wins */
    finish(FADT);
    header(MCFG, "MCFG", 60U);
    put(MCFG + 44U, 0xB0000000U, 8U);
    put(MCFG + 54U, 0U, 1U);
    put(MCFG + 55U, 255U, 1U);
    finish(MCFG);
    header(HPET, "HPET", 56U);
    finish(HPET);
    header(DMAR, "DMAR", 48U);
    finish(DMAR);
    log_lines = 0U;
    return 0;
}

static void the_machine_is_read(void **state)
{
    (void)state;
    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(platform.pcpu_count, 3U);
    assert_int_equal(platform.apic_id[0], 2U); /* the boot core first */
    assert_int_equal(platform.apic_id[1], 0U);
    assert_int_equal(platform.apic_id[2], 6U);
    assert_int_equal(platform.ioapic_base, 0xFEC00000U);
    assert_int_equal(platform.isa_gsi[0], 2U);
    assert_int_equal(platform.isa_gsi[1], 1U);
    assert_true(platform.isa_level[9] && platform.isa_active_low[9]);
    assert_int_equal(platform.mmconfig_base, 0xB0000000U);
    assert_int_equal(platform.mmconfig_buses, 256U);
    assert_int_equal(platform.pm1a_control, PM1);
    assert_int_equal(platform.pm_timer_port, 0x708U);
    assert_int_equal(platform.reset_port, 0xCF9U);
    assert_int_equal(platform.reset_value, 0x0FU);
    assert_int_equal(acpi_find(ACPI_SIGNATURE('D', 'M', 'A', 'R'))->address, DMAR);
    assert_true(platform.qemu);
    assert_int_equal(smi_writes, 1U);
    assert_int_equal(log_lines, 0U);
}

static void the_boot_loaders_rsdp_comes_first(void **state)
{
    (void)state;
    memcpy(&memory[0x40000], &memory[RSDP], 36U);
    memset(&memory[RSDP], 0, 36U);
    assert_int_equal(acpi_init(), STATUS_NOT_FOUND);
    boot_info.rsdp = 0x40000U;
    assert_int_equal(acpi_init(), STATUS_OK);
}

static void the_extended_bios_data_area_is_searched(void **state)
{
    (void)state;
    put(0x40EU, 0x9FC0U, 2U);
    memcpy(&memory[0x9FC10], &memory[RSDP], 36U);
    memset(&memory[RSDP], 0, 36U);
    assert_int_equal(acpi_init(), STATUS_OK);
}

/* REQ-CFG-015 */
static void a_broken_xsdt_leaves_the_rsdt(void **state)
{
    (void)state;
    memory[XSDT + 9U] ^= 1U;
    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(acpi_table_count, 2U);
    memory[RSDT + 9U] ^= 1U;
    assert_int_equal(acpi_init(), STATUS_INVALID);
    assert_true(log_lines > 0U);
}

/* REQ-CFG-015 */
static void tables_with_bad_lengths_do_not_count(void **state)
{
    (void)state;
    static const uint32_t bad[] = { 0U, 35U, 0x100001U, 0xFFFFFFFFU };

    for (size_t i = 0U; i < sizeof(bad) / sizeof(bad[0]); i++) {
        put(MADT + 4U, bad[i], 4U);
        assert_int_equal(acpi_init(), STATUS_NOT_FOUND);
        assert_int_equal(acpi_table_count, 4U);
    }
}

/* REQ-CFG-015 */
static void a_bad_madt_entry_ends_the_list(void **state)
{
    (void)state;
    memory[MADT + 45U] = 0U;
    finish(MADT);
    assert_int_equal(acpi_init(), STATUS_INVALID);
    memory[MADT + 45U] = 255U;
    finish(MADT);
    assert_int_equal(acpi_init(), STATUS_INVALID);
}

/* REQ-CFG-016 */
static void unsupported_machines_are_named(void **state)
{
    (void)state;
    ioapic(MADT + 60U, 0xFEC10000U, 24U); /* a second one, in place of two LAPICs */
    put(MADT + 72U, 0x047FU, 2U);
    put(MADT + 74U, 0U, 2U);
    finish(MADT);
    assert_int_equal(acpi_init(), STATUS_INVALID);
    assert_non_null(strstr(log_last, "more than one IOAPIC"));
    (void)setup(NULL);
    boot_apic_id = 9U;
    assert_int_equal(acpi_init(), STATUS_INVALID);
    assert_non_null(strstr(log_last, "boot core"));
    (void)setup(NULL);
    put(FADT + 64U, 0U, 4U);
    finish(FADT);
    assert_int_equal(acpi_init(), STATUS_INVALID);
    assert_non_null(strstr(log_last, "PM1a"));
}

/* REQ-CFG-016 */
static void cores_with_large_ids_are_used_where_interrupts_reach_them(void **state)
{
    (void)state;
    put(MADT + 112U, 300U, 4U); /* the x2APIC entry */
    finish(MADT);
    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(platform.pcpu_count, 4U);
    assert_int_equal(platform.apic_id[3], 300U);
    log_lines = 0U;
    acpi_keep_near_cores();
    assert_int_equal(platform.pcpu_count, 3U);
    assert_int_equal(platform.apic_id[2], 6U);
    assert_non_null(strstr(log_last, "above 254 ignored"));
    acpi_keep_near_cores();
    assert_int_equal(log_lines, 1U);
    put(MADT + 112U, 0xFFFFFFFFU, 4U); /* nobody's id */
    lapic(MADT + 44U, 0xFFU, 1U);
    finish(MADT);
    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(platform.pcpu_count, 2U);
}

static void a_machine_in_acpi_mode_gets_no_smi(void **state)
{
    (void)state;
    pm1 = 1U;
    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(smi_writes, 0U);
}

/* REQ-CFG-015 */
static void random_damage_is_survived(void **state)
{
    (void)state;
    uint32_t seed = 3U;

    for (uint32_t n = 0U; n < 3000U; n++) {
        (void)setup(state);
        for (uint32_t k = 0U; k < 4U; k++) {
            static const uint32_t table[] = { XSDT, MADT, FADT, MCFG, RSDP };
            seed = (seed * 1664525U) + 1013904223U;
            uint32_t at = table[(seed >> 8U) % 5U];
            memory[at + ((seed >> 16U) % 0x90U)] = (uint8_t)(seed >> 24U);
            if (at != RSDP && hw_phys_read(at + 4U, 4U) < 0x1000U) {
                finish(at);
            }
        }
        fix(RSDP, 20U, 8U);
        fix(RSDP, 36U, 32U);
        (void)acpi_init();
        assert_true(platform.pcpu_count <= MAX_PCPU);
        assert_true(acpi_table_count <= MAX_ACPI_TABLE);
    }
}

static bool listed(uint32_t xsdt, uint32_t table)
{
    bool found = false;
    for (uint32_t at = 36U; at < hw_phys_read(xsdt + 4U, 4U); at += 8U) {
        found = found || (hw_phys_read(xsdt + at, 8U) == table);
    }
    return found;
}

/* Tables of ACPI 1.0, as Bochs and old boards have them: RSDP of revision 0, no XSDT, a short FADT, no MCFG. */
static void acpi_1_machine(void)
{
    memset(&memory[RSDP + 15U], 0, 21U);
    put(RSDP + 16U, RSDT, 4U);
    fix(RSDP, 20U, 8U);
    memset(&memory[XSDT], 0, 0x1000U);
    put(FADT + 4U, 116U, 4U);
    memset(&memory[FADT + 116U], 0xA5, 128U); /* of nobody */
    finish(FADT);
}

/* REQ-CFG-015 */
static void a_machine_of_acpi_1_is_read(void **state)
{
    (void)state;
    acpi_1_machine();
    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(acpi_table_count, 2U);
    assert_int_equal(platform.pcpu_count, 3U);
    assert_int_equal(platform.ioapic_base, 0xFEC00000U);
    assert_int_equal(platform.pm1a_control, PM1);
    assert_int_equal(platform.pm_timer_port, 0x608U);
    assert_int_equal(platform.reset_port, 0U);
    assert_int_equal(platform.mmconfig_base, 0U);
    assert_null(acpi_find(ACPI_SIGNATURE('D', 'M', 'A', 'R')));
    assert_int_equal(log_lines, 0U);
}

/* REQ-CFG-015 REQ-CFG-019 */
static void its_service_vm_gets_an_xsdt_all_the_same(void **state)
{
    (void)state;
    gpa_t rsdp;
    acpi_1_machine();
    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(acpi_filter_build(2U, OUTPUT, PAGE_SIZE, &rsdp), STATUS_OK);
    uint32_t xsdt = (uint32_t)hw_phys_read((uint32_t)rsdp + 24U, 8U);
    assert_memory_equal(&memory[xsdt], "XSDT", 4U);
    assert_int_equal(sum_of(xsdt, (uint32_t)hw_phys_read(xsdt + 4U, 4U)), 0U);
    assert_true(listed(xsdt, FADT));
    assert_false(listed(xsdt, MADT));
}

/* REQ-CFG-019 */
static void the_service_vm_sees_its_own_madt(void **state)
{
    (void)state;
    gpa_t rsdp;
    uint32_t madt;

    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(acpi_filter_build(3U, OUTPUT, PAGE_SIZE, &rsdp), STATUS_OK);
    assert_int_equal(rsdp, OUTPUT);
    assert_int_equal(sum_of(OUTPUT, 20U), 0U);
    assert_int_equal(sum_of(OUTPUT, 36U), 0U);
    uint32_t xsdt = (uint32_t)hw_phys_read(OUTPUT + 24U, 8U);
    uint32_t length = (uint32_t)hw_phys_read(xsdt + 4U, 4U);
    assert_int_equal(sum_of(xsdt, length), 0U);
    assert_true(listed(xsdt, FADT) && listed(xsdt, MCFG));
    assert_false(listed(xsdt, MADT) || listed(xsdt, HPET) || listed(xsdt, DMAR));
    madt = (uint32_t)hw_phys_read(xsdt + length - 8U, 8U);
    assert_memory_equal(&memory[madt], "APIC", 4U);
    assert_int_equal(sum_of(madt, (uint32_t)hw_phys_read(madt + 4U, 4U)), 0U);
    for (uint32_t i = 0U; i < 3U; i++) {
        assert_int_equal(memory[madt + 44U + 8U * i + 3U], i);
    }
    assert_int_equal(memory[madt + 68U], 1U); /* then the IOAPIC */
    assert_int_equal(hw_phys_read(madt + 72U, 4U), 0xFEC00000U);
    assert_memory_equal(&memory[madt + 80U], &memory[MADT + 88U], 20U); /* and the overrides */
}

static void bad_blocks_are_refused(void **state)
{
    (void)state;
    gpa_t rsdp;

    assert_int_equal(acpi_init(), STATUS_OK);
    assert_int_equal(acpi_filter_build(0U, OUTPUT, PAGE_SIZE, &rsdp), STATUS_INVALID);
    assert_int_equal(acpi_filter_build(MAX_VCPU_PER_VM + 1U, OUTPUT, PAGE_SIZE, &rsdp), STATUS_INVALID);
    assert_int_equal(acpi_filter_build(1U, OUTPUT + 16U, PAGE_SIZE, &rsdp), STATUS_INVALID);
    assert_int_equal(acpi_filter_build(1U, OUTPUT, 64U, &rsdp), STATUS_NO_MEMORY);
    acpi_table_count = 0U;
    assert_int_equal(acpi_filter_build(1U, OUTPUT, PAGE_SIZE, &rsdp), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_machine_is_read, setup),
        cmocka_unit_test_setup(the_boot_loaders_rsdp_comes_first, setup),
        cmocka_unit_test_setup(the_extended_bios_data_area_is_searched, setup),
        cmocka_unit_test_setup(a_broken_xsdt_leaves_the_rsdt, setup),
        cmocka_unit_test_setup(tables_with_bad_lengths_do_not_count, setup),
        cmocka_unit_test_setup(a_bad_madt_entry_ends_the_list, setup),
        cmocka_unit_test_setup(unsupported_machines_are_named, setup),
        cmocka_unit_test_setup(cores_with_large_ids_are_used_where_interrupts_reach_them, setup),
        cmocka_unit_test_setup(a_machine_in_acpi_mode_gets_no_smi, setup),
        cmocka_unit_test_setup(random_damage_is_survived, setup),
        cmocka_unit_test_setup(a_machine_of_acpi_1_is_read, setup),
        cmocka_unit_test_setup(its_service_vm_gets_an_xsdt_all_the_same, setup),
        cmocka_unit_test_setup(the_service_vm_sees_its_own_madt, setup),
        cmocka_unit_test_setup(bad_blocks_are_refused, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
