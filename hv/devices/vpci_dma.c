/* SPDX-License-Identifier: Apache-2.0 */
/* The functions that vpci_scan() found get what their owners' stage 2 maps (core/iommu.h). */
#include "core/hw.h"
#include "core/iommu.h"
#include "core/vm.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"

static const char *refusal(enum status status)
{
    const char *text;
    switch (status) {
    case STATUS_INVALID:
        text = ": its bus is beyond the IOMMU's tables; it reaches no memory";
        break;
    case STATUS_FAULT:
        text = ": the firmware reserves memory for it that is not its owner's; it reaches no memory";
        break;
    case STATUS_NOT_FOUND:
        text = ": no unit of the IOMMU stands before it; it is given to nobody";
        break;
    default:
        text = ": not its owner's; it reaches no memory";
        break;
    }
    return text;
}

static void take_away(struct vpci_function *fn)
{
    hw_pci_write(fn->bdf, PCI_COMMAND, 2U, hw_pci_read(fn->bdf, PCI_COMMAND, 2U) & ~PCI_COMMAND_MASTER);
    fn->owner = ID_NONE;
}

/* What is behind a bridge that asks in its own name is the Service VM's (vpci_group.c), and the name, too. */
/* REQ-ISO-040 REQ-ISO-091 */
static enum status give(const struct vpci_function *fn, vm_id_t vm)
{
    enum status status = iommu_give(fn->bdf, vm);

    if (status == STATUS_OK) {
        status = iommu_give(vpci_requester(fn), vm);
    }
    return status;
}

/* REQ-ISO-040 */
void vpci_dma_open(vm_id_t vm)
{
    for (uint32_t i = 0U; iommu_active && (i < vpci_function_count); i++) {
        struct vpci_function *fn = &vpci_function[i];
        const enum status status = (fn->owner == vm) ? give(fn, vm) : STATUS_OK;
        fn->walled = (fn->owner == vm) ? (status == STATUS_OK) : fn->walled;
        if (status != STATUS_OK) {
            iommu_say(fn->bdf, refusal(status));
        }
        if (status == STATUS_NOT_FOUND) {
            take_away(fn);
        } else if (fn->walled && (fn->owner == vm) && vms[vm].exclusive) {
            iommu_irq_open(vm, fn->bdf);
        } else {
            /* its messages are sources (core/irq.c), or it has none */
        }
    }
}
