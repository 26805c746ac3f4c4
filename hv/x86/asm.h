/* SPDX-License-Identifier: Apache-2.0 */
/* One accessor for each privileged or special instruction. */
#ifndef X86_ASM_H
#define X86_ASM_H

#include "core/types.h"
#include "x86/layout.h"

/* REQ-ISO-032 */
static inline void asm_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(subleaf));
}

/* The instruction clears the upper halves of both registers. */
static inline uint64_t asm_rdtsc(void)
{
    uint64_t low;
    uint64_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (high << 32) | low;
}

static inline uint64_t asm_rdmsr(uint32_t msr)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return ((uint64_t)high << 32) | low;
}

static inline void asm_wrmsr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline void asm_wrmsr_halves(uint32_t msr, uint32_t low, uint32_t high)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"(low), "d"(high) : "memory");
}

static inline uint8_t asm_in8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint16_t asm_in16(uint16_t port)
{
    uint16_t value;
    __asm__ volatile("inw %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline uint32_t asm_in32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void asm_out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void asm_out16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline void asm_out32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint64_t asm_read_cr0(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr0, %0" : "=r"(value));
    return value;
}

static inline uint64_t asm_read_cr2(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline void asm_write_cr2(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr2" : : "r"(value));
}

static inline uint64_t asm_read_cr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr3, %0" : "=r"(value));
    return value;
}

static inline void asm_write_cr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(value) : "memory");
}

static inline uint64_t asm_read_cr4(void)
{
    uint64_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static inline void asm_write_cr4(uint64_t value)
{
    __asm__ volatile("mov %0, %%cr4" : : "r"(value) : "memory");
}

/* No exception can be delivered any more, and one comes. */
static inline void asm_triple_fault(void)
{
    static const uint64_t none[2] = { 0U, 0U };
    __asm__ volatile("lidt %0\n\tud2" : : "m"(none) : "memory");
}

/* With the microcode that MD_CLEAR announces, drops what the core's buffers hold; the operand must be a writable data segment in memory. */
static inline void asm_verw(void)
{
    static const uint16_t selector = GDT_DATA;
    __asm__ volatile("verw %0" : : "m"(selector) : "cc", "memory");
}

/* XCHG with memory is locked by itself, and so a fence. */
static inline bool asm_raise(volatile bool *flag)
{
    bool was = true;
    __asm__ volatile("xchgb %0, %1" : "+q"(was), "+m"(*flag) : : "memory");
    return was;
}

static inline void asm_clflush(uint64_t address)
{
    __asm__ volatile("clflush (%0)" : : "r"(address) : "memory");
}

static inline void asm_invlpg(uint64_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline void asm_xsetbv(uint32_t index, uint64_t value)
{
    __asm__ volatile("xsetbv" : : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t asm_xgetbv(uint32_t index)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index));
    return ((uint64_t)high << 32) | low;
}

static inline void asm_xsave(uint8_t *area, uint64_t mask)
{
    __asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32)) : "memory");
}

static inline void asm_xrstor(const uint8_t *area, uint64_t mask)
{
    __asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32)) : "memory");
}

/* The first dword of what GS points at. Not volatile: it does not change for a core. */
static inline uint32_t asm_read_gs_first(void)
{
    uint32_t value;
    __asm__("movl %%gs:0, %0" : "=r"(value));
    return value;
}

static inline void asm_mfence(void)
{
    __asm__ volatile("mfence" : : : "memory");
}

static inline void asm_mfence_lfence(void)
{
    __asm__ volatile("mfence; lfence" : : : "memory");
}

static inline void asm_vmsave(uint64_t vmcb)
{
    __asm__ volatile("vmsave %0" : : "a"(vmcb) : "memory");
}

static inline void asm_pause(void)
{
    __asm__ volatile("pause" : : : "memory");
}

static inline void asm_cli(void)
{
    __asm__ volatile("cli" : : : "memory");
}

/* Interrupts are taken during the HLT only: STI's shadow covers the step before it (Intel SDM 2, STI). */
static inline void asm_sti_hlt_cli(void)
{
    __asm__ volatile("sti; hlt; cli" : : : "memory");
}

/* Takes what is pending and no more. */
static inline void asm_sti_nop_cli(void)
{
    __asm__ volatile("sti; nop; cli" : : : "memory");
}

static inline NORETURN void asm_halt_forever(void)
{
    for (;;) {
        __asm__ volatile("cli; hlt" : : : "memory");
    }
}

static inline uint64_t asm_read_dr0(void)
{
    uint64_t value;
    __asm__ volatile("mov %%dr0, %0" : "=r"(value));
    return value;
}

static inline void asm_write_dr0(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr0" : : "r"(value));
}

static inline uint64_t asm_read_dr1(void)
{
    uint64_t value;
    __asm__ volatile("mov %%dr1, %0" : "=r"(value));
    return value;
}

static inline void asm_write_dr1(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr1" : : "r"(value));
}

static inline uint64_t asm_read_dr2(void)
{
    uint64_t value;
    __asm__ volatile("mov %%dr2, %0" : "=r"(value));
    return value;
}

static inline void asm_write_dr2(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr2" : : "r"(value));
}

static inline uint64_t asm_read_dr3(void)
{
    uint64_t value;
    __asm__ volatile("mov %%dr3, %0" : "=r"(value));
    return value;
}

static inline void asm_write_dr3(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr3" : : "r"(value));
}

static inline uint64_t asm_read_dr6(void)
{
    uint64_t value;
    __asm__ volatile("mov %%dr6, %0" : "=r"(value));
    return value;
}

static inline void asm_write_dr6(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

/* Through the NMI's gate: its IRET opens NMIs. */
static inline void asm_int_nmi(void)
{
    __asm__ volatile("int $2" : : : "memory");
}

struct asm_table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static inline void asm_lidt(const struct asm_table_pointer *pointer)
{
    __asm__ volatile("lidt %0" : : "m"(*pointer));
}

static inline void asm_lgdt(const struct asm_table_pointer *pointer)
{
    __asm__ volatile("lgdt %0" : : "m"(*pointer));
}

static inline void asm_ltr(uint16_t selector)
{
    __asm__ volatile("ltr %0" : : "r"(selector));
}

/* CS by a far return, then the data segments; FS and GS are left alone. */
static inline void asm_load_segments(uint16_t code, uint16_t data)
{
    __asm__ volatile("pushq %0\n\t"
                     "leaq 1f(%%rip), %%rax\n\t"
                     "pushq %%rax\n\t"
                     "lretq\n"
                     "1:\tmov %1, %%ds\n\t"
                     "mov %1, %%es\n\t"
                     "mov %1, %%ss"
                     : : "r"((uint64_t)code), "r"((uint32_t)data) : "rax", "memory");
}

#endif
