/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a timer interrupt of a Service VM's vCPU costs: its exits, and the instructions for arming, delivery and EOI together. The vCPU
 * waits in a loop of three instructions that it counts and that are left out, so under counted time (a tick is an instruction) the
 * hypervisor's share is what this prints less what it prints on the bare machine. Also in HLT: exits only, as the clock then runs by itself.
 */
#include "tests/guests/guest.h"
#include "tests/guests/statistics.h"

#define MSR_APIC_BASE 0x1BU
#define X2APIC(offset) (0x800U + ((offset) >> 4))
#define SVR   0x0F0U
#define TIMER 0x320U
#define TMICT 0x380U
#define TDCR  0x3E0U
#define VECTOR_TIMER 0x50U
#define KVM_SIGNATURE 0x4B4D564BU
#define FEATURE_PV_EOI 0x40U
#define MSR_PV_EOI 0x4B564D04U
#define ROUNDS 1000U
#define COUNT  50000U
#define INSTRUCTIONS 3U /* of one turn of the loop */

/* As Linux does on KVM. */
static void eoi_by_memory(void)
{
    uint32_t leaf[4];
    cpuid_get(0x40000000U, 0U, leaf);
    if (leaf[1] == KVM_SIGNATURE) {
        cpuid_get(0x40000001U, 0U, leaf);
        if ((leaf[0] & FEATURE_PV_EOI) != 0U) {
            msr_set(MSR_PV_EOI, (uint64_t)(uintptr_t)&eoi_word | 1U);
        }
    }
}

static void apic_on(void)
{
    out8(0x21U, 0xFFU); /* on the bare machine the firmware leaves the PIC's lines on */
    out8(0xA1U, 0xFFU);
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(X2APIC(SVR), 0x1FFU);
    msr_set(X2APIC(TDCR), 0xBU);
    msr_set(X2APIC(TIMER), VECTOR_TIMER);
}

static void arm(void)
{
    __asm__ volatile("wrmsr" : : "c"(X2APIC(TMICT)), "a"(COUNT), "d"(0U));
}

/* Turns of the loop until the interrupt came. */
static uint64_t spin(void)
{
    const uint64_t before = interrupt_count[VECTOR_TIMER];
    uint64_t turns = 0U;
    __asm__ volatile("1: incq %0\n\tcmpq %2, %1\n\tje 1b" : "+r"(turns) : "m"(interrupt_count[VECTOR_TIMER]), "r"(before) : "cc", "memory");
    return turns;
}

static void halt(void)
{
    const uint64_t before = interrupt_count[VECTOR_TIMER];
    while (interrupt_count[VECTOR_TIMER] == before) {
        wait_for_interrupt();
    }
}

static void busy(uint32_t bdf)
{
    uint64_t own = 0U;
    const uint64_t exits = exits_of_service(bdf);
    __asm__ volatile("sti");
    const uint64_t start = tsc();
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        arm();
        own += spin() * INSTRUCTIONS;
    }
    const uint64_t ticks = tsc() - start;
    __asm__ volatile("cli");
    print_figure("exits busy", exits_of_service(bdf) - exits);
    print_figure("ticks busy", ticks - own);
}

static void halted(uint32_t bdf)
{
    const uint64_t exits = exits_of_service(bdf);
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        arm();
        halt();
    }
    print_figure("exits halted", exits_of_service(bdf) - exits);
}

/* What reading the number of exits adds to it. */
static void nothing(uint32_t bdf)
{
    const uint64_t exits = exits_of_service(bdf);
    print_figure("exits nothing", exits_of_service(bdf) - exits);
}

void guest_main(void)
{
    const uint32_t bdf = find_function();
    apic_on();
    eoi_by_memory();
    nothing(bdf);
    busy(bdf);
    halted(bdf);
    print_figure("rounds", ROUNDS);
}
