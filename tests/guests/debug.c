/* SPDX-License-Identifier: Apache-2.0 */
/* Debug exceptions and the other faults that the hypervisor intercepts reach the guest unchanged. steps=0 on the command line: no single steps over exits. */
#include "tests/guests/guest.h"
#include "tests/guests/words.h"

#define VECTOR_DB 1U
#define VECTOR_BP 3U
#define DR6_BS (1UL << 14)
#define DR6_B0 1UL
#define MSR_EFER 0xC0000080U
#define CLOSED_PORT 0x3E0U /* no device is there, whoever may reach it */
#define DR7_WRITE0_8 ((1UL << 0) | (1UL << 16) | (2UL << 18)) /* L0, break on writes of 8 bytes */

static volatile uint64_t watched;

static uint64_t dr6_take(void)
{
    uint64_t value;
    __asm__ volatile("mov %%dr6, %0" : "=r"(value));
    __asm__ volatile("mov %0, %%dr6" : : "r"(0xFFFF0FF0UL));
    return value;
}

static void single_step(void)
{
    uint64_t dr6;
    /* POPF sets TF; the trap comes after the instruction that follows it, and TRY's label is past both. */
    TRY("pushfq; orq $0x100, (%%rsp); popfq; nop; nop", : : : "r15", "memory", "cc");
    dr6 = dr6_take();
    __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" : : : "memory", "cc");
    check("single-step-traps", trap_vector == VECTOR_DB, trap_vector);
    check("single-step-is-told-in-dr6", (dr6 & (DR6_BS | DR6_B0)) == DR6_BS, dr6);
}

static void watchpoint(void)
{
    uint64_t dr6;
    uint64_t dr0;
    __asm__ volatile("mov %0, %%dr0" : : "r"((uint64_t)(uintptr_t)&watched));
    __asm__ volatile("mov %0, %%dr7" : : "r"(DR7_WRITE0_8));
    TRY("movq $7, %0", : "=m"(watched) : : "r15", "memory");
    dr6 = dr6_take();
    __asm__ volatile("mov %%dr0, %0" : "=r"(dr0));
    __asm__ volatile("mov %0, %%dr7" : : "r"(0x400UL));
    check("watchpoint-traps", trap_vector == VECTOR_DB, trap_vector);
    check("watchpoint-is-told-in-dr6", (dr6 & (DR6_BS | DR6_B0)) == DR6_B0, dr6);
    check("write-happened", watched == 7U, watched);
    check("dr0-kept", dr0 == (uint64_t)(uintptr_t)&watched, dr0);
}

/* A #DB in the shadow of STI, and INT1 in that of MOV SS with a single step due: legal, and what a VM entry used to refuse (XSA-308). */
static void step_in_a_shadow(void)
{
    TRY("cli; pushfq; orq $0x100, (%%rsp); popfq; sti; nop; nop", : : : "r15", "memory", "cc");
    __asm__ volatile("cli" : : : "memory");
    check("single-step-behind-sti", trap_vector == VECTOR_DB, trap_vector);
    TRY("movl %%ss, %%eax; pushfq; orq $0x100, (%%rsp); popfq; movl %%eax, %%ss; .byte 0xF1; nop", : : : "rax", "r15", "memory", "cc");
    check("int1-behind-mov-ss", trap_vector == VECTOR_DB, trap_vector);
    (void)dr6_take();
}

#define STEP "pushfq; orq $0x100, (%%rsp); popfq; "

static void stepped(const char *name)
{
    const uint64_t dr6 = dr6_take();
    __asm__ volatile("pushfq; andq $~0x100, (%%rsp); popfq" : : : "memory", "cc");
    check(name, (trap_vector == VECTOR_DB) && trap_was_after && ((dr6 & DR6_BS) != 0U), ((uint64_t)trap_vector << 32) | dr6);
}

/* Instructions that leave the guest trap behind themselves, not behind the next one: by the short ways of the hypervisor and by the long ones. */
static void step_over_exits(void)
{
    uint32_t low = 0U;
    uint32_t high = 0U;
    TRY(STEP "cpuid", : "+a"(low) : : "rbx", "rcx", "rdx", "r15", "memory", "cc");
    stepped("step-over-cpuid");
    low = 0U;
    TRY(STEP "rdmsr", : "+a"(low), "+d"(high) : "c"(MSR_EFER) : "r15", "memory", "cc");
    stepped("step-over-rdmsr");
    TRY(STEP "wrmsr", : : "a"(low), "d"(high), "c"(MSR_EFER) : "r15", "memory", "cc");
    stepped("step-over-wrmsr");
    TRY(STEP "inb %%dx, %%al", : "+a"(low) : "d"(CLOSED_PORT) : "r15", "memory", "cc");
    stepped("step-over-in");
    TRY(STEP "outb %%al, %%dx", : : "a"(0), "d"(CLOSED_PORT) : "r15", "memory", "cc");
    stepped("step-over-out");
    TRY(STEP "wbinvd", : : : "r15", "memory", "cc");
    stepped("step-over-wbinvd");
    if (guest_on_intel) {
        TRY("xor %%r8d, %%r8d; " STEP "vmcall", : : : "rax", "r8", "r15", "memory", "cc");
    } else {
        TRY("xor %%r8d, %%r8d; " STEP "vmmcall", : : : "rax", "r8", "r15", "memory", "cc");
    }
    stepped("step-over-a-hypercall");
    TRY(STEP "movq %%cr8, %%rax", : : : "rax", "r15", "memory", "cc");
    stepped("step-over-mov-cr8");
}

void guest_main(void)
{
    print_text("debug\r\n");
    single_step();
    if (word_of("steps=")[0] != '0') {
        step_over_exits();
    }
    watchpoint();
    step_in_a_shadow();
    TRY(".byte 0xF1", : : : "r15", "memory");
    check("int1", (trap_vector == VECTOR_DB) && trap_was_after, trap_vector);
    TRY("int3", : : : "r15", "memory");
    check("breakpoint", (trap_vector == VECTOR_BP) && trap_was_after, trap_vector);
}
