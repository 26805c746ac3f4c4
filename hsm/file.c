// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/acrn_hsm: open, ioctl, close. Each argument is copied once, into memory
 * of its own that can be handed to the hypervisor; the calls check it there.
 *
 * A thread that waits in ATTACH_IOREQ_CLIENT or FINISH_AND_WAIT holds a reference to the file, so
 * a close() in another thread would not reach release(). flush() therefore
 * counts: when nothing but the calls under way keeps the file open, the client
 * is dismissed, the sleeper returns -ENODEV and the VM is destroyed.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "abi/hsm.h"
#include "hsm.h"

/* The interface is a public one: its numbers must not move. */
static_assert(ACRN_IOCTL_CREATE_VM == 0xc030a210U);
static_assert(ACRN_IOCTL_SET_VCPU_REGS == 0x4128a216U);
static_assert(ACRN_IOCTL_VM_INTR_MONITOR == 0x4008a224U);
static_assert(ACRN_IOCTL_NOTIFY_REQUEST_FINISH == 0x4008a231U);
static_assert(ACRN_IOCTL_SET_MEMSEG == 0x4020a241U);
static_assert(ACRN_IOCTL_SET_PTDEV_INTR == 0x4014a253U);
static_assert(ACRN_IOCTL_ASSIGN_PCIDEV == 0x4024a255U);
static_assert(ACRN_IOCTL_ASSIGN_MMIODEV == 0x4068a257U);
static_assert(ACRN_IOCTL_CREATE_VDEV == 0x40c0a259U);
static_assert(ACRN_IOCTL_PM_GET_CPU_STATE == 0xc008a260U);
static_assert(ACRN_IOCTL_IOEVENTFD == 0x4020a270U);
static_assert(ACRN_IOCTL_IRQFD == 0x4018a271U);
static_assert(HSM_IOCTL_FINISH_AND_WAIT == 0xa2f0U);
static_assert(sizeof(struct acrn_io_request) == 256);

struct hsm_call {
	unsigned int command;
	unsigned int size;	/* of the argument to copy in; 0: none, or passed by value */
	hsm_call_t run;
};

#define CALL_BLOCK(command, run) { command, _IOC_SIZE(command), run }
#define CALL_VALUE(command, run) { command, 0, run }

/* CREATE_VM, DESTROY_VM and the calls that wait lock differently and are not listed. */
static const struct hsm_call hsm_calls[] = {
	CALL_VALUE(ACRN_IOCTL_START_VM, hsm_vm_start),
	CALL_VALUE(ACRN_IOCTL_PAUSE_VM, hsm_vm_pause),
	CALL_VALUE(ACRN_IOCTL_RESET_VM, hsm_vm_reset),
	CALL_BLOCK(ACRN_IOCTL_SET_VCPU_REGS, hsm_vm_set_vcpu_regs),
	CALL_BLOCK(ACRN_IOCTL_INJECT_MSI, hsm_inject_msi),
	CALL_VALUE(ACRN_IOCTL_VM_INTR_MONITOR, hsm_intr_monitor),
	CALL_VALUE(ACRN_IOCTL_SET_IRQLINE, hsm_set_irqline),
	CALL_BLOCK(ACRN_IOCTL_NOTIFY_REQUEST_FINISH, hsm_ioreq_notify),
	CALL_VALUE(ACRN_IOCTL_CREATE_IOREQ_CLIENT, hsm_client_create),
	CALL_VALUE(ACRN_IOCTL_DESTROY_IOREQ_CLIENT, hsm_client_destroy),
	CALL_VALUE(ACRN_IOCTL_CLEAR_VM_IOREQ, hsm_ioreq_clear),
	CALL_BLOCK(ACRN_IOCTL_SET_MEMSEG, hsm_memory_set),
	CALL_BLOCK(ACRN_IOCTL_UNSET_MEMSEG, hsm_memory_unset),
	CALL_BLOCK(ACRN_IOCTL_SET_PTDEV_INTR, hsm_ptdev_set_intr),
	CALL_BLOCK(ACRN_IOCTL_RESET_PTDEV_INTR, hsm_ptdev_reset_intr),
	CALL_BLOCK(ACRN_IOCTL_ASSIGN_PCIDEV, hsm_pcidev_assign),
	CALL_BLOCK(ACRN_IOCTL_DEASSIGN_PCIDEV, hsm_pcidev_deassign),
	CALL_BLOCK(ACRN_IOCTL_ASSIGN_MMIODEV, hsm_mmiodev_assign),
	CALL_BLOCK(ACRN_IOCTL_DEASSIGN_MMIODEV, hsm_mmiodev_deassign),
	CALL_BLOCK(ACRN_IOCTL_CREATE_VDEV, hsm_vdev_create),
	CALL_BLOCK(ACRN_IOCTL_DESTROY_VDEV, hsm_vdev_destroy),
	CALL_BLOCK(ACRN_IOCTL_PM_GET_CPU_STATE, hsm_power_get_state),
	CALL_BLOCK(ACRN_IOCTL_IOEVENTFD, hsm_ioeventfd),
	CALL_BLOCK(ACRN_IOCTL_IRQFD, hsm_irqfd),
};

