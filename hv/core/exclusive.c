/* SPDX-License-Identifier: Apache-2.0 */
#include "core/exclusive.h"
#include "abi/partition_table.h"
#include "core/cpuid.h"
#include "core/dispatch.h"
#include "core/emulate.h"
#include "core/exclusive_lapic.h"
#include "core/exclusive_life.h"
#include "core/exclusive_pci.h"
#include "core/fault_policy.h"
#include "core/hypercall.h"
#include "core/hw.h"
#include "core/instruction.h"
#include "core/io.h"
#include "core/msr.h"
#include "core/power_port.h"
#include "core/stage2.h"
#include "core/trace.h"
#include "core/vm.h"
#include "core/vm_health.h"
#include "devices/vuart.h"

static volatile bool exclusive_nmi[MAX_VCPU];
static volatile bool exclusive_init[MAX_VCPU];
static volatile bool exclusive_sipi[MAX_VCPU];
static volatile uint8_t exclusive_sipi_vector[MAX_VCPU];

static void kick(vcpu_id_t id)
{
    if (vcpus[id].pcpu != hw_pcpu()) {
        hw_kick(vcpus[id].pcpu);
    }
}

void exclusive_send_nmi(vcpu_id_t id)
{
    exclusive_nmi[id] = true;
    kick(id);
}

void exclusive_send_init(vcpu_id_t id)
{
    exclusive_init[id] = true;
    kick(id);
}

void exclusive_send_sipi(vcpu_id_t id, uint32_t vector)
{
    exclusive_sipi_vector[id] = (uint8_t)vector;
    exclusive_sipi[id] = true;
    kick(id);
}

void exclusive_forget(vm_id_t v)
{
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        exclusive_nmi[vcpu_id(v, i)] = false;
        exclusive_init[vcpu_id(v, i)] = false;
        exclusive_sipi[vcpu_id(v, i)] = false;
    }
}

/* The boot vCPU ignores INIT, as vcpu_receive_init() explains. The local APIC is as after a reset (Intel SDM 3, 11.4.7.3): a handler
 * that was cut off would else hold back the hypervisor's own wake-up vector for ever, and with it the start-up message. */
static void take_init(vcpu_id_t id)
{
    exclusive_init[id] = false;
    if (vcpu_index(id) != 0U) {
        (void)hw_lapic_drain();
        exclusive_lapic_reset(id);
        hw_vcpu_init(id, true);
        hw_vcpu_set_stage2(id, stage2_root(vcpu_vm(id)), vcpu_vm(id) + 1U);
        vcpus[id].state = VCPU_OFF;
        vcpus[id].sipi_wait = true;
    }
}

/* What arrived for a vCPU that was not up goes nowhere, as on a processor, whose local APIC is disabled from INIT on (Intel SDM 3, 11.4.7.3). */
/* REQ-LIF-015 */
static void take_sipi(vcpu_id_t id)
{
    uint32_t vector;
    exclusive_sipi[id] = false;
    vector = exclusive_sipi_vector[id];
    if (vcpus[id].sipi_wait) {
        struct segment cs = { (uint16_t)(vector << 8), 0x9BU, 0xFFFFU, (uint64_t)vector << 12 };
        (void)hw_lapic_drain();
        hw_vcpu_set_segment(id, SEG_CS, cs);
        vcpu_regs[id].rip = 0U;
        vcpus[id].sipi_wait = false;
        vcpus[id].state = VCPU_RUNNABLE;
    }
}

/* REQ-RT-008 */
static void take_messages(vcpu_id_t id)
{
    if (exclusive_init[id]) {
        take_init(id);
    }
    if (exclusive_sipi[id]) {
        take_sipi(id);
    }
    if (exclusive_nmi[id] && (vcpus[id].state == VCPU_RUNNABLE)) {
        bool now = hw_vcpu_can_accept_nmi(id);
        if (now) {
            exclusive_nmi[id] = false;
            hw_vcpu_inject_nmi(id);
            trace_now(HV_TRACE_INTERRUPT, id, HV_TRACE_NMI, 0U);
        }
        hw_vcpu_request_window(id, !now); /* nothing else makes this vCPU exit */
    }
}

