// SPDX-License-Identifier: GPL-2.0
/*
 * I/O requests: one page per VM, shared by hypervisor, module and device
 * model; slot n belongs to vCPU n and is FREE, PENDING (hypervisor), PROCESSING
 * (module and device model) or COMPLETE.
 *
 * The device model can write to the page at any time, so the module acts only
 * on copies, and whatever the page says harms nobody but this VM: the
 * hypervisor takes an answer only for a request that it posted itself.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>
#include <linux/slab.h>

#include "hsm.h"
#include "hypercall.h"
#include "stats.h"

#define PCI_CONFIG_ADDRESS 0xcf8U
#define PCI_CONFIG_DATA    0xcfcU
#define PCI_CONFIG_ENABLE  0x80000000U

/* A page that is pinned stays so on failure: the hypervisor may have taken it. */
int hsm_ioreq_setup(struct hsm_vm *vm, unsigned long user_page)
{
	struct page *page;
	u64 *gpa;
	int ret;

	gpa = kzalloc(sizeof(*gpa), GFP_KERNEL);
	if (!gpa)
		return -ENOMEM;
	ret = pin_user_pages_fast(user_page, 1, FOLL_WRITE | FOLL_LONGTERM, &page);
	if (ret != 1) {
		kfree(gpa);
		return ret < 0 ? ret : -EFAULT;
	}
	atomic64_inc(&hsm_stats.pinned_pages);
	vm->ioreq_page = page;
	vm->ioreq = page_address(page);
	vm->pci_config_address = 0;
	bitmap_zero(vm->assigned, ACRN_IO_REQUEST_MAX);
	*gpa = page_to_phys(page);
	ret = hsm_hypercall_block(HC_SET_IOREQ_BUFFER, vm->id, gpa);
	kfree(gpa);
	return ret;
}

void hsm_ioreq_teardown(struct hsm_vm *vm)
{
	if (!vm->ioreq_page)
		return;
	vm->ioreq = NULL;
	unpin_user_pages_dirty_lock(&vm->ioreq_page, 1, true);
	vm->ioreq_page = NULL;
	atomic64_dec(&hsm_stats.pinned_pages);
}

void hsm_ioreq_abandon(struct hsm_vm *vm)
{
	if (vm->ioreq_page)
		atomic64_inc(&hsm_stats.abandoned_pages);
	vm->ioreq = NULL;
	vm->ioreq_page = NULL;
}

/* Hands the slot back. True: its vCPU polls, and needs no call to wake it. */
static bool hsm_ioreq_answer(struct hsm_vm *vm, unsigned int slot)
{
	struct acrn_io_request *request = &vm->ioreq->req_slot[slot];
	bool polling = READ_ONCE(request->completion_polling);

	/* The answer must be visible before the state that announces it. */
	smp_store_release(&request->processed, ACRN_IOREQ_STATE_COMPLETE);
	return polling;
}

int hsm_ioreq_complete(struct hsm_vm *vm, unsigned int slot)
{
	return hsm_ioreq_answer(vm, slot) ? 0 : hsm_hypercall(HC_NOTIFY_REQUEST_FINISH, vm->id, slot);
}

/* Port and memory requests share the layout of everything but the width of the value. */
/* REQ-HSM-003 */
static struct hsm_io hsm_ioreq_decode(const struct acrn_io_request *request)
{
	const struct acrn_pio_request *pio = &request->reqs.pio_request;
	struct hsm_io io = {
		.type = READ_ONCE(request->type),
		.direction = READ_ONCE(pio->direction),
		.address = READ_ONCE(pio->address),
		.size = READ_ONCE(pio->size),
	};

	if (io.type == ACRN_IOREQ_TYPE_PORTIO)
		io.value = READ_ONCE(pio->value);
	else
		io.value = READ_ONCE(request->reqs.mmio_request.value);
	return io;
}

static void hsm_ioreq_set_value(struct acrn_io_request *request, u32 type, u64 value)
{
	if (type == ACRN_IOREQ_TYPE_PORTIO)
		WRITE_ONCE(request->reqs.pio_request.value, (u32)value);
	else
		WRITE_ONCE(request->reqs.mmio_request.value, value);
}

