/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of stage 2. Each VM has its own pool of tables, named by index; a table entry is
 * pool address + index * 4096 + flags, so no pointer is ever made from an address.
 *
 * stage2_set_leaf() is the only writer of entries that map memory, and asks the domain first.
 */
#include "core/stage2_table.h"

#include "core/domain.h"
#include "core/iommu_hw.h"
#include "core/stage2_format.h"

__attribute__((aligned(4096))) uint64_t stage2_table[MAX_VM][STAGE2_PAGES][S2_SLOTS];
uint32_t stage2_level[MAX_VM][STAGE2_PAGES];
uint32_t stage2_parent[MAX_VM][STAGE2_PAGES];
uint32_t stage2_slot[MAX_VM][STAGE2_PAGES];
hpa_t stage2_pool;
uint32_t stage2_format; /* S2_FORMAT_NPT until boot says otherwise */

/*@ requires vm < MAX_VM && pool_ok;
    assigns \nothing;
    exits \false;
    ensures \result == pool_of(vm);
    ensures \result % 4096 == 0 && \result + STAGE2_PAGES * 4096 <= 0x10000000000000; */
static hpa_t stage2_pool_of(vm_id_t vm)
{
    return stage2_pool + ((uint64_t)vm * STAGE2_PAGES * PAGE_SIZE);
}

uint32_t stage2_child(vm_id_t vm, uint32_t table, uint32_t slot)
{
    hpa_t address = stage2_entry_address(stage2_table[vm][table][slot]);
    return (uint32_t)((address - stage2_pool_of(vm)) / PAGE_SIZE);
}

struct stage2_position stage2_walk(vm_id_t vm, gpa_t gpa)
{
    struct stage2_position at = { .table = S2_ROOT, .level = 4U, .slot = stage2_slot_of(gpa, 4U) };
    bool down = true;
    /*@ loop invariant used(vm, at.table) && stage2_level[vm][at.table] == at.level;
        loop invariant at.slot == slot_of(gpa, at.level) && at.slot < S2_SLOTS;
        loop invariant !down ==> !entry_present(stage2_table[vm][at.table][at.slot]) ||
          entry_leaf(stage2_table[vm][at.table][at.slot], at.level);
        loop invariant path: \forall integer hpa, e; hw_maps(vm, gpa, hpa, e) <==> hw_from(vm, at.table,
          at.level, gpa, hpa, e);
        loop invariant walk: visited: visits(vm, gpa, at.table, at.level);
        loop assigns at, down;
        loop variant 2 * at.level + (down ? 1 : 0); */
    while (down) {
        uint64_t entry = stage2_table[vm][at.table][at.slot];
        down = stage2_entry_present(entry) && !stage2_entry_leaf(entry, at.level);
        if (down) {
            at.table = stage2_child(vm, at.table, at.slot);
            at.level = at.level - 1U;
            at.slot = stage2_slot_of(gpa, at.level);
        }
    }
    return at;
}

/* REQ-ISO-002 REQ-ISO-003 */
bool stage2_allowed(vm_id_t vm, hpa_t hpa, uint64_t size, uint32_t rights, uint32_t type)
{
    uint32_t domain = domain_of(vm);
    bool allowed = false;
    if (type != S2_WB) {
        allowed = domain_owns(domain, hpa, size, MEMORY_DEVICE);
    } else if (domain_owns(domain, hpa, size, MEMORY_RAM)) {
        allowed = true;
    } else {
        allowed = (vm < VM_FIRST_USER) && (((rights / S2_WRITE) % 2U) == 0U) &&
                  domain_owns(domain, hpa, size, MEMORY_RAM_READ_ONLY);
    }
    return allowed;
}

