/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage-2 tables. Each VM has its own pool of tables, named by index; a table entry is
 * pool address + index * 4096 + flags, so no pointer is ever made from an address.
 *
 * stage2_set_leaf() is the only writer of entries that map memory, and asks the domain first.
 * Every change is check first, then commit: after the checks no step can run out of tables.
 * Only a table that maps something is linked: whatever unmaps prunes what became empty.
 */
#include "core/stage2.h"

#include "core/domain.h"
#include "core/stage2_format.h"

#define SPAN_1 0x1000U
#define SPAN_2 0x200000U
#define SPAN_3 0x40000000U
#define SPAN_4 0x8000000000U

__attribute__((aligned(4096))) uint64_t stage2_table[MAX_VM][STAGE2_PAGES][S2_SLOTS];
uint32_t stage2_level[MAX_VM][STAGE2_PAGES];
static uint32_t stage2_parent[MAX_VM][STAGE2_PAGES]; /* the one entry that leads to this table */
static uint32_t stage2_slot[MAX_VM][STAGE2_PAGES];
static hpa_t stage2_pool;

/* Where a walk ends: the entry maps memory, or nothing. */
struct stage2_position {
    uint32_t table;
    uint32_t level;
    uint32_t slot;
};

static uint64_t stage2_span(uint32_t level)
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

static uint32_t stage2_slot_of(gpa_t gpa, uint32_t level)
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

static uint64_t stage2_offset(uint64_t address, uint32_t level)
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

static hpa_t stage2_pool_of(vm_id_t vm)
{
    return stage2_pool + ((uint64_t)vm * STAGE2_PAGES * PAGE_SIZE);
}

static uint32_t stage2_child(vm_id_t vm, uint32_t table, uint32_t slot)
{
    hpa_t address = stage2_entry_address(stage2_table[vm][table][slot]);
    return (uint32_t)((address - stage2_pool_of(vm)) / PAGE_SIZE);
}

/* Follows gpa down to the entry that is a leaf or not present. */
static struct stage2_position stage2_walk(vm_id_t vm, gpa_t gpa)
{
    uint32_t table = S2_ROOT;
    uint32_t level = 4U;
    uint32_t slot = stage2_slot_of(gpa, 4U);
    bool down = true;
    while (down) {
        uint64_t entry = stage2_table[vm][table][slot];
        down = stage2_entry_present(entry) && !stage2_entry_leaf(entry, level);
        if (down) {
            table = stage2_child(vm, table, slot);
            level = level - 1U;
            slot = stage2_slot_of(gpa, level);
        }
    }
    struct stage2_position end = { .table = table, .level = level, .slot = slot };
    return end;
}

/* What the domain says about a mapping. Only pre-launched VMs and the Service VM reach devices. */
static bool stage2_allowed(vm_id_t vm, hpa_t hpa, uint64_t size, uint32_t rights, uint32_t type)
{
    uint32_t domain = domain_of(vm);
    bool allowed = false;
    if (type != S2_WB) {
        allowed = (vm < VM_FIRST_USER) && domain_owns(domain, hpa, size, MEMORY_DEVICE);
    } else if (domain_owns(domain, hpa, size, MEMORY_RAM)) {
        allowed = true;
    } else {
        allowed = (vm < VM_FIRST_USER) && (((rights / S2_WRITE) % 2U) == 0U) &&
                  domain_owns(domain, hpa, size, MEMORY_RAM_READ_ONLY);
    }
    return allowed;
}

/* The only writer of leaf entries. */
static enum status stage2_set_leaf(vm_id_t vm, uint32_t table, uint32_t slot, hpa_t hpa, uint32_t attr)
{
    enum status ret = STATUS_OK;
    uint32_t level = stage2_level[vm][table];
    uint32_t rights = attr % S2_UC;
    uint32_t type = (attr / S2_UC) * S2_UC;
    if ((level == 0U) || (level > 3U) || (stage2_offset(hpa, level) != 0U)) {
        ret = STATUS_INVALID;
    } else if (!stage2_allowed(vm, hpa, stage2_span(level), rights, type)) {
        ret = STATUS_DENIED;
    } else {
        stage2_table[vm][table][slot] = stage2_make_leaf(hpa, rights, type, level);
    }
    return ret;
}

