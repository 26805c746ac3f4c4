/* SPDX-License-Identifier: Apache-2.0 */
/* Two units of VT-d behind hw_mmio_*, and a DMAR table that names them. For one test program each. */
#ifndef UNIT_VTD_MACHINE_H
#define UNIT_VTD_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/hw.h"
#include "core/iommu_hw.h"
#include "core/iommu_table.h"
#include "core/stage2.h"
#include "stub_log.h"
#include "x86/acpi.h"
#include "x86/iommu.h"
#include "x86/vendor.h"
#include "x86/vtd/vtd.h"

#define UNIT_A 0xFED90000U
#define UNIT_B 0xFED91000U
#define UNITS  2U
#define CAP    0xD2008C222F0606ULL  /* QEMU's: one fault record at 0x220 */
#define ECAP   0xF00F5AULL
#define RECORDS_AT 0x220U
#define DONE_MAX 64U

struct unit {
    uint8_t reg[PAGE_SIZE];
    bool dead;              /* takes no command */
    uint32_t refuses;       /* nor these */
    bool stuck;             /* its queue stands still ... */
    bool error;             /* ... and says so */
    uint32_t done;
    uint64_t low[DONE_MAX]; /* descriptors that it has worked off */
};
static struct unit unit[UNITS];
struct platform platform;

static bool log_has(const char *text)
{
    return strstr(log_last, text) != NULL;
}

static uint64_t reg_get(const struct unit *u, uint32_t at, uint32_t size)
{
    uint64_t value = 0U;
    memcpy(&value, &u->reg[at], size);
    return value;
}

static void reg_set(struct unit *u, uint32_t at, uint32_t size, uint64_t value)
{
    memcpy(&u->reg[at], &value, size);
}

static struct unit *unit_at(hpa_t pa)
{
    assert_true((pa >= UNIT_A) && (pa < (UNIT_A + (UNITS * PAGE_SIZE))));
    return &unit[(pa - UNIT_A) / PAGE_SIZE];
}

uint64_t hw_mmio_read(hpa_t pa, uint32_t size)
{
    return reg_get(unit_at(pa), (uint32_t)(pa % PAGE_SIZE), size);
}

static void queue_work(struct unit *u)
{
    const uint64_t *queue = (const uint64_t *)(uintptr_t)(reg_get(u, VTD_IQA, 8U) & PAGE_MASK);
    uint32_t head = (uint32_t)reg_get(u, VTD_IQH, 8U) / 16U;
    while (!u->stuck && (head != (uint32_t)(reg_get(u, VTD_IQT, 8U) / 16U))) {
        uint64_t low = queue[head * 2U];
        u->low[u->done % DONE_MAX] = low;
        u->done++;
        if ((low & 0xFU) == 5U) {
            *(volatile uint32_t *)(uintptr_t)queue[(head * 2U) + 1U] = (uint32_t)(low >> 32U);
        }
        head = (head + 1U) % 256U;
    }
    reg_set(u, VTD_IQH, 8U, (uint64_t)head * 16U);
    if (u->error) {
        reg_set(u, VTD_FSTS, 4U, 0x10U);
    }
}

void hw_mmio_write(hpa_t pa, uint32_t size, uint64_t value)
{
    struct unit *u = unit_at(pa);
    uint32_t at = (uint32_t)(pa % PAGE_SIZE);
    if (at == VTD_GCMD) {
        uint32_t keeps = (uint32_t)value & 0x86800000U;
        uint32_t roots = ((uint32_t)value | (uint32_t)reg_get(u, VTD_GSTS, 4U)) & 0x41000000U;
        if (!u->dead) {
            reg_set(u, VTD_GSTS, 4U, (keeps | roots) & ~u->refuses);
        }
    } else if (at == VTD_IQT) {
        reg_set(u, at, size, value);
        if ((reg_get(u, VTD_GSTS, 4U) & VTD_QUEUE) != 0U) {
            queue_work(u);
        }
    } else if (at == VTD_FSTS) {
        reg_set(u, at, 4U, reg_get(u, at, 4U) & ~(value & 0x71U));
    } else if (at == (RECORDS_AT + 12U)) {
        reg_set(u, at, 4U, reg_get(u, at, 4U) & ~(value & 0x80000000U));
        if ((value & 0x80000000U) != 0U) {
            reg_set(u, VTD_FSTS, 4U, reg_get(u, VTD_FSTS, 4U) & ~2U);
        }
    } else {
        reg_set(u, at, size, value);
    }
}

