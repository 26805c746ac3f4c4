/* SPDX-License-Identifier: Apache-2.0 */
/* The shared-memory devices of the partition table: whose, for which region, and where that VM sees them. */
#include "core/interval.h"
#include "core/partition_check.h"

#define REGISTERS_LIMIT 0x100000000U /* BARs of 32 bits */
#define INTERVAL_MAX    1000000U

/* Of any device in the table: one that was not accepted has these, too. */
static const struct part_shared *region_of(const struct part_ivshmem *d)
{
    return &partition.table.shared[d->region % PART_MAX_SHARED];
}

static bool is_open(const struct part_ivshmem *d)
{
    return d->vm == PART_IVSHMEM_USER;
}

/* Of an end that is open to User VMs: the Service VM, whose memory they are made of. */
static const struct part_vm *vm_of(const struct part_ivshmem *d)
{
    return &partition.table.vm[d->vm % PART_MAX_VM];
}

static bool check_fields(uint32_t i)
{
    const struct part_ivshmem *d = &partition.table.ivshmem[i];
    bool ok = true;
    if ((d->reserved != 0U) || (d->reserved2 != 0U)) {
        ok = partition_refuse("reserved fields are not zero: compile the scenario again", ID_NONE, i);
    } else if (!is_open(d) && ((d->vm >= partition.table.vm_count) || partition_vm_absent(d->vm))) {
        ok = partition_refuse("a shared-memory device belongs to no VM of the table", ID_NONE, i);
    } else if (d->region >= partition.table.shared_count) {
        ok = partition_refuse("a shared-memory device is for no region of the table", d->vm, i);
    } else if ((d->vectors == 0U) || (d->vectors > PART_IVSHMEM_VECTORS)) {
        ok = partition_refuse("a shared-memory device has 1 to 8 doorbells", d->vm, d->vectors);
    } else if ((d->interval_us == 0U) || (d->interval_us > INTERVAL_MAX)) {
        ok = partition_refuse("the interval of doorbells is 1 to 1000000 us", d->vm, d->interval_us);
    } else {
        /* who and how much */
    }
    return ok;
}

/* A BAR's size is a power of two (no region has size 0), and its address a multiple of that. */
static bool check_link(uint32_t i)
{
    const struct part_ivshmem *d = &partition.table.ivshmem[i];
    uint64_t size = region_of(d)->size;
    bool ok = true;
    if ((size & (size - 1U)) != 0U) {
        ok = partition_refuse("the size of a region with doorbells is a power of two: enlarge it", d->vm, size);
    } else if (is_open(d)) {
        if ((d->memory_gpa | d->registers_gpa) != 0U) {
            ok = partition_refuse("a shared-memory device of User VMs has its place at run time: compile the scenario again", ID_NONE, i);
        }
    } else if (((d->memory_gpa & (size - 1U)) != 0U) || (d->memory_gpa >= PART_GPA_LIMIT)) {
        ok = partition_refuse("the memory of a shared-memory device is aligned to its size: move it", d->vm, d->memory_gpa);
    } else if (((d->registers_gpa % PAGE_SIZE) != 0U) || (d->registers_gpa == 0U) ||
               (d->registers_gpa > (REGISTERS_LIMIT - PART_IVSHMEM_REGISTERS))) {
        ok = partition_refuse("the registers of a shared-memory device are two pages below 4 GiB: move them", d->vm,
                              d->registers_gpa);
    } else {
        /* BARs */
    }
    return ok;
}

/* The VM has the region; a pre-launched one exactly where its BAR says; for User VMs, which have no read-only memory, the Service VM to write. */
static bool has_region(const struct part_ivshmem *d)
{
    bool has = false;
    for (uint32_t r = 0U; r < vm_of(d)->range_count; r++) {
        const struct part_range *range = &vm_of(d)->range[r];
        bool same = (range->type == PART_RANGE_SHARED) && (range->hpa == region_of(d)->hpa) &&
                    (range->size == region_of(d)->size);
        bool fits = (d->vm == VM_SERVICE) || (range->gpa == d->memory_gpa);
        if (is_open(d)) {
            fits = (range->flags & PART_RANGE_WRITE) != 0U;
        }
        has = has || (same && fits);
    }
    return has;
}

