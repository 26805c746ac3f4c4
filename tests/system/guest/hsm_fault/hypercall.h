/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Takes the place of hsm/hypercall.h in the test build of the module: chosen
 * hypercalls fail, before or after the hypervisor has carried them out.
 */
#ifndef HSM_HYPERCALL_H
#define HSM_HYPERCALL_H

#include <linux/errno.h>
#include <linux/io.h>
#include <linux/types.h>

#include "abi/hypercall.h"

int hsm_hypercall(u64 id, u64 param1, u64 param2);

/* As with a hypervisor that cannot wait: the module then finishes and sleeps. */
static inline int hsm_hypercall_idle(u64 id, u64 param1, u64 param2)
{
	return -ENOTTY;
}

static inline u64 hsm_block_gpa(const void *block)
{
	return virt_to_phys((volatile void *)block);
}

static inline int hsm_hypercall_block(u64 id, u64 vmid, const void *block)
{
	return hsm_hypercall(id, vmid, hsm_block_gpa(block));
}

#endif
