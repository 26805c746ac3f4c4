/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves the slots of I/O requests (hv/core/ioreq.c): when a slot changes, what of the shared page counts,
 * and that nothing is read or written outside the page. The Service VM writes to the page at any
 * time: each read of it may give anything. The contracts of other modules are the frame (A-IOREQ).
 */
#define PROOF_IOREQ
#include "core/hw.h"
#include "core/io.h"
#include "core/ioreq.h"
#include "core/mmio.h"
#include "core/request_wait.h"
#include "core/sched.h"
#include "core/stage2_table.h"
#include "core/vm.h"
#include "devices/vpci.h"
#include "abi/ioreq.h"

/* The state of hv/core/ioreq.c, and a record of what it did last to the shared page. */
static hpa_t ioreq_page[MAX_VM];
static enum ioreq_state ioreq_slot[MAX_VM][MAX_VCPU_PER_VM];
extern int proof_machine;          /* all that has no name here */
extern uint64_t proof_word;        /* the last 4-byte read: a slot's "processed" */
extern uint64_t proof_written;     /* the last write ... */
extern uint64_t proof_written_at;  /* ... and where it went */
#define IOREQ_RECORD proof_machine, proof_written, proof_written_at
#define OWN_SLOT(id) ioreq_slot[(id) / MAX_VCPU_PER_VM][(id) % MAX_VCPU_PER_VM]
#define OWN_KIND(id) ioreq_kind[(id) / MAX_VCPU_PER_VM][(id) % MAX_VCPU_PER_VM]

/*@ predicate pages_ok{L} = \forall integer v; 0 <= v < MAX_VM ==>
      ioreq_page[v] % 4096 == 0 && ioreq_page[v] < 0x20000000000000;
    predicate in_page{L}(integer pa, integer size) = \exists integer v; 0 <= v < MAX_VM &&
      ioreq_page[v] != 0 && ioreq_page[v] <= pa && pa + size <= ioreq_page[v] + 4096;
    predicate ioreq_ready{L}(integer id) = 0 <= id < MAX_VCPU && pages_ok;
    predicate ioreq_is{L}(integer id, integer state) =
      ioreq_slot[id / MAX_VCPU_PER_VM][id % MAX_VCPU_PER_VM] == state;
    // The word that makes the other fields valid was written last.
    predicate ioreq_posted{L}(integer id) = \let page = ioreq_page[id / MAX_VCPU_PER_VM];
      page != 0 ==> proof_written == IOREQ_PENDING &&
        proof_written_at == page + (id % MAX_VCPU_PER_VM) * IOREQ_SLOT_SIZE + IOREQ_OFF_PROCESSED;
    predicate slots_free{L}(integer v) =
      \forall integer s; 0 <= s < MAX_VCPU_PER_VM ==> ioreq_slot[v][s] == IOREQ_SLOT_FREE;
    // What a finish must find before it looks at the page.
    predicate under_way{L}(integer v, integer s) =
      s < vms[v].vcpu_count && ioreq_slot[v][s] == IOREQ_SLOT_PENDING && ioreq_page[v] != 0; */

/* ---- Hardware and frame ---- */
/*@ requires within: in_page(pa, size) && (size == 4 || size == 8) && pa % size == 0;
    assigns \result, proof_word;
    exits \false;
    ensures size == 4 ==> proof_word == \result;
    ensures size == 8 ==> proof_word == \old(proof_word); */
uint64_t hw_phys_read(hpa_t pa, uint32_t size);
/*@ requires within: in_page(pa, size) && (size == 4 || size == 8) && pa % size == 0;
    assigns IOREQ_RECORD;
    exits \false;
    ensures proof_written == value && proof_written_at == pa; */
void hw_phys_write(hpa_t pa, uint32_t size, uint64_t value);
/*@ assigns proof_machine, vcpus[0 .. MAX_VCPU - 1];
    exits \false; */
void vpci_upcall(void);
/*@ requires awaited < MAX_VM;
    assigns proof_machine, vcpus[0 .. MAX_VCPU - 1], \result;
    exits \false; */
bool request_wait_end(vm_id_t awaited);
/*@ requires id < MAX_VCPU;
    assigns proof_machine, vcpus[0 .. MAX_VCPU - 1];
    exits \false; */
void sched_wake(vcpu_id_t id);
/*@ requires id < MAX_VCPU;
    assigns proof_machine, vcpus[0 .. MAX_VCPU - 1];
    exits \false; */
void vcpu_receive_init(vcpu_id_t id);
/*@ requires id < MAX_VCPU;
    assigns proof_machine, vcpus[0 .. MAX_VCPU - 1];
    exits \false; */
void vcpu_notify(vcpu_id_t id);

/* ---- Proved ---- */
/*@ requires v < MAX_VM && slot < IOREQ_SLOTS && pages_ok;
    assigns \nothing;
    exits \false;
    ensures \result == ioreq_page[v] + slot * IOREQ_SLOT_SIZE; */
