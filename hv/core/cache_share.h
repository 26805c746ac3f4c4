/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shares of caches and of memory bandwidth (Intel SDM 3, 18.19: RDT allocation; AMD APM 2, 19.4: PQE).
 * Class of service v is that of VM v of the partition table; class 0, the Service VM's, is also that of every VM on
 * shared cores and of cores without a VM. A core gets its class when it enters its run loop and keeps it for ever.
 * docs/decisions/0016-shares-of-caches.md
 */
#ifndef CORE_CACHE_SHARE_H
#define CORE_CACHE_SHARE_H

#include "abi/partition_table.h"
#include "core/types.h"

#define CACHE_LEVELS 2U /* index 0: L2, 1: L3 */

enum bandwidth_way {
    BANDWIDTH_NONE,
    BANDWIDTH_DELAY, /* Intel MBA, linear: per cent that a class is slowed down by */
    BANDWIDTH_CURVE, /* Intel MBA whose delays no manual relates to bandwidth */
    BANDWIDTH_RATE   /* AMD: eighths of GB/s in an L3 domain */
};

struct cache_level {
    uint32_t length;  /* bits of a capacity mask; 0: this cache cannot be shared out */
    uint32_t foreign; /* ways that something else than cores uses as well */
    bool sparse;      /* a mask may have gaps */
    bool split;       /* code and data have masks of their own now (CDP) */
};

/* What the cores of this machine can be told. */
struct cache_offer {
    struct cache_level level[CACHE_LEVELS];
    uint32_t classes;         /* classes of service that all of these have; meaningless without any */
    enum bandwidth_way bandwidth;
    uint32_t delay_most;      /* DELAY: per cent, below 100 */
    uint32_t rate_bits;       /* RATE: width of the field, below 32 */
    bool seen;
    bool uneven;              /* not all cores answer the same */
};
extern struct cache_offer cache_offer;

/* Calling core: asks CPUID; the boot core first, the others one after the other. */
void cache_offer_add(void);

struct cache_verdict {
    bool valid;
    const char *reason; /* for the boot log; the VM's name completes it */
    uint32_t vm;
};

/* Once, after partition_validate(): what each class gets, or why this machine cannot do what the table asks for. */
struct cache_verdict cache_share_plan(void);
/* Calling core: programs what was planned, and takes its class. Nothing when no VM has a share. */
void cache_share_apply(pcpu_id_t pcpu);

#endif
