/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small machine with the whole of core/ and devices/ on it, booted once per test program:
 * Service VM (2 vCPUs on cores 0 and 1, 64 MiB identity mapped less what others own), RTVM
 * (exclusive, 2 vCPUs on cores 2 and 3, 1 MiB), policy for User VMs on cores 0 and 1.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "abi/hypercall.h"
#include "abi/ioreq.h"
#include "abi/partition_table.h"
#include "core/acpi_filter.h"
#include "core/boot_info.h"
#include "core/dispatch.h"
#include "core/domain.h"
#include "core/hypercall_device.h"
#include "core/ioreq.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/sched.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "fake/fake.h"

#define SERVICE_BSP   0U
#define RTVM          1U
#define RTVM_HPA      0x2000000U
#define TELEMETRY_HPA 0x3000000U
#define IMAGE_HPA     0x200000U
#define MODULE_HPA    0x3800000U /* a multiboot image that every VM runs */
#define SCRATCH       0x1000000U /* Service VM memory for hypercall arguments */
#define LENT          0x1400000U /* Service VM memory that becomes a User VM's */
#define IOREQ_PAGE    0x1300000U

static inline void put(hpa_t at, uint32_t value)
{
    hw_phys_write(at, 4U, value);
}

/* ELF32 with a multiboot header and one segment at 1 MiB of 4 bytes, 8 in memory. */
static inline uint32_t world_image(hpa_t at, uint32_t address)
{
    hw_phys_zero(at, 512U);
    put(at, 0x464C457FU);
    put(at + 4U, 0x00010101U);
    put(at + 16U, 0x00030002U);
    put(at + 24U, address);
    put(at + 28U, 52U);
    hw_phys_write(at + 42U, 2U, 32U);
    hw_phys_write(at + 44U, 2U, 1U);
    put(at + 52U, 1U);
    put(at + 56U, 128U);
    put(at + 60U, address);
    put(at + 64U, address);
    put(at + 68U, 16U);
    put(at + 72U, 32U);
    put(at + 128U, 0x1BADB002U);
    put(at + 132U, 0U);
    put(at + 136U, 0U - 0x1BADB002U);
    return 256U;
}

static inline void world_range(uint32_t i, hpa_t base, uint64_t size, uint32_t type)
{
    boot_info.range[i].base = base;
    boot_info.range[i].size = size;
    boot_info.range[i].type = type;
    boot_info.range_count = i + 1U;
}

static inline void world_vm(uint32_t v, const char *name, uint32_t kind, uint32_t flags, uint32_t first_core)
{
    struct part_vm *config = &partition.table.vm[v];
    strcpy(config->name, name);
    strcpy(config->kernel, "image");
    config->kind = kind;
    config->face = PART_FACE_KVM;
    config->flags = flags;
    config->image_type = PART_IMAGE_MULTIBOOT;
    config->weight = 100U;
    config->vcpu_count = 2U;
    config->pcpu[0] = first_core;
    config->pcpu[1] = first_core + 1U;
}

static inline void world_madt(hpa_t at)
{
    put(at, ACPI_SIGNATURE('A', 'P', 'I', 'C'));
    put(at + 4U, 44U);
    acpi_table[0].address = at;
    acpi_table[0].signature = ACPI_SIGNATURE('A', 'P', 'I', 'C');
    acpi_table[0].length = 44U;
    acpi_table_count = 1U;
}

static inline void world_table(void)
{
    memset(&partition, 0, sizeof(partition));
    partition.table.vm_count = 2U;
    partition.table.telemetry_hpa = TELEMETRY_HPA;
    partition.table.telemetry_size = HV_TELEMETRY_SIZE;
    partition.table.board.log_port = 0x3F8U;
    partition.table.board.hv_device_bdf = 0xF0U;
    partition.table.board.shared_pcpu_mask = 3U;
    partition.table.user.max_vms = 4U;
    partition.table.user.max_vcpus = 2U;
    partition.table.user.pcpu_mask = 3U;
    partition.table.user.weight = 100U;
    world_vm(0U, "service", PART_VM_SERVICE, 0U, 0U);
    world_vm(1U, "rtvm", PART_VM_PRELAUNCH, PART_VM_EXCLUSIVE, 2U);
    partition.table.vm[1].range_count = 1U;
    partition.table.vm[1].range[0].hpa = RTVM_HPA;
    partition.table.vm[1].range[0].size = 0x400000U;
    partition.table.vm[1].range[0].type = PART_RANGE_RAM;
    partition.table.vm[1].range[0].flags = PART_RANGE_WRITE | PART_RANGE_EXEC;
    partition.table.vm[1].ports_count = 1U;
    partition.table.vm[1].ports[0].base = 0x3E8U;
    partition.table.vm[1].ports[0].count = 8U;
}

