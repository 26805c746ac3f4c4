/* SPDX-License-Identifier: Apache-2.0 */
/* MSRs that no CPUID bit tells of, or that a CPU lacks although one does (emulators). */
#ifndef X86_MSR_SAFE_H
#define X86_MSR_SAFE_H

#include "core/types.h"

/* False, and *value 0, where the CPU has no such MSR. */
bool msr_read_safe(uint32_t msr, uint64_t *value);

/* msr_safe.S: only their addresses mean something. The instruction that may fault, and where to go on then. */
extern const uint8_t msr_safe_at;
extern const uint8_t msr_safe_fault;

#endif
