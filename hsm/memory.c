// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a User VM, in segments that do not overlap. RAM is pinned memory of
 * the process and belongs to the guest until the VM is destroyed; MMIO is mapped
 * straight through and can be taken back.
 *
 * The hypervisor keeps guests out of what the Service VM does not own. That a
 * process does not hand out the kernel's own memory is checked here: MMIO and
 * mappings of device memory must lie outside of system RAM, because nothing
 * would keep such pages from being reused.
 */
#include <linux/ioport.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "hsm.h"
#include "hvdev.h"
#include "hypercall.h"
#include "pin.h"

#define GPA_LIMIT (1ULL << 52)

struct hsm_segment {
	struct list_head node;
	u64 gpa;
	u64 size;
	struct hsm_pages pages;	/* of RAM; count is 0 for MMIO */
};

struct hsm_batch {
	struct hc_memory_regions call;
	struct hc_memory_region region[HSM_CHUNK_RUNS];
};

static_assert(sizeof(struct hsm_batch) <= PAGE_SIZE);

static int hsm_batch_submit(struct hsm_vm *vm, struct hsm_batch *batch, unsigned int count)
{
	memset(&batch->call, 0, sizeof(batch->call));
	batch->call.vmid = vm->id;
	batch->call.count = count;
	batch->call.regions_gpa = virt_to_phys(batch->region);
	return hsm_hypercall(HC_VM_SET_MEMORY_REGIONS, hsm_block_gpa(&batch->call), 0);
}

/* op: HC_REGION_ADD or HC_REGION_DEL (which ignores target and prot). */
static int hsm_region_change(struct hsm_vm *vm, const struct hc_memory_region *region)
{
	struct hsm_batch *batch = kmalloc(sizeof(*batch), GFP_KERNEL);
	int ret;

	if (!batch)
		return -ENOMEM;
	batch->region[0] = *region;
	ret = hsm_batch_submit(vm, batch, 1);
	kfree(batch);
	return ret;
}

/*
 * Maps a segment, in one hypercall for each chunk. *tried counts the runs that
 * may be mapped now; on failure those of the last chunk may or may not be.
 */
static int hsm_segment_map(struct hsm_vm *vm, struct hsm_segment *segment, u32 prot, unsigned long *tried)
{
	struct hsm_batch *batch = kmalloc(sizeof(*batch), GFP_KERNEL);
	struct hsm_chunk *chunk;
	u64 gpa = segment->gpa;
	unsigned int i;
	int ret = 0;

	*tried = 0;
	if (!batch)
		return -ENOMEM;
	list_for_each_entry(chunk, &segment->pages.chunks, node) {
		for (i = 0; i < chunk->run_count; i++) {
			batch->region[i] = (struct hc_memory_region) {
				.type = HC_REGION_ADD,
				.prot = prot,
				.gpa = gpa,
				.service_vm_gpa = PFN_PHYS(chunk->run[i].pfn),
				.size = PFN_PHYS(chunk->run[i].count),
			};
			gpa += batch->region[i].size;
		}
		*tried += chunk->run_count;
		ret = hsm_batch_submit(vm, batch, chunk->run_count);
		if (ret)
			break;
		cond_resched();
	}
	kfree(batch);
	return ret;
}

/*
 * Takes back the first runs of a segment, one by one. -EINVAL means that the
 * hypervisor does not accept the range at all; then it never mapped it either.
 */
static int hsm_segment_unmap(struct hsm_vm *vm, struct hsm_segment *segment, unsigned long runs)
{
	struct hc_memory_region region = { .type = HC_REGION_DEL, .gpa = segment->gpa };
	struct hsm_chunk *chunk;
	unsigned int i;
	int ret;

	list_for_each_entry(chunk, &segment->pages.chunks, node) {
		for (i = 0; i < chunk->run_count && runs; i++, runs--) {
			region.size = PFN_PHYS(chunk->run[i].count);
			ret = hsm_region_change(vm, &region);
			if (ret && ret != -EINVAL)
				return ret;
			region.gpa += region.size;
		}
	}
	return 0;
}

