/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Trusted (A-EVA-WP): what the proofs say of the functions that WP proves. Each answers with any
 * value that its contract allows; the state that it changes is read by no function that Eva analyses.
 */
#include "core/domain.h"
#include "core/iommu_irte.h"
#include "core/iommu_remap.h"
#include "core/iommu_table.h"
#include "core/partition_check.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "proofs/eva/eva.h"

hpa_t domain_base[DOMAIN_COUNT][DOMAIN_RANGES];
uint64_t domain_size[DOMAIN_COUNT][DOMAIN_RANGES];
uint32_t domain_type[DOMAIN_COUNT][DOMAIN_RANGES];
uint32_t domain_count[DOMAIN_COUNT];
hpa_t domain_region_base[DOMAIN_REGIONS];
uint64_t domain_region_size[DOMAIN_REGIONS];

static enum status any_status(void) { return (enum status)any_below((uint32_t)STATUS_UNKNOWN + 1U); }

bool partition_check_memory(void) { return any_bool(); }
bool partition_meets_controller(uint64_t base, uint64_t size)
{
    /*@ assert some: size > 0; */
    (void)base; (void)size;
    return any_bool();
}

static void of_vm(vm_id_t vm)
{
    /*@ assert vm_id: vm < MAX_VM; */
    (void)vm;
}

enum status stage2_map(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t attr)
{
    of_vm(vm);
    (void)gpa; (void)hpa; (void)size; (void)attr;
    return any_status();
}
enum status stage2_unmap(vm_id_t vm, gpa_t gpa, uint64_t size) { of_vm(vm); (void)gpa; (void)size; return any_status(); }
enum status stage2_protect(vm_id_t vm, gpa_t gpa, uint64_t size, uint32_t attr)
{
    of_vm(vm);
    (void)gpa; (void)size; (void)attr;
    return any_status();
}
struct stage2_mapping stage2_lookup(vm_id_t vm, gpa_t gpa)
{
    static const uint64_t span[3] = { PAGE_SIZE, PAGE_SIZE_2M, PAGE_SIZE_1G };
    struct stage2_mapping leaf = { false, 0U, 0U, 0U };
    of_vm(vm);
    (void)gpa;
    if (any_bool()) {
        leaf.present = true;
        leaf.hpa = any % 0x10000000000000U;
        leaf.span = span[any_below(3U)];
        leaf.attr = (uint32_t)any;
    }
    return leaf;
}
void stage2_reset(vm_id_t vm) { of_vm(vm); }
hpa_t stage2_root(vm_id_t vm) { of_vm(vm); return any; }
uint32_t stage2_pages_used(vm_id_t vm) { of_vm(vm); return any_below(STAGE2_PAGES + 1U); }

uint64_t iommu_entry[IOMMU_BUSES][IOMMU_BUS_WORDS];
hpa_t iommu_base;
uint32_t iommu_format;
void iommu_table_init(hpa_t entries) { iommu_base = entries; }
bool iommu_table_set(uint16_t bdf, vm_id_t vm) { (void)bdf; (void)vm; return any_bool(); }
void iommu_table_irqs(uint16_t bdf, uint64_t word) { (void)bdf; (void)word; }
vm_id_t iommu_table_owner(uint16_t bdf) { (void)bdf; return any_below(IOMMU_NOBODY + 1U); }

uint64_t iommu_remap[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS];
bool iommu_remap_wide;
void iommu_remap_init(bool wide) { iommu_remap_wide = wide; }
bool iommu_remap_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector, bool level)
{
    (void)index; (void)bdf; (void)pcpu; (void)vector; (void)level;
    return any_bool();
}
bool iommu_remap_may(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector)
{
    (void)index; (void)bdf; (void)vector;
    return (pcpu < MAX_PCPU) && any_bool();
}
uint32_t iommu_remap_first(vm_id_t vm, uint16_t bdf)
{
    (void)vm; (void)bdf;
    return IOMMU_REMAP_BLOCK * any_below(IOMMU_REMAP_ENTRIES / IOMMU_REMAP_BLOCK);
}

uint64_t iommu_irte[IOMMU_REMAP_ENTRIES][IOMMU_REMAP_WORDS];
hpa_t iommu_irte_base;
void iommu_irte_init(hpa_t base) { iommu_irte_base = base; }
bool iommu_irte_set(uint32_t index, uint16_t bdf, pcpu_id_t pcpu, uint32_t vector)
{
    (void)index; (void)bdf; (void)pcpu; (void)vector;
    return any_bool();
}
void iommu_irq_view(vm_id_t vm, uint16_t bdf) { (void)vm; (void)bdf; }
bool iommu_irte_in_view(uint32_t offset) { (void)offset; return any_bool(); }

/* Guest memory: the buffer is filled or read, whole or not at all. */
/*@ requires vm_id: v < MAX_VM;
    requires in_buffer: \valid(dst + (0 .. size - 1));
    assigns \result \from v, gpa, size;
    assigns dst[0 .. size - 1] \from v, gpa;
    ensures \result == STATUS_OK || \result == STATUS_FAULT;
    ensures \result == STATUS_OK ==> \initialized(dst + (0 .. size - 1)); */
enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size);
/*@ requires vm_id: v < MAX_VM;
    requires in_buffer: \valid_read(src + (0 .. size - 1));
    requires filled: \initialized(src + (0 .. size - 1));
    assigns \result \from v, gpa, size;
    ensures \result == STATUS_OK || \result == STATUS_FAULT; */
enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size);
