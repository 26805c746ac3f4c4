/* SPDX-License-Identifier: Apache-2.0 */
/* An exclusive VM that makes each of its exits; ends with a triple fault. Counted from outside (scons budget). */
#include "tests/guests/gates.h"
#include "tests/guests/guest.h"

#define MSR_APIC_BASE 0x1BU
#define MSR_X2APIC_ICR 0x830U
#define CLOSED_PORT 0x500U
#define ROUNDS 8U
#define SETTLE 20000000U

/* Its number is whatever R8 holds: on an exclusive core none is one. */
static void refused_call(void)
{
    if (guest_on_intel) {
        TRY("vmcall", : : : "r15", "rax", "memory");
    } else {
        TRY("vmmcall", : : : "r15", "rax", "memory");
    }
}

static void instructions(void)
{
    uint32_t leaf[4];
    for (uint32_t i = 0U; i < 0x20U; i++) {
        cpuid_get(i, 0U, leaf);
        cpuid_get(0x80000000U + i, 0U, leaf);
        cpuid_get(0x40000000U + i, 0U, leaf);
    }
    TRY("wbinvd", : : : "r15", "memory");
    refused_call();
    TRY("vmrun %%rax", : : "a"(0UL) : "r15", "memory");
    TRY("rdpmc", : : "c"(0) : "r15", "rax", "rdx", "memory");
}

static void ports(void)
{
    static uint8_t bytes[8];
    const uint8_t *from = bytes;
    uint8_t *to = bytes;
    uint64_t count = sizeof(bytes);
    (void)in8(CLOSED_PORT);
    out8(CLOSED_PORT, 0U);
    __asm__ volatile("rep insb" : "+D"(to), "+c"(count) : "d"(CLOSED_PORT) : "memory");
    count = sizeof(bytes);
    __asm__ volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(CLOSED_PORT) : "memory");
}

static void msrs(void)
{
    static const uint32_t numbers[] = { 0x10U, 0x1BU, 0x3AU, 0x8BU, 0xFEU, 0x179U, 0x1A0U, 0x200U, 0x277U, 0x2FFU, 0x802U, 0x803U, 0x80DU,
        0x80FU, 0x828U, 0x832U, 0x833U, 0x835U, 0x837U, 0xC0000080U, 0xC0010015U, 0xC0010117U, 0x40000000U, 0x4B564D01U };
    for (uint32_t i = 0U; i < (sizeof(numbers) / sizeof(numbers[0])); i++) {
        const uint64_t value = msr_get(numbers[i]);
        if (trap_vector == NO_TRAP) {
            msr_set(numbers[i], value);
        }
    }
}

/* To itself and to all: fixed, lowest priority, NMI, INIT, SIPI; physical, logical, shorthand. */
static void ipis(void)
{
    static const uint32_t modes[] = { 0x40041U, 0x80042U, 0xC0043U, 0x144U, 0x945U, 0x4500U, 0x608U, 0x40400U };
    for (uint32_t i = 0U; i < (sizeof(modes) / sizeof(modes[0])); i++) {
        msr_set(MSR_X2APIC_ICR, modes[i]);
        msr_set(MSR_X2APIC_ICR, 0xFFFFFFFF00000000U | modes[i]);
        __asm__ volatile("sti; nop; nop; cli");
    }
}

void guest_main(void)
{
    const uint64_t start = tsc();
    print_text("load\r\n");
    while ((tsc() - start) < SETTLE) {
        /* the other cores come to rest */
    }
    refused_call(); /* counting starts */
    for (uint32_t round = 0U; round < ROUNDS; round++) {
        instructions();
        ports();
        msrs();
        ipis();
    }
    print_text("triple fault\r\n");
    triple_fault();
}