static int hsm_memmap_check(const struct acrn_vm_memmap *map)
{
	u64 end;

	if (map->attr & ~(ACRN_MEM_ACCESS_RIGHT_MASK | ACRN_MEM_TYPE_MASK))
		return -EINVAL;
	if (!map->len || !PAGE_ALIGNED(map->len | map->user_vm_pa | map->service_vm_pa))
		return -EINVAL;
	if (check_add_overflow(map->user_vm_pa, map->len, &end) || end > GPA_LIMIT)
		return -EINVAL;
	if (check_add_overflow(map->service_vm_pa, map->len, &end) || end > GPA_LIMIT)
		return -EINVAL;
	return 0;
}

static bool hsm_segment_overlaps(struct hsm_vm *vm, u64 gpa, u64 size)
{
	struct hsm_segment *segment;

	list_for_each_entry(segment, &vm->segments, node)
		if (gpa < segment->gpa + segment->size && segment->gpa < gpa + size)
			return true;
	return false;
}

static struct hsm_segment *hsm_segment_new(const struct acrn_vm_memmap *map)
{
	struct hsm_segment *segment = kzalloc(sizeof(*segment), GFP_KERNEL_ACCOUNT);

	if (segment) {
		segment->gpa = map->user_vm_pa;
		segment->size = map->len;
		INIT_LIST_HEAD(&segment->pages.chunks);
	}
	return segment;
}

/* REQ-HSM-007 */
static void hsm_segment_insert(struct hsm_vm *vm, struct hsm_segment *segment)
{
	list_add_tail(&segment->node, &vm->segments);
	vm->segment_count++;
}

/*
 * When the hypervisor cannot be made to drop what it mapped of a segment that
 * failed half-way, the segment stays, unseen by the user, until the VM goes.
 */
static int hsm_ram_map(struct hsm_vm *vm, const struct acrn_vm_memmap *map)
{
	struct hsm_segment *segment = hsm_segment_new(map);
	unsigned long tried;
	int ret;

	if (!segment)
		return -ENOMEM;
	ret = hsm_pages_pin(vm->mm, &segment->pages, map->vma_base, map->len >> PAGE_SHIFT);
	if (ret) {
		kfree(segment);
		return ret;
	}
	ret = hsm_segment_map(vm, segment, (map->attr & ACRN_MEM_ACCESS_RIGHT_MASK) | HC_REGION_WB, &tried);
	if (ret && !hsm_segment_unmap(vm, segment, tried)) {
		hsm_pages_unpin(vm->mm, &segment->pages);
		kfree(segment);
		return ret;
	}
	hsm_segment_insert(vm, segment);
	return ret;
}

/* REQ-HSM-005 */
static int hsm_mmio_map(struct hsm_vm *vm, const struct acrn_vm_memmap *map, u64 target)
{
	const struct hc_memory_region region = {
		.type = HC_REGION_ADD,
		.prot = (map->attr & ACRN_MEM_ACCESS_RIGHT_MASK) |
			(hvdev_region_contains(target, map->len) ? HC_REGION_WB : HC_REGION_UC),
		.gpa = map->user_vm_pa,
		.service_vm_gpa = target,
		.size = map->len,
	};
	struct hsm_segment *segment;
	int ret;

	if (region_intersects(target, map->len, IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) != REGION_DISJOINT)
		return -EPERM;
	segment = hsm_segment_new(map);
	if (!segment)
		return -ENOMEM;
	ret = hsm_region_change(vm, &region);
	if (ret)
		kfree(segment);
	else
		hsm_segment_insert(vm, segment);
	return ret;
}

/* The one contiguous range behind a mapping of device memory. The caller holds mmap_lock. */
static int hsm_pfnmap_range(struct vm_area_struct *vma, const struct acrn_vm_memmap *map, u64 *target)
{
	unsigned long offset, pfn, first = 0;
	int ret;

	if (map->vma_base + map->len > vma->vm_end ||
	    ((map->attr & ACRN_MEM_ACCESS_WRITE) && !(vma->vm_flags & VM_WRITE)))
		return -EINVAL;
	for (offset = 0; offset < map->len; offset += PAGE_SIZE) {
		ret = hsm_follow_pfn(vma, map->vma_base + offset, &pfn);
		if (ret)
			return ret;
		if (!offset)
			first = pfn;
		if (pfn != first + (offset >> PAGE_SHIFT))
			return -EINVAL;
	}
	*target = PFN_PHYS(first);
	return 0;
}

