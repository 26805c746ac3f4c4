/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Owners of functions. An entry is always cleared, and forgotten by the units, before it becomes another VM's. A unit that does
 * not answer in time can no longer be trusted to hold devices back: the shared side ends, which takes bus mastering from them.
 */
#include "core/iommu.h"

#include "core/boot_info.h"
#include "core/domain.h"
#include "core/hw.h"
#include "core/interval.h"
#include "core/iommu_hw.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/stage2.h"

bool iommu_active;
static uint32_t functions_of[MAX_VM];

static uint32_t domain_id(vm_id_t vm)
{
    return (vm == IOMMU_NOBODY) ? 0U : (vm + 1U);
}

/* REQ-ISO-054 */
void iommu_lost(void)
{
    log_line("iommu", "a unit does not answer: the shared side ends");
    (void)hw_halt();
}

/* No VM's memory contains a unit's registers. */
static bool registers_private(void)
{
    bool apart = true;
    bool more = true;
    for (uint32_t i = 0U; more && (i < MAX_IOMMU); i++) {
        hpa_t base = 0U;
        uint64_t size = 0U;
        more = hw_iommu_registers(i, &base, &size);
        for (uint32_t d = 0U; more && (d < MAX_VM); d++) {
            for (uint32_t r = 0U; r < domain_count[d]; r++) {
                apart = apart && !interval_meets(base, size, domain_base[d][r], domain_size[d][r]);
            }
        }
    }
    return apart;
}

/* REQ-ISO-040 */
enum status iommu_init(hpa_t root, hpa_t entries, hpa_t remap)
{
    enum status result = STATUS_NO_DEVICE;
    iommu_active = false;
    iommu_remaps = false;
    iommu_fault_begin();
    for (vm_id_t v = 0U; v < MAX_VM; v++) {
        functions_of[v] = 0U;
    }
    if (!platform.iommu_present) {
        /* none to drive */
    } else if (!registers_private()) {
        result = STATUS_DENIED;
    } else {
        iommu_format = hw_iommu_format();
        iommu_table_init(entries);
        hw_iommu_write_back(root, sizeof(iommu_root));
        hw_iommu_write_back(entries, sizeof(iommu_entry));
        iommu_irq_begin(remap);
        iommu_active = hw_iommu_enable(root, entries, remap);
        result = iommu_active ? STATUS_OK : STATUS_FAULT;
    }
    return result;
}

vm_id_t iommu_home(uint16_t bdf)
{
    vm_id_t home = VM_SERVICE;
    for (vm_id_t v = 1U; (v < partition.table.vm_count) && (v < PART_MAX_VM); v++) {
        const struct part_vm *part = &partition.table.vm[v];
        for (uint32_t i = 0U; (i < part->pci_count) && (i < PART_MAX_PCI); i++) {
            home = (part->pci[i] == bdf) ? v : home;
        }
    }
    return home;
}

/* REQ-ISO-040 */
static bool may_have(uint16_t bdf, vm_id_t vm)
{
    const vm_id_t home = iommu_home(bdf);
    return (vm == IOMMU_NOBODY) || (vm == home) || ((home == VM_SERVICE) && (vm >= VM_FIRST_USER));
}

/* All of it at its own address. */
static bool maps_as_is(vm_id_t vm, hpa_t base, uint64_t size)
{
    uint64_t done = 0U;
    bool mapped = (size != 0U) && (size <= S2_GPA_LIMIT) && (base <= (S2_GPA_LIMIT - size));
    while (mapped && (done < size)) {
        const struct stage2_mapping at = stage2_lookup(vm, base + done);
        mapped = at.present && (at.hpa == (base + done));
        done += PAGE_SIZE;
    }
    return mapped;
}

/* REQ-ISO-053 */
static bool has_reserved(uint16_t bdf, vm_id_t vm)
{
    bool has = true;
    bool more = vm != IOMMU_NOBODY;
    uint32_t i = 0U;
    while (more) {
        uint16_t whose = 0U;
        hpa_t base = 0U;
        uint64_t size = 0U;
        more = hw_iommu_reserved(i, &whose, &base, &size);
        if (more && (whose == bdf)) {
            has = has && maps_as_is(vm, base, size);
        }
        i++;
    }
    return has;
}

/* The entry goes out to memory before units are told to look again. */
static bool entry_write(uint16_t bdf, vm_id_t before, vm_id_t vm)
{
    const uint32_t words = (iommu_format == IOMMU_FORMAT_AMDVI) ? 4U : 2U;
    const bool valid = iommu_table_set(bdf, vm);
    iommu_irq_view(vm, bdf);
    hw_iommu_write_back(iommu_base + ((((uint64_t)bdf / 256U) * IOMMU_BUS_WORDS) + (((uint64_t)bdf % 256U) * words)) * 8U, words * 8U);
    return hw_iommu_flush_function(bdf, domain_id(before)) && valid;
}

static bool stage2_flush(vm_id_t vm)
{
    if (!hw_iommu_snoops()) {
        for (uint32_t i = 0U; i < STAGE2_PAGES; i++) {
            if (stage2_level[vm][i] != 0U) {
                hw_iommu_write_back(stage2_root(vm) + ((uint64_t)i * PAGE_SIZE), PAGE_SIZE);
            }
        }
    }
    return hw_iommu_flush_domain(domain_id(vm));
}

static void entry_change(uint16_t bdf, vm_id_t before, vm_id_t vm)
{
    bool answers = true;
    if (before != IOMMU_NOBODY) {
        functions_of[before]--;
        answers = entry_write(bdf, before, IOMMU_NOBODY);
    }
    if (vm != IOMMU_NOBODY) {
        if (functions_of[vm] == 0U) {
            answers = stage2_flush(vm) && answers; /* nobody looked after its tables until now */
        }
        functions_of[vm]++;
        answers = entry_write(bdf, IOMMU_NOBODY, vm) && answers;
    }
    if (!answers) {
        iommu_lost();
    }
}

/* REQ-ISO-040 */
enum status iommu_would_give(uint16_t bdf, vm_id_t vm)
{
    enum status result = STATUS_OK;
    if (!iommu_active) {
        result = STATUS_NO_DEVICE;
    } else if ((vm > IOMMU_NOBODY) || (((uint32_t)bdf >> 8U) >= IOMMU_BUSES)) {
        result = STATUS_INVALID;
    } else if (!may_have(bdf, vm)) {
        result = STATUS_DENIED;
    } else if ((vm != IOMMU_NOBODY) && !hw_iommu_covers(bdf)) {
        result = STATUS_NOT_FOUND;
    } else if (!has_reserved(bdf, vm)) {
        result = STATUS_FAULT;
    } else {
        /* nothing against it */
    }
    return result;
}

/* REQ-ISO-040 */
enum status iommu_give(uint16_t bdf, vm_id_t vm)
{
    const enum status result = iommu_would_give(bdf, vm);
    if (result == STATUS_OK) {
        const vm_id_t before = iommu_table_owner(bdf);
        if (before != vm) {
            entry_change(bdf, before, vm);
        }
    }
    return result;
}

/* REQ-ISO-051 */
void iommu_flush_vm(vm_id_t vm)
{
    if (iommu_active && (functions_of[vm] != 0U) && !stage2_flush(vm)) {
        iommu_lost();
    }
}