static void stage2_clear(vm_id_t vm, uint32_t table, uint32_t slot)
{
    stage2_table[vm][table][slot] = 0U;
}

/* A zeroed table that nothing leads to yet, or STAGE2_PAGES. */
static uint32_t stage2_take(vm_id_t vm, uint32_t level)
{
    uint32_t table = 0U;
    while ((table < STAGE2_PAGES) && (stage2_level[vm][table] != 0U)) {
        table++;
    }
    if (table < STAGE2_PAGES) {
        for (uint32_t i = 0U; i < S2_SLOTS; i++) {
            stage2_table[vm][table][i] = 0U;
        }
        stage2_level[vm][table] = level;
    }
    return table;
}

static void stage2_link(vm_id_t vm, uint32_t table, uint32_t slot, uint32_t child)
{
    stage2_parent[vm][child] = table;
    stage2_slot[vm][child] = slot;
    stage2_table[vm][table][slot] = stage2_make_table(stage2_pool_of(vm) + ((uint64_t)child * PAGE_SIZE));
}

/* Puts an empty table under an entry that is not present. */
static enum status stage2_grow(vm_id_t vm, uint32_t table, uint32_t slot)
{
    enum status ret = STATUS_NO_MEMORY;
    uint32_t child = stage2_take(vm, stage2_level[vm][table] - 1U);
    if (child < STAGE2_PAGES) {
        stage2_link(vm, table, slot, child);
        ret = STATUS_OK;
    }
    return ret;
}

/* Replaces a large leaf by a table of 512 leaves with the same translation. The table is linked
 * when it is complete, so that a running vCPU never misses. */
static enum status stage2_split(vm_id_t vm, uint32_t table, uint32_t slot)
{
    enum status ret = STATUS_NO_MEMORY;
    uint64_t entry = stage2_table[vm][table][slot];
    uint32_t level = stage2_level[vm][table];
    uint32_t child = stage2_take(vm, level - 1U);
    if (child < STAGE2_PAGES) {
        uint32_t attr = stage2_entry_rights(entry) + stage2_entry_type(entry);
        uint64_t part = stage2_span(level - 1U);
        hpa_t hpa = stage2_entry_address(entry);
        for (uint32_t i = 0U; i < S2_SLOTS; i++) {
            (void)stage2_set_leaf(vm, child, i, hpa, attr); /* part of an allowed leaf */
            hpa += part;
        }
        stage2_link(vm, table, slot, child);
        ret = STATUS_OK;
    }
    return ret;
}

static bool stage2_is_empty(vm_id_t vm, uint32_t table)
{
    bool empty = true;
    for (uint32_t i = 0U; (i < S2_SLOTS) && empty; i++) {
        empty = (stage2_table[vm][table][i] == 0U);
    }
    return empty;
}

/* Frees the table and then those above it as long as they are empty. */
static void stage2_prune(vm_id_t vm, uint32_t first)
{
    uint32_t table = first;
    bool done = false;
    for (uint32_t step = 1U; (step < 4U) && !done; step++) {
        if ((table == S2_ROOT) || !stage2_is_empty(vm, table)) {
            done = true;
        } else {
            uint32_t above = stage2_parent[vm][table];
            stage2_clear(vm, above, stage2_slot[vm][table]);
            stage2_level[vm][table] = 0U;
            table = above;
        }
    }
}

uint32_t stage2_pages_used(vm_id_t vm)
{
    uint32_t used = 0U;
    for (uint32_t i = 0U; i < STAGE2_PAGES; i++) {
        if (stage2_level[vm][i] != 0U) {
            used++;
        }
    }
    return used;
}

