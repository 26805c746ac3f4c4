/* SPDX-License-Identifier: Apache-2.0 */
/* Port I/O that the bitmap does not let through. */
#ifndef CORE_IO_H
#define CORE_IO_H

#include "core/exit.h"
#include "core/types.h"

void io_exit(vcpu_id_t id, const struct vm_exit *exit);   /* shared core, lock held */
void io_closed(vcpu_id_t id, const struct vm_exit *exit); /* exclusive core: reads ones, ignores writes */
void io_complete(vcpu_id_t id, uint32_t value);           /* the I/O request of a User VM is answered */
/* The Service VM may not reach this port directly: the hypervisor's, or another VM's. */
bool io_port_withheld(uint16_t port);

#endif
