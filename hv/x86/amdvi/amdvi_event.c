/* SPDX-License-Identifier: Apache-2.0 */
/* What units say of requests that they refused (AMD IOMMU 3.08, 2.5), and the message that says that there is something to read. */
#include "x86/address.h"
#include "core/boot_info.h"
#include "x86/amdvi/amdvi.h"

#define EVENT_SIZE     16U
#define EVENT_INTERRUPT 0x0008000000000000U /* bit 51 */
#define EVENT_WRITE    0x0020000000000000U  /* bit 53 */
#define EVENT_CODE     60U
#define RING_BYTES     0xFFFU

#define PCI_STATUS_CAPABILITIES 0x10U
#define PCI_CAPABILITY 0x34U
#define PCI_MSI        5U
#define PCI_CAPABILITIES 48U
#define MSI_ON         1U
#define MSI_WIDE       0x80U

static volatile uint64_t amdvi_event[MAX_IOMMU][AMDVI_RING_WORDS] __attribute__((aligned(4096)));

void amdvi_event_start(uint32_t unit)
{
    amdvi_write(unit, AMDVI_EVENT_BASE, address_of(amdvi_event[unit]) | AMDVI_RING);
    amdvi_write(unit, AMDVI_EVENT_HEAD, 0U);
    amdvi_write(unit, AMDVI_EVENT_TAIL, 0U);
}

/* A full log stands still until it is started anew (2.5.1); what did not fit is lost. */
static void event_restart(uint32_t unit)
{
    const uint64_t control = amdvi_read(unit, AMDVI_CONTROL);
    amdvi_write(unit, AMDVI_CONTROL, control & ~(uint64_t)AMDVI_EVENTS);
    amdvi_write(unit, AMDVI_STATUS, AMDVI_OVERFLOWN);
    amdvi_write(unit, AMDVI_EVENT_HEAD, 0U);
    amdvi_write(unit, AMDVI_EVENT_TAIL, 0U);
    amdvi_write(unit, AMDVI_CONTROL, control | AMDVI_EVENTS);
}

/* An event whose first word is still zero is on its way: it is taken the next time. */
static bool event_take(uint32_t unit, struct iommu_fault *fault)
{
    const uint64_t head = amdvi_read(unit, AMDVI_EVENT_HEAD) & RING_BYTES;
    const uint64_t tail = amdvi_read(unit, AMDVI_EVENT_TAIL) & RING_BYTES;
    const uint32_t at = (uint32_t)(head / EVENT_SIZE) * 2U;
    const bool there = (head != tail) && (amdvi_event[unit][at] != 0U);
    if (there) {
        const uint64_t what = amdvi_event[unit][at];
        fault->bdf = (uint16_t)(what & 0xFFFFU);
        fault->write = (what & EVENT_WRITE) != 0U;
        fault->interrupt = (what & EVENT_INTERRUPT) != 0U;
        fault->reason = (uint32_t)(what >> EVENT_CODE);
        fault->address = amdvi_event[unit][at + 1U];
        amdvi_event[unit][at] = 0U;
        amdvi_write(unit, AMDVI_EVENT_HEAD, (head + EVENT_SIZE) & RING_BYTES);
    } else if ((head == tail) && ((amdvi_read(unit, AMDVI_STATUS) & AMDVI_OVERFLOWN) != 0U)) {
        event_restart(unit);
    } else {
        /* nothing */
    }
    return there;
}

/* REQ-ISO-052 */
bool amdvi_event_next(struct iommu_fault *fault)
{
    bool found = false;
    for (uint32_t unit = 0U; (unit < ivrs.unit_count) && !found; unit++) {
        found = event_take(unit, fault);
    }
    return found;
}

static uint32_t msi_capability(uint16_t bdf)
{
    uint32_t at = ((hw_pci_read(bdf, 6U, 2U) & PCI_STATUS_CAPABILITIES) != 0U) ? (hw_pci_read(bdf, PCI_CAPABILITY, 1U) & 0xFCU) : 0U;
    bool found = false;
    for (uint32_t n = 0U; (n < PCI_CAPABILITIES) && (at != 0U) && !found; n++) {
        found = hw_pci_read(bdf, at, 1U) == PCI_MSI;
        at = found ? at : (hw_pci_read(bdf, at + 1U, 1U) & 0xFCU);
    }
    return found ? at : 0U;
}

static void message_set(uint16_t bdf, uint32_t at, pcpu_id_t pcpu, uint32_t vector)
{
    const uint32_t control = hw_pci_read(bdf, at + 2U, 2U);
    hw_pci_write(bdf, at + 2U, 2U, control & ~MSI_ON);
    if (vector != 0U) {
        const bool wide = (control & MSI_WIDE) != 0U;
        hw_pci_write(bdf, at + 4U, 4U, (uint32_t)hw_msi_address(pcpu));
        if (wide) {
            hw_pci_write(bdf, at + 8U, 4U, 0U);
        }
        hw_pci_write(bdf, at + (wide ? 12U : 8U), 2U, hw_msi_data(vector));
        hw_pci_write(bdf, at + 2U, 2U, control | MSI_ON);
    }
}

/* A unit that takes local APICs' 32-bit ids does not send its message by the MSI capability (3.4.2, XT IOMMU General Interrupt Control Register). */
static void wide_message_set(uint32_t unit, pcpu_id_t pcpu, uint32_t vector)
{
    const uint64_t control = amdvi_read(unit, AMDVI_CONTROL) & ~(uint64_t)AMDVI_EVENT_MESSAGE;
    amdvi_write(unit, AMDVI_CONTROL, control);
    if (vector != 0U) {
        const uint64_t id = platform.apic_id[pcpu];
        amdvi_write(unit, AMDVI_MESSAGE, ((id & 0xFFFFFFU) << 8U) | ((uint64_t)vector << 32U) | ((id >> 24U) << 56U));
        amdvi_write(unit, AMDVI_CONTROL, control | AMDVI_EVENT_MESSAGE);
    }
}

void amdvi_event_message(pcpu_id_t pcpu, uint32_t vector)
{
    for (uint32_t unit = 0U; unit < ivrs.unit_count; unit++) {
        const uint32_t at = msi_capability(ivrs.unit[unit].bdf);
        if ((amdvi_read(unit, AMDVI_CONTROL) & AMDVI_WIDE_MESSAGE) != 0U) {
            wide_message_set(unit, pcpu, vector);
        } else if (at != 0U) {
            message_set(ivrs.unit[unit].bdf, at, pcpu, vector);
        } else {
            /* it has none: the log is looked at when something else asks */
        }
        if (vector != 0U) {
            amdvi_write(unit, AMDVI_STATUS, AMDVI_EVENT_CAME);
        }
    }
}
