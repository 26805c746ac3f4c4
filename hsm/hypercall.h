/* SPDX-License-Identifier: GPL-2.0 */
/* How to call the hypervisor: abi/hypercall.h has the numbers and structures. */
#ifndef HSM_HYPERCALL_H
#define HSM_HYPERCALL_H

#include <linux/err.h>
#include <linux/io.h>
#include <asm/processor.h>

#include "abi/hypercall.h"

/*
 * Returns 0 or a negative errno. Safe in atomic context. A value outside of
 * the ABI is not passed on: callers hand results to user space.
 */
static inline int hsm_hypercall(u64 id, u64 param1, u64 param2)
{
	register u64 r8 asm("r8") = id;
	long result;

	if (boot_cpu_data.x86_vendor == X86_VENDOR_AMD || boot_cpu_data.x86_vendor == X86_VENDOR_HYGON)
		asm volatile("vmmcall" : "=a" (result) : "r" (r8), "D" (param1), "S" (param2) : "memory");
	else
		asm volatile("vmcall" : "=a" (result) : "r" (r8), "D" (param1), "S" (param2) : "memory");
	if (result > 0 || result < -MAX_ERRNO)
		result = -EIO;
	return (int)result;
}

/*
 * For a hypercall that may wait like HLT: interrupts are off, and open for its
 * time only. STI holds them back for one more instruction, so that one that has
 * come already ends the wait instead of being served before it.
 */
static inline int hsm_hypercall_idle(u64 id, u64 param1, u64 param2)
{
	register u64 r8 asm("r8") = id;
	long result;

	if (boot_cpu_data.x86_vendor == X86_VENDOR_AMD || boot_cpu_data.x86_vendor == X86_VENDOR_HYGON)
		asm volatile("sti; vmmcall; cli" : "=a" (result) : "r" (r8), "D" (param1), "S" (param2) : "memory");
	else
		asm volatile("sti; vmcall; cli" : "=a" (result) : "r" (r8), "D" (param1), "S" (param2) : "memory");
	if (result > 0 || result < -MAX_ERRNO)
		result = -EIO;
	return (int)result;
}

/* block: from kmalloc, at most a page, so it is physically contiguous. */
static inline u64 hsm_block_gpa(const void *block)
{
	return virt_to_phys((volatile void *)block);
}

/* For the calls that name a VM and hand over a block. */
static inline int hsm_hypercall_block(u64 id, u64 vmid, const void *block)
{
	return hsm_hypercall(id, vmid, hsm_block_gpa(block));
}

#endif
