/* SPDX-License-Identifier: Apache-2.0 */
/* The gates of a test guest's interrupts (SDM 3A, 6.14.1), for handlers of its own in place of the common one. */
#ifndef TESTS_GUESTS_GATES_H
#define TESTS_GUESTS_GATES_H

#include <stdint.h>

/* What LGDT, LIDT, SGDT and SIDT take and give. */
struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));
struct gate {
    uint16_t offset0, selector;
    uint8_t ist, type;
    uint16_t offset16;
    uint32_t offset32, reserved;
};

static inline void gate_point(struct gate *gate, uint64_t address)
{
    gate->offset0 = (uint16_t)address;
    gate->offset16 = (uint16_t)(address >> 16);
    gate->offset32 = (uint32_t)(address >> 32);
}

/* The vector's gate, in the IDT that the CPU has, leads there from now on. */
static inline void handler_set(uint32_t vector, uint64_t address)
{
    struct table_pointer idt;
    __asm__ volatile("sidt %0" : "=m"(idt));
    gate_point(&((struct gate *)(uintptr_t)idt.base)[vector], address);
}

/* An exception without a handler, for which the CPU has none either. */
static inline void triple_fault(void)
{
    const struct table_pointer none = { 0U, 0U };
    __asm__ volatile("lidt %0; ud2" : : "m"(none));
}

#endif
