/* SPDX-License-Identifier: Apache-2.0 */
/* What the proofs say about stage 2: when tables are well formed, and what the hardware makes of
 * them. Annotations only: the compiler sees nothing here. Included by
 * stage2_table.h once the state is declared. */
#ifndef CORE_STAGE2_SPEC_H
#define CORE_STAGE2_SPEC_H

#include "core/domain.h"
#include "core/stage2_format.h"

/* All state of one VM, or of a range of VMs, for assigns clauses. */
#define STAGE2_OF(v) \
    stage2_table[v][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1], stage2_level[v][0 .. STAGE2_PAGES - 1], \
    stage2_parent[v][0 .. STAGE2_PAGES - 1], stage2_slot[v][0 .. STAGE2_PAGES - 1]

/*@
  logic integer span(integer l) =
    l == 1 ? 4096 : l == 2 ? 2097152 : l == 3 ? 1073741824 : 549755813888;

  logic integer slot_of(integer gpa, integer l) =
    l == 1 ? (gpa / 4096) % 512 :
    l == 2 ? (gpa / 2097152) % 512 :
    l == 3 ? (gpa / 1073741824) % 512 : (gpa / 549755813888) % 512;

  // A VM may map [hpa, hpa + size) with this right to write and memory type.
  predicate allowed{L}(integer vm, integer hpa, integer size, integer write, integer type) =
    type != S2_WB ? owned(domain_of_vm(vm), hpa, size, MEMORY_DEVICE) :
    owned(domain_of_vm(vm), hpa, size, MEMORY_RAM) ||
    (vm < VM_FIRST_USER && write == 0 && owned(domain_of_vm(vm), hpa, size, MEMORY_RAM_READ_ONLY));

  logic integer pool_of{L}(integer vm) = stage2_pool + vm * 2621440; // STAGE2_PAGES * 4096

  predicate pool_ok{L} = stage2_pool % 4096 == 0 && stage2_pool + 20971520 <= 0x10000000000000;

  logic integer child_of{L}(integer vm, integer e) = (entry_address(e) - pool_of(vm)) / 4096;

  predicate in_pool{L}(integer vm, integer e) =
    pool_of(vm) <= entry_address(e) < pool_of(vm) + STAGE2_PAGES * 4096;

  predicate leaf_ok{L}(integer vm, integer l, integer e) =
    entry_address(e) % span(l) == 0 &&
    allowed(vm, entry_address(e), span(l), (e / 2) % 2, entry_type(e));

  // Entry (t, j) leads to a table of the VM's own pool, one level down, which knows who leads to it.
  predicate table_ok{L}(integer vm, integer t, integer j, integer l, integer e) =
    2 <= l && in_pool(vm, e) &&
    stage2_level[vm][child_of(vm, e)] == l - 1 &&
    stage2_parent[vm][child_of(vm, e)] == t && stage2_slot[vm][child_of(vm, e)] == j;

  predicate entry_ok{L}(integer vm, integer t, integer j, integer l, integer e) =
    entry_present(e) ==>
      entry_reserved_clear(e, l) && (entry_leaf(e, l) ? leaf_ok(vm, l, e) : table_ok(vm, t, j, l, e));

  predicate shape_ok{L}(integer vm) =
    stage2_level[vm][S2_ROOT] == 4 &&
    (\forall integer i; 0 <= i < STAGE2_PAGES ==>
      stage2_level[vm][i] <= 4 && (i != S2_ROOT ==> stage2_level[vm][i] <= 3) &&
      stage2_parent[vm][i] < STAGE2_PAGES && stage2_slot[vm][i] < S2_SLOTS);

  predicate entries_ok{L}(integer vm) =
    \forall integer i, j; 0 <= i < STAGE2_PAGES && 0 <= j < S2_SLOTS && stage2_level[vm][i] != 0 ==>
      entry_ok(vm, i, j, stage2_level[vm][i], stage2_table[vm][i][j]);

  predicate stage2_wf{L}(integer vm) = pool_ok && domains_ok && shape_ok(vm) && entries_ok(vm);

  // No entry leads to this table.
  predicate unlinked{L}(integer vm, integer c) =
    \forall integer i, j; 0 <= i < STAGE2_PAGES && 0 <= j < S2_SLOTS && stage2_level[vm][i] != 0 &&
      entry_present(stage2_table[vm][i][j]) && !entry_leaf(stage2_table[vm][i][j], stage2_level[vm][i]) ==>
        child_of(vm, stage2_table[vm][i][j]) != c;

  // The hardware's walk (AMD APM 2, 5.3 and 15.25), over-approximated: an entry that led outside the
  // VM's pool would reach anything, and upper levels never take rights away.
  // The walk of VM vm for gpa ends at the leaf entry e, which maps hpa.
  predicate hw_maps1{L}(integer vm, integer t, integer gpa, integer hpa, integer e) =
    e == stage2_table[vm][t][slot_of(gpa, 1)] && entry_present(e) && hpa == entry_address(e) + gpa % 4096;
  predicate hw_maps2{L}(integer vm, integer t, integer gpa, integer hpa, integer e) =
    \let d = stage2_table[vm][t][slot_of(gpa, 2)];
    entry_present(d) && (entry_large(d) ? e == d && hpa == entry_address(d) + gpa % 2097152 :
      (in_pool(vm, d) ==> hw_maps1(vm, child_of(vm, d), gpa, hpa, e)));
  predicate hw_maps3{L}(integer vm, integer t, integer gpa, integer hpa, integer e) =
    \let d = stage2_table[vm][t][slot_of(gpa, 3)];
    entry_present(d) && (entry_large(d) ? e == d && hpa == entry_address(d) + gpa % 1073741824 :
      (in_pool(vm, d) ==> hw_maps2(vm, child_of(vm, d), gpa, hpa, e)));
  predicate hw_maps{L}(integer vm, integer gpa, integer hpa, integer e) =
    \let d = stage2_table[vm][S2_ROOT][slot_of(gpa, 4)];
    entry_present(d) && (in_pool(vm, d) ==> hw_maps3(vm, child_of(vm, d), gpa, hpa, e));

  // The same from a table half-way down.
  predicate hw_from{L}(integer vm, integer t, integer l, integer gpa, integer hpa, integer e) =
    l == 1 ? hw_maps1(vm, t, gpa, hpa, e) : l == 2 ? hw_maps2(vm, t, gpa, hpa, e) :
    l == 3 ? hw_maps3(vm, t, gpa, hpa, e) : hw_maps(vm, gpa, hpa, e);

  predicate used{L}(integer vm, integer t) = 0 <= t < STAGE2_PAGES && 1 <= stage2_level[vm][t] <= 4;

  // The walk for gpa comes to table t, of level l.
  predicate leads{L}(integer vm, integer t, integer gpa, integer l) =
    entry_present(stage2_table[vm][t][slot_of(gpa, l)]) && !entry_leaf(stage2_table[vm][t][slot_of(gpa, l)], l);
  logic integer next{L}(integer vm, integer t, integer gpa, integer l) =
    child_of(vm, stage2_table[vm][t][slot_of(gpa, l)]);
  predicate visits3{L}(integer vm, integer gpa, integer t) =
    leads(vm, S2_ROOT, gpa, 4) && t == next(vm, S2_ROOT, gpa, 4);
  predicate visits2{L}(integer vm, integer gpa, integer t) =
    \let p = next(vm, S2_ROOT, gpa, 4); visits3(vm, gpa, p) && leads(vm, p, gpa, 3) && t == next(vm, p, gpa, 3);
  predicate visits1{L}(integer vm, integer gpa, integer t) =
    \let p = next(vm, next(vm, S2_ROOT, gpa, 4), gpa, 3); visits2(vm, gpa, p) && leads(vm, p, gpa, 2) && t == next(vm, p, gpa, 2);
  predicate visits{L}(integer vm, integer gpa, integer t, integer l) =
    l == 4 ? t == S2_ROOT : l == 3 ? visits3(vm, gpa, t) : l == 2 ? visits2(vm, gpa, t) : visits1(vm, gpa, t);
  // It comes to entry (t, j).
  predicate through{L}(integer vm, integer gpa, integer t, integer j) =
    visits(vm, gpa, t, stage2_level[vm][t]) && slot_of(gpa, stage2_level[vm][t]) == j;

  // The same walk as functions: the leaf that it ends at, 0 for none, and where that leads. In well-formed tables
  // hw_maps(vm, gpa, hpa, e) is "e is the leaf, and not 0, and hpa is where it leads" (lemma walk_is_hardware).
  logic integer leaf1{L}(integer vm, integer t, integer gpa) =
    \let d = stage2_table[vm][t][slot_of(gpa, 1)]; d % 2 == 1 ? d : 0;
  logic integer leaf2{L}(integer vm, integer t, integer gpa) =
    \let d = stage2_table[vm][t][slot_of(gpa, 2)]; d % 2 == 0 ? 0 : (d / 128) % 2 == 1 ? d : leaf1(vm, child_of(vm, d), gpa);
  logic integer leaf3{L}(integer vm, integer t, integer gpa) =
    \let d = stage2_table[vm][t][slot_of(gpa, 3)]; d % 2 == 0 ? 0 : (d / 128) % 2 == 1 ? d : leaf2(vm, child_of(vm, d), gpa);
  logic integer walk_leaf{L}(integer vm, integer gpa) =
    \let d = stage2_table[vm][S2_ROOT][slot_of(gpa, 4)]; d % 2 == 0 ? 0 : leaf3(vm, child_of(vm, d), gpa);
  logic integer hpa1{L}(integer vm, integer t, integer gpa) =
    \let d = stage2_table[vm][t][slot_of(gpa, 1)]; d % 2 == 1 ? entry_address(d) + gpa % 4096 : 0;
  logic integer hpa2{L}(integer vm, integer t, integer gpa) =
    \let d = stage2_table[vm][t][slot_of(gpa, 2)]; d % 2 == 0 ? 0 :
      (d / 128) % 2 == 1 ? entry_address(d) + gpa % 2097152 : hpa1(vm, child_of(vm, d), gpa);
  logic integer hpa3{L}(integer vm, integer t, integer gpa) =
    \let d = stage2_table[vm][t][slot_of(gpa, 3)]; d % 2 == 0 ? 0 :
      (d / 128) % 2 == 1 ? entry_address(d) + gpa % 1073741824 : hpa2(vm, child_of(vm, d), gpa);
  logic integer walk_hpa{L}(integer vm, integer gpa) =
    \let d = stage2_table[vm][S2_ROOT][slot_of(gpa, 4)]; d % 2 == 0 ? 0 : hpa3(vm, child_of(vm, d), gpa);
  // From a table half-way down.
  logic integer leaf_from{L}(integer vm, integer t, integer l, integer gpa) =
    l == 1 ? leaf1(vm, t, gpa) : l == 2 ? leaf2(vm, t, gpa) : l == 3 ? leaf3(vm, t, gpa) : walk_leaf(vm, gpa);
  logic integer hpa_from{L}(integer vm, integer t, integer l, integer gpa) =
    l == 1 ? hpa1(vm, t, gpa) : l == 2 ? hpa2(vm, t, gpa) : l == 3 ? hpa3(vm, t, gpa) : walk_hpa(vm, gpa);

  // The walk for gpa ends as it did.
  predicate same_walk{A, B}(integer vm, integer gpa) =
    walk_leaf{A}(vm, gpa) == walk_leaf{B}(vm, gpa) && walk_hpa{A}(vm, gpa) == walk_hpa{B}(vm, gpa);
  predicate open1{L}(integer vm, integer t, integer gpa) = !entry_present(stage2_table[vm][t][slot_of(gpa, 1)]);
  predicate open2{L}(integer vm, integer t, integer gpa, integer l) =
    \let d = stage2_table[vm][t][slot_of(gpa, 2)];
    !entry_present(d) || (l == 1 && !entry_large(d) && open1(vm, child_of(vm, d), gpa));
  predicate open3{L}(integer vm, integer t, integer gpa, integer l) =
    \let d = stage2_table[vm][t][slot_of(gpa, 3)];
    !entry_present(d) || (l <= 2 && !entry_large(d) && open2(vm, child_of(vm, d), gpa, l));
  // It still comes to every table that it came to.
  predicate same_visits{A, B}(integer vm, integer gpa) =
    \forall integer t, l; 1 <= l <= 4 && visits{A}(vm, gpa, t, l) ==> visits{B}(vm, gpa, t, l);
  // Tables were added, no walk ends elsewhere.
  predicate all_walks_same{A, B}(integer vm) =
    \forall integer g; 0 <= g < S2_GPA_LIMIT ==> same_walk{A, B}(vm, g) && same_visits{A, B}(vm, g);
  // Nothing is mapped for gpa, and there is no table that covers less than an entry of level l.
  predicate open{L}(integer vm, integer gpa, integer l) =
    \let d = stage2_table[vm][S2_ROOT][slot_of(gpa, 4)]; !entry_present(d) || (l <= 3 && open3(vm, child_of(vm, d), gpa, l));
  // Which block of the size of an entry of level l the address lies in.
  logic integer block(integer gpa, integer l) =
    l == 1 ? gpa / 4096 : l == 2 ? gpa / 2097152 : l == 3 ? gpa / 1073741824 : gpa / 549755813888;
  // The walk for gpa ends at hpa with these rights and type.
  predicate maps_as{L}(integer vm, integer gpa, integer hpa, integer attr) =
    walk_leaf(vm, gpa) != 0 && walk_hpa(vm, gpa) == hpa &&
    entry_rights(walk_leaf(vm, gpa)) + entry_type(walk_leaf(vm, gpa)) == attr;
  // The largest level that a leaf at this place can have.
  logic integer fit(integer gpa, integer hpa, integer size) =
    gpa % 1073741824 == 0 && hpa % 1073741824 == 0 && size >= 1073741824 ? 3 :
    gpa % 2097152 == 0 && hpa % 2097152 == 0 && size >= 2097152 ? 2 : 1;
  // Leaves of these levels find nothing in their way in [gpa + from, gpa + to).
  predicate ready{L}(integer vm, integer gpa, integer hpa, integer size, integer from, integer to) =
    \forall integer d; from <= d < to && d % 4096 == 0 ==> open(vm, gpa + d, fit(gpa + d, hpa + d, size - d));
  // No entry but (t, j) changed.
  predicate no_table{L}(integer vm, integer t, integer j) =
    !entry_present(stage2_table[vm][t][j]) || entry_leaf(stage2_table[vm][t][j], stage2_level[vm][t]);
  predicate one_table{A, B}(integer vm, integer c) =
    \at(stage2_pool, A) == \at(stage2_pool, B) &&
    \forall integer i, k; 0 <= i < STAGE2_PAGES && 0 <= k < S2_SLOTS && i != c ==>
      \at(stage2_table[vm][i][k], A) == \at(stage2_table[vm][i][k], B);
  predicate one_entry{A, B}(integer vm, integer t, integer j) =
    \at(stage2_pool, A) == \at(stage2_pool, B) &&
    \forall integer i, k; 0 <= i < STAGE2_PAGES && 0 <= k < S2_SLOTS && (i != t || k != j) ==>
      \at(stage2_table[vm][i][k], A) == \at(stage2_table[vm][i][k], B);
*/

#endif
