/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The contracts with which the hypercall dispatcher is proved; included by core/hypercall_spec.h when WP
 * proves one of its files. Two kinds stand here: those of the dispatcher's own files, which are proved,
 * and those of the modules that it calls, which say what these leave alone (the frame). WP does not
 * prove the frame: proofs/assumptions.py checks it on the call graph and on the source.
 */
#ifndef PROOFS_DISPATCHER_H
#define PROOFS_DISPATCHER_H

#include "core/domain.h"
#include "core/hw.h"
#include "core/hypercall.h"
#include "core/hypercall_copy.h"
#include "core/hypercall_parts.h"
#include "core/ioreq.h"
#include "core/msr.h"
#include "core/partition.h"
#include "core/sched.h"
#include "core/stage2.h"
#include "core/stage2_table.h"
#include "core/stats.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vpci.h"
#include "devices/vpic.h"

/* Stands for all state that has no name here: devices, statistics, scheduler, the hardware. */
extern int proof_machine;

/* What other modules may write. Not: stage 2, domains, the partition table. */
#define MACHINE proof_machine, vcpus[0 .. MAX_VCPU - 1], vcpu_regs[0 .. MAX_VCPU - 1], vms[0 .. MAX_VM - 1], \
    region_progress[0 .. MAX_VM - 1]
#define USER_TABLES STAGE2_OF(VM_FIRST_USER .. MAX_VM - 1)

/*@ predicate all_wf{L} = pool_ok && domains_ok && \forall integer v; 0 <= v < MAX_VM ==> stage2_wf(v);
    predicate vms_ok{L} = \forall integer v; 0 <= v < MAX_VM ==> vms[v].vcpu_count <= MAX_VCPU_PER_VM;
    predicate sane{L} = all_wf && vms_ok;
    predicate others_ok{L}(integer v) = \forall integer w; 0 <= w < MAX_VM && w != v ==> stage2_wf(w);
    predicate is_user(integer v) = VM_FIRST_USER <= v < MAX_VM; */

/* ---- Frame: functions of other modules ---- */
/*@ requires id < MAX_VCPU && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vcpu_stop(vcpu_id_t id);
/*@ requires id < MAX_VCPU && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vcpu_notify(vcpu_id_t id);
/*@ requires id < MAX_VCPU && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vcpu_power_on(vcpu_id_t id);
/*@ requires v < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vm_shootdown(vm_id_t v);
/*@ requires id < MAX_VCPU && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void sched_add(vcpu_id_t id, uint32_t weight);
/*@ requires id < MAX_VCPU && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void sched_remove(vcpu_id_t id);
/*@ requires id < MAX_VCPU && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void sched_wake(vcpu_id_t id);
/*@ requires pcpu < MAX_PCPU;
    assigns \nothing;
    exits \false; */
vcpu_id_t sched_member(pcpu_id_t pcpu, uint32_t index);
/*@ requires sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void stats_publish(void);
/*@ requires v < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void stats_reset_vm(vm_id_t v);
/*@ requires v < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void msr_open_bitmap(vm_id_t v);
/*@ requires id < MAX_VCPU && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void msr_reset(vcpu_id_t id);
/*@ requires vm_id < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vioapic_reset(vm_id_t vm_id);
/*@ requires vm_id < MAX_VM && pin < IOAPIC_PINS && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vioapic_set_line(vm_id_t vm_id, uint32_t pin, bool high);
/*@ requires vm_id < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vpic_reset(vm_id_t vm_id);
/*@ requires vm_id < MAX_VM && irq < 16 && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vpic_set_line(vm_id_t vm_id, uint32_t irq, bool high);
/*@ requires vm_id < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void vlapic_deliver_msi(vm_id_t vm_id, uint64_t address, uint32_t data);
/*@ requires sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
enum status vpci_set_callback_vector(uint32_t vector);
/*@ requires v < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
enum status ioreq_set_page(vm_id_t v, gpa_t service_gpa);
/*@ requires v < MAX_VM;
    assigns \nothing;
    exits \false; */
bool ioreq_has_page(vm_id_t v);
/*@ requires v < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void ioreq_clear(vm_id_t v);
/*@ requires v < MAX_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
void ioreq_release(vm_id_t v);
/*@ requires v < MAX_VM && slot < MAX_VCPU_PER_VM && sane;
    assigns MACHINE;
    exits \false;
    ensures vms_ok; */
