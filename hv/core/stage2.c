/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of stage 2. Every change is check first, then commit: after the checks no step
 * can run out of tables. Only a table that maps something is linked: unmapping prunes what became empty.
 */
#include "core/stage2.h"

#include "core/stage2_format.h"
#include "core/stage2_table.h"

/* How a range is worked through: what happened at an address, and how far the next entry is. */
struct stage2_step {
    enum status ret;
    uint64_t span;
};

/* One level down, through an entry that leads to a table. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, at.table) && stage2_level[vm][at.table] == at.level;
    requires at.slot < S2_SLOTS && entry_present(stage2_table[vm][at.table][at.slot]);
    requires !entry_leaf(stage2_table[vm][at.table][at.slot], at.level);
    assigns \nothing;
    exits \false;
    ensures walk: visited: visits(vm, gpa, at.table, at.level) && at.slot == slot_of(gpa, at.level) ==>
      visits(vm, gpa, \result.table, \result.level);
    ensures walk: table: \result.table == child_of(vm, stage2_table[vm][at.table][at.slot]);
    ensures used(vm, \result.table) && stage2_level[vm][\result.table] == \result.level;
    ensures \result.level == at.level - 1;
    ensures \result.slot == slot_of(gpa, \result.level) && \result.slot < S2_SLOTS; */
static struct stage2_position stage2_below(vm_id_t vm, gpa_t gpa, struct stage2_position at)
{
    struct stage2_position below = { .table = stage2_child(vm, at.table, at.slot), .level = at.level - 1U, .slot = 0U };
    below.slot = stage2_slot_of(gpa, below.level);
    return below;
}

/*@ requires vm < MAX_VM && at.table < STAGE2_PAGES && at.slot < S2_SLOTS;
    assigns \nothing;
    exits \false;
    ensures \result <==> entry_present(stage2_table[vm][at.table][at.slot]) &&
      entry_leaf(stage2_table[vm][at.table][at.slot], at.level); */
static bool stage2_is_leaf(vm_id_t vm, struct stage2_position at)
{
    uint64_t entry = stage2_table[vm][at.table][at.slot];
    return stage2_entry_present(entry) && stage2_entry_leaf(entry, at.level);
}

/* The largest level that a leaf at this place can have. */
/*@ assigns \nothing;
    exits \false;
    ensures 1 <= \result <= 3;
    ensures gpa % 4096 == 0 && hpa % 4096 == 0 && size >= 4096 ==>
      gpa % span(\result) == 0 && hpa % span(\result) == 0 && span(\result) <= size;
    ensures walk: fit: \result == fit(gpa, hpa, size); */
static uint32_t stage2_fit(gpa_t gpa, hpa_t hpa, uint64_t size)
{
    uint32_t level = 1U;
    if (((gpa % SPAN_3) == 0U) && ((hpa % SPAN_3) == 0U) && (size >= SPAN_3)) {
        level = 3U;
    } else if (((gpa % SPAN_2) == 0U) && ((hpa % SPAN_2) == 0U) && (size >= SPAN_2)) {
        level = 2U;
    } else {
        /* 4 KiB */
    }
    return level;
}

/* How many tables a leaf of this level needs where a walk ends at stop. A table is counted by
 * the first leaf that lies in it. */
/*@ requires 1 <= level <= 3 && 1 <= stop <= 4;
    assigns \nothing;
    exits \false;
    ensures \result <= 3; */
static uint32_t stage2_missing(gpa_t gpa, uint32_t level, uint32_t stop, bool first)
{
    uint32_t missing = 0U;
    /*@ loop invariant level <= l && (l <= stop || l == level);
        loop invariant missing <= l - level;
        loop assigns l, missing;
        loop variant 4 - l; */
    for (uint32_t l = level; l < stop; l++) {
        if (first || (stage2_offset(gpa, l + 1U) == 0U)) {
            missing++;
        }
    }
    return missing;
}

/*@ requires vm < MAX_VM && stage2_wf(vm);
    requires gpa % 4096 == 0 && size % 4096 == 0 && hpa % 4096 == 0;
    requires gpa + size <= S2_GPA_LIMIT && hpa + size <= S2_HPA_LIMIT;
    assigns \nothing;
    exits \false;
    ensures walk: ready: \result == STATUS_OK ==> ready(vm, gpa, hpa, size, 0, size); */
