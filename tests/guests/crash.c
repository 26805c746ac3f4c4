/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real-time VM that looks at what a life begins with, spoils all of it, and ends inside an interrupt handler with a second
 * interrupt pending. How it ends: the byte at 0x44000010 of the shared region says in which life it is (0 at first), and
 * the letter of that life in "ends=..." on the command line: t triple fault, s access to nothing, h a loop with interrupts
 * off, m a loop of exits (one of which a test turns into a machine check), r it stays and beats. The hypervisor's restart leaves the shared region as it is.
 */
#include "tests/guests/gates.h"
#include "tests/guests/guest.h"

#define SHARED       0x44000000UL
#define RT_COUNTER   40UL    /* offset of rt_telemetry.interrupts (abi/rt_telemetry.h) */
#define LIVES        0x80000UL
#define NOWHERE      0x90000000UL
#define OUTER        0x41U   /* in service at the end, */
#define INNER        0x51U   /* pending at the end, */
#define LOW_MC       0x12U   /* and two that the hypervisor could take for exceptions */
#define LOW_ERROR    0x15U
#define IMAGE_MARK   0x600DF00DU

static volatile uint32_t mark = IMAGE_MARK; /* in .data: part of the image */
static volatile uint32_t zero[1024];        /* in .bss */
volatile uint32_t guest_end; /* what guest_outer() does: the letter */

void guest_outer(void);

static void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static uint64_t any_set(uint32_t first)
{
    uint64_t bits = 0U;
    for (uint32_t i = 0U; i < 8U; i++) {
        bits |= msr_get(first + i);
    }
    return bits;
}

static void check_msr(const char *name, uint32_t msr, uint64_t expected)
{
    const uint64_t value = msr_get(msr);
    check(name, value == expected, value);
}

static void check_fpu(void)
{
    static uint8_t area[512] __attribute__((aligned(16)));
    uint16_t control;
    uint32_t mxcsr;
    uint32_t any = 0U;
    __asm__ volatile("fnstcw %0" : "=m"(control));
    __asm__ volatile("stmxcsr %0" : "=m"(mxcsr));
    __asm__ volatile("fxsave %0" : "=m"(area));
    for (uint32_t i = 32U; i < 416U; i++) { /* ST0 to ST7, XMM0 to XMM15 */
        any |= area[i];
    }
    check("x87 control word", control == 0x40U || control == 0x37FU, control);
    check("MXCSR", mxcsr == 0x1F80U, mxcsr);
    check("x87 and XMM registers", any == 0U, any);
}

static void check_debug(void)
{
    uint64_t d0;
    uint64_t d3;
    uint64_t d7;
    __asm__ volatile("mov %%dr0, %0" : "=r"(d0));
    __asm__ volatile("mov %%dr3, %0" : "=r"(d3));
    __asm__ volatile("mov %%dr7, %0" : "=r"(d7));
    check("DR0 and DR3", (d0 | d3) == 0U, d0 | d3);
    check("DR7", d7 == 0x400U, d7);
}

static void check_memory(void)
{
    uint64_t any = 0U;
    for (uint32_t i = 0U; i < 1024U; i++) {
        any |= zero[i];
    }
    check("image", mark == IMAGE_MARK, mark);
    check("image's zeros", any == 0U, any);
    any = 0U;
    for (uint64_t at = 0x2000000UL; at < 0x2100000UL; at += 8U) {
        any |= *(volatile uint64_t *)(uintptr_t)at;
    }
    check("RAM", any == 0U, any);
}

static void look(void)
{
    check("in service", any_set(0x810U) == 0U, any_set(0x810U));
    check("pending", any_set(0x820U) == 0U, any_set(0x820U));
    check_msr("TPR", 0x808U, 0U);
    check_msr("LVT timer", 0x832U, 0x10000U);
    check_msr("initial count", 0x838U, 0U);
    check_msr("divide configuration", 0x83EU, 0U);
    check_msr("LVT LINT0", 0x835U, 0x10000U);
    check_msr("SVR", 0x80FU, 0x1FFU);
    check_msr("PAT", 0x277U, 0x0007040600070406UL);
    check_msr("LSTAR", 0xC0000082U, 0U);
    check_msr("STAR", 0xC0000081U, 0U);
    check_msr("kernel GS base", 0xC0000102U, 0U);
    check_msr("SYSENTER_EIP", 0x176U, 0U);
    check_msr("TSC_AUX", 0xC0000103U, 0U);
    check_fpu();
    check_debug();
    check_memory();
}

