// SPDX-License-Identifier: GPL-2.0
/*
 * Faults on demand, set in /sys/module/bulkhead_hsm/parameters: the hypercall
 * fault_id fails with fault_errno for the next fault_count times after
 * fault_skip good ones. With fault_after it is carried out all the same.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/spinlock.h>
#include <asm/processor.h>

#include "hypercall.h"

static unsigned int fault_id, fault_errno = 5, fault_count, fault_skip;
static bool fault_after;
static DEFINE_SPINLOCK(fault_lock);

module_param(fault_id, uint, 0600);
module_param(fault_errno, uint, 0600);
module_param(fault_count, uint, 0600);
module_param(fault_skip, uint, 0600);
module_param(fault_after, bool, 0600);

static bool fault_due(u64 id)
{
	unsigned long flags;
	bool due = false;

	spin_lock_irqsave(&fault_lock, flags);
	if (id == fault_id && fault_count) {
		due = !fault_skip;
		if (due)
			fault_count--;
		else
			fault_skip--;
	}
	spin_unlock_irqrestore(&fault_lock, flags);
	return due;
}

int hsm_hypercall(u64 id, u64 param1, u64 param2)
{
	bool due = fault_due(id);
	register u64 r8 asm("r8") = id;
	long result = 0;

	if (!due || fault_after) {
		if (boot_cpu_data.x86_vendor == X86_VENDOR_AMD)
			asm volatile("vmmcall" : "=a" (result) : "r" (r8), "D" (param1), "S" (param2) : "memory");
		else
			asm volatile("vmcall" : "=a" (result) : "r" (r8), "D" (param1), "S" (param2) : "memory");
	}
	return due ? -(int)fault_errno : (int)result;
}
