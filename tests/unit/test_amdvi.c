/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/amdvi/ivrs.c x86/amdvi/amdvi.c x86/amdvi/amdvi_queue.c x86/amdvi/amdvi_event.c */
/* AMD's IOMMU: the firmware's table, and the driver before a model of a unit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/acpi_filter.h"
#include "core/boot_info.h"
#include "core/iommu_table.h"
#include "stub_log.h"
#include "x86/amdvi/amdvi.h"
#include "x86/iommu.h"

#define TABLE     0x20000U
#define REGISTERS 0xFED80000U
#define SECOND    0xFED90000U
#define ENTRIES   0x1234000U
#define UNIT_BDF  0x0002U
#define MSI_AT    0x60U

static struct acpi_table table;
static bool table_there;
struct platform platform;
static uint8_t memory[0x1000];       /* at TABLE */
static uint32_t table_at;

struct command { uint64_t low; uint64_t high; };
static struct unit {
    uint64_t registers[0x2100U / 8U];
    struct command seen[64];
    uint32_t seen_count;
    bool dead;
} unit[2];
static uint8_t pci[256];

const struct acpi_table *acpi_find(uint32_t signature)
{
    assert_int_equal(signature, ACPI_SIGNATURE('I', 'V', 'R', 'S'));
    return table_there ? &table : NULL;
}

uint64_t acpi_field(hpa_t pa, uint32_t size)
{
    uint64_t value = 0U;
    assert_true((pa >= TABLE) && (pa + size <= TABLE + table_at)); /* nothing behind the table is read */
    memcpy(&value, &memory[pa - TABLE], size);
    return value;
}

static struct unit *unit_of(hpa_t pa)
{
    assert_true(((pa >= REGISTERS) && (pa < REGISTERS + 0x2100U)) || ((pa >= SECOND) && (pa < SECOND + 0x2100U)));
    return &unit[(pa >= SECOND) ? 1 : 0];
}

uint64_t hw_mmio_read(hpa_t pa, uint32_t size)
{
    assert_int_equal(size, 8);
    return unit_of(pa)->registers[(pa & 0x3FFFU) / 8U];
}

/* Commands are done as soon as the tail moves (AMD IOMMU 3.08, 2.4). */
static void run_commands(struct unit *u)
{
    const uint64_t base = u->registers[AMDVI_COMMAND_BASE / 8U];
    const struct command *ring = (const struct command *)(uintptr_t)(base & 0x000FFFFFFFFFF000ULL);
    assert_int_equal(base >> 56, 8U);
    while ((u->registers[AMDVI_COMMAND_HEAD / 8U] != u->registers[AMDVI_COMMAND_TAIL / 8U]) && !u->dead) {
        const struct command c = ring[u->registers[AMDVI_COMMAND_HEAD / 8U] / 16U];
        if ((c.low >> 60) == 1U) {
            assert_int_equal(c.low & 7U, 5U);
            *(uint64_t *)(uintptr_t)(c.low & 0x000FFFFFFFFFFFF8ULL) = c.high;
        } else {
            u->seen[u->seen_count % 64U] = c;
            u->seen_count++;
        }
        u->registers[AMDVI_COMMAND_HEAD / 8U] = (u->registers[AMDVI_COMMAND_HEAD / 8U] + 16U) % 4096U;
    }
}

void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value)
{
    struct unit *u = unit_of(pa);
    const uint32_t at = pa & 0x3FFFU;
    assert_int_equal(size, 8);
    if (at == AMDVI_STATUS) {
        u->registers[at / 8U] &= ~(value & 0x67U); /* write 1 to clear */
    } else {
        u->registers[at / 8U] = value;
    }
    if (at == AMDVI_CONTROL) {
        const bool events = (value & 5U) == 5U;
        const bool commands = (value & 0x1001U) == 0x1001U;
        u->registers[AMDVI_STATUS / 8U] &= ~0x18ULL;
        u->registers[AMDVI_STATUS / 8U] |= u->dead ? 0x18U : ((events ? 8U : 0U) | (commands ? 16U : 0U));
    } else if ((at == AMDVI_COMMAND_TAIL) && ((u->registers[AMDVI_STATUS / 8U] & 16U) != 0U)) {
        run_commands(u);
    } else {
        /* stored */
    }
}

