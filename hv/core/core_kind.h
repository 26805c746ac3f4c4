/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the cores of a machine have in common. Guests see one CPU, on whichever core they run: the features that CPUID passes to them
 * must be those of every core. Performance and efficiency cores (Intel SDM 2, CPUID leaf 1AH) may be mixed, but not in one exclusive VM,
 * whose time would depend on which of its vCPUs does the work.
 */
#ifndef CORE_CORE_KIND_H
#define CORE_CORE_KIND_H

#include "core/types.h"

/* Calling core; the boot core first, the others one after the other. */
void core_kind_add(pcpu_id_t pcpu);

struct core_kind_verdict {
    bool valid;
    const char *reason; /* for the boot log; the VM's name or that of nobody completes it */
    uint32_t vm;        /* ID_NONE: of no VM */
    pcpu_id_t pcpu;     /* the first core that is unlike the others ... */
    uint32_t leaf;      /* ... in this leaf of CPUID */
};
/* Once, after partition_validate(), when all cores have been added. */
struct core_kind_verdict core_kind_check(void);

#endif
