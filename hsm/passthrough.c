// SPDX-License-Identifier: GPL-2.0
/* Devices given to a User VM, physical ones and those that the hypervisor emulates. */
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hsm.h"
#include "hypercall.h"

/* The hypervisor reads 24 bytes where the user's structure has 20. */
#define HC_PTDEV_IRQ_SIZE 24U

static int hsm_ptdev_intr(struct hsm_vm *vm, u64 id, const struct acrn_ptdev_irq *irq)
{
	void *call;
	int ret;

	if (irq->type > ACRN_PTDEV_IRQ_MSIX || irq->intx.is_pic_pin > 1)
		return -EINVAL;
	call = kzalloc(HC_PTDEV_IRQ_SIZE, GFP_KERNEL);
	if (!call)
		return -ENOMEM;
	memcpy(call, irq, sizeof(*irq));
	ret = hsm_hypercall_block(id, vm->id, call);
	kfree(call);
	return ret;
}

int hsm_ptdev_set_intr(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_ptdev_intr(vm, HC_SET_PTDEV_INTR_INFO, data);
}

int hsm_ptdev_reset_intr(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_ptdev_intr(vm, HC_RESET_PTDEV_INTR_INFO, data);
}

static int hsm_pcidev(struct hsm_vm *vm, u64 id, const struct acrn_pcidev *device)
{
	if (device->type & ~ACRN_PTDEV_QUIRK_ASSIGN)
		return -EINVAL;
	return hsm_hypercall_block(id, vm->id, device);
}

int hsm_pcidev_assign(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_pcidev(vm, HC_ASSIGN_PCIDEV, data);
}

int hsm_pcidev_deassign(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_pcidev(vm, HC_DEASSIGN_PCIDEV, data);
}

static int hsm_mmiodev(struct hsm_vm *vm, u64 id, const struct acrn_mmiodev *device)
{
	u64 end;
	int i;

	for (i = 0; i < ACRN_MMIODEV_RES_NUM; i++) {
		if (!PAGE_ALIGNED(device->res[i].user_vm_pa | device->res[i].service_vm_pa | device->res[i].size) ||
		    check_add_overflow(device->res[i].user_vm_pa, device->res[i].size, &end) ||
		    check_add_overflow(device->res[i].service_vm_pa, device->res[i].size, &end))
			return -EINVAL;
	}
	return hsm_hypercall_block(id, vm->id, device);
}

int hsm_mmiodev_assign(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_mmiodev(vm, HC_ASSIGN_MMIODEV, data);
}

int hsm_mmiodev_deassign(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_mmiodev(vm, HC_DEASSIGN_MMIODEV, data);
}

int hsm_vdev_create(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_hypercall_block(HC_CREATE_VDEV, vm->id, data);
}

int hsm_vdev_destroy(struct hsm_vm *vm, void *data, unsigned long raw)
{
	return hsm_hypercall_block(HC_DESTROY_VDEV, vm->id, data);
}