static void note_start(vm_id_t v)
{
    if (vms[v].start_tsc == 0U) {
        if (vm_health[v].restarts != 0U) {
            exclusive_log_restart(v);
        }
        vms[v].start_tsc = hw_tsc();
    }
}

enum run_action core_exclusive_next(vcpu_id_t id)
{
    enum run_action action = RUN_STOP;
    if (exclusive_may_run(id)) {
        action = RUN_IDLE; /* waits for SIPI */
        take_messages(id);
        if (vcpus[id].state == VCPU_RUNNABLE) {
            note_start(vcpu_vm(id));
            action = RUN_VCPU;
        }
    }
    return action;
}

/* One end of a line to another VM. */
static bool uart(vcpu_id_t id, const struct vm_exit *exit)
{
    uint32_t value = (uint32_t)vcpu_regs[id].gpr[GPR_RAX];
    bool mine = !exit->string && vuart_port(vcpu_vm(id), exit, &value);
    if (mine) {
        if (!exit->write) {
            emulate_port_read(id, exit->size, value);
        }
        emulate_skip(id, exit->length);
    }
    return mine;
}

/* REQ-LIF-040 */
static void port(vcpu_id_t id, const struct vm_exit *exit)
{
    enum power_request request = power_port_request(exit, vcpu_regs[id].gpr[GPR_RAX]);
    if (request == POWER_OFF) {
        exclusive_fault(id, FAULT_POWER_OFF, 0U);
    } else if (request == POWER_RESET) {
        exclusive_fault(id, FAULT_RESET, 0U);
    } else if (!exclusive_pci_port(id, exit) && !uart(id, exit)) {
        io_closed(id, exit);
    } else {
        /* its own PCI bus, or its own end of a line */
    }
}

/* REQ-ISO-020 REQ-HYP-001 REQ-IO-009 REQ-LIF-011 */
static void exit_exclusive(vcpu_id_t id, const struct vm_exit *exit)
{
    switch (exit->reason) {
    case HV_EXIT_CPUID:
        cpuid_emulate(id);
        emulate_skip(id, exit->length);
        break;
    case HV_EXIT_IO:
        port(id, exit);
        break;
    case HV_EXIT_MSR_READ:
    case HV_EXIT_MSR_WRITE:
        msr_exit(id, exit);
        break;
    case HV_EXIT_HYPERCALL:
        vcpu_regs[id].gpr[GPR_RAX] = HYPERCALL_REFUSED;
        emulate_skip(id, exit->length);
        break;
    case HV_EXIT_XSETBV:
        instruction_xsetbv(id, exit->length);
        break;
    case HV_EXIT_WBINVD:
    case HV_EXIT_HLT:
        emulate_skip(id, exit->length);
        break;
    case HV_EXIT_MMIO:
        if (!exclusive_pci_memory(id, exit)) {
            exclusive_fault(id, PART_FAULT_STAGE2, exit->gpa);
        }
        break;
    case HV_EXIT_SHUTDOWN:
        exclusive_fault(id, PART_FAULT_SHUTDOWN, 0U);
        break;
    case HV_EXIT_EXCEPTION:
        if (exit->number == EXCEPTION_MC) {
            exclusive_fault(id, PART_FAULT_MACHINE_CHECK, hw_machine_check());
        } else {
            instruction_exception(id, exit);
        }
        break;
    case HV_EXIT_INTERRUPT:
    case HV_EXIT_NMI:
    case HV_EXIT_WINDOW:
        break;
    case HV_EXIT_CR:
    case HV_EXIT_OTHER:
    case HV_EXIT_REASONS:
    default:
        emulate_ud(id);
        break;
    }
}

/* REQ-RT-006 */
enum run_action core_exclusive_exit(vcpu_id_t id, const struct vm_exit *exit)
{
    exit_exclusive(id, exit);
    return core_exclusive_next(id);
}
