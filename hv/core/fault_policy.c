/* SPDX-License-Identifier: Apache-2.0 */
#include "core/fault_policy.h"

/* REQ-LIF-034 */
enum fault_action fault_policy(const struct part_vm *vm, uint32_t fault, uint32_t restarts)
{
    uint32_t row = (fault == FAULT_RESET) ? PART_FAULT_SHUTDOWN : fault;
    uint32_t wanted = (row < PART_FAULTS) ? vm->on_fault[row] : PART_ON_FAULT_STOP;
    enum fault_action action = FAULT_STOP;
    if (wanted == PART_ON_FAULT_RESTART) {
        action = (restarts < vm->restart_limit) ? FAULT_RESTART : FAULT_SAFE_STATE;
    } else if (wanted == PART_ON_FAULT_SAFE_STATE) {
        action = FAULT_SAFE_STATE;
    } else if (wanted == PART_ON_FAULT_HALT) {
        action = FAULT_HALT;
    } else {
        /* stop */
    }
    return action;
}

const char *fault_name(uint32_t fault)
{
    const char *name;
    switch (fault) {
    case PART_FAULT_SHUTDOWN:
        name = "triple fault";
        break;
    case PART_FAULT_STAGE2:
        name = "access to unmapped address";
        break;
    case PART_FAULT_MACHINE_CHECK:
        name = "machine check";
        break;
    case PART_FAULT_HEARTBEAT:
        name = "missed heartbeat";
        break;
    case FAULT_RESET:
        name = "reset";
        break;
    default:
        name = "power off";
        break;
    }
    return name;
}

const char *fault_action_text(enum fault_action action)
{
    const char *text;
    switch (action) {
    case FAULT_RESTART:
        text = "it restarts";
        break;
    case FAULT_SAFE_STATE:
        text = "it stops in its safe state";
        break;
    case FAULT_HALT:
        text = "the machine halts";
        break;
    case FAULT_STOP:
    default:
        text = "it stops";
        break;
    }
    return text;
}
