/* SPDX-License-Identifier: Apache-2.0 */
/* What a test guest is made of. */
#ifndef TESTS_GUESTS_GUEST_H
#define TESTS_GUESTS_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#define NO_TRAP 0xFFU

void guest_main(void);          /* the test */
extern const char *guest_line;  /* the command line */
extern bool guest_on_intel;     /* whose VMCALL it has; AMD's is VMMCALL, and each is an undefined opcode on the other's CPU */

void print_text(const char *text);
void print_hex(uint64_t value);
/* "ok NAME" or "not ok NAME: VALUE" */
void check(const char *name, bool good, uint64_t value);

/* Vector and error code of the last trap since trap_clear(); NO_TRAP: none came. A trap in an
 * instruction behind TRY continues after it. */
extern volatile uint32_t trap_vector;
extern volatile uint64_t trap_error;
extern volatile bool trap_was_after; /* its RIP was that behind the instruction of TRY */
extern volatile uint64_t trap_resume;
extern volatile uint64_t interrupt_count[256];
/* For a guest that tells the hypervisor of it (KVM's paravirtual EOI). */
extern volatile uint32_t eoi_word;
/* The first NMI's handler sends itself a second one; how deep handlers nested. */
extern volatile uint32_t nmi_depth_most;
void trap_clear(void);

/* Runs one instruction whose fault is an answer, not an accident. */
#define TRY(instruction, ...)                                                             \
    do {                                                                                  \
        trap_clear();                                                                     \
        __asm__ volatile("leaq 1f(%%rip), %%r15\n\tmovq %%r15, trap_resume(%%rip)\n\t" \
                         instruction "\n1:" __VA_ARGS__);                                 \
    } while (false)

static inline uint64_t msr_get(uint32_t msr)
{
    uint32_t low = 0U;
    uint32_t high = 0U;
    TRY("rdmsr", : "+a"(low), "+d"(high) : "c"(msr) : "r15", "memory");
    return ((uint64_t)high << 32) | low;
}
static inline void msr_set(uint32_t msr, uint64_t value)
{
    TRY("wrmsr", : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "r15", "memory");
}
static inline void cpuid_get(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(subleaf));
}
static inline uint8_t in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline uint32_t in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
static inline uint64_t tsc(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return ((uint64_t)high << 32) | low;
}
/* R8 names the hypercall (abi/hypercall.h). */
static inline int64_t hypercall(uint64_t id, uint64_t p1, uint64_t p2)
{
    register uint64_t r8 __asm__("r8") = id;
    int64_t result;
    if (guest_on_intel) {
        __asm__ volatile("vmcall" : "=a"(result) : "r"(r8), "D"(p1), "S"(p2) : "memory");
    } else {
        __asm__ volatile("vmmcall" : "=a"(result) : "r"(r8), "D"(p1), "S"(p2) : "memory");
    }
    return result;
}
static inline void wait_for_interrupt(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

#endif
