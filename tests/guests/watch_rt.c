/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Service VM that sleeps until the real-time VM has taken all its samples, then prints what the hypervisor counted
 * (./bulkhead bench). It sleeps for 20 s at a time, so that it does not run while samples are taken.
 */
#include <stddef.h>

#include "abi/rt_telemetry.h"
#include "tests/guests/guest.h"
#include "tests/guests/statistics.h"

#define MSR_APIC_BASE 0x1BU
#define X2APIC(offset) (0x800U + ((offset) >> 4))
#define SVR   0x0F0U
#define TIMER 0x320U
#define TMICT 0x380U
#define TDCR  0x3E0U
#define WAKE  0x50U
#define DIVIDE_BY_128 0xAU
#define SLEEP 156250000U /* 20 s of a timer that counts 1 GHz by 128 */

static void sleep_once(void)
{
    msr_set(X2APIC(TMICT), SLEEP);
    wait_for_interrupt();
}

static void report(const struct hv_stats *stats, const volatile struct rt_telemetry *rt)
{
    static char reason[] = "exits_0"; /* _0 to _f */
    print_figure("boot_tsc", stats->boot_tsc);
    print_figure("tsc_hz", stats->tsc_hz);
    print_figure("steady_tsc", rt->steady_tsc);
    print_figure("samples", rt->samples);
    for (uint32_t v = 0U; v < HV_STATS_VMS; v++) {
        const struct hv_vm_stats *const vm = &stats->vm[v];
        if ((vm->state != 0U) && (vm->exclusive != 0U)) {
            print_figure("start_tsc", vm->start_tsc);
            print_figure("exits_total", vm->vcpu[0].exits_total);
            print_figure("last_exit_tsc", vm->vcpu[0].last_exit_tsc);
            for (uint32_t r = 0U; r < (uint32_t)HV_EXIT_REASONS; r++) {
                reason[6] = "0123456789abcdef"[r];
                print_figure(reason, vm->vcpu[0].exits[r]);
            }
        }
    }
}

void guest_main(void)
{
    const uint32_t bdf = find_function();
    const volatile struct rt_telemetry *const rt = (const volatile struct rt_telemetry *)(uintptr_t)region_of(bdf, HV_REGION_SHARED);
    check("hypervisor found", (bdf < FUNCTIONS) && (rt != NULL), bdf);
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(X2APIC(SVR), 0x1FFU);
    msr_set(X2APIC(TDCR), DIVIDE_BY_128);
    msr_set(X2APIC(TIMER), WAKE);
    do {
        sleep_once();
    } while ((rt->magic != RT_MAGIC) || (rt->state != (uint32_t)RT_FINISHED));
    report(statistics(bdf), rt);
}
