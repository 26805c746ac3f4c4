/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Physical interrupt sources and who gets them. The hypervisor owns every
 * source: a guest programs a virtual IOAPIC entry, MSI capability or MSI-X
 * entry; this module chooses host vector and core, delivery mode always fixed,
 * and remembers (source -> VM, virtual destination).
 */
#ifndef CORE_IRQ_H
#define CORE_IRQ_H

#include "core/limits.h"
#include "core/types.h"

void irq_init(void); /* all pins masked, no vector in use */
/* The VM is being reset: its pins masked, its message sources forgotten. */
void irq_vm_reset(vm_id_t vm);

/* A line of the Service VM that one of its User VMs gets: pin of the machine's IOAPIC, and which pin of the User VM's it is; a PCI line, so level and active low.
 * STATUS_INVALID: no such pin, or below the first one that PCI has to itself; STATUS_DENIED: it is not the Service VM's, or something else of the User VM is there;
 * STATUS_BUSY: the Service VM uses it. */
enum status irq_line_lend(vm_id_t vm, uint32_t pin, uint32_t line);
/* Whether a line of the machine is behind that pin of the VM's own. */
bool irq_has_line(vm_id_t vm, uint32_t own);
/* The Service VM's again, as its virtual IOAPIC says now. */
void irq_line_return(uint32_t pin);

/* The owner of the pin changed its virtual IOAPIC entry; of User VMs, pins are those of their own. */
void irq_pin_update(vm_id_t vm_id, uint32_t own, bool masked, bool level, bool active_low, vcpu_id_t target);
/* Virtual EOI of a level interrupt: lowers the virtual line, then unmasks the physical one,
 * which comes again if the device still asserts it. */
void irq_pin_eoi(vm_id_t vm_id, uint32_t own);

/* An MSI or MSI-X entry of a function: the guest's address and data, and whether it is enabled.
 * Returns what to write into the hardware. source: index from irq_msi_alloc. */
enum status irq_msi_alloc(vm_id_t vm, uint16_t bdf, uint32_t *source);
void irq_msi_free(uint32_t source);
struct irq_msi_message { uint64_t address; uint32_t data; bool enabled; };
struct irq_msi_message irq_msi_update(uint32_t source, uint64_t address, uint32_t data, bool enabled);

/* A host vector in VECTOR_IRQ_BASE..VECTOR_IRQ_LAST arrived on this core. */
void irq_arrived(pcpu_id_t pcpu, uint32_t vector);
/* Whether x86's interrupt entry must mask this pin before the EOI: level-triggered source. */
uint32_t irq_level_pin(uint32_t vector); /* pin, or ID_NONE */
/* Vectors that arrived without a source since boot. */
uint64_t irq_stray_count(void);

#endif
