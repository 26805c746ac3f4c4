/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/irq.c core/kvmclock.c core/io.c core/vm.c core/iommu.c core/iommu_fault.c core/iommu_irq.c core/sched.c core/stats.c core/trace.c devices/platform.c devices/vpci.c core/irq_exclusive.c
   devices/vpci_bars.c devices/vpci_bridge.c devices/vpci_given.c devices/vpci_given_bus.c devices/vpci_message.c devices/vpci_lent.c devices/vpci_lent_config.c devices/vpci_lent_line.c devices/vpci_lent_map.c devices/vpci_lent_reset.c devices/vpci_group.c devices/vpci_header.c devices/vpci_hv.c devices/vpci_msi.c devices/vpci_msix.c devices/vpci_scan.c devices/vpci_sriov.c devices/vpci_sriov_boot.c devices/vpci_stop.c devices/ivshmem.c devices/ivshmem_config.c devices/ivshmem_doorbell.c devices/ivshmem_user.c devices/vpic.c devices/vioapic.c
   devices/vuart.c devices/vuart_line.c
   devices/vlapic.c devices/vlapic_regs.c devices/vlapic_access.c devices/vlapic_timer.c devices/vlapic_ipi.c */
/* eva-stubs: wp log power string */
/* Boot and reset of interrupt routes, clock, statistics, the IOMMU and virtual PCI, from any state. */
#include "abi/partition_table.h"
#include "core/io.h"
#include "core/iommu.h"
#include "core/irq.h"
#include "core/kvmclock.h"
#include "core/stats.h"
#include "devices/vpci.h"
#include "devices/vpci_function.h"
#include "devices/vpci_given.h"
#include "proofs/eva/eva.h"

/* Settled in exits_shared.c. */
void vlapic_eoi_settle(vcpu_id_t id) { (void)id; }

int main(void)
{
    uint64_t base = 0U;
    uint64_t size = 0U;
    assume_vms();
    assume_partition();
    assume_domains();
    assume_irq();
    assume_sched();
    assume_functions();
    assume_lent();
    assume_ivshmem();
    switch (any_below(17U)) {
    case 0U: irq_init(); break;
    case 1U: irq_vm_reset(any_below(MAX_VM)); break;
    case 2U: (void)irq_level_pin((uint32_t)any); break;
    case 3U: (void)irq_stray_count(); break;
    case 4U: kvmclock_init(); break;
    case 5U: (void)io_port_withheld((uint16_t)any); break;
    case 6U: stats_init(); break;
    case 7U: stats_log_char((char)any_below(128U)); stats_log_told(); break;
    case 8U: vpci_reset(); break;
    case 9U: vpci_masters_off(any_below(MAX_VM)); break;
    case 10U: vpci_shared_masters_off(); break;
    case 11U: vpci_given_reset(any_below(PART_MAX_VM)); break;
    case 12U: iommu_fault_begin(); break;
    case 13U: iommu_irq_set((uint32_t)any, (uint16_t)any, any_below(MAX_PCPU), (uint32_t)any, any_below(2U) == 0U); break;
    case 15U: vpci_sriov_boot(); break;
    case 14U: (void)iommu_fault_count(any_below(MAX_VM + 1U)); break;
    default: (void)vpci_hole(any_below(MAX_VM), (uint32_t)any, &base, &size); break;
    }
    check_vms();
    check_irq();
    check_sched();
    check_functions();
    check_lent();
    return 0;
}