void hw_relax(void) { }
uint32_t hw_pci_read(uint16_t bdf, uint32_t offset, uint32_t size)
{
    uint32_t value = 0U;
    assert_int_equal(bdf, UNIT_BDF);
    memcpy(&value, &pci[offset], size);
    return value;
}
void hw_pci_write(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    assert_int_equal(bdf, UNIT_BDF);
    memcpy(&pci[offset], &value, size);
}
uint64_t hw_msi_address(pcpu_id_t target) { return 0xFEE00000U + ((uint64_t)target << 12U); }
uint32_t hw_msi_data(uint32_t vector) { return vector; }

static void put(uint32_t at, uint32_t size, uint64_t value) { memcpy(&memory[at], &value, size); }

static uint32_t block(uint32_t type, uint32_t flags, uint32_t length, uint32_t bdf)
{
    const uint32_t at = table_at;
    put(at, 1U, type);
    put(at + 1U, 1U, flags);
    put(at + 2U, 2U, length);
    put(at + 4U, 2U, bdf);
    table_at += length;
    table.length = table_at;
    return at;
}

static void add_unit(uint32_t type, uint32_t length, uint64_t registers)
{
    const uint32_t at = block(type, 0x21U, length, UNIT_BDF); /* tunnel, coherent */
    put(at + 8U, 8U, registers);
}

static void add_memory(uint32_t type, uint32_t first, uint32_t last, uint64_t base, uint64_t size)
{
    const uint32_t at = block(type, 0U, 32U, first);
    put(at + 6U, 2U, last);
    put(at + 16U, 8U, base);
    put(at + 24U, 8U, size);
}

static bool logged(const char *text) { return strstr(log_last, text) != NULL; }

static int setup(void **state)
{
    (void)state;
    memset(memory, 0, sizeof(memory));
    memset(unit, 0, sizeof(unit));
    memset(pci, 0, sizeof(pci));
    table = (struct acpi_table){ .address = TABLE, .signature = ACPI_SIGNATURE('I', 'V', 'R', 'S'), .length = 48U };
    table_there = true;
    platform = (struct platform){ .x2apic = true, .ioapic_id = 2U };
    table_at = 48U;
    unit[0].registers[AMDVI_FEATURES / 8U] = 0x29D3U;
    unit[1].registers[AMDVI_FEATURES / 8U] = 0x29D3U;
    return 0;
}

static int setup_unit(void **state)
{
    (void)setup(state);
    add_unit(0x10U, 32U, REGISTERS);
    add_unit(0x11U, 48U, REGISTERS);
    assert_true(amdvi_iommu.find());
    return 0;
}

static int setup_on(void **state)
{
    (void)setup_unit(state);
    assert_true(amdvi_iommu.enable(0U, ENTRIES, 0U));
    return 0;
}

/* REQ-CFG-034 */
static void a_machine_without_the_table_or_without_a_unit_in_it_has_none(void **state)
{
    (void)state;
    assert_int_equal(ivrs_read(), STATUS_INVALID);
    assert_true(logged("IVRS: it names no unit"));
    table_there = false;
    assert_int_equal(ivrs_read(), STATUS_NOT_FOUND);
    assert_false(amdvi_iommu.find());
}

/* REQ-CFG-034 */
static void a_unit_that_is_described_twice_counts_once(void **state)
{
    (void)state;
    add_unit(0x10U, 32U, REGISTERS);
    add_unit(0x11U, 48U, REGISTERS);
    add_unit(0x40U, 40U, SECOND);
    (void)block(0x77U, 0U, 8U, 0U); /* of a type that nobody knows */
    assert_int_equal(ivrs_read(), STATUS_OK);
    assert_int_equal(ivrs.unit_count, 2U);
    assert_int_equal(ivrs.unit[0].registers, REGISTERS);
    assert_int_equal(ivrs.unit[0].bdf, UNIT_BDF);
    assert_int_equal(ivrs.unit[1].registers, SECOND);
}