enum status ioreq_finish(vm_id_t v, uint32_t slot);
/*@ requires vm_id < MAX_VM;
    assigns proof_machine;
    exits \false; */
void hw_bitmaps_close(vm_id_t vm_id);
/*@ requires id < MAX_VCPU;
    assigns proof_machine;
    exits \false; */
void hw_vcpu_set(vcpu_id_t id, enum vcpu_reg reg, uint64_t value);
/*@ requires id < MAX_VCPU;
    assigns proof_machine;
    exits \false; */
void hw_vcpu_set_segment(vcpu_id_t id, enum segment_id seg, struct segment value);
/*@ requires v < MAX_VM && sane && \valid_read(src + (0 .. size - 1));
    assigns proof_machine;
    exits \false; */
enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size);

/*@ requires v < MAX_VM;
    assigns \nothing;
    exits \false; */
bool vpci_lent_meets(vm_id_t v, gpa_t base, uint64_t size);

/* Copies: whatever the Service VM has in its memory. */
/*@ requires \valid(creation) && sane;
    assigns *creation, proof_machine;
    exits \false; */
enum status hypercall_read_creation(gpa_t gpa, struct hc_vm_creation *creation);
/*@ requires \valid_read(creation) && sane;
    assigns proof_machine;
    exits \false; */
enum status hypercall_write_creation(gpa_t gpa, const struct hc_vm_creation *creation);
/*@ requires \valid(regs) && sane;
    assigns *regs, proof_machine;
    exits \false; */
enum status hypercall_read_regs(gpa_t gpa, struct hc_vcpu_regs *regs);
/*@ requires \valid(msi) && sane;
    assigns *msi, proof_machine;
    exits \false; */
enum status hypercall_read_msi(gpa_t gpa, struct hc_msi *msi);
/*@ requires \valid(regions) && sane;
    assigns *regions, proof_machine;
    exits \false; */
enum status hypercall_read_regions(gpa_t gpa, struct hc_memory_regions *regions);
/*@ requires \valid(region) && sane;
    assigns *region, proof_machine;
    exits \false; */
enum status hypercall_read_region(gpa_t gpa, struct hc_memory_region *region);
/*@ requires \valid(word) && sane;
    assigns *word, proof_machine;
    exits \false; */
enum status hypercall_read_word(gpa_t gpa, uint64_t *word);
/*@ requires sane;
    assigns proof_machine;
    exits \false; */
enum status hypercall_write_word(gpa_t gpa, uint64_t word);

/* ---- Proved: the dispatcher's own files ---- */
/*@ requires \valid(id) && \valid_read(name + (0 .. 15)) && sane;
    assigns *id, MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane;
    ensures made: \result == STATUS_OK ==> is_user(*id); */
enum status vm_create_user(const uint8_t name[16], uint64_t pcpu_mask, vm_id_t *id);
/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
enum status vm_start(vm_id_t v);
/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
enum status vm_pause(vm_id_t v);
/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
enum status vm_reset(vm_id_t v);
/*@ requires is_user(v) && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
enum status vm_destroy(vm_id_t v);
/*@ assigns \nothing;
    exits \false;
    ensures \result == 0 <==> status == STATUS_OK;
    ensures \result <= 0; */
int64_t hypercall_errno(enum status status);
/*@ assigns \nothing;
    exits \false;
    ensures \result == ID_NONE || is_user(\result); */
vm_id_t hypercall_target(uint64_t param);
/*@ requires sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
int64_t hypercall_create_vm(uint64_t gpa);
/*@ requires is_user(v) && sane;
    assigns MACHINE;
    exits \false;
    ensures sane: sane; */
int64_t hypercall_set_vcpu_regs(vm_id_t v, uint64_t gpa);
/*@ requires sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
int64_t hypercall_set_memory_regions(uint64_t gpa);
/*@ requires is_user(v);
    assigns region_progress[v];
    exits \false; */
void hypercall_memory_forget(vm_id_t v);
/*@ requires \valid_read(regs);
    assigns \nothing;
    exits \false; */
bool hypercall_regs_valid(const struct hc_regs *regs);
/* Whoever calls, with whatever in the registers and in the Service VM's memory. */
/*@ requires caller < MAX_VCPU && sane;
    assigns MACHINE, USER_TABLES;
    exits \false;
    ensures sane: sane; */
int64_t hypercall_dispatch(vcpu_id_t caller, uint64_t id, uint64_t param1, uint64_t param2);

#endif