/* REQ-ISO-001 */
enum status stage2_set_leaf(vm_id_t vm, uint32_t table, uint32_t slot, hpa_t hpa, uint32_t attr)
{
    enum status ret = STATUS_OK;
    uint32_t level = stage2_level[vm][table];
    uint32_t rights = attr % S2_UC;
    uint32_t type = (attr / S2_UC) * S2_UC;
    if ((level > 3U) || (stage2_offset(hpa, level) != 0U)) {
        ret = STATUS_INVALID;
    } else if (!stage2_allowed(vm, hpa, stage2_span(level), rights, type)) {
        ret = STATUS_DENIED;
    } else {
        stage2_table[vm][table][slot] = stage2_make_leaf(hpa, rights, type, level);
        /*@ assert walk: one: one_entry{Pre, Here}(vm, table, slot); */
        /*@ assert walk: others: \forall integer g; 0 <= g < S2_GPA_LIMIT && !through{Pre}(vm, g, table, slot) ==> same_walk{Pre, Here}(vm, g); */
        /*@ assert walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && open{Pre}(vm, x, l) &&
              !through{Pre}(vm, x, table, slot) ==> open(vm, x, l); */
        /*@ assert walk: mapped: \forall integer g; 0 <= g < S2_GPA_LIMIT && through{Pre}(vm, g, table, slot) ==>
              walk_leaf(vm, g) == stage2_table[vm][table][slot] && walk_hpa(vm, g) == hpa + g % span(stage2_level[vm][table]); */
    }
    return ret;
}

void stage2_clear(vm_id_t vm, uint32_t table, uint32_t slot)
{
    stage2_table[vm][table][slot] = 0U;
}

/*@ requires vm < MAX_VM;
    assigns \nothing;
    exits \false;
    ensures \result <= STAGE2_PAGES;
    ensures \result < STAGE2_PAGES ==> stage2_level[vm][\result] == 0; */
static uint32_t stage2_find_free(vm_id_t vm)
{
    uint32_t table = 0U;
    /*@ loop invariant 0 <= table <= STAGE2_PAGES;
        loop assigns table;
        loop variant STAGE2_PAGES - table; */
    while ((table < STAGE2_PAGES) && (stage2_level[vm][table] != 0U)) {
        table++;
    }
    return table;
}

/*@ requires vm < MAX_VM && table < STAGE2_PAGES;
    requires stage2_level[vm][table] == 0 || table == S2_ROOT;
    assigns stage2_table[vm][table][0 .. S2_SLOTS - 1];
    exits \false;
    ensures zero: \forall integer j; 0 <= j < S2_SLOTS ==> stage2_table[vm][table][j] == 0; */
static void stage2_zero(vm_id_t vm, uint32_t table)
{
    /*@ loop invariant 0 <= i <= S2_SLOTS;
        loop invariant \forall integer j; 0 <= j < i ==> stage2_table[vm][table][j] == 0;
        loop assigns i, stage2_table[vm][table][0 .. S2_SLOTS - 1];
        loop variant S2_SLOTS - i; */
    for (uint32_t i = 0U; i < S2_SLOTS; i++) {
        stage2_table[vm][table][i] = 0U;
    }
}

/* A zeroed table that nothing leads to yet, or STAGE2_PAGES. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && 1 <= level <= 3;
    assigns stage2_table[vm][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1], stage2_level[vm][0 .. STAGE2_PAGES - 1];
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures range: \result <= STAGE2_PAGES;
    ensures fresh: \result < STAGE2_PAGES ==> \old(stage2_level[vm][\result]) == 0 &&
      stage2_level[vm][\result] == level &&
      unlinked(vm, \result);
    ensures zero: \result < STAGE2_PAGES ==> \forall integer j; 0 <= j < S2_SLOTS ==> stage2_table[vm][\result][j] == 0;
    ensures kept: \forall integer i; 0 <= i < STAGE2_PAGES && i != \result ==>
      stage2_level[vm][i] == \old(stage2_level[vm][i]);
    ensures same: \forall integer i, j; 0 <= i < STAGE2_PAGES && 0 <= j < S2_SLOTS && i != \result ==>
      stage2_table[vm][i][j] == \old(stage2_table[vm][i][j]);
    ensures walk: walks: all_walks_same{Pre, Here}(vm);
    ensures walk: back: \forall integer g; 0 <= g < S2_GPA_LIMIT ==> same_visits{Here, Pre}(vm, g);
    ensures walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && open{Pre}(vm, x, l) ==> open(vm, x, l); */
static uint32_t stage2_take(vm_id_t vm, uint32_t level)
{
    uint32_t table = stage2_find_free(vm);
    if (table < STAGE2_PAGES) {
        stage2_zero(vm, table);
        stage2_level[vm][table] = level;
        /*@ assert walk: free: unlinked{Pre}(vm, table); */
        /*@ assert walk: one: one_table{Pre, Here}(vm, table); */
        /*@ assert walk: walks: all_walks_same{Pre, Here}(vm); */
        /*@ assert walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && open{Pre}(vm, x, l) ==> open(vm, x, l); */
        /*@ assert walk: free_now: unlinked(vm, table); */
        /*@ assert walk: back: \forall integer g; 0 <= g < S2_GPA_LIMIT ==> same_visits{Here, Pre}(vm, g); */
    }
    return table;
}

