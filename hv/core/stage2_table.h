/* SPDX-License-Identifier: Apache-2.0 */
/* Inside stage 2: the state, and the steps from which stage2.c composes its operations. */
#ifndef CORE_STAGE2_TABLE_H
#define CORE_STAGE2_TABLE_H

#include "core/stage2.h"

extern uint32_t stage2_parent[MAX_VM][STAGE2_PAGES]; /* the one entry that leads to this table */
extern uint32_t stage2_slot[MAX_VM][STAGE2_PAGES];
extern hpa_t stage2_pool;

#include "core/stage2_spec.h" /* the words of the contracts below */ /* DEV-009 */

#define SPAN_1 0x1000U
#define SPAN_2 0x200000U
#define SPAN_3 0x40000000U
#define SPAN_4 0x8000000000U

/* Where a walk ends: the entry maps memory, or nothing. */
struct stage2_position {
    uint32_t table;
    uint32_t level;
    uint32_t slot;
};

/* Bytes that one entry of this level covers. */
/*@ requires 1 <= level <= 4;
    assigns \nothing;
    exits \false;
    ensures \result == span(level); */
static inline uint64_t stage2_span(uint32_t level)
{
    uint64_t span;
    if (level == 1U) {
        span = SPAN_1;
    } else if (level == 2U) {
        span = SPAN_2;
    } else if (level == 3U) {
        span = SPAN_3;
    } else {
        span = SPAN_4;
    }
    return span;
}

/*@ requires 1 <= level <= 4;
    assigns \nothing;
    exits \false;
    ensures \result == slot_of(gpa, level);
    ensures \result < S2_SLOTS; */
static inline uint32_t stage2_slot_of(gpa_t gpa, uint32_t level)
{
    uint64_t slot;
    if (level == 1U) {
        slot = (gpa / SPAN_1) % S2_SLOTS;
    } else if (level == 2U) {
        slot = (gpa / SPAN_2) % S2_SLOTS;
    } else if (level == 3U) {
        slot = (gpa / SPAN_3) % S2_SLOTS;
    } else {
        slot = (gpa / SPAN_4) % S2_SLOTS;
    }
    return (uint32_t)slot;
}

/* How far the address is behind the last boundary of this level. */
/*@ requires 1 <= level <= 4;
    assigns \nothing;
    exits \false;
    ensures \result == address % span(level);
    ensures \result < span(level);
    ensures address % 4096 == 0 ==> \result % 4096 == 0 && (span(level) - \result) % 4096 == 0;
    ensures \result == 0 ==> address % 4096 == 0; */
static inline uint64_t stage2_offset(uint64_t address, uint32_t level)
{
    uint64_t offset;
    if (level == 1U) {
        offset = address % SPAN_1;
    } else if (level == 2U) {
        offset = address % SPAN_2;
    } else if (level == 3U) {
        offset = address % SPAN_3;
    } else {
        offset = address % SPAN_4;
    }
    return offset;
}

/* What the domain says about a mapping. A User VM reaches devices of the Service VM's domain: those lent to it (devices/vpci_lent.h). */
/*@ requires vm < MAX_VM && domains_ok;
    assigns \nothing;
    exits \false;
    ensures \result <==> allowed(vm, hpa, size, (rights / 2) % 2, type); */
bool stage2_allowed(vm_id_t vm, hpa_t hpa, uint64_t size, uint32_t rights, uint32_t type);

/* The table to which a present entry that is no leaf leads. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && slot < S2_SLOTS;
    requires entry_present(stage2_table[vm][table][slot]);
    requires !entry_leaf(stage2_table[vm][table][slot], stage2_level[vm][table]);
    assigns \nothing;
    exits \false;
    ensures \result == child_of(vm, stage2_table[vm][table][slot]);
    ensures \result < STAGE2_PAGES && stage2_level[vm][\result] == stage2_level[vm][table] - 1;
    ensures used(vm, \result) && 2 <= stage2_level[vm][table]; */
uint32_t stage2_child(vm_id_t vm, uint32_t table, uint32_t slot);

/* Follows gpa down to the entry that is a leaf or not present. */
/*@ requires vm < MAX_VM && stage2_wf(vm);
    assigns \nothing;
    exits \false;
    ensures used(vm, \result.table) && stage2_level[vm][\result.table] == \result.level;
    ensures \result.slot == slot_of(gpa, \result.level) && \result.slot < S2_SLOTS;
    ensures !entry_present(stage2_table[vm][\result.table][\result.slot]) ||
            entry_leaf(stage2_table[vm][\result.table][\result.slot], \result.level);
    ensures path: \forall integer hpa, e; hw_maps(vm, gpa, hpa, e) <==>
      hw_from(vm, \result.table, \result.level, gpa, hpa, e);
    ensures walk: visited: visits(vm, gpa, \result.table, \result.level); */
