/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an interrupt between two halted vCPUs costs: TSC ticks from before the write of the ICR, over the other vCPU's handler that answers
 * with an interrupt of its own, to the instruction behind HLT. Also runs on the bare machine. Under counted time a tick is an instruction
 * of either core.
 *
 * With "busy" on the command line neither halts. In each round the second tells that it begins, executes some NOPs, one CPUID, which the
 * hypervisor answers between two entries, and then waits in a loop without exits; the first sends when it sees the beginning. The
 * number of NOPs goes through a range longer than the way of a kick, so that kicks meet every instruction of exit and entry.
 */
#include "tests/guests/gates.h"
#include "tests/guests/guest.h"

#define MSR_APIC_BASE 0x1BU
#define X2APIC(offset) (0x800U + ((offset) >> 4))
#define EOI    0x0B0U
#define SVR    0x0F0U
#define ICR    0x300U
#define VECTOR_ASK    0x50U
#define VECTOR_ANSWER 0x51U
#define SECOND 1U         /* its APIC id */
#define ICR_INIT 0x4500U
#define ICR_SIPI 0x4600U
#define TRAMPOLINE 0x8000U
#define ROUNDS 1000U
#define WARM_UP 10U
#define PATIENCE 100000000U
#define KICKS    5000U
#define DISTANCES 5000U
#define LATE     1000U      /* CPUIDs of the first: more than a kick takes, less than SPINS do */
#define STEPS    17U
#define SPINS    1000000U   /* of the second, without an exit: what a lost kick would wait for */

extern const uint8_t ipi_trampoline[];
extern const uint8_t ipi_trampoline_end[];
extern const uint8_t ipi_ask[];
extern const uint8_t ipi_answer[];
extern uint32_t ipi_cr3;
extern struct {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed)) ipi_gdt;
extern volatile uint64_t ipi_asked;
extern volatile uint64_t ipi_answered;
static volatile bool second_up;
static volatile bool busy;
static volatile uint32_t round_wanted, round_begun, round_over;
static volatile uint32_t distance;
static struct table_pointer idt;

void ipi_second(void);

static void exit_quickly(void)
{
    uint32_t leaf[4];
    cpuid_get(0U, 0U, leaf);
}

/*
 * From real mode straight to long mode, with this vCPU's tables; then the handlers, no longer than they must be: each acknowledges,
 * the second vCPU's also answers.
 */
__asm__(
    ".pushsection .data\n"
    ".balign 16\n"
    ".code16\n"
    "ipi_trampoline: cli\n"
    "mov %cs, %ax\n"
    "mov %ax, %ds\n"
    "mov $0x620, %eax\n" /* PAE OSFXSR OSXMMEXCPT */
    "mov %eax, %cr4\n"
    "mov ipi_cr3 - ipi_trampoline, %eax\n"
    "mov %eax, %cr3\n"
    "mov $0xC0000080, %ecx\n"
    "rdmsr\n"
    "or $0x100, %eax\n" /* LME */
    "wrmsr\n"
    "lgdtl ipi_gdt - ipi_trampoline\n"
    "mov $0x80000011, %eax\n"
    "mov %eax, %cr0\n"
    "ljmpl $8, $ipi_long_mode\n"
    ".balign 4\n"
    "ipi_cr3: .long 0\n"
    "ipi_gdt: .word 0\n"
    ".long 0\n"
    "ipi_trampoline_end:\n"
    ".code64\n"
    ".balign 8\n"
    "ipi_asked: .quad 0\n"
    "ipi_answered: .quad 0\n"
    ".popsection\n"
    ".pushsection .text\n"
    "ipi_long_mode: mov $16, %eax\n"
    "mov %eax, %ds\n"
    "mov %eax, %es\n"
    "mov %eax, %ss\n"
    "mov $ipi_stack_top, %esp\n"
    "call ipi_second\n"
    "ipi_ask: push %rax\n"
    "push %rcx\n"
    "push %rdx\n"
    "incq ipi_asked\n"
    "xor %eax, %eax\n"
    "xor %edx, %edx\n"
    "mov $0x80B, %ecx\n"
    "wrmsr\n"
    "mov $0x51, %eax\n" /* VECTOR_ANSWER, to APIC id 0 */
    "mov $0x830, %ecx\n"
    "wrmsr\n"
    "pop %rdx\n"
    "pop %rcx\n"
    "pop %rax\n"
    "iretq\n"
    "ipi_answer: push %rax\n"
    "push %rcx\n"
    "push %rdx\n"
    "incq ipi_answered\n"
    "xor %eax, %eax\n"
    "xor %edx, %edx\n"
    "mov $0x80B, %ecx\n"
    "wrmsr\n"
    "pop %rdx\n"
    "pop %rcx\n"
    "pop %rax\n"
    "iretq\n"
    ".popsection\n"
    ".pushsection .bss\n"
    ".balign 16\n"
    ".skip 4096\n"
    "ipi_stack_top:\n"
    ".popsection\n");

static void apic_on(void)
{
    msr_set(MSR_APIC_BASE, msr_get(MSR_APIC_BASE) | 0xC00U);
    msr_set(X2APIC(SVR), 0x1FFU);
}

