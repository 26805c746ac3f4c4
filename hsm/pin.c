// SPDX-License-Identifier: GPL-2.0
/*
 * Pinning. FOLL_LONGTERM moves pages out of movable zones first and pins what
 * is there: hugetlb, transparent huge and plain pages alike; what is adjacent
 * becomes one run. Pinned pages count against RLIMIT_MEMLOCK (VmPin).
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "pin.h"
#include "stats.h"

#define PIN_BATCH   512UL	/* pages pinned at once: one page of pointers */
#define UNPIN_BATCH 4096UL	/* pages given back between two reschedule points */

static int hsm_pages_charge(struct mm_struct *mm, unsigned long count)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	if (atomic64_add_return(count, &mm->pinned_vm) > limit && !capable(CAP_IPC_LOCK)) {
		atomic64_sub(count, &mm->pinned_vm);
		return -ENOMEM;
	}
	return 0;
}

static struct hsm_chunk *hsm_pages_last_chunk(struct hsm_pages *pages)
{
	struct hsm_chunk *chunk = NULL;

	if (!list_empty(&pages->chunks))
		chunk = list_last_entry(&pages->chunks, struct hsm_chunk, node);
	if (!chunk || chunk->run_count == HSM_CHUNK_RUNS) {
		chunk = kzalloc(sizeof(*chunk), GFP_KERNEL_ACCOUNT);
		if (chunk)
			list_add_tail(&chunk->node, &pages->chunks);
	}
	return chunk;
}

static int hsm_pages_append(struct hsm_pages *pages, unsigned long pfn)
{
	struct hsm_chunk *chunk = NULL;
	struct hsm_run *run = NULL;

	if (!list_empty(&pages->chunks)) {
		chunk = list_last_entry(&pages->chunks, struct hsm_chunk, node);
		run = &chunk->run[chunk->run_count - 1];
	}
	if (run && run->pfn + run->count == pfn) {
		run->count++;
	} else {
		chunk = hsm_pages_last_chunk(pages);
		if (!chunk)
			return -ENOMEM;
		chunk->run[chunk->run_count].pfn = pfn;
		chunk->run[chunk->run_count].count = 1;
		chunk->run_count++;
	}
	pages->count++;
	return 0;
}

static int hsm_pages_pin_batch(struct hsm_pages *pages, unsigned long address, unsigned long count,
			       struct page **batch)
{
	long got = pin_user_pages_fast(address, count, FOLL_WRITE | FOLL_LONGTERM, batch);
	long i;

	if (got <= 0)
		return got ? got : -EFAULT;
	for (i = 0; i < got; i++) {
		if (hsm_pages_append(pages, page_to_pfn(batch[i]))) {
			unpin_user_pages(&batch[i], got - i);
			return -ENOMEM;
		}
	}
	return got;
}

static void hsm_run_unpin(const struct hsm_run *run)
{
	unsigned long done = 0;

	while (done < run->count) {
		unsigned long part = min(run->count - done, UNPIN_BATCH);

		/* The guest may have written to any of them. */
		unpin_user_page_range_dirty_lock(pfn_to_page(run->pfn + done), part, true);
		done += part;
		cond_resched();
	}
}

static void hsm_pages_put(struct hsm_pages *pages, bool unpin)
{
	struct hsm_chunk *chunk, *next;
	unsigned int i;

	list_for_each_entry_safe(chunk, next, &pages->chunks, node) {
		for (i = 0; unpin && i < chunk->run_count; i++)
			hsm_run_unpin(&chunk->run[i]);
		list_del(&chunk->node);
		kfree(chunk);
	}
}

int hsm_pages_pin(struct mm_struct *mm, struct hsm_pages *pages, unsigned long address, unsigned long count)
{
	struct page **batch;
	int ret;

	INIT_LIST_HEAD(&pages->chunks);
	pages->count = 0;
	ret = hsm_pages_charge(mm, count);
	if (ret)
		return ret;
	batch = kmalloc_array(PIN_BATCH, sizeof(*batch), GFP_KERNEL);
	if (!batch)
		ret = -ENOMEM;
	while (ret >= 0 && pages->count < count) {
		ret = hsm_pages_pin_batch(pages, address + (pages->count << PAGE_SHIFT),
					  min(count - pages->count, PIN_BATCH), batch);
		if (ret >= 0 && fatal_signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	kfree(batch);
	if (ret < 0) {
		hsm_pages_put(pages, true);
		atomic64_sub(count, &mm->pinned_vm);
		return ret;
	}
	atomic64_add(count, &hsm_stats.pinned_pages);
	return 0;
}

void hsm_pages_unpin(struct mm_struct *mm, struct hsm_pages *pages)
{
	hsm_pages_put(pages, true);
	atomic64_sub(pages->count, &mm->pinned_vm);
	atomic64_sub(pages->count, &hsm_stats.pinned_pages);
}

/* REQ-HSM-004 */
void hsm_pages_abandon(struct hsm_pages *pages)
{
	hsm_pages_put(pages, false);
	atomic64_add(pages->count, &hsm_stats.abandoned_pages);
}
