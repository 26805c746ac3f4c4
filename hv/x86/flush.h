/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a vCPU's next entry drops what the core has cached of its translations: decided here for both
 * vendors. A backend notes the causes, and at an entry does what its CPU has for it.
 */
#ifndef X86_FLUSH_H
#define X86_FLUSH_H

#include "core/limits.h"
#include "core/types.h"

enum flush_cause {
    FLUSH_NONE,
    FLUSH_RESET,  /* a new life of the vCPU: what it cached of its own page tables is of the old one */
    FLUSH_CORE,   /* the core changes vCPU: tags may be shared, and this core missed the flushes that others made meanwhile */
    FLUSH_STAGE2, /* another root or another tag */
    FLUSH_CHANGED /* its VM's stage 2 took something away (vm_shootdown) */
};

void flush_note(vcpu_id_t vcpu, enum flush_cause cause);
bool flush_wanted(vcpu_id_t vcpu);
void flush_done(vcpu_id_t vcpu); /* the calling core holds nothing of it, and has not entered it since */
/* The hardware's tag (ASID, VPID) for a number of ours: 1 .. count - 1, 0 is the host's. Numbers beyond share, which FLUSH_CORE allows. */
uint32_t flush_tag(uint32_t number, uint32_t count);

#endif
