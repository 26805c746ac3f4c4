/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exits that concern nothing but the vCPU's own state: answered by the core that runs the vCPU, while it
 * is marked in-guest, without the lock (docs/decisions/0015-quick-exits.md). They read what changes only while the vCPU
 * is out of the guest, and write its RAX to RDX, which nobody else does either. True: the registers hold the result,
 * as the ordinary way would have left them; the caller skips the instruction. False: nothing was done.
 */
#ifndef CORE_QUICK_H
#define CORE_QUICK_H

#include "core/cpuid.h"
#include "core/types.h"

bool core_quick_hypercall(vcpu_id_t id, uint32_t cpl);
bool core_quick_msr_read(vcpu_id_t id);
bool core_quick_msr_write(vcpu_id_t id);
/* IN or OUT, no string instruction. */
bool core_quick_port(vcpu_id_t id, uint32_t port, uint32_t size, bool write);

#endif
