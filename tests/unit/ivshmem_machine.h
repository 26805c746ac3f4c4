/* SPDX-License-Identifier: Apache-2.0 */
/* Shared-memory devices on the small machine: their registers, their region, and how a guest listens to them. */
#ifndef UNIT_IVSHMEM_MACHINE_H
#define UNIT_IVSHMEM_MACHINE_H

#include "world.h"

#include "devices/ivshmem.h"
#include "devices/ivshmem_state.h"
#include "devices/vlapic.h"

#define INTERVAL 100000U     /* ticks: 100 us of the fake TSC's 1 GHz */
#define DOORBELL 0xCU
#define TABLE    0x1000U
#define MSIX     0x40U       /* the capability */
#define ENABLE   0x80000000U

static inline void share(vm_id_t v, hpa_t hpa, uint64_t size, uint32_t flags)
{
    struct part_vm *config = &partition.table.vm[v];
    config->range[config->range_count] = (struct part_range){ .gpa = hpa, .hpa = hpa, .size = size, .type = PART_RANGE_SHARED, .flags = flags };
    config->range_count++;
}

/* In x2APIC mode, enabled. */
static inline void apic_on(vcpu_id_t id)
{
    uint64_t base = 0U;
    assert_int_equal(vlapic_msr_read(id, 0x1BU, &base), STATUS_OK);
    assert_int_equal(vlapic_msr_write(id, 0x1BU, base | 0xC00U), STATUS_OK);
    assert_int_equal(vlapic_msr_write(id, 0x80FU, 0x1FFU), STATUS_OK);
}

static inline uint32_t interrupts(vm_id_t v) /* of an exclusive VM's vCPU 1 */
{
    return fake_pcpu[vcpus[vcpu_id(v, 1U)].pcpu].ipis;
}

static inline uint32_t last_vector(vm_id_t v)
{
    return fake_pcpu[vcpus[vcpu_id(v, 1U)].pcpu].last_ipi;
}

#endif
