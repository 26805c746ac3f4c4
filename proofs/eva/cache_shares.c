/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/cache_offer.c core/cache_share.c core/core_kind.c core/cpuid.c */
/* eva-without: state */
/* eva-stubs: log */
/* Any shares, and any cores, of a table whose counts have passed, on cores that answer anything. */
#include "core/cache_share.h"
#include "core/core_kind.h"
#include "core/partition.h"
#include "proofs/eva/eva.h"

union partition_storage partition;

int main(void)
{
    struct cache_verdict verdict;
    struct core_kind_verdict kinds;
    partition.table.vm_count = any_below(PART_MAX_VM + 1U);
    /*@ loop unroll PART_MAX_VM; */
    for (uint32_t v = 0U; v < PART_MAX_VM; v++) {
        partition.table.vm[v].vcpu_count = any_below(PART_MAX_VCPU + 1U);
        partition.table.vm[v].cache.bandwidth = any_below(101U);
    }
    cache_offer.seen = false;
    cache_offer_add(); /* the boot core */
    cache_offer_add(); /* another */
    verdict = cache_share_plan();
    /*@ assert vm: verdict.vm < PART_MAX_VM; */
    (void)verdict;
    core_kind_add(0U);
    core_kind_add(any_below(MAX_PCPU));
    kinds = core_kind_check();
    (void)kinds;
    cache_share_apply(any_below(MAX_PCPU));
    return 0;
}