/* REQ-ISO-053 */
static void reserved_memory_is_listed_for_each_function(void **state)
{
    (void)state;
    uint16_t bdf = 0U;
    hpa_t base = 0U;
    uint64_t size = 0U;
    add_unit(0x10U, 24U, REGISTERS);
    add_memory(0x21U, 0x0108U, 0x9999U, 0x80000000U, 0x2000U);
    add_memory(0x22U, 0x0200U, 0x0201U, 0x90000000U, 0x1000U);
    add_memory(0x20U, 0x0005U, 0x0005U, 0xA0000000U, 0x1000U);
    assert_int_equal(ivrs_read(), STATUS_OK);
    assert_true(amdvi_iommu.reserved(0U, &bdf, &base, &size));
    assert_int_equal(bdf, 0x0108U);
    assert_int_equal(base, 0x80000000U);
    assert_int_equal(size, 0x2000U);
    assert_true(amdvi_iommu.reserved(2U, &bdf, &base, &size));
    assert_int_equal(bdf, 0x0201U);
    assert_int_equal(base, 0x90000000U);
    assert_true(amdvi_iommu.reserved(3U + 0xFFFFU, &bdf, &base, &size));
    assert_int_equal(bdf, 0xFFFFU);
    assert_int_equal(base, 0xA0000000U);
    assert_false(amdvi_iommu.reserved(4U + 0xFFFFU, &bdf, &base, &size));
}

static void expect_refused(const char *why)
{
    assert_int_equal(ivrs_read(), STATUS_INVALID);
    assert_true(logged(why));
    assert_false(amdvi_iommu.find());
    (void)setup(NULL);
    add_unit(0x10U, 24U, REGISTERS);
}

static uint32_t add_devices(uint32_t type, uint32_t begin, const uint8_t *bytes, uint32_t size)
{
    const uint32_t at = table_at;
    add_unit(type, begin + size, REGISTERS);
    memcpy(&memory[at + begin], bytes, size);
    return at;
}

/* REQ-ISO-058 */
static void functions_that_a_unit_stands_before_are_those_of_its_device_entries(void **state)
{
    (void)state;
    static const uint8_t entries[] = {
        2, 0x08, 0x00, 0,                                     /* select 0008 */
        7, 0x00, 0x01, 0, 4, 0xFF, 0x02, 0,                   /* all of buses 1 and 2 */
        3, 0x10, 0x00, 0, 4, 0x17, 0x00, 0,                   /* 0010 to 0017 */
        0x42, 0x20, 0x01, 0, 0, 0x00, 0x01, 0,                /* 0120 asks as 0100 */
        0x43, 0x00, 0x02, 0, 0, 0x00, 0x01, 0, 4, 0xFF, 0x02, 0,
        0x48, 0xA0, 0x00, 0, 0, 0xA0, 0x00, 1,                /* IOAPIC */
        0, 0, 0, 0,
        0xF0, 0x30, 0x03, 0, 'A', 'M', 'D', 'I', '0', '0', '2', '0', 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 'I', 'D',
        3, 0xF0, 0x0F, 0, 4, 0xFF, 0xFF, 0 };                 /* to the last function of all: beyond the tables */
    (void)add_devices(0x11U, 40U, entries, sizeof(entries));
    assert_true(amdvi_iommu.find());
    assert_true(amdvi_iommu.covers(0x0008U));
    assert_true(amdvi_iommu.covers(0x0010U));
    assert_true(amdvi_iommu.covers(0x0017U));
    assert_true(amdvi_iommu.covers(0x0128U));
    assert_false(amdvi_iommu.covers(0x0120U)); /* asks under a number that may be another VM's */
    assert_false(amdvi_iommu.covers(0x0200U));
    assert_false(amdvi_iommu.covers(0x02FFU));
    assert_true(amdvi_iommu.covers(0x0330U));
    assert_true(amdvi_iommu.covers(0x0FFFU));
    assert_false(amdvi_iommu.covers(0x0009U));
    assert_false(amdvi_iommu.covers(0x0018U));
    assert_false(amdvi_iommu.covers(0x00A0U));
    assert_false(amdvi_iommu.covers(0x0000U));
    assert_false(amdvi_iommu.covers(0x1000U));
    (void)setup(NULL);
    (void)add_devices(0x10U, 24U, (const uint8_t[]){ 1, 0, 0, 0 }, 4U);
    assert_true(amdvi_iommu.find());
    assert_true(amdvi_iommu.covers(0x0000U));
    assert_true(amdvi_iommu.covers(0x0FFFU));
    assert_false(amdvi_iommu.covers(0x1000U));
    (void)setup(NULL);
    (void)add_devices(0x10U, 24U, (const uint8_t[]){ 4, 5, 0, 0 }, 4U); /* an end without a begin */
    assert_true(amdvi_iommu.find());
    assert_true(amdvi_iommu.covers(0x0005U));
    assert_false(amdvi_iommu.covers(0x0004U));
}

