/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel interfaces that differ between 6.1 and 6.12; nothing else tests the version. */
#ifndef HSM_COMPAT_H
#define HSM_COMPAT_H

#include <linux/eventfd.h>
#include <linux/mm.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
static inline void hsm_eventfd_signal(struct eventfd_ctx *eventfd)
{
	eventfd_signal(eventfd);
}
#else
static inline void hsm_eventfd_signal(struct eventfd_ctx *eventfd)
{
	eventfd_signal(eventfd, 1);
}
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
static inline void hsm_vma_forbid_write(struct vm_area_struct *vma)
{
	vm_flags_clear(vma, VM_MAYWRITE);
}
#else
static inline void hsm_vma_forbid_write(struct vm_area_struct *vma)
{
	vma->vm_flags &= ~VM_MAYWRITE;
}
#endif

/* The frame behind an address of a VM_PFNMAP area; the caller holds mmap_lock. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
static inline int hsm_follow_pfn(struct vm_area_struct *vma, unsigned long address, unsigned long *pfn)
{
	struct follow_pfnmap_args args = { .vma = vma, .address = address };
	int ret = follow_pfnmap_start(&args);

	if (!ret) {
		*pfn = args.pfn;
		follow_pfnmap_end(&args);
	}
	return ret;
}
#else
static inline int hsm_follow_pfn(struct vm_area_struct *vma, unsigned long address, unsigned long *pfn)
{
	return follow_pfn(vma, address, pfn);
}
#endif

#endif
