/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical IOAPIC (Intel 82093AA). Its registers are reached through an
 * index and a data window, so each access pair is under ioapic_lock: the
 * interrupt entry of any shared core masks level pins without the shared-side
 * lock. The lock is innermost: nothing is called while it is held but hw_mmio_*.
 */
#include "core/boot_info.h"
#include "core/hw.h"
#include "core/iommu_hw.h"
#include "core/iommu_table.h"
#include "x86/atomic.h"

#define IOAPIC_INDEX  0x00U
#define IOAPIC_WINDOW 0x10U
#define IOAPIC_VERSION 0x01U
#define IOAPIC_ENTRIES   0x10U /* two registers a pin: low, high */

#define ENTRY_ACTIVE_LOW 0x2000U
#define ENTRY_LEVEL      0x8000U
#define ENTRY_MASKED     0x10000U
#define ENTRY_DEST_SHIFT 24U /* in the high half: physical destination */
#define ENTRY_REMAPPED    0x10000U /* it names an entry of interrupt remapping (VT-d 4.1, 5.1.5.1), by the index above that bit */
#define ENTRY_INDEX_SHIFT 17U

static uint32_t entry_low[IOAPIC_PINS];  /* what the hardware holds */
static uint32_t entry_high[IOAPIC_PINS];
static bool entry_known[IOAPIC_PINS];
static bool entry_high_known[IOAPIC_PINS];
static bool ioapic_ready;
static shared_u32_t ioapic_lock;

static void lock_take(void)
{
    while (atomic_exchange_explicit(&ioapic_lock, 1U, memory_order_acquire) != 0U) {
        __builtin_ia32_pause();
    }
}

static void lock_release(void)
{
    atomic_store_explicit(&ioapic_lock, 0U, memory_order_release);
}

static void ioapic_register_write(uint32_t index, uint32_t value)
{
    hw_mmio_write(platform.ioapic_base + IOAPIC_INDEX, 4U, index);
    hw_mmio_write(platform.ioapic_base + IOAPIC_WINDOW, 4U, value);
}

static void entry_write_low(uint32_t pin, uint32_t value)
{
    if (!entry_known[pin] || (entry_low[pin] != value)) {
        ioapic_register_write(IOAPIC_ENTRIES + (pin * 2U), value);
        entry_low[pin] = value;
        entry_known[pin] = true;
    }
}

/* Masks every pin that the IOAPIC has, also those beyond IOAPIC_PINS, whatever the firmware left. */
/* REQ-CFG-020 */
static void ioapic_prepare(void)
{
    if (!ioapic_ready) {
        uint32_t last;

        hw_mmio_write(platform.ioapic_base + IOAPIC_INDEX, 4U, IOAPIC_VERSION);
        last = ((uint32_t)hw_mmio_read(platform.ioapic_base + IOAPIC_WINDOW, 4U) >> 16U) & 0xFFU;
        for (uint32_t pin = 0U; (pin <= last) && (pin < 120U); pin++) {
            ioapic_register_write(IOAPIC_ENTRIES + (pin * 2U), ENTRY_MASKED);
        }
        ioapic_ready = true;
    }
}

void hw_ioapic_mask(uint32_t pin, bool masked)
{
    if (pin < IOAPIC_PINS) {
        lock_take();
        ioapic_prepare();
        /* An entry that was never routed has no vector: it can only be masked. */
        if (masked || ((entry_low[pin] & 0xFFU) == 0U)) {
            entry_write_low(pin, entry_low[pin] | ENTRY_MASKED);
        } else {
            entry_write_low(pin, entry_low[pin] & ~ENTRY_MASKED);
        }
        lock_release();
    }
}

/* REQ-INT-001 */
void hw_ioapic_route(uint32_t pin, uint32_t vector, pcpu_id_t target, bool level, bool active_low)
{
    if ((pin < IOAPIC_PINS) && (target < platform.pcpu_count)) {
        uint32_t low = (vector & 0xFFU) | (level ? ENTRY_LEVEL : 0U) | (active_low ? ENTRY_ACTIVE_LOW : 0U) |
                       ((vector == 0U) ? ENTRY_MASKED : 0U);
        bool named = hw_iommu_remaps() && (hw_iommu_format() == IOMMU_FORMAT_VTD); /* AMD-Vi takes the vector as the index */
        uint32_t high = named ? ((vector << ENTRY_INDEX_SHIFT) | ENTRY_REMAPPED) : (platform.apic_id[target] << ENTRY_DEST_SHIFT);

        lock_take();
        ioapic_prepare();
        if (!entry_high_known[pin] || (entry_high[pin] != high)) {
            /* Masked while the halves disagree. */
            entry_write_low(pin, entry_low[pin] | ENTRY_MASKED);
            ioapic_register_write(IOAPIC_ENTRIES + (pin * 2U) + 1U, high);
            entry_high[pin] = high;
            entry_high_known[pin] = true;
        }
        entry_write_low(pin, low);
        lock_release();
    }
}
