/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/exclusive.c core/exclusive_life.c devices/ivshmem.c devices/ivshmem_config.c devices/ivshmem_doorbell.c devices/ivshmem_user.c core/crash.c core/fault_policy.c core/safe_state.c core/exclusive_lapic.c core/exclusive_pci.c core/irq_exclusive.c core/power_port.c core/quick.c core/cpuid.c core/instruction.c core/io.c core/msr.c core/kvmclock.c
   core/guest_walk.c core/guest_locate.c core/decode.c core/mmio.c core/dispatch.c core/irq.c core/sched.c core/vm.c core/iommu.c core/iommu_fault.c core/iommu_irq.c core/insn_apply.c core/ioreq.c core/request_wait.c
   core/hypercall.c core/hypercall_device.c core/hypercall_vdev.c core/hypercall_copy.c core/hypercall_memory.c core/hypercall_vm.c core/vm_user.c core/stats.c core/trace.c
   devices/vpic.c devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c devices/vlapic_timer.c devices/vlapic_ipi.c
   devices/vlapic_quick.c devices/vlapic_pv_eoi.c devices/vlapic_lend.c
   devices/vuart.c devices/vuart_line.c
   devices/vioapic.c devices/platform.c devices/vpci.c devices/vpci_header.c devices/vpci_hv.c devices/vpci_msi.c
   devices/vpci_msix.c devices/vpci_scan.c devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_message.c devices/vpci_lent.c devices/vpci_lent_config.c devices/vpci_lent_line.c devices/mmio_lent.c devices/vpci_lent_map.c devices/vpci_lent_reset.c devices/vpci_group.c devices/vpci_sriov.c devices/vpci_sriov_boot.c devices/vpci_stop.c */
/* eva-stubs: wp log power string */
/* eva-options: -eva-split-return-function vm_create_user:0,hypercall_errno:0 */
/* Exclusive cores: any exit, what comes next, and what other cores may ask of them. Exits that are answered at once, of any vCPU. */
#include "abi/partition_table.h"
#include "core/dispatch.h"
#include "core/exclusive.h"
#include "core/exclusive_life.h"
#include "core/exclusive_lapic.h"
#include "core/quick.h"
#include "proofs/eva/eva.h"

int main(void)
{
    struct vm_exit exit = any_exit();
    assume_all();
    /*@ split exit.reason; */
    exit.number = (exit.reason == HV_EXIT_EXCEPTION) ? (exit.number & 31U) : exit.number;
    switch (any_below(14U)) {
    case 0U: (void)core_exclusive_exit(any_below(PART_MAX_VM * MAX_VCPU_PER_VM), &exit); break;
    case 1U: (void)core_exclusive_next(any_below(PART_MAX_VM * MAX_VCPU_PER_VM)); break;
    case 2U: exclusive_stop(any_below(PART_MAX_VM)); break;
    case 3U: (void)exclusive_stopped(any_below(PART_MAX_VM)); break;
    case 4U: exclusive_send_sipi(any_below(MAX_VCPU), (uint32_t)any); break;
    case 5U: cpuid_emulate(any_below(MAX_VCPU)); break;
    case 6U: (void)core_quick_hypercall(any_below(MAX_VCPU), any_below(4U)); break;
    case 7U: (void)core_quick_msr_read(any_below(MAX_VCPU)); break;
    case 8U: (void)core_quick_msr_write(any_below(MAX_VCPU)); break;
    case 9U: (void)core_quick_port(any_below(MAX_VCPU), any_below(0x10000U), any_below(8U), any_below(2U) == 0U); break;
    case 10U: exclusive_missed_heartbeat(any_below(PART_MAX_VM), any, any); break;
    case 11U: exclusive_life_init(); break;
    case 12U: exclusive_lost(); break;
    default: exclusive_lapic_reset(any_below(MAX_VCPU)); break;
    }
    check_all();
    return 0;
}
