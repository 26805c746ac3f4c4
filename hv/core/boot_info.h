/* SPDX-License-Identifier: Apache-2.0 */
/* What the boot loader and the firmware handed over, decoded once at boot. */
#ifndef CORE_BOOT_INFO_H
#define CORE_BOOT_INFO_H

#include "core/limits.h"
#include "core/types.h"

#define BOOT_RAM      1U /* usable */
#define BOOT_ACPI     3U /* ACPI tables, and 4: NVS; readable by the Service VM */
#define BOOT_NVS      4U
#define BOOT_RESERVED 2U

struct boot_range { hpa_t base; uint64_t size; uint32_t type; };
struct boot_module { hpa_t base; uint64_t size; char tags[BOOT_STRING_SIZE]; };

struct boot_info {
    uint32_t range_count;
    struct boot_range range[MAX_BOOT_RANGE];  /* sorted, disjoint */
    uint32_t module_count;
    struct boot_module module[MAX_BOOT_MODULE];
    hpa_t image_base;    /* the hypervisor's own memory: image, pools, stacks */
    uint64_t image_size;
    hpa_t rsdp;          /* 0: not found */
    uint64_t entry_tsc;
};
extern struct boot_info boot_info;

/* Index of the module one of whose blank-separated words equals tag, or ID_NONE. */
uint32_t boot_module_find(const char *tag);

/* What the ACPI tables say about the machine (x86/acpi.c). */
struct platform {
    uint32_t pcpu_count;
    uint32_t apic_id[MAX_PCPU];  /* MADT order, boot core moved to index 0 */
    hpa_t ioapic_base;
    uint32_t ioapic_gsi_base;
    uint8_t ioapic_id;
    uint16_t ioapic_bdf;         /* requester of the IOAPIC's interrupts, where they are remapped */
    hpa_t mmconfig_base;         /* 0: none */
    uint32_t mmconfig_buses;
    uint16_t pm_timer_port;      /* 0: none */
    uint16_t pm1a_control;       /* PM1a_CNT_BLK */
    uint16_t pm1a_event;
    uint16_t reset_port;         /* FADT reset register when it is a port, else 0 */
    uint8_t reset_value;
    uint8_t isa_gsi[16];         /* interrupt source overrides */
    bool isa_level[16];
    bool isa_active_low[16];
    uint16_t ich_pm_base;        /* PMBASE of an Intel ICH (SMI, TCO watchdog ports), else 0 */
    bool qemu;                   /* the machine is QEMU's: it has control ports that no table names */
    bool iommu_present;          /* every unit of the machine's IOMMU can be used (x86/iommu.c) */
    bool irqs_remapped;          /* its units turn interrupt messages into interrupts ... */
    bool irqs_by_sender;         /* ... and look who sends them (VT-d; with AMD-Vi all functions of shared cores use one part of the table) */
    bool x2apic;                 /* CPUID: the local APICs have that mode, which exclusive cores need */
};
extern struct platform platform;

#endif
