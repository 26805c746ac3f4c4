/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of one VM in a core's first-level cache and buffers goes before another runs there (L1TF, MDS). */
#ifndef X86_SPECULATION_H
#define X86_SPECULATION_H

#include "core/types.h"
#include "x86/pcpu.h"

/* Calling core: what its CPU needs for that, into *self. */
void speculation_init(struct pcpu *self);
void speculation_say(const struct pcpu *boot); /* once, for the log: what is done, and what is not */
/* Calling core, before it enters a guest: drops what speculation_init() found. Does not return with what it was called for in the cache. */
void speculation_clear(const struct pcpu *self);

#endif
