/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's validator of partition tables as a library, for test_config_random.py: a machine is described, tables are judged. */
/* REQ-CFG-002 */
#include <string.h>

#include "core/boot_info.h"
#include "core/partition.h"

struct boot_info boot_info;
struct platform platform;

/* Every tag is there: this is about tables. */
uint32_t boot_module_find(const char *tag)
{
    (void)tag;
    return 0U;
}

void oracle_machine(uint32_t cores, uint64_t mmconfig, uint32_t buses, uint32_t iommu, uint32_t pm1a, uint64_t image, uint64_t image_size)
{
    memset(&boot_info, 0, sizeof(boot_info));
    memset(&platform, 0, sizeof(platform));
    boot_info.image_base = image;
    boot_info.image_size = image_size;
    platform.pcpu_count = cores;
    platform.x2apic = true;
    platform.ioapic_base = 0xFEC00000U;
    platform.mmconfig_base = mmconfig;
    platform.mmconfig_buses = (mmconfig != 0U) ? buses : 0U;
    platform.pm1a_control = (uint16_t)pm1a;
    platform.iommu_present = iommu != 0U;
    platform.irqs_remapped = iommu != 0U;
    platform.irqs_by_sender = iommu != 0U;
}

void oracle_ram(uint64_t base, uint64_t size)
{
    struct boot_range r = { .base = base, .size = size, .type = BOOT_RAM };
    boot_info.range[boot_info.range_count] = r;
    boot_info.range_count++;
}

/* The reason for which the table is refused; empty: it is accepted. */
const char *oracle_reason(const void *table, uint32_t size)
{
    memset(&partition, 0, sizeof(partition));
    memcpy(partition.bytes, table, (size <= sizeof(partition.bytes)) ? size : sizeof(partition.bytes));
    return partition_validate(size).reason;
}