static enum status stage2_map_check(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size)
{
    enum status ret = STATUS_OK;
    uint32_t spare = STAGE2_PAGES - stage2_pages_used(vm);
    uint64_t done = 0U;
    /*@ loop invariant 0 <= done <= size && done % 4096 == 0;
        loop invariant spare <= STAGE2_PAGES;
        loop invariant walk: ready: ready(vm, gpa, hpa, size, 0, done);
        loop assigns done, spare, ret;
        loop variant size - done + (ret == STATUS_OK ? 1 : 0); */
    while ((done < size) && (ret == STATUS_OK)) {
        /*@ assert size - done >= 4096; */
        uint32_t level = stage2_fit(gpa + done, hpa + done, size - done);
        /*@ assert fits: span(level) <= size - done && span(level) % 4096 == 0; */
        struct stage2_position end = stage2_walk(vm, gpa + done);
        uint32_t missing = stage2_missing(gpa + done, level, end.level, done == 0U);
        if ((end.level < level) || stage2_entry_present(stage2_table[vm][end.table][end.slot])) {
            ret = STATUS_BUSY;
        } else if (missing > spare) {
            ret = STATUS_NO_MEMORY;
        } else {
            spare = spare - missing;
            /*@ assert walk: open: open(vm, gpa + done, level); */
            /*@ assert walk: block: \forall integer d; done <= d < done + span(level) && d % 4096 == 0 ==>
                  block(gpa + d, level) == block(gpa + done, level) && fit(gpa + d, hpa + d, size - d) <= level; */
            /*@ assert walk: ready: ready(vm, gpa, hpa, size, done, done + span(level)); */
            done += stage2_span(level);
        }
    }
    return ret;
}

/* stage2_set_leaf() with the frame of all entries: a caller whose own frame that is need not show that one entry is among them. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && used(vm, table) && slot < S2_SLOTS;
    requires hpa < 0x10000000000000;
    requires attr < 24 && attr % 2 == 1;
    assigns stage2_table[vm][0 .. STAGE2_PAGES - 1][0 .. S2_SLOTS - 1];
    exits \false;
    ensures wf: stage2_wf(vm);
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
static enum status stage2_put_leaf(vm_id_t vm, uint32_t table, uint32_t slot, hpa_t hpa, uint32_t attr)
{
    return stage2_set_leaf(vm, table, slot, hpa, attr);
}

/* One leaf where nothing is mapped. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && 1 <= level <= 3;
    requires hpa < S2_HPA_LIMIT && attr < 24 && attr % 2 == 1;
    requires walk: open: open(vm, gpa, level) && gpa < S2_GPA_LIMIT;
    requires walk: aligned: gpa % span(level) == 0 && hpa % span(level) == 0;
    requires walk: allowed: allowed(vm, hpa, span(level), ((attr % 8) / 2) % 2, (attr / 8) * 8);
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures walk: ret: \result == STATUS_OK || \result == STATUS_NO_MEMORY;
    ensures walk: others: \forall integer g; 0 <= g < S2_GPA_LIMIT && !(gpa <= g < gpa + span(level)) ==> same_walk{Pre, Here}(vm, g);
    ensures walk: mapped: \result == STATUS_OK ==> \forall integer g; gpa <= g < gpa + span(level) ==>
      maps_as(vm, g, hpa + (g - gpa), attr);
    ensures walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && \old(open(vm, x, l)) &&
      block(x, l) != block(gpa, l) && block(x, level) != block(gpa, level) ==> open(vm, x, l); */