/* REQ-CFG-034 */
static void a_broken_table_counts_as_none(void **state)
{
    add_unit(0x10U, 24U, REGISTERS);
    put(48U + 2U, 2U, 25U); /* longer than the table */
    expect_refused("cut short by a bad block");
    put(48U + 2U, 2U, 0U);
    expect_refused("cut short by a bad block");
    table.length = 48U + 7U; /* ends in the head of a block */
    expect_refused("cut short by a bad block");
    (void)block(0x11U, 0U, 23U, 0U);
    expect_refused("registers are nowhere");
    put(48U + 8U, 8U, 0U); /* registers nowhere */
    expect_refused("registers are nowhere");
    put(48U + 8U, 8U, REGISTERS + 0x1000U); /* not aligned */
    expect_refused("registers are nowhere");
    put(48U + 8U, 8U, 0x400000000000U);
    expect_refused("registers are nowhere");
    put(48U + 16U, 2U, 1U); /* of another segment, whose functions have the same numbers */
    expect_refused("another PCI segment");
    (void)add_devices(0x10U, 24U, (const uint8_t[]){ 2, 8, 0, 0, 0x42, 1, 0, 0 }, 8U); /* half an entry */
    expect_refused("device entries");
    (void)add_devices(0x10U, 24U, (const uint8_t[]){ 0x80, 8, 0, 0, 0, 0, 0, 0 }, 8U); /* of a form that nobody knows */
    expect_refused("device entries");
    (void)add_devices(0x10U, 24U, (const uint8_t[]){ 0xF0, 8, 0, 0 }, 4U);
    expect_refused("device entries");
    (void)add_devices(0x10U, 24U, (const uint8_t[22]){ [0] = 0xF0, [21] = 1 }, 22U); /* its text is not there */
    expect_refused("device entries");
    add_unit(0x11U, 39U, REGISTERS);
    expect_refused("device entries");
    (void)block(0x21U, 0U, 31U, 0U);
    expect_refused("reserved memory that makes no sense");
    add_memory(0x22U, 2U, 1U, 0U, 0x1000U);
    expect_refused("reserved memory that makes no sense");
    add_memory(0x21U, 1U, 0U, 0x400000000000U, 0U);
    expect_refused("reserved memory that makes no sense");
    add_memory(0x21U, 1U, 0U, 0x3FFFFFFFF000U, 0x2000U);
    expect_refused("reserved memory that makes no sense");
    for (uint32_t i = 0U; i < MAX_IOMMU; i++) {
        add_unit(0x10U, 24U, 0xFC000000U + ((uint64_t)i * 0x4000U));
    }
    expect_refused("more units");
    for (uint32_t i = 0U; i <= IVRS_MEMORY; i++) {
        add_memory(0x21U, i, 0U, 0x80000000U, 0x1000U);
    }
    expect_refused("more reserved memory");
    (void)setup(state);
}

/* REQ-CFG-035 */
static void a_unit_that_cannot_forget_everything_is_not_used(void **state)
{
    (void)state;
    unit[0].registers[AMDVI_FEATURES / 8U] = 0x2993U;
    assert_false(amdvi_iommu.find());
}

/* REQ-ISO-040 REQ-ISO-058 */
static void a_unit_translates_by_the_one_table_and_has_forgotten_all(void **state)
{
    (void)state;
    const uint64_t *r = unit[0].registers;
    unit[0].registers[AMDVI_CONTROL / 8U] = 0x1005U; /* as firmware may leave it */
    unit[0].registers[AMDVI_EXCLUSION / 8U] = 0x80000003U;
    assert_true(amdvi_iommu.enable(0U, ENTRIES, 0U));
    assert_int_equal(r[AMDVI_DEVICE_TABLE / 8U], ENTRIES + (IOMMU_BUSES * 2U) - 1U); /* pages, less one */
    assert_int_equal(r[AMDVI_EXCLUSION / 8U], 0U);
    assert_int_equal(r[AMDVI_CONTROL / 8U], 0x1U + 0x2U + 0x4U + 0x8U + 0x400U + 0x1000U);
    assert_int_equal(unit[0].seen_count, 1U);
    assert_int_equal(unit[0].seen[0].low, 0x8000000000000000ULL);
    assert_true(amdvi_iommu.snoops());
}

