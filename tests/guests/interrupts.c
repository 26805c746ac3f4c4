/* SPDX-License-Identifier: Apache-2.0 */
/* Interrupts of a vCPU by its x2APIC: one-shot timer out of HLT and out of a busy loop, self
 * IPI, TPR, EOI. Works the same with a virtual and with the real local APIC. */
#include "tests/guests/guest.h"

#define MSR_APIC_BASE 0x1BU
#define X2APIC(offset) (0x800U + ((offset) >> 4))
#define TPR  0x080U
#define SVR  0x0F0U
#define TIMER 0x320U
#define TMICT 0x380U
#define TDCR  0x3E0U
#define SELF  0x3F0U
#define ICR  0x300U
#define ICR_NMI_SELF 0x4400U
#define VECTOR_TIMER 0x50U
#define VECTOR_SELF  0x41U
#define ROUNDS 1000U
#define COUNT  20000U
#define LIMIT  100000000U

static void apic_on(void)
{
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(X2APIC(SVR), 0x1FFU);
    msr_set(X2APIC(TPR), 0U);
    msr_set(X2APIC(TDCR), 0xBU);
    msr_set(X2APIC(TIMER), VECTOR_TIMER);
    check("x2apic-on", trap_vector == NO_TRAP, trap_vector);
}

static void timer_halted(void)
{
    interrupt_count[VECTOR_TIMER] = 0U;
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        const uint64_t before = interrupt_count[VECTOR_TIMER];
        msr_set(X2APIC(TMICT), COUNT);
        while (interrupt_count[VECTOR_TIMER] == before) {
            wait_for_interrupt();
        }
    }
    check("timer-wakes-from-hlt", interrupt_count[VECTOR_TIMER] == ROUNDS, interrupt_count[VECTOR_TIMER]);
}

static void timer_busy(void)
{
    interrupt_count[VECTOR_TIMER] = 0U;
    __asm__ volatile("sti");
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        const uint64_t before = interrupt_count[VECTOR_TIMER];
        msr_set(X2APIC(TMICT), COUNT);
        for (uint32_t spin = 0U; (spin < LIMIT) && (interrupt_count[VECTOR_TIMER] == before); spin++) {
            __asm__ volatile("pause");
        }
    }
    __asm__ volatile("cli");
    check("timer-interrupts-a-busy-loop", interrupt_count[VECTOR_TIMER] == ROUNDS, interrupt_count[VECTOR_TIMER]);
}

static void self_ipi(void)
{
    interrupt_count[VECTOR_SELF] = 0U;
    msr_set(X2APIC(SELF), VECTOR_SELF);
    check("self-ipi-waits-for-sti", interrupt_count[VECTOR_SELF] == 0U, 0U);
    __asm__ volatile("sti; nop; nop; cli");
    check("self-ipi-comes", interrupt_count[VECTOR_SELF] == 1U, interrupt_count[VECTOR_SELF]);
    __asm__ volatile("mov %0, %%cr8" : : "r"(0xFUL));
    msr_set(X2APIC(SELF), VECTOR_SELF);
    __asm__ volatile("sti; nop; nop; cli");
    check("tpr-holds-it-back", interrupt_count[VECTOR_SELF] == 1U, interrupt_count[VECTOR_SELF]);
    __asm__ volatile("mov %0, %%cr8" : : "r"(0UL));
    __asm__ volatile("sti; nop; nop; cli");
    check("tpr-lets-it-go", interrupt_count[VECTOR_SELF] == 2U, interrupt_count[VECTOR_SELF]);
}

static void nmi_twice(void)
{
    msr_set(X2APIC(ICR), ICR_NMI_SELF);
    for (uint32_t spin = 0U; (spin < LIMIT) && (interrupt_count[2] < 2U); spin++) {
        __asm__ volatile("sti; nop; cli; pause");
    }
    check("both-nmis-come", interrupt_count[2] == 2U, interrupt_count[2]);
    check("an-nmi-waits-for-the-iret-of-another", nmi_depth_most == 1U, nmi_depth_most);
}

void guest_main(void)
{
    print_text("interrupts\r\n");
    apic_on();
    self_ipi();
    nmi_twice();
    timer_halted();
    timer_busy();
}
