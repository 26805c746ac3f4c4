/* SPDX-License-Identifier: Apache-2.0 */
/* Who may switch the machine off: the Service VM, unless a running pre-launched VM forbids it.
 * Its reset is its own while others run.
 *
 * Functions that it has lent finish what they have begun and are reset first, which takes up to 220 ms: core_next() looks at them
 * each 10 ms (vm_service_ends), and the lock is free in between. The whole group stands still meanwhile: the Service VM's vCPUs
 * are off, so nobody makes hypercalls, ends it again or starts a VM; its User VMs are paused; its devices are no bus masters, what
 * they still send waits for a vCPU that is off, and what was lent reaches nothing. Its memory and all records stay what they are until the last step,
 * which looks anew at all that others may have changed: who runs, and who forbids the machine to go off. */
#include "core/exclusive_life.h"
#include "core/hw.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/safe_state.h"
#include "core/stats.h"
#include "core/vm.h"
#include "devices/mmio_lent.h"
#include "devices/vpci.h"
#include "devices/vpci_lent.h"
#include "devices/vuart.h"

#define SERVICE_LIFE_S   10U /* a Service VM that fails sooner would only fail again */
#define STOPS_PER_SECOND 10U /* an exclusive VM has 100 ms to leave the guest */
#define LOOKS_PER_SECOND 100U

bool vm_service_ends;
static bool machine_goes_off; /* it asked for that, not for a reset */
static uint16_t off_value;

static void stop_vcpus(vm_id_t v)
{
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        vcpu_stop(vcpu_id(v, i));
    }
}

static void end_begin(bool off)
{
    machine_goes_off = off;
    vm_service_ends = true;
    stop_vcpus(VM_SERVICE);
    vms[VM_SERVICE].state = VM_STOPPED;
    vpci_masters_off(VM_SERVICE);
    (void)vm_service_end(hw_tsc());
}

/* The User VMs go with the Service VM that they are made of. True: all are gone. What stands or returns already does so. */
/* REQ-LIF-008 REQ-LIF-081 REQ-LIF-082 */
static bool users_gone(void)
{
    bool gone = true;
    for (vm_id_t v = VM_FIRST_USER; v < MAX_VM; v++) {
        if (vms[v].state != VM_FREE) {
            (void)vm_pause(v);
            mmio_lent_return_all(v);
            vpci_lent_return_all(v);
            if (vpci_lent_settled(v)) {
                stats_log_summary(v);
                (void)vm_destroy(v);
            } else {
                gone = false;
            }
        }
    }
    return gone;
}

/* The running pre-launched VM that keeps the machine on, or ID_NONE. */
/* REQ-LIF-007 */
static vm_id_t forbidding_vm(void)
{
    vm_id_t found = ID_NONE;
    for (vm_id_t v = 1U; v < VM_FIRST_USER; v++) {
        bool forbids = (partition.table.vm[v].flags & PART_VM_FORBID_POWEROFF) != 0U;
        if ((vms[v].state == VM_RUNNING) && forbids && (found == ID_NONE)) {
            found = v;
        }
    }
    return found;
}

/* REQ-LIF-013 */
static void stop_prelaunched(void)
{
    uint64_t until = hw_tsc() + (hw_tsc_hz() / STOPS_PER_SECOND);
    for (vm_id_t v = 1U; v < VM_FIRST_USER; v++) {
        if ((vms[v].state == VM_RUNNING) && vms[v].exclusive) {
            exclusive_stop(v);
        } else if (vms[v].state == VM_RUNNING) {
            stop_vcpus(v);
            safe_state_apply(v);
        } else {
            /* does not run */
        }
    }
    for (vm_id_t v = 1U; v < VM_FIRST_USER; v++) {
        if ((vms[v].state == VM_RUNNING) && vms[v].exclusive) {
            while (!exclusive_stopped(v) && (hw_tsc() < until)) {
                hw_relax();
            }
        }
    }
}

static void log_summaries(void)
{
    for (vm_id_t v = 0U; v < VM_FIRST_USER; v++) {
        if (vms[v].state != VM_FREE) {
            stats_log_summary(v);
        }
    }
    stats_publish();
}

static bool prelaunched_runs(void)
{
    bool runs = false;
    for (vm_id_t v = 1U; v < VM_FIRST_USER; v++) {
        runs = runs || (vms[v].state == VM_RUNNING);
    }
    return runs;
}

/* REQ-LIF-007 */
static void end_off(void)
{
    vm_id_t keeper = forbidding_vm();
    log_begin("power");
    log_text("Service VM asked for soft-off: the machine ");
    if (keeper < MAX_VM) {
        log_text("stays on for ");
        log_chars(vms[keeper].name, sizeof(vms[keeper].name));
    } else {
        log_text("follows");
    }
    log_end();
    if (keeper == ID_NONE) {
        stop_prelaunched();
        log_summaries();
        log_line("power", "off");
        log_flush();
        hw_poweroff(off_value);
    }
    log_summaries();
}

/* REQ-LIF-006 */
static void restart_service(void)
{
    uint64_t lived = hw_tsc() - vms[VM_SERVICE].start_tsc;
    stats_log_summary(VM_SERVICE);
    if (lived < (hw_tsc_hz() * SERVICE_LIFE_S)) {
        log_line("power", "Service VM resets soon after its start: it stays off, the others run on");
    } else {
        log_line("power", "Service VM restarts, the others run on");
        (void)vm_boot_service();
    }
    stats_publish();
}

/* REQ-LIF-005 */
static void end_reset(void)
{
    if (prelaunched_runs()) {
        restart_service();
    } else {
        log_line("power", "Service VM asked for a reset: the machine follows");
        log_summaries();
        log_line("power", "reset");
        log_flush();
        hw_reset();
    }
}

uint64_t vm_service_end(uint64_t now)
{
    uint64_t due = now + (hw_tsc_hz() / LOOKS_PER_SECOND);
    if (users_gone()) {
        due = TIME_NEVER;
        vm_service_ends = false;
        /* Its devices do not outlive it: no DMA, no interrupts while the machine stays on. */
        vpci_reset();
        vuart_reset(VM_SERVICE);
        irq_vm_reset(VM_SERVICE);
        if (machine_goes_off) {
            end_off();
        } else {
            end_reset();
        }
    }
    return due;
}

void vm_service_off(uint16_t pm1_value)
{
    off_value = pm1_value;
    end_begin(true);
}

void vm_service_reset(void)
{
    end_begin(false);
}
