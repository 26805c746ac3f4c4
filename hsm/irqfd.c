// SPDX-License-Identifier: GPL-2.0
/*
 * irqfd: a write to an eventfd injects a message-signalled interrupt, from the
 * writer's context. An irqfd ends when it is deassigned, when the last
 * descriptor of its eventfd is closed (EPOLLHUP) or with its VM. Whoever takes
 * it off the VM's list under irqfd_lock queues its shutdown, exactly once.
 */
#include <linux/file.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "compat.h"
#include "hsm.h"
#include "hypercall.h"
#include "stats.h"

#define IRQFD_MAX 1024U	/* per VM */

/* REQ-HSM-008 */
struct hsm_irqfd {
	struct acrn_msi_entry msi;	/* read by the hypervisor: first, so that it cannot straddle a page */
	struct list_head node;
	struct hsm_vm *vm;
	struct eventfd_ctx *eventfd;
	wait_queue_entry_t wait;
	poll_table table;
	struct work_struct shutdown;
};

static struct workqueue_struct *hsm_irqfd_queue;

static void hsm_irqfd_shutdown(struct work_struct *work)
{
	struct hsm_irqfd *irqfd = container_of(work, struct hsm_irqfd, shutdown);
	u64 count;

	/* Waits for a wake-up that is under way; after it the VM is not used any more. */
	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
	atomic64_dec(&hsm_stats.irqfds);
}

/* The caller holds irqfd_lock. */
static void hsm_irqfd_deactivate(struct hsm_irqfd *irqfd)
{
	if (!list_empty(&irqfd->node)) {
		list_del_init(&irqfd->node);
		queue_work(hsm_irqfd_queue, &irqfd->shutdown);
	}
}

/* Called with the eventfd's wait-queue lock held and interrupts off. */
static int hsm_irqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct hsm_irqfd *irqfd = container_of(wait, struct hsm_irqfd, wait);
	__poll_t events = key_to_poll(key);
	unsigned long flags;
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(irqfd->eventfd, &count);
		hsm_hypercall_block(HC_INJECT_MSI, irqfd->vm->id, &irqfd->msi);
	}
	if (events & EPOLLHUP) {
		spin_lock_irqsave(&irqfd->vm->irqfd_lock, flags);
		hsm_irqfd_deactivate(irqfd);
		spin_unlock_irqrestore(&irqfd->vm->irqfd_lock, flags);
	}
	return 0;
}

static void hsm_irqfd_queue_proc(struct file *file, wait_queue_head_t *head, poll_table *table)
{
	struct hsm_irqfd *irqfd = container_of(table, struct hsm_irqfd, table);

	add_wait_queue(head, &irqfd->wait);
}

static int hsm_irqfd_add(struct hsm_vm *vm, struct hsm_irqfd *new)
{
	struct hsm_irqfd *irqfd;
	unsigned int count = 0;
	int ret = 0;

	spin_lock_irq(&vm->irqfd_lock);
	list_for_each_entry(irqfd, &vm->irqfds, node) {
		count++;
		if (irqfd->eventfd == new->eventfd)
			ret = -EBUSY;
	}
	if (!ret && count >= IRQFD_MAX)
		ret = -ENOSPC;
	if (!ret)
		list_add_tail(&new->node, &vm->irqfds);
	spin_unlock_irq(&vm->irqfd_lock);
	return ret;
}

static int hsm_irqfd_assign(struct hsm_vm *vm, const struct acrn_irqfd *args, struct file *file)
{
	struct hsm_irqfd *irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!irqfd)
		return -ENOMEM;
	irqfd->vm = vm;
	irqfd->msi = args->msi;
	INIT_LIST_HEAD(&irqfd->node);
	INIT_WORK(&irqfd->shutdown, hsm_irqfd_shutdown);
	irqfd->eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(irqfd->eventfd)) {
		ret = PTR_ERR(irqfd->eventfd);
		kfree(irqfd);
		return ret;
	}
	init_waitqueue_func_entry(&irqfd->wait, hsm_irqfd_wakeup);
	init_poll_funcptr(&irqfd->table, hsm_irqfd_queue_proc);
	ret = hsm_irqfd_add(vm, irqfd);
	if (ret) {
		eventfd_ctx_put(irqfd->eventfd);
		kfree(irqfd);
		return ret;
	}
	atomic64_inc(&hsm_stats.irqfds);
	/* The caller's reference to the file keeps EPOLLHUP, and with it the end of irqfd, away. */
	if (vfs_poll(file, &irqfd->table) & EPOLLIN)
		hsm_hypercall_block(HC_INJECT_MSI, vm->id, &irqfd->msi);
	return 0;
}

static int hsm_irqfd_deassign(struct hsm_vm *vm, struct file *file)
{
	struct eventfd_ctx *eventfd = eventfd_ctx_fileget(file);
	struct hsm_irqfd *irqfd, *next;
	int ret = -ENOENT;

	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	spin_lock_irq(&vm->irqfd_lock);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds, node) {
		if (irqfd->eventfd == eventfd) {
			hsm_irqfd_deactivate(irqfd);
			ret = 0;
		}
	}
	spin_unlock_irq(&vm->irqfd_lock);
	eventfd_ctx_put(eventfd);
	/* No interrupt comes any more once the call has returned. */
	flush_workqueue(hsm_irqfd_queue);
	return ret;
}

int hsm_irqfd(struct hsm_vm *vm, void *data, unsigned long raw)
{
	const struct acrn_irqfd *args = data;
	struct file *file;
	int ret;

	if (args->flags & ~ACRN_IRQFD_FLAG_DEASSIGN)
		return -EINVAL;
	file = eventfd_fget(args->fd);
	if (IS_ERR(file))
		return PTR_ERR(file);
	/* An irqfd is listed before it waits on its eventfd: nobody may take it down in between. */
	mutex_lock(&vm->irqfd_config_lock);
	if (args->flags & ACRN_IRQFD_FLAG_DEASSIGN)
		ret = hsm_irqfd_deassign(vm, file);
	else
		ret = hsm_irqfd_assign(vm, args, file);
	mutex_unlock(&vm->irqfd_config_lock);
	fput(file);
	return ret;
}

void hsm_irqfd_release(struct hsm_vm *vm)
{
	struct hsm_irqfd *irqfd, *next;

	spin_lock_irq(&vm->irqfd_lock);
	list_for_each_entry_safe(irqfd, next, &vm->irqfds, node)
		hsm_irqfd_deactivate(irqfd);
	spin_unlock_irq(&vm->irqfd_lock);
	flush_workqueue(hsm_irqfd_queue);
}

int hsm_irqfd_init(void)
{
	hsm_irqfd_queue = alloc_workqueue("bulkhead-irqfd", 0, 0);
	return hsm_irqfd_queue ? 0 : -ENOMEM;
}

void hsm_irqfd_exit(void)
{
	destroy_workqueue(hsm_irqfd_queue);
}
