/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bridges (PCI-to-PCI Bridge 1.2, chapter 3). One that has another partition's function behind it is shared: what
 * its owner wrote there would cut that function off (command, windows, power state) or reset it (bridge control).
 */
#include "core/hw.h"
#include "devices/vpci_function.h"

/* REQ-INT-050 */
bool vpci_behind(const struct vpci_function *bridge, const struct vpci_function *fn)
{
    bool behind = false;

    if (bridge->bridge) {
        uint32_t buses = hw_pci_read(bridge->bdf, PCI_BUS_NUMBERS, 4U);
        uint32_t bus = (uint32_t)fn->bdf >> 8U;

        behind = (bus >= ((buses >> 8U) & 0xFFU)) && (bus <= ((buses >> 16U) & 0xFFU));
    }
    return behind;
}

bool vpci_bridge_shared(const struct vpci_function *fn)
{
    bool shared = false;

    for (uint32_t i = 0U; fn->bridge && (i < vpci_function_count); i++) {
        shared = shared || ((vpci_function[i].owner != fn->owner) && !vpci_function[i].silent && vpci_behind(fn, &vpci_function[i]));
    }
    return shared;
}

/* Boot, or a function was lent: what lies behind works whatever the Service VM's driver of the bridge does, or if there is none. */
/* REQ-INT-050 */
void vpci_bridges_open(void)
{
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_bridge_shared(&vpci_function[i])) {
            uint32_t command = hw_pci_read(vpci_function[i].bdf, PCI_COMMAND, 2U);

            hw_pci_write(vpci_function[i].bdf, PCI_COMMAND, 2U, command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
        }
    }
}
