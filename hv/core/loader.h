/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a VM's image into its memory and its first vCPU at the entry point. Boot only: the VM's
 * stage 2 is complete, guest_map[v] describes it, and its vCPUs are in power-on state. */
#ifndef CORE_LOADER_H
#define CORE_LOADER_H

#include "abi/partition_table.h"
#include "core/types.h"

/* What the loaders need below 1 MiB in every VM, all of it RAM there. */
#define LOADER_LOW        0x10000U /* boot parameters, or multiboot information */
#define LOADER_CMDLINE    0x11000U
#define LOADER_GDT        0x12000U /* or the multiboot memory map */
#define LOADER_PML4       0x13000U
#define LOADER_MODULES    0x13000U /* multiboot: the list of modules, then their strings */
#define LOADER_PDPT       0x14000U
#define LOADER_PD         0x15000U /* four pages: the first 4 GiB */
#define LOADER_ACPI       0x1F000U /* the Service VM's filtered tables */
#define LOADER_LOW_END    0x20000U
#define LOADER_MODULE_TOP 0xFFFFF000U /* modules of a multiboot image end below */

struct loader_verdict {
    const char *reason;  /* what is wrong with the image, for the boot log; NULL-like: loader_ok */
    bool ok;
};

struct loader_verdict loader_bzimage(vm_id_t v, const struct part_vm *config, gpa_t rsdp);
struct loader_verdict loader_multiboot(vm_id_t v, const struct part_vm *config);

/* Parts of loader_multiboot(). The reason is empty when all modules are in place. */
const char *loader_modules(vm_id_t v, const struct part_vm *config, gpa_t behind);
void loader_write32(vm_id_t v, gpa_t gpa, uint32_t value);

#endif
