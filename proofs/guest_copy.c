/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves guest_read() and guest_write() (hv/core/guest_copy.c): either each byte of the buffer moves once, in order, from or to the
 * memory that the VM's stage 2 maps at its address with the right, or no byte moves, as one of them is not mapped so.
 * Guest memory is no object of C: what the hardware was asked to copy is recorded here, and each request must be the next
 * piece. That the hardware then does it is A-GUEST-COPY.
 */
#define PROOF_GUEST_COPY
#include "core/guest_copy_spec.h"
#include "core/hw.h"
#include "core/stage2_table.h"
#include "core/vm.h"

/* The copy under proof. Nothing sets these: the proof holds for any. */
extern vm_id_t proof_vm;
extern gpa_t proof_gpa;
extern uint32_t proof_right;
extern const uint8_t *proof_buffer;

/*@ // Stage 2 maps the byte to hpa: write-back memory, so RAM, and writable if that is asked for.
    predicate guest_maps{L}(integer v, integer gpa, integer hpa, integer right) =
      \exists integer e; 0 <= e && hw_maps(v, gpa, hpa, e) && entry_type(e) == S2_WB && (right != S2_READ ==> entry_write(e));
    predicate guest_has{L}(integer v, integer gpa, integer right) =
      gpa < S2_GPA_LIMIT && \exists integer hpa; guest_maps(v, gpa, hpa, right);
    predicate guest_up_to{L}(integer v, integer gpa, integer end, integer right) =
      \forall integer a; gpa <= a < end ==> guest_has(v, a, right);
    predicate guest_all{L}(integer v, integer gpa, integer size, integer right) = guest_up_to(v, gpa, gpa + size, right);
    predicate guest_piece{L}(integer gpa, integer hpa, integer size) = hpa % 4096 + size <= 4096 &&
      \forall integer a; gpa <= a < gpa + size ==> guest_maps(proof_vm, a, hpa + (a - gpa), proof_right);
    // a lies in the page of gpa, not before it.
    predicate in_page_of(integer gpa, integer a) = 0 <= gpa <= a && gpa % 4096 + (a - gpa) < 4096;
    predicate guest_copied{L}(integer done) = proof_copied == done;
    predicate is_right(integer right) = right == S2_READ || right == S2_READ + S2_WRITE;

    lemma attr_sum: \forall integer w, x, t; 0 <= w <= 1 && (x == 0 || x == 4) && (t == S2_WB || t == S2_UC || t == S2_WC) ==>
      ((1 + 2 * w + x + t) / 2) % 2 == w && (1 + 2 * w + x + t < S2_UC <==> t == S2_WB);
    lemma attr_parts{L}: \forall integer e; 0 <= e ==> \let attr = entry_rights(e) + entry_type(e);
      (attr < S2_UC <==> entry_type(e) == S2_WB) && ((attr / 2) % 2 == 1 <==> entry_write(e));
    lemma page_offset: \forall integer gpa, a; in_page_of(gpa, a) ==> a % 4096 == gpa % 4096 + (a - gpa) && a / 4096 == gpa / 4096;
    lemma page_offset_2: \forall integer gpa, a; in_page_of(gpa, a) ==>
      a % 2097152 == gpa % 2097152 + (a - gpa) && a / 2097152 == gpa / 2097152;
    lemma page_offset_3: \forall integer gpa, a; in_page_of(gpa, a) ==>
      a % 1073741824 == gpa % 1073741824 + (a - gpa) && a / 1073741824 == gpa / 1073741824;
    lemma page_offset_4: \forall integer gpa, a; in_page_of(gpa, a) ==> a / 549755813888 == gpa / 549755813888;
    lemma page_slot: \forall integer gpa, a, l; in_page_of(gpa, a) ==> slot_of(a, l) == slot_of(gpa, l);
    lemma page_limit: \forall integer gpa, a; in_page_of(gpa, a) && gpa < S2_GPA_LIMIT ==> a < S2_GPA_LIMIT;
    lemma page_walk_1{L}: \forall integer v, t, gpa, hpa, e, a; in_page_of(gpa, a) ==>
      hw_maps1(v, t, gpa, hpa, e) ==> hw_maps1(v, t, a, hpa + (a - gpa), e);
    lemma page_walk_2{L}: \forall integer v, t, gpa, hpa, e, a; in_page_of(gpa, a) ==>
      hw_maps2(v, t, gpa, hpa, e) ==> hw_maps2(v, t, a, hpa + (a - gpa), e);
    lemma page_walk_3{L}: \forall integer v, t, gpa, hpa, e, a; in_page_of(gpa, a) ==>
      hw_maps3(v, t, gpa, hpa, e) ==> hw_maps3(v, t, a, hpa + (a - gpa), e);
    lemma page_walk{L}: \forall integer v, gpa, hpa, e, a; in_page_of(gpa, a) ==>
      hw_maps(v, gpa, hpa, e) ==> hw_maps(v, a, hpa + (a - gpa), e);
    lemma page_maps{L}: \forall integer v, gpa, hpa, right, a; in_page_of(gpa, a) ==>
      guest_maps(v, gpa, hpa, right) ==> guest_maps(v, a, hpa + (a - gpa), right);
    lemma page_piece{L}: \forall integer gpa, hpa, size; 0 <= gpa && 0 <= size && gpa % 4096 + size <= 4096 &&
      hpa % 4096 == gpa % 4096 && guest_maps(proof_vm, gpa, hpa, proof_right) ==> guest_piece(gpa, hpa, size);
    lemma maps_has{L}: \forall integer v, gpa, hpa, right; gpa < S2_GPA_LIMIT && guest_maps(v, gpa, hpa, right) ==>
      guest_has(v, gpa, right);
    lemma page_maps_has{L}: \forall integer v, gpa, hpa, right, a; in_page_of(gpa, a) && gpa < S2_GPA_LIMIT &&
      guest_maps(v, gpa, hpa, right) ==> guest_has(v, a, right);
    lemma page_all{L}: \forall integer v, gpa, hpa, end, right; 0 <= gpa && gpa % 4096 + (end - gpa) <= 4096 &&
      gpa < S2_GPA_LIMIT && guest_maps(v, gpa, hpa, right) ==> guest_up_to(v, gpa, end, right);
    lemma all_join{L}: \forall integer v, gpa, at, end, right; guest_up_to(v, gpa, at, right) && guest_up_to(v, at, end, right) ==>
      guest_up_to(v, gpa, end, right);
    lemma page_has{L}: \forall integer v, gpa, right, a; in_page_of(gpa, a) ==>
      guest_has(v, gpa, right) ==> guest_has(v, a, right);
    lemma all_last{L}: \forall integer v, gpa, size, right; 0 < size && guest_all(v, gpa, size, right) ==>
      guest_has(v, gpa + size - 1, right); */

