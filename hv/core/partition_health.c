/* SPDX-License-Identifier: Apache-2.0 */
/* Checks of what each VM's entry says about its health: who may have a policy, the writes of a safe state, the heartbeat. */
#include "core/partition_check.h"

#define COUNTER_SIZE 8U

/*@
  predicate safe_within_port{L}(integer v, integer at, integer size) =
    \exists integer p; 0 <= p < PART_MAX_PORTS && p < partition.table.vm[v].ports_count &&
      partition.table.vm[v].ports[p].base <= at &&
      at + size <= partition.table.vm[v].ports[p].base + partition.table.vm[v].ports[p].count;

  predicate safe_within_mmio{L}(integer v, integer at, integer size) =
    \exists integer r; 0 <= r < PART_MAX_RANGE && r < partition.table.vm[v].range_count &&
      partition.table.vm[v].range[r].type == PART_RANGE_MMIO &&
      (partition.table.vm[v].range[r].flags / PART_RANGE_WRITE) % 2 == 1 &&
      partition.table.vm[v].range[r].hpa <= at &&
      at + size <= partition.table.vm[v].range[r].hpa + partition.table.vm[v].range[r].size;

  predicate safe_write_ok{L}(integer v, integer i) =
    \let w = partition.table.vm[v].safe[i];
    (w.size == 1 || w.size == 2 || w.size == 4) && w.address % w.size == 0 &&
    ((w.kind == PART_SAFE_PORT && w.address <= 0xFFFF && safe_within_port(v, w.address, w.size)) ||
     (w.kind == PART_SAFE_MEMORY && safe_within_mmio(v, w.address, w.size)));
*/

/* REQ-CFG-023 */
/*@ requires v < PART_MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result ==> safe_within_port(v, at, size); */
static bool within_port(uint32_t v, uint64_t at, uint32_t size)
{
    const struct part_vm *vm = &partition.table.vm[v];
    bool found = false;
    /*@ loop invariant p <= PART_MAX_PORTS;
        loop invariant found ==> safe_within_port(v, at, size);
        loop assigns p, found;
        loop variant PART_MAX_PORTS - p; */
    for (uint32_t p = 0U; (p < PART_MAX_PORTS) && (p < vm->ports_count); p++) {
        uint64_t base = vm->ports[p].base;
        uint64_t count = vm->ports[p].count;
        if ((at >= base) && ((at - base) <= count) && (size <= (count - (at - base)))) {
            found = true;
        }
    }
    return found;
}

/* REQ-CFG-023 */
/*@ requires v < PART_MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result ==> safe_within_mmio(v, at, size); */
static bool within_mmio(uint32_t v, uint64_t at, uint32_t size)
{
    const struct part_vm *vm = &partition.table.vm[v];
    bool found = false;
    /*@ loop invariant r <= PART_MAX_RANGE;
        loop invariant found ==> safe_within_mmio(v, at, size);
        loop assigns r, found;
        loop variant PART_MAX_RANGE - r; */
    for (uint32_t r = 0U; (r < PART_MAX_RANGE) && (r < vm->range_count); r++) {
        const struct part_range *range = &vm->range[r];
        bool device = (range->type == PART_RANGE_MMIO) && (((range->flags / PART_RANGE_WRITE) % 2U) == 1U);
        if (device && (at >= range->hpa) && ((at - range->hpa) <= range->size) && (size <= (range->size - (at - range->hpa)))) {
            found = true;
        }
    }
    return found;
}

/* REQ-CFG-023 */
/*@ requires v < PART_MAX_VM && i < PART_MAX_SAFE;
    assigns partition_result;
    exits \false;
    ensures \result ==> safe_write_ok(v, i); */
static bool check_write(uint32_t v, uint32_t i)
{
    bool ok = true;
    const struct part_safe *write = &partition.table.vm[v].safe[i];
    if ((write->size != 1U) && (write->size != 2U) && (write->size != 4U)) {
        ok = partition_refuse("a write of a safe state has 1, 2 or 4 bytes", v, write->size);
    } else if ((write->address % write->size) != 0U) {
        ok = partition_refuse("a write of a safe state must be aligned to its size", v, write->address);
    } else if (write->kind == PART_SAFE_PORT) {
        if ((write->address > 0xFFFFU) || !within_port(v, write->address, write->size)) {
            ok = partition_refuse("a safe state may write to the VM's own ports only", v, write->address);
        }
    } else if (write->kind == PART_SAFE_MEMORY) {
        if (!within_mmio(v, write->address, write->size)) {
            ok = partition_refuse("a safe state may write to device memory that its VM may write only", v, write->address);
        }
    } else {
        ok = partition_refuse("a write of a safe state is to a port or to memory", v, write->kind);
    }
    return ok;
}

/* REQ-CFG-023 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false;
    ensures \result ==> \forall integer i; 0 <= i < PART_MAX_SAFE && i < partition.table.vm[v].safe_count ==> safe_write_ok(v, i); */
