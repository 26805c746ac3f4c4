/* SPDX-License-Identifier: Apache-2.0 */
/* Message interrupts of exclusive VMs. No state and no lock: what the hardware gets follows from what the guest wrote. */
#include "core/irq_exclusive.h"
#include "core/dispatch.h"
#include "core/hw.h"
#include "core/iommu.h"
#include "core/iommu_irte.h"
#include "core/vm.h"

/* Intel SDM 3, 11.11: destination in bits 19:12 of the address, logical mode in bit 2; delivery mode in bits 10:8 of the data. */
#define MESSAGE_BASE     0xFEE00000U
#define MESSAGE_MASK     0xFFFFFFFFFFF00000U
#define MESSAGE_LOGICAL  4U
#define MODE_LOWEST      1U

/* Its local APICs are in x2APIC mode (core/exclusive_lapic.c): ids are the vCPUs' numbers, logical ids in cluster 0 a bit each. */
static uint32_t message_target(vm_id_t v, uint64_t address)
{
    uint32_t dest = (uint32_t)(address >> 12U) & 0xFFU;
    uint32_t found = ID_NONE;

    for (uint32_t i = vms[v].vcpu_count; i > 0U; i--) {
        uint32_t index = i - 1U;
        bool hit = ((address & MESSAGE_LOGICAL) != 0U) ? (((dest >> index) & 1U) != 0U) : (dest == index);

        found = hit ? index : found;
    }
    return found;
}

/* REQ-INT-052 */
struct irq_msi_message irq_exclusive_message(vm_id_t v, uint16_t bdf, uint64_t address, uint32_t data, bool enabled)
{
    struct irq_msi_message message = { .address = hw_msi_address(vcpus[vcpu_id(v, 0U)].pcpu), .data = 0U, .enabled = false };
    uint32_t index = message_target(v, address);
    uint32_t mode = (data >> 8U) & 7U;
    uint32_t vector = data & 0xFFU;

    if (enabled && ((address & MESSAGE_MASK) == MESSAGE_BASE) && (index < MAX_VCPU_PER_VM) && (mode <= MODE_LOWEST) &&
        (vector >= IOMMU_VECTOR_FIRST)) {
        message.address = hw_msi_address(vcpus[vcpu_id(v, index)].pcpu);
        message.data = hw_msi_data(vector);
        message.enabled = true;
        if (iommu_remaps) {
            uint32_t first = iommu_remap_first(v, bdf);
            uint32_t offset = (index * IOMMU_REMAP_BLOCK) + vector;

            message.address = iommu_remap_address(first + offset);
            message.data = iommu_remap_data(offset);
            message.enabled = (first != 0U) && iommu_irte_in_view(offset);
        }
    }
    return message;
}
