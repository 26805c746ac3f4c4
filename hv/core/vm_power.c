/* SPDX-License-Identifier: Apache-2.0 */
/* Who may switch the machine off: the Service VM, unless a running pre-launched VM forbids it. */
#include "core/exclusive.h"
#include "core/hw.h"
#include "core/irq.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/stats.h"
#include "core/vm.h"
#include "devices/vpci.h"

#define STOPS_PER_SECOND 10U /* an exclusive VM has 100 ms to leave the guest */

static void stop_vcpus(vm_id_t v)
{
    for (uint32_t i = 0U; i < vm[v].vcpu_count; i++) {
        vcpu_stop(vcpu_id(v, i));
    }
}

/* The User VMs go with the Service VM that they are made of. */
static void stop_service_group(void)
{
    for (vm_id_t v = VM_FIRST_USER; v < MAX_VM; v++) {
        if (vm[v].state != VM_FREE) {
            stats_log_summary(v);
            (void)vm_pause(v);
            (void)vm_destroy(v);
        }
    }
    stop_vcpus(VM_SERVICE);
    vm[VM_SERVICE].state = VM_STOPPED;
    /* Its devices do not outlive it: no DMA, no interrupts while the machine stays on. */
    vpci_reset(VM_SERVICE);
    irq_vm_reset(VM_SERVICE);
}

/* The running pre-launched VM that keeps the machine on, or ID_NONE. */
static vm_id_t forbidding_vm(void)
{
    vm_id_t found = ID_NONE;
    for (vm_id_t v = 1U; v < VM_FIRST_USER; v++) {
        bool forbids = (partition.table.vm[v].flags & PART_VM_FORBID_POWEROFF) != 0U;
        if ((vm[v].state == VM_RUNNING) && forbids && (found == ID_NONE)) {
            found = v;
        }
    }
    return found;
}

static void stop_prelaunched(void)
{
    uint64_t until = hw_tsc() + (hw_tsc_hz() / STOPS_PER_SECOND);
    for (vm_id_t v = 1U; v < VM_FIRST_USER; v++) {
        if ((vm[v].state == VM_RUNNING) && vm[v].exclusive) {
            exclusive_stop(v);
        } else if (vm[v].state == VM_RUNNING) {
            stop_vcpus(v);
        } else {
            /* does not run */
        }
    }
    for (vm_id_t v = 1U; v < VM_FIRST_USER; v++) {
        if ((vm[v].state == VM_RUNNING) && vm[v].exclusive) {
            while (!exclusive_stopped(v) && (hw_tsc() < until)) {
                hw_relax();
            }
        }
    }
}

static void log_summaries(void)
{
    for (vm_id_t v = 0U; v < VM_FIRST_USER; v++) {
        if (vm[v].state != VM_FREE) {
            stats_log_summary(v);
        }
    }
    stats_publish();
}

/* False: the machine stays on. */
static bool machine_may_stop(const char *what)
{
    vm_id_t keeper;
    stop_service_group();
    keeper = forbidding_vm();
    log_begin("power");
    log_text("Service VM asked for ");
    log_text(what);
    if (keeper == ID_NONE) {
        log_text(": the machine follows");
    } else {
        log_text(": the machine stays on for ");
        log_chars(vm[keeper].name, sizeof(vm[keeper].name));
    }
    log_end();
    log_drain();
    return keeper == ID_NONE;
}

void vm_service_off(uint16_t pm1_value)
{
    if (machine_may_stop("soft-off")) {
        stop_prelaunched();
        log_summaries();
        log_line("power", "off");
        log_drain();
        hw_poweroff(pm1_value);
    }
    log_summaries();
}

void vm_service_reset(void)
{
    if (machine_may_stop("a reset")) {
        stop_prelaunched();
        log_summaries();
        log_line("power", "reset");
        log_drain();
        hw_reset();
    }
    log_summaries();
}
