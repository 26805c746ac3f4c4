/* SPDX-License-Identifier: Apache-2.0 */
/* Which message the hardware gets for the one that the guest wrote: core/irq.c chooses it, but for exclusive VMs, whose own it is. */
#include "core/irq.h"
#include "core/irq_exclusive.h"
#include "core/vm.h"
#include "devices/vpci_function.h"

/* REQ-INT-052 */
struct irq_msi_message vpci_message(const struct vpci_function *fn, uint32_t *source, const struct vpci_written *written)
{
    const vm_id_t v = fn->owner;
    struct irq_msi_message message;

    if ((v < MAX_VM) && vms[v].exclusive) {
        message = irq_exclusive_message(v, fn->bdf, written->address, written->data, written->live);
    } else {
        if (written->live && (*source == ID_NONE) && (irq_msi_alloc(v, vpci_requester(fn), source) != STATUS_OK)) {
            *source = ID_NONE;
        }
        message = irq_msi_update(*source, written->address, written->data, written->live);
    }
    if (written->live && !message.enabled) {
        vpci_refuse(VPCI_REFUSE_SOURCE, fn->bdf, PCI_CAPABILITIES);
    }
    return message;
}

void vpci_message_free(uint32_t *source)
{
    if (*source != ID_NONE) {
        irq_msi_free(*source);
        *source = ID_NONE;
    }
}
