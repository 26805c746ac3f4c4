/* SPDX-License-Identifier: GPL-2.0 */
/* Pages of a process, pinned for as long as a User VM can reach them. */
#ifndef HSM_PIN_H
#define HSM_PIN_H

#include <linux/list.h>
#include <linux/mm_types.h>

/* Physically contiguous pages: a huge page, or neighbours that happen to be adjacent. */
struct hsm_run {
	unsigned long pfn;
	unsigned long count;
};

/* Sized so that the runs of a chunk fit the one page of a memory-region hypercall. */
#define HSM_CHUNK_RUNS 126U
struct hsm_chunk {
	struct list_head node;
	unsigned int run_count;
	struct hsm_run run[HSM_CHUNK_RUNS];
};

struct hsm_pages {
	struct list_head chunks;	/* in address order */
	unsigned long count;		/* pages in all runs */
};

/*
 * Pins count pages for writing and charges them to mm, which must be the
 * caller's. Nothing is pinned on failure: -EFAULT, -ENOMEM (also: over
 * RLIMIT_MEMLOCK), -EINTR.
 */
int hsm_pages_pin(struct mm_struct *mm, struct hsm_pages *pages, unsigned long address, unsigned long count);
void hsm_pages_unpin(struct mm_struct *mm, struct hsm_pages *pages);
/* Frees what describes the pages and leaves them pinned for ever. */
void hsm_pages_abandon(struct hsm_pages *pages);

#endif