static const uint8_t with_ioapic[] = {
    1, 0, 0, 0, 0x48, 0, 0, 0, 2, 0xA3, 0x01, 2, 0x48, 0, 0, 0, 3, 0xA2, 0x01, 1, 0x48, 0, 0, 0, 2, 0xA0, 0x01, 1 }; /* an HPET, another IOAPIC, this one */

/* REQ-ISO-041 */
static void interrupts_are_remapped_where_units_and_firmware_have_what_it_takes(void **state)
{
    (void)state;
    unit[0].registers[AMDVI_FEATURES / 8U] = 0x29D7U;
    assert_true(amdvi_iommu.find());
    assert_false(amdvi_iommu.remaps()); /* nobody says as what the IOAPIC asks */
    assert_false(amdvi_iommu.wide_ids());
    assert_int_equal(platform.ioapic_bdf, 0U);
    (void)add_devices(0x10U, 24U, (const uint8_t[]){ 0x48, 0, 0, 0, 2, 0x00, 0x10, 1 }, 8U); /* a function without an entry */
    assert_true(amdvi_iommu.find());
    assert_false(amdvi_iommu.remaps());
    (void)add_devices(0x11U, 40U, with_ioapic, sizeof(with_ioapic));
    assert_true(amdvi_iommu.find());
    assert_true(amdvi_iommu.remaps());
    assert_true(amdvi_iommu.wide_ids());
    assert_int_equal(platform.ioapic_bdf, 0x01A0U);
    assert_true(amdvi_iommu.enable(0U, ENTRIES, 0x5000U));
    assert_int_equal(unit[0].registers[AMDVI_CONTROL / 8U] & 0xC00000E020000U, 0xC000000020000U); /* entries of 128 bits, ids of 32, no guests' */
    assert_string_equal(log_last, "iommu: AMD-Vi, 1 units translate");
    platform.x2apic = false;
    assert_true(amdvi_iommu.find());
    assert_false(amdvi_iommu.wide_ids());
    platform.x2apic = true;
    unit[0].registers[AMDVI_FEATURES / 8U] = 0x29D3U;
    assert_true(amdvi_iommu.find());
    assert_true(amdvi_iommu.remaps());
    assert_false(amdvi_iommu.wide_ids());
    assert_true(amdvi_iommu.enable(0U, ENTRIES, 0x5000U));
    assert_int_equal(unit[0].registers[AMDVI_CONTROL / 8U] & 0x400000E020000U, 0x20000U);
    unit[0].registers[AMDVI_FEATURES / 8U] = 0x2957U; /* entries of 32 bits only */
    assert_true(amdvi_iommu.find());
    assert_false(amdvi_iommu.remaps());
    assert_false(amdvi_iommu.wide_ids());
    assert_true(amdvi_iommu.enable(0U, ENTRIES, 0x5000U));
    assert_int_equal(unit[0].registers[AMDVI_CONTROL / 8U] & 0x400000E020000U, 0U);
    assert_string_equal(log_last, "iommu: AMD-Vi, 1 units translate; interrupts are not remapped");
}

/* REQ-ISO-041 */
static void entries_of_interrupts_are_forgotten(void **state)
{
    (void)state;
    unit[0].seen_count = 0U;
    assert_true(amdvi_iommu.flush_irqs(0x0108U));
    assert_int_equal(unit[0].seen_count, 1U);
    assert_int_equal(unit[0].seen[0].low, 0x5000000000000108ULL);
    assert_true(amdvi_iommu.flush_irqs(ID_NONE));
    assert_int_equal(unit[0].seen[1].low, 0x8000000000000000ULL);
    unit[0].dead = true;
    assert_false(amdvi_iommu.flush_irqs(0x0108U));
}

/* REQ-ISO-051 */
static void what_a_vm_or_a_function_loses_is_forgotten_before_anybody_goes_on(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < 300U; i++) { /* once around the ring and more */
        unit[0].seen_count = 0U;
        assert_true(amdvi_iommu.flush_domain(3U));
        assert_int_equal(unit[0].seen_count, 1U);
        assert_int_equal(unit[0].seen[0].low, 0x3000000300000000ULL);
        assert_int_equal(unit[0].seen[0].high, 0x7FFFFFFFFFFFF003ULL);
    }
    assert_true(amdvi_iommu.flush_function(0x0108U, 2U));
    assert_int_equal(unit[0].seen[1].low, 0x2000000000000108ULL);
    assert_int_equal(unit[0].seen[1].high, 0U);
    assert_int_equal(unit[0].seen[2].low, 0x5000000000000108ULL);
    assert_int_equal(unit[0].seen[3].low, 0x3000000200000000ULL);
}

