/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to one physical core. GS base points at the core's own entry. */
#ifndef X86_PCPU_H
#define X86_PCPU_H

#include "core/hw.h"
#include "core/limits.h"
#include "core/types.h"
#include "x86/atomic.h"

/* Where a core is, as the kicker sees it (docs/decisions/0004-run-loop-and-kick.md). */
#define PCPU_OFFLINE  0U /* not started, or stopped for ever */
#define PCPU_IN_HV    1U
#define PCPU_IN_GUEST 2U
#define PCPU_IDLE     3U

struct pcpu {
    uint32_t id;              /* first: hw_pcpu() reads it through GS */
    uint32_t apic_id;
    shared_u32_t state;       /* PCPU_... */
    shared_u32_t kick;        /* not 0: someone wants this core out of guest or idle */
    uint32_t arrived[8];      /* bit n: host vector n is in service and not yet handled */
    vcpu_id_t loaded;         /* whose state the core carries, or ID_NONE */
    uint64_t timer_deadline;  /* what the timer is armed for, or TIME_NEVER */
    vcpu_id_t exiting;        /* whose exit the core handles, as id + 1; 0: nobody's */
    bool exclusive;
    bool foreign;             /* something of another VM ran here since the last entry, or may have (x86/speculation.h) */
    uint32_t clears;          /* what drops it from the caches */
} __attribute__((aligned(64)));

extern struct pcpu pcpus[MAX_PCPU];

/* First thing a core does in C: GS, GDT with TSS, IDT, control registers, x2APIC. */
void pcpu_init(pcpu_id_t id);
/* Calling core: halts until an interrupt or a kick; returns at once when a kick is pending. */
void pcpu_wait(struct pcpu *self);
/* The highest vector that arrived and is still in service, or 0. EOI always ends the
 * highest one (Intel SDM 3, 10.8.5), so each taken vector needs exactly one. */
uint32_t pcpu_take_arrived(struct pcpu *self);
void pcpu_discard_arrived(struct pcpu *self); /* acknowledges all, handles none */

#endif