static enum status stage2_map_leaf(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint32_t level, uint32_t attr)
{
    enum status ret = STATUS_OK;
    struct stage2_position end = stage2_walk(vm, gpa);
    /*@ loop invariant wf: stage2_wf(vm);
        loop invariant used(vm, end.table) && stage2_level[vm][end.table] == end.level;
        loop invariant end.slot == slot_of(gpa, end.level) && end.slot < S2_SLOTS;
        loop invariant walk: visited: visits(vm, gpa, end.table, end.level) && end.level >= level;
        loop invariant walk: ret: ret == STATUS_OK || ret == STATUS_NO_MEMORY;
        loop invariant walk: nothing: ret == STATUS_OK ==> !entry_present(stage2_table[vm][end.table][end.slot]);
        loop invariant walk: same: \forall integer g; 0 <= g < S2_GPA_LIMIT ==> same_walk{Pre, Here}(vm, g);
        loop invariant walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && \at(open(vm, x, l), Pre) &&
          block(x, l) != block(gpa, l) ==> open(vm, x, l);
        loop assigns end, ret, STAGE2_OF(vm);
        loop variant end.level + (ret == STATUS_OK ? 1 : 0); */
    while ((end.level > level) && (ret == STATUS_OK)) {
        /*@ ghost turn: ; */
        /*@ assert walk: through: \forall integer x; 0 <= x < S2_GPA_LIMIT && through(vm, x, end.table, end.slot) ==>
              block(x, end.level) == block(gpa, end.level); */
        ret = stage2_grow(vm, end.table, end.slot); /* nothing is mapped: the entry is free */
        /*@ assert walk: still: visits(vm, gpa, end.table, end.level); */
        /*@ assert walk: open: \forall integer x, l; 0 <= x < S2_GPA_LIMIT && 1 <= l <= 3 && open{turn}(vm, x, l) &&
              block(x, l) != block(gpa, l) ==> open(vm, x, l); */
        if (ret == STATUS_OK) {
            end = stage2_below(vm, gpa, end);
        }
    }
    if (ret == STATUS_OK) {
        /*@ ghost grown: ; */
        /*@ assert walk: level: end.level == level && stage2_level[vm][end.table] == level; */
        /*@ assert walk: inside: \forall integer g; gpa <= g < gpa + span(level) ==> block(g, level) == block(gpa, level); */
        /*@ assert walk: outside: \forall integer g; 0 <= g < S2_GPA_LIMIT && !(gpa <= g < gpa + span(level)) ==>
              block(g, level) != block(gpa, level); */
        /*@ assert walk: into: \forall integer g; 0 <= g < S2_GPA_LIMIT && block(g, level) == block(gpa, level) ==>
              through(vm, g, end.table, end.slot); */
        /*@ assert walk: all: \forall integer g; gpa <= g < gpa + span(level) ==> 0 <= g < S2_GPA_LIMIT &&
              through(vm, g, end.table, end.slot); */
        /*@ assert walk: from: \forall integer g; 0 <= g < S2_GPA_LIMIT && through(vm, g, end.table, end.slot) ==>
              block(g, level) == block(gpa, level); */
        /*@ assert walk: apart: \forall integer g; 0 <= g < S2_GPA_LIMIT && !(gpa <= g < gpa + span(level)) ==>
              !through(vm, g, end.table, end.slot); */
        ret = stage2_put_leaf(vm, end.table, end.slot, hpa, attr);
        /*@ assert walk: granted: ret == STATUS_OK; */
        /*@ assert walk: kept: \forall integer g; 0 <= g < S2_GPA_LIMIT && !(gpa <= g < gpa + span(level)) ==> same_walk{grown, Here}(vm, g); */
        /*@ assert walk: others: \forall integer g; 0 <= g < S2_GPA_LIMIT && !(gpa <= g < gpa + span(level)) ==> same_walk{Pre, Here}(vm, g); */
        /*@ assert walk: offset: \forall integer g; gpa <= g < gpa + span(level) ==> g % span(level) == g - gpa; */
        /*@ assert walk: leaf: \forall integer g; gpa <= g < gpa + span(level) ==>
              walk_leaf(vm, g) == stage2_table[vm][end.table][end.slot] && walk_hpa(vm, g) == hpa + g % span(level); */
        /*@ assert walk: ends: \forall integer g; gpa <= g < gpa + span(level) ==>
              walk_leaf(vm, g) == stage2_table[vm][end.table][end.slot] && walk_hpa(vm, g) == hpa + (g - gpa); */
        /*@ assert walk: mapped: \forall integer g; gpa <= g < gpa + span(level) ==> maps_as(vm, g, hpa + (g - gpa), attr); */
    }
    return ret;
}

