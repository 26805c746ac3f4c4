/* SPDX-License-Identifier: Apache-2.0 */
/* What the emulation of an intercepted instruction ends with: skip it, or an exception. */
#ifndef CORE_EMULATE_H
#define CORE_EMULATE_H

#include "core/types.h"
#include "core/vcpu_hw.h"

#define EXCEPTION_UD 6U
#define EXCEPTION_MC 18U
#define EXCEPTION_DF 8U
#define EXCEPTION_GP 13U
#define EXCEPTION_PF 14U

static inline void emulate_skip(vcpu_id_t id, uint32_t length)
{
    vcpu_regs[id].rip += length;
    hw_vcpu_skipped(id);
}

static inline void emulate_gp(vcpu_id_t id)
{
    hw_vcpu_inject_exception(id, EXCEPTION_GP, true, 0U);
}

/* AMD APM 2, 8.4.2. present: the page is there, but not for this access. */
static inline void emulate_pf(vcpu_id_t id, uint64_t gva, bool write, bool present)
{
    uint32_t error = present ? 1U : 0U;
    error |= write ? 2U : 0U;
    error |= (hw_vcpu_get(id, REG_CPL) == 3U) ? 4U : 0U;
    hw_vcpu_set(id, REG_CR2, gva);
    hw_vcpu_inject_exception(id, EXCEPTION_PF, true, error);
}

static inline void emulate_ud(vcpu_id_t id)
{
    hw_vcpu_inject_exception(id, EXCEPTION_UD, false, 0U);
}

/* The part of the accumulator that a port access of this size has. */
static inline uint32_t emulate_port_mask(uint32_t size)
{
    return (size >= 4U) ? 0xFFFFFFFFU : (((uint32_t)1U << (size * 8U)) - 1U);
}

/* What IN has read: a 32-bit destination clears the upper half of RAX, the smaller ones keep the rest. */
static inline void emulate_port_read(vcpu_id_t id, uint32_t size, uint32_t value)
{
    uint64_t keep = (size >= 4U) ? 0U : (vcpu_regs[id].gpr[GPR_RAX] & ~(uint64_t)emulate_port_mask(size));
    vcpu_regs[id].gpr[GPR_RAX] = keep | (value & emulate_port_mask(size));
}

/* EDX:EAX as one number, and back; the upper halves are cleared as the instructions do. */
static inline uint64_t emulate_edx_eax(vcpu_id_t id)
{
    return ((vcpu_regs[id].gpr[GPR_RDX] & 0xFFFFFFFFU) << 32) | (vcpu_regs[id].gpr[GPR_RAX] & 0xFFFFFFFFU);
}

static inline void emulate_set_edx_eax(vcpu_id_t id, uint64_t value)
{
    vcpu_regs[id].gpr[GPR_RAX] = value & 0xFFFFFFFFU;
    vcpu_regs[id].gpr[GPR_RDX] = value >> 32;
}

#endif
