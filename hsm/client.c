// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O request client of a VM: the device model's threads that sleep in
 * ATTACH_IOREQ_CLIENT or FINISH_AND_WAIT until there is a request to answer. There is one client;
 * ioeventfds are answered by the module without one.
 */
#include <linux/sched/signal.h>

#include "hsm.h"

int hsm_client_create(struct hsm_vm *vm, void *data, unsigned long raw)
{
	int ret = -EEXIST;

	spin_lock_irq(&vm->ioreq_lock);
	if (vm->client == HSM_CLIENT_NONE) {
		vm->client = HSM_CLIENT_LIVE;
		ret = 0;
	}
	spin_unlock_irq(&vm->ioreq_lock);
	if (!ret)
		hsm_ioreq_scan(vm);
	return ret;
}

/* Those that sleep, and the one that waits in the hypervisor on another core: an interrupt sends it back. */
void hsm_client_wake(struct hsm_vm *vm)
{
	lockdep_assert_held(&vm->ioreq_lock);
	wake_up_all(&vm->client_wq);
	if (vm->waiter)
		kick_process(vm->waiter);
}

/* Sends the attached threads home; DESTROY_IOREQ_CLIENT and the VM's end wait for them. */
void hsm_client_dismiss(struct hsm_vm *vm)
{
	spin_lock_irq(&vm->ioreq_lock);
	if (vm->client == HSM_CLIENT_LIVE)
		vm->client = HSM_CLIENT_LEAVING;
	hsm_client_wake(vm);
	spin_unlock_irq(&vm->ioreq_lock);
}

int hsm_client_destroy(struct hsm_vm *vm, void *data, unsigned long raw)
{
	hsm_client_dismiss(vm);
	wait_event(vm->client_wq, !READ_ONCE(vm->attached));
	spin_lock_irq(&vm->ioreq_lock);
	if (vm->client == HSM_CLIENT_LEAVING && !vm->attached)
		vm->client = HSM_CLIENT_NONE;
	spin_unlock_irq(&vm->ioreq_lock);
	return 0;
}

static int hsm_client_enter(struct hsm_vm *vm)
{
	int ret = down_read_killable(&vm->life);

	if (ret)
		return ret;
	spin_lock_irq(&vm->ioreq_lock);
	if (vm->state != HSM_VM_LIVE)
		ret = -EINVAL;
	else if (vm->client != HSM_CLIENT_LIVE)
		ret = -ENODEV;
	else
		vm->attached++;
	spin_unlock_irq(&vm->ioreq_lock);
	up_read(&vm->life);
	return ret;
}

/* Whoever waits for the attached threads' going has dismissed the client first. */
static int hsm_client_leave(struct hsm_vm *vm)
{
	int ret;

	spin_lock_irq(&vm->ioreq_lock);
	ret = vm->client == HSM_CLIENT_LIVE ? 0 : -ENODEV;
	vm->attached--;
	if (ret)
		wake_up_all(&vm->client_wq);
	spin_unlock_irq(&vm->ioreq_lock);
	return ret;
}

/*
 * Returns 0 when a request waits, and after a signal, too: the device model
 * looks at the slots either way. -ENODEV: the client or the VM is going.
 */
static int hsm_client_wait(struct hsm_vm *vm)
{
	wait_event_interruptible(vm->client_wq, READ_ONCE(vm->client) != HSM_CLIENT_LIVE ||
				 !bitmap_empty(vm->assigned, ACRN_IO_REQUEST_MAX));
	return hsm_client_leave(vm);
}

int hsm_client_attach(struct hsm_vm *vm)
{
	int ret = hsm_client_enter(vm);

	return ret ? ret : hsm_client_wait(vm);
}

int hsm_client_finish_and_wait(struct hsm_vm *vm, unsigned long slot)
{
	int ret = hsm_client_enter(vm);

	if (ret)
		return ret;
	ret = slot < ACRN_IO_REQUEST_MAX ? hsm_ioreq_finish_and_wait(vm, slot) : -EINVAL;
	if (ret)
		hsm_client_leave(vm);
	else
		ret = hsm_client_wait(vm);
	return ret;
}
