/* SPDX-License-Identifier: Apache-2.0 */
/* eva-sources: core/crash_boot.c core/ram_clear.c core/fault_policy.c */
/* eva-without: state */
/* eva-stubs: log string */
/* eva-options: -eva-auto-loop-unroll 100 */
/* Crash records: any memory at boot, any failure after it. The RAM that is cleared, of a table whose counts have passed. */
#include "core/boot_info.h"
#include "core/crash.c"
#include "core/partition.h"
#include "core/ram_clear.h"
#include "proofs/eva/eva.h"

struct boot_info boot_info;
union partition_storage partition;
struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
struct vcpu_stats vcpu_stats[MAX_VCPU];

static void assume_plan(void)
{
    crash_plan.places = any_below(HV_CRASH_EXCEPTIONS + 1U);
    /*@ loop unroll HV_CRASH_EXCEPTIONS; */
    for (uint32_t i = 0U; i < HV_CRASH_EXCEPTIONS; i++) {
        crash_plan.place[i] = any_below(HV_CRASH_EXCEPTIONS);
    }
}

int main(void)
{
    const struct hv_crash_frame frame = { .rip = any, .vector = any };
    const struct crash_fault fault = { any_below(PART_FAULTS), any_below(HV_CRASH_ACTIONS), (uint32_t)any, any, any };
    assume_plan();
    switch (any_below(5U)) {
    case 0U: crash_init(any); break;
    case 1U: crash_exception((uint32_t)any, any_id(MAX_VCPU), any_bool(), &frame, any); break;
    case 2U: crash_vm(any_below(MAX_VCPU), &fault); break;
    case 3U: crash_seen(); break;
    default:
        ram_clear_begin();
        while (ram_clear_step()) {
        }
        break;
    }
    /*@ assert places: crash_plan.places <= HV_CRASH_EXCEPTIONS; */
    return 0;
}