static inline void world_machine(void)
{
    fake_reset();
    memset(&boot_info, 0, sizeof(boot_info));
    memset(&platform, 0, sizeof(platform));
    world_range(0U, 0U, 0x9F000U, BOOT_RAM);
    world_range(1U, 0x100000U, 0x3F00000U, BOOT_RAM);
    boot_info.image_base = IMAGE_HPA;
    boot_info.image_size = 0x100000U;
    boot_info.module_count = 1U;
    boot_info.module[0].base = MODULE_HPA;
    boot_info.module[0].size = world_image(MODULE_HPA, 0x100000U);
    strcpy(boot_info.module[0].tags, "image");
    platform.pcpu_count = 4U;
    platform.ioapic_base = 0xFEC00000U;
    platform.pm1a_control = 0x604U;
    world_madt(MODULE_HPA + 0x1000U);
    fake_cpuid_set(0U, 0U, 0x0DU, 0x68747541U, 0x444D4163U, 0x69746E65U);
    fake_cpuid_set(1U, 0U, 0x00800F12U, 0x00040800U, 0xFFFFFFFFU, 0xFFFFFFFFU);
    fake_cpuid_set(7U, 0U, 0U, 0xFFFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU);
    fake_cpuid_set(0x80000000U, 0U, 0x8000001FU, 0U, 0U, 0U);
    fake_cpuid_set(0x80000001U, 0U, 0U, 0U, 0xFFFFFFFFU, 0xFFFFFFFFU);
    fake_cpuid_set(0x80000008U, 0U, 0x3028U, 0xFFFFFFFFU, 0U, 0U);
    fake_cpuid_set(0x0DU, 2U, 256U, 576U, 0U, 0U);
}

/* As the partition table says. */
static inline void world_boot(void)
{
    stage2_init(0x100000000U);
    assert_int_equal(domain_build(), STATUS_OK);
    assert_int_equal(vm_boot_all(), STATUS_OK);
    log_flush();
}

static inline int world_start(void **state)
{
    (void)state;
    world_machine();
    world_table();
    world_boot();
    return 0;
}

static inline int64_t hypercall(uint64_t id, uint64_t p1, uint64_t p2)
{
    return hypercall_call(SERVICE_BSP, id, p1, p2);
}

/* A User VM by hypercall; its id. */
static inline vm_id_t world_create(uint64_t mask)
{
    struct hc_vm_creation creation;
    memset(&creation, 0, sizeof(creation));
    memcpy(creation.name, "user", 5U);
    creation.cpu_affinity = mask;
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&creation, sizeof(creation));
    assert_int_equal(hypercall(HC_CREATE_VM, SCRATCH, 0U), 0);
    hw_phys_copy_in((uint8_t *)&creation, SCRATCH, sizeof(creation));
    return creation.vmid;
}

static inline int64_t world_region(vm_id_t v, uint32_t type, uint32_t prot, uint64_t gpa, uint64_t from, uint64_t size)
{
    struct hc_memory_region region = { type, prot, gpa, from, size };
    struct hc_memory_regions request = { (uint16_t)v, 0U, 0U, 1U, 0U, SCRATCH + 0x100U };
    hw_phys_copy_out(SCRATCH, (const uint8_t *)&request, sizeof(request));
    hw_phys_copy_out(SCRATCH + 0x100U, (const uint8_t *)&region, sizeof(region));
    return hypercall(HC_VM_SET_MEMORY_REGIONS, SCRATCH, 0U);
}

#define WORLD_RWX_WB (HC_REGION_READ | HC_REGION_WRITE | HC_REGION_EXEC | HC_REGION_WB)

static inline int64_t world_ioreq_page(vm_id_t v, uint64_t page)
{
    hw_phys_write(SCRATCH, 8U, page);
    return hypercall(HC_SET_IOREQ_BUFFER, v, SCRATCH);
}

/* Created, 1 MiB of memory at 0, I/O request page, running. */
static inline vm_id_t world_running(uint64_t mask)
{
    vm_id_t v = world_create(mask);
    assert_int_equal(world_region(v, HC_REGION_ADD, WORLD_RWX_WB, 0U, LENT, 0x100000U), 0);
    assert_int_equal(world_ioreq_page(v, IOREQ_PAGE), 0);
    assert_int_equal(hypercall(HC_START_VM, v, 0U), 0);
    return v;
}

static inline void world_destroy(vm_id_t v)
{
    (void)hypercall(HC_PAUSE_VM, v, 0U);
    assert_int_equal(hypercall(HC_DESTROY_VM, v, 0U), 0);
}

/* The request in a slot, answered as the device model would. */
static inline uint32_t slot_word(uint32_t slot, uint32_t offset)
{
    return (uint32_t)hw_phys_read(IOREQ_PAGE + (slot * IOREQ_SLOT_SIZE) + offset, 4U);
}

static inline void slot_answer(uint32_t slot, uint64_t value)
{
    hw_phys_write(IOREQ_PAGE + (slot * IOREQ_SLOT_SIZE) + IOREQ_OFF_VALUE, 8U, value);
    hw_phys_write(IOREQ_PAGE + (slot * IOREQ_SLOT_SIZE) + IOREQ_OFF_PROCESSED, 4U, IOREQ_COMPLETE);
}

/* From now on kicks and interrupts of cores are counted. */
static inline void world_quiet(void)
{
    for (uint32_t p = 0U; p < MAX_PCPU; p++) {
        fake_pcpu[p].kicks = 0U;
        fake_pcpu[p].ipis = 0U;
    }
}

#endif
