/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proves msr_open_bitmap() (hv/core/msr.c): after it an MSR is open for a VM exactly when a rule of the policy table that has the MSR
 * says MSR_OPEN for this kind of VM and access. It is said of one MSR of one VM, which nothing sets, so of each. What hw_msr_open()
 * does to the map is proved in proofs/bitmap.c and proofs/bitmap_vmx.c.
 */
#define PROOF_MSR_POLICY
#include "core/msr.h"
#include "core/msr_spec.h"
#include "core/msr_table.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"

extern vm_id_t proof_vm;
extern uint32_t proof_msr;
/* Which accesses to it are open: 1 read, 2 write, 3 both. */
extern uint32_t proof_opened;

/*@ predicate opened_read(integer opened) = opened == 1 || opened == 3;
    predicate opened_write(integer opened) = opened == 2 || opened == 3;
    predicate rule_has{L}(integer i, integer msr) = msr_rules[i].first <= msr <= msr_rules[i].last;
    predicate rule_read{L}(integer v, integer i) = vms[v].exclusive ? msr_rules[i].x_read == MSR_OPEN : msr_rules[i].read == MSR_OPEN;
    predicate rule_write{L}(integer v, integer i) = vms[v].exclusive ? msr_rules[i].x_write == MSR_OPEN : msr_rules[i].write == MSR_OPEN;
    predicate some_read{L}(integer v, integer rules) = \exists integer i; 0 <= i < rules && rule_has(i, proof_msr) && rule_read(v, i);
    predicate some_write{L}(integer v, integer rules) = \exists integer i; 0 <= i < rules && rule_has(i, proof_msr) && rule_write(v, i);
    lemma next_read{L}: \forall integer v, rules; 0 <= rules ==>
      (some_read(v, rules + 1) <==> some_read(v, rules) || (rule_has(rules, proof_msr) && rule_read(v, rules)));
    lemma next_write{L}: \forall integer v, rules; 0 <= rules ==>
      (some_write(v, rules + 1) <==> some_write(v, rules) || (rule_has(rules, proof_msr) && rule_write(v, rules)));
    predicate msr_opened_by{L}(integer v, integer rules) = proof_opened <= 3 &&
      (opened_read(proof_opened) <==> some_read(v, rules)) && (opened_write(proof_opened) <==> some_write(v, rules));
    // Since L1 the MSRs from first to before msr were opened.
    predicate msr_opened_within{L1, L2}(integer first, integer msr, integer read, integer write) = \at(proof_opened, L2) <= 3 &&
      (opened_read(\at(proof_opened, L2)) <==> opened_read(\at(proof_opened, L1)) || (read != 0 && first <= \at(proof_msr, L2) < msr)) &&
      (opened_write(\at(proof_opened, L2)) <==> opened_write(\at(proof_opened, L1)) || (write != 0 && first <= \at(proof_msr, L2) < msr)); */

/*@ requires vm == proof_vm && proof_opened <= 3;
    assigns proof_opened;
    exits \false;
    ensures proof_opened <= 3;
    ensures opened_read(proof_opened) <==> \old(opened_read(proof_opened)) || (msr == proof_msr && read);
    ensures opened_write(proof_opened) <==> \old(opened_write(proof_opened)) || (msr == proof_msr && write); */
void hw_msr_open(vm_id_t vm, uint32_t msr, bool read, bool write);
/* proves REQ-ISO-017 */
/*@ requires v < MAX_VM && v == proof_vm;
    requires closed: proof_opened == 0;
    requires ranges: \forall integer i; 0 <= i < MSR_RULES ==> msr_rules[i].first <= msr_rules[i].last < 0xFFFFFFFF;
    assigns proof_opened;
    exits \false;
    ensures by_the_table: msr_opened_by(v, MSR_RULES); */
void msr_open_bitmap(vm_id_t v);

#include "core/msr.c"
