/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration space and message format of the machine (PCI Local Bus 3.0, 3.2.2.3 and 6.8; PCI Express 5.0, 7.2.2). By the window in
 * memory where there is one, each core for itself. By the ports otherwise: the address port is one register, so callers hold the
 * shared-side lock, or it is boot, or the shared side has ended.
 */
#include "core/boot_info.h"
#include "core/hw.h"

#define CONFIG_ADDRESS 0xCF8U
#define CONFIG_DATA    0xCFCU
#define CONFIG_ENABLE  0x80000000U
#define CONFIG_LEGACY_SIZE 0x100U
#define CONFIG_SIZE    0x1000U

#define MSI_ADDRESS_BASE 0xFEE00000U
#define MSI_DEST_SHIFT   12U

static bool config_access_valid(uint32_t offset, uint32_t size)
{
    return ((size == 1U) || (size == 2U) || (size == 4U)) && (offset < CONFIG_SIZE) && ((offset % size) == 0U);
}

static bool window_reaches(uint16_t bdf)
{
    return (platform.mmconfig_base != 0U) && (((uint32_t)bdf >> 8U) < platform.mmconfig_buses);
}

static hpa_t window_address(uint16_t bdf, uint32_t offset)
{
    return platform.mmconfig_base + ((hpa_t)bdf << 12U) + offset;
}

static void address_select(uint16_t bdf, uint32_t offset)
{
    hw_port_write(CONFIG_ADDRESS, 4U, CONFIG_ENABLE | ((uint32_t)bdf << 8U) | (offset & 0xFCU));
}

uint32_t hw_pci_read(uint16_t bdf, uint32_t offset, uint32_t size)
{
    uint32_t value = 0xFFFFFFFFU;

    if (config_access_valid(offset, size)) {
        if (window_reaches(bdf)) {
            value = (uint32_t)hw_mmio_read(window_address(bdf, offset), size);
        } else if (offset < CONFIG_LEGACY_SIZE) {
            address_select(bdf, offset);
            value = hw_port_read((uint16_t)(CONFIG_DATA + (offset & 3U)), size);
        } else {
            /* no way to reach it: as if the register did not exist */
        }
    }
    return value;
}

void hw_pci_write(uint16_t bdf, uint32_t offset, uint32_t size, uint32_t value)
{
    if (config_access_valid(offset, size)) {
        if (window_reaches(bdf)) {
            hw_mmio_write(window_address(bdf, offset), size, value);
        } else if (offset < CONFIG_LEGACY_SIZE) {
            address_select(bdf, offset);
            hw_port_write((uint16_t)(CONFIG_DATA + (offset & 3U)), size, value);
        } else {
            /* as above */
        }
    }
}

/* Intel SDM 3, 10.11: fixed delivery, physical destination, edge. x86/acpi.c refuses
 * machines with APIC ids that do not fit eight bits. */
uint64_t hw_msi_address(pcpu_id_t target)
{
    uint32_t id = (target < MAX_PCPU) ? platform.apic_id[target] : platform.apic_id[0];

    return (uint64_t)MSI_ADDRESS_BASE | (((uint64_t)id & 0xFFU) << MSI_DEST_SHIFT);
}

/* REQ-INT-001 */
uint32_t hw_msi_data(uint32_t vector)
{
    return vector & 0xFFU;
}
