/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A User VM with a network controller that interrupts by its line only (82540EM, as QEMU's e1000), and with registers of the machine at mmio=ADDRESS.
 * The controller's interrupt cause can be set by software (8254x manual, 13.4.18); the line is high until the cause is read (13.4.17).
 */
#include "tests/guests/gates.h"
#include "tests/guests/guest.h"
#include "tests/guests/words.h"

#define CONTROLLER     0x100E8086U
#define SLOTS          32U
#define COMMAND        0x04U
#define COMMAND_MEMORY 6U
#define BAR0           0x10U
#define INTERRUPT_LINE 0x3CU
#define CAUSE_READ     0xC0U
#define CAUSE_SET      0xC8U
#define MASK_SET       0xD0U
#define CAUSE_LINK     4U
#define IOAPIC_INDEX   0xFEC00000U
#define IOAPIC_DATA    0xFEC00010U
#define GSI_PCI        16U /* dm/machine.h: of slot s, 16 + s % 4 */
#define VECTOR         0x61U
#define LEVEL          0x8000U
#define MSR_APIC_BASE  0x1BU
#define MSR_SVR        0x80FU
#define MSR_EOI        0x80BU
#define MSR_IRR        0x820U
#define ROUNDS         20U
#define EACH_ROUND     3U
#define A_WHILE        20000U
#define PATIENCE       4000000000U /* of the TSC */
#define QUIET          20000000U   /* 256 times 500 ns pass until the controller tells of a cause */

struct interrupted;

static uint64_t registers;
static volatile uint32_t came, before_end, cause; /* interrupts of this round; of all those that came before the end of the one before; read in this round */

static uint32_t config(uint32_t slot, uint32_t offset)
{
    __asm__ volatile("outl %0, %1" : : "a"(0x80000000U | (slot << 11) | offset), "Nd"((uint16_t)0xCF8U));
    return in32(0xCFCU);
}

static void config_set(uint32_t slot, uint32_t offset, uint32_t value)
{
    __asm__ volatile("outl %0, %1" : : "a"(0x80000000U | (slot << 11) | offset), "Nd"((uint16_t)0xCF8U));
    __asm__ volatile("outl %0, %1" : : "a"(value), "Nd"((uint16_t)0xCFCU));
}

static volatile uint32_t *at(uint64_t address)
{
    return (volatile uint32_t *)(uintptr_t)address;
}

static void entry_set(uint32_t pin, uint32_t low)
{
    *at(IOAPIC_INDEX) = 0x11U + (2U * pin);
    *at(IOAPIC_DATA) = 0U;
    *at(IOAPIC_INDEX) = 0x10U + (2U * pin);
    *at(IOAPIC_DATA) = low;
}

/* Until the cause is read the line is high, and each end of interrupt brings the next one at once: nothing but this runs then. */
__attribute__((interrupt)) static void line_rose(struct interrupted *frame)
{
    const uint64_t start = tsc();
    uint32_t pending;

    (void)frame;
    while ((tsc() - start) < A_WHILE) {
        __asm__ volatile("pause");
    }
    __asm__ volatile("rdmsr" : "=a"(pending) : "c"(MSR_IRR + (VECTOR / 32U)) : "rdx");
    before_end += (pending >> (VECTOR % 32U)) & 1U;
    came++;
    if (came == EACH_ROUND) {
        cause = *at(registers + CAUSE_READ);
    }
    __asm__ volatile("wrmsr" : : "c"(MSR_EOI), "a"(0U), "d"(0U) : "memory");
}

static bool round_of_interrupts(void)
{
    uint64_t start = tsc();

    came = 0U;
    cause = 0U;
    *at(registers + CAUSE_SET) = CAUSE_LINK;
    __asm__ volatile("sti");
    while ((came < EACH_ROUND) && ((tsc() - start) < PATIENCE)) {
        __asm__ volatile("pause");
    }
    start = tsc();
    while ((tsc() - start) < QUIET) {
        __asm__ volatile("pause");
    }
    __asm__ volatile("cli");
    return (came == EACH_ROUND) && ((cause & CAUSE_LINK) != 0U);
}

static void line_test(void)
{
    uint32_t slot = 0U;
    uint32_t rounds = 0U;

    while ((slot < SLOTS) && (config(slot, 0U) != CONTROLLER)) {
        slot++;
    }
    check("controller", slot < SLOTS, slot);
    check("pin-is-inta", ((config(slot, INTERRUPT_LINE) >> 8) & 0xFFU) == 1U, config(slot, INTERRUPT_LINE));
    config_set(slot, COMMAND, COMMAND_MEMORY);
    registers = config(slot, BAR0) & 0xFFFFFFF0U;
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(MSR_SVR, 0x1FFU);
    handler_set(VECTOR, (uint64_t)(uintptr_t)line_rose);
    entry_set(GSI_PCI + (slot % 4U), VECTOR | LEVEL);
    *at(registers + MASK_SET) = CAUSE_LINK;
    while ((rounds < ROUNDS) && round_of_interrupts()) {
        rounds++;
    }
    check("interrupts-by-its-line", rounds == ROUNDS, ((uint64_t)rounds << 32) | came);
    check("none-before-the-end-of-the-last", before_end == 0U, before_end);
}

static uint64_t number(const char *text)
{
    uint64_t value = 0U;

    for (uint32_t i = 0U; (text[i] != '\0') && (text[i] != ' '); i++) {
        const uint32_t c = (uint32_t)text[i];
        value = (value * 16U) + ((c <= (uint32_t)'9') ? (c - (uint32_t)'0') : (c - (uint32_t)'a' + 10U));
    }
    return value;
}

void guest_main(void)
{
    const char *mmio = word_of("mmio=");

    print_text("lent\r\n");
    if (mmio[0] != '\0') {
        print_text("registers ");
        print_hex(*at(number(mmio)));
        print_text("\r\n");
    }
    if (word_of("line=")[0] == 'y') {
        line_test();
    }
    print_text("done\r\n");
    while (word_of("stay=")[0] == 'y') {
        __asm__ volatile("pause");
    }
}
