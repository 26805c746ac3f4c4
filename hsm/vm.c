// SPDX-License-Identifier: GPL-2.0
/* The life of a User VM: create, start, pause, reset, destroy. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hsm.h"
#include "hypercall.h"
#include "stats.h"

static LIST_HEAD(hsm_vm_list);
static DEFINE_SPINLOCK(hsm_vm_list_lock);

static_assert(sizeof(struct acrn_vm_creation) == sizeof(struct hc_vm_creation));
static_assert(sizeof(struct acrn_vcpu_regs) == sizeof(struct hc_vcpu_regs));

void hsm_vm_init(struct hsm_vm *vm)
{
	init_rwsem(&vm->life);
	INIT_LIST_HEAD(&vm->node);
	atomic_set(&vm->calls, 0);
	spin_lock_init(&vm->ioreq_lock);
	init_waitqueue_head(&vm->client_wq);
	INIT_LIST_HEAD(&vm->ioeventfds);
	mutex_init(&vm->memory_lock);
	INIT_LIST_HEAD(&vm->segments);
	mutex_init(&vm->irqfd_config_lock);
	spin_lock_init(&vm->irqfd_lock);
	INIT_LIST_HEAD(&vm->irqfds);
	vm->id = HSM_INVALID_VMID;
	vm->state = HSM_VM_NONE;
}

/* The VM exists only in the hypervisor so far. */
static int hsm_vm_register(struct hsm_vm *vm, struct hc_vm_creation *call, unsigned long user_page)
{
	int ret;

	if (call->vmid == HSM_INVALID_VMID || !call->vcpu_num || call->vcpu_num > ACRN_IO_REQUEST_MAX) {
		pr_err("hypervisor created VM %u with %u vCPUs\n", call->vmid, call->vcpu_num);
		return -EIO;
	}
	vm->id = call->vmid;
	vm->vcpu_count = call->vcpu_num;
	ret = hsm_ioreq_setup(vm, user_page);
	if (ret)
		return ret;
	mmgrab(current->mm);
	vm->mm = current->mm;
	WRITE_ONCE(vm->owner, current->files);
	vm->state = HSM_VM_LIVE;
	atomic64_inc(&hsm_stats.vms);
	spin_lock_irq(&hsm_vm_list_lock);
	list_add_tail(&vm->node, &hsm_vm_list);
	spin_unlock_irq(&hsm_vm_list_lock);
	return 0;
}

/* REQ-HSM-004 */
static int hsm_vm_end(u16 id)
{
	int ret;

	/* The hypervisor destroys only what is paused; that a VM was never started is no error. */
	hsm_hypercall(HC_PAUSE_VM, id, 0);
	ret = hsm_hypercall(HC_DESTROY_VM, id, 0);
	if (ret)
		pr_err("hypervisor refused to destroy VM %u (%d)\n", id, ret);
	return ret;
}

/* Takes back a creation that did not get as far as hsm_vm_register's last step. */
static void hsm_vm_undo(struct hsm_vm *vm, u16 id)
{
	if (hsm_vm_end(id))
		hsm_ioreq_abandon(vm);
	else
		hsm_ioreq_teardown(vm);
	vm->id = HSM_INVALID_VMID;
}

int hsm_vm_create(struct hsm_vm *vm, void *data, unsigned long raw)
{
	struct acrn_vm_creation *creation = data;
	struct hc_vm_creation *call;
	int ret;

	if (creation->reserved0 || creation->reserved1 || !creation->ioreq_buf ||
	    !PAGE_ALIGNED(creation->ioreq_buf))
		return -EINVAL;
	call = kzalloc(sizeof(*call), GFP_KERNEL);
	if (!call)
		return -ENOMEM;
	memcpy(call->name, &creation->uuid, sizeof(call->name));
	call->vmid = HSM_INVALID_VMID;
	call->vm_flag = creation->vm_flag;
	call->cpu_affinity = creation->cpu_affinity;
	ret = hsm_hypercall(HC_CREATE_VM, hsm_block_gpa(call), 0);
	if (!ret) {
		ret = hsm_vm_register(vm, call, creation->ioreq_buf);
		if (ret)
			hsm_vm_undo(vm, call->vmid);
	}
	if (!ret) {
		creation->vmid = vm->id;
		creation->vcpu_num = vm->vcpu_count;
	}
	kfree(call);
	return ret;
}

static void hsm_vm_forget(struct hsm_vm *vm)
{
	mmdrop(vm->mm);
	vm->mm = NULL;
	vm->id = HSM_INVALID_VMID;
	WRITE_ONCE(vm->owner, NULL);
	vm->state = HSM_VM_NONE;
	atomic64_dec(&hsm_stats.vms);
}

/*
 * Everything that could still name the VM to the hypervisor stops first: the
 * id may be another VM's as soon as DESTROY_VM returns. Pages are given back
 * last, when no stage-2 table can hold them.
 */
int hsm_vm_destroy(struct hsm_vm *vm, void *data, unsigned long raw)
{
	int ret;

	spin_lock_irq(&hsm_vm_list_lock);
	list_del_init(&vm->node);
	spin_unlock_irq(&hsm_vm_list_lock);
	hsm_client_destroy(vm, NULL, 0);
	hsm_irqfd_release(vm);
	hsm_ioeventfd_release(vm);

	ret = hsm_vm_end(vm->id);
	if (ret) {
		vm->state = HSM_VM_DEFUNCT;
		return ret;
	}
	hsm_memory_release(vm);
	hsm_ioreq_teardown(vm);
	hsm_vm_forget(vm);
	return 0;
}

/* The last reference is gone and the VM is not: its pages must never be reused. */
void hsm_vm_abandon(struct hsm_vm *vm)
{
	hsm_memory_abandon(vm);
	hsm_ioreq_abandon(vm);
	hsm_vm_forget(vm);
}

int hsm_vm_start(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_hypercall(HC_START_VM, vm->id, 0);
}

int hsm_vm_pause(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_hypercall(HC_PAUSE_VM, vm->id, 0);
}

int hsm_vm_reset(struct hsm_vm *vm, void *data, unsigned long raw)
{
	int ret = hsm_hypercall(HC_RESET_VM, vm->id, 0);

	if (!ret)
		hsm_ioreq_drop(vm);
	return ret;
}

int hsm_vm_set_vcpu_regs(struct hsm_vm *vm, void *data, unsigned long raw)
{
	const struct acrn_vcpu_regs *call = data;
	const struct acrn_regs *regs = &call->vcpu_regs;

	if (call->vcpu_id >= vm->vcpu_count ||
	    memchr_inv(call->reserved, 0, sizeof(call->reserved)) ||
	    memchr_inv(regs->gdt.reserved, 0, sizeof(regs->gdt.reserved)) ||
	    memchr_inv(regs->idt.reserved, 0, sizeof(regs->idt.reserved)) ||
	    memchr_inv(regs->reserved_64, 0, sizeof(regs->reserved_64)) ||
	    memchr_inv(regs->reserved_32, 0, sizeof(regs->reserved_32)))
		return -EINVAL;
	return hsm_hypercall_block(HC_SET_VCPU_REGS, vm->id, call);
}

/* One upcall may stand for requests of several VMs. */
void hsm_vm_scan_all(void)
{
	struct hsm_vm *vm;
	unsigned long flags;

	spin_lock_irqsave(&hsm_vm_list_lock, flags);
	list_for_each_entry(vm, &hsm_vm_list, node)
		hsm_ioreq_scan(vm);
	spin_unlock_irqrestore(&hsm_vm_list_lock, flags);
}