/* The Service VM's BARs lie in its device windows, where it has no memory, and which leave the interrupt controllers out. */
static bool window_has(const struct part_vm *vm, gpa_t gpa, uint64_t size)
{
    bool within = false;
    for (uint32_t r = 0U; r < vm->range_count; r++) {
        const struct part_range *range = &vm->range[r];
        within = within || ((range->type == PART_RANGE_MMIO) && interval_within(range->gpa, range->size, gpa, size));
    }
    return within;
}

static bool meets_range(const struct part_vm *vm, gpa_t gpa, uint64_t size)
{
    bool meets = false;
    for (uint32_t r = 0U; r < vm->range_count; r++) {
        meets = meets || interval_meets(vm->range[r].gpa, vm->range[r].size, gpa, size);
    }
    return meets;
}

/* REQ-CFG-050 */
static bool check_place(uint32_t i)
{
    const struct part_ivshmem *d = &partition.table.ivshmem[i];
    uint64_t size = region_of(d)->size;
    bool service = d->vm == VM_SERVICE;
    bool placed = is_open(d) || (service ? (window_has(vm_of(d), d->registers_gpa, PART_IVSHMEM_REGISTERS) && window_has(vm_of(d), d->memory_gpa, size))
                          : !meets_range(vm_of(d), d->registers_gpa, PART_IVSHMEM_REGISTERS));
    bool ok = true;
    if (!has_region(d)) {
        ok = partition_refuse("a VM has no range for the region of its shared-memory device, or elsewhere", d->vm, i);
    } else if (!placed || partition_meets_controller(d->registers_gpa, PART_IVSHMEM_REGISTERS)) {
        ok = partition_refuse("the registers of a shared-memory device meet something else: move them", d->vm,
                              d->registers_gpa);
    } else {
        /* free */
    }
    return ok;
}

static bool check_link_pair(uint32_t i, uint32_t k)
{
    const struct part_ivshmem *a = &partition.table.ivshmem[i];
    const struct part_ivshmem *b = &partition.table.ivshmem[k];
    uint64_t a_size = region_of(a)->size;
    uint64_t b_size = region_of(b)->size;
    bool ok = true;
    if ((a->vm == b->vm) && (a->region == b->region)) {
        ok = partition_refuse("a VM has two shared-memory devices for one region", a->vm, a->region);
    } else if ((a->vm == b->vm) && !is_open(a) &&
               (interval_meets(a->registers_gpa, PART_IVSHMEM_REGISTERS, b->registers_gpa, PART_IVSHMEM_REGISTERS) ||
                interval_meets(a->registers_gpa, PART_IVSHMEM_REGISTERS, b->memory_gpa, b_size) ||
                interval_meets(a->memory_gpa, a_size, b->registers_gpa, PART_IVSHMEM_REGISTERS) ||
                interval_meets(a->memory_gpa, a_size, b->memory_gpa, b_size))) {
        ok = partition_refuse("two shared-memory devices of a VM overlap: move one", a->vm, a->registers_gpa);
    } else {
        /* apart */
    }
    return ok;
}

/* REQ-CFG-050 REQ-CFG-051 */
bool partition_check_ivshmem(void)
{
    uint32_t count = partition.table.ivshmem_count;
    bool ok = true;
    if (count > PART_MAX_IVSHMEM) {
        ok = partition_refuse("number of shared-memory devices: at most 8", ID_NONE, count);
    } else if ((count != 0U) && (partition.table.board.shared_pcpu_mask == 0U)) {
        ok = partition_refuse("doorbells need a shared core that delivers those that come too early", ID_NONE, count);
    } else {
        for (uint32_t i = 0U; ok && (i < count); i++) {
            ok = check_fields(i) && check_link(i) && check_place(i);
        }
        for (uint32_t i = 0U; ok && (i < count); i++) {
            for (uint32_t k = 0U; ok && (k < i); k++) {
                ok = check_link_pair(i, k);
            }
        }
    }
    return ok;
}
