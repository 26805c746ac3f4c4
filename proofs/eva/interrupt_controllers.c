/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c devices/vlapic_timer.c
   devices/vlapic_ipi.c devices/vioapic.c devices/vpic.c */
/* Any sequence of calls with any arguments, from reset. Assumed: ids are in range, vcpu_count is
 * at most MAX_VCPU_PER_VM. The TSC and its rate are anything. */
#include "core/hw.h"
#include "core/irq.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vpic.h"

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static volatile uint64_t any;

uint64_t hw_tsc(void) { return any; }
uint64_t hw_tsc_hz(void) { return any; }
void vcpu_notify(vcpu_id_t id) { (void)id; }
void vcpu_receive_init(vcpu_id_t id) { vlapic_init(id); }
void vcpu_receive_nmi(vcpu_id_t id) { (void)id; }
void vcpu_receive_sipi(vcpu_id_t id, uint32_t vector) { (void)id; (void)vector; }
void irq_pin_update(vm_id_t v, uint32_t pin, bool masked, bool level, bool active_low, vcpu_id_t target)
{
    (void)masked; (void)active_low; (void)target;
    if (!level) {
        vioapic_set_line(v, pin, false);
    }
}
void irq_pin_eoi(vm_id_t v, uint32_t pin) { vioapic_set_line(v, pin, false); }

static void local_apic(vcpu_id_t id)
{
    uint64_t value;
    uint32_t reg;

    switch (any) {
    case 0U: (void)vlapic_msr_read(id, (uint32_t)any, &value); break;
    case 1U: (void)vlapic_msr_write(id, (uint32_t)any, any); break;
    case 2U: (void)vlapic_mmio_read(id, (uint32_t)any, &reg); break;
    case 3U: (void)vlapic_mmio_write(id, (uint32_t)any, (uint32_t)any); break;
    case 4U: vlapic_set_cr8(id, (uint32_t)any); break;
    case 5U: (void)vlapic_cr8(id); break;
    case 6U: vlapic_accepted(id, vlapic_pending(id)); break;
    case 7U: vlapic_advance(id, any); break;
    case 8U: (void)vlapic_deadline(id); break;
    case 9U: vlapic_post(id, (uint32_t)any, any != 0U); break;
    case 10U: vlapic_init(id); break;
    default: vlapic_reset(id); break;
    }
}

static void others(vm_id_t v)
{
    switch (any) {
    case 0U: vlapic_deliver(v, (uint32_t)any, any != 0U, (uint32_t)any, (uint32_t)any, any != 0U); break;
    case 1U: vlapic_deliver_msi(v, any, (uint32_t)any); break;
    case 2U: (void)vlapic_target(v, (uint32_t)any, any != 0U); break;
    case 3U: (void)vioapic_mmio_read(v, (uint32_t)any); break;
    case 4U: vioapic_mmio_write(v, (uint32_t)any, (uint32_t)any); break;
    case 5U: vioapic_set_line(v, (uint32_t)any, any != 0U); break;
    case 6U: vioapic_eoi(v, (uint32_t)any); break;
    case 7U: (void)vpic_port_read(v, (uint16_t)any); break;
    case 8U: vpic_port_write(v, (uint16_t)any, (uint32_t)any); break;
    case 9U: vpic_set_line(v, (uint32_t)any, any != 0U); break;
    case 10U: (void)vpic_acknowledge(v); break;
    case 11U: vpic_reset(v); break;
    default: vioapic_reset(v); break;
    }
}

int main(void)
{
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        uint32_t count = (uint32_t)any;
        vms[v].vcpu_count = (count <= MAX_VCPU_PER_VM) ? count : MAX_VCPU_PER_VM;
        vpic_reset(v);
        vioapic_reset(v);
    }
    for (uint32_t id = 0U; id < MAX_VCPU; id++) {
        vcpus[id].state = (any != 0U) ? VCPU_OFF : VCPU_RUNNABLE;
        vlapic_reset(id);
    }
    while (any != 0U) {
        uint32_t id = (uint32_t)any;
        uint32_t v = (uint32_t)any;
        if (id < MAX_VCPU) {
            local_apic(id);
        }
        if (v < MAX_VM) {
            others(v);
        }
    }
    return 0;
}
