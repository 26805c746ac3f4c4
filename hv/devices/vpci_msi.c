/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Virtual MSI capability (PCI Local Bus 3.0, 6.8.1): one message. The guest
 * reads back what it wrote; the hardware gets the message that core/irq.c chose.
 */
#include "core/hw.h"
#include "core/irq.h"
#include "devices/vpci_function.h"

#define MSI_CONTROL   2U
#define MSI_ADDRESS   4U
#define MSI_ENABLE    0x0001U
#define MSI_FIXED     0x0180U /* 64-bit and maskable; multiple messages are not offered */
#define MSI_DATA_MASK 0xFFFFU
#define ADDRESS_LOW_MASK 0xFFFFFFFCU

static uint32_t data_offset(const struct vpci_msi *msi)
{
    return msi->wide ? 12U : 8U;
}

static uint32_t capability_size(const struct vpci_msi *msi)
{
    return data_offset(msi) + (msi->maskable ? 12U : 4U);
}

bool vpci_msi_covers(const struct vpci_function *fn, uint32_t offset)
{
    return (fn->msi.offset != 0U) && (offset >= fn->msi.offset) &&
           (offset < (fn->msi.offset + capability_size(&fn->msi)));
}

uint32_t vpci_msi_read(const struct vpci_function *fn, uint32_t offset)
{
    const struct vpci_msi *msi = &fn->msi;
    uint32_t at = offset - msi->offset;
    uint32_t value;

    if (at == 0U) {
        value = hw_pci_read(fn->bdf, offset, 4U) & (0xFFFFU | ((uint32_t)MSI_FIXED << 16U));
        value |= msi->enabled ? ((uint32_t)MSI_ENABLE << 16U) : 0U;
    } else if (at == MSI_ADDRESS) {
        value = (uint32_t)msi->address;
    } else if ((at == 8U) && msi->wide) {
        value = (uint32_t)(msi->address >> 32U);
    } else if (at == data_offset(msi)) {
        value = msi->data;
    } else if (at == (data_offset(msi) + 4U)) {
        value = msi->mask;
    } else {
        value = hw_pci_read(fn->bdf, offset, 4U); /* pending bits */
    }
    return value;
}

static uint32_t control_word(uint32_t before, bool enabled)
{
    return (before & MSI_FIXED) | (enabled ? MSI_ENABLE : 0U);
}

static void hardware_control(const struct vpci_function *fn, bool enabled)
{
    uint32_t at = fn->msi.offset + MSI_CONTROL;

    hw_pci_write(fn->bdf, at, 2U, control_word(hw_pci_read(fn->bdf, at, 2U), enabled));
}

/* REQ-INT-001 */
static void hardware_message(const struct vpci_function *fn, const struct irq_msi_message *message)
{
    uint32_t cap = fn->msi.offset;

    hw_pci_write(fn->bdf, cap + MSI_ADDRESS, 4U, (uint32_t)message->address);
    if (fn->msi.wide) {
        hw_pci_write(fn->bdf, cap + 8U, 4U, (uint32_t)(message->address >> 32U));
    }
    hw_pci_write(fn->bdf, cap + data_offset(&fn->msi), 2U, message->data);
}

static void hardware_mask(const struct vpci_function *fn, bool masked)
{
    if (fn->msi.maskable) {
        hw_pci_write(fn->bdf, fn->msi.offset + data_offset(&fn->msi) + 4U, 4U, masked ? 1U : 0U);
    }
}

/* Brings the hardware in line with the virtual capability, which is enabled. The message of an enabled source does not change
 * (core/irq.c), or both the old and the new one are the VM's own (core/irq_exclusive.c), so half of one does no harm. */
static void apply(struct vpci_function *fn)
{
    struct vpci_msi *msi = &fn->msi;
    /* The mask stays 0 where the capability has none. */
    const struct vpci_written written = { msi->address, msi->data, (msi->mask & 1U) == 0U };
    struct irq_msi_message message = vpci_message(fn, &msi->source, &written);

    hardware_mask(fn, !message.enabled);
    hardware_message(fn, &message);
    hardware_mask(fn, !message.enabled);
    hardware_control(fn, message.enabled || msi->maskable);
}

void vpci_msi_write(struct vpci_function *fn, uint32_t offset, uint32_t value)
{
    struct vpci_msi *msi = &fn->msi;
    uint32_t at = offset - msi->offset;

    if (at == 0U) {
        bool enable = ((value >> 16U) & MSI_ENABLE) != 0U;

        msi->enabled = enable;
        if (!enable) {
            hardware_control(fn, false);
            vpci_message_free(&msi->source);
        }
    } else if (at == MSI_ADDRESS) {
        msi->address = (msi->address & 0xFFFFFFFF00000000U) | (value & ADDRESS_LOW_MASK);
    } else if ((at == 8U) && msi->wide) {
        msi->address = (msi->address & 0xFFFFFFFFU) | ((uint64_t)value << 32U);
    } else if (at == data_offset(msi)) {
        msi->data = value & MSI_DATA_MASK;
    } else if (at == (data_offset(msi) + 4U)) {
        msi->mask = value & 1U;
    } else {
        /* pending bits are read-only */
    }
    if (msi->enabled) {
        apply(fn);
    }
}

void vpci_msi_reset(struct vpci_function *fn)
{
    if (fn->msi.offset != 0U) {
        hardware_control(fn, false);
        vpci_message_free(&fn->msi.source);
        fn->msi.enabled = false;
        fn->msi.address = 0U;
        fn->msi.data = 0U;
        fn->msi.mask = 0U;
    }
}
