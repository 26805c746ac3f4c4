/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Service VM of "Bulkhead alone" on a machine that ./bulkhead bench --image has made a stick for: sleeps until the real-time VM has
 * taken all its samples, then prints their record (rtvm/record.h), whole on the console and in short on the screen. build=COMMIT on its command line.
 */
#include <stddef.h>

#include "abi/rt_telemetry.h"
#include "rtvm/record.h"
#include "rtvm/screen.h"
#include "tests/guests/guest.h"
#include "tests/guests/statistics.h"
#include "tests/guests/words.h"

#define MSR_APIC_BASE 0x1BU
#define X2APIC(offset) (0x800U + ((offset) >> 4))
#define SVR   0x0F0U
#define TIMER 0x320U
#define TMICT 0x380U
#define TDCR  0x3E0U
#define WAKE  0x50U
#define DIVIDE_BY_128 0xAU
#define SLEEP 7812500U /* 1 s of a timer that counts 1 GHz by 128; the rate does not matter here */

static bool on_screen;

void record_char(char c)
{
    const char text[2] = { c, '\0' };
    if (on_screen) {
        screen_char(c);
    } else {
        print_text((c == '\n') ? "\r\n" : text);
    }
}

/* No exit is known since the end of warm-up unless the last one came later. */
static void exits_of(struct record *record, const struct hv_stats *stats)
{
    for (uint32_t v = 0U; v < HV_STATS_VMS; v++) {
        const struct hv_vm_stats *const vm = &stats->vm[v];
        if ((vm->state != 0U) && (vm->exclusive != 0U)) {
            record->exits_steady = (vm->vcpu[0].last_exit_tsc < record->rt->steady_tsc) ? 0U : 1U;
            record->exits_total = vm->vcpu[0].exits_total;
            record->boot_ticks = vm->start_tsc - stats->boot_tsc;
        }
    }
}

void guest_main(void)
{
    const uint32_t bdf = find_function();
    const volatile struct rt_telemetry *const rt = (const volatile struct rt_telemetry *)(uintptr_t)region_of(bdf, HV_REGION_SHARED);
    struct record record = { .condition = "alone", .build = word_of("build="), .date = "", .machine = "", .rt = rt, .on_hypervisor = true };
    check("hypervisor found", (bdf < FUNCTIONS) && (rt != NULL), bdf);
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(X2APIC(SVR), 0x1FFU);
    msr_set(X2APIC(TDCR), DIVIDE_BY_128);
    msr_set(X2APIC(TIMER), WAKE);
    do {
        msr_set(X2APIC(TMICT), SLEEP);
        wait_for_interrupt();
    } while ((rt->magic != RT_MAGIC) || (rt->state != (uint32_t)RT_FINISHED));
    exits_of(&record, statistics(bdf));
    record_print(&record, true);
    on_screen = true;
    screen_clear();
    record_print(&record, false);
}