/* A unit that does not look into caches would take what the table was in its last use for its entries. */
/* REQ-ISO-051 */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && slot < S2_SLOTS && child < STAGE2_PAGES;
    requires 2 <= stage2_level[vm][table] && stage2_level[vm][child] == stage2_level[vm][table] - 1;
    requires unlinked(vm, child);
    assigns stage2_table[vm][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1], stage2_parent[vm][child],
      stage2_slot[vm][child];
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures link: entry_present(stage2_table[vm][table][slot]) &&
      !entry_leaf(stage2_table[vm][table][slot], stage2_level[vm][table]) &&
      child_of(vm, stage2_table[vm][table][slot]) == child;
    ensures walk: one: one_entry{Pre, Here}(vm, table, slot); */
static void stage2_link(vm_id_t vm, uint32_t table, uint32_t slot, uint32_t child)
{
    hpa_t page = stage2_pool_of(vm) + ((uint64_t)child * PAGE_SIZE);
    stage2_parent[vm][child] = table;
    stage2_slot[vm][child] = slot;
    hw_iommu_write_back(page, PAGE_SIZE);
    stage2_table[vm][table][slot] = stage2_make_table(page, stage2_level[vm][table]);
}

/* REQ-ISO-030 */
/* proves REQ-ISO-030 */
enum status stage2_grow(vm_id_t vm, uint32_t table, uint32_t slot)
{
    enum status ret = STATUS_NO_MEMORY;
    uint32_t child = stage2_take(vm, stage2_level[vm][table] - 1U);
    if (child < STAGE2_PAGES) {
        /*@ ghost taken: ; */
        stage2_link(vm, table, slot, child);
        /*@ assert walk: others: \forall integer g; 0 <= g < S2_GPA_LIMIT && !through{taken}(vm, g, table, slot) ==> same_walk{taken, Here}(vm, g); */
        /*@ assert walk: through: \forall integer g; 0 <= g < S2_GPA_LIMIT && through{taken}(vm, g, table, slot) ==> through(vm, g, table, slot); */
        /*@ assert walk: none_before: \forall integer g; 0 <= g < S2_GPA_LIMIT && through{taken}(vm, g, table, slot) ==>
              walk_leaf{taken}(vm, g) == 0 && walk_hpa{taken}(vm, g) == 0; */
        /*@ assert walk: zero: \forall integer j; 0 <= j < S2_SLOTS ==> stage2_table[vm][child][j] == 0; */
        /*@ assert walk: none_below: \forall integer g; 0 <= g < S2_GPA_LIMIT ==>
              leaf_from(vm, child, stage2_level[vm][table] - 1, g) == 0 && hpa_from(vm, child, stage2_level[vm][table] - 1, g) == 0; */
        /*@ assert walk: below: \forall integer g; 0 <= g < S2_GPA_LIMIT && through(vm, g, table, slot) ==>
              visits(vm, g, child, stage2_level[vm][table] - 1); */
        /*@ assert walk: none: \forall integer g; 0 <= g < S2_GPA_LIMIT && through(vm, g, table, slot) ==>
              walk_leaf(vm, g) == 0 && walk_hpa(vm, g) == 0; */
        /*@ assert walk: same: \forall integer g; 0 <= g < S2_GPA_LIMIT ==> same_walk{taken, Here}(vm, g); */
        /*@ assert walk: visits: \forall integer g; 0 <= g < S2_GPA_LIMIT ==> same_visits{taken, Here}(vm, g); */
        /*@ assert walk: walks: all_walks_same{Pre, Here}(vm); */
        /*@ assert walk: open_taken: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && open{Pre}(vm, x, l) ==> open{taken}(vm, x, l); */
        /*@ assert walk: open_through: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l < stage2_level[vm][table] &&
              open{taken}(vm, x, l) && through{taken}(vm, x, table, slot) ==> open(vm, x, l); */
        /*@ assert walk: open_others: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 &&
              open{taken}(vm, x, l) && !through{taken}(vm, x, table, slot) ==> open(vm, x, l); */
        /*@ assert walk: back: \forall integer x; 0 <= x < S2_GPA_LIMIT && through{taken}(vm, x, table, slot) ==>
              through{Pre}(vm, x, table, slot); */
        /*@ assert walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && open{Pre}(vm, x, l) &&
              !(through{Pre}(vm, x, table, slot) && stage2_level[vm][table] <= l) ==> open(vm, x, l); */
        ret = STATUS_OK;
    }
    return ret;
}