static hpa_t slot_address(vm_id_t v, uint32_t slot);
/*@ requires v < MAX_VM && pages_ok && stage2_wf(VM_SERVICE);
    assigns IOREQ_RECORD, ioreq_page[v], ioreq_slot[v][0 .. MAX_VCPU_PER_VM - 1];
    exits \false;
    ensures pages: pages_ok;
    ensures refused: \result == STATUS_OK || \result == STATUS_INVALID;
    ensures kept: \result != STATUS_OK ==> ioreq_page[v] == \old(ioreq_page[v]) &&
      \forall integer s; 0 <= s < MAX_VCPU_PER_VM ==> ioreq_slot[v][s] == \old(ioreq_slot[v][s]);
    ensures set: \result == STATUS_OK ==> slots_free(v);
    ensures mapped: \result == STATUS_OK ==> service_gpa % 4096 == 0 &&
      \exists integer e; hw_maps(VM_SERVICE, service_gpa, ioreq_page[v], e); */
enum status ioreq_set_page(vm_id_t v, gpa_t service_gpa);
/*@ requires v < MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result <==> ioreq_page[v] != 0; */
bool ioreq_has_page(vm_id_t v);
/*@ requires v < MAX_VM && pages_ok;
    assigns IOREQ_RECORD, ioreq_slot[v][0 .. MAX_VCPU_PER_VM - 1];
    exits \false;
    ensures free: slots_free(v); */
void ioreq_clear(vm_id_t v);
/*@ requires v < MAX_VM && pages_ok;
    assigns IOREQ_RECORD, ioreq_page[v], ioreq_slot[v][0 .. MAX_VCPU_PER_VM - 1];
    exits \false;
    ensures pages: pages_ok;
    ensures free: slots_free(v) && ioreq_page[v] == 0; */
void ioreq_release(vm_id_t v);

#include "core/ioreq.c"

/* An answered instruction may go on with the next request of its own vCPU, and of no other. */
/*@ requires id < MAX_VCPU && pages_ok;
    requires free: ioreq_is(id, IOREQ_SLOT_FREE);
    assigns IOREQ_RECORD, vcpus[0 .. MAX_VCPU - 1], OWN_SLOT(id), OWN_KIND(id);
    exits \false; */
void io_complete(vcpu_id_t id, uint32_t value);
/*@ requires id < MAX_VCPU && pages_ok;
    requires free: ioreq_is(id, IOREQ_SLOT_FREE);
    assigns IOREQ_RECORD, vcpus[0 .. MAX_VCPU - 1], OWN_SLOT(id), OWN_KIND(id);
    exits \false; */
void mmio_complete(vcpu_id_t id, uint64_t value);

/*@ requires id < MAX_VCPU && pages_ok && size <= 8;
    assigns IOREQ_RECORD, vcpus[0 .. MAX_VCPU - 1], OWN_SLOT(id), OWN_KIND(id);
    exits \false;
    ensures pending: ioreq_is(id, IOREQ_SLOT_PENDING) && vcpus[id].state == VCPU_WAIT_IO;
    ensures posted: ioreq_posted(id); */
void ioreq_port(vcpu_id_t id, uint16_t port, uint32_t size, bool write, uint32_t value);
/*@ requires id < MAX_VCPU && pages_ok && size <= 8;
    assigns IOREQ_RECORD, vcpus[0 .. MAX_VCPU - 1], OWN_SLOT(id), OWN_KIND(id);
    exits \false;
    ensures pending: ioreq_is(id, IOREQ_SLOT_PENDING) && vcpus[id].state == VCPU_WAIT_IO;
    ensures posted: ioreq_posted(id); */
void ioreq_mmio(vcpu_id_t id, gpa_t gpa, uint32_t size, bool write, uint64_t value);
/*@ requires id < MAX_VCPU && pages_ok;
    assigns IOREQ_RECORD, vcpus[0 .. MAX_VCPU - 1], OWN_SLOT(id), OWN_KIND(id);
    exits \false;
    ensures pending: ioreq_is(id, IOREQ_SLOT_PENDING) && vcpus[id].state == VCPU_WAIT_IO;
    ensures posted: ioreq_posted(id); */
void ioreq_report_shutdown(vcpu_id_t id);

/* A slot that is not pending is left alone, and its word is not even read. */
/* proves REQ-IO-001 */
/*@ requires v < MAX_VM && pages_ok && vms[v].vcpu_count <= MAX_VCPU_PER_VM;
    assigns IOREQ_RECORD, proof_word, vcpus[0 .. MAX_VCPU - 1], ioreq_slot[v][0 .. MAX_VCPU_PER_VM - 1],
      ioreq_kind[v][0 .. MAX_VCPU_PER_VM - 1];
    exits \false;
    behavior refused:
      assumes !under_way(v, slot);
      assigns \nothing;
      ensures \result == STATUS_INVALID;
    behavior looked_at:
      assumes under_way(v, slot);
      assigns IOREQ_RECORD, proof_word, vcpus[0 .. MAX_VCPU - 1], ioreq_slot[v][slot], ioreq_kind[v][slot];
      ensures by_the_word: \result == (proof_word == IOREQ_COMPLETE ? STATUS_OK : STATUS_INVALID);
      ensures kept: proof_word != IOREQ_COMPLETE ==> ioreq_slot[v][slot] == IOREQ_SLOT_PENDING &&
        vcpus[v * MAX_VCPU_PER_VM + slot].state == \old(vcpus[v * MAX_VCPU_PER_VM + slot].state);
    complete behaviors;
    disjoint behaviors; */
enum status ioreq_finish(vm_id_t v, uint32_t slot);
