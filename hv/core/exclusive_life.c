/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exclusive_life.h"
#include "core/crash.h"
#include "core/exclusive.h"
#include "core/fault_policy.h"
#include "core/hw.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/safe_state.h"
#include "core/stats.h"
#include "core/string.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "core/vm_health.h"
#include "core/vm_reload.h"
#include "devices/ivshmem.h"
#include "devices/vpci.h"
#include "devices/vpci_given.h"
#include "devices/vuart.h"

enum life_phase { LIFE_RUNS, LIFE_ENDS, LIFE_OVER };

/* Of each VM. phase, action: the keeper's. asked: set by others, for good. missed: set by others, cleared by the keeper before it acts. */
struct life {
    volatile enum life_phase phase;
    enum fault_action action;
    volatile bool asked;
    volatile bool missed;
    volatile uint64_t counter;      /* of the missed heartbeat */
    volatile uint64_t missed_start; /* start_tsc of the life that it belongs to */
};
/* Of each vCPU. fault: PART_FAULT_* + 1, set by its own core; leave: by that or the keeper; the rest: its own core. */
struct departure {
    volatile uint32_t fault;
    volatile uint64_t detail;
    volatile uint64_t tsc;
    volatile bool leave;
    volatile bool left;
    volatile bool stuck;    /* its local APIC did not become empty; known before left is set */
    volatile bool lost;     /* its core stopped with a fault of the hypervisor, for good; set by that core */
};
static struct life life[PART_MAX_VM];
static struct departure departure[PART_MAX_VM * MAX_VCPU_PER_VM];
static volatile bool life_halt; /* the machine stops when all have ended */
_Static_assert(PART_MAX_VM == 4U, "vm_health has a row for each VM");
_Static_assert(PART_FAULTS == 4U, "vm_health counts each fault");
_Static_assert((uint32_t)FAULT_HALT == HV_CRASH_HALTED, "a crash record takes enum fault_action as it is");

void exclusive_life_init(void)
{
    (void)memset(life, 0, sizeof(life));
    (void)memset(departure, 0, sizeof(departure));
    (void)memset(vm_health, 0, sizeof(vm_health));
    life_halt = false;
}

/* vCPU 0 keeps the VM, or the next one whose core is not lost; vcpu_count: all are. */
static uint32_t keeper(vm_id_t v)
{
    uint32_t found = vms[v].vcpu_count;
    for (uint32_t i = vms[v].vcpu_count; i > 0U; i--) {
        if (!departure[vcpu_id(v, i - 1U)].lost) {
            found = i - 1U;
        }
    }
    return found;
}

static pcpu_id_t keeper_core(vm_id_t v)
{
    uint32_t index = keeper(v);
    return vcpus[vcpu_id(v, (index < vms[v].vcpu_count) ? index : 0U)].pcpu;
}

static bool any_lost(vm_id_t v)
{
    bool lost = false;
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        lost = lost || departure[vcpu_id(v, i)].lost;
    }
    return lost;
}

void exclusive_fault(vcpu_id_t id, uint32_t fault, uint64_t detail)
{
    struct departure *d = &departure[id];
    if (!d->leave) {
        d->detail = detail;
        d->tsc = hw_tsc();
        d->leave = true;
        d->fault = fault + 1U;
        hw_kick(keeper_core(vcpu_vm(id)));
    }
}

/* REQ-LIF-035 */
void exclusive_missed_heartbeat(vm_id_t v, uint64_t start, uint64_t counter)
{
    life[v].counter = counter;
    life[v].missed_start = start;
    life[v].missed = true;
    hw_kick(keeper_core(v));
}

/* REQ-LIF-013 */
void exclusive_stop(vm_id_t v)
{
    life[v].asked = true;
    hw_kick(keeper_core(v));
}

bool exclusive_stopped(vm_id_t v)
{
    return life[v].phase == LIFE_OVER;
}

/* Only shared cores write the log out, and all may be idle. */
static void wake_log_writer(void)
{
    hw_kick(vcpus[vcpu_id(VM_SERVICE, 0U)].pcpu);
}

static void log_fault(vm_id_t v, uint32_t fault, enum fault_action action, uint64_t detail, uint64_t rip)
{
    log_begin("vm");
    log_chars(vms[v].name, sizeof(vms[0].name));
    log_text(": ");
    log_text(fault_name(fault));
    log_text(" ");
    log_hex(detail);
    log_text(" at ");
    log_hex(rip);
    log_text(" tsc ");
    log_dec(vm_health[v].last_fault_tsc);
    log_text(": ");
    log_text(fault_action_text(action));
    log_end();
    stats_log_summary(v);
    wake_log_writer();
}

