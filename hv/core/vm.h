/* SPDX-License-Identifier: Apache-2.0 */
/* VMs and vCPUs: their tables and life cycle. All of it is under the shared-side lock,
 * except that an exclusive VM's own vCPU entries are written by its own cores. */
#ifndef CORE_VM_H
#define CORE_VM_H

#include "core/limits.h"
#include "core/types.h"

enum vm_state { VM_FREE, VM_CREATED, VM_RUNNING, VM_PAUSED, VM_STOPPED };
enum vm_kind { VM_KIND_SERVICE = 1, VM_KIND_PRELAUNCH = 2, VM_KIND_USER = 3 };
/* VCPU_WAIT_REQUEST: halted, and waiting for a User VM's I/O request besides (core/request_wait.h). */
enum vcpu_state { VCPU_OFF, VCPU_RUNNABLE, VCPU_HALTED, VCPU_WAIT_IO, VCPU_WAIT_REQUEST };

struct vm {
    enum vm_state state;
    enum vm_kind kind;
    bool exclusive;
    uint32_t face;            /* PART_FACE_* */
    uint32_t vcpu_count;
    uint64_t generation;      /* bumped by every stage-2 change that removes or restricts */
    uint64_t start_tsc;
    uint64_t memory_size;
    char name[16];
};
struct vcpu {
    enum vcpu_state state;
    pcpu_id_t pcpu;
    uint64_t seen_generation; /* of its VM, at its last entry */
    bool nmi_pending;
    bool sipi_wait;           /* after INIT */
    bool init_latched;        /* INIT came while an I/O request was pending; taken when it is done */
    vm_id_t awaited;          /* whose request, in VCPU_WAIT_REQUEST */
    uint32_t epoch;           /* bumped when registers are replaced from outside ... */
    uint32_t run_epoch;       /* ... so that the exit of an earlier life is dropped */
};
extern struct vm vms[MAX_VM];
extern struct vcpu vcpus[MAX_VCPU];

/*@ assigns \nothing;
    exits \false;
    ensures \result == id / MAX_VCPU_PER_VM; */
static inline vm_id_t vcpu_vm(vcpu_id_t id) { return id / MAX_VCPU_PER_VM; }
/*@ assigns \nothing;
    exits \false;
    ensures \result == id % MAX_VCPU_PER_VM; */
static inline uint32_t vcpu_index(vcpu_id_t id) { return id % MAX_VCPU_PER_VM; }
/*@ requires v < MAX_VM && index < MAX_VCPU_PER_VM;
    assigns \nothing;
    exits \false;
    ensures \result == v * MAX_VCPU_PER_VM + index && \result < MAX_VCPU; */
static inline vcpu_id_t vcpu_id(vm_id_t v, uint32_t index) { return (v * MAX_VCPU_PER_VM) + index; }

/* Guest memory of a VM, through stage 2; crosses pages. STATUS_FAULT: not mapped RAM, or not writable. */
enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size);
enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size);

/* Boot: builds stage 2, bitmaps and vCPUs of the VMs in the partition table and loads their images. */
enum status vm_boot_all(void);
/* User VMs. mask: cores, one vCPU each; 0: one vCPU on the first core of the policy. */
enum status vm_create_user(const uint8_t name[16], uint64_t pcpu_mask, vm_id_t *id);
enum status vm_start(vm_id_t v);
enum status vm_pause(vm_id_t v);     /* returns when no vCPU of it is in the guest */
enum status vm_reset(vm_id_t v);
enum status vm_destroy(vm_id_t v);
/* Every core and device that may hold translations of the VM drops them before this returns, and nothing in memory that was taken away is
 * waited for any more. */
void vm_shootdown(vm_id_t v);
/* The Service VM asked for soft-off (PM1_CNT value, written if the machine goes off): it and its
 * User VMs stop; the machine goes off when no running pre-launched VM forbids it. */
void vm_service_off(uint16_t pm1_value);
/* It asked for a reset, or met a triple fault: while a pre-launched VM runs, the Service VM alone
 * starts anew, unless it had only just started; else the machine resets. */
void vm_service_reset(void);
extern bool vm_service_ends; /* one of these is under way: core_next() asks, */
uint64_t vm_service_end(uint64_t now); /* which does what can be done by now; returns when to ask again */
/* Boots a stopped Service VM again: power-on state, image and tables from what the guest cannot reach. */
enum status vm_boot_service(void);

/* Something changed for this vCPU (interrupt, I/O finished): make it run and look. */
void vcpu_notify(vcpu_id_t id);
/* A halted vCPU would leave HLT: NMI, or a deliverable interrupt with RFLAGS.IF set. */
bool vcpu_has_event(vcpu_id_t id);
/* Takes it off its core and makes the exit that may be under way count for nothing. */
void vcpu_stop(vcpu_id_t id);
/* Power-on state (Intel SDM 3, table 9-1); vCPU 0 runnable, the others wait for SIPI. */
void vcpu_power_on(vcpu_id_t id);
void vcpu_receive_init(vcpu_id_t id);
void vcpu_receive_sipi(vcpu_id_t id, uint32_t vector);
void vcpu_receive_nmi(vcpu_id_t id);

/* At most a few log lines a second for what a guest can repeat at will. */
bool vm_may_log(vm_id_t v);

#endif
