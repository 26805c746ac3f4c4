/* SPDX-License-Identifier: Apache-2.0 */
/* The platform's global controls, decided here and nowhere else: reset (0xCF9, 0x64 pulse,
 * 0x92, FADT reset register), PM1 control, SMI command port. */
#ifndef DEVICES_PLATFORM_H
#define DEVICES_PLATFORM_H

#include "core/types.h"

bool platform_port_claims(uint16_t port, uint32_t size);
uint32_t platform_port_read(vm_id_t owner, uint16_t port, uint32_t size);
void platform_port_write(vm_id_t owner, uint16_t port, uint32_t size, uint32_t value);

#endif
