/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map, the loaders and the ACPI tables as the boot of a VM sees them: any answer. loaders.c here has
 * the bodies analysed, acpi.c those of the tables.
 */
#include "core/acpi_filter.h"
#include "core/acpi_relocate.h"
#include "core/guest_map.h"
#include "core/loader.h"
#include "proofs/eva/eva.h"

struct guest_map guest_map[PART_MAX_VM];

static bool map_changes(void)
{
    assume_guest_map();
    return any_bool();
}

bool guest_map_build(vm_id_t v) { (void)v; return map_changes(); }
bool guest_map_carve(vm_id_t v, gpa_t base, uint64_t size, uint32_t type) { (void)v; (void)base; (void)size; (void)type; return map_changes(); }
gpa_t guest_map_highest(vm_id_t v, uint64_t size, gpa_t top, gpa_t keep_base, uint64_t keep_size)
{
    (void)v; (void)size; (void)top; (void)keep_base; (void)keep_size;
    return any;
}

enum status guest_clear(vm_id_t v, gpa_t gpa, uint64_t size) { (void)v; (void)gpa; (void)size; return any_bool() ? STATUS_OK : STATUS_FAULT; }

/* What they put into the vCPU's registers may be anything already. */
struct loader_verdict loader_bzimage(vm_id_t v, const struct part_vm *config, gpa_t rsdp)
{
    struct loader_verdict verdict = { any_bool() ? "" : "reason", any_bool() };
    (void)v; (void)config; (void)rsdp;
    return verdict;
}
struct loader_verdict loader_multiboot(vm_id_t v, const struct part_vm *config) { return loader_bzimage(v, config, 0U); }

uint64_t acpi_relocate_size(void) { return any; }
void acpi_relocate(hpa_t where) { (void)where; }
enum status acpi_filter_build(uint32_t vcpu_count, gpa_t where, uint64_t size, gpa_t *rsdp)
{
    (void)vcpu_count; (void)where; (void)size;
    *rsdp = any;
    return any_bool() ? STATUS_OK : STATUS_INVALID;
}