/* Fills a fresh table with the parts of a large leaf. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && stage2_level[vm][table] <= 2;
    requires unlinked(vm, table) && first + 512 * span(stage2_level[vm][table]) <= 0x10000000000000;
    requires attr < 24 && attr % 2 == 1;
    requires zero: \forall integer j; 0 <= j < S2_SLOTS ==> stage2_table[vm][table][j] == 0;
    assigns stage2_table[vm][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1];
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures unlinked(vm, table); */
static void stage2_fill(vm_id_t vm, uint32_t table, hpa_t first, uint32_t attr)
{
    uint64_t part = stage2_span(stage2_level[vm][table]);
    hpa_t hpa = first;
    /*@ loop invariant 0 <= i <= S2_SLOTS;
        loop invariant hpa == first + i * part;
        loop invariant wf: stage2_wf(vm);
        loop invariant \forall integer j; 0 <= j < S2_SLOTS ==> stage2_table[vm][table][j] == 0 ||
          entry_leaf(stage2_table[vm][table][j], stage2_level[vm][table]);
        loop invariant unlinked(vm, table);
        loop assigns i, hpa, stage2_table[vm][table][0 .. S2_SLOTS - 1];
        loop variant S2_SLOTS - i; */
    for (uint32_t i = 0U; i < S2_SLOTS; i++) {
        (void)stage2_set_leaf(vm, table, i, hpa, attr); /* cannot fail: part of an allowed leaf */
        hpa += part;
    }
}

/* Makes the fresh table the one that the entry, a large leaf, leads to. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && slot < S2_SLOTS && used(vm, child);
    requires 2 <= stage2_level[vm][table] && stage2_level[vm][child] == stage2_level[vm][table] - 1;
    requires entry_present(stage2_table[vm][table][slot]);
    requires entry_leaf(stage2_table[vm][table][slot], stage2_level[vm][table]);
    requires unlinked(vm, child);
    requires zero: \forall integer j; 0 <= j < S2_SLOTS ==> stage2_table[vm][child][j] == 0;
    assigns stage2_table[vm][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1], stage2_parent[vm][child],
      stage2_slot[vm][child];
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures link: entry_present(stage2_table[vm][table][slot]) &&
      !entry_leaf(stage2_table[vm][table][slot], stage2_level[vm][table]) &&
      child_of(vm, stage2_table[vm][table][slot]) == child; */
static void stage2_expand(vm_id_t vm, uint32_t table, uint32_t slot, uint32_t child)
{
    uint64_t entry = stage2_table[vm][table][slot];
    uint32_t attr = stage2_entry_rights(entry) + stage2_entry_type(entry);
    stage2_fill(vm, child, stage2_entry_address(entry), attr);
    stage2_link(vm, table, slot, child);
}

enum status stage2_split(vm_id_t vm, uint32_t table, uint32_t slot)
{
    enum status ret = STATUS_NO_MEMORY;
    uint32_t child = stage2_take(vm, stage2_level[vm][table] - 1U);
    if (child < STAGE2_PAGES) {
        stage2_expand(vm, table, slot, child);
        ret = STATUS_OK;
    }
    return ret;
}

/*@ requires vm < MAX_VM && table < STAGE2_PAGES;
    assigns \nothing;
    exits \false;
    ensures \result <==> \forall integer j; 0 <= j < S2_SLOTS ==> stage2_table[vm][table][j] == 0; */
static bool stage2_is_empty(vm_id_t vm, uint32_t table)
{
    bool empty = true;
    /*@ loop invariant 0 <= i <= S2_SLOTS;
        loop invariant empty <==> \forall integer j; 0 <= j < i ==> stage2_table[vm][table][j] == 0;
        loop assigns i, empty;
        loop variant S2_SLOTS - i; */
    for (uint32_t i = 0U; (i < S2_SLOTS) && empty; i++) {
        empty = (stage2_table[vm][table][i] == 0U);
    }
    return empty;
}

