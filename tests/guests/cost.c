/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an exit costs: TSC ticks around one instruction, the least of 1000 rounds, then also their mean and the most.
 * Under counted time a tick is an instruction. Also runs on the bare machine, where nothing exits.
 */
#include "tests/guests/guest.h"

#define ROUNDS 1000U
#define MSR_EFER 0xC0000080U
#define CLOSED_PORT 0x500U /* a pre-launched VM does not have it; the Service VM has what nobody else does */
#define RTVM_PORT 0x3E8U   /* the Service VM does not have it */

enum kind { KIND_CPUID, KIND_MSR, KIND_PORT, KIND_CALL, KIND_OTHERS_PORT, KIND_NOTHING };

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
}

static bool has_hypercalls(void)
{
    TRY("xor %%r8d, %%r8d; vmmcall", : : : "r15", "rax", "r8", "memory");
    return trap_vector == NO_TRAP;
}

void guest_main(void)
{
    print_text("cost\r\n");
    measure("cpuid", KIND_CPUID);
    measure("rdmsr", KIND_MSR);
    measure("in", KIND_PORT);
    if (has_hypercalls()) {
        measure("vmmcall", KIND_CALL);
    }
    measure("in_3e8", KIND_OTHERS_PORT);
    measure("nothing", KIND_NOTHING);
}
