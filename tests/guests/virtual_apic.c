/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local APIC of a Service VM's vCPU where the CPU may have one for guests (REQ-INT-033): the same answers with it and without. What differs are
 * the exits, which the guest has the hypervisor count: of accesses that such a CPU answers alone, and of one that it never does.
 */
#include "tests/guests/gates.h"
#include "tests/guests/statistics.h"

#define MSR_APIC_BASE 0x1BU
#define TPR   0x808U
#define PPR   0x80AU
#define EOI   0x80BU
#define SVR   0x80FU
#define ISR   0x810U
#define TMR   0x818U
#define IRR   0x820U
#define ESR   0x828U
#define SELF  0x83FU
#define LOW   0x41U /* vectors */
#define HIGH  0x71U
#define LEVEL 0x62U
#define GP    13U
#define ROUNDS 500U
#define SPINS 3000000U
#define COM2      0x2F8U
#define COM2_PIN  3U
#define LEVELS 5U

static uint32_t bit_of(uint32_t first, uint32_t vector)
{
    return (uint32_t)(msr_get(first + (vector / 32U)) >> (vector % 32U)) & 1U;
}

static void take_now(void)
{
    __asm__ volatile("sti; nop; nop; cli" : : : "memory");
}

/* Waits with interrupts open until so many came. */
static bool comes(uint32_t vector, uint64_t count)
{
    __asm__ volatile("sti" : : : "memory");
    for (uint32_t i = 0U; (i < SPINS) && (interrupt_count[vector] < count); i++) {
        __asm__ volatile("pause");
    }
    __asm__ volatile("cli" : : : "memory");
    return interrupt_count[vector] >= count;
}

static void requests(void)
{
    msr_set(SELF, LOW);
    msr_set(SELF, HIGH);
    check("requested", (bit_of(IRR, LOW) == 1U) && (bit_of(IRR, HIGH) == 1U) && (bit_of(ISR, HIGH) == 0U), msr_get(IRR + 2U));
    check("edges", (bit_of(TMR, LOW) == 0U) && (bit_of(TMR, HIGH) == 0U), msr_get(TMR + 2U));
    msr_set(TPR, 0x50U);
    check("priority", (msr_get(TPR) == 0x50U) && (msr_get(PPR) == 0x50U), msr_get(PPR));
    take_now();
    check("the-higher-class-comes", (interrupt_count[HIGH] == 1U) && (interrupt_count[LOW] == 0U), interrupt_count[LOW]);
    check("the-lower-waits", bit_of(IRR, LOW) == 1U, msr_get(IRR + 2U));
    __asm__ volatile("mov %0, %%cr8" : : "r"(0x3UL));
    check("cr8-is-tpr", msr_get(TPR) == 0x30U, msr_get(TPR));
    take_now();
    check("and-comes", interrupt_count[LOW] == 1U, interrupt_count[LOW]);
    check("both-ended", (bit_of(ISR, LOW) == 0U) && (bit_of(ISR, HIGH) == 0U) && (msr_get(PPR) == 0x30U), msr_get(PPR));
    msr_set(TPR, 0U);
}

static void refusals(void)
{
    msr_set(EOI, 1U);
    check("eoi-of-one-is-gp", trap_vector == GP, trap_vector);
    msr_set(TPR, 0x100U);
    check("tpr-reserved-is-gp", trap_vector == GP, trap_vector);
    msr_set(SELF, 0x141U);
    check("self-reserved-is-gp", trap_vector == GP, trap_vector);
    msr_set(ISR, 0U);
    check("isr-write-is-gp", trap_vector == GP, trap_vector);
    (void)msr_get(EOI);
    check("eoi-read-is-gp", trap_vector == GP, trap_vector);
    msr_set(ESR, 0U);
    msr_set(SELF, 5U);
    check("self-5-is-no-fault", trap_vector == NO_TRAP, trap_vector);
    msr_set(ESR, 0U);
    check("self-5-is-an-error", msr_get(ESR) == 0x40U, msr_get(ESR));
}

struct interrupted;

/* Its line falls with the look at what the interrupt is, and rises when the character is gone. */
__attribute__((interrupt)) static void transmitted(struct interrupted *frame)
{
    (void)frame;
    interrupt_count[LEVEL]++;
    (void)in8(COM2 + 2U);
    if (interrupt_count[LEVEL] < LEVELS) {
        out8(COM2, (uint8_t)'\n');
    }
    __asm__ volatile("wrmsr" : : "c"(EOI), "a"(0U), "d"(0U) : "memory");
}

/* The transmitter's interrupt at a level-triggered pin: the hypervisor masks the pin when it comes, and lets it come again after the EOI. */
static void levels(void)
{
    volatile uint32_t *const ioapic = (volatile uint32_t *)(uintptr_t)0xFEC00000U;
    handler_set(LEVEL, (uint64_t)(uintptr_t)transmitted);
    ioapic[0] = 0x11U + (2U * COM2_PIN);
    ioapic[4] = 0U;
    ioapic[0] = 0x10U + (2U * COM2_PIN);
    ioapic[4] = 0x8000U | LEVEL;
    out8(COM2 + 4U, 0xBU); /* OUT2: the interrupt's gate */
    out8(COM2 + 1U, 2U);   /* transmitter empty */
    (void)comes(LEVEL, LEVELS);
    out8(COM2 + 1U, 0U);
    ioapic[4] = 0x18000U | LEVEL;
    check("levels-come-again", interrupt_count[LEVEL] == LEVELS, interrupt_count[LEVEL]);
    check("they-are-levels", bit_of(TMR, LEVEL) == 1U, msr_get(TMR + 3U));
}

static void count_exits(uint32_t bdf)
{
    const uint64_t before = exits_of_service(bdf);
    const uint64_t nothing = exits_of_service(bdf) - before;
    const uint64_t start = exits_of_service(bdf);
    uint64_t answered;
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        __asm__ volatile("mov %0, %%cr8" : : "r"((uint64_t)(i % 16U)));
        (void)msr_get(TPR);
        msr_set(TPR, 0U);
        (void)msr_get(PPR);
        (void)msr_get(ISR);
        msr_set(SELF, LOW);
        take_now(); /* the handler's EOI */
    }
    answered = exits_of_service(bdf) - start - nothing;
    check("all-came", interrupt_count[LOW] == (ROUNDS + 1U), interrupt_count[LOW]);
    print_figure("exits", answered);
}

void guest_main(void)
{
    const uint32_t bdf = find_function();
    print_text("virtual_apic\r\n");
    out8(0x21U, 0xFFU);
    out8(0xA1U, 0xFFU);
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(SVR, 0x1FFU);
    requests();
    refusals();
    count_exits(bdf);
    levels();
}