/*@ requires vm < MAX_VM && stage2_wf(vm) && attr < 24 && attr % 2 == 1;
    requires gpa % 4096 == 0 && size % 4096 == 0 && hpa % 4096 == 0;
    requires gpa + size <= S2_GPA_LIMIT && hpa + size <= S2_HPA_LIMIT;
    requires walk: ready: ready(vm, gpa, hpa, size, 0, size);
    requires walk: allowed: allowed(vm, hpa, size, ((attr % 8) / 2) % 2, (attr / 8) * 8);
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures walk: ret: \result == STATUS_OK || \result == STATUS_NO_MEMORY;
    ensures walk: others: \forall integer g; 0 <= g < S2_GPA_LIMIT && !(gpa <= g < gpa + size) ==> same_walk{Pre, Here}(vm, g);
    ensures walk: mapped: \result == STATUS_OK ==> \forall integer g; gpa <= g < gpa + size ==>
      maps_as(vm, g, hpa + (g - gpa), attr); */
static enum status stage2_map_commit(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t attr)
{
    enum status ret = STATUS_OK;
    uint64_t done = 0U;
    /*@ loop invariant 0 <= done <= size && done % 4096 == 0;
        loop invariant wf: stage2_wf(vm);
        loop invariant walk: ret: ret == STATUS_OK || ret == STATUS_NO_MEMORY;
        loop invariant walk: others: \forall integer g; 0 <= g < S2_GPA_LIMIT && !(gpa <= g < gpa + done) ==> same_walk{Pre, Here}(vm, g);
        loop invariant walk: mapped: ret == STATUS_OK ==> \forall integer g; gpa <= g < gpa + done ==>
          maps_as(vm, g, hpa + (g - gpa), attr);
        loop invariant walk: ready: ready(vm, gpa, hpa, size, done, size);
        loop assigns done, ret, STAGE2_OF(vm);
        loop variant size - done; */
    while ((done < size) && (ret == STATUS_OK)) {
        uint32_t level = stage2_fit(gpa + done, hpa + done, size - done);
        /*@ assert fits: span(level) <= size - done && span(level) % 4096 == 0; */
        /*@ ghost turn: ; */
        ret = stage2_map_leaf(vm, gpa + done, hpa + done, level, attr);
        /*@ assert walk: kept: \forall integer g; gpa <= g < gpa + done ==> same_walk{turn, Here}(vm, g); */
        /*@ assert walk: before: ret == STATUS_OK ==> \forall integer g; gpa <= g < gpa + done ==> maps_as(vm, g, hpa + (g - gpa), attr); */
        /*@ assert walk: later: \forall integer d; done + span(level) <= d < size && d % 4096 == 0 ==>
              block(gpa + d, level) != block(gpa + done, level) &&
              block(gpa + d, fit(gpa + d, hpa + d, size - d)) != block(gpa + done, fit(gpa + d, hpa + d, size - d)); */
        done += stage2_span(level);
    }
    return ret;
}

/* Page-granular, not empty, below the limit. */
/*@ assigns \nothing;
    exits \false;
    ensures \result <==> base < limit && size != 0 && base + size <= limit && base % 4096 == 0 && size % 4096 == 0; */
static bool stage2_range_valid(uint64_t base, uint64_t size, uint64_t limit)
{
    return (base < limit) && (size != 0U) && (size <= (limit - base)) && ((base % PAGE_SIZE) == 0U) &&
           ((size % PAGE_SIZE) == 0U);
}

/*@ assigns \nothing;
    exits \false;
    ensures \result <==> attr % 2 == 1 && attr < 24; */
static bool stage2_attr_valid(uint32_t attr)
{
    return ((attr % 2U) == S2_READ) && (attr < (S2_WC + S2_UC));
}

/* REQ-ISO-009 REQ-ISO-010 REQ-ISO-045 */
/* proves REQ-ISO-030 REQ-ISO-045 */
enum status stage2_map(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t attr)
{
    enum status ret;
    if ((vm >= MAX_VM) || !stage2_range_valid(gpa, size, S2_GPA_LIMIT) ||
        !stage2_range_valid(hpa, size, S2_HPA_LIMIT) || !stage2_attr_valid(attr)) {
        ret = STATUS_INVALID;
    } else if (!stage2_allowed(vm, hpa, size, attr % S2_UC, (attr / S2_UC) * S2_UC)) {
        ret = STATUS_DENIED;
    } else {
        ret = stage2_map_check(vm, gpa, hpa, size);
        if (ret == STATUS_OK) {
            ret = stage2_map_commit(vm, gpa, hpa, size, attr);
        }
    }
    return ret;
}

/* Tables that it takes to make a leaf boundary at gpa. */
/*@ requires vm < MAX_VM && stage2_wf(vm);
    assigns \nothing;
    exits \false;
    ensures \result <= 3; */
