/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an exclusive VM ends, and how it starts again. The core of its vCPU 0 is its keeper (when that is lost, the next one): it alone decides,
 * waits until all vCPUs have left, and reloads. Everybody else only sets a flag and kicks it. No lock, and nobody waits:
 * a core whose turn has not come is idle until it is kicked.
 */
#ifndef CORE_EXCLUSIVE_LIFE_H
#define CORE_EXCLUSIVE_LIFE_H

#include "core/types.h"

void exclusive_life_init(void); /* boot */
/* Own core: this vCPU cannot go on. It leaves at its next core_exclusive_next(); the policy decides the rest. */
void exclusive_fault(vcpu_id_t id, uint32_t fault, uint64_t detail);
/* Shared core: the VM's heartbeat has stopped. Kicks its keeper. */
void exclusive_missed_heartbeat(vm_id_t v, uint64_t start, uint64_t counter);
/* Any core: every vCPU leaves for good, with the VM's safe state; returns at once. */
void exclusive_stop(vm_id_t v);
bool exclusive_stopped(vm_id_t v); /* it has ended: all cores have left it, its safe state is applied */
/* Own core, which stops with a fault of the hypervisor: its VM ends in its safe state, without it. May be called again when that faults, too. */
void exclusive_lost(void);
/* Keeper, just before the first instruction after a restart. */
void exclusive_log_restart(vm_id_t v);
/* Own core, before each entry: the steps that are this vCPU's. False: it must not enter. */
bool exclusive_may_run(vcpu_id_t id);

#endif
