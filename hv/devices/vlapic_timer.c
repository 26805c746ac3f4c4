/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Timer of the virtual local APIC: one-shot, periodic and TSC-deadline (Intel
 * SDM 3, 10.5.4). It counts at the TSC rate through the divider; its only state
 * is the TSC value of the next event, so nothing runs between events.
 */
#include "core/hw.h"
#include "core/vm.h"
#include "devices/vlapic.h"
#include "devices/vlapic_state.h"

#define TIMER_MODE_MASK     0x60000U
#define TIMER_MODE_PERIODIC 0x20000U
#define TIMER_MODE_DEADLINE 0x40000U

/* A periodic timer fires at most this often, whatever the guest programs: each event costs an
 * exit of its core, which it may share. */
#define PERIODIC_MAX_HZ 10000U

static uint32_t timer_mode(vcpu_id_t id)
{
    return vlapic[id].lvt[LVT_TIMER] & TIMER_MODE_MASK;
}

/* 000: by 2 ... 110: by 128, 111: by 1 (SDM 3, figure 10-10). */
static uint32_t divide_shift(vcpu_id_t id)
{
    uint32_t code = (vlapic[id].timer_divide & 3U) | ((vlapic[id].timer_divide & 8U) >> 1U);

    return (code + 1U) & 7U;
}

static uint64_t add_saturated(uint64_t time, uint64_t ticks)
{
    uint64_t last = TIME_NEVER - 1U;

    return (ticks > (last - ((time < last) ? time : last))) ? last : (time + ticks);
}

/* TSC ticks from the initial count to zero: below 2^39, and at least 1. */
static uint64_t timer_period(vcpu_id_t id)
{
    uint64_t period = (uint64_t)vlapic[id].timer_initial << divide_shift(id);

    if (timer_mode(id) == TIMER_MODE_PERIODIC) {
        uint64_t least = hw_tsc_hz() / PERIODIC_MAX_HZ;
        period = (period < least) ? least : period;
    }
    return (period == 0U) ? 1U : period;
}

static void timer_start(vcpu_id_t id, uint64_t ticks)
{
    bool runs = (vlapic[id].timer_initial != 0U) && (timer_mode(id) <= TIMER_MODE_PERIODIC);

    vlapic[id].deadline = runs ? add_saturated(hw_tsc(), ticks) : TIME_NEVER;
}

/* REQ-INT-015 */
uint64_t vlapic_deadline(vcpu_id_t id)
{
    bool masked = (vlapic[id].lvt[LVT_TIMER] & LVT_MASKED) != 0U;

    return masked ? TIME_NEVER : vlapic[id].deadline;
}

/* Periods that passed while nobody looked make one event, as in an IRR bit that is already set. */
/* REQ-RT-019 */
void vlapic_advance(vcpu_id_t id, uint64_t now)
{
    uint64_t due = vlapic[id].deadline;

    if ((due != TIME_NEVER) && (due <= now)) {
        if (timer_mode(id) == TIMER_MODE_PERIODIC) {
            uint64_t period = timer_period(id);
            uint64_t missed = (now - due) / period;
            vlapic[id].deadline = add_saturated(due, (missed + 1U) * period);
        } else {
            vlapic[id].deadline = TIME_NEVER;
        }
        if ((vlapic[id].lvt[LVT_TIMER] & LVT_MASKED) == 0U) {
            vlapic_post(id, vlapic[id].lvt[LVT_TIMER] & 0xFFU, false);
            vcpu_notify(id);
        }
    }
}

/* What fell due under the old mask or mode is settled first. Changing from or to TSC-deadline
 * mode disarms the timer (SDM 3, 10.5.4.1). */
void vlapic_timer_set_lvt(vcpu_id_t id, uint32_t value)
{
    bool was_deadline = timer_mode(id) == TIMER_MODE_DEADLINE;
    bool is_deadline = (value & TIMER_MODE_MASK) == TIMER_MODE_DEADLINE;

    vlapic_advance(id, hw_tsc());
    vlapic[id].lvt[LVT_TIMER] = value;
    if (was_deadline != is_deadline) {
        vlapic[id].deadline = TIME_NEVER;
        vlapic[id].timer_initial = 0U;
    }
}

void vlapic_timer_set_initial(vcpu_id_t id, uint32_t value)
{
    if (timer_mode(id) != TIMER_MODE_DEADLINE) {
        vlapic[id].timer_initial = value;
        timer_start(id, timer_period(id));
    }
}

/* A running count goes on from where it is, at the new rate. */
void vlapic_timer_set_divide(vcpu_id_t id, uint32_t value)
{
    uint32_t count = vlapic_timer_current(id);

    vlapic[id].timer_divide = value;
    if (count != 0U) {
        timer_start(id, (uint64_t)count << divide_shift(id));
    }
}

uint32_t vlapic_timer_current(vcpu_id_t id)
{
    uint64_t due = vlapic[id].deadline;
    uint64_t now = hw_tsc();
    uint64_t left = 0U;

    if ((due != TIME_NEVER) && (timer_mode(id) != TIMER_MODE_DEADLINE)) {
        if (due > now) {
            left = due - now;
        } else if (timer_mode(id) == TIMER_MODE_PERIODIC) {
            left = timer_period(id) - ((now - due) % timer_period(id));
        } else {
            left = 0U;
        }
    }
    left >>= divide_shift(id);
    return (left > vlapic[id].timer_initial) ? vlapic[id].timer_initial : (uint32_t)left;
}

uint64_t vlapic_timer_deadline_msr(vcpu_id_t id)
{
    bool armed = (timer_mode(id) == TIMER_MODE_DEADLINE) && (vlapic[id].deadline != TIME_NEVER);

    return armed ? vlapic[id].deadline : 0U;
}

/* In the other modes a write is ignored. */
void vlapic_timer_set_deadline_msr(vcpu_id_t id, uint64_t value)
{
    if (timer_mode(id) == TIMER_MODE_DEADLINE) {
        vlapic[id].deadline = (value == 0U) ? TIME_NEVER : value;
    }
}
