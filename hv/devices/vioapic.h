/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual IOAPIC (Intel 82093AA), 24 pins, one per VM, at VIOAPIC_BASE. */
#ifndef DEVICES_VIOAPIC_H
#define DEVICES_VIOAPIC_H

#include "core/limits.h"
#include "core/types.h"

#define VIOAPIC_BASE 0xFEC00000U
#define VIOAPIC_LENT 32U /* + pin: what drives it besides is the machine's line that was lent; the pin is high while either is */

void vioapic_reset(vm_id_t vm);
uint32_t vioapic_mmio_read(vm_id_t vm, uint32_t offset);
void vioapic_mmio_write(vm_id_t vm, uint32_t offset, uint32_t value);
/* Level of an input line. Service VM and User VMs: changes of an entry
 * go to irq_pin_update(), the EOI of a level entry to irq_pin_eoi(). line: a pin, or VIOAPIC_LENT + it. */
void vioapic_set_line(vm_id_t vm, uint32_t line, bool high);
/* An edge without a line; pin is below IOAPIC_PINS. */
void vioapic_pulse(vm_id_t vm, uint32_t pin);
void vioapic_refresh(vm_id_t vm, uint32_t pin); /* irq_pin_update() once more */
void vioapic_eoi(vm_id_t vm, uint32_t vector);  /* from the vLAPIC, level vectors only */

#endif
