// SPDX-License-Identifier: GPL-2.0
/*
 * ioeventfd: a guest's write to a port or address signals an eventfd and is
 * answered at once, in the upcall's interrupt. A write whose data match no
 * registration goes to the client; a read of a registered address gives 0.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "compat.h"
#include "hsm.h"
#include "stats.h"

#define IOEVENTFD_FLAGS (ACRN_IOEVENTFD_FLAG_PIO | ACRN_IOEVENTFD_FLAG_DATAMATCH | ACRN_IOEVENTFD_FLAG_DEASSIGN)
#define IOEVENTFD_MAX   1024U	/* per VM */

struct hsm_ioeventfd {
	struct list_head node;
	struct eventfd_ctx *eventfd;
	u32 type;		/* ACRN_IOREQ_TYPE_PORTIO or _MMIO */
	u32 size;
	u64 address;
	u64 data;
	bool any_data;
};

static void hsm_ioeventfd_free(struct hsm_ioeventfd *entry)
{
	eventfd_ctx_put(entry->eventfd);
	kfree(entry);
	atomic64_dec(&hsm_stats.ioeventfds);
}

static bool hsm_ioeventfd_same_place(const struct hsm_ioeventfd *a, const struct hsm_ioeventfd *b)
{
	return a->type == b->type && a->address == b->address && a->size == b->size;
}

static int hsm_ioeventfd_add(struct hsm_vm *vm, struct hsm_ioeventfd *new)
{
	struct hsm_ioeventfd *entry;
	unsigned int count = 0;

	list_for_each_entry(entry, &vm->ioeventfds, node) {
		count++;
		if (hsm_ioeventfd_same_place(entry, new) &&
		    (entry->any_data || new->any_data || entry->data == new->data))
			return -EEXIST;
	}
	if (count >= IOEVENTFD_MAX)
		return -ENOSPC;
	list_add_tail(&new->node, &vm->ioeventfds);
	return 0;
}

static int hsm_ioeventfd_assign(struct hsm_vm *vm, const struct acrn_ioeventfd *args, struct eventfd_ctx *eventfd)
{
	struct hsm_ioeventfd *entry = kzalloc(sizeof(*entry), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!entry)
		return -ENOMEM;
	entry->eventfd = eventfd;
	entry->type = args->flags & ACRN_IOEVENTFD_FLAG_PIO ? ACRN_IOREQ_TYPE_PORTIO : ACRN_IOREQ_TYPE_MMIO;
	entry->address = args->addr;
	entry->size = args->len;
	entry->data = args->data;
	entry->any_data = !(args->flags & ACRN_IOEVENTFD_FLAG_DATAMATCH);
	spin_lock_irq(&vm->ioreq_lock);
	ret = hsm_ioeventfd_add(vm, entry);
	spin_unlock_irq(&vm->ioreq_lock);
	if (ret)
		kfree(entry);
	else
		atomic64_inc(&hsm_stats.ioeventfds);
	return ret;
}

/* By eventfd; of several the one at the given address, if there is one. */
static struct hsm_ioeventfd *hsm_ioeventfd_find(struct hsm_vm *vm, const struct eventfd_ctx *eventfd,
						const struct acrn_ioeventfd *args)
{
	struct hsm_ioeventfd *entry, *found = NULL;

	list_for_each_entry(entry, &vm->ioeventfds, node) {
		if (entry->eventfd != eventfd)
			continue;
		if (!found)
			found = entry;
		if (entry->address == args->addr && entry->size == args->len &&
		    (entry->any_data || entry->data == args->data))
			return entry;
	}
	return found;
}

static int hsm_ioeventfd_deassign(struct hsm_vm *vm, const struct acrn_ioeventfd *args,
				  const struct eventfd_ctx *eventfd)
{
	struct hsm_ioeventfd *entry;

	spin_lock_irq(&vm->ioreq_lock);
	entry = hsm_ioeventfd_find(vm, eventfd, args);
	if (entry)
		list_del(&entry->node);
	spin_unlock_irq(&vm->ioreq_lock);
	if (!entry)
		return -ENOENT;
	hsm_ioeventfd_free(entry);
	return 0;
}

/* REQ-HSM-008 */
static bool hsm_ioeventfd_valid(const struct acrn_ioeventfd *args)
{
	u64 end;

	if (args->flags & ~IOEVENTFD_FLAGS || args->reserved)
		return false;
	if (args->flags & ACRN_IOEVENTFD_FLAG_DEASSIGN)
		return true;
	if (args->len != 1 && args->len != 2 && args->len != 4 && args->len != 8)
		return false;
	if (check_add_overflow(args->addr, (u64)args->len, &end))
		return false;
	return !(args->flags & ACRN_IOEVENTFD_FLAG_PIO) || (args->len <= 4 && end <= 0x10000);
}

int hsm_ioeventfd(struct hsm_vm *vm, void *data, unsigned long raw)
{
	const struct acrn_ioeventfd *args = data;
	struct eventfd_ctx *eventfd;
	int ret;

	if (!hsm_ioeventfd_valid(args))
		return -EINVAL;
	eventfd = eventfd_ctx_fdget((int)args->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);
	if (args->flags & ACRN_IOEVENTFD_FLAG_DEASSIGN) {
		ret = hsm_ioeventfd_deassign(vm, args, eventfd);
		eventfd_ctx_put(eventfd);
		return ret;
	}
	ret = hsm_ioeventfd_assign(vm, args, eventfd);
	if (ret)
		eventfd_ctx_put(eventfd);
	return ret;
}

static u64 hsm_ioeventfd_mask(u64 value, u64 size)
{
	return size >= sizeof(u64) ? value : value & ((1ULL << (8 * size)) - 1);
}

bool hsm_ioeventfd_handle(struct hsm_vm *vm, const struct hsm_io *io, u64 *answer)
{
	struct hsm_ioeventfd *entry;

	lockdep_assert_held(&vm->ioreq_lock);
	list_for_each_entry(entry, &vm->ioeventfds, node) {
		if (entry->type != io->type || entry->address != io->address || entry->size != io->size)
			continue;
		if (io->direction == ACRN_IOREQ_DIR_READ) {
			*answer = 0;
			return true;
		}
		if (entry->any_data || !hsm_ioeventfd_mask(entry->data ^ io->value, entry->size)) {
			hsm_eventfd_signal(entry->eventfd);
			return true;
		}
	}
	return false;
}

void hsm_ioeventfd_release(struct hsm_vm *vm)
{
	struct hsm_ioeventfd *entry, *next;
	LIST_HEAD(released);

	spin_lock_irq(&vm->ioreq_lock);
	list_splice_init(&vm->ioeventfds, &released);
	spin_unlock_irq(&vm->ioreq_lock);
	list_for_each_entry_safe(entry, next, &released, node)
		hsm_ioeventfd_free(entry);
}
