// SPDX-License-Identifier: GPL-2.0
/* PM_GET_CPU_STATE: counts and data of P- and C-states that the hypervisor shows to a User VM. */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hsm.h"
#include "hypercall.h"

#define PM_COMMAND_VMID(command) (((command) >> 24) & 0xffU)

/* What comes back takes the place of the command in user memory. */
static size_t hsm_power_result_size(u64 command)
{
	switch (command & PMCMD_TYPE_MASK) {
	case ACRN_PMCMD_GET_PX_CNT:
	case ACRN_PMCMD_GET_CX_CNT:
		return sizeof(u64);
	case ACRN_PMCMD_GET_PX_DATA:
		return sizeof(struct acrn_pstate_data);
	case ACRN_PMCMD_GET_CX_DATA:
		return sizeof(struct acrn_cstate_data);
	default:
		return 0;
	}
}

int hsm_power_get_state(struct hsm_vm *vm, void *data, unsigned long raw)
{
	u64 command = *(u64 *)data;
	size_t size = hsm_power_result_size(command);
	void *result;
	int ret;

	if (!size || command >> 32 || PM_COMMAND_VMID(command) != vm->id)
		return -EINVAL;
	result = kzalloc(size, GFP_KERNEL);
	if (!result)
		return -ENOMEM;
	ret = hsm_hypercall_block(HC_PM_GET_CPU_STATE, command, result);
	if (!ret && copy_to_user((void __user *)raw, result, size))
		ret = -EFAULT;
	kfree(result);
	return ret;
}
