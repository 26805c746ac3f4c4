/* SPDX-License-Identifier: Apache-2.0 */
/* The small machine with a unit of the IOMMU that remembers whatever it is not told to forget: Intel's with boot(), AMD's with boot_amdvi(). For one test program each. */
#ifndef UNIT_IOMMU_MACHINE_H
#define UNIT_IOMMU_MACHINE_H

#include "world.h"

#include "core/iommu.h"
#include "fake/iommu.h"

#define NIC       0x20U   /* 00:04.0: the partition table gives it to the RTVM */
#define DISK      0x28U   /* 00:05.0: left to the Service VM */
#define FAR_AWAY  0x1000U /* on bus 16: no table */
#define ROOT      0x70000000U
#define ENTRIES   0x70001000U
#define REMAP     0x70100000U
#define IOAPIC    0xFFA0U
#define SMBUS     0xA0U   /* whose number the IOAPIC of an AMD machine has */
#define RTVM_ONLY RTVM_HPA
#define GPA       0x200000U

static inline bool reaches(uint16_t bdf, gpa_t address)
{
    hpa_t hpa = 0U;
    return fake_iommu_dma(bdf, address, true, &hpa);
}

/* The cores' APIC ids need more than 8 bits. */
static inline int boot_with(void **state, uint32_t format, uint16_t ioapic, uint32_t first_apic_id)
{
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    fake_iommu_reset();
    fake_iommu_format = format;
    (void)world_start(state);
    platform.iommu_present = true;
    platform.ioapic_bdf = ioapic;
    for (pcpu_id_t p = 0U; p < MAX_PCPU; p++) {
        platform.apic_id[p] = first_apic_id + (2U * p);
    }
    partition.table.vm[RTVM].pci_count = 1U;
    partition.table.vm[RTVM].pci[0] = NIC;
    assert_int_equal(iommu_init(ROOT, ENTRIES, REMAP), STATUS_OK);
    (void)iommu_fault_check(0U, fake_tsc);
    return 0;
}

static inline int boot(void **state)
{
    return boot_with(state, IOMMU_FORMAT_VTD, IOAPIC, 300U);
}

static inline int boot_amdvi(void **state)
{
    stage2_format = S2_FORMAT_NPT_AMDVI;
    return boot_with(state, IOMMU_FORMAT_AMDVI, SMBUS, 0x12000300U);
}

static inline int as_usual(void **state)
{
    (void)state;
    stage2_format = S2_FORMAT_NPT;
    return 0;
}

static inline vm_id_t user_vm(void)
{
    vm_id_t v = world_create(3U);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, GPA, LENT, 0x200000U), 0);
    return v;
}

#endif
