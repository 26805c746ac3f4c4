/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: all */
/* eva-without: core/log.c core/string.c core/partition.c core/partition_vm.c core/vm_power.c core/vm_boot.c core/vm_reload.c core/vm_memory.c
   core/loader_bzimage.c core/loader_multiboot.c core/loader_modules.c core/guest_map.c core/acpi_filter.c core/acpi_relocate.c core/boot_info.c
   core/partition_device.c core/partition_ivshmem.c core/partition_link.c core/partition_policy.c core/partition_health.c core/cache_offer.c core/cache_share.c
   core/crash_boot.c core/ram_clear.c */
/* eva-stubs: wp log power string */
/* eva-options: -eva-split-return-function vm_create_user:0,hypercall_errno:0 */
/* Shared cores: any exit of any vCPU, a host interrupt, and what runs next. */
#include "core/dispatch.h"
#include "proofs/eva/eva.h"

int main(void)
{
    struct vm_exit exit = any_exit();
    assume_all();
    /*@ split exit.reason; */
    exit.number = (exit.reason == HV_EXIT_EXCEPTION) ? (exit.number & 31U) : exit.number;
    switch (any_below(3U)) {
    case 0U: core_exit(any_below(MAX_VCPU), &exit); break;
    case 1U: core_host_interrupt(any_below(MAX_PCPU), (uint32_t)any); break;
    default: (void)core_next(any_below(MAX_PCPU)); break;
    }
    check_all();
    return 0;
}