static void unit_faults(struct unit *u, uint16_t bdf, uint64_t address, uint32_t last)
{
    reg_set(u, RECORDS_AT, 8U, address);
    reg_set(u, RECORDS_AT + 8U, 4U, bdf);
    reg_set(u, RECORDS_AT + 12U, 4U, 0x80000000U | last);
    reg_set(u, VTD_FSTS, 4U, reg_get(u, VTD_FSTS, 4U) | 2U);
}

uint64_t hw_msi_address(pcpu_id_t target) { return 0x200FEE00000U | ((uint64_t)target << 12U); }
uint32_t hw_msi_data(uint32_t vector) { return vector; }

/* ---- the firmware's table ---- */

static uint8_t table_bytes[2048];
static struct acpi_table table_found;
static bool table_there;
static uint32_t secondary; /* bus behind every bridge */

static bool amdvi_there;
static bool amdvi_found(void) { return amdvi_there; }
const struct iommu_ops amdvi_iommu = { .format = IOMMU_FORMAT_AMDVI, .find = amdvi_found };
static const struct vendor_ops amd = { .entry_format = S2_FORMAT_NPT };
static const struct vendor_ops intel = { .entry_format = S2_FORMAT_EPT };
const struct vendor_ops *vendor = &amd;

const struct acpi_table *acpi_find(uint32_t signature)
{
    assert_int_equal(signature, ACPI_SIGNATURE('D', 'M', 'A', 'R'));
    return table_there ? &table_found : NULL;
}

uint64_t acpi_field(hpa_t pa, uint32_t size)
{
    uint64_t value = 0U;
    assert_true((pa + size) <= table_found.length); /* never behind the table's end */
    memcpy(&value, &table_bytes[pa], size);
    return value;
}

uint32_t hw_pci_read(uint16_t bdf, uint32_t offset, uint32_t size)
{
    (void)bdf;
    assert_true((offset == 0x19U) || (offset == 0x1AU)); /* one bus behind it */
    assert_int_equal(size, 1U);
    return secondary;
}

static uint32_t unit_order; /* two to that power is the number of its pages */

static void put8(uint32_t value) { table_bytes[table_found.length++] = (uint8_t)value; }
static void put16(uint32_t value) { put8(value); put8(value >> 8U); }
static void put64(uint64_t value) { for (uint32_t i = 0U; i < 8U; i++) { put8((uint32_t)(value >> (8U * i))); } }

static void table_begin(uint32_t flags)
{
    memset(table_bytes, 0, sizeof(table_bytes));
    table_bytes[37] = (uint8_t)flags;
    table_found = (struct acpi_table){ .address = 0U, .length = 48U };
    table_there = true;
}

static void put_unit(uint32_t flags, uint32_t segment, uint64_t base, uint32_t scopes)
{
    put16(0U);
    put16(16U + scopes);
    put8(flags);
    put8(unit_order);
    put16(segment);
    put64(base);
}

static void put_region(uint64_t base, uint64_t last, uint32_t scopes)
{
    put16(1U);
    put16(24U + scopes);
    put16(0U);
    put16(0U);
    put64(base);
    put64(last);
}

static void put_scope(uint32_t kind, uint32_t id, uint32_t bus, uint32_t steps, const uint8_t *path)
{
    put8(kind);
    put8(6U + (2U * steps));
    put16(0U);
    put8(id);
    put8(bus);
    for (uint32_t i = 0U; i < (2U * steps); i++) {
        put8(path[i]);
    }
}

static const uint8_t ioapic_path[] = { 20U, 0U };

/* Two units, the second for all, with the IOAPIC. */
static void usual_table(void)
{
    const uint8_t display[] = { 2U, 0U };
    table_begin(1U);
    put_unit(0U, 0U, UNIT_A, 8U);
    put_scope(1U, 0U, 0U, 1U, display);
    put_unit(1U, 0U, UNIT_B, 8U);
    put_scope(3U, 9U, 0xFFU, 1U, ioapic_path);
}

static int usual_machine(void **state)
{
    (void)state;
    memset(unit, 0, sizeof(unit));
    memset(&platform, 0, sizeof(platform));
    platform.ioapic_id = 9U;
    for (uint32_t i = 0U; i < UNITS; i++) {
        reg_set(&unit[i], VTD_CAP, 8U, CAP);
        reg_set(&unit[i], VTD_ECAP, 8U, ECAP);
    }
    usual_table();
    log_lines = 0U;
    return 0;
}

#endif
