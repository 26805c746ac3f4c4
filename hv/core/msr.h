/* SPDX-License-Identifier: Apache-2.0 */
/* Model-specific registers: one const table says how each behaves; what it does not list is #GP. */
#ifndef CORE_MSR_H
#define CORE_MSR_H

#include "core/exit.h"
#include "core/types.h"

/* Boot and VM creation: opens in the VM's bitmap what the table says is passed through. */
void msr_open_bitmap(vm_id_t v);
/* Power-on values of the registers that are kept in memory. */
void msr_reset(vcpu_id_t id);
/* Anything but STATUS_OK: the guest gets #GP(0). For a vCPU of an exclusive VM these take no lock. */
enum status msr_read(vcpu_id_t id, uint32_t msr, uint64_t *value);
enum status msr_write(vcpu_id_t id, uint32_t msr, uint64_t value);
void msr_exit(vcpu_id_t id, const struct vm_exit *exit);

#endif
