/* SPDX-License-Identifier: Apache-2.0 */
#include "outcome.h"

#include "console.h"
#include "cpu.h"
#include "options.h"
#include "record.h"
#include "screen.h"

#define VENDOR_INTEL 0x756E6547U /* CPUID 0 EBX: "Genu" */

static bool on_screen;

void record_char(char c)
{
    if (on_screen) {
        screen_char(c);
    } else {
        if (c == '\n') {
            console_char('\r');
        }
        console_char(c);
    }
}

/* SDM 3, 9.11.7.1: zero is written, CPUID replaces it. AMD only reads it (PPR, MSR 0000_008B). */
static uint64_t microcode(void)
{
    uint32_t out[4];
    uint64_t revision;

    cpuid(0U, out);
    if (out[1] == VENDOR_INTEL) {
        msr_write(MSR_MICROCODE, 0U);
        cpuid(1U, out);
        revision = msr_read(MSR_MICROCODE) >> 32;
    } else {
        revision = msr_read(MSR_MICROCODE) & 0xFFFFFFFFU;
    }
    return revision;
}

static const char *condition(void)
{
    const char *name = "bare";

    switch (options.nic) {
    case NIC_POLL:
        name = "nic-poll";
        break;
    case NIC_MSI:
        name = "nic-msi";
        break;
    case NIC_MSIX:
        name = "nic-msix";
        break;
    case NIC_OFF:
    default:
        break;
    }
    return name;
}

void outcome_record(const volatile struct rt_telemetry *telemetry)
{
    struct record record = {
        .condition = condition(), .build = options.build, .date = options.date, .machine = options.machine, .rt = telemetry, .microcode = microcode()
    };

    on_screen = false;
    record_print(&record, true);
    on_screen = true;
    screen_clear();
    record_print(&record, false);
}
