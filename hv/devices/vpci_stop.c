/* SPDX-License-Identifier: Apache-2.0 */
/* Devices of a VM that ends or starts again: no more DMA (PCI Local Bus 3.0, 6.2.2), no more messages, and of an exclusive VM a
 * function-level reset (PCI Express 5.0, 6.6.2) where the function has one. */
#include "core/hw.h"
#include "core/vm.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"

#define EXPRESS_CAPABILITY 0x04U
#define EXPRESS_STATUS     0x0AU
#define CAPABILITY_FLR     0x10000000U
#define CONTROL_FLR        0x8000U
#define STATUS_PENDING     0x0020U
#define WAITS_PER_SECOND   10U /* 100 ms for what is pending, and once more for the reset itself */

/* A bridge only forwards, also for what a real-time VM has behind it, and stays as it is. */
static void master_off(const struct vpci_function *fn)
{
    if (!fn->bridge) {
        hw_pci_write(fn->bdf, PCI_COMMAND, 2U, hw_pci_read(fn->bdf, PCI_COMMAND, 2U) & ~PCI_COMMAND_MASTER);
    }
}

void vpci_masters_off(vm_id_t vm)
{
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if (vpci_function[i].owner == vm) {
            master_off(&vpci_function[i]);
        }
    }
}

/* REQ-LIF-033 */
void vpci_shared_masters_off(void)
{
    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        if ((vpci_function[i].owner < MAX_VM) && !vms[vpci_function[i].owner].exclusive) {
            master_off(&vpci_function[i]);
        }
    }
}

bool vpci_flr_offered(const struct vpci_function *fn)
{
    return (fn->pcie != 0U) && ((hw_pci_read(fn->bdf, fn->pcie + EXPRESS_CAPABILITY, 4U) & CAPABILITY_FLR) != 0U);
}

void vpci_flr_start(const struct vpci_function *fn)
{
    uint32_t control = hw_pci_read(fn->bdf, fn->pcie + PCI_EXPRESS_CONTROL, 2U);

    hw_pci_write(fn->bdf, fn->pcie + PCI_EXPRESS_CONTROL, 2U, control | CONTROL_FLR);
}

bool vpci_pending(const struct vpci_function *fn)
{
    return (fn->pcie != 0U) && ((hw_pci_read(fn->bdf, fn->pcie + EXPRESS_STATUS, 2U) & STATUS_PENDING) != 0U);
}

static bool any_pending(vm_id_t vm)
{
    bool pending = false;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        pending = pending || ((vpci_function[i].owner == vm) && vpci_pending(&vpci_function[i]));
    }
    return pending;
}

static bool reset_begin(vm_id_t vm)
{
    bool any = false;

    for (uint32_t i = 0U; i < vpci_function_count; i++) {
        const struct vpci_function *fn = &vpci_function[i];

        if ((fn->owner == vm) && vpci_flr_offered(fn)) {
            vpci_flr_start(fn);
            any = true;
        }
    }
    return any;
}

/* Keeper of the VM, whose cores have all left it: nobody else waits. Masters are off. */
/* REQ-LIF-050 */
void vpci_functions_reset(vm_id_t vm)
{
    const uint64_t limit = hw_tsc_hz() / WAITS_PER_SECOND;
    uint64_t start = hw_tsc();

    while (any_pending(vm) && ((hw_tsc() - start) < limit)) {
        hw_relax();
    }
    if (reset_begin(vm)) {
        start = hw_tsc();
        while ((hw_tsc() - start) < limit) {
            hw_relax();
        }
    }
}