static int hsm_file_open(struct inode *inode, struct file *file)
{
	struct hsm_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);

	if (!vm)
		return -ENOMEM;
	hsm_vm_init(vm);
	file->private_data = vm;
	return nonseekable_open(inode, file);
}

static int hsm_file_create_vm(struct hsm_vm *vm, unsigned long raw)
{
	struct acrn_vm_creation *creation;
	int ret;

	creation = memdup_user((void __user *)raw, sizeof(*creation));
	if (IS_ERR(creation))
		return PTR_ERR(creation);
	ret = down_write_killable(&vm->life);
	if (ret)
		goto out_free;
	ret = vm->state == HSM_VM_NONE ? hsm_vm_create(vm, creation, raw) : -EBUSY;
	if (!ret && copy_to_user((void __user *)raw, creation, sizeof(*creation))) {
		hsm_vm_destroy(vm, NULL, 0);
		ret = -EFAULT;
	}
	up_write(&vm->life);
out_free:
	kfree(creation);
	return ret;
}

static int hsm_file_destroy_vm(struct hsm_vm *vm)
{
	int ret = down_write_killable(&vm->life);

	if (ret)
		return ret;
	ret = vm->state == HSM_VM_NONE ? -EINVAL : hsm_vm_destroy(vm, NULL, 0);
	up_write(&vm->life);
	return ret;
}

static int hsm_file_run(struct hsm_vm *vm, const struct hsm_call *call, unsigned long raw)
{
	void *data = NULL;
	int ret;

	if (call->size) {
		data = memdup_user((void __user *)raw, call->size);
		if (IS_ERR(data))
			return PTR_ERR(data);
	}
	ret = down_read_killable(&vm->life);
	if (!ret) {
		ret = vm->state == HSM_VM_LIVE ? call->run(vm, data, raw) : -EINVAL;
		up_read(&vm->life);
	}
	kfree(data);
	return ret;
}

/* REQ-HSM-002 */
static int hsm_file_call(struct hsm_vm *vm, unsigned int command, unsigned long raw)
{
	size_t i;

	switch (command) {
	case ACRN_IOCTL_CREATE_VM:
		return hsm_file_create_vm(vm, raw);
	case ACRN_IOCTL_DESTROY_VM:
		return hsm_file_destroy_vm(vm);
	case ACRN_IOCTL_ATTACH_IOREQ_CLIENT:
		return hsm_client_attach(vm);
	case HSM_IOCTL_FINISH_AND_WAIT:
		return hsm_client_finish_and_wait(vm, raw);
	}
	for (i = 0; i < ARRAY_SIZE(hsm_calls); i++)
		if (hsm_calls[i].command == command)
			return hsm_file_run(vm, &hsm_calls[i], raw);
	return -ENOTTY;
}

static long hsm_file_ioctl(struct file *file, unsigned int command, unsigned long raw)
{
	struct hsm_vm *vm = file->private_data;
	bool counted = READ_ONCE(vm->owner) == current->files;
	int ret;

	/* A process with several threads took a reference to the file for this call. */
	if (counted)
		atomic_inc(&vm->calls);
	ret = hsm_file_call(vm, command, raw);
	if (counted)
		atomic_dec(&vm->calls);
	return ret;
}

/* REQ-HSM-006 */
static int hsm_file_flush(struct file *file, fl_owner_t closer)
{
	struct hsm_vm *vm = file->private_data;

	if (READ_ONCE(vm->owner) == closer && file_count(file) - atomic_read(&vm->calls) <= 1)
		hsm_client_dismiss(vm);
	return 0;
}

/* REQ-HSM-006 */
static int hsm_file_release(struct inode *inode, struct file *file)
{
	struct hsm_vm *vm = file->private_data;

	down_write(&vm->life);
	if (vm->state != HSM_VM_NONE && hsm_vm_destroy(vm, NULL, 0))
		hsm_vm_abandon(vm);
	up_write(&vm->life);
	kfree(vm);
	return 0;
}

const struct file_operations hsm_file_operations = {
	.owner = THIS_MODULE,
	.open = hsm_file_open,
	.flush = hsm_file_flush,
	.release = hsm_file_release,
	.unlocked_ioctl = hsm_file_ioctl,
};