/* Turns an access to the data register into one that names the function and its register. */
static void hsm_ioreq_to_pci(const struct hsm_vm *vm, const struct hsm_io *io, struct acrn_io_request *request)
{
	struct acrn_pci_request *pci = &request->reqs.pci_request;
	u32 address = vm->pci_config_address;

	pci->bus = (address >> 16) & 0xffU;
	pci->dev = (address >> 11) & 0x1fU;
	pci->func = (address >> 8) & 0x7U;
	/* AMD extends the register number by address bits 27:24. */
	pci->reg = (address & 0xfcU) + ((address >> 16) & 0xf00U) + (u32)(io->address - PCI_CONFIG_DATA);
	request->type = ACRN_IOREQ_TYPE_PCICFG;
}

/*
 * PCI configuration mechanism 1: the module keeps the address register.
 * Returns true when that answers the request; *answer is the value read.
 */
static bool hsm_ioreq_pci_config(struct hsm_vm *vm, const struct hsm_io *io, struct acrn_io_request *request,
				 u64 *answer)
{
	if (io->type != ACRN_IOREQ_TYPE_PORTIO)
		return false;
	if (io->address == PCI_CONFIG_ADDRESS && io->size == sizeof(u32)) {
		if (io->direction == ACRN_IOREQ_DIR_WRITE)
			vm->pci_config_address = (u32)io->value;
		*answer = vm->pci_config_address;
		return true;
	}
	if (io->address < PCI_CONFIG_DATA || io->address >= PCI_CONFIG_DATA + sizeof(u32))
		return false;
	if (vm->pci_config_address & PCI_CONFIG_ENABLE) {
		hsm_ioreq_to_pci(vm, io, request);
		return false;
	}
	*answer = ~0U;
	return true;
}

/* True: answered in the kernel. */
static bool hsm_ioreq_handle(struct hsm_vm *vm, struct acrn_io_request *request)
{
	const struct hsm_io io = hsm_ioreq_decode(request);
	u64 answer = io.value;
	bool handled = hsm_ioreq_pci_config(vm, &io, request, &answer) || hsm_ioeventfd_handle(vm, &io, &answer);

	if (handled && io.direction == ACRN_IOREQ_DIR_READ)
		hsm_ioreq_set_value(request, io.type, answer);
	return handled;
}

static void hsm_ioreq_take(struct hsm_vm *vm, unsigned int slot)
{
	struct acrn_io_request *request = &vm->ioreq->req_slot[slot];

	/* Pairs with the hypervisor's release of a filled slot. */
	if (smp_load_acquire(&request->processed) != ACRN_IOREQ_STATE_PENDING)
		return;
	atomic64_inc(&hsm_stats.requests);
	if (hsm_ioreq_handle(vm, request)) {
		atomic64_inc(&hsm_stats.requests_in_kernel);
		hsm_ioreq_complete(vm, slot);
		return;
	}
	WRITE_ONCE(request->kernel_handled, 0);
	/* Assigned first: a client that sees PROCESSING may answer at once. */
	set_bit(slot, vm->assigned);
	smp_store_release(&request->processed, ACRN_IOREQ_STATE_PROCESSING);
}

/* True: there is something for the client to answer. */
static bool hsm_ioreq_take_all(struct hsm_vm *vm)
{
	unsigned int slot;

	lockdep_assert_held(&vm->ioreq_lock);
	for (slot = 0; slot < vm->vcpu_count; slot++)
		hsm_ioreq_take(vm, slot);
	return !bitmap_empty(vm->assigned, ACRN_IO_REQUEST_MAX);
}

/* Without a client requests stay PENDING; they are found when one is created. */
void hsm_ioreq_scan(struct hsm_vm *vm)
{
	unsigned long flags;

	spin_lock_irqsave(&vm->ioreq_lock, flags);
	if (vm->client == HSM_CLIENT_LIVE && hsm_ioreq_take_all(vm))
		hsm_client_wake(vm);
	spin_unlock_irqrestore(&vm->ioreq_lock, flags);
}

