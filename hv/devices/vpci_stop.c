/* SPDX-License-Identifier: Apache-2.0 */
/* No more DMA by the devices of the Service VM (PCI Local Bus 3.0, 6.2.2). */
#include "core/hw.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"

/* A bridge only forwards, also for what a real-time VM has behind it, and stays as it is. */
/* REQ-LIF-033 */
void vpci_masters_off(void)
{
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        const struct vpci_function *fn = &vpci_function[i];

        if ((fn->owner == VM_SERVICE) && !fn->bridge) {
            hw_pci_write(fn->bdf, PCI_COMMAND, 2U, hw_pci_read(fn->bdf, PCI_COMMAND, 2U) & ~PCI_COMMAND_MASTER);
        }
    }
}
