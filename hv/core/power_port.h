/* SPDX-License-Identifier: Apache-2.0 */
/* The registers by which an exclusive VM resets itself or switches itself off: those that its ACPI tables name
 * (ACPI 6.4: 4.8.3.6 reset register, 4.8.3.7 sleep control and status of a hardware-reduced machine). They are
 * ports that no VM is ever given, so each access exits. */
#ifndef CORE_POWER_PORT_H
#define CORE_POWER_PORT_H

#include "core/exit.h"
#include "core/types.h"

enum power_request { POWER_NONE, POWER_RESET, POWER_OFF };

/* A write to this port may ask for something. */
bool power_port_named(uint32_t port);
/* What this port exit asks for; value: the guest's RAX. */
enum power_request power_port_request(const struct vm_exit *exit, uint64_t value);

#endif
