/* SPDX-License-Identifier: Apache-2.0 */
#include "core/cache_share.h"

#include "core/hw.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/partition.h"

/* What is wrong with the share of a level, by level; the name of the VM follows. */
struct cache_texts {
    const char *none;
    const char *split;
    const char *length;
    const char *foreign;
    const char *left;
    const char *pieces;
};
static const struct cache_texts cache_texts[CACHE_LEVELS] = {
    { "this CPU has no L2 cache allocation: remove cache.l2 of VM ",
      "the firmware has switched on code and data prioritization of L2: switch it off, or remove cache.l2 of VM ",
      "the L2 cache of this CPU has fewer ways: change cache.l2 of VM ",
      "not only cores use these ways of the L2 cache: choose others for cache.l2 of VM ",
      "no way of the L2 cache is left: name fewer in cache.l2 of the others, for VM ",
      "the ways of the L2 cache that are left are in pieces: name those at one end in cache.l2 of the others, for VM " },
    { "this CPU has no L3 cache allocation: remove cache.l3 of VM ",
      "the firmware has switched on code and data prioritization of L3: switch it off, or remove cache.l3 of VM ",
      "the L3 cache of this CPU has fewer ways: change cache.l3 of VM ",
      "not only cores use these ways of the L3 cache: choose others for cache.l3 of VM ",
      "no way of the L3 cache is left: name fewer in cache.l3 of the others, for VM ",
      "the ways of the L3 cache that are left are in pieces: name those at one end in cache.l3 of the others, for VM " },
};

struct cache_class {
    uint32_t mask[CACHE_LEVELS];
    uint32_t bandwidth; /* as the register has it: a delay, or a rate */
};
struct cache_plan {
    bool used;
    bool level[CACHE_LEVELS];
    bool bandwidth;
    struct cache_class class[PART_MAX_VM];
};
static struct cache_plan plan; /* written once at boot */
static struct cache_verdict share_verdict;

/* Always false: the first reason stays. */
static bool share_refuse(const char *reason, uint32_t vm)
{
    share_verdict.valid = false;
    share_verdict.reason = reason;
    share_verdict.vm = vm;
    return false;
}

static uint32_t named_mask(uint32_t vm, uint32_t level)
{
    const struct part_cache *const cache = &partition.table.vm[vm].cache;
    return (level == 0U) ? cache->l2_mask : cache->l3_mask;
}

static bool in_pieces(uint32_t mask)
{
    const uint64_t filled = (uint64_t)mask | ((uint64_t)mask - 1U); /* mask is not 0 */
    return (filled & (filled + 1U)) != 0U;
}

static bool check_named(uint32_t vm, uint32_t index, uint32_t full)
{
    const struct cache_level *const level = &cache_offer.level[index];
    const uint32_t mask = named_mask(vm, index);
    bool ok = true;
    if (level->length == 0U) {
        ok = share_refuse(cache_texts[index].none, vm);
    } else if (level->split) {
        ok = share_refuse(cache_texts[index].split, vm);
    } else if ((mask & ~full) != 0U) {
        ok = share_refuse(cache_texts[index].length, vm);
    } else if ((vm != VM_SERVICE) && ((mask & level->foreign) != 0U)) {
        ok = share_refuse(cache_texts[index].foreign, vm);
    } else {
        /* these ways */
    }
    return ok;
}

static bool check_left(uint32_t vm, uint32_t index, uint32_t left)
{
    bool ok = true;
    if (left == 0U) {
        ok = share_refuse(cache_texts[index].left, vm);
    } else if (in_pieces(left) && !cache_offer.level[index].sparse) {
        ok = share_refuse(cache_texts[index].pieces, vm);
    } else {
        /* the rest, together with the other VMs that name none */
    }
    return ok;
}

/* REQ-RT-050 */
static bool plan_level(uint32_t index)
{
    const uint32_t length = cache_offer.level[index].length;
    const uint32_t full = (uint32_t)(((uint64_t)1U << length) - 1U);
    uint32_t named = 0U;
    bool ok = true;
    for (uint32_t v = 0U; v < partition.table.vm_count; v++) {
        named |= named_mask(v, index);
    }
    plan.level[index] = (named != 0U);
    for (uint32_t v = 0U; ok && plan.level[index] && (v < partition.table.vm_count); v++) {
        const uint32_t mask = named_mask(v, index);
        ok = (mask != 0U) ? check_named(v, index, full) : true;
        plan.class[v].mask[index] = mask;
    }
    for (uint32_t v = 0U; ok && plan.level[index] && (v < partition.table.vm_count); v++) {
        if (plan.class[v].mask[index] == 0U) {
            ok = check_left(v, index, full & ~named);
            plan.class[v].mask[index] = full & ~named;
        }
    }
    return ok;
}

/* Never more than what the scenario says: down to a step that the CPU has (Intel SDM 3, 18.19.7). */
/* REQ-RT-052 */
static bool plan_delay(uint32_t vm, uint32_t percent)
{
    const uint32_t step = 100U - cache_offer.delay_most;
    const uint32_t granted = (percent / step) * step;
    bool ok = true;
    if (granted == 0U) {
        ok = share_refuse("this CPU cannot hold memory bandwidth so low: raise cache.bandwidth of VM ", vm);
    }
    plan.class[vm].bandwidth = 100U - granted;
    return ok;
}

