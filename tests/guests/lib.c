/* SPDX-License-Identifier: Apache-2.0 */
/* Console and traps of the test guests. The console's I/O base comes as "console=0x..." on the command line. */
#include "tests/guests/gates.h"
#include "tests/guests/guest.h"

#define COM3 0x3E8U
#define MSR_X2APIC_EOI 0x80BU
#define VENDOR_GENU 0x756E6547U /* EBX of "GenuineIntel" */
#define MSR_X2APIC_ICR 0x830U
#define ICR_NMI_SELF   0x4400U /* physical destination: APIC id 0 */

struct trap_frame {
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

extern const uint8_t guest_vectors[];
volatile uint32_t trap_vector;
volatile uint64_t trap_error;
volatile bool trap_was_after;
volatile uint64_t trap_resume;
volatile uint64_t interrupt_count[256];
volatile uint32_t eoi_word;
volatile uint32_t nmi_depth_most;
static uint32_t nmi_depth;
static struct gate gates[256] __attribute__((aligned(16)));
static uint16_t console = COM3;
const char *guest_line = "";
bool guest_on_intel;

void guest_entry(const uint32_t *multiboot);
/* The bit is set while the hypervisor takes an EOI from there. */
static void end_of_interrupt(void)
{
    bool taken;
    __asm__ volatile("btrl $0, %1" : "=@ccc"(taken), "+m"(eoi_word));
    if (!taken) {
        __asm__ volatile("wrmsr" : : "c"(MSR_X2APIC_EOI), "a"(0U), "d"(0U) : "memory");
    }
}

void guest_trap(struct trap_frame *frame);

static void print_char(char c)
{
    while ((in8((uint16_t)(console + 5U)) & 0x20U) == 0U) {
        /* transmitter busy */
    }
    out8(console, (uint8_t)c);
}

void print_text(const char *text)
{
    for (uint32_t i = 0U; text[i] != '\0'; i++) {
        print_char(text[i]);
    }
}

void print_hex(uint64_t value)
{
    for (uint32_t i = 0U; i < 16U; i++) {
        print_char("0123456789abcdef"[(value >> (60U - (4U * i))) & 0xFU]);
    }
}

void check(const char *name, bool good, uint64_t value)
{
    print_text(good ? "ok " : "not ok ");
    print_text(name);
    if (!good) {
        print_text(": ");
        print_hex(value);
    }
    print_text("\r\n");
}

void trap_clear(void)
{
    trap_vector = NO_TRAP;
    trap_error = 0U;
}

void guest_trap(struct trap_frame *frame)
{
    if (frame->vector >= 32U) {
        interrupt_count[frame->vector]++;
        end_of_interrupt();
    } else if (frame->vector == 2U) {
        interrupt_count[2]++;
        nmi_depth++;
        nmi_depth_most = (nmi_depth > nmi_depth_most) ? nmi_depth : nmi_depth_most;
        if (interrupt_count[2] == 1U) {
            /* Another one for this vCPU, from inside the handler: it must wait for the IRET. */
            __asm__ volatile("wrmsr" : : "c"(MSR_X2APIC_ICR), "a"(ICR_NMI_SELF), "d"(0U) : "memory");
            for (uint32_t i = 0U; i < 10000U; i++) {
                __asm__ volatile("pause");
            }
        }
        nmi_depth--;
    } else if (trap_resume != 0U) {
        trap_vector = (uint32_t)frame->vector;
        trap_error = frame->error;
        trap_was_after = frame->rip == trap_resume;
        frame->rip = trap_resume;
        frame->rflags &= ~0x100UL; /* TF: one step is enough */
        trap_resume = 0U;
    } else {
        print_text("not ok unexpected trap: vector ");
        print_hex(frame->vector);
        print_text(" error ");
        print_hex(frame->error);
        print_text(" rip ");
        print_hex(frame->rip);
        print_text("\r\n");
        for (;;) {
            __asm__ volatile("cli; hlt");
        }
    }
}

static void traps_init(void)
{
    const struct table_pointer pointer = { sizeof(gates) - 1U, (uint64_t)(uintptr_t)gates };
    for (uint32_t i = 0U; i < 256U; i++) {
        gates[i].selector = 8U;
        gates[i].type = 0x8EU;
        gate_point(&gates[i], (uint64_t)(uintptr_t)&guest_vectors[i * 16U]);
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

/* console=0x2f8 in the Multiboot command line (flag bit 2, pointer in word 4). */
static void console_find(const uint32_t *multiboot)
{
    const char *const line = (const char *)(uintptr_t)multiboot[4];
    static const char key[] = "console=0x";
    if ((multiboot[0] & 4U) != 0U) {
        guest_line = line;
        for (uint32_t i = 0U; line[i] != '\0'; i++) {
            uint32_t matched = 0U;
            while ((key[matched] != '\0') && (line[i + matched] == key[matched])) {
                matched++;
            }
            if (key[matched] == '\0') {
                console = 0U;
                for (uint32_t at = i + matched; (line[at] != '\0') && (line[at] != ' '); at++) {
                    const uint32_t digit = (line[at] <= '9') ? ((uint32_t)line[at] - '0') : (((uint32_t)line[at] | 0x20U) - 'a' + 10U);
                    console = (uint16_t)((console << 4) | digit);
                }
            }
        }
    }
}

void guest_entry(const uint32_t *multiboot)
{
    uint32_t vendor[4];
    console_find(multiboot);
    out8((uint16_t)(console + 3U), 3U); /* line control: 8 bits; a reset leaves 5 */
    traps_init();
    cpuid_get(0U, 0U, vendor);
    guest_on_intel = vendor[1] == VENDOR_GENU;
    guest_main();
    print_text("done\r\n");
}