/* Takes the table out of the tree and gives it back to the pool. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && table < STAGE2_PAGES && table != S2_ROOT;
    assigns stage2_table[vm][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1], stage2_level[vm][table];
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures stage2_level[vm][table] == 0; */
/* REQ-ISO-030 */
static void stage2_free(vm_id_t vm, uint32_t table)
{
    stage2_table[vm][stage2_parent[vm][table]][stage2_slot[vm][table]] = 0U;
    stage2_level[vm][table] = 0U;
}

/* REQ-ISO-014 */
void stage2_prune(vm_id_t vm, uint32_t first)
{
    uint32_t table = first;
    bool done = false;
    /*@ loop invariant 1 <= step <= 4;
        loop invariant table < STAGE2_PAGES;
        loop invariant wf: stage2_wf(vm);
        loop assigns step, table, done, stage2_table[vm][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1],
                     stage2_level[vm][0 .. STAGE2_PAGES - 1];
        loop variant 4 - step; */
    for (uint32_t step = 1U; (step < 4U) && !done; step++) {
        done = (table == S2_ROOT) || !stage2_is_empty(vm, table);
        if (!done) {
            uint32_t above = stage2_parent[vm][table];
            stage2_free(vm, table);
            table = above;
        }
    }
}

uint32_t stage2_pages_used(vm_id_t vm)
{
    uint32_t used = 0U;
    /*@ loop invariant 0 <= i <= STAGE2_PAGES;
        loop invariant 0 <= used <= i;
        loop assigns i, used;
        loop variant STAGE2_PAGES - i; */
    for (uint32_t i = 0U; i < STAGE2_PAGES; i++) {
        if (stage2_level[vm][i] != 0U) {
            used++;
        }
    }
    return used;
}

/*@ requires vm < MAX_VM;
    assigns stage2_level[vm][0 .. STAGE2_PAGES - 1], stage2_parent[vm][0 .. STAGE2_PAGES - 1],
            stage2_slot[vm][0 .. STAGE2_PAGES - 1];
    exits \false;
    ensures free: \forall integer i; 0 < i < STAGE2_PAGES ==> stage2_level[vm][i] == 0;
    ensures root: stage2_level[vm][S2_ROOT] == 4;
    ensures links: \forall integer i; 0 <= i < STAGE2_PAGES ==> stage2_parent[vm][i] < STAGE2_PAGES &&
      stage2_slot[vm][i] < S2_SLOTS; */
static void stage2_free_all(vm_id_t vm)
{
    /*@ loop invariant 0 <= i <= STAGE2_PAGES;
        loop invariant \forall integer k; 0 <= k < i ==> stage2_level[vm][k] == 0;
        loop invariant \forall integer k; 0 <= k < i ==> stage2_parent[vm][k] < STAGE2_PAGES &&
          stage2_slot[vm][k] < S2_SLOTS;
        loop assigns i, stage2_level[vm][0 .. STAGE2_PAGES - 1], stage2_parent[vm][0 .. STAGE2_PAGES - 1],
                     stage2_slot[vm][0 .. STAGE2_PAGES - 1];
        loop variant STAGE2_PAGES - i; */
    for (uint32_t i = 0U; i < STAGE2_PAGES; i++) {
        stage2_level[vm][i] = 0U;
        stage2_parent[vm][i] = S2_ROOT;
        stage2_slot[vm][i] = 0U;
    }
    stage2_level[vm][S2_ROOT] = 4U;
}

void stage2_reset(vm_id_t vm)
{
    if (vm < MAX_VM) {
        stage2_zero(vm, S2_ROOT);
        stage2_free_all(vm);
    }
}

/* REQ-ISO-006 */
void stage2_init(hpa_t pool)
{
    stage2_pool = pool;
    /*@ loop invariant 0 <= vm <= MAX_VM;
        loop invariant \forall integer v; 0 <= v < vm ==> stage2_wf(v);
        loop assigns vm, STAGE2_OF(0 .. MAX_VM - 1);
        loop variant MAX_VM - vm; */
    for (vm_id_t vm = 0U; vm < MAX_VM; vm++) {
        stage2_reset(vm);
    }
}

hpa_t stage2_root(vm_id_t vm)
{
    return stage2_pool_of(vm) + (S2_ROOT * (uint64_t)PAGE_SIZE);
}
