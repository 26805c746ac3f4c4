/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial lines between VMs: a 16550A (TI TL16C550C) in each of the two that the partition table connects, without time: what one
 * sends is there for the other one at once, whatever the divisors say. A byte that the other one has not read stays; then the sender's
 * transmitter is not empty, and nothing else happens.
 *
 * Of a VM on shared cores all of this is called under the shared lock; of an exclusive VM by its own cores without it.
 */
#ifndef DEVICES_VUART_H
#define DEVICES_VUART_H

#include "core/exit.h"
#include "core/limits.h"
#include "core/types.h"

/* Where any VM may have one: 0x2E8, 0x2F8, 0x3E8, 0x3F8 and the seven behind each; whether this VM has one there. */
static inline bool vuart_port_named(uint32_t port) { return (port & 0xFEE8U) == 0x2E8U; }
bool vuart_claims(vm_id_t vm, uint32_t port);
/* An access, of one byte if it is to mean something. True: it is to one of the VM's ports, and done; *value is what is written, or was read. */
bool vuart_port(vm_id_t vm, const struct vm_exit *exit, uint32_t *value);
/* The VM's ports are as after power-on; what it has not read is gone, what it has sent is not. */
void vuart_reset(vm_id_t vm);
/* Shared cores, under the lock, before they go on: interrupts for what was done since. waiting: there may be some. */
extern volatile bool vuart_waiting;
void vuart_look(void);

#endif
