/* SPDX-License-Identifier: Apache-2.0 */
/* What a guest sees of the CPU: an allow-list over the machine's CPUID, and the hypervisor's leaves. */
#ifndef CORE_CPUID_H
#define CORE_CPUID_H

#include "core/types.h"

enum { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX, CPUID_REGS };

/* Reads state of this vCPU and constants only: safe on exclusive cores without the lock. */
void cpuid_query(vcpu_id_t id, uint32_t leaf, uint32_t subleaf, uint32_t out[CPUID_REGS]);
/* The bits of a leaf without subleaves that pass from the machine: what the calling core has of them. */
void cpuid_passed(uint32_t leaf, uint32_t out[CPUID_REGS]);
/* Before the VM runs, its number of vCPUs known: keeps the answers to the most frequent questions. */
void cpuid_prepare(vm_id_t v);
void cpuid_emulate(vcpu_id_t id); /* registers only; the caller skips the instruction. Needs no lock either. */

#endif
