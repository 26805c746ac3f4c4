/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual IOAPIC (Intel 82093AA), 24 pins, one per VM, at VIOAPIC_BASE. */
#ifndef DEVICES_VIOAPIC_H
#define DEVICES_VIOAPIC_H

#include "core/limits.h"
#include "core/types.h"

#define VIOAPIC_BASE 0xFEC00000U

void vioapic_reset(vm_id_t vm);
uint32_t vioapic_mmio_read(vm_id_t vm, uint32_t offset);
void vioapic_mmio_write(vm_id_t vm, uint32_t offset, uint32_t value);
/* Level of an input line. Service VM: changes of an entry
 * go to irq_pin_update(), the EOI of a level entry to irq_pin_eoi(). */
void vioapic_set_line(vm_id_t vm, uint32_t pin, bool high);
/* An edge without a line; pin is below IOAPIC_PINS. */
void vioapic_pulse(vm_id_t vm, uint32_t pin);
void vioapic_eoi(vm_id_t vm, uint32_t vector);  /* from the vLAPIC, level vectors only */

#endif
