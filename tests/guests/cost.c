/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an exit costs: TSC ticks around one instruction, the least of 1000 rounds, then also their mean and the most.
 * Under counted time a tick is an instruction. Also runs on the bare machine, where nothing exits. With record=1 on the command line, for
 * a machine that is no emulator, the outcome as a record (rtvm/record.h) on console and screen, with condition=, build=, date= and machine=.
 */
#include <stddef.h>

#include "rtvm/console.h"
#include "rtvm/record.h"
#include "rtvm/rtc.h"
#include "rtvm/screen.h"
#include "tests/guests/guest.h"
#include "tests/guests/words.h"

#define ROUNDS 1000U
#define KINDS  6U
#define LEAF_TIMING 0x40000010U /* KVM's and Bulkhead's: TSC in kHz */
#define MSR_EFER 0xC0000080U
#define CLOSED_PORT 0x500U /* a pre-launched VM does not have it; the Service VM has what nobody else does */
#define RTVM_PORT 0x3E8U   /* the Service VM does not have it */

enum kind { KIND_CPUID, KIND_MSR, KIND_PORT, KIND_CALL, KIND_CALL_INTEL, KIND_OTHERS_PORT, KIND_NOTHING };

static void one(enum kind kind)
{
    uint32_t leaf[4];
    switch (kind) {
    case KIND_CPUID:
        cpuid_get(1U, 0U, leaf);
        break;
    case KIND_MSR:
        __asm__ volatile("rdmsr" : "=a"(leaf[0]), "=d"(leaf[1]) : "c"(MSR_EFER));
        break;
    case KIND_PORT:
        (void)in8(CLOSED_PORT);
        break;
    case KIND_CALL: /* R8 0: no hypercall has this number */
        __asm__ volatile("xor %%r8d, %%r8d; vmmcall" : : : "r8", "rax", "memory");
        break;
    case KIND_CALL_INTEL:
        __asm__ volatile("xor %%r8d, %%r8d; vmcall" : : : "r8", "rax", "memory");
        break;
    case KIND_OTHERS_PORT:
        (void)in8(RTVM_PORT);
        break;
    default:
        break;
    }
}

static void print_figure(const char *name, const char *which, uint64_t value)
{
    print_text(name);
    print_text(which);
    print_text(" ");
    print_hex(value);
    print_text("\r\n");
}

static struct record_cost costs[KINDS];
static uint32_t cost_count;
static bool on_screen;

static void measure(const char *name, enum kind kind)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0U;
    uint64_t sum = 0U;
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        const uint64_t before = tsc();
        one(kind);
        const uint64_t ticks = tsc() - before;
        least = (ticks < least) ? ticks : least;
        most = (ticks > most) ? ticks : most;
        sum += ticks;
    }
    print_figure(name, "", least);
    print_figure(name, " mean", sum / ROUNDS);
    print_figure(name, " most", most);
    costs[cost_count] = (struct record_cost){ name, least, sum / ROUNDS, most };
    cost_count++;
}

void record_char(char c)
{
    const char text[2] = { c, '\0' };
    if (on_screen) {
        screen_char(c);
    } else {
        print_text((c == '\n') ? "\r\n" : text);
    }
}

/* For rtvm/rtc.c. */
void console_text(const char *text) { print_text(text); }

static uint64_t tsc_hz(void)
{
    uint32_t leaf[4];
    cpuid_get(0x40000000U, 0U, leaf);
    if ((leaf[0] >= LEAF_TIMING) && (leaf[0] < 0x40010000U)) {
        cpuid_get(LEAF_TIMING, 0U, leaf);
    } else {
        leaf[0] = 0U;
    }
    return (leaf[0] != 0U) ? ((uint64_t)leaf[0] * 1000U) : rtc_tsc_hz();
}

static void print_record(void)
{
    const struct record record = { .condition = word_of("condition="), .build = word_of("build="), .date = word_of("date="), .machine = word_of("machine="),
                                   .rt = NULL, .costs = costs, .cost_count = cost_count, .tsc_hz = tsc_hz() };
    record_print(&record, true);
    on_screen = true;
    screen_clear();
    record_print(&record, false);
    on_screen = false;
}

static bool has_hypercalls(void)
{
    if (guest_on_intel) {
        TRY("xor %%r8d, %%r8d; vmcall", : : : "r15", "rax", "r8", "memory");
    } else {
        TRY("xor %%r8d, %%r8d; vmmcall", : : : "r15", "rax", "r8", "memory");
    }
    return trap_vector == NO_TRAP;
}

void guest_main(void)
{
    print_text("cost\r\n");
    measure("cpuid", KIND_CPUID);
    measure("rdmsr", KIND_MSR);
    measure("in", KIND_PORT);
    if (has_hypercalls()) {
        measure(guest_on_intel ? "vmcall" : "vmmcall", guest_on_intel ? KIND_CALL_INTEL : KIND_CALL);
    }
    measure("in_3e8", KIND_OTHERS_PORT);
    measure("nothing", KIND_NOTHING);
    if (word_of("record=1")[0] != '\0') {
        print_record();
    }
}
