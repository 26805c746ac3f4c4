/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy tables of both vendors say of a bit that makes a guest exit, or lets it do something. */
#ifndef X86_WANT_H
#define X86_WANT_H

#include "core/types.h"

enum want {
    WANT_OFF,
    WANT_PREFERRED, /* set when the CPU has it */
    WANT_REQUIRED,  /* set; without it the CPU is not usable */
    WANT_ON_DEMAND, /* clear, and set while it is needed; must be possible */
    WANT_APIC,      /* VT-x: clear, and set while the CPU has the vCPU's local APIC, if it has all that this needs */
    WANT_NO_APIC    /* VT-x: required, and clear while the CPU has the vCPU's local APIC */
};

static inline bool want_set(enum want want)
{
    return (want == WANT_REQUIRED) || (want == WANT_PREFERRED) || (want == WANT_NO_APIC);
}

/* Bits first to last of a word. */
static inline uint32_t want_mask(uint32_t first, uint32_t last)
{
    return (0xFFFFFFFFU >> (31U - last)) & (0xFFFFFFFFU << first);
}

#endif
