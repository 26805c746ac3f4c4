/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual 8259A pair of a VM (Intel 8259A data sheet): ports 0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1. */
#ifndef DEVICES_VPIC_H
#define DEVICES_VPIC_H

#include "core/limits.h"
#include "core/types.h"

void vpic_reset(vm_id_t vm);
uint32_t vpic_port_read(vm_id_t vm, uint16_t port);
void vpic_port_write(vm_id_t vm, uint16_t port, uint32_t value);
void vpic_set_line(vm_id_t vm, uint32_t irq, bool high);  /* 0..15; notifies vCPU 0 when it becomes pending */
bool vpic_pending(vm_id_t vm);
uint32_t vpic_acknowledge(vm_id_t vm);                    /* vector; sets ISR */

#endif
