/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/msr_safe.S */
/* The fault of the one RDMSR that may fault is taken where the hypervisor takes it: in user mode each RDMSR is one. */
#define _GNU_SOURCE /* registers in a signal's context */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>
#include <cmocka.h>

/* Instead of the privileged instructions of x86/asm.h. */
#define X86_ASM_H
struct asm_table_pointer {
    uint16_t limit;
    uint64_t base;
};
static void asm_lidt(const struct asm_table_pointer *pointer);

/* Instead of x86/vendor.h, whose names of registers a signal's context has, too. */
#define X86_VENDOR_H
struct vendor_ops {
    uint64_t (*nmi_return)(uint64_t rip);
};
extern const struct vendor_ops *vendor;

#include "x86/idt.c"

const uint8_t idt_stubs;
const uint8_t idt_sink;
const uint8_t idt_sink_mc;
struct pcpu pcpus[MAX_PCPU];
const struct vendor_ops *vendor; /* no NMI comes here */
static uint32_t faults;
static jmp_buf fatal;
static uint64_t fatal_rip;

static void asm_lidt(const struct asm_table_pointer *pointer) { (void)pointer; }
pcpu_id_t hw_pcpu(void) { return 0U; }

NORETURN void fatal_exception(const struct hv_crash_frame *frame)
{
    fatal_rip = frame->rip;
    longjmp(fatal, 1);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    ucontext_t *const user = context;
    struct hv_crash_frame frame = { .vector = 13U, .rip = (uint64_t)user->uc_mcontext.gregs[REG_RIP] };
    (void)signal;
    (void)info;
    faults++;
    idt_dispatch(&frame);
    user->uc_mcontext.gregs[REG_RIP] = (greg_t)frame.rip;
}

/* REQ-CFG-033 */
static void an_msr_that_is_not_there_is_told(void **state)
{
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
    struct sigaction before;
    uint64_t value = 0x1234U;
    bool there;
    (void)state;
    faults = 0U;
    sigaction(SIGSEGV, &action, &before);
    there = msr_read_safe(0x179U, &value);
    sigaction(SIGSEGV, &before, NULL);
    assert_int_equal(faults, 1U);
    assert_false(there);
    assert_true(value == 0U);
}

/* Other vectors at that place, and that vector at other places, end the core. */
/* REQ-CFG-033 */
static void no_other_fault_is_forgiven(void **state)
{
    struct hv_crash_frame frame = { .vector = 13U, .rip = address_of(&msr_safe_at) + 1U };
    (void)state;
    fatal_rip = 0U;
    if (setjmp(fatal) == 0) {
        idt_dispatch(&frame);
    }
    assert_true(fatal_rip == frame.rip);
    frame.vector = 14U;
    frame.rip = address_of(&msr_safe_at);
    fatal_rip = 0U;
    if (setjmp(fatal) == 0) {
        idt_dispatch(&frame);
    }
    assert_true(fatal_rip == frame.rip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_msr_that_is_not_there_is_told),
        cmocka_unit_test(no_other_fault_is_forgiven),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