int hsm_ioreq_notify(struct hsm_vm *vm, void *data, unsigned long raw)
{
	const struct acrn_ioreq_notify *notify = data;

	if (notify->vmid != vm->id || notify->reserved || notify->vcpu >= vm->vcpu_count ||
	    !test_and_clear_bit(notify->vcpu, vm->assigned))
		return -EINVAL;
	return hsm_ioreq_complete(vm, notify->vcpu);
}

/* Interrupts are off: whoever wants this thread or its core from now on sends an interrupt. */
static bool hsm_ioreq_may_wait(struct hsm_vm *vm)
{
	return READ_ONCE(vm->waiter) == current && READ_ONCE(vm->client) == HSM_CLIENT_LIVE &&
	       bitmap_empty(vm->assigned, ACRN_IO_REQUEST_MAX) && single_task_running() && !need_resched() &&
	       !signal_pending(current);
}

static int hsm_ioreq_complete_and_wait(struct hsm_vm *vm, unsigned int slot)
{
	int ret;

	if (hsm_ioreq_answer(vm, slot))
		return 0;
	local_irq_disable();
	ret = hsm_ioreq_may_wait(vm) ? hsm_hypercall_idle(HC_FINISH_AND_WAIT, vm->id, slot) : -ENOTTY;
	local_irq_enable();
	/* Not now, or a hypervisor that does not know it. */
	return ret == -ENOTTY ? hsm_hypercall(HC_NOTIFY_REQUEST_FINISH, vm->id, slot) : ret;
}

/*
 * Finishes the request and, when nothing else wants the core, waits inside the
 * hypervisor for the next one: the core's own vCPU is halted until then, as in
 * the idle loop, but neither the scheduler nor an interrupt stands between the
 * request and the thread that answers it. Any interrupt ends the wait, the
 * timer tick at the latest; the caller then sleeps as always.
 */
/* REQ-HSM-010 */
int hsm_ioreq_finish_and_wait(struct hsm_vm *vm, unsigned int slot)
{
	int ret;

	if (slot >= vm->vcpu_count || !test_and_clear_bit(slot, vm->assigned))
		return -EINVAL;
	spin_lock_irq(&vm->ioreq_lock);
	if (!vm->waiter)
		vm->waiter = current;
	spin_unlock_irq(&vm->ioreq_lock);
	ret = hsm_ioreq_complete_and_wait(vm, slot);
	spin_lock_irq(&vm->ioreq_lock);
	if (vm->waiter == current)
		vm->waiter = NULL;
	/* A request that ended the wait came without an upcall. */
	if (vm->client == HSM_CLIENT_LIVE && hsm_ioreq_take_all(vm))
		wake_up_all(&vm->client_wq);	/* this thread may end; others may be attached */
	spin_unlock_irq(&vm->ioreq_lock);
	return ret;
}

/* Answers everything that is under way, so that a reset finds no vCPU waiting. */
int hsm_ioreq_clear(struct hsm_vm *vm, void *data, unsigned long raw)
{
	unsigned int slot;
	u32 state;

	spin_lock_irq(&vm->ioreq_lock);
	for (slot = 0; slot < vm->vcpu_count; slot++) {
		state = smp_load_acquire(&vm->ioreq->req_slot[slot].processed);
		/* A refusal means that the hypervisor has dropped the request already. */
		if (test_and_clear_bit(slot, vm->assigned) || state == ACRN_IOREQ_STATE_PENDING)
			hsm_ioreq_complete(vm, slot);
	}
	vm->pci_config_address = 0;
	spin_unlock_irq(&vm->ioreq_lock);
	return 0;
}

/* The hypervisor has forgotten all requests of the VM. */
void hsm_ioreq_drop(struct hsm_vm *vm)
{
	spin_lock_irq(&vm->ioreq_lock);
	bitmap_zero(vm->assigned, ACRN_IO_REQUEST_MAX);
	vm->pci_config_address = 0;
	spin_unlock_irq(&vm->ioreq_lock);
}
