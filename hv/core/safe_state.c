/* SPDX-License-Identifier: Apache-2.0 */
#include "core/safe_state.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/vm.h"

/* REQ-LIF-031 */
void safe_state_apply(vm_id_t v)
{
    const struct part_vm *config = &partition.table.vm[v];
    for (uint32_t i = 0U; (i < config->safe_count) && (i < PART_MAX_SAFE); i++) {
        const struct part_safe *write = &config->safe[i];
        if (write->kind == PART_SAFE_PORT) {
            hw_port_write((uint16_t)write->address, write->size, write->value);
        } else {
            hw_mmio_write(write->address, write->size, write->value);
        }
    }
}

/* REQ-LIF-036 */
void safe_state_apply_shared(void)
{
    for (vm_id_t v = 1U; (v < PART_MAX_VM) && (v < partition.table.vm_count); v++) {
        if (!vms[v].exclusive) {
            safe_state_apply(v);
        }
    }
    log_line("vm", "all pre-launched VMs are in their safe states: the machine halts");
}
