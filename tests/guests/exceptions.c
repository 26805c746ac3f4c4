/* SPDX-License-Identifier: Apache-2.0 */
/* Exceptions without end while a timer interrupts: each is delivered once, whatever exit comes right behind it. */
#include "tests/guests/guest.h"

#define MSR_APIC_BASE 0x1BU
#define X2APIC(offset) (0x800U + ((offset) >> 4))
#define SVR      0x0F0U
#define TIMER    0x320U
#define TMICT    0x380U
#define TDCR     0x3E0U
#define PERIODIC 0x20000U
#define VECTOR   0x40U
#define PERIOD   20011U    /* ticks; prime, so that it goes through every phase of the loop */
#define ROUNDS   20000U
#define RFLAGS_IF 0x200U
#define VECTOR_UD 6U

/* One #UD with interrupts on; false: it came back with another stack or with interrupts off. */
static bool once(void)
{
    uint64_t before;
    uint64_t after;
    uint64_t flags;
    trap_clear();
    __asm__ volatile("mov %%rsp, %0; leaq 1f(%%rip), %%r15; movq %%r15, trap_resume(%%rip); ud2\n"
                     "1: mov %%rsp, %1; mov %0, %%rsp; pushfq; pop %2; sti"
                     : "=&r"(before), "=&r"(after), "=&r"(flags) : : "r15", "memory", "cc");
    return (before == after) && ((flags & RFLAGS_IF) != 0U) && (trap_vector == VECTOR_UD);
}

void guest_main(void)
{
    uint32_t wrong = 0U;
    print_text("exceptions\r\n");
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(X2APIC(SVR), 0x1FFU);
    msr_set(X2APIC(TDCR), 0xBU);
    msr_set(X2APIC(TIMER), PERIODIC | VECTOR);
    msr_set(X2APIC(TMICT), PERIOD);
    __asm__ volatile("sti");
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        wrong += once() ? 0U : 1U;
    }
    __asm__ volatile("cli");
    check("interrupts-came", interrupt_count[VECTOR] > 20U, interrupt_count[VECTOR]);
    check("each-exception-once", wrong == 0U, wrong);
}
