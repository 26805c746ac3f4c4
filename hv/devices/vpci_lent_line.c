/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt lines of lent functions. Which pin of the IOAPIC a function's line is, the Service VM knows from its ACPI and says; it can only say one that is
 * its own, and that it does not use. Without a line a User VM's function cannot assert its pin (vpci_command_allowed()).
 */
#include "core/hw.h"
#include "core/irq.h"
#include "devices/vpci_lent_state.h"

#define INTERRUPT_PIN (PCI_INTERRUPT + 1U)

static const char *line_words(enum status status)
{
    const char *why;

    switch (status) {
    case STATUS_OK:
        why = ": its VM has its interrupt line ";
        break;
    case STATUS_BUSY:
        why = ": the Service VM uses its interrupt line, for another device; take that from its driver: ";
        break;
    case STATUS_DENIED:
        why = ": its interrupt line is another VM's, or its VM has one there: ";
        break;
    default:
        why = ": no interrupt line of PCI, which are 0x10 to 0x17: ";
        break;
    }
    return why;
}

/* REQ-INT-084 */
enum status vpci_lent_line_set(vm_id_t v, const struct hc_ptdev_irq *irq)
{
    const uint32_t index = lent_find(v, irq->virt_bdf, irq->phys_bdf);
    enum status result = STATUS_NOT_FOUND;

    if (index < LENT_FUNCTIONS) {
        struct lent *l = &vpci_lent_record[index];
        const bool there = (l->state == LENT_THERE) && (l->pin == 0U) && (hw_pci_read(irq->phys_bdf, INTERRUPT_PIN, 1U) != 0U);

        result = STATUS_INVALID;
        if (there && (irq->type == HC_PTDEV_INTX) && (irq->pic_pin == 0U)) {
            result = irq_line_lend(v, irq->phys_pin, irq->virt_pin);
            lent_say(v, irq->phys_bdf, line_words(result), irq->phys_pin);
        }
        if (result == STATUS_OK) {
            l->pin = irq->phys_pin;
            lent_function(l)->line = true;
        }
    }
    return (result == STATUS_DENIED) ? STATUS_BUSY : result;
}

/* REQ-INT-084 REQ-ISO-081 */
void lent_line_take(struct lent *l)
{
    struct vpci_function *fn = lent_function(l);

    if (fn->line) {
        fn->line = false;
        hw_pci_write(fn->bdf, PCI_COMMAND, 2U, hw_pci_read(fn->bdf, PCI_COMMAND, 2U) | PCI_COMMAND_INTX_OFF);
        irq_line_return(l->pin);
        l->pin = 0U;
    }
}

enum status vpci_lent_line_reset(vm_id_t v, const struct hc_ptdev_irq *irq)
{
    const uint32_t index = lent_find(v, irq->virt_bdf, irq->phys_bdf);
    const bool has = (index < LENT_FUNCTIONS) && lent_function(&vpci_lent_record[index % LENT_FUNCTIONS])->line;

    if (has) {
        lent_line_take(&vpci_lent_record[index % LENT_FUNCTIONS]);
    }
    return has ? STATUS_OK : STATUS_NOT_FOUND;
}
