/* SPDX-License-Identifier: Apache-2.0 */
/* Which exceptions of a guest exit: one table for both vendors, whose bitmaps have one bit a vector. */
#ifndef X86_EXCEPTION_H
#define X86_EXCEPTION_H

#include "core/types.h"
#include "x86/want.h"

struct exception_policy {
    uint32_t first;       /* vectors */
    uint32_t last;
    enum want shared;     /* vCPU on a shared core */
    enum want exclusive;
    const char *name;
    const char *why;
};
#define EXCEPTION_POLICY_COUNT 9U
extern const struct exception_policy exception_policies[EXCEPTION_POLICY_COUNT];

/* What the CPU is told; bits on demand are clear. */
uint32_t exception_bitmap(bool exclusive);

#define EXCEPTION_BIT_UD 0x40U /* the one on demand: of the Service VM on AMD-V, whose hypercall instruction is Intel's */

#endif
