/* SPDX-License-Identifier: Apache-2.0 */
#include "core/trace.h"
#include "core/limits.h"
#include "core/vcpu_hw.h"

#define TRACE_EVENTS_AT 20U  /* offsets in struct hv_trace */
#define TRACE_RING_AT   64U

_Static_assert(MAX_PCPU <= HV_TRACE_CORES, "a ring for each core");
_Static_assert(MAX_VCPU <= HV_TRACE_NO_VCPU, "each vCPU has a number in a record");

/* How far each core's ring has got: a cache line each, so that a core that records does not disturb another. */
struct trace_position {
    uint64_t written;
    uint64_t unused[7];
};
static struct trace_position trace_position[MAX_PCPU];
static hpa_t trace_base;
volatile uint32_t trace_events;

/* REQ-RT-031 */
void trace_init(hpa_t base)
{
    trace_base = base;
    hw_trace_map(base, HV_TRACE_SIZE / PAGE_SIZE);
    hw_phys_write(base, 4U, HV_TRACE_MAGIC);
    hw_phys_write(base + 4U, 4U, HV_TRACE_VERSION);
    hw_phys_write(base + 8U, 4U, HV_TRACE_CORES);
    hw_phys_write(base + 12U, 4U, HV_TRACE_CAPACITY);
    hw_phys_write(base + 16U, 4U, sizeof(struct hv_trace_record));
    hw_phys_write(base + 24U, 8U, hw_tsc_hz());
}

void trace_select(uint32_t events)
{
    trace_events = events & HV_TRACE_ALL;
    if (trace_base != 0U) { /* the hypervisor's device is reset at boot, before there is a header */
        hw_phys_write(trace_base + TRACE_EVENTS_AT, 4U, events & HV_TRACE_ALL);
    }
}

uint32_t trace_selected(void)
{
    return trace_events;
}

/* The count is stored after the record, which x86's ordering of stores (Intel SDM 3, 9.2.2) makes visible in that order. */
/* REQ-RT-031 REQ-RT-006 */
void trace_record(enum hv_trace_kind kind, vcpu_id_t vcpu, uint32_t arg, uint32_t value, uint64_t tsc)
{
    const pcpu_id_t core = hw_pcpu();
    struct trace_position *position = &trace_position[core];
    const uint32_t at = HV_TRACE_RINGS + (core * HV_TRACE_RING) +
                        ((uint32_t)(position->written % HV_TRACE_CAPACITY) * (uint32_t)sizeof(struct hv_trace_record));
    const uint64_t about = (vcpu < MAX_VCPU) ? vcpu : HV_TRACE_NO_VCPU;
    hw_trace_write(at, tsc);
    hw_trace_write(at + 8U, value | ((arg & 0xFFFFULL) << 32U) | (about << 48U) | ((uint64_t)kind << 56U));
    position->written++;
    hw_trace_write(TRACE_RING_AT + (core * (uint32_t)sizeof(struct hv_trace_ring)), position->written);
}

void trace_record_exit(vcpu_id_t vcpu, const struct vm_exit *exit, uint64_t tsc)
{
    const uint32_t value = (exit->reason == HV_EXIT_MMIO) ? (uint32_t)(exit->gpa / PAGE_SIZE) : exit->number;
    trace_record(HV_TRACE_EXIT, vcpu, (uint32_t)exit->reason, value, tsc);
}

/* value: what the guest's registers say that it reached for; the answer is in RAX and RDX. */
void trace_record_quick(vcpu_id_t vcpu, enum hv_exit_reason reason, uint64_t left, uint64_t now)
{
    const uint64_t *gpr = vcpu_regs[vcpu].gpr;
    if (trace_wants(HV_TRACE_EXIT)) {
        const bool msr = (reason == HV_EXIT_MSR_READ) || (reason == HV_EXIT_MSR_WRITE);
        trace_record(HV_TRACE_EXIT, vcpu, (uint32_t)reason, msr ? (uint32_t)gpr[GPR_RCX] : 0U, left);
    }
    if ((reason == HV_EXIT_HYPERCALL) && trace_wants(HV_TRACE_HYPERCALL)) {
        trace_record(HV_TRACE_HYPERCALL, vcpu, (uint32_t)gpr[GPR_R8], (uint32_t)gpr[GPR_RDI], left);
    }
    if (trace_wants(HV_TRACE_ENTRY)) {
        trace_record(HV_TRACE_ENTRY, vcpu, 0U, 0U, now);
    }
}