static uint32_t stage2_cut_cost(vm_id_t vm, gpa_t gpa)
{
    uint32_t cost = 0U;
    if (gpa < S2_GPA_LIMIT) {
        struct stage2_position end = stage2_walk(vm, gpa);
        if (stage2_entry_present(stage2_table[vm][end.table][end.slot])) {
            /*@ loop invariant 2 <= l <= 5;
                loop invariant cost <= l - 2;
                loop assigns l, cost;
                loop variant 5 - l; */
            for (uint32_t l = 2U; l <= end.level; l++) {
                if (stage2_offset(gpa, l) != 0U) {
                    cost++;
                }
            }
        }
    }
    return cost;
}

/* Splits large leaves until one starts at gpa, or nothing is mapped there. */
/*@ requires vm < MAX_VM && stage2_wf(vm);
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures \result == STATUS_OK || \result == STATUS_NO_MEMORY; */
static enum status stage2_cut(vm_id_t vm, gpa_t gpa)
{
    enum status ret = STATUS_OK;
    if (gpa < S2_GPA_LIMIT) {
        struct stage2_position end = stage2_walk(vm, gpa);
        /*@ loop invariant wf: stage2_wf(vm);
            loop invariant used(vm, end.table) && stage2_level[vm][end.table] == end.level;
            loop invariant end.slot == slot_of(gpa, end.level) && end.slot < S2_SLOTS;
            loop invariant ret == STATUS_OK || ret == STATUS_NO_MEMORY;
            loop assigns end, ret, STAGE2_OF(vm);
            loop variant end.level + (ret == STATUS_OK ? 1 : 0); */
        while ((end.level > 1U) && (ret == STATUS_OK) && (stage2_offset(gpa, end.level) != 0U) &&
               stage2_is_leaf(vm, end)) {
            ret = stage2_split(vm, end.table, end.slot);
            if (ret == STATUS_OK) {
                end = stage2_below(vm, gpa, end);
            }
        }
    }
    return ret;
}

/* Makes both ends of the range leaf boundaries; without effect when tables are short. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && gpa % 4096 == 0 && size % 4096 == 0 && gpa + size <= S2_GPA_LIMIT;
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm); */
static enum status stage2_cut_ends(vm_id_t vm, gpa_t gpa, uint64_t size)
{
    enum status ret = STATUS_NO_MEMORY;
    uint32_t cost = stage2_cut_cost(vm, gpa) + stage2_cut_cost(vm, gpa + size);
    if (cost <= (STAGE2_PAGES - stage2_pages_used(vm))) {
        ret = stage2_cut(vm, gpa);
        if (ret == STATUS_OK) {
            ret = stage2_cut(vm, gpa + size);
        }
    }
    return ret;
}

/* Removes the leaf at gpa, if there is one; how far the next one is. A table is pruned when the
 * range leaves it: once, and not for each of its entries. */
/*@ requires vm < MAX_VM && stage2_wf(vm) && gpa % 4096 == 0;
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures 4096 <= \result <= span(4) && \result % 4096 == 0; */
static uint64_t stage2_unmap_step(vm_id_t vm, gpa_t gpa, uint64_t size)
{
    struct stage2_position end = stage2_walk(vm, gpa);
    uint64_t step = stage2_span(end.level) - stage2_offset(gpa, end.level);
    if (stage2_entry_present(stage2_table[vm][end.table][end.slot])) {
        stage2_clear(vm, end.table, end.slot);
    }
    if ((step >= size) || (end.slot == (S2_SLOTS - 1U))) {
        stage2_prune(vm, end.table);
    }
    return step;
}

/* REQ-ISO-009 */
enum status stage2_unmap(vm_id_t vm, gpa_t gpa, uint64_t size)
{
    enum status ret = STATUS_INVALID;
    if ((vm < MAX_VM) && stage2_range_valid(gpa, size, S2_GPA_LIMIT)) {
        ret = stage2_cut_ends(vm, gpa, size);
        uint64_t done = 0U;
        /*@ loop invariant 0 <= done <= size + span(4) && done % 4096 == 0;
            loop invariant wf: stage2_wf(vm);
            loop assigns done, STAGE2_OF(vm);
            loop variant size - done; */
        while ((done < size) && (ret == STATUS_OK)) {
            done += stage2_unmap_step(vm, gpa + done, size - done);
        }
    }
    return ret;
}