static void spoil(void)
{
    static const uint32_t odd_mxcsr = 0x1FA5U;
    static const uint16_t odd_control = 0x0A7FU;
    write_msr(0x808U, 0x20U);
    write_msr(0x83EU, 0xAU);
    write_msr(0x832U, 0x20061U); /* periodic */
    write_msr(0x838U, 1000000U);
    write_msr(0x835U, 0x10733U);
    write_msr(0x80FU, 0x1EFU);
    write_msr(0x277U, 0x0606060606060606UL);
    write_msr(0xC0000082U, 0x1234U);
    write_msr(0xC0000081U, 0x5678000000000000UL);
    write_msr(0xC0000102U, 0x9ABCU);
    write_msr(0x176U, 0xDEF0U);
    write_msr(0xC0000103U, 7U);
    __asm__ volatile("fldcw %0" : : "m"(odd_control));
    __asm__ volatile("fldpi");
    __asm__ volatile("ldmxcsr %0" : : "m"(odd_mxcsr));
    __asm__ volatile("mov $-1, %%rax; movq %%rax, %%xmm5" : : : "rax");
    __asm__ volatile("mov %0, %%dr0; mov %0, %%dr3" : : "r"(0x5555UL));
    __asm__ volatile("mov %0, %%dr7" : : "r"(0x401UL));
    mark = 0U;
    for (uint32_t i = 0U; i < 1024U; i++) {
        zero[i] = 0xFFFFFFFFU;
    }
    for (uint64_t at = 0x2000000UL; at < 0x2100000UL; at += 8U) {
        *(volatile uint64_t *)(uintptr_t)at = 0xDEADDEADDEADDEADUL;
    }
}

/* In the handler of OUTER, interrupts off: INNER and the low ones become pending, and this life ends. */
void guest_outer(void)
{
    write_msr(0x83FU, INNER);
    write_msr(0x83FU, LOW_MC);
    write_msr(0x83FU, LOW_ERROR);
    if (guest_end == 't') {
        triple_fault();
    } else if (guest_end == 's') {
        *(volatile uint32_t *)NOWHERE = 1U;
    } else if (guest_end == 'm') {
        uint32_t leaf[4];
        for (;;) {
            cpuid_get(0U, 0U, leaf);
        }
    } else {
        for (;;) {
            /* no heartbeat */
        }
    }
}

__asm__(".globl outer_entry\nouter_entry:\n    call guest_outer\n");
extern const uint8_t outer_entry;

static char letter_of_life(uint32_t life)
{
    static const char key[] = "ends=";
    char letter = 'r';
    for (uint32_t i = 0U; guest_line[i] != '\0'; i++) {
        uint32_t matched = 0U;
        while ((key[matched] != '\0') && (guest_line[i + matched] == key[matched])) {
            matched++;
        }
        if (key[matched] == '\0') {
            for (uint32_t n = 0U; (guest_line[i + matched + n] > ' ') && (n <= life); n++) {
                letter = (n == life) ? guest_line[i + matched + n] : 'r';
            }
        }
    }
    return letter;
}

static void beat(uint32_t beats)
{
    volatile uint64_t *const counter = (volatile uint64_t *)(SHARED + RT_COUNTER);
    for (uint32_t n = 0U; (beats == 0U) || (n < beats); n++) {
        const uint64_t start = tsc();
        *counter = *counter + 1U;
        if ((n % 100U) == 99U) {
            print_text("beats on\r\n");
        }
        while ((tsc() - start) < 1000000U) {
            __asm__ volatile("pause");
        }
    }
}

void guest_main(void)
{
    const uint64_t start = tsc();
    volatile uint32_t *const lives = (volatile uint32_t *)(SHARED + LIVES);
    const uint32_t life = *lives;
    print_text("life ");
    print_hex(life);
    print_text(" tsc ");
    print_hex(start);
    print_text("\r\n");
    look();
    *lives = life + 1U;
    guest_end = (uint32_t)letter_of_life(life);
    print_text("looked\r\n");
    if (guest_end == 'r') {
        print_text("stays\r\n");
        beat(0U);
    }
    beat(20U);
    handler_set(OUTER, (uint64_t)(uintptr_t)&outer_entry);
    spoil();
    __asm__ volatile("sti");
    write_msr(0x808U, 0U);
    write_msr(0x83FU, OUTER);
    for (;;) {
        __asm__ volatile("pause");
    }
}
