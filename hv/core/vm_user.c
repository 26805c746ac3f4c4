/* SPDX-License-Identifier: Apache-2.0 */
/* User VMs: create, start, pause, reset, destroy. Lives are symmetric: destroy gives back all that
 * create took, so that any number of lives fits. */
#include "core/hw.h"
#include "core/hypercall_spec.h"
#include "core/ioreq.h"
#include "core/msr.h"
#include "core/partition.h"
#include "core/sched.h"
#include "core/stage2.h"
#include "core/stats.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vpic.h"

/* A free slot within the number that the policy allows, or ID_NONE. */
/*@ assigns \nothing;
    exits \false;
    ensures \result == ID_NONE || is_user(\result); */
static vm_id_t find_slot(void)
{
    vm_id_t found = ID_NONE;
    /*@ loop invariant VM_FIRST_USER <= v <= MAX_VM && (found == ID_NONE || is_user(found));
        loop assigns v, found;
        loop variant MAX_VM - v; */
    for (vm_id_t v = VM_FIRST_USER; (v < MAX_VM) && ((v - VM_FIRST_USER) < partition.table.user.max_vms); v++) {
        if ((vms[v].state == VM_FREE) && (found == ID_NONE)) {
            found = v;
        }
    }
    return found;
}

/*@ requires pcpu < MAX_PCPU;
    assigns \nothing;
    exits \false; */
static uint32_t core_members(pcpu_id_t pcpu)
{
    uint32_t count = 0U;
    /*@ loop assigns i, count;
        loop variant MAX_VM - i; */
    for (uint32_t i = 0U; i < MAX_VM; i++) {
        if (sched_member(pcpu, i) != ID_NONE) {
            count++;
        }
    }
    return count;
}

/* Mask 0 leaves the choice to us: one vCPU on the core with the fewest, of those the last, since
 * the boot core has the most to do. */
/*@ assigns \nothing;
    exits \false; */
static uint64_t default_mask(void)
{
    uint64_t mask = 0U;
    uint32_t fewest = MAX_VM + 1U;
    /*@ loop invariant p <= MAX_PCPU;
        loop assigns p, mask, fewest;
        loop variant MAX_PCPU - p; */
    for (pcpu_id_t p = 0U; p < MAX_PCPU; p++) {
        bool allowed = ((partition.table.user.pcpu_mask >> p) & 1U) != 0U;
        if (allowed && (core_members(p) <= fewest)) {
            fewest = core_members(p);
            mask = (uint64_t)1U << p;
        }
    }
    return mask;
}

/*@ assigns \nothing;
    exits \false; */
static uint32_t count_bits(uint64_t mask)
{
    uint32_t count = 0U;
    /*@ loop invariant p <= 64;
        loop assigns p, count;
        loop variant 64 - p; */
    for (uint32_t p = 0U; p < 64U; p++) {
        count += (uint32_t)((mask >> p) & 1U);
    }
    return count;
}

/* REQ-HYP-008 */
/*@ assigns \nothing;
    exits \false; */
static bool mask_valid(uint64_t mask)
{
    uint32_t count = count_bits(mask);
    bool within = (mask & ~(uint64_t)partition.table.user.pcpu_mask) == 0U;
    return within && (count >= 1U) && (count <= partition.table.user.max_vcpus) && (count <= MAX_VCPU_PER_VM);
}

/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static void reset_devices(vm_id_t v)
{
    vioapic_reset(v);
    vpic_reset(v);
    /*@ loop invariant i <= MAX_VCPU_PER_VM && sane;
        loop assigns i, MACHINE;
        loop variant MAX_VCPU_PER_VM - i; */
    for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
        msr_reset(vcpu_id(v, i));
        vcpu_power_on(vcpu_id(v, i));
    }
}

/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
static void bind_vcpus(vm_id_t v, uint64_t mask)
{
    uint32_t index = 0U;
    /*@ loop invariant p <= MAX_PCPU && index <= MAX_VCPU_PER_VM && sane;
        loop assigns p, index, MACHINE;
        loop variant MAX_PCPU - p; */
    for (pcpu_id_t p = 0U; (p < MAX_PCPU) && (index < MAX_VCPU_PER_VM); p++) {
        if (((mask >> p) & 1U) != 0U) {
            vcpu_id_t id = vcpu_id(v, index);
            vcpus[id].pcpu = p;
            vcpus[id].state = VCPU_OFF;
            sched_add(id, partition.table.user.weight);
            index++;
        }
    }
    vms[v].vcpu_count = index;
}

