/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a vCPU may do with its local APIC without the lock.
 *
 * End of interrupt: ISR belongs to the core that runs the vCPU. Others only set bits of IRR and TMR, with the lock held, and then kick
 * this core: what is requested after IRR was seen empty here is delivered by the exit that the kick makes.
 *
 * The timer. Its registers and its deadline are read and written only by the core that the vCPU is bound to,
 * in its own exits and in core_next(), or by others while the vCPU is stopped (decision 0015). The core's timer was armed by core_next()
 * for the least of all that it waits for. When that was not this vCPU's old deadline, the new least is that or the new deadline.
 */
#include "core/hw.h"
#include "devices/vlapic.h"
#include "devices/vlapic_state.h"

#define MSR_TSC_DEADLINE 0x6E0U
#define MSR_EOI          (0x800U + APIC_REG_EOI)
#define MSR_TMICT        (0x800U + APIC_REG_TMICT)

static bool quick_eoi(vcpu_id_t id, uint64_t value)
{
    bool done = vlapic_in_x2apic(id) && (value == 0U) && !vlapic[id].eoi_offered && !vlapic[id].lent && vlapic_eoi_is_silent(id);

    if (done) {
        vlapic_eoi_silent(id);
    }
    return done;
}

static bool quick_timer(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    bool count = (msr == MSR_TMICT) && vlapic_in_x2apic(id) && (value <= 0xFFFFFFFFU);
    bool known = count || (msr == MSR_TSC_DEADLINE);
    uint64_t armed = known ? hw_timer_armed() : TIME_NEVER;
    bool done = known && ((armed == TIME_NEVER) || (armed != vlapic_deadline(id)));

    if (done) {
        uint64_t deadline;
        if (count) {
            vlapic_timer_set_initial(id, (uint32_t)value);
        } else {
            vlapic_timer_set_deadline_msr(id, value);
        }
        deadline = vlapic_deadline(id);
        if (deadline < armed) {
            hw_timer_arm(deadline);
        }
    }
    return done;
}

/* REQ-RT-060 */
bool vlapic_quick_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    return (msr == MSR_EOI) ? quick_eoi(id, value) : quick_timer(id, msr, value);
}