/* What the second vCPU does for ever. Its traps would need what TRY keeps for the first alone, so it uses neither msr_get() nor msr_set(). */
void ipi_second(void)
{
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_APIC_BASE));
    __asm__ volatile("wrmsr" : : "c"(MSR_APIC_BASE), "a"(low | 0xC00U), "d"(high));
    __asm__ volatile("wrmsr" : : "c"(X2APIC(SVR)), "a"(0x1FFU), "d"(0U));
    __asm__ volatile("lidt %0" : : "m"(idt));
    second_up = true;
    while (!busy) {
        __asm__ volatile("sti; hlt" : : : "memory");
    }
    __asm__ volatile("sti" : : : "memory");
    for (uint32_t n = 1U;; n++) {
        while (round_wanted != n) {
            __asm__ volatile("pause");
        }
        round_begun = n;
        for (uint32_t i = 0U; i < distance; i++) {
            __asm__ volatile("nop");
        }
        exit_quickly();
        for (uint32_t i = 0U; (i < SPINS) && (ipi_asked < n); i++) {
            __asm__ volatile("pause");
        }
        round_over = n;
    }
}

static void send(uint32_t command)
{
    __asm__ volatile("wrmsr" : : "c"(X2APIC(ICR)), "a"(command), "d"(SECOND) : "memory");
}

static bool second_start(void)
{
    struct table_pointer gdt;
    uint64_t cr3;
    volatile uint8_t *to = (volatile uint8_t *)(uintptr_t)TRAMPOLINE;
    __asm__ volatile("mov %%cr3, %0" : "=r"(cr3));
    __asm__ volatile("sgdt %0" : "=m"(gdt));
    ipi_cr3 = (uint32_t)cr3;
    ipi_gdt.limit = gdt.limit;
    ipi_gdt.base = (uint32_t)gdt.base;
    for (const uint8_t *from = ipi_trampoline; from < ipi_trampoline_end; from++) {
        *to = *from;
        to++;
    }
    send(ICR_INIT);
    send(ICR_SIPI | (TRAMPOLINE >> 12));
    for (uint32_t i = 0U; (i < PATIENCE) && !second_up; i++) {
        __asm__ volatile("pause");
    }
    return second_up;
}

static uint64_t round_trip(void)
{
    const uint64_t before = tsc();
    send(VECTOR_ASK);
    __asm__ volatile("sti; hlt; cli" : : : "memory");
    return tsc() - before;
}

static void print_figure(const char *name, uint64_t value)
{
    print_text(name);
    print_text(" ");
    print_hex(value);
    print_text("\r\n");
}

static void measure(void)
{
    uint64_t least = UINT64_MAX;
    uint64_t most = 0U;
    uint64_t sum = 0U;
    for (uint32_t i = 0U; i < WARM_UP; i++) {
        (void)round_trip();
    }
    for (uint32_t i = 0U; i < ROUNDS; i++) {
        const uint64_t ticks = round_trip();
        least = (ticks < least) ? ticks : least;
        most = (ticks > most) ? ticks : most;
        sum += ticks;
    }
    check("each was answered", (ipi_asked == (WARM_UP + ROUNDS)) && (ipi_answered == ipi_asked), ipi_answered);
    print_figure("ipi", least);
    print_figure("ipi mean", sum / ROUNDS);
    print_figure("ipi most", most);
}

static void kick(void)
{
    uint32_t most = 0U;
    uint32_t late = 0U;
    __asm__ volatile("sti" : : : "memory");
    for (uint32_t i = 1U; i <= KICKS; i++) {
        uint32_t waited = 0U;
        distance = i % DISTANCES;
        round_wanted = i;
        while (round_begun != i) {
            __asm__ volatile("pause");
        }
        send(VECTOR_ASK);
        while ((ipi_answered < i) && (waited < LATE)) {
            exit_quickly();
            for (uint32_t j = 0U; j < ((i + waited) % STEPS); j++) { /* an emulator takes turns of so many instructions: out of step */
                __asm__ volatile("nop");
            }
            waited++;
        }
        while (round_over != i) {
            exit_quickly();
        }
        late += (waited == LATE) ? 1U : 0U;
        most = (waited > most) ? waited : most;
    }
    __asm__ volatile("cli" : : : "memory");
    check("no kick is lost", late == 0U, late);
    check("each was answered", (ipi_asked == KICKS) && (ipi_answered == KICKS), ipi_answered);
    print_figure("waits most", most);
}

void guest_main(void)
{
    out8(0x21U, 0xFFU); /* on the bare machine the firmware leaves the PIC's lines on */
    out8(0xA1U, 0xFFU);
    __asm__ volatile("sidt %0" : "=m"(idt));
    for (uint32_t i = 0U; guest_line[i] != '\0'; i++) {
        busy = busy || ((guest_line[i] == 'b') && (guest_line[i + 1U] == 'u') && (guest_line[i + 2U] == 's') && (guest_line[i + 3U] == 'y'));
    }
    apic_on();
    handler_set(VECTOR_ASK, (uint64_t)(uintptr_t)ipi_ask);
    handler_set(VECTOR_ANSWER, (uint64_t)(uintptr_t)ipi_answer);
    if (second_start()) {
        if (busy) {
            kick();
        } else {
            measure();
        }
    } else {
        check("the second vCPU starts", false, 0U);
    }
}