/*@ requires next: dst == proof_buffer + proof_copied && guest_piece(proof_gpa + proof_copied, src, size) && proof_right == S2_READ;
    requires \valid(dst + (0 .. size - 1));
    assigns dst[0 .. size - 1], proof_copied;
    exits \false;
    ensures proof_copied == \old(proof_copied) + size; */
void hw_phys_copy_in(uint8_t *dst, hpa_t src, uint32_t size);
/*@ requires next: src == proof_buffer + proof_copied && guest_piece(proof_gpa + proof_copied, dst, size) && proof_right == S2_READ + S2_WRITE;
    requires \valid_read(src + (0 .. size - 1));
    assigns proof_copied;
    exits \false;
    ensures proof_copied == \old(proof_copied) + size; */
void hw_phys_copy_out(hpa_t dst, const uint8_t *src, uint32_t size);

/* ---- Proved ---- */
/*@ assigns \nothing;
    exits \false;
    ensures \result <= size && gpa % 4096 + \result <= 4096;
    ensures size != 0 ==> \result != 0; */
static uint32_t page_rest(gpa_t gpa, uint32_t size);
/*@ requires v < MAX_VM && stage2_wf(v) && \valid(hpa) && is_right(right);
    assigns *hpa;
    exits \false;
    ensures status: \result == STATUS_OK || \result == STATUS_FAULT;
    ensures page: \result == STATUS_OK ==> *hpa % 4096 == gpa % 4096 && gpa < S2_GPA_LIMIT && guest_maps(v, gpa, *hpa, right);
    ensures refused: guest_has(v, gpa, right) ==> \result == STATUS_OK; */
static enum status guest_page(vm_id_t v, gpa_t gpa, uint32_t right, hpa_t *hpa);
/*@ requires v < MAX_VM && stage2_wf(v) && is_right(right);
    assigns \nothing;
    exits \false;
    ensures status: \result == STATUS_OK || \result == STATUS_FAULT;
    ensures decision: \result == STATUS_OK <==> guest_all(v, gpa, size, right); */
static enum status guest_check(vm_id_t v, gpa_t gpa, uint32_t size, uint32_t right);
/* proves REQ-HYP-004 */
/*@ requires v < MAX_VM && stage2_wf(v) && \valid(dst + (0 .. size - 1));
    requires under_proof: v == proof_vm && gpa == proof_gpa && dst == proof_buffer && proof_right == S2_READ && proof_copied == 0;
    assigns dst[0 .. size - 1], proof_copied;
    exits \false;
    ensures status: \result == STATUS_OK || \result == STATUS_FAULT;
    ensures decision: \result == STATUS_OK <==> guest_all(v, gpa, size, S2_READ);
    ensures whole: \result == STATUS_OK ==> proof_copied == size;
    ensures nothing: \result != STATUS_OK ==> proof_copied == 0 &&
      \forall integer i; 0 <= i < size ==> dst[i] == \old(dst[i]); */
enum status guest_read(vm_id_t v, gpa_t gpa, uint8_t *dst, uint32_t size);
/*@ requires v < MAX_VM && stage2_wf(v) && \valid_read(src + (0 .. size - 1));
    requires under_proof: v == proof_vm && gpa == proof_gpa && src == proof_buffer && proof_right == S2_READ + S2_WRITE && proof_copied == 0;
    assigns proof_copied;
    exits \false;
    ensures status: \result == STATUS_OK || \result == STATUS_FAULT;
    ensures decision: \result == STATUS_OK <==> guest_all(v, gpa, size, S2_READ + S2_WRITE);
    ensures whole: \result == STATUS_OK ==> proof_copied == size;
    ensures nothing: \result != STATUS_OK ==> proof_copied == 0; */
enum status guest_write(vm_id_t v, gpa_t gpa, const uint8_t *src, uint32_t size);

#include "core/guest_copy.c"
