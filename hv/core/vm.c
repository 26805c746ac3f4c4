/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of VMs and vCPUs, and what other modules do to one of them.
 * Lock: all of this runs under the shared-side lock, or at single-core boot.
 */
#include "core/vm.h"
#include "core/cpuid.h"
#include "core/hw.h"
#include "core/iommu.h"
#include "core/sched.h"
#include "core/stage2.h"
#include "core/vcpu_hw.h"
#include "devices/vlapic.h"

#define RFLAGS_IF       0x200U
#define LOG_LINES_BURST 8U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];

static uint64_t vm_log_second[MAX_VM];
static uint32_t vm_log_lines[MAX_VM];

/* A core that we kick leaves the guest and then waits for the lock that we hold: it cannot come
 * back before we are done, so the wait ends. A core inside the hypervisor is not waited for. */
static void leave_guest(pcpu_id_t pcpu)
{
    if ((pcpu != hw_pcpu()) && hw_pcpu_in_guest(pcpu)) {
        hw_kick(pcpu);
        while (hw_pcpu_in_guest(pcpu)) {
            hw_relax();
        }
    }
}

/* A word that a vCPU was offered for its EOI is settled while it is still where it was: later the guest might find it as it never left it. */
/* REQ-INT-031 REQ-ISO-012 */
void vm_shootdown(vm_id_t v)
{
    vms[v].generation++;
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        leave_guest(vcpus[vcpu_id(v, i)].pcpu);
        vlapic_eoi_settle(vcpu_id(v, i));
    }
    iommu_flush_vm(v);
}

/* REQ-LIF-014 */
bool vm_may_log(vm_id_t v)
{
    uint64_t hz = hw_tsc_hz();
    uint64_t second = (hz != 0U) ? (hw_tsc() / hz) : 0U;
    if (vm_log_second[v] != second) {
        vm_log_second[v] = second;
        vm_log_lines[v] = 0U;
    }
    vm_log_lines[v]++;
    return vm_log_lines[v] <= LOG_LINES_BURST;
}

bool vcpu_has_event(vcpu_id_t id)
{
    bool interrupts = (vcpu_regs[id].rflags & RFLAGS_IF) != 0U;
    return vcpus[id].nmi_pending || (interrupts && (vlapic_pending(id) != VECTOR_NONE));
}

void vcpu_notify(vcpu_id_t id)
{
    bool halted = (vcpus[id].state == VCPU_HALTED) || (vcpus[id].state == VCPU_WAIT_REQUEST);
    if (halted && vcpu_has_event(id)) {
        sched_wake(id);
    }
    if ((vcpus[id].state == VCPU_RUNNABLE) && (vcpus[id].pcpu != hw_pcpu())) {
        hw_kick(vcpus[id].pcpu);
    }
}

void vcpu_stop(vcpu_id_t id)
{
    leave_guest(vcpus[id].pcpu);
    vcpus[id].epoch++;
    vcpus[id].state = VCPU_OFF;
    vcpus[id].nmi_pending = false;
    vcpus[id].init_latched = false;
}

void vcpu_power_on(vcpu_id_t id)
{
    vm_id_t v = vcpu_vm(id);
    hw_vcpu_init(id, vms[v].exclusive);
    hw_vcpu_set_stage2(id, stage2_root(v), v + 1U);
    hw_vcpu_flush(id);
    if (vcpu_index(id) == 0U) {
        cpuid_prepare(v);
    }
    if (!vms[v].exclusive) {
        vlapic_reset(id);
    }
    vcpus[id].nmi_pending = false;
    vcpus[id].init_latched = false;
    vcpus[id].sipi_wait = (vcpu_index(id) != 0U);
    vcpus[id].state = vcpus[id].sipi_wait ? VCPU_OFF : VCPU_RUNNABLE;
}

/* vCPU 0 plays the boot processor: after INIT it would start at the reset vector, where no
 * firmware is. Nobody sends it INIT but a guest that means to crash itself, so it stays. */
/* REQ-LIF-015 */
void vcpu_receive_init(vcpu_id_t id)
{
    if ((vcpu_index(id) != 0U) && (vcpus[id].state == VCPU_WAIT_IO)) {
        vcpus[id].init_latched = true;
    } else if (vcpu_index(id) != 0U) {
        vcpu_stop(id);
        hw_vcpu_init(id, false);
        hw_vcpu_set_stage2(id, stage2_root(vcpu_vm(id)), vcpu_vm(id) + 1U);
        vlapic_init(id);
        vcpus[id].sipi_wait = true;
    } else {
        /* not acted upon */
    }
}

/* Intel SDM 3, 9.4.4: SIPI starts in real mode at vector << 12, and counts only after INIT. */
/* REQ-LIF-015 */
void vcpu_receive_sipi(vcpu_id_t id, uint32_t vector)
{
    if (vcpus[id].sipi_wait && (vcpus[id].state == VCPU_OFF)) {
        struct segment cs = { (uint16_t)((vector & 0xFFU) << 8), 0x9BU, 0xFFFFU,
                              ((uint64_t)vector & 0xFFU) << 12 };
        hw_vcpu_set_segment(id, SEG_CS, cs);
        vcpu_regs[id].rip = 0U;
        vcpus[id].sipi_wait = false;
        sched_wake(id);
        vcpu_notify(id);
    }
}

void vcpu_receive_nmi(vcpu_id_t id)
{
    vcpus[id].nmi_pending = true;
    vcpu_notify(id);
}
