/* SPDX-License-Identifier: Apache-2.0 */
/* A machine, and a partition table for it that the validator accepts. For one test program each. */
#ifndef UNIT_PARTITION_MACHINE_H
#define UNIT_PARTITION_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "abi/hv_info.h"
#include "core/boot_info.h"
#include "core/partition_check.h"

#define T partition.table
#define SERVICE T.vm[0]
#define RTVM T.vm[1]
#define OTHER T.vm[2]
#define WRITE PART_RANGE_WRITE

struct boot_info boot_info;
struct platform platform;

uint32_t boot_module_find(const char *tag)
{
    return (strcmp(tag, "missing") == 0) ? ID_NONE : 0U;
}

static inline uint32_t crc(uint32_t size)
{
    uint32_t value = 0xFFFFFFFFU;
    for (uint32_t i = 0U; i < size; i++) {
        value ^= (i >= 12U && i < 16U) ? 0U : partition.bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            value = (value >> 1) ^ ((value & 1U) ? 0xEDB88320U : 0U);
        }
    }
    return ~value;
}

static inline void range(struct part_vm *vm, uint64_t gpa, uint64_t hpa, uint64_t size, uint32_t type, uint32_t flags)
{
    struct part_range r = { .gpa = gpa, .hpa = hpa, .size = size, .type = type, .flags = flags };
    vm->range[vm->range_count] = r;
    vm->range_count++;
}

static inline void memory(hpa_t base, uint64_t size, uint32_t type)
{
    struct boot_range r = { .base = base, .size = size, .type = type };
    boot_info.range[boot_info.range_count] = r;
    boot_info.range_count++;
}

static inline void machine(void)
{
    memset(&boot_info, 0, sizeof(boot_info));
    memset(&platform, 0, sizeof(platform));
    memory(0x0U, 0x9F000U, BOOT_RAM);
    memory(0x100000U, 0x3FE00000U, BOOT_RAM);
    memory(0x3FF00000U, 0x100000U, BOOT_RAM); /* adjoins */
    memory(0x40000000U, 0x10000U, BOOT_ACPI);
    memory(0x40010000U, 0x10000U, BOOT_NVS);
    boot_info.image_base = 0x200000U;
    boot_info.image_size = 0x200000U;
    boot_info.module_count = 1U;
    boot_info.module[0].base = 0x400000U;
    boot_info.module[0].size = 0x1801U;
    platform.pcpu_count = 4U;
    platform.ioapic_base = 0xFEC00000U;
    platform.mmconfig_base = 0xB0000000U;
    platform.mmconfig_buses = 256U;
    platform.pm1a_control = 0x604U;
    platform.reset_port = 0xCF9U;
    platform.iommu_present = true;
    platform.irqs_remapped = true;
    platform.irqs_by_sender = true;
    platform.x2apic = true;
}

static inline void vm(struct part_vm *v, const char *name, uint32_t kind, uint32_t core)
{
    strcpy(v->name, name);
    v->kind = kind;
    v->face = PART_FACE_KVM;
    v->image_type = PART_IMAGE_BZIMAGE;
    v->weight = 100U;
    v->vcpu_count = 1U;
    v->pcpu[0] = core;
    strcpy(v->kernel, "kernel");
    strcpy(v->initrd, "initrd");
    strcpy(v->cmdline, "quiet");
}

/* Service VM on cores 0 and 1, RTVM on core 3, a pre-launched VM on core 2. */
static inline int setup(void **state)
{
    (void)state;
    machine();
    memset(&partition, 0, sizeof(partition));
    T.magic = PART_MAGIC;
    T.version = PART_VERSION;
    T.total_size = sizeof(struct part_table) + 4096U;
    T.vm_count = 3U;
    T.telemetry_hpa = 0x24100000U;
    T.telemetry_size = HV_TELEMETRY_SIZE;
    T.board.pcpu_count = 4U;
    T.board.shared_pcpu_mask = 7U;
    T.board.ram_size = 0x3FF00000U;
    T.board.mmconfig_base = 0xB0000000U;
    T.board.log_port = 0x3F8U;
    T.board.hv_device_bdf = 0xF0U;
    T.user.max_vms = 2U;
    T.user.max_vcpus = 2U;
    T.user.pcpu_mask = 3U;
    T.user.weight = 100U;
    T.shared_count = 1U;
    strcpy(T.shared[0].name, "rt0");
    T.shared[0].hpa = 0x24000000U;
    T.shared[0].size = 0x100000U;
    vm(&SERVICE, "service", PART_VM_SERVICE, 0U);
    SERVICE.vcpu_count = 2U;
    SERVICE.pcpu[1] = 1U;
    range(&SERVICE, 0xC0000000U, 0xC0000000U, 0x10000000U, PART_RANGE_MMIO, WRITE);
    range(&SERVICE, 0x24000000U, 0x24000000U, 0x100000U, PART_RANGE_SHARED, WRITE);
    SERVICE.ports_count = 1U;
    SERVICE.ports[0].base = 0x2F8U;
    SERVICE.ports[0].count = 8U;
    vm(&RTVM, "rtvm", PART_VM_PRELAUNCH, 3U);
    RTVM.flags = PART_VM_EXCLUSIVE | PART_VM_FORBID_POWEROFF;
    range(&RTVM, 0x0U, 0x20000000U, 0x4000000U, PART_RANGE_RAM, WRITE | PART_RANGE_EXEC);
    range(&RTVM, 0x24000000U, 0x24000000U, 0x100000U, PART_RANGE_SHARED, WRITE);
    range(&RTVM, 0xE0000000U, 0xE0000000U, 0x1000U, PART_RANGE_MMIO, WRITE);
    RTVM.ports_count = 1U;
    RTVM.ports[0].base = 0x3E8U;
    RTVM.ports[0].count = 8U;
    RTVM.gsi_count = 1U;
    RTVM.gsi[0] = 4U;
    RTVM.pci_count = 1U;
    RTVM.pci[0] = 0x18U;
    RTVM.acpi_gpa = 0xE0000U;
    RTVM.acpi_offset = sizeof(struct part_table);
    RTVM.acpi_size = 4096U;
    vm(&OTHER, "other", PART_VM_PRELAUNCH, 2U);
    range(&OTHER, 0x0U, 0x30000000U, 0x1000000U, PART_RANGE_RAM, WRITE | PART_RANGE_EXEC);
    return 0;
}

static inline struct partition_verdict validate(void)
{
    if (T.total_size <= PART_MAX_SIZE) {
        T.crc32 = crc(T.total_size);
    }
    return partition_validate(sizeof(struct part_table) + 4096U);
}

#endif