/* 1: target is set; 0: plain memory, to be pinned. */
static int hsm_pfnmap_lookup(const struct acrn_vm_memmap *map, u64 *target)
{
	struct vm_area_struct *vma;
	int ret = 0;

	mmap_read_lock(current->mm);
	vma = vma_lookup(current->mm, map->vma_base);
	if (vma && (vma->vm_flags & VM_PFNMAP))
		ret = hsm_pfnmap_range(vma, map, target) ? : 1;
	mmap_read_unlock(current->mm);
	return ret;
}

static int hsm_ram_set(struct hsm_vm *vm, const struct acrn_vm_memmap *map)
{
	u64 target;
	int ret;

	/* Pages are charged to the process that made the VM, and pinned from the caller's. */
	if (current->mm != vm->mm)
		return -EPERM;
	if (((map->attr & ACRN_MEM_TYPE_MASK) & ~ACRN_MEM_TYPE_WB) || !access_ok((void __user *)map->vma_base, map->len))
		return -EINVAL;
	ret = hsm_pfnmap_lookup(map, &target);
	if (ret < 0)
		return ret;
	if (ret)
		return hsm_mmio_map(vm, map, target);
	return hsm_ram_map(vm, map);
}

/* REQ-HSM-007 */
int hsm_memory_set(struct hsm_vm *vm, void *data, unsigned long raw)
{
	const struct acrn_vm_memmap *map = data;
	int ret = hsm_memmap_check(map);

	if (ret)
		return ret;
	if (!(map->attr & ACRN_MEM_ACCESS_RIGHT_MASK) || map->type > ACRN_MEMMAP_MMIO)
		return -EINVAL;
	mutex_lock(&vm->memory_lock);
	if (hsm_segment_overlaps(vm, map->user_vm_pa, map->len))
		ret = -EEXIST;
	else if (vm->segment_count >= HSM_MAX_SEGMENTS)
		ret = -ENOSPC;
	else if (map->type == ACRN_MEMMAP_MMIO)
		ret = hsm_mmio_map(vm, map, map->service_vm_pa);
	else
		ret = hsm_ram_set(vm, map);
	mutex_unlock(&vm->memory_lock);
	return ret;
}

static struct hsm_segment *hsm_segment_find_mmio(struct hsm_vm *vm, u64 gpa, u64 size)
{
	struct hsm_segment *segment;

	list_for_each_entry(segment, &vm->segments, node)
		if (segment->gpa == gpa && segment->size == size && !segment->pages.count)
			return segment;
	return NULL;
}

/* As it was set. RAM stays until the VM is destroyed: the interface gives it no other end. */
int hsm_memory_unset(struct hsm_vm *vm, void *data, unsigned long raw)
{
	const struct acrn_vm_memmap *map = data;
	const struct hc_memory_region region = {
		.type = HC_REGION_DEL, .gpa = map->user_vm_pa, .size = map->len,
	};
	struct hsm_segment *segment;
	int ret = hsm_memmap_check(map);

	if (ret)
		return ret;
	if (map->type != ACRN_MEMMAP_MMIO)
		return -EINVAL;
	mutex_lock(&vm->memory_lock);
	segment = hsm_segment_find_mmio(vm, map->user_vm_pa, map->len);
	ret = segment ? hsm_region_change(vm, &region) : -EINVAL;
	if (!ret) {
		list_del(&segment->node);
		vm->segment_count--;
		kfree(segment);
	}
	mutex_unlock(&vm->memory_lock);
	return ret;
}

static void hsm_segments_drop(struct hsm_vm *vm, bool abandon)
{
	struct hsm_segment *segment, *next;

	list_for_each_entry_safe(segment, next, &vm->segments, node) {
		if (abandon)
			hsm_pages_abandon(&segment->pages);
		else
			hsm_pages_unpin(vm->mm, &segment->pages);
		list_del(&segment->node);
		kfree(segment);
	}
	vm->segment_count = 0;
}

void hsm_memory_release(struct hsm_vm *vm)
{
	hsm_segments_drop(vm, false);
}

void hsm_memory_abandon(struct hsm_vm *vm)
{
	hsm_segments_drop(vm, true);
}