struct stage2_position stage2_walk(vm_id_t vm, gpa_t gpa);

/* The only writer of leaf entries. STATUS_INVALID: not aligned; STATUS_DENIED: not the VM's. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && slot < S2_SLOTS;
    requires hpa < 0x10000000000000;
    requires attr < 24 && attr % 2 == 1;
    assigns stage2_table[vm][table][slot];
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures kept: \result != STATUS_OK ==> stage2_table[vm][table][slot] == \old(stage2_table[vm][table][slot]);
    ensures present: \result == STATUS_OK ==> entry_present(stage2_table[vm][table][slot]);
    ensures leaf: \result == STATUS_OK ==> entry_leaf(stage2_table[vm][table][slot], stage2_level[vm][table]);
    ensures address: \result == STATUS_OK ==> entry_address(stage2_table[vm][table][slot]) == hpa;
    ensures attr: \result == STATUS_OK ==> entry_attr(stage2_table[vm][table][slot], attr);
    ensures walk: others: \forall integer g; 0 <= g < S2_GPA_LIMIT && !\old(through(vm, g, table, slot)) ==> same_walk{Pre, Here}(vm, g);
    ensures walk: mapped: \result == STATUS_OK ==> \forall integer g; 0 <= g < S2_GPA_LIMIT && \old(through(vm, g, table, slot)) ==>
      walk_leaf(vm, g) == stage2_table[vm][table][slot] && walk_hpa(vm, g) == hpa + g % span(stage2_level[vm][table]);
    ensures walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && \old(open(vm, x, l)) &&
      !\old(through(vm, x, table, slot)) ==> open(vm, x, l);
    ensures granted: stage2_level[vm][table] <= 3 && hpa % span(stage2_level[vm][table]) == 0 &&
      allowed(vm, hpa, span(stage2_level[vm][table]), ((attr % 8) / 2) % 2, (attr / 8) * 8) ==> \result == STATUS_OK; */
enum status stage2_set_leaf(vm_id_t vm, uint32_t table, uint32_t slot, hpa_t hpa, uint32_t attr);

/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && slot < S2_SLOTS;
    assigns stage2_table[vm][table][slot];
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures stage2_table[vm][table][slot] == 0;
    ensures walk: others: \forall integer g; 0 <= g < S2_GPA_LIMIT && !\old(through(vm, g, table, slot)) ==> same_walk{Pre, Here}(vm, g);
    ensures walk: gone: \forall integer g; 0 <= g < S2_GPA_LIMIT && \old(through(vm, g, table, slot)) ==> walk_leaf(vm, g) == 0; */
void stage2_clear(vm_id_t vm, uint32_t table, uint32_t slot);

/* Puts an empty table under an entry that is not present. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && slot < S2_SLOTS;
    requires 2 <= stage2_level[vm][table];
    requires !entry_present(stage2_table[vm][table][slot]);
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures \result == STATUS_OK || \result == STATUS_NO_MEMORY;
    ensures kept: \forall integer i; 0 <= i < STAGE2_PAGES && \old(stage2_level[vm][i]) != 0 ==>
      stage2_level[vm][i] == \old(stage2_level[vm][i]);
    ensures grown: \result == STATUS_OK ==> entry_present(stage2_table[vm][table][slot]) &&
      !entry_leaf(stage2_table[vm][table][slot], stage2_level[vm][table]);
    ensures walk: empty: \result == STATUS_OK ==> \forall integer j; 0 <= j < S2_SLOTS ==>
      stage2_table[vm][child_of(vm, stage2_table[vm][table][slot])][j] == 0;
    ensures walk: walks: all_walks_same{Pre, Here}(vm);
    ensures walk: still: \forall integer g; 0 <= g < S2_GPA_LIMIT && \old(visits(vm, g, table, stage2_level[vm][table])) ==>
      visits(vm, g, table, stage2_level[vm][table]);
    ensures walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && \old(open(vm, x, l)) &&
      !(\old(through(vm, x, table, slot)) && \old(stage2_level[vm][table]) <= l) ==> open(vm, x, l); */
enum status stage2_grow(vm_id_t vm, uint32_t table, uint32_t slot);