/* REQ-ISO-054 */
static void a_unit_that_does_not_answer_is_told(void **state)
{
    (void)state;
    unit[0].dead = true;
    assert_false(amdvi_iommu.flush_domain(3U));
    assert_false(amdvi_iommu.flush_function(0x0108U, 2U));
    assert_false(amdvi_iommu.enable(0U, ENTRIES, 0U));
}

static void log_event(uint64_t low, uint64_t high)
{
    uint64_t *tail = &unit[0].registers[AMDVI_EVENT_TAIL / 8U];
    uint64_t *ring = (uint64_t *)(uintptr_t)(unit[0].registers[AMDVI_EVENT_BASE / 8U] & 0x000FFFFFFFFFF000ULL);
    ring[*tail / 8U] = low;
    ring[(*tail / 8U) + 1U] = high;
    *tail = (*tail + 16U) % 4096U;
}

/* REQ-ISO-052 */
static void a_refused_request_is_told_once_with_function_and_address(void **state)
{
    (void)state;
    struct iommu_fault fault = { .bdf = 0U };
    assert_false(amdvi_iommu.fault_next(&fault));
    log_event(0x2020000300000108ULL, 0x123456789000ULL); /* a write, by domain 3 */
    log_event(0x2008000000000210ULL, 0xFEE00000ULL);
    log_event(0U, 0U);                                   /* on its way */
    assert_true(amdvi_iommu.fault_next(&fault));
    assert_int_equal(fault.bdf, 0x0108U);
    assert_true(fault.write);
    assert_false(fault.interrupt);
    assert_int_equal(fault.reason, 2U);
    assert_int_equal(fault.address, 0x123456789000ULL);
    assert_true(amdvi_iommu.fault_next(&fault));
    assert_int_equal(fault.bdf, 0x0210U);
    assert_false(fault.write);
    assert_true(fault.interrupt);
    assert_false(amdvi_iommu.fault_next(&fault));
    for (uint32_t i = 0U; i < 600U; i++) {               /* more than twice around the log */
        unit[0].registers[AMDVI_EVENT_TAIL / 8U] = unit[0].registers[AMDVI_EVENT_HEAD / 8U];
        log_event(0x2000000000000000ULL + i, i);
        assert_true(amdvi_iommu.fault_next(&fault));
        assert_int_equal(fault.bdf, i);
    }
    assert_false(amdvi_iommu.fault_next(&fault));
}

/* REQ-ISO-052 */
static void a_full_log_is_started_anew(void **state)
{
    (void)state;
    struct iommu_fault fault = { .bdf = 0U };
    log_event(0x2000000000000108ULL, 0U);
    unit[0].registers[AMDVI_STATUS / 8U] |= 1U;
    assert_true(amdvi_iommu.fault_next(&fault));
    assert_int_equal(unit[0].registers[AMDVI_STATUS / 8U] & 1U, 1U); /* what is in it comes first */
    assert_false(amdvi_iommu.fault_next(&fault));
    assert_int_equal(unit[0].registers[AMDVI_STATUS / 8U] & 0x19U, 0x18U);
    assert_int_equal(unit[0].registers[AMDVI_EVENT_HEAD / 8U], 0U);
    log_event(0x2000000000000109ULL, 0U);
    assert_true(amdvi_iommu.fault_next(&fault));
    assert_int_equal(fault.bdf, 0x0109U);
}

