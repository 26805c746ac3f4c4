/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/partition_device.c core/partition_ivshmem.c core/partition_link.c */
/* eva-without: state */
/* eva-stubs: wp */
/* Any ports, interrupt lines and PCI functions in a partition table whose counts have passed. */
#include "core/boot_info.h"
#include "core/partition_check.h"
#include "proofs/eva/eva.h"

union partition_storage partition;
struct partition_verdict partition_result;
struct platform platform;
bool partition_devices_checked(void); /* state_partition_device.c */

bool partition_refuse(const char *reason, uint32_t v, uint64_t detail)
{
    (void)reason; (void)v; (void)detail;
    return false;
}

bool partition_vm_absent(uint32_t v)
{
    (void)v;
    return any_bool();
}

int main(void)
{
    partition.table.vm_count = any_below(PART_MAX_VM + 1U);
    partition.table.shared_count = any_below(PART_MAX_SHARED + 1U);
    /*@ loop unroll PART_MAX_VM; */
    for (uint32_t v = 0U; v < PART_MAX_VM; v++) {
        partition.table.vm[v].range_count = any_below(PART_MAX_RANGE + 1U);
        partition.table.vm[v].ports_count = any_below(PART_MAX_PORTS + 1U);
        partition.table.vm[v].gsi_count = any_below(PART_MAX_GSI + 1U);
        partition.table.vm[v].pci_count = any_below(PART_MAX_PCI + 1U);
    }
    (void)partition_devices_checked();
    return 0;
}