/* Replaces a large leaf by a table of 512 leaves with the same translation. The table is linked
 * when it is complete, so that a running vCPU never misses. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && slot < S2_SLOTS;
    requires 2 <= stage2_level[vm][table];
    requires entry_present(stage2_table[vm][table][slot]);
    requires entry_leaf(stage2_table[vm][table][slot], stage2_level[vm][table]);
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures \result == STATUS_OK || \result == STATUS_NO_MEMORY;
    ensures kept: \forall integer i; 0 <= i < STAGE2_PAGES && \old(stage2_level[vm][i]) != 0 ==>
      stage2_level[vm][i] == \old(stage2_level[vm][i]);
    ensures grown: \result == STATUS_OK ==> entry_present(stage2_table[vm][table][slot]) &&
      !entry_leaf(stage2_table[vm][table][slot], stage2_level[vm][table]); */
enum status stage2_split(vm_id_t vm, uint32_t table, uint32_t slot);

/* Frees the table and then those above it as long as they are empty. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, first);
    assigns stage2_table[vm][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1], stage2_level[vm][0 .. STAGE2_PAGES - 1];
    exits \false;
    ensures wf: stage2_wf(vm); */
void stage2_prune(vm_id_t vm, uint32_t first);

/* Contracts of what stage2.h offers and the tables implement; the compiler takes the declarations there. */
#ifdef __FRAMAC__
/*@ requires pool_ok && domains_ok;
    assigns STAGE2_OF(vm);
    exits \false;
    ensures vm < MAX_VM ==> stage2_wf(vm); */
void stage2_reset(vm_id_t vm);
/*@ requires pool % 4096 == 0 && pool + 20971520 <= 0x10000000000000 && domains_ok;
    assigns stage2_pool, STAGE2_OF(0 .. MAX_VM - 1);
    exits \false;
    ensures pool: stage2_pool == pool;
    ensures wf: \forall integer v; 0 <= v < MAX_VM ==> stage2_wf(v); */
void stage2_init(hpa_t pool);
/*@ requires vm < MAX_VM && pool_ok;
    assigns \nothing;
    exits \false;
    ensures \result == pool_of(vm); */
hpa_t stage2_root(vm_id_t vm);
/*@ requires vm < MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result <= STAGE2_PAGES; */
uint32_t stage2_pages_used(vm_id_t vm);

/* And of its operations. */
/*@ requires vm < MAX_VM ==> stage2_wf(vm);
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: vm < MAX_VM ==> stage2_wf(vm);
    ensures walk: others: vm < MAX_VM ==> \forall integer g; 0 <= g < S2_GPA_LIMIT && !(gpa <= g < gpa + size) ==>
      same_walk{Pre, Here}(vm, g);
    ensures walk: other_vms: \forall integer w, g; 0 <= w < MAX_VM && w != vm && 0 <= g < S2_GPA_LIMIT ==> same_walk{Pre, Here}(w, g);
    ensures walk: mapped: \result == STATUS_OK ==> vm < MAX_VM && gpa + size <= S2_GPA_LIMIT &&
      \forall integer g; gpa <= g < gpa + size ==> maps_as(vm, g, hpa + (g - gpa), attr);
    ensures walk: refused: vm < MAX_VM && \result != STATUS_OK && \result != STATUS_NO_MEMORY ==>
      \forall integer g; 0 <= g < S2_GPA_LIMIT ==> same_walk{Pre, Here}(vm, g); */
enum status stage2_map(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t attr);
/*@ requires vm < MAX_VM ==> stage2_wf(vm);
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: vm < MAX_VM ==> stage2_wf(vm); */
enum status stage2_unmap(vm_id_t vm, gpa_t gpa, uint64_t size);
/*@ requires vm < MAX_VM ==> stage2_wf(vm);
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: vm < MAX_VM ==> stage2_wf(vm); */
enum status stage2_protect(vm_id_t vm, gpa_t gpa, uint64_t size, uint32_t attr);
/*@ requires vm < MAX_VM ==> stage2_wf(vm);
    assigns \nothing;
    exits \false;
    ensures absent: vm < MAX_VM && gpa < S2_GPA_LIMIT && !\result.present ==>
      \forall integer hpa, e; !hw_maps(vm, gpa, hpa, e);
    ensures present: \result.present ==> \forall integer hpa, e; hw_maps(vm, gpa, hpa, e) ==>
      hpa == \result.hpa && \result.attr == entry_rights(e) + entry_type(e);
    ensures mapped: \result.present ==> vm < MAX_VM && gpa < S2_GPA_LIMIT &&
      \exists integer e; 0 <= e && hw_maps(vm, gpa, \result.hpa, e);
    ensures within: \result.present ==> \result.hpa % 4096 == gpa % 4096 && \result.hpa < 0x20000000000000; */
struct stage2_mapping stage2_lookup(vm_id_t vm, gpa_t gpa);
#endif

#endif