static void log_lost_core(vm_id_t v)
{
    log_begin("vm");
    log_chars(vms[v].name, sizeof(vms[0].name));
    log_text(": a core of it is lost: ");
    log_text(fault_action_text(FAULT_SAFE_STATE));
    log_end();
    wake_log_writer();
}

/* All vCPUs are told to leave; each does it on its own core. */
static void begin_end(vm_id_t v, enum fault_action action)
{
    life[v].action = action;
    life[v].phase = LIFE_ENDS;
    ivshmem_close(v); /* before its cores leave and empty their local APICs */
    vuart_reset(v);
    vpci_masters_off(v); /* what they send else, no local APIC would ever be empty of */
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        departure[vcpu_id(v, i)].leave = true;
        if (i != keeper(v)) {
            hw_kick(vcpus[vcpu_id(v, i)].pcpu);
        }
    }
}

/* REQ-LIF-011 REQ-LIF-034 */
static void take_fault(vm_id_t v, uint32_t fault, uint64_t detail, vcpu_id_t id, uint64_t tsc)
{
    struct vm_health *health = &vm_health[v];
    enum fault_action action = fault_policy(&partition.table.vm[v], fault, health->restarts);
    uint64_t rip = vcpu_regs[id].rip;
    health->last_fault = fault + 1U;
    health->last_fault_tsc = tsc;
    health->last_fault_rip = rip;
    if (fault < PART_FAULTS) {
        const struct crash_fault record = { fault, (uint32_t)action, health->restarts, detail, tsc };
        health->faults[fault]++;
        crash_vm(id, &record);
    }
    log_fault(v, fault, action, detail, rip);
    begin_end(v, action);
}

/* Whoever wants it stopped comes first: a restart may take longer than the machine waits before it goes off. */
static void keep(vm_id_t v)
{
    if ((life[v].phase == LIFE_RUNS) && any_lost(v)) {
        log_lost_core(v);
    }
    if ((life[v].phase == LIFE_RUNS) && (life[v].asked || any_lost(v))) {
        begin_end(v, FAULT_SAFE_STATE);
    }
    for (uint32_t i = 0U; (i < vms[v].vcpu_count) && (life[v].phase == LIFE_RUNS); i++) {
        const struct departure *d = &departure[vcpu_id(v, i)];
        if (d->fault != 0U) {
            take_fault(v, d->fault - 1U, d->detail, vcpu_id(v, i), d->tsc);
        }
    }
    if ((life[v].phase == LIFE_RUNS) && life[v].missed) {
        life[v].missed = false;
        if (life[v].missed_start == vms[v].start_tsc) { /* else of a life that is over */
            take_fault(v, PART_FAULT_HEARTBEAT, life[v].counter, vcpu_id(v, 0U), hw_tsc());
        }
    }
}

static void leave(vcpu_id_t id)
{
    struct departure *d = &departure[id];
    vcpus[id].state = VCPU_OFF;
    d->stuck = !hw_lapic_drain();
    d->left = true;
    if (vcpu_index(id) != keeper(vcpu_vm(id))) {
        hw_kick(keeper_core(vcpu_vm(id)));
    }
}

static bool all_left(vm_id_t v)
{
    bool left = true;
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        left = left && (departure[vcpu_id(v, i)].left || departure[vcpu_id(v, i)].lost);
    }
    return left;
}

/* All vCPUs are out, so nobody sends this VM's messages any more: what still comes is from before. */
static const char *reload(vm_id_t v)
{
    const char *reason;
    vpci_given_reset(v);
    reason = hw_lapic_drain() ? "" : "its local APIC is not empty";
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        if (departure[vcpu_id(v, i)].stuck) {
            reason = "its local APIC is not empty";
        }
    }
    if (reason[0] == '\0') {
        exclusive_forget(v);
        ivshmem_reset(v);
        vuart_reset(v);
        reason = vm_reload(v);
    }
    return reason;
}

/* REQ-LIF-030 */
static void restart(vm_id_t v)
{
    const char *reason = reload(v);
    if (reason[0] == '\0') {
        vm_health[v].restarts++;
        life[v].missed = false;
        life[v].phase = LIFE_RUNS;
        for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
            departure[vcpu_id(v, i)].fault = 0U;
            departure[vcpu_id(v, i)].leave = false; /* before left: see exclusive_may_run() */
            departure[vcpu_id(v, i)].left = false;
            hw_kick(vcpus[vcpu_id(v, i)].pcpu);
        }
    } else {
        log_begin("vm");
        log_chars(vms[v].name, sizeof(vms[0].name));
        log_text(": cannot restart: ");
        log_text(reason);
        log_end();
        wake_log_writer();
        life[v].action = FAULT_SAFE_STATE;
    }
}

