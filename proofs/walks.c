/* SPDX-License-Identifier: Apache-2.0 */
/* Proves what the operations of stage 2 do to the hardware's walks: the properties named walk. */
#include "core/stage2_table.h"

/*@
  // Addresses of one block have the same slots from its level upwards, and others do not.
  lemma block_range: \forall integer a, b, l; 0 <= a && 0 <= b && 1 <= l <= 3 && a % span(l) == 0 ==>
    (block(b, l) == block(a, l) <==> a <= b < a + span(l));
  lemma block_up1: \forall integer a, b; 0 <= a && 0 <= b && block(a, 1) == block(b, 1) ==> slot_of(a, 1) == slot_of(b, 1) && block(a, 2) == block(b, 2);
  lemma block_up2: \forall integer a, b; 0 <= a && 0 <= b && block(a, 2) == block(b, 2) ==> slot_of(a, 2) == slot_of(b, 2) && block(a, 3) == block(b, 3);
  lemma block_up3: \forall integer a, b; 0 <= a && 0 <= b && block(a, 3) == block(b, 3) ==> slot_of(a, 3) == slot_of(b, 3) && block(a, 4) == block(b, 4);
  lemma block_up4: \forall integer a, b; 0 <= a && 0 <= b && block(a, 4) == block(b, 4) ==> slot_of(a, 4) == slot_of(b, 4);
  lemma block_down1: \forall integer a, b; 0 <= a && 0 <= b && slot_of(a, 1) == slot_of(b, 1) && block(a, 2) == block(b, 2) ==> block(a, 1) == block(b, 1);
  lemma block_down2: \forall integer a, b; 0 <= a && 0 <= b && slot_of(a, 2) == slot_of(b, 2) && block(a, 3) == block(b, 3) ==> block(a, 2) == block(b, 2);
  lemma block_down3: \forall integer a, b; 0 <= a && 0 <= b && slot_of(a, 3) == slot_of(b, 3) && block(a, 4) == block(b, 4) ==> block(a, 3) == block(b, 3);
  lemma block_down4: \forall integer a, b; 0 <= a < S2_GPA_LIMIT && 0 <= b < S2_GPA_LIMIT && slot_of(a, 4) == slot_of(b, 4) ==> block(a, 4) == block(b, 4);
  lemma offset: \forall integer a, b, l; 0 <= a && 1 <= l <= 3 && a % span(l) == 0 && a <= b < a + span(l) ==> b % span(l) == b - a;
  lemma block_up: \forall integer a, b, k, l; 0 <= a && 0 <= b && 1 <= k <= l <= 4 && block(a, k) == block(b, k) ==> block(a, l) == block(b, l);
  // Which addresses come to the same entry: those of one block.
  lemma one_way{L}: \forall integer vm, t, g, l; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= t < STAGE2_PAGES && 2 <= l <= 4 && 0 <= g &&
    stage2_level[vm][t] == l && leads(vm, t, g, l) ==> used(vm, next(vm, t, g, l)) && stage2_level[vm][next(vm, t, g, l)] == l - 1 &&
      stage2_parent[vm][next(vm, t, g, l)] == t && stage2_slot[vm][next(vm, t, g, l)] == slot_of(g, l);
  lemma visits3_up{L}: \forall integer vm, t, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= g < S2_GPA_LIMIT && visits3(vm, g, t) ==>
    used(vm, t) && stage2_level[vm][t] == 3 && stage2_parent[vm][t] == S2_ROOT && stage2_slot[vm][t] == slot_of(g, 4);
  lemma visits2_up{L}: \forall integer vm, t, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= g < S2_GPA_LIMIT && visits2(vm, g, t) ==>
    used(vm, t) && stage2_level[vm][t] == 2 && visits3(vm, g, stage2_parent[vm][t]) && stage2_slot[vm][t] == slot_of(g, 3);
  lemma visits1_up{L}: \forall integer vm, t, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= g < S2_GPA_LIMIT && visits1(vm, g, t) ==>
    used(vm, t) && stage2_level[vm][t] == 1 && visits2(vm, g, stage2_parent[vm][t]) && stage2_slot[vm][t] == slot_of(g, 2);
  lemma same_block3{L}: \forall integer vm, t, a, b; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= a < S2_GPA_LIMIT && 0 <= b < S2_GPA_LIMIT &&
    visits3(vm, a, t) && visits3(vm, b, t) && slot_of(a, 3) == slot_of(b, 3) ==> block(a, 3) == block(b, 3);
  lemma same_block2{L}: \forall integer vm, t, a, b; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= a < S2_GPA_LIMIT && 0 <= b < S2_GPA_LIMIT &&
    visits2(vm, a, t) && visits2(vm, b, t) && slot_of(a, 2) == slot_of(b, 2) ==> block(a, 2) == block(b, 2);
  lemma same_block1{L}: \forall integer vm, t, a, b; 0 <= vm < MAX_VM && stage2_wf(vm) && 0 <= a < S2_GPA_LIMIT && 0 <= b < S2_GPA_LIMIT &&
    visits1(vm, a, t) && visits1(vm, b, t) && slot_of(a, 1) == slot_of(b, 1) ==> block(a, 1) == block(b, 1);
  lemma same_block{L}: \forall integer vm, t, l, a, b; 0 <= vm < MAX_VM && stage2_wf(vm) && 1 <= l <= 4 && 0 <= a < S2_GPA_LIMIT &&
    0 <= b < S2_GPA_LIMIT && visits(vm, a, t, l) && visits(vm, b, t, l) && slot_of(a, l) == slot_of(b, l) ==> block(a, l) == block(b, l);
  lemma same_entry{L}: \forall integer vm, t, l, a, b; 0 <= vm < MAX_VM && stage2_wf(vm) && 1 <= l <= 4 && 0 <= a < S2_GPA_LIMIT &&
    0 <= b < S2_GPA_LIMIT && visits(vm, a, t, l) && block(a, l) == block(b, l) ==> visits(vm, b, t, l) && slot_of(a, l) == slot_of(b, l);
  lemma visits_level{L}: \forall integer vm, t, l, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 1 <= l <= 4 && 0 <= g < S2_GPA_LIMIT &&
    visits(vm, g, t, l) ==> used(vm, t) && stage2_level[vm][t] == l;
  // Where nothing is mapped.
  lemma open_where{L}: \forall integer vm, t, k, l, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 1 <= l <= k <= 4 && l <= 3 && 0 <= g < S2_GPA_LIMIT &&
    visits(vm, g, t, k) && !entry_present(stage2_table[vm][t][slot_of(g, k)]) ==> open(vm, g, l);
  lemma open_end{L}: \forall integer vm, t, k, l, g; 0 <= vm < MAX_VM && stage2_wf(vm) && 1 <= l <= 3 && 1 <= k <= 4 && 0 <= g < S2_GPA_LIMIT &&
    visits(vm, g, t, k) && no_table(vm, t, slot_of(g, k)) && open(vm, g, l) ==> k >= l && !entry_present(stage2_table[vm][t][slot_of(g, k)]);
  lemma open_block{L}: \forall integer vm, l, m, a, b; 1 <= m <= l <= 3 && 0 <= a < S2_GPA_LIMIT && 0 <= b < S2_GPA_LIMIT &&
    block(a, l) == block(b, l) && open(vm, a, l) ==> open(vm, b, m);
  lemma allowed_part{L}: \forall integer vm, base, size, off, part, w, type; 0 <= off && 0 < part && off + part <= size &&
    allowed(vm, base, size, w, type) ==> allowed(vm, base + off, part, w, type);
*/

#include "core/stage2.c"
