/* SPDX-License-Identifier: Apache-2.0 */
/* One named accessor per privileged instruction that the runtime uses. */
#ifndef RTVM_CPU_H
#define RTVM_CPU_H

#include <stdint.h>

#define MSR_APIC_BASE     0x1BU
#define MSR_MICROCODE     0x8BU      /* revision in bits 63:32 (Intel) or 31:0 (AMD) */
#define MSR_X2APIC_ID     0x802U
#define MSR_X2APIC_SVR    0x80FU
#define MSR_X2APIC_ICR    0x830U
#define MSR_X2APIC_TIMER  0x832U
#define MSR_X2APIC_TMICT  0x838U
#define MSR_X2APIC_TDCR   0x83EU
#define MSR_TSC_DEADLINE  0x6E0U

struct __attribute__((packed)) idt_pointer {
    uint16_t limit;
    uint64_t base;
};
/* The image is mapped at VA = PA. */
static inline uint64_t address_of(const volatile void *object) { return (uint64_t)object; /* DEV-001 */ }
static inline void port_write8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}
static inline void port_write16(uint16_t port, uint16_t value)
{
    __asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}
static inline uint8_t port_read8(uint16_t port)
{
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline uint32_t port_read32(uint16_t port)
{
    uint32_t value;
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
static inline void port_write32(uint16_t port, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}
static inline uint64_t msr_read(uint32_t msr)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return ((uint64_t)high << 32) | low;
}
static inline void msr_write(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}
static inline uint64_t tsc_read(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return ((uint64_t)high << 32) | low;
}
static inline void cpuid(uint32_t leaf, uint32_t out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(0U));
}
static inline void load_idt(const struct idt_pointer *pointer) { __asm__ volatile("lidt %0" : : "m"(*pointer)); }
static inline void interrupts_off(void) { __asm__ volatile("cli" : : : "memory"); }
static inline void interrupts_on(void) { __asm__ volatile("sti" : : : "memory"); }
/* STI takes effect after the next instruction, so no interrupt is lost between the two (SDM 2B, STI). */
static inline void wait_interrupt(void) { __asm__ volatile("sti; hlt; cli" : : : "memory"); }

#endif
