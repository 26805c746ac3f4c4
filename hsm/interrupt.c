// SPDX-License-Identifier: GPL-2.0
/* Interrupts into a User VM: message-signalled, lines, and the interrupt monitor. */
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "hsm.h"
#include "hypercall.h"

#define IRQLINE_LAST_OP    3U	/* high, low, rising pulse, falling pulse */
#define INTR_MONITOR_SIZE  392U	/* u32 command, u32 count, u64 buffer[48] */
#define INTR_MONITOR_LAST  1U	/* commands: get data, delay */
#define INTR_MONITOR_COUNT 48U

int hsm_inject_msi(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_hypercall_block(HC_INJECT_MSI, vm->id, data);
}

/* By value: line in the low half, operation in the high half. */
int hsm_set_irqline(struct hsm_vm *vm, void *data, unsigned long raw)
{
	if ((raw >> 32) > IRQLINE_LAST_OP)
		return -EINVAL;
	return hsm_hypercall(HC_SET_IRQLINE, vm->id, raw);
}

int hsm_intr_monitor(struct hsm_vm *vm, void *data, unsigned long raw)
{
	u32 *block = memdup_user((void __user *)raw, INTR_MONITOR_SIZE);
	int ret = -EINVAL;

	if (IS_ERR(block))
		return PTR_ERR(block);
	if (block[0] <= INTR_MONITOR_LAST && block[1] <= INTR_MONITOR_COUNT)
		ret = hsm_hypercall_block(HC_VM_INTR_MONITOR, vm->id, block);
	if (!ret && copy_to_user((void __user *)raw, block, INTR_MONITOR_SIZE))
		ret = -EFAULT;
	kfree(block);
	return ret;
}