/* The largest level that a leaf at this place can have. */
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
static uint32_t stage2_missing(gpa_t gpa, uint32_t level, uint32_t stop, bool first)
{
    uint32_t missing = 0U;
    for (uint32_t l = level; l < stop; l++) {
        if (first || (stage2_offset(gpa, l + 1U) == 0U)) {
            missing++;
        }
    }
    return missing;
}

static enum status stage2_map_check(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size)
{
    enum status ret = STATUS_OK;
    uint32_t spare = STAGE2_PAGES - stage2_pages_used(vm);
    uint64_t done = 0U;
    while ((done < size) && (ret == STATUS_OK)) {
        uint32_t level = stage2_fit(gpa + done, hpa + done, size - done);
        struct stage2_position end = stage2_walk(vm, gpa + done);
        uint32_t missing = stage2_missing(gpa + done, level, end.level, done == 0U);
        if ((end.level < level) || stage2_entry_present(stage2_table[vm][end.table][end.slot])) {
            ret = STATUS_BUSY;
        } else if (missing > spare) {
            ret = STATUS_NO_MEMORY;
        } else {
            spare = spare - missing;
            done += stage2_span(level);
        }
    }
    return ret;
}

/* One leaf where nothing is mapped. */
static enum status stage2_map_leaf(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint32_t level, uint32_t attr)
{
    enum status ret = STATUS_OK;
    struct stage2_position end = stage2_walk(vm, gpa);
    while ((end.level > level) && (ret == STATUS_OK)) {
        ret = stage2_grow(vm, end.table, end.slot);
        if (ret == STATUS_OK) {
            end.table = stage2_child(vm, end.table, end.slot);
            end.level = end.level - 1U;
            end.slot = stage2_slot_of(gpa, end.level);
        }
    }
    if (ret == STATUS_OK) {
        ret = stage2_set_leaf(vm, end.table, end.slot, hpa, attr);
    }
    return ret;
}

static enum status stage2_map_commit(vm_id_t vm, gpa_t gpa, hpa_t hpa, uint64_t size, uint32_t attr)
{
    enum status ret = STATUS_OK;
    uint64_t done = 0U;
    while ((done < size) && (ret == STATUS_OK)) {
        uint32_t level = stage2_fit(gpa + done, hpa + done, size - done);
        ret = stage2_map_leaf(vm, gpa + done, hpa + done, level, attr);
        done += stage2_span(level);
    }
    return ret;
}

/* Page-granular, not empty, below the limit. */
static bool stage2_range_valid(uint64_t base, uint64_t size, uint64_t limit)
{
    return (base < limit) && (size != 0U) && (size <= (limit - base)) && ((base % PAGE_SIZE) == 0U) &&
           ((size % PAGE_SIZE) == 0U);
}

