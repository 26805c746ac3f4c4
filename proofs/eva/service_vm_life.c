/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: all */
/* eva-without: core/log.c core/string.c core/boot_info.c core/partition.c core/partition_vm.c core/partition_policy.c core/partition_health.c core/partition_device.c core/partition_ivshmem.c core/partition_link.c core/guest_map.c
   core/loader_bzimage.c core/loader_multiboot.c core/loader_modules.c core/acpi_filter.c core/acpi_relocate.c core/cache_offer.c core/cache_share.c */
/* eva-stubs: wp log string boot */
/* eva-options: -eva-domains equality,octagon */
/* Boot of all VMs, and reset and power-off of the Service VM: what stubs_power.c stands for. */
#include "abi/partition_table.h"
#include "core/vm.h"
#include "core/vm_reload.h"
#include "proofs/eva/eva.h"

int main(void)
{
    assume_all();
    switch (any_below(6U)) {
    case 0U: (void)vm_boot_all(); break;
    case 1U: (void)vm_boot_service(); break;
    case 3U: (void)vm_reload(any_below(PART_MAX_VM)); break;
    case 2U: vm_service_off((uint16_t)any); break;
    case 4U: (void)vm_service_end((uint64_t)any); break;
    default: vm_service_reset(); break;
    }
    check_all();
    return 0;
}
