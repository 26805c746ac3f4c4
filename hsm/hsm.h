/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The Hypervisor Service Module: /dev/acrn_hsm for the Bulkhead hypervisor.
 *
 * One open file owns at most one User VM. Everything the module knows of a VM
 * is in struct hsm_vm, which lives as long as the file.
 *
 * Locks, outermost first:
 *   hsm_vm.life         read: every call on a living VM; write: create, destroy
 *   hsm_vm_list_lock    the list of VMs that upcalls scan
 *   hsm_vm.ioreq_lock   request page, client, ioeventfds of one VM; this and the one
 *                       above are spin locks that the upcall's interrupt takes, too
 *   hsm_vm.memory_lock  segments of one VM (never together with the two above);
 *                       mmap_lock is taken inside
 *   hsm_vm.irqfd_config_lock  assigning and deassigning irqfds of one VM
 *   eventfd wait-queue lock, then hsm_vm.irqfd_lock (both spin locks)
 * ATTACH_IOREQ_CLIENT and FINISH_AND_WAIT wait without any of them.
 */
#ifndef HSM_H
#define HSM_H

#include <linux/acrn.h>
#include <linux/bitmap.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#define HSM_INVALID_VMID  0xffffU
#define HSM_MAX_SEGMENTS  256U

enum hsm_vm_state {
	HSM_VM_NONE,	/* no VM: only CREATE_VM is accepted */
	HSM_VM_LIVE,
	HSM_VM_DEFUNCT,	/* the hypervisor refused to destroy it: its pages stay pinned */
};

enum hsm_client_state { HSM_CLIENT_NONE, HSM_CLIENT_LIVE, HSM_CLIENT_LEAVING };

struct hsm_vm {
	struct rw_semaphore life;
	enum hsm_vm_state state;
	u16 id;
	u16 vcpu_count;
	struct list_head node;		/* hsm_vm_list */
	struct mm_struct *mm;		/* charged for pinned pages */

	/* Calls under way in the creating process; see file.c. */
	fl_owner_t owner;
	atomic_t calls;

	spinlock_t ioreq_lock;
	struct page *ioreq_page;
	struct acrn_io_request_buffer *ioreq;
	DECLARE_BITMAP(assigned, ACRN_IO_REQUEST_MAX);	/* slots the client has to answer */
	enum hsm_client_state client;
	unsigned int attached;		/* threads inside ATTACH_IOREQ_CLIENT or FINISH_AND_WAIT */
	struct task_struct *waiter;	/* of these the one that may be waiting in the hypervisor */
	wait_queue_head_t client_wq;
	u32 pci_config_address;		/* last write of the guest to port 0xCF8 */
	struct list_head ioeventfds;

	struct mutex memory_lock;
	struct list_head segments;
	unsigned int segment_count;

	struct mutex irqfd_config_lock;
	spinlock_t irqfd_lock;
	struct list_head irqfds;
};

/* What a slot of the request page asks for: copied once, the page itself may change. */
struct hsm_io {
	u32 type;	/* ACRN_IOREQ_TYPE_* */
	u32 direction;	/* ACRN_IOREQ_DIR_* */
	u64 address;
	u64 size;
	u64 value;	/* of a write */
};

/* One row of the ioctl table. data: the argument, copied and physically contiguous; raw: as passed. */
typedef int (*hsm_call_t)(struct hsm_vm *vm, void *data, unsigned long raw);

/* file.c */
extern const struct file_operations hsm_file_operations;

/* vm.c */
void hsm_vm_init(struct hsm_vm *vm);
int hsm_vm_create(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_vm_destroy(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_vm_start(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_vm_pause(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_vm_reset(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_vm_set_vcpu_regs(struct hsm_vm *vm, void *data, unsigned long raw);
void hsm_vm_abandon(struct hsm_vm *vm);
void hsm_vm_scan_all(void);

/* interrupt.c */
int hsm_inject_msi(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_set_irqline(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_intr_monitor(struct hsm_vm *vm, void *data, unsigned long raw);

/* memory.c */
int hsm_memory_set(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_memory_unset(struct hsm_vm *vm, void *data, unsigned long raw);
void hsm_memory_release(struct hsm_vm *vm);
void hsm_memory_abandon(struct hsm_vm *vm);

/* ioreq.c */
int hsm_ioreq_setup(struct hsm_vm *vm, unsigned long user_page);
void hsm_ioreq_teardown(struct hsm_vm *vm);
void hsm_ioreq_abandon(struct hsm_vm *vm);
void hsm_ioreq_scan(struct hsm_vm *vm);
void hsm_ioreq_drop(struct hsm_vm *vm);
int hsm_ioreq_notify(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_ioreq_clear(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_ioreq_complete(struct hsm_vm *vm, unsigned int slot);
int hsm_ioreq_finish_and_wait(struct hsm_vm *vm, unsigned int slot);

/* client.c */
int hsm_client_create(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_client_destroy(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_client_attach(struct hsm_vm *vm);
int hsm_client_finish_and_wait(struct hsm_vm *vm, unsigned long slot);
void hsm_client_dismiss(struct hsm_vm *vm);
void hsm_client_wake(struct hsm_vm *vm);

/* ioeventfd.c */
int hsm_ioeventfd(struct hsm_vm *vm, void *data, unsigned long raw);
bool hsm_ioeventfd_handle(struct hsm_vm *vm, const struct hsm_io *io, u64 *answer);
void hsm_ioeventfd_release(struct hsm_vm *vm);

/* irqfd.c */
int hsm_irqfd(struct hsm_vm *vm, void *data, unsigned long raw);
void hsm_irqfd_release(struct hsm_vm *vm);
int hsm_irqfd_init(void);
void hsm_irqfd_exit(void);

/* passthrough.c */
int hsm_ptdev_set_intr(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_ptdev_reset_intr(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_pcidev_assign(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_pcidev_deassign(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_mmiodev_assign(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_mmiodev_deassign(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_vdev_create(struct hsm_vm *vm, void *data, unsigned long raw);
int hsm_vdev_destroy(struct hsm_vm *vm, void *data, unsigned long raw);

/* power.c */
int hsm_power_get_state(struct hsm_vm *vm, void *data, unsigned long raw);

#endif