/* Each keeper that ends tells the others, so that the last one cannot be missed. */
/* REQ-LIF-036 */
static void halt_when_all_have_ended(void)
{
    bool ended = life_halt;
    for (vm_id_t v = 1U; v < PART_MAX_VM; v++) {
        bool runs = vms[v].exclusive && (vms[v].state == VM_RUNNING);
        ended = ended && !runs;
    }
    if (ended && !hw_halt()) {
        safe_state_apply_shared();
    }
}

static void end(vm_id_t v)
{
    if (life[v].action == FAULT_HALT) {
        life_halt = true;
    }
    if (life[v].action != FAULT_STOP) {
        safe_state_apply(v);
    }
    vpci_masters_off(v); /* once more: its cores ran until they had left */
    vuart_reset(v);
    vms[v].state = VM_STOPPED;
    life[v].phase = LIFE_OVER;
    for (vm_id_t w = 1U; (w < PART_MAX_VM) && life_halt; w++) {
        if ((w != v) && vms[w].exclusive) {
            exclusive_stop(w); /* or, if it has ended, a call to look again */
        }
    }
}

/* Another core of the VM takes over, as its keeper if need be. The last one ends the VM itself: nobody else would apply the safe state, and a
 * halt would wait for it. again: this core was lost a second time while it did so. */
static void lose(vcpu_id_t id)
{
    vm_id_t v = vcpu_vm(id);
    bool again = departure[id].lost;
    departure[id].lost = true;
    vcpus[id].state = VCPU_OFF;
    hw_kick(keeper_core(v)); /* begins with a locked store: of two cores that are lost at the same time, at least one sees the other below */
    if ((keeper(v) == vms[v].vcpu_count) && (life[v].phase != LIFE_OVER)) {
        if (again) {
            life[v].action = FAULT_STOP;
        } else if ((life[v].phase == LIFE_RUNS) || (life[v].action == FAULT_RESTART)) {
            life[v].action = FAULT_SAFE_STATE;
        } else {
            /* as was decided */
        }
        end(v);
        halt_when_all_have_ended();
    }
}

/* REQ-LIF-047 */
void exclusive_lost(void)
{
    pcpu_id_t self = hw_pcpu();
    for (vcpu_id_t id = MAX_VCPU_PER_VM; id < (PART_MAX_VM * MAX_VCPU_PER_VM); id++) {
        const struct vm *vm = &vms[vcpu_vm(id)];
        if (vm->exclusive && (vcpu_index(id) < vm->vcpu_count) && (vcpus[id].pcpu == self)) {
            lose(id);
        }
    }
}

void exclusive_log_restart(vm_id_t v)
{
    uint64_t hz = hw_tsc_hz() / 1000000U;
    uint64_t ticks = hw_tsc() - vm_health[v].last_fault_tsc;
    log_begin("vm");
    log_chars(vms[v].name, sizeof(vms[0].name));
    log_text(": restart ");
    log_dec(vm_health[v].restarts);
    log_text(" of ");
    log_dec(partition.table.vm[v].restart_limit);
    log_text(", ");
    log_dec((hz == 0U) ? 0U : (ticks / hz));
    log_text(" us after its fault");
    log_end();
    wake_log_writer();
}

/* The keeper's first entry after a restart goes by way of its run loop, which loads the new state. */
bool exclusive_may_run(vcpu_id_t id)
{
    vm_id_t v = vcpu_vm(id);
    bool is_keeper = vcpu_index(id) == keeper(v);
    bool left;
    bool may;
    if (is_keeper) {
        keep(v);
    }
    /* left before leave: a core that is held up here while its VM begins a new life must not see a mixture and leave that, too. */
    left = departure[id].left;
    may = !departure[id].leave;
    if (!may && !left) {
        leave(id);
    }
    if (is_keeper && (life[v].phase == LIFE_ENDS) && all_left(v)) {
        if ((life[v].action == FAULT_RESTART) && (life[v].asked || any_lost(v))) {
            life[v].action = FAULT_SAFE_STATE;
        } else if (life[v].action == FAULT_RESTART) {
            restart(v);
        } else {
            /* it ends for good */
        }
        if (life[v].phase == LIFE_ENDS) {
            end(v);
        }
    }
    if (is_keeper && (life[v].phase == LIFE_OVER) && life_halt) {
        halt_when_all_have_ended();
    }
    return may;
}
