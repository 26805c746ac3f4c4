/* SPDX-License-Identifier: Apache-2.0 */
/* What the backends of both vendors stand on: registers and maps of their vCPUs, and core/quick.h, which says what the test wants. For one test program each. */
#ifndef UNIT_BACKEND_MACHINE_H
#define UNIT_BACKEND_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/cpuid.h"
#include "core/quick.h"
#include "core/stats.h"
#include "core/trace.h"
#include "core/vcpu_hw.h"
#include "x86/access_maps.h"

#define GUEST 8U /* vCPU 0 of VM 1 */

struct vcpu_regs vcpu_regs[MAX_VCPU];
struct vcpu_stats vcpu_stats[MAX_VCPU];
uint8_t access_msr_map[MAX_VM][ACCESS_MSR_BYTES];
uint8_t access_io_map[MAX_VM][ACCESS_IO_BYTES];
volatile uint32_t trace_events;
static _Atomic uint32_t kick;

static bool answers; /* what core/quick.h says */
static uint32_t asked, asked_cpl, asked_size, asked_port;
static bool asked_write;
static bool answer(vcpu_id_t id)
{
    assert_int_equal(id, GUEST);
    asked++;
    vcpu_regs[id].gpr[GPR_RAX] += answers ? 0x100U : 0U;
    return answers;
}
bool core_quick_msr_read(vcpu_id_t id) { return answer(id); }
bool core_quick_msr_write(vcpu_id_t id) { asked_write = true; return answer(id); }
bool core_quick_hypercall(vcpu_id_t id, uint32_t cpl) { asked_cpl = cpl; return answer(id); }
bool core_quick_port(vcpu_id_t id, uint32_t port, uint32_t size, bool write)
{
    asked_port = port;
    asked_size = size;
    asked_write = write;
    return answer(id);
}
static uint32_t quick_traced; /* the reason of the last one + 1 */
void trace_record_quick(vcpu_id_t vcpu, enum hv_exit_reason reason, uint64_t left, uint64_t now)
{
    assert_int_equal(vcpu, GUEST);
    assert_true(left <= now);
    quick_traced = (uint32_t)reason + 1U;
}

static inline void quick_reset(void)
{
    memset(vcpu_regs, 0, sizeof(vcpu_regs));
    memset(vcpu_stats, 0, sizeof(vcpu_stats));
    asked = 0U;
    asked_write = false;
    answers = false;
    quick_traced = 0U;
}

/* Bits of a map of intercepts that are clear. */
static inline uint32_t open_bits(const uint8_t *map, uint32_t size)
{
    uint32_t count = 0U;
    for (uint32_t i = 0U; i < (size * 8U); i++) {
        count += ((map[i / 8U] >> (i % 8U)) & 1U) ^ 1U;
    }
    return count;
}

#endif
