/* SPDX-License-Identifier: Apache-2.0 */
/* What follows a fault of a pre-launched VM: a pure decision out of its entry in the partition table. */
#ifndef CORE_FAULT_POLICY_H
#define CORE_FAULT_POLICY_H

#include "abi/partition_table.h"
#include "core/types.h"

/* What a VM asks for itself, beside PART_FAULT_*: a reset goes the way of a triple fault, as on a PC. */
#define FAULT_RESET     PART_FAULTS
#define FAULT_POWER_OFF (PART_FAULTS + 1U)

enum fault_action {
    FAULT_STOP,       /* it stops; its devices stay as they are */
    FAULT_RESTART,    /* from its pristine image */
    FAULT_SAFE_STATE, /* it stops, and its safe state is applied */
    FAULT_HALT        /* so do all pre-launched VMs; then the machine stops */
};

/* restarts: of this VM since the machine's start. A restart beyond the limit is a safe state; a value that
 * the validator would not accept stops the VM. */
/*@ requires \valid_read(vm);
    assigns \nothing;
    exits \false;
    ensures fault > PART_FAULTS ==> \result == FAULT_STOP;
    ensures \result == FAULT_RESTART ==> restarts < vm->restart_limit; */
enum fault_action fault_policy(const struct part_vm *vm, uint32_t fault, uint32_t restarts);
const char *fault_name(uint32_t fault); /* PART_FAULT_*, FAULT_* */
const char *fault_action_text(enum fault_action action); /* what the log says of it */

#endif
