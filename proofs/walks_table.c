/* SPDX-License-Identifier: Apache-2.0 */
/* Proves which walks of the hardware the steps of stage 2 change: the properties named walk. The lemmas are kept out of the
 * header because they slow every other proof down. */
#include "core/stage2_table.h"

/*@
  // The functions are what hw_maps says.
  lemma walk_is_hardware{L}: \forall integer vm, g, h, e; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= g < S2_GPA_LIMIT ==>
    (hw_maps(vm, g, h, e) <==> walk_leaf(vm, g) != 0 && e == walk_leaf(vm, g) && h == walk_hpa(vm, g));
  // What one entry does to the walks that come to it, and that it does nothing to the others.
  lemma entry_others{A, B}: \forall integer vm, t, j, g; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && used{A}(vm, t) &&
    0 <= j < S2_SLOTS && 0 <= g < S2_GPA_LIMIT && one_entry{A, B}(vm, t, j) && !through{A}(vm, g, t, j) ==> same_walk{A, B}(vm, g);
  lemma entry_leaf_maps{A, B}: \forall integer vm, t, j, g; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && used{A}(vm, t) &&
    0 <= j < S2_SLOTS && 0 <= g < S2_GPA_LIMIT && one_entry{A, B}(vm, t, j) && through{A}(vm, g, t, j) &&
    entry_present(\at(stage2_table[vm][t][j], B)) && entry_leaf(\at(stage2_table[vm][t][j], B), \at(stage2_level[vm][t], A)) ==>
      walk_leaf{B}(vm, g) == \at(stage2_table[vm][t][j], B) &&
      walk_hpa{B}(vm, g) == entry_address(\at(stage2_table[vm][t][j], B)) + g % span(\at(stage2_level[vm][t], A));
  lemma one_way{L}: \forall integer vm, t, g, l; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= t < STAGE2_PAGES && 2 <= l <= 4 && 0 <= g &&
    stage2_level[vm][t] == l && leads(vm, t, g, l) ==> used(vm, next(vm, t, g, l)) && stage2_level[vm][next(vm, t, g, l)] == l - 1;
  lemma visits_maps3{L}: \forall integer vm, t, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= g < S2_GPA_LIMIT && visits3(vm, g, t) ==>
    walk_leaf(vm, g) == leaf3(vm, t, g) && walk_hpa(vm, g) == hpa3(vm, t, g) && used(vm, t) && stage2_level[vm][t] == 3;
  lemma visits_maps2{L}: \forall integer vm, t, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= g < S2_GPA_LIMIT && visits2(vm, g, t) ==>
    walk_leaf(vm, g) == leaf2(vm, t, g) && walk_hpa(vm, g) == hpa2(vm, t, g) && used(vm, t) && stage2_level[vm][t] == 2;
  lemma visits_maps1{L}: \forall integer vm, t, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= g < S2_GPA_LIMIT && visits1(vm, g, t) ==>
    walk_leaf(vm, g) == leaf1(vm, t, g) && walk_hpa(vm, g) == hpa1(vm, t, g) && used(vm, t) && stage2_level[vm][t] == 1;
  // From a table that the walk comes to it goes on as from the root.
  lemma visits_maps{A}: \forall integer vm, t, l, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 1 <= l <= 4 && 0 <= g < S2_GPA_LIMIT &&
    visits(vm, g, t, l) ==> walk_leaf(vm, g) == leaf_from(vm, t, l, g) && walk_hpa(vm, g) == hpa_from(vm, t, l, g) &&
      used(vm, t) && stage2_level[vm][t] == l;
  lemma visits_down{L}: \forall integer vm, t, l, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 2 <= l <= 4 && 0 <= g < S2_GPA_LIMIT &&
    visits(vm, g, t, l) && leads(vm, t, g, l) ==> visits(vm, g, next(vm, t, g, l), l - 1);
  lemma through_kept{A, B}: \forall integer vm, t, j, g; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && used{A}(vm, t) &&
    0 <= j < S2_SLOTS && 0 <= g < S2_GPA_LIMIT && one_entry{A, B}(vm, t, j) && through{A}(vm, g, t, j) ==>
      visits{B}(vm, g, t, \at(stage2_level[vm][t], A));
  lemma visits_kept3{A, B}: \forall integer vm, t, j, g, c; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && used{A}(vm, t) &&
    0 <= j < S2_SLOTS && 0 <= g < S2_GPA_LIMIT && one_entry{A, B}(vm, t, j) && no_table{A}(vm, t, j) &&
    visits3{A}(vm, g, c) ==> visits3{B}(vm, g, c);
  lemma visits_kept2{A, B}: \forall integer vm, t, j, g, c; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && used{A}(vm, t) &&
    0 <= j < S2_SLOTS && 0 <= g < S2_GPA_LIMIT && one_entry{A, B}(vm, t, j) && no_table{A}(vm, t, j) &&
    visits2{A}(vm, g, c) ==> visits2{B}(vm, g, c);
  lemma visits_kept1{A, B}: \forall integer vm, t, j, g, c; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && used{A}(vm, t) &&
    0 <= j < S2_SLOTS && 0 <= g < S2_GPA_LIMIT && one_entry{A, B}(vm, t, j) && no_table{A}(vm, t, j) &&
    visits1{A}(vm, g, c) ==> visits1{B}(vm, g, c);
  lemma visits_kept{A, B}: \forall integer vm, t, j, g; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && used{A}(vm, t) &&
    0 <= j < S2_SLOTS && 0 <= g < S2_GPA_LIMIT && one_entry{A, B}(vm, t, j) && no_table{A}(vm, t, j) ==> same_visits{A, B}(vm, g);
  // No walk comes to a table that no entry leads to, so it may change.
  lemma unlinked_unvisited{A}: \forall integer vm, c, l, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 < c < STAGE2_PAGES && unlinked(vm, c) &&
    1 <= l <= 4 && 0 <= g < S2_GPA_LIMIT ==> !visits(vm, g, c, l);
  lemma free_unlinked{A}: \forall integer vm, c; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= c < STAGE2_PAGES &&
    stage2_level[vm][c] == 0 ==> unlinked(vm, c);
  lemma table_others{A, B}: \forall integer vm, c, g; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && 0 < c < STAGE2_PAGES &&
    0 <= g < S2_GPA_LIMIT && one_table{A, B}(vm, c) && unlinked{A}(vm, c) ==> same_walk{A, B}(vm, g);
  lemma table_visits3{A, B}: \forall integer vm, c, g, t; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && 0 < c < STAGE2_PAGES &&
    0 <= g < S2_GPA_LIMIT && one_table{A, B}(vm, c) && unlinked{A}(vm, c) && visits3{A}(vm, g, t) ==> visits3{B}(vm, g, t);
  lemma table_visits2{A, B}: \forall integer vm, c, g, t; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && 0 < c < STAGE2_PAGES &&
    0 <= g < S2_GPA_LIMIT && one_table{A, B}(vm, c) && unlinked{A}(vm, c) && visits2{A}(vm, g, t) ==> visits2{B}(vm, g, t);
  lemma table_visits1{A, B}: \forall integer vm, c, g, t; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && 0 < c < STAGE2_PAGES &&
    0 <= g < S2_GPA_LIMIT && one_table{A, B}(vm, c) && unlinked{A}(vm, c) && visits1{A}(vm, g, t) ==> visits1{B}(vm, g, t);
  lemma table_visits{A, B}: \forall integer vm, c, g; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && 0 < c < STAGE2_PAGES &&
    0 <= g < S2_GPA_LIMIT && one_table{A, B}(vm, c) && unlinked{A}(vm, c) ==> same_visits{A, B}(vm, g);
  // Where nothing is mapped.
  lemma open_entry{A, B}: \forall integer vm, t, j, x, l; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && used{A}(vm, t) && 1 <= l <= 3 &&
    0 <= j < S2_SLOTS && 0 <= x < S2_GPA_LIMIT && one_entry{A, B}(vm, t, j) && !through{A}(vm, x, t, j) && open{A}(vm, x, l) ==> open{B}(vm, x, l);
  lemma open_table2{A, B}: \forall integer vm, c, t, x, l; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && 0 < c < STAGE2_PAGES && 1 <= l <= 3 &&
    0 <= x < S2_GPA_LIMIT && one_table{A, B}(vm, c) && unlinked{A}(vm, c) && 0 <= t < STAGE2_PAGES && t != c &&
    \at(stage2_level[vm][t], A) == 2 && open2{A}(vm, t, x, l) ==> open2{B}(vm, t, x, l);
  lemma open_table3{A, B}: \forall integer vm, c, t, x, l; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && 0 < c < STAGE2_PAGES && 1 <= l <= 3 &&
    0 <= x < S2_GPA_LIMIT && one_table{A, B}(vm, c) && unlinked{A}(vm, c) && 0 <= t < STAGE2_PAGES && t != c &&
    \at(stage2_level[vm][t], A) == 3 && open3{A}(vm, t, x, l) ==> open3{B}(vm, t, x, l);
  lemma open_table{A, B}: \forall integer vm, c, x, l; 0 <= vm < MAX_VM && stage2_wf{A}(vm) && 0 < c < STAGE2_PAGES && 1 <= l <= 3 &&
    0 <= x < S2_GPA_LIMIT && one_table{A, B}(vm, c) && unlinked{A}(vm, c) && open{A}(vm, x, l) ==>
      open{B}(vm, x, l);
*/

#include "core/stage2_table.c"