static bool stage2_attr_valid(uint32_t attr)
{
    return ((attr % 2U) == S2_READ) && (attr < (S2_WC + S2_UC));
}

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
static uint32_t stage2_cut_cost(vm_id_t vm, gpa_t gpa)
{
    uint32_t cost = 0U;
    if (gpa < S2_GPA_LIMIT) {
        struct stage2_position end = stage2_walk(vm, gpa);
        if (stage2_entry_present(stage2_table[vm][end.table][end.slot])) {
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
static enum status stage2_cut(vm_id_t vm, gpa_t gpa)
{
    enum status ret = STATUS_OK;
    if (gpa < S2_GPA_LIMIT) {
        struct stage2_position end = stage2_walk(vm, gpa);
        while ((end.level > 1U) && (ret == STATUS_OK) && (stage2_offset(gpa, end.level) != 0U) &&
               stage2_entry_present(stage2_table[vm][end.table][end.slot])) {
            ret = stage2_split(vm, end.table, end.slot);
            if (ret == STATUS_OK) {
                end.table = stage2_child(vm, end.table, end.slot);
                end.level = end.level - 1U;
                end.slot = stage2_slot_of(gpa, end.level);
            }
        }
    }
    return ret;
}

/* Makes both ends of the range leaf boundaries; without effect when tables are short. */
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

enum status stage2_unmap(vm_id_t vm, gpa_t gpa, uint64_t size)
{
    enum status ret = STATUS_INVALID;
    if ((vm < MAX_VM) && stage2_range_valid(gpa, size, S2_GPA_LIMIT)) {
        ret = stage2_cut_ends(vm, gpa, size);
        uint64_t done = 0U;
        while ((done < size) && (ret == STATUS_OK)) {
            done += stage2_unmap_step(vm, gpa + done, size - done);
        }
    }
    return ret;
}

/* The leaf at gpa, if there is one: whether it may have these rights, and how far the next one is. */
static enum status stage2_protect_step(vm_id_t vm, gpa_t gpa, uint32_t rights, bool commit, uint64_t *step)
{
    enum status ret = STATUS_OK;
    struct stage2_position end = stage2_walk(vm, gpa);
    uint64_t entry = stage2_table[vm][end.table][end.slot];
    *step = stage2_span(end.level) - stage2_offset(gpa, end.level);
    if (stage2_entry_present(entry)) {
        uint32_t type = stage2_entry_type(entry);
        if (commit) {
            ret = stage2_set_leaf(vm, end.table, end.slot, stage2_entry_address(entry), rights + type);
        } else if (!stage2_allowed(vm, stage2_entry_address(entry), stage2_span(end.level), rights, type)) {
            ret = STATUS_DENIED;
        } else {
            /* may be set */
        }
    }
    return ret;
}

static enum status stage2_protect_range(vm_id_t vm, gpa_t gpa, uint64_t size, uint32_t rights, bool commit)
{
    enum status ret = STATUS_OK;
    uint64_t done = 0U;
    while ((done < size) && (ret == STATUS_OK)) {
        uint64_t step = 0U;
        ret = stage2_protect_step(vm, gpa + done, rights, commit, &step);
        done += step;
    }
    return ret;
}

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

struct stage2_mapping stage2_lookup(vm_id_t vm, gpa_t gpa)
{
    struct stage2_mapping found = { .present = false, .hpa = 0U, .span = 0U, .attr = 0U };
    if ((vm < MAX_VM) && (gpa < S2_GPA_LIMIT)) {
        struct stage2_position end = stage2_walk(vm, gpa);
        uint64_t entry = stage2_table[vm][end.table][end.slot];
        if (stage2_entry_present(entry)) {
            found.present = true;
            found.hpa = stage2_entry_address(entry) + stage2_offset(gpa, end.level);
            found.span = stage2_span(end.level);
            found.attr = stage2_entry_rights(entry) + stage2_entry_type(entry);
        }
    }
    return found;
}

void stage2_reset(vm_id_t vm)
{
    if (vm < MAX_VM) {
        for (uint32_t i = 0U; i < S2_SLOTS; i++) {
            stage2_table[vm][S2_ROOT][i] = 0U;
        }
        for (uint32_t i = 0U; i < STAGE2_PAGES; i++) {
            stage2_level[vm][i] = 0U;
            stage2_parent[vm][i] = S2_ROOT;
            stage2_slot[vm][i] = 0U;
        }
        stage2_level[vm][S2_ROOT] = 4U;
    }
}

void stage2_init(hpa_t pool)
{
    stage2_pool = pool;
    for (vm_id_t vm = 0U; vm < MAX_VM; vm++) {
        stage2_reset(vm);
    }
}

hpa_t stage2_root(vm_id_t vm)
{
    return stage2_pool_of(vm) + (S2_ROOT * (uint64_t)PAGE_SIZE);
}