/* REQ-HYP-008 REQ-LIF-016 */
enum status vm_create_user(const uint8_t name[16], uint64_t pcpu_mask, vm_id_t *id)
{
    vm_id_t v = find_slot();
    uint64_t mask = (pcpu_mask == 0U) ? default_mask() : pcpu_mask;
    enum status result = STATUS_OK;
    *id = ID_NONE;
    if (v == ID_NONE) {
        result = STATUS_NO_MEMORY;
    } else if (!mask_valid(mask)) {
        result = STATUS_INVALID;
    } else {
        vms[v].kind = VM_KIND_USER;
        vms[v].exclusive = false;
        vms[v].face = PART_FACE_KVM;
        vms[v].start_tsc = 0U;
        vms[v].memory_size = 0U;
        vms[v].generation++;
        /*@ loop invariant i <= 16 && sane;
            loop assigns i, vms[v].name[0 .. 15];
            loop variant 16 - i; */
        for (uint32_t i = 0U; i < sizeof(vms[v].name); i++) {
            vms[v].name[i] = (char)name[i];
        }
        stage2_reset(v);
        /*@ assert others: others_ok(v); */
        stats_reset_vm(v);
        hw_bitmaps_close(v);
        msr_open_bitmap(v);
        bind_vcpus(v, mask);
        vms[v].state = VM_CREATED;
        reset_devices(v);
        *id = v;
    }
    return result;
}

/* REQ-HYP-010 */
enum status vm_start(vm_id_t v)
{
    enum status result = STATUS_BUSY;
    if ((vms[v].state == VM_CREATED) && ioreq_has_page(v)) {
        vms[v].state = VM_RUNNING;
        sched_wake(vcpu_id(v, 0U));
        vcpu_notify(vcpu_id(v, 0U));
        stats_publish();
        result = STATUS_OK;
    }
    return result;
}

/* REQ-LIF-001 REQ-LIF-003 */
enum status vm_pause(vm_id_t v)
{
    enum status result = STATUS_BUSY;
    if ((vms[v].state == VM_RUNNING) || (vms[v].state == VM_PAUSED)) {
        vms[v].state = VM_PAUSED;
        vm_shootdown(v);
        stats_publish();
        result = STATUS_OK;
    }
    return result;
}

/* Requests under way are forgotten with the instructions that made them. */
/* REQ-LIF-001 */
enum status vm_reset(vm_id_t v)
{
    enum status result = STATUS_BUSY;
    if ((vms[v].state == VM_PAUSED) || (vms[v].state == VM_CREATED)) {
        /*@ loop invariant i <= MAX_VCPU_PER_VM && sane;
            loop assigns i, MACHINE;
            loop variant MAX_VCPU_PER_VM - i; */
        for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
            vcpu_stop(vcpu_id(v, i));
        }
        ioreq_clear(v);
        reset_devices(v);
        vms[v].start_tsc = 0U;
        vms[v].state = VM_CREATED;
        result = STATUS_OK;
    }
    return result;
}

/* REQ-LIF-001 REQ-LIF-002 */
enum status vm_destroy(vm_id_t v)
{
    enum status result = STATUS_BUSY;
    if ((vms[v].state == VM_PAUSED) || (vms[v].state == VM_CREATED)) {
        /*@ loop invariant i <= MAX_VCPU_PER_VM && sane;
            loop assigns i, MACHINE;
            loop variant MAX_VCPU_PER_VM - i; */
        for (uint32_t i = 0U; i < vms[v].vcpu_count; i++) {
            vcpu_stop(vcpu_id(v, i));
            sched_remove(vcpu_id(v, i));
        }
        vm_shootdown(v);
        ioreq_release(v);
        stage2_reset(v);
        /*@ assert others: others_ok(v); */
        hw_bitmaps_close(v);
        vms[v].state = VM_FREE;
        vms[v].vcpu_count = 0U;
        stats_publish();
        result = STATUS_OK;
    }
    return result;
}