static bool check_writes(uint32_t v)
{
    bool ok = true;
    /*@ loop invariant i <= PART_MAX_SAFE;
        loop invariant ok ==> \forall integer k; 0 <= k < i ==> safe_write_ok(v, k);
        loop assigns i, ok, partition_result;
        loop variant PART_MAX_SAFE - i; */
    for (uint32_t i = 0U; ok && (i < PART_MAX_SAFE) && (i < partition.table.vm[v].safe_count); i++) {
        ok = check_write(v, i);
    }
    return ok;
}

/*@ requires \valid_read(a) && \valid_read(b);
    assigns \nothing;
    exits \false; */
static bool ranges_meet(const struct part_range *a, const struct part_range *b)
{
    return (a->hpa <= b->hpa) ? ((b->hpa - a->hpa) < a->size) : ((a->hpa - b->hpa) < b->size);
}

/* Some range of VM w that it may write meets this one. */
/*@ requires w < PART_MAX_VM && \valid_read(range);
    assigns \nothing;
    exits \false; */
static bool writes_to(uint32_t w, const struct part_range *range)
{
    const struct part_vm *vm = &partition.table.vm[w];
    bool found = false;
    /*@ loop invariant r <= PART_MAX_RANGE;
        loop assigns r, found;
        loop variant PART_MAX_RANGE - r; */
    for (uint32_t r = 0U; (r < PART_MAX_RANGE) && (r < vm->range_count); r++) {
        bool may = ((vm->range[r].flags / PART_RANGE_WRITE) % 2U) == 1U;
        found = found || (may && ranges_meet(&vm->range[r], range));
    }
    return found;
}

/* Another VM that may write the counter could fake a heartbeat, or stop this VM by holding it still. */
/*@ requires v < PART_MAX_VM && \valid_read(range);
    assigns \nothing;
    exits \false; */
static bool others_write_to(uint32_t v, const struct part_range *range)
{
    bool found = false;
    /*@ loop invariant w <= PART_MAX_VM;
        loop assigns w, found;
        loop variant PART_MAX_VM - w; */
    for (uint32_t w = 0U; w < PART_MAX_VM; w++) {
        found = found || ((w != v) && writes_to(w, range));
    }
    return found;
}

/* REQ-CFG-023 */
/*@ requires v < PART_MAX_VM;
    assigns \nothing;
    exits \false; */
static bool counter_in_memory(uint32_t v)
{
    const struct part_vm *vm = &partition.table.vm[v];
    bool found = false;
    /*@ loop invariant r <= PART_MAX_RANGE;
        loop assigns r, found;
        loop variant PART_MAX_RANGE - r; */
    for (uint32_t r = 0U; (r < PART_MAX_RANGE) && (r < vm->range_count); r++) {
        const struct part_range *range = &vm->range[r];
        uint64_t at = vm->heartbeat_gpa;
        bool memory = (range->type != PART_RANGE_MMIO) && !others_write_to(v, range);
        if (memory && (at >= range->gpa) && ((at - range->gpa) <= range->size) && (COUNTER_SIZE <= (range->size - (at - range->gpa)))) {
            found = true;
        }
    }
    return found;
}

/* A VM on shared cores has no keeper that could follow a policy; its safe state is for the machine's halt. */
/* REQ-CFG-023 */
/*@ requires v < PART_MAX_VM;
    assigns partition_result;
    exits \false; */
static bool check_policy(uint32_t v)
{
    const struct part_vm *vm = &partition.table.vm[v];
    bool exclusive = (vm->flags & PART_VM_EXCLUSIVE) != 0U;
    bool ok = true;
    /*@ loop invariant i <= PART_FAULTS;
        loop assigns i, ok, partition_result;
        loop variant PART_FAULTS - i; */
    for (uint32_t i = 0U; ok && (i < PART_FAULTS); i++) {
        if (!exclusive && (vm->on_fault[i] != PART_ON_FAULT_STOP)) {
            ok = partition_refuse("only an exclusive VM has a policy for faults", v, vm->on_fault[i]);
        }
    }
    if (!ok || (vm->heartbeat_us == 0U)) {
        /* said, or nobody looks */
    } else if (!exclusive) {
        ok = partition_refuse("only an exclusive VM has a heartbeat", v, vm->heartbeat_us);
    } else if (partition.table.board.shared_pcpu_mask == 0U) {
        ok = partition_refuse("a heartbeat needs a shared core that looks at it", v, vm->heartbeat_us);
    } else if (((vm->heartbeat_gpa % COUNTER_SIZE) != 0U) || !counter_in_memory(v)) {
        ok = partition_refuse("the heartbeat counter must lie, aligned to 8, in memory that no other VM may write", v, vm->heartbeat_gpa);
    } else {
        /* usable */
    }
    return ok;
}

/* REQ-CFG-023 */
/* proves REQ-CFG-023 */
bool partition_check_health(void)
{
    bool ok = true;
    /*@ loop invariant v <= PART_MAX_VM;
        loop invariant ok ==> \forall integer w, i; 0 <= w < v && 0 <= i < PART_MAX_SAFE && i < partition.table.vm[w].safe_count ==> safe_write_ok(w, i);
        loop assigns v, ok, partition_result;
        loop variant PART_MAX_VM - v; */
    for (uint32_t v = 0U; ok && (v < PART_MAX_VM) && (v < partition.table.vm_count); v++) {
        ok = check_policy(v) && check_writes(v);
    }
    return ok;
}