/* REQ-ISO-052 */
static void the_units_message_goes_to_the_core_that_asks(void **state)
{
    (void)state;
    amdvi_iommu.fault_event(1U, 0x41U); /* without the capability nothing is written */
    assert_int_equal(pci[MSI_AT + 2U], 0U);
    pci[6] = 0x10U;
    pci[0x34] = 0x40U;
    pci[0x40] = 0x0FU;
    pci[0x41] = MSI_AT;
    pci[MSI_AT] = 5U;
    pci[MSI_AT + 2U] = 0x80U;
    unit[0].registers[AMDVI_STATUS / 8U] |= 2U;
    amdvi_iommu.fault_event(1U, 0x41U);
    assert_int_equal(pci[MSI_AT + 2U], 0x81U);
    assert_int_equal(pci[MSI_AT + 5U], 0x10U); /* core 1 */
    assert_int_equal(pci[MSI_AT + 12U], 0x41U);
    assert_int_equal(unit[0].registers[AMDVI_STATUS / 8U] & 2U, 0U);
    amdvi_iommu.fault_event(1U, 0U);
    assert_int_equal(pci[MSI_AT + 2U], 0x80U);
    pci[MSI_AT + 2U] = 0U; /* 32-bit addresses: the data word is nearer */
    amdvi_iommu.fault_event(0U, 0x42U);
    assert_int_equal(pci[MSI_AT + 8U], 0x42U);
    unit[0].registers[AMDVI_CONTROL / 8U] |= AMDVI_WIDE_MESSAGE; /* a unit that takes wide ids has a register of its own for it */
    platform.apic_id[1] = 0x01000203U;
    pci[MSI_AT + 2U] = 0x80U;
    amdvi_iommu.fault_event(1U, 0x43U);
    assert_int_equal(pci[MSI_AT + 2U], 0x80U);
    assert_int_equal(unit[0].registers[AMDVI_MESSAGE / 8U], 0x0100004300020300ULL);
    assert_true((unit[0].registers[AMDVI_CONTROL / 8U] & AMDVI_EVENT_MESSAGE) != 0U);
    amdvi_iommu.fault_event(1U, 0U);
    assert_true((unit[0].registers[AMDVI_CONTROL / 8U] & AMDVI_EVENT_MESSAGE) == 0U);
    unit[0].registers[AMDVI_CONTROL / 8U] &= ~(uint64_t)AMDVI_WIDE_MESSAGE;
    pci[MSI_AT] = 6U; /* a list that goes round */
    pci[MSI_AT + 1U] = 0x40U;
    pci[MSI_AT + 2U] = 0U;
    amdvi_iommu.fault_event(0U, 0x42U);
    assert_int_equal(pci[MSI_AT + 2U], 0U);
}

/* REQ-ISO-058 */
static void registers_of_units_are_told_with_their_counters(void **state)
{
    (void)state;
    hpa_t base = 0U;
    uint64_t size = 0U;
    assert_true(amdvi_iommu.registers(0U, &base, &size));
    assert_int_equal(base, REGISTERS);
    assert_int_equal(size, 0x4000U);
    unit[0].registers[AMDVI_FEATURES / 8U] |= 0x200U;
    assert_true(amdvi_iommu.registers(0U, &base, &size));
    assert_int_equal(size, 0x80000U);
    assert_false(amdvi_iommu.registers(1U, &base, &size));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_machine_without_the_table_or_without_a_unit_in_it_has_none, setup),
        cmocka_unit_test_setup(a_unit_that_is_described_twice_counts_once, setup),
        cmocka_unit_test_setup(reserved_memory_is_listed_for_each_function, setup),
        cmocka_unit_test_setup(functions_that_a_unit_stands_before_are_those_of_its_device_entries, setup),
        cmocka_unit_test_setup(a_broken_table_counts_as_none, setup),
        cmocka_unit_test_setup(a_unit_that_cannot_forget_everything_is_not_used, setup_unit),
        cmocka_unit_test_setup(a_unit_translates_by_the_one_table_and_has_forgotten_all, setup_unit),
        cmocka_unit_test_setup(interrupts_are_remapped_where_units_and_firmware_have_what_it_takes, setup_unit),
        cmocka_unit_test_setup(entries_of_interrupts_are_forgotten, setup_on),
        cmocka_unit_test_setup(what_a_vm_or_a_function_loses_is_forgotten_before_anybody_goes_on, setup_on),
        cmocka_unit_test_setup(a_unit_that_does_not_answer_is_told, setup_on),
        cmocka_unit_test_setup(a_refused_request_is_told_once_with_function_and_address, setup_on),
        cmocka_unit_test_setup(a_full_log_is_started_anew, setup_on),
        cmocka_unit_test_setup(the_units_message_goes_to_the_core_that_asks, setup_on),
        cmocka_unit_test_setup(registers_of_units_are_told_with_their_counters, setup_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
