/* SPDX-License-Identifier: Apache-2.0 */
#include "core/request_wait.h"
#include "core/sched.h"
#include "core/vm.h"

/* Who began last to wait for a request of this VM, as id + 1. It may have gone on since: its own state says so. */
static vcpu_id_t request_waiter[MAX_VM];

/* REQ-IO-026 */
void request_wait_begin(vcpu_id_t id, vm_id_t awaited)
{
    if ((awaited < MAX_VM) && !vcpu_has_event(id)) {
        vcpus[id].state = VCPU_WAIT_REQUEST;
        vcpus[id].awaited = awaited;
        request_waiter[awaited] = id + 1U;
    }
}

/* REQ-IO-026 */
bool request_wait_end(vm_id_t awaited)
{
    vcpu_id_t waiter = request_waiter[awaited];
    bool waits = false;
    if (waiter != 0U) {
        waits = (vcpus[waiter - 1U].state == VCPU_WAIT_REQUEST) && (vcpus[waiter - 1U].awaited == awaited);
        request_waiter[awaited] = 0U;
    }
    if (waits) {
        sched_wake(waiter - 1U);
        vcpu_notify(waiter - 1U);
    }
    return waits;
}
