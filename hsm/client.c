// SPDX-License-Identifier: GPL-2.0
/*
 * The I/O request client of a VM: the device model's threads that sleep in
 * ATTACH_IOREQ_CLIENT until there is a request to answer. There is one client;
 * ioeventfds are answered by the module without one.
 */
#include <linux/sched/signal.h>

#include "hsm.h"

int hsm_client_create(struct hsm_vm *vm, void *data, unsigned long raw)
{
	int ret = -EEXIST;

	mutex_lock(&vm->ioreq_lock);
	if (vm->client == HSM_CLIENT_NONE) {
		vm->client = HSM_CLIENT_LIVE;
		ret = 0;
	}
	mutex_unlock(&vm->ioreq_lock);
	if (!ret)
		hsm_ioreq_scan(vm);
	return ret;
}

/* Sends the attached threads home; DESTROY_IOREQ_CLIENT and the VM's end wait for them. */
void hsm_client_dismiss(struct hsm_vm *vm)
{
	mutex_lock(&vm->ioreq_lock);
	if (vm->client == HSM_CLIENT_LIVE)
		vm->client = HSM_CLIENT_LEAVING;
	wake_up_all(&vm->client_wq);
	mutex_unlock(&vm->ioreq_lock);
}

int hsm_client_destroy(struct hsm_vm *vm, void *data, unsigned long raw)
{
	hsm_client_dismiss(vm);
	wait_event(vm->client_wq, !READ_ONCE(vm->attached));
	mutex_lock(&vm->ioreq_lock);
	if (vm->client == HSM_CLIENT_LEAVING && !vm->attached)
		vm->client = HSM_CLIENT_NONE;
	mutex_unlock(&vm->ioreq_lock);
	return 0;
}

static int hsm_client_enter(struct hsm_vm *vm)
{
	int ret = down_read_killable(&vm->life);

	if (ret)
		return ret;
	mutex_lock(&vm->ioreq_lock);
	if (vm->state != HSM_VM_LIVE)
		ret = -EINVAL;
	else if (vm->client != HSM_CLIENT_LIVE)
		ret = -ENODEV;
	else
		vm->attached++;
	mutex_unlock(&vm->ioreq_lock);
	up_read(&vm->life);
	return ret;
}

/*
 * Returns 0 when a request waits, and after a signal, too: the device model
 * looks at the slots either way. -ENODEV: the client or the VM is going.
 */
int hsm_client_attach(struct hsm_vm *vm)
{
	int ret = hsm_client_enter(vm);

	if (ret)
		return ret;
	wait_event_interruptible(vm->client_wq, READ_ONCE(vm->client) != HSM_CLIENT_LIVE ||
				 !bitmap_empty(vm->assigned, ACRN_IO_REQUEST_MAX));
	mutex_lock(&vm->ioreq_lock);
	ret = vm->client == HSM_CLIENT_LIVE ? 0 : -ENODEV;
	vm->attached--;
	wake_up_all(&vm->client_wq);
	mutex_unlock(&vm->ioreq_lock);
	return ret;
}
