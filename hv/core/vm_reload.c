/* SPDX-License-Identifier: Apache-2.0 */
#include "core/vm_reload.h"
#include "core/boot_info.h"
#include "core/exclusive_lapic.h"
#include "core/guest_map.h"
#include "core/hw.h"
#include "core/loader.h"
#include "core/msr.h"
#include "core/partition.h"
#include "core/stats.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "core/vm_memory.h"

void vm_rights_open(vm_id_t v)
{
    hw_bitmaps_close(v);
    vm_ports_open(v);
    msr_open_bitmap(v);
}

void vm_set_exclusive(vm_id_t v)
{
    const struct part_vm *config = &partition.table.vm[v];
    vm_rights_open(v);
    for (uint32_t i = 0U; i < config->vcpu_count; i++) {
        vcpu_id_t id = vcpu_id(v, i);
        vcpus[id].pcpu = config->pcpu[i];
        msr_reset(id);
        exclusive_lapic_reset(id);
        vcpu_power_on(id);
    }
}

/* Pre-launched VMs get the tables that the partition table carries; the RSDP comes first. */
static const char *listed_acpi(vm_id_t v, gpa_t *rsdp)
{
    const struct part_vm *config = &partition.table.vm[v];
    const char *reason = "";
    if (config->acpi_offset != 0U) {
        uint64_t span = ((config->acpi_size + (uint64_t)PAGE_SIZE) - 1U) & PAGE_MASK;
        bool inside = (config->acpi_offset <= PART_MAX_SIZE)
                      && (config->acpi_size <= (PART_MAX_SIZE - config->acpi_offset));
        if (!inside || !guest_map_carve(v, config->acpi_gpa, span, BOOT_ACPI)
            || (guest_write(v, config->acpi_gpa, &partition.bytes[config->acpi_offset], config->acpi_size)
                != STATUS_OK)) {
            reason = "its ACPI tables do not fit its memory";
        }
        *rsdp = config->acpi_gpa;
    }
    return reason;
}

const char *vm_load_image(vm_id_t v, gpa_t rsdp)
{
    const struct part_vm *config = &partition.table.vm[v];
    struct loader_verdict verdict = { "image type is not known", false };
    if (config->image_type == PART_IMAGE_BZIMAGE) {
        verdict = loader_bzimage(v, config, rsdp);
    } else if (config->image_type == PART_IMAGE_MULTIBOOT) {
        verdict = loader_multiboot(v, config);
    } else {
        /* refused */
    }
    return verdict.reason;
}

const char *vm_load_listed(vm_id_t v)
{
    const char *reason = "its memory map has too many entries";
    gpa_t rsdp = 0U;
    if (guest_map_build(v)) {
        reason = listed_acpi(v, &rsdp);
        if (reason[0] == '\0') {
            reason = vm_load_image(v, rsdp);
        }
    }
    return reason;
}

/* Its tables never change, so they stay; what its last life left in RAM goes, what others share with it stays. */
/* REQ-LIF-030 */
const char *vm_reload(vm_id_t v)
{
    const struct part_vm *config = &partition.table.vm[v];
    const char *reason = "";
    for (uint32_t i = 0U; i < config->range_count; i++) {
        const struct part_range *range = &config->range[i];
        if ((range->type == PART_RANGE_RAM) && (guest_clear(v, range->gpa, range->size) != STATUS_OK)) {
            reason = "its RAM cannot be cleared";
        }
    }
    if (reason[0] == '\0') {
        vm_set_exclusive(v);
        reason = vm_load_listed(v);
    }
    if (reason[0] == '\0') {
        stats_reset_vm(v);
        vms[v].start_tsc = 0U;
    }
    return reason;
}
