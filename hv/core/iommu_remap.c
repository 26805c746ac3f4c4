/* SPDX-License-Identifier: Apache-2.0 */
/* iommu_remap_set() is the only writer of entries (Intel VT-d 4.1, 9.10). One that is blocked still asks for a requester, so that in whatever
 * order a unit sees the two words change, no other function can use it. */
#include "core/iommu_remap.h"

#include "core/boot_info.h"
#include "core/dispatch.h"
#include "core/iommu_table.h"
#include "core/partition.h"

#define PRESENT     1U
#define LEVEL       16U
#define VECTOR      65536U         /* bits 16 to 23; fixed, physical destination */
#define TARGET_WIDE 0x100000000U   /* bits 32 to 63 */
#define TARGET      0x10000000000U /* bits 40 to 47 */
#define ID_NARROW   256U
#define VERIFY      0x40000U       /* of the high word: all 16 bits of the requester's id must be those in its bits 0 to 15 */

/* 5.1.2.2: the format bit is 4, the index' bits 0 to 14 are bits 5 to 19 of the address. */
#define MESSAGE_BASE  0xFEE00000U
#define MESSAGE_REMAP 0x10U
#define MESSAGE_INDEX 32U

_Static_assert((VECTOR_IRQ_BASE + IOAPIC_PINS + MAX_MSI_SOURCE) <= IOMMU_REMAP_SHARED, "entries for pins and message sources");

__attribute__((aligned(4096))) uint64_t iommu_remap[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS];
bool iommu_remap_wide;

void iommu_remap_init(bool wide)
{
    iommu_remap_wide = wide;
    for (uint32_t i = 0U; i < IOMMU_REMAP_ENTRIES; i++) {
        iommu_remap[i][0] = 0U;
        iommu_remap[i][1] = VERIFY;
    }
}

static bool core_of(vm_id_t vm, pcpu_id_t pcpu)
{
    bool found = false;
    for (uint32_t i = 0U; i < PART_MAX_VCPU; i++) {
        found = found || ((i < partition.table.vm[vm].vcpu_count) && (partition.table.vm[vm].pcpu[i] == pcpu));
    }
    return found;
}

static bool function_of(vm_id_t vm, uint16_t bdf)
{
    bool found = false;
    for (uint32_t i = 0U; i < PART_MAX_PCI; i++) {
        found = found || ((i < partition.table.vm[vm].pci_count) && (partition.table.vm[vm].pci[i] == bdf));
    }
    return found;
}

static bool exclusive(vm_id_t vm)
{
    return (vm < partition.table.vm_count) && ((partition.table.vm[vm].flags & PART_VM_EXCLUSIVE) != 0U);
}

/* Function and core are of one exclusive VM. */
static bool one_vm(uint16_t bdf, pcpu_id_t pcpu)
{
    bool found = false;
    for (vm_id_t v = 1U; v < PART_MAX_VM; v++) {
        found = found || (exclusive(v) && core_of(v, pcpu) && function_of(v, bdf));
    }
    return found;
}

/* REQ-ISO-041 */
bool iommu_remap_may(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector)
{
    bool allowed = pcpu < MAX_PCPU;
    if (allowed && (index < IOMMU_REMAP_SHARED)) {
        allowed = (vector >= VECTOR_IRQ_BASE) && (vector <= VECTOR_IRQ_LAST) && (((partition.table.board.shared_pcpu_mask >> pcpu) & 1U) != 0U);
    } else if (allowed) {
        allowed = (vector >= IOMMU_VECTOR_FIRST) && (vector == (index % IOMMU_REMAP_BLOCK)) && one_vm(bdf, pcpu);
    } else {
        /* no core */
    }
    return allowed && (iommu_remap_wide || (platform.apic_id[pcpu] < ID_NARROW));
}

/* REQ-ISO-041 */
bool iommu_remap_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level)
{
    bool changed = false;
    if (index < IOMMU_REMAP_ENTRIES) {
        uint64_t low = 0U;
        uint64_t high = VERIFY;
        if ((iommu_format == IOMMU_FORMAT_VTD) && iommu_remap_may(index, bdf, pcpu, vector)) {
            low = PRESENT + (level ? LEVEL : 0U) + (VECTOR * (uint64_t)vector) + ((iommu_remap_wide ? TARGET_WIDE : TARGET) * (uint64_t)platform.apic_id[pcpu]);
            high = VERIFY + (uint64_t)bdf;
        }
        changed = (iommu_remap[index][0] != low) || (iommu_remap[index][1] != high);
        iommu_remap[index][1] = high;
        iommu_remap[index][0] = low;
    }
    return changed;
}

/* As many as the VM has vCPUs, or more, a power of two: hardware that gives each function a table of its own can count in these only. */
static uint32_t blocks(uint32_t vcpus)
{
    uint32_t count = 1U;
    if (vcpus > 4U) {
        count = 8U;
    } else if (vcpus > 2U) {
        count = 4U;
    } else if (vcpus > 1U) {
        count = 2U;
    } else {
        /* one */
    }
    return count;
}

uint32_t iommu_remap_first(vm_id_t vm, uint16_t bdf)
{
    uint32_t at = IOMMU_REMAP_SHARED;
    uint32_t found = 0U;
    for (vm_id_t v = 1U; v < PART_MAX_VM; v++) {
        const uint32_t size = IOMMU_REMAP_BLOCK * blocks(partition.table.vm[v].vcpu_count);
        for (uint32_t i = 0U; exclusive(v) && (i < partition.table.vm[v].pci_count) && (i < PART_MAX_PCI); i++) {
            found = ((v == vm) && (partition.table.vm[v].pci[i] == bdf) && ((at + size) <= IOMMU_REMAP_ENTRIES)) ? at : found;
            at += size;
        }
    }
    return found;
}

uint64_t iommu_remap_address(uint32_t index)
{
    return (uint64_t)MESSAGE_BASE + ((iommu_format == IOMMU_FORMAT_VTD) ? (MESSAGE_REMAP + ((uint64_t)MESSAGE_INDEX * index)) : 0U);
}

/* VT-d looks at the address only, AMD-Vi at the data. */
uint32_t iommu_remap_data(uint32_t offset)
{
    return (iommu_format == IOMMU_FORMAT_VTD) ? 0U : offset;
}
