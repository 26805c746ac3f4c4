/* SPDX-License-Identifier: Apache-2.0 */
#include "pci.h"

#include "device.h"

/* PCI Local Bus 3.0, 6.1, 6.2 and 6.8; offsets are those of dwords. */
#define FUNCTIONS       0x10000U /* of all buses */
#define PER_DEVICE      8U
#define CONFIG_COMMAND  0x04U
#define COMMAND_MEMORY  0x2U
#define COMMAND_MASTER  0x4U
#define COMMAND_NO_PIN  0x400U
#define COMMAND_MASK    0xFFFFU   /* the upper half is the status, whose bits are cleared by ones */
#define STATUS_LIST     0x100000U /* there is a list of capabilities */
#define CONFIG_HEADER   0x0CU
#define HEADER_MULTI    0x800000U
#define CONFIG_BAR      0x10U
#define BAR_COUNT       6U
#define BAR_PORT        0x1U
#define BAR_TYPE        0x6U
#define BAR_64          0x4U
#define BAR_ADDRESS     0xFFFFFFF0U
#define CONFIG_LIST     0x34U
#define LIST_POINTER    0xFCU
#define LIST_MOST       48U       /* as many as fit into 192 bytes: ends a list that loops */
#define CAPABILITY_MSI  0x05U
#define CAPABILITY_MSIX 0x11U
#define MSI_64          0x800000U /* message control is the upper half of the first dword */
#define MSI_SEVERAL     0x700000U
#define MSI_ENABLE      0x10000U
#define MSIX_ENABLE     0x80000000U
#define MSIX_MASK_ALL   0x40000000U
#define MSIX_BAR        0x7U
#define MESSAGE_ADDRESS 0xFEE00000U /* SDM 3, 11.11.1: fixed destination, edge */
#define MESSAGE_ID_MOST 0xFFU
#define MESSAGE_TARGET  12U

uint32_t pci_id(uint32_t function) { return device_config_read(function, 0U); }

static bool is_one_of(uint32_t id, const uint32_t *ids, uint32_t id_count)
{
    bool found = false;

    for (uint32_t i = 0U; i < id_count; i++) {
        found = found || (ids[i] == id);
    }
    return found;
}

uint32_t pci_find(const uint32_t *ids, uint32_t id_count)
{
    uint32_t found = PCI_NONE;
    uint32_t function = 0U;

    while ((found == PCI_NONE) && (function < FUNCTIONS)) {
        uint32_t id = pci_id(function);
        bool first = (function % PER_DEVICE) == 0U;
        bool one_only = first && ((id == PCI_NONE) || ((device_config_read(function, CONFIG_HEADER) & HEADER_MULTI) == 0U));
        if (is_one_of(id, ids, id_count)) {
            found = function;
        }
        function += one_only ? PER_DEVICE : 1U;
    }
    return found;
}

uint64_t pci_bar(uint32_t function, uint32_t index)
{
    uint64_t address = 0U;

    if (index < BAR_COUNT) {
        uint32_t low = device_config_read(function, CONFIG_BAR + (index * 4U));
        bool wide = (low & BAR_TYPE) == BAR_64;
        uint64_t high = (wide && ((index + 1U) < BAR_COUNT)) ? device_config_read(function, CONFIG_BAR + ((index + 1U) * 4U)) : 0U;
        if ((low & BAR_PORT) == 0U) {
            address = (high << 32) | (low & BAR_ADDRESS);
        }
    }
    return (address == 0U) ? 0U : device_map(address);
}

bool pci_enable(uint32_t function)
{
    uint32_t wanted = COMMAND_MEMORY | COMMAND_MASTER;
    uint32_t command = device_config_read(function, CONFIG_COMMAND) & COMMAND_MASK;

    device_config_write(function, CONFIG_COMMAND, command | wanted | COMMAND_NO_PIN);
    return (device_config_read(function, CONFIG_COMMAND) & wanted) == wanted;
}

/* Its offset, 0 without it. */
static uint32_t capability(uint32_t function, uint32_t wanted)
{
    uint32_t found = 0U;
    uint32_t at = 0U;

    if ((device_config_read(function, CONFIG_COMMAND) & STATUS_LIST) != 0U) {
        at = device_config_read(function, CONFIG_LIST) & LIST_POINTER;
    }
    for (uint32_t i = 0U; (i < LIST_MOST) && (at != 0U) && (found == 0U); i++) {
        uint32_t head = device_config_read(function, at);
        if ((head & 0xFFU) == wanted) {
            found = at;
        }
        at = (head >> 8) & LIST_POINTER;
    }
    return found;
}

bool pci_msi(uint32_t function, uint32_t apic_id, uint32_t vector)
{
    uint32_t at = capability(function, CAPABILITY_MSI);
    bool good = (at != 0U) && (apic_id <= MESSAGE_ID_MOST);

    if (good) {
        uint32_t head = device_config_read(function, at);
        uint32_t data = ((head & MSI_64) != 0U) ? (at + 12U) : (at + 8U);
        device_config_write(function, at + 4U, MESSAGE_ADDRESS | (apic_id << MESSAGE_TARGET));
        if ((head & MSI_64) != 0U) {
            device_config_write(function, at + 8U, 0U);
        }
        device_config_write(function, data, vector);
        device_config_write(function, at, (head & ~MSI_SEVERAL) | MSI_ENABLE);
    }
    return good;
}

bool pci_msix(uint32_t function, uint32_t apic_id, uint32_t vector)
{
    uint32_t at = capability(function, CAPABILITY_MSIX);
    uint32_t place = (at != 0U) ? device_config_read(function, at + 4U) : 0U;
    uint64_t bar = (at != 0U) ? pci_bar(function, place & MSIX_BAR) : 0U;
    bool good = (bar != 0U) && (apic_id <= MESSAGE_ID_MOST);

    if (good) {
        uint64_t entry = bar + (place & ~MSIX_BAR);
        uint32_t head = device_config_read(function, at) & ~MSIX_MASK_ALL;
        device_config_write(function, at, head | MSIX_ENABLE | MSIX_MASK_ALL);
        device_write(entry, MESSAGE_ADDRESS | (apic_id << MESSAGE_TARGET));
        device_write(entry + 4U, 0U);
        device_write(entry + 8U, vector);
        device_write(entry + 12U, 0U); /* not masked */
        device_config_write(function, at, head | MSIX_ENABLE);
    }
    return good;
}
