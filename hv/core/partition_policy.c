/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what each VM's entry says beyond its cores, memory and devices: modules, faults, shares. */
#include "core/boot_info.h"
#include "core/partition_check.h"

/* REQ-CFG-004 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false; */
static bool check_modules(uint32_t v)
{
    bool ok = true;
    const struct part_vm *vm = &partition.table.vm[v];
    if (vm->module_count > PART_MAX_MODULE) {
        ok = partition_refuse("a VM has at most 4 modules beside its kernel", v, vm->module_count);
    } else if ((vm->module_count != 0U) && (vm->image_type != PART_IMAGE_MULTIBOOT)) {
        ok = partition_refuse("only a multiboot image has modules: a bzimage has an initrd", v, vm->module_count);
    } else {
        /*@ loop invariant i <= PART_MAX_MODULE;
            loop assigns i, ok, partition_result;
            loop variant PART_MAX_MODULE - i; */
        for (uint32_t i = 0U; ok && (i < vm->module_count); i++) {
            if ((vm->module[i][0] == '\0') || !partition_text_ends(vm->module[i], PART_TAG_SIZE)) {
                ok = partition_refuse("a module's tag has 1 to 31 characters", v, i);
            } else if (boot_module_find(vm->module[i]) == ID_NONE) {
                ok = partition_refuse("no boot module has the tag of this VM's module: add it to the boot loader's list", v, i);
            } else {
                /* there */
            }
        }
    }
    return ok;
}

/* REQ-CFG-004 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false; */
static bool check_faults(uint32_t v)
{
    bool ok = true;
    const struct part_vm *vm = &partition.table.vm[v];
    /*@ loop invariant i <= PART_FAULTS;
        loop assigns i, ok, partition_result;
        loop variant PART_FAULTS - i; */
    for (uint32_t i = 0U; ok && (i < PART_FAULTS); i++) {
        if (vm->on_fault[i] > PART_ON_FAULT_LAST) {
            ok = partition_refuse("what follows a fault must be stop, restart, safe_state or halt", v, vm->on_fault[i]);
        } else if ((v == VM_SERVICE) && (vm->on_fault[i] != PART_ON_FAULT_STOP)) {
            ok = partition_refuse("only a pre-launched VM has a policy for faults", v, vm->on_fault[i]);
        } else {
            /* known */
        }
    }
    if (ok && (vm->safe_count > PART_MAX_SAFE)) {
        ok = partition_refuse("a safe state has at most 16 writes", v, vm->safe_count);
    } else if (ok && (vm->reserved != 0U)) {
        ok = partition_refuse("reserved fields are not zero: compile the scenario again", v, vm->reserved);
    } else {
        /* the counts are within the arrays */
    }
    return ok;
}

/* REQ-CFG-004 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false; */
static bool check_cache(uint32_t v)
{
    bool ok = true;
    const struct part_cache *cache = &partition.table.vm[v].cache;
    if (cache->bandwidth > 100U) {
        ok = partition_refuse("memory bandwidth is 1 to 100 per cent, or 0 for all", v, cache->bandwidth);
    } else if (cache->reserved != 0U) {
        ok = partition_refuse("reserved fields are not zero: compile the scenario again", v, cache->reserved);
    } else {
        /* usable */
    }
    return ok;
}

bool partition_check_policy(void)
{
    bool ok = true;
    /*@ loop invariant v <= PART_MAX_VM && v <= partition.table.vm_count;
        loop assigns v, ok, partition_result;
        loop variant PART_MAX_VM - v; */
    for (uint32_t v = 0U; ok && (v < partition.table.vm_count); v++) {
        ok = check_modules(v) && check_faults(v) && check_cache(v);
    }
    return ok && partition_check_health();
}
