/* SPDX-License-Identifier: Apache-2.0 */
/* What an exit costs: least TSC ticks of 1000 rounds. Under counted time a tick is an instruction. */
#include "tests/guests/guest.h"

#define ROUNDS 1000U
#define MSR_EFER 0xC0000080U
#define CLOSED_PORT 0x500U

enum kind { KIND_CPUID, KIND_MSR, KIND_PORT };

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
    default:
        (void)in8(CLOSED_PORT);
        break;
    }
}

static void measure(const char *name, enum kind kind)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        const uint64_t before = tsc();
        one(kind);
        const uint64_t ticks = tsc() - before;
        least = (ticks < least) ? ticks : least;
    }
    print_text(name);
    print_text(" ");
    print_hex(least);
    print_text("\r\n");
}

void guest_main(void)
{
    print_text("cost\r\n");
    measure("cpuid", KIND_CPUID);
    measure("rdmsr", KIND_MSR);
    measure("in", KIND_PORT);
}
