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

/* Neighbouring bits, or none: nothing is left above the lowest run when it is filled up from below. */
/*@ assigns \nothing;
    exits \false; */
static bool one_run(uint32_t mask)
{
    bool one = true;
    if (mask != 0U) {
        uint64_t filled = (uint64_t)mask | ((uint64_t)mask - 1U);
        one = ((filled & (filled + 1U)) == 0U);
    }
    return one;
}

/* REQ-RT-050 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false;
    ensures \result ==> shares_apart(v); */
static bool check_cache_apart(uint32_t v)
{
    bool ok = true;
    const struct part_cache *cache = &partition.table.vm[v].cache;
    /*@ loop invariant w <= v;
        loop invariant ok ==> \forall integer u; 0 <= u < w ==> share_apart(u, v);
        loop assigns w, ok, partition_result;
        loop variant v - w; */
    for (uint32_t w = 0U; ok && (w < v); w++) {
        if ((partition.table.vm[w].cache.l2_mask & cache->l2_mask) != 0U) {
            ok = partition_refuse("two VMs have the same way of the L2 cache: give each way to one", v, cache->l2_mask);
        } else if ((partition.table.vm[w].cache.l3_mask & cache->l3_mask) != 0U) {
            ok = partition_refuse("two VMs have the same way of the L3 cache: give each way to one", v, cache->l3_mask);
        } else {
            /* apart from this one */
        }
    }
    return ok;
}

/* REQ-CFG-004 */
/* proves REQ-RT-050 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false;
    ensures \result ==> shares_apart(v); */
static bool check_cache(uint32_t v)
{
    bool ok = true;
    const struct part_vm *vm = &partition.table.vm[v];
    const struct part_cache *cache = &vm->cache;
    bool any = (cache->l2_mask != 0U) || (cache->l3_mask != 0U) || (cache->bandwidth != 0U);
    if (cache->bandwidth > 100U) {
        ok = partition_refuse("memory bandwidth is 1 to 100 per cent, or 0 for all", v, cache->bandwidth);
    } else if (cache->reserved != 0U) {
        ok = partition_refuse("reserved fields are not zero: compile the scenario again", v, cache->reserved);
    } else if (!one_run(cache->l2_mask) || !one_run(cache->l3_mask)) {
        ok = partition_refuse("the ways of a cache that a VM gets are not neighbours: compile the scenario again", v, cache->l3_mask);
    } else if (any && partition_vm_absent(v)) {
        ok = partition_refuse("there is no Service VM, but its entry has a share of a cache: compile the scenario again", v, 0U);
    } else if (any && (v != VM_SERVICE) && ((vm->flags & PART_VM_EXCLUSIVE) == 0U)) {
        ok = partition_refuse("a VM on shared cores has the Service VM's share of the caches: remove its own", v, 0U);
    } else {
        ok = check_cache_apart(v);
    }
    return ok;
}

bool partition_check_policy(void)
{
    bool ok = true;
    /*@ loop invariant v <= PART_MAX_VM && v <= partition.table.vm_count;
        loop invariant ok ==> \forall integer w; 0 <= w < v ==> shares_apart(w);
        loop assigns v, ok, partition_result;
        loop variant PART_MAX_VM - v; */
    for (uint32_t v = 0U; ok && (v < partition.table.vm_count); v++) {
        ok = check_modules(v) && check_faults(v) && check_cache(v);
    }
    return ok && partition_check_health();
}
