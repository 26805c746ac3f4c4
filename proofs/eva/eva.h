/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the drivers of the value analysis share. A driver makes one step with any argument from any
 * state: the analysis starts with every variable of the program unknown (-lib-entry), and assume_*()
 * narrows it to the invariants that the code itself keeps. check_*() asserts them after the step.
 */
#ifndef EVA_H
#define EVA_H

#include "core/exit.h"
#include "core/limits.h"
#include "core/types.h"

struct vpci_function;

extern volatile uint64_t any; /* a new value at each read */

static inline bool any_bool(void) { return any != 0U; }
static inline uint32_t any_below(uint32_t limit)
{
    uint32_t value = (uint32_t)any;
    return (value < limit) ? value : 0U;
}
static inline uint32_t any_id(uint32_t limit) /* below the limit, or ID_NONE */
{
    return any_bool() ? any_below(limit) : ID_NONE;
}
/* Sizes of an access: 1, 2, 4, and 8 where most is 8. */
static inline uint32_t any_size(uint32_t most)
{
    uint32_t size = 1U << any_below(4U);
    return (size <= most) ? size : most;
}

/* The exit record as hv/x86 makes it of what the processor reports. */
struct vm_exit any_exit(void);

/* All of the below, in the order of the files. */
void assume_all(void);
void check_all(void);

/* state.c */
void assume_vms(void);
void check_vms(void);
void assume_partition(void); /* as the validator accepts it */
void assume_boot_info(void);
void check_boot_info(void);
void assume_domains(void);
void assume_functions(void);
void check_functions(void);
void assume_layout(struct vpci_function *fn); /* of its capabilities (A-PCI) */
void check_layout(const struct vpci_function *fn);
void assume_guest_map(void);
void check_guest_map(void);
/* state_NAME.c, for each module with invariants of its own */
void assume_dispatch(void);
void check_dispatch(void);
void assume_io(void);
void check_io(void);
void assume_lent(void);
void assume_ivshmem(void);
void check_lent(void);
void assume_mmio_lent(void);
void check_mmio_lent(void);
void assume_irq(void);
void check_irq(void);
void assume_mmio(void);
void check_mmio(void);
void assume_request_wait(void);
void check_request_wait(void);
void assume_sched(void);
void check_sched(void);
void assume_vpic(void);
void check_vpic(void);

#endif