/* The leaf at gpa, if there is one: whether it may have these rights, or gives it these rights. Registers keep those that they were mapped with:
 * the domain does not say which of them are for reading only. */
/* REQ-ISO-083 */
/*@ requires vm < MAX_VM && stage2_wf(vm) && gpa % 4096 == 0 && rights < 8 && rights % 2 == 1;
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm);
    ensures 4096 <= \result.span <= span(4) && \result.span % 4096 == 0; */
static struct stage2_step stage2_protect_step(vm_id_t vm, gpa_t gpa, uint32_t rights, bool commit)
{
    struct stage2_position end = stage2_walk(vm, gpa);
    /*@ assert place: end.table < STAGE2_PAGES && end.slot < S2_SLOTS; */
    uint64_t entry = stage2_table[vm][end.table][end.slot];
    struct stage2_step step = { .ret = STATUS_OK, .span = stage2_span(end.level) - stage2_offset(gpa, end.level) };
    if (stage2_entry_present(entry)) {
        uint32_t type = stage2_entry_type(entry);
        if (commit) {
            step.ret = stage2_put_leaf(vm, end.table, end.slot, stage2_entry_address(entry), rights + type);
        } else if ((type != S2_WB) || !stage2_allowed(vm, stage2_entry_address(entry), stage2_span(end.level), rights, S2_WB)) {
            step.ret = STATUS_DENIED;
        } else {
            /* may be set */
        }
    }
    return step;
}

/*@ requires vm < MAX_VM && stage2_wf(vm) && rights < 8 && rights % 2 == 1 && gpa % 4096 == 0 &&
      size % 4096 == 0 && gpa + size <= S2_GPA_LIMIT;
    assigns STAGE2_OF(vm);
    exits \false;
    ensures wf: stage2_wf(vm); */
static enum status stage2_protect_range(vm_id_t vm, gpa_t gpa, uint64_t size, uint32_t rights, bool commit)
{
    enum status ret = STATUS_OK;
    uint64_t done = 0U;
    /*@ loop invariant 0 <= done <= size + span(4) && done % 4096 == 0;
        loop invariant wf: stage2_wf(vm);
        loop assigns done, ret, STAGE2_OF(vm);
        loop variant size - done; */
    while ((done < size) && (ret == STATUS_OK)) {
        struct stage2_step step = stage2_protect_step(vm, gpa + done, rights, commit);
        ret = step.ret;
        done += step.span;
    }
    return ret;
}

/* REQ-ISO-010 */
enum status stage2_protect(vm_id_t vm, gpa_t gpa, uint64_t size, uint32_t attr)
{
    enum status ret = STATUS_INVALID;
    if ((vm < MAX_VM) && stage2_range_valid(gpa, size, S2_GPA_LIMIT) && stage2_attr_valid(attr)) {
        ret = stage2_protect_range(vm, gpa, size, attr % S2_UC, false);
        if (ret == STATUS_OK) {
            ret = stage2_cut_ends(vm, gpa, size);
        }
        if (ret == STATUS_OK) {
            ret = stage2_protect_range(vm, gpa, size, attr % S2_UC, true);
        }
    }
    return ret;
}

/* REQ-ISO-011 */
/* proves REQ-ISO-011 */
struct stage2_mapping stage2_lookup(vm_id_t vm, gpa_t gpa)
{
    struct stage2_mapping found = { .present = false, .hpa = 0U, .span = 0U, .attr = 0U };
    if ((vm < MAX_VM) && (gpa < S2_GPA_LIMIT)) {
        struct stage2_position end = stage2_walk(vm, gpa);
        uint64_t entry = stage2_table[vm][end.table][end.slot];
        if (stage2_entry_present(entry)) {
            /*@ assert here: hw_from(vm, end.table, end.level, gpa,
                  entry_address(entry) + gpa % span(end.level), entry); */
            /*@ assert inside: (gpa % span(end.level)) % 4096 == gpa % 4096 && gpa % span(end.level) < 0x8000000000; */
            found.present = true;
            found.hpa = stage2_entry_address(entry) + stage2_offset(gpa, end.level);
            found.span = stage2_span(end.level);
            found.attr = stage2_entry_rights(entry) + stage2_entry_type(entry);
        }
    }
    return found;
}

