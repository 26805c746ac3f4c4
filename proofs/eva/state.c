/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants of the tables that all modules share. */
#include "core/boot_info.h"
#include "core/domain.h"
#include "core/guest_map.h"
#include "core/partition.h"
#include "core/vm.h"
#include "proofs/eva/eva.h"

void assume_vms(void)
{
    /*@ loop unroll MAX_VM; */
    for (uint32_t v = 0U; v < MAX_VM; v++) {
        vms[v].vcpu_count = any_below(MAX_VCPU_PER_VM + 1U);
    }
    /*@ loop unroll MAX_VCPU; */
    for (uint32_t id = 0U; id < MAX_VCPU; id++) {
        vcpus[id].pcpu = any_below(MAX_PCPU);
    }
}

void check_vms(void)
{
    { uint32_t v = any_below(MAX_VM);
        /*@ assert vcpu_count: vms[v].vcpu_count <= MAX_VCPU_PER_VM; */
    }
    { uint32_t id = any_below(MAX_VCPU);
        /*@ assert pcpu: vcpus[id].pcpu < MAX_PCPU; */
    }
}

void assume_partition(void)
{
    partition.table.vm_count = any_below(PART_MAX_VM + 1U);
    partition.table.shared_count = any_below(PART_MAX_SHARED + 1U);
    partition.table.ivshmem_count = any_below(PART_MAX_IVSHMEM + 1U);
    /*@ loop unroll PART_MAX_IVSHMEM; */
    for (uint32_t i = 0U; i < PART_MAX_IVSHMEM; i++) { /* core/partition_ivshmem.c */
        struct part_ivshmem *device = &partition.table.ivshmem[i];
        device->vm = (uint16_t)any_below(PART_IVSHMEM_USER + 1U);
        device->region = (uint16_t)any_below(PART_MAX_SHARED);
        device->vectors = (uint16_t)(1U + any_below(PART_IVSHMEM_VECTORS));
    }
    partition.table.link_count = any_below(PART_MAX_LINK + 1U);
    /*@ loop unroll 2 * PART_MAX_LINK; */
    for (uint32_t i = 0U; i < (2U * PART_MAX_LINK); i++) { /* core/partition_link.c */
        partition.table.link_end[i].vm = (uint16_t)any_below(PART_MAX_VM);
        partition.table.link_end[i].gsi = (uint16_t)any_below(IOAPIC_PINS);
    }
    /*@ loop unroll PART_MAX_VM; */
    for (uint32_t v = 0U; v < PART_MAX_VM; v++) {
        struct part_vm *part = &partition.table.vm[v];
        part->vcpu_count = any_below(PART_MAX_VCPU + 1U);
        part->range_count = any_below(PART_MAX_RANGE + 1U);
        part->ports_count = any_below(PART_MAX_PORTS + 1U);
        part->gsi_count = any_below(PART_MAX_GSI + 1U);
        part->pci_count = any_below(PART_MAX_PCI + 1U);
        /*@ loop unroll PART_MAX_VCPU; */
        for (uint32_t i = 0U; i < PART_MAX_VCPU; i++) {
            part->pcpu[i] = any_below(MAX_PCPU);
        }
        /*@ loop unroll PART_MAX_SAFE; */
        for (uint32_t i = 0U; i < PART_MAX_SAFE; i++) { /* safe_write_ok() in core/partition_health.c */
            part->safe[i].size = (uint16_t)(1U << any_below(3U));
        }
        part->cmdline[PART_CMDLINE_SIZE - 1U] = '\0';
        part->kernel[PART_TAG_SIZE - 1U] = '\0';
        part->initrd[PART_TAG_SIZE - 1U] = '\0';
    }
}

void assume_boot_info(void)
{
    boot_info.range_count = any_below(MAX_BOOT_RANGE + 1U);
    boot_info.module_count = any_below(MAX_BOOT_MODULE + 1U);
}

void check_boot_info(void)
{
    /*@ assert range_count: boot_info.range_count <= MAX_BOOT_RANGE; */
    /*@ assert module_count: boot_info.module_count <= MAX_BOOT_MODULE; */
}

void assume_domains(void)
{
    /*@ loop unroll DOMAIN_COUNT; */
    for (uint32_t d = 0U; d < DOMAIN_COUNT; d++) {
        domain_count[d] = any_below(DOMAIN_RANGES + 1U);
    }
}

void assume_guest_map(void)
{
    /*@ loop unroll PART_MAX_VM; */
    for (vm_id_t v = 0U; v < PART_MAX_VM; v++) {
        guest_map[v].count = any_below(GUEST_MAP_ENTRIES + 1U);
    }
}

void check_guest_map(void)
{
    /*@ assert map_count: \forall integer v; 0 <= v < PART_MAX_VM ==> guest_map[v].count <= GUEST_MAP_ENTRIES; */
}

void assume_all(void)
{
    assume_vms();
    assume_partition();
    assume_boot_info();
    assume_domains();
    assume_functions();
    assume_guest_map();
    assume_dispatch();
    assume_io();
    assume_lent();
    assume_irq();
    assume_ivshmem();
    assume_mmio();
    assume_mmio_lent();
    assume_request_wait();
    assume_sched();
    assume_vpic();
}

void check_all(void)
{
    check_vms();
    check_boot_info();
    check_functions();
    check_guest_map();
    check_dispatch();
    check_io();
    check_lent();
    check_irq();
    check_mmio();
    check_mmio_lent();
    check_request_wait();
    check_sched();
    check_vpic();
}