/* AMD APM 2, 19.4.5 */
static bool plan_rate(uint32_t vm, uint32_t percent)
{
    const uint32_t rate = (partition.table.board.memory_gbps * 8U * percent) / 100U;
    bool ok = true;
    if (partition.table.board.memory_gbps == 0U) {
        ok = share_refuse("this CPU limits memory bandwidth in GB/s: add memory_gbps to the board file, or remove cache.bandwidth of VM ", vm);
    } else if (rate == 0U) {
        ok = share_refuse("this CPU cannot hold memory bandwidth so low: raise cache.bandwidth of VM ", vm);
    } else if (rate >= (1U << cache_offer.rate_bits)) {
        ok = share_refuse("this CPU cannot express such a bandwidth: correct memory_gbps of the board, or remove cache.bandwidth of VM ", vm);
    } else {
        plan.class[vm].bandwidth = rate;
    }
    return ok;
}

static bool plan_bandwidth_of(uint32_t vm)
{
    const uint32_t percent = partition.table.vm[vm].cache.bandwidth;
    bool ok = true;
    plan.bandwidth = plan.bandwidth || (percent != 0U);
    if (percent == 0U) {
        plan.class[vm].bandwidth = (cache_offer.bandwidth == BANDWIDTH_RATE) ? (1U << cache_offer.rate_bits) : 0U;
    } else if (cache_offer.bandwidth == BANDWIDTH_NONE) {
        ok = share_refuse("this CPU has no allocation of memory bandwidth: remove cache.bandwidth of VM ", vm);
    } else if (cache_offer.bandwidth == BANDWIDTH_CURVE) {
        ok = share_refuse("the delays of this CPU's memory bandwidth allocation are not linear: remove cache.bandwidth of VM ", vm);
    } else {
        ok = (cache_offer.bandwidth == BANDWIDTH_DELAY) ? plan_delay(vm, percent) : plan_rate(vm, percent);
    }
    return ok;
}

static bool plan_bandwidth(void)
{
    bool ok = true;
    for (uint32_t v = 0U; ok && (v < partition.table.vm_count); v++) {
        ok = plan_bandwidth_of(v);
    }
    return ok;
}

/* The first VM that asks for a share, or ID_NONE. */
static uint32_t first_asking(void)
{
    uint32_t found = ID_NONE;
    for (uint32_t v = 0U; (v < partition.table.vm_count) && (found == ID_NONE); v++) {
        const struct part_cache *const cache = &partition.table.vm[v].cache;
        found = ((cache->l2_mask | cache->l3_mask | cache->bandwidth) != 0U) ? v : ID_NONE;
    }
    return found;
}

static void log_class(uint32_t v)
{
    log_begin("cache");
    log_text("class ");
    log_dec(v);
    log_text(", ");
    log_chars(partition.table.vm[v].name, PART_NAME_SIZE);
    if (plan.level[0]) {
        log_text(", L2 ");
        log_hex(plan.class[v].mask[0]);
    }
    if (plan.level[1]) {
        log_text(", L3 ");
        log_hex(plan.class[v].mask[1]);
    }
    if (plan.bandwidth) {
        log_text((cache_offer.bandwidth == BANDWIDTH_RATE) ? ", rate " : ", delay ");
        log_dec(plan.class[v].bandwidth);
    }
    log_end();
}

/* REQ-RT-051 */
struct cache_verdict cache_share_plan(void)
{
    const uint32_t asking = first_asking();
    share_verdict.valid = true;
    share_verdict.reason = "";
    share_verdict.vm = 0U;
    plan.bandwidth = false;
    if (asking != ID_NONE) {
        if (cache_offer.uneven) {
            (void)share_refuse("not all cores of this machine can share out the same: remove cache of VM ", asking);
        } else if (plan_level(0U) && plan_level(1U) && plan_bandwidth() && (cache_offer.classes < partition.table.vm_count)) {
            (void)share_refuse("this CPU has fewer classes of service than there are VMs: remove cache of VM ", asking);
        } else {
            /* planned, or refused already */
        }
        for (uint32_t v = 0U; share_verdict.valid && (v < partition.table.vm_count); v++) {
            log_class(v);
        }
    }
    plan.used = share_verdict.valid && (asking != ID_NONE);
    return share_verdict;
}

/* The VM that owns this core alone, else the Service VM. */
static uint32_t class_of(pcpu_id_t pcpu)
{
    const struct part_table *const table = &partition.table;
    uint32_t found = VM_SERVICE;
    for (uint32_t v = 0U; v < table->vm_count; v++) {
        for (uint32_t i = 0U; i < table->vm[v].vcpu_count; i++) {
            if (((table->vm[v].flags & PART_VM_EXCLUSIVE) != 0U) && (table->vm[v].pcpu[i] == pcpu)) {
                found = v;
            }
        }
    }
    return found;
}

static void apply_class(uint32_t v)
{
    for (uint32_t index = 0U; index < CACHE_LEVELS; index++) {
        if (plan.level[index]) {
            hw_cache_mask(index, v, plan.class[v].mask[index]);
        }
    }
    if (plan.bandwidth) {
        if (cache_offer.bandwidth == BANDWIDTH_DELAY) {
            hw_bandwidth_delay(v, plan.class[v].bandwidth);
        } else {
            hw_bandwidth_rate(v, plan.class[v].bandwidth);
        }
    }
}

/* All classes before the core's own: it shares the registers of a cache with the other cores of that cache only, and
 * they write the same. */
/* REQ-RT-053 REQ-ISO-044 */
void cache_share_apply(pcpu_id_t pcpu)
{
    if (plan.used) {
        for (uint32_t v = 0U; v < partition.table.vm_count; v++) {
            apply_class(v);
        }
        hw_cache_class(class_of(pcpu));
    }
}
