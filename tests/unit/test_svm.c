/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: x86/svm/svm.c x86/svm/exit.c x86/svm/event.c x86/svm/quick.c x86/exception.c x86/svm/intercept.c x86/svm/bitmap.c x86/svm/state.c x86/flush.c */
/* What emulators do not show of the AMD-V backend: flushes, ASIDs, features that QEMU lacks, requeued events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/cpuid.h"
#include "core/quick.h"
#include "core/trace.h"
#include "core/stats.h"
#include "x86/access_maps.h"
#include "x86/asm.h"
#include "x86/core_pages.h"
#include "x86/fatal.h"
#include "x86/flush.h"
#include "x86/pcpu.h"
#include "x86/svm/svm.h"

#define GUEST 8U /* vCPU 0 of VM 1 */
#define SERVICE_GUEST 0U
#define MISC1_INTR (1U << 0)
#define MISC1_HLT (1U << 24)
#define MISC2_XSETBV (1U << 13)
#define CR8 (1U << 8)

struct vcpu_regs vcpu_regs[MAX_VCPU];
uint8_t core_pages[MAX_PCPU][2][PAGE_SIZE];
uint8_t access_msr_map[MAX_VM][ACCESS_MSR_BYTES];
uint8_t access_io_map[MAX_VM][ACCESS_IO_BYTES];
static struct vmcb entered; /* the VMCB as the CPU would see it at VMRUN */
static struct vmcb leaves;  /* what the CPU would write at #VMEXIT */
static uint32_t vmruns;
static bool kicked;
static _Atomic uint32_t kick;

pcpu_id_t hw_pcpu(void)
{
    return 0U;
}

bool msr_read_safe(uint32_t msr, uint64_t *value)
{
    (void)msr;
    *value = 0U;
    return true;
}

NORETURN void fatal_boot(const char *what, const char *detail)
{
    (void)detail;
    fail_msg("%s", what);
    __builtin_unreachable();
}

struct vcpu_stats vcpu_stats[MAX_VCPU];
static bool answers;       /* what core/quick.h says */
static uint32_t asked, asked_cpl, asked_size, asked_port;
static bool asked_write;
static bool answer(vcpu_id_t id)
{
    assert_int_equal(id, GUEST);
    asked++;
    vcpu_regs[id].gpr[GPR_RAX] += answers ? 0x100U : 0U;
    return answers;
}
void cpuid_emulate(vcpu_id_t id) { (void)answer(id); }
volatile uint32_t trace_events;
static uint32_t quick_traced;  /* the reason of the last one + 1 */
void trace_record_quick(vcpu_id_t vcpu, enum hv_exit_reason reason, uint64_t left, uint64_t now)
{
    assert_int_equal(vcpu, GUEST);
    assert_true(left <= now);
    quick_traced = (uint32_t)reason + 1U;
}
bool core_quick_msr_read(vcpu_id_t id) { return answer(id); }
bool core_quick_msr_write(vcpu_id_t id) { asked_write = true; return answer(id); }
bool core_quick_hypercall(vcpu_id_t id, uint32_t cpl) { asked_cpl = cpl; return answer(id); }
bool core_quick_port(vcpu_id_t id, uint32_t port, uint32_t size, bool write)
{
    asked_port = port;
    asked_size = size;
    asked_write = write;
    return answer(id);
}

/* x86/svm/left.c: what it deals with itself has a test of its own. */
struct vmcb *svm_left(struct svm_run *run) { return svm_quick(run, asm_rdtsc()); }

static bool deliver_interrupts = true; /* false: a physical interrupt comes first */
static void cpu_runs(struct vmcb *at)
{
    entered = *at;
    vmruns++;
    at->exit_code = leaves.exit_code;
    at->exit_info1 = leaves.exit_info1;
    at->exit_info2 = leaves.exit_info2;
    at->exit_int_info = leaves.exit_int_info;
    at->next_rip = leaves.next_rip;
    at->rip = leaves.rip;
    if (((at->intercept_misc1 & MISC1_VINTR) == 0U) && deliver_interrupts) {
        at->interrupt_control &= ~VINT_IRQ;
    }
}

static uint32_t repeats; /* the same exit comes so often again */
static struct vmcb then;  /* the VMCB at the VMRUN after the last of them */
/* As enter.S has it; quick exits are followed by a physical interrupt at the next instruction. */
uint32_t svm_vmrun(struct svm_run *run)
{
    entered = *run->vmcb;
    assert_ptr_equal(run->kick, &kick);
    assert_ptr_equal(run->regs, &vcpu_regs[run->vcpu]);
    assert_ptr_equal(run->vmcb, &svm_vmcb[run->vcpu]);
    if (!kicked) {
        cpu_runs(run->vmcb);
        while (svm_left(run) != NULL) {
            then = *run->vmcb;
            leaves.exit_code = (repeats == 0U) ? 0x60U : leaves.exit_code;
            leaves.exit_int_info = 0U;
            leaves.rip = run->vmcb->rip;
            repeats -= (repeats == 0U) ? 0U : 1U;
            cpu_runs(run->vmcb);
        }
    }
    return kicked ? 0U : 1U;
}

static int setup(void **state)
{
    const struct svm_features none = { .asid_count = 16U };
    (void)state;
    svm_features = none;
    memset(svm_vmcb, 0, sizeof(svm_vmcb));
    memset(vcpu_regs, 0, sizeof(vcpu_regs));
    memset(&leaves, 0, sizeof(leaves));
    memset(vcpu_stats, 0, sizeof(vcpu_stats));
    vmruns = 0U;
    asked = 0U;
    asked_write = false;
    answers = false;
    kicked = false;
    svm_vendor.bitmaps_close(1U);
    svm_vendor.vcpu_init(GUEST, false);
    svm_vendor.set_stage2(GUEST, 0x123000U, 2U);
    vcpu_regs[GUEST].rip = 0x1000U;
    leaves.rip = 0x1000U;
    return 0;
}

static struct vm_exit leave(uint64_t code, uint64_t info1, uint64_t info2)
{
    struct vm_exit exit;
    leaves.exit_code = code;
    leaves.exit_info1 = info1;
    leaves.exit_info2 = info2;
    assert_true(svm_vendor.enter(GUEST, &kick, &exit));
    return exit;
}

/* ---- translations ---- */

/* REQ-ISO-013 */
static void the_first_entry_flushes_and_the_next_does_not(void **state)
{
    (void)state;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 1U); /* all ASIDs: the CPU cannot flush one */
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 0U);
}

/* REQ-ISO-012 */
static void a_flush_that_was_asked_for_survives_a_kick(void **state)
{
    struct vm_exit exit;
    (void)state;
    leave(0x60U, 0U, 0U);
    svm_vendor.flush(GUEST);
    kicked = true;
    assert_false(svm_vendor.enter(GUEST, &kick, &exit));
    assert_int_equal(entered.tlb_control, 1U);
    kicked = false;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 1U);
}

/* REQ-ISO-013 */
static void a_core_that_changes_vcpu_flushes(void **state)
{
    (void)state;
    leave(0x60U, 0U, 0U);
    svm_vendor.vcpu_load(GUEST);
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 1U);
}

/* REQ-ISO-013 */
static void flush_by_asid_is_used_when_present(void **state)
{
    (void)state;
    svm_features.flush_by_asid = true;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 3U);
}

/* REQ-ISO-013 */
static void no_asid_is_the_hosts_or_beyond_the_cpus(void **state)
{
    (void)state;
    for (uint32_t asid = 0U; asid < 100U; asid++) {
        svm_vendor.set_stage2(GUEST, 0x5000U, asid);
        assert_in_range(svm_vmcb[GUEST].asid, 1U, 15U);
    }
    assert_int_equal(svm_vmcb[GUEST].nested_cr3, 0x5000U);
}

/* REQ-ISO-033 */
static void reset_keeps_stage_2_and_asid(void **state)
{
    const uint32_t asid = svm_vmcb[GUEST].asid;
    (void)state;
    svm_vendor.vcpu_init(GUEST, false);
    assert_int_equal(svm_vmcb[GUEST].nested_cr3, 0x123000U);
    assert_int_equal(svm_vmcb[GUEST].asid, asid);
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.tlb_control, 1U);
}

static void no_state_is_declared_clean(void **state)
{
    (void)state;
    svm_vmcb[GUEST].clean_bits = 0xFFFFFFFFU;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.clean_bits, 0U);
}

/* ---- registers ---- */

/* REQ-ISO-033 */
static void svme_is_always_set_and_never_shown(void **state)
{
    (void)state;
    svm_vendor.set(GUEST, REG_EFER, 0x501U);
    assert_int_equal(svm_vmcb[GUEST].efer, 0x1501U);
    assert_int_equal(svm_vendor.get(GUEST, REG_EFER), 0x501U);
}

/* REQ-ISO-033 */
static void segment_access_rights_lose_nothing(void **state)
{
    const struct segment code = { 8U, 0xA09BU, 0xFFFFFFFFU, 0x1234U };
    struct segment back;
    (void)state;
    svm_vendor.set_segment(GUEST, SEG_CS, code);
    assert_int_equal(svm_vmcb[GUEST].cs.attributes, 0xA9BU);
    back = svm_vendor.get_segment(GUEST, SEG_CS);
    assert_memory_equal(&back, &code, sizeof(code));
}

/* REQ-ISO-033 */
static void a_failed_vmrun_leaves_the_registers_alone(void **state)
{
    struct vm_exit exit;
    (void)state;
    leaves.rip = 0xDEADU; /* QEMU stores host state there */
    exit = leave(0xFFFFFFFFU, 0U, 0U);
    assert_int_equal(exit.reason, HV_EXIT_SHUTDOWN);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1000U);
    exit = leave(0xFFFFFFFFFFFFFFFFU, 0U, 0U);
    assert_int_equal(exit.reason, HV_EXIT_SHUTDOWN);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1000U);
}

/* ---- intercepts and bitmaps ---- */

static void a_shared_vcpu_gives_up_interrupts_hlt_and_tpr(void **state)
{
    const struct vmcb *const vmcb = &svm_vmcb[GUEST];
    (void)state;
    assert_int_equal(vmcb->intercept_misc1 & (MISC1_INTR | MISC1_HLT), MISC1_INTR | MISC1_HLT);
    assert_int_equal(vmcb->intercept_misc2 & MISC2_XSETBV, MISC2_XSETBV);
    assert_int_equal(vmcb->intercept_cr_read, CR8);
    assert_int_equal(vmcb->intercept_cr_write, CR8);
    assert_int_equal(vmcb->interrupt_control, VINT_MASKING);
    assert_int_equal(vmcb->intercept_exception & (1U << 6), 0U);
}

/* REQ-RT-002 */
static void an_exclusive_vcpu_keeps_them(void **state)
{
    const struct vmcb *const vmcb = &svm_vmcb[GUEST];
    (void)state;
    svm_vendor.vcpu_init(GUEST, true);
    assert_int_equal(vmcb->intercept_misc1 & (MISC1_INTR | MISC1_HLT), 0U);
    assert_int_equal(vmcb->intercept_cr_read | vmcb->intercept_cr_write, 0U);
    assert_int_equal(vmcb->interrupt_control, 0U);
}

/* REQ-ISO-019 */
/* REQ-ISO-026 */
static void both_kinds_intercept_what_would_break_isolation(void **state)
{
    const uint32_t misc1 = (1U << 1) | (1U << 2) | (1U << 3) | (1U << 18) | (1U << 27) | (1U << 28) | (1U << 31);
    const uint32_t misc2 = 0x27FU; /* VMRUN .. SKINIT, WBINVD */
    (void)state;
    for (uint32_t exclusive = 0U; exclusive < 2U; exclusive++) {
        svm_vendor.vcpu_init(GUEST, exclusive == 1U);
        assert_int_equal(svm_vmcb[GUEST].intercept_misc1 & misc1, misc1);
        assert_int_equal(svm_vmcb[GUEST].intercept_misc2 & misc2, misc2);
        assert_int_equal(svm_vmcb[GUEST].intercept_exception, (1U << 1) | (1U << 17) | (1U << 18)); /* #DB #AC #MC */
        assert_int_equal(svm_vmcb[GUEST].nested_control, 1U);
    }
}

/* REQ-HYP-016 */
static void only_the_service_vm_exits_on_undefined_opcodes(void **state)
{
    (void)state;
    svm_vendor.vcpu_init(SERVICE_GUEST, false);
    assert_true((svm_vmcb[SERVICE_GUEST].intercept_exception & (1U << 6)) != 0U);
}

static uint32_t open_bits(const uint8_t *map, uint32_t size)
{
    uint32_t count = 0U;
    for (uint32_t i = 0U; i < (size * 8U); i++) {
        count += ((map[i / 8U] >> (i % 8U)) & 1U) ^ 1U;
    }
    return count;
}

/* REQ-ISO-017 */
static void bitmaps_are_closed_until_opened_one_by_one(void **state)
{
    const uint8_t *const msrs = (const uint8_t *)(uintptr_t)svm_vmcb[GUEST].msrpm_base;
    const uint8_t *const ports = (const uint8_t *)(uintptr_t)svm_vmcb[GUEST].iopm_base;
    (void)state;
    assert_int_equal(open_bits(msrs, 8192U) + open_bits(ports, 12288U), 0U);
    svm_vendor.msr_open(1U, 0x10U, true, false);
    assert_int_equal(msrs[4], 0xFEU);
    svm_vendor.msr_open(1U, 0xC0000102U, true, true);
    assert_int_equal(msrs[2048U + 64U], 0xCFU);
    svm_vendor.msr_open(1U, 0xC0010015U, false, true);
    assert_int_equal(msrs[4096U + 5U], 0xF7U);
    assert_int_equal(open_bits(msrs, 8192U), 4U);
    svm_vendor.msr_open(1U, 0x40000000U, true, true); /* outside the map's ranges: stays closed */
    svm_vendor.msr_open(1U, 0x2000U, true, true);
    svm_vendor.msr_open(1U, 0xBFFFFFFFU, true, true);
    svm_vendor.msr_open(1U, 0xC0002000U, true, true);
    svm_vendor.msr_open(1U, 0xC000FFFFU, true, true);
    svm_vendor.msr_open(1U, 0xC0012000U, true, true);
    assert_int_equal(open_bits(msrs, 8192U), 4U);
    svm_vendor.msr_open(1U, 0x1FFFU, true, true);
    svm_vendor.msr_open(1U, 0xC0001FFFU, true, true);
    svm_vendor.msr_open(1U, 0xC0011FFFU, true, true);
    assert_int_equal(msrs[2047], 0x3FU);
    assert_int_equal(msrs[4095], 0x3FU);
    assert_int_equal(msrs[6143], 0x3FU);
    assert_int_equal(open_bits(msrs, 8192U), 10U);
    svm_vendor.port_open(1U, 0x3F8U);
    assert_int_equal(ports[0x7F], 0xFEU);
    assert_int_equal(open_bits(ports, 12288U), 1U);
    svm_vendor.bitmaps_close(1U);
    assert_int_equal(open_bits(msrs, 8192U) + open_bits(ports, 12288U), 0U);
}

/* ---- exits ---- */

/* REQ-IO-014 */
static void lengths_come_from_a_table_without_next_rip(void **state)
{
    (void)state;
    leaves.exit_int_info = EVENT_VALID | 0x31U; /* an interrupt's delivery cut short: no quick exit */
    assert_int_equal(leave(0x72U, 0U, 0U).length, 2U); /* CPUID */
    assert_int_equal(leave(0x81U, 0U, 0U).length, 3U); /* VMMCALL */
    assert_int_equal(leave(0x78U, 0U, 0U).length, 1U); /* HLT */
    assert_int_equal(leave(0x7CU, 1U, 0U).length, 2U); /* WRMSR */
    assert_int_equal(leave(0x8DU, 0U, 0U).length, 3U); /* XSETBV */
}

/* REQ-IO-014 */
static void next_rip_is_used_when_present(void **state)
{
    (void)state;
    svm_features.next_rip = true;
    leaves.next_rip = 0x1004U; /* a prefix made it longer */
    leaves.exit_int_info = EVENT_VALID | 0x31U;
    assert_int_equal(leave(0x72U, 0U, 0U).length, 4U);
}

/* REQ-IO-014 */
static void string_output_with_prefix(void **state)
{
    /* OUTSB with REP, 32-bit addresses, GS: (APM 2, 15.10.2) */
    const struct vm_exit exit = (svm_features.decode_assists = true,
                                 leave(0x7BU, (0x3F8U << 16) | (5U << 10) | (1U << 8) | (1U << 4) | 0xCU, 0x1002U));
    (void)state;
    assert_int_equal(exit.reason, HV_EXIT_IO);
    assert_int_equal(exit.number, 0x3F8U);
    assert_int_equal(exit.size, 1U);
    assert_true(exit.write && exit.string && exit.repeat);
    assert_int_equal(exit.address_size, 4U);
    assert_int_equal(exit.segment, SEG_GS);
    assert_int_equal(exit.length, 2U);
}

/* REQ-IO-014 */
static void cr8_operand_with_and_without_decode_assists(void **state)
{
    struct vm_exit exit = leave(0x18U, 0U, 0U);
    (void)state;
    assert_int_equal(exit.reason, HV_EXIT_CR);
    assert_int_equal(exit.number, 8U);
    assert_true(exit.write);
    assert_int_equal(exit.gpr, 16U);
    assert_int_equal(exit.length, 0U);
    svm_features.decode_assists = true;
    svm_features.next_rip = true;
    leaves.next_rip = 0x1004U;
    exit = leave(0x08U, (1ULL << 63) | 9U, 0U);
    assert_false(exit.write);
    assert_int_equal(exit.gpr, GPR_R9);
    assert_int_equal(exit.length, 4U);
}

/* REQ-IO-014 */
static void nested_page_fault(void **state)
{
    struct vm_exit exit = leave(0x400U, (1ULL << 32) | 6U, 0xFED00010U);
    (void)state;
    assert_int_equal(exit.reason, HV_EXIT_MMIO);
    assert_int_equal(exit.gpa, 0xFED00010U);
    assert_true(exit.write && !exit.execute && !exit.table_walk);
    exit = leave(0x400U, (1ULL << 33) | 0x14U, 0x5000U);
    assert_true(!exit.write && exit.execute && exit.table_walk);
}

/* REQ-ISO-019 */
static void instructions_of_hidden_features_are_undefined(void **state)
{
    static const uint32_t codes[] = { 0x80U, 0x82U, 0x83U, 0x84U, 0x85U, 0x86U, 0x7AU, 0x8AU, 0x8BU, 0x8CU, 0x8EU };
    (void)state;
    for (size_t i = 0U; i < sizeof(codes) / sizeof(codes[0]); i++) {
        const struct vm_exit exit = leave(codes[i], 0U, 0U);
        assert_int_equal(exit.reason, HV_EXIT_EXCEPTION);
        assert_int_equal(exit.number, 6U);
    }
    assert_int_equal(leave(0x6FU, 0U, 0U).number, 13U); /* RDPMC */
}

/* REQ-IO-014 */
static void every_code_gives_a_reason_in_range(void **state)
{
    (void)state;
    for (uint64_t code = 0U; code < 0x500U; code++) {
        const struct vm_exit exit = leave(code, UINT64_MAX, UINT64_MAX);
        assert_in_range(exit.reason, 0, HV_EXIT_REASONS - 1);
    }
}

/* ---- quick exits ---- */

/* Leaves by this exit, which is answered; then by an interrupt. */
static void leave_quickly(uint64_t code, uint64_t info1, uint64_t info2)
{
    answers = true;
    vmruns = 0U;
    asked = 0U;
    svm_vmcb[GUEST].rax = 0x10U;
    svm_vmcb[GUEST].interrupt_state = INTERRUPT_SHADOW;
    svm_vmcb[GUEST].event_injection = EVENT_VALID | (3ULL << 8) | 6U;
    vcpu_regs[GUEST].gpr[GPR_RAX] = 0x10U;
    leaves.rip = 0x1000U;
    assert_int_equal(leave(code, info1, info2).reason, HV_EXIT_INTERRUPT);
    assert_int_equal(vmruns, 2U);
    assert_int_equal(asked, 1U);
    assert_int_equal(entered.rax, 0x110U);
    assert_int_equal(entered.interrupt_state & INTERRUPT_SHADOW, 0U);
    assert_int_equal(entered.tlb_control, 0U);
    assert_int_equal(entered.event_injection, 0U);
    assert_int_equal(vcpu_regs[GUEST].gpr[GPR_RAX], 0x110U);
}

/* REQ-RT-060 */
static void an_exit_that_is_answered_goes_straight_back(void **state)
{
    (void)state;
    leave_quickly(0x72U, 0U, 0U); /* CPUID */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1002U);
    svm_vmcb[GUEST].cpl = 3U;
    leave_quickly(0x81U, 0U, 0U); /* VMMCALL */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1003U);
    assert_int_equal(asked_cpl, 3U);
    leave_quickly(0x7CU, 0U, 0U); /* RDMSR */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1002U);
    assert_false(asked_write);
    leave_quickly(0x7CU, 1U, 0U); /* WRMSR */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1002U);
    assert_true(asked_write);
    leave_quickly(0x7BU, (0x500U << 16) | (1U << 5) | 1U, 0x1001U); /* IN AX, DX */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1001U);
    assert_int_equal(asked_size, 2U);
    assert_int_equal(asked_port, 0x500U);
    assert_false(asked_write);
    leave_quickly(0x7BU, (0x500U << 16) | (1U << 6), 0x1002U); /* OUT imm8, EAX */
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1002U);
    assert_int_equal(asked_size, 4U);
    assert_true(asked_write);
}

#define DB_EVENT (EVENT_VALID | (3ULL << 8) | 1U)

/* REQ-INT-060 */
static void a_single_step_is_an_exception_before_any_other_event(void **state)
{
    (void)state;
    vcpu_regs[GUEST].rflags = 0x302U;
    svm_vmcb[GUEST].dr7 = 0x2401U; /* GD */
    svm_vendor.single_step(GUEST);
    assert_false(svm_vendor.can_accept(GUEST));
    assert_false(svm_vendor.can_accept_nmi(GUEST));
    assert_true(svm_vendor.event_queued(GUEST));
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.event_injection, DB_EVENT);
    assert_int_equal(entered.dr6, 0xFFFF4FF0U);
    assert_int_equal(entered.dr7, 0x401U);
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.event_injection, 0U);
}

/* REQ-INT-060 REQ-RT-060 */
static void a_quick_exit_sees_the_flags_of_a_debugger(void **state)
{
    (void)state;
    answers = true;
    vcpu_regs[GUEST].rflags = 0x10302U; /* RF, TF */
    leave(0x72U, 0U, 0U);
    assert_int_equal(entered.event_injection, DB_EVENT);
    assert_int_equal(entered.dr6 & 0x4000U, 0x4000U);
    assert_int_equal(entered.rflags, 0x302U);
    vcpu_regs[GUEST].rflags = 0x10202U;
    leave(0x72U, 0U, 0U);
    assert_int_equal(entered.event_injection, 0U);
    assert_int_equal(entered.rflags, 0x202U);
}

/* The first exit after it is not one of those "behind an answered exit": the event could have been cut short. */
/* REQ-INT-060 */
static void a_single_step_goes_in_once(void **state)
{
    (void)state;
    answers = true;
    repeats = 1U;
    vcpu_regs[GUEST].rflags = 0x302U;
    leaves.exit_code = 0x72U;
    svm_vmcb[GUEST].rflags = 0x302U;
    leave(0x72U, 0U, 0U);
    assert_int_equal(asked, 2U);
    assert_int_equal(then.event_injection, DB_EVENT);
    assert_false(svm_vendor.event_queued(GUEST));
}

/* REQ-RT-060 REQ-IO-014 */
static void the_cpu_tells_where_the_next_instruction_is(void **state)
{
    (void)state;
    svm_features.next_rip = true;
    leaves.next_rip = 0x1005U;
    leave_quickly(0x81U, 0U, 0U);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1005U);
}

/* REQ-RT-031 */
static void quick_exits_are_traced_when_that_is_on(void **state)
{
    (void)state;
    leave_quickly(0x81U, 0U, 0U);
    assert_int_equal(quick_traced, 0U);
    trace_events = HV_TRACE_ALL;
    leave_quickly(0x81U, 0U, 0U);
    trace_events = 0U;
    assert_int_equal(quick_traced, HV_EXIT_HYPERCALL + 1U);
}

/* REQ-RT-060 REQ-RT-014 */
static void quick_exits_are_counted_as_all_others(void **state)
{
    (void)state;
    leave_quickly(0x72U, 0U, 0U);
    leave_quickly(0x81U, 0U, 0U);
    leave_quickly(0x81U, 0U, 0U);
    leave_quickly(0x7CU, 1U, 0U);
    leave_quickly(0x7BU, 1U << 4, 0U);
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_CPUID], 1U);
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_HYPERCALL], 2U);
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_MSR_WRITE], 1U);
    assert_int_equal(vcpu_stats[GUEST].exits[HV_EXIT_IO], 1U);
    assert_int_equal(vcpu_stats[GUEST].exits_total, 5U); /* the others are counted by the run loop */
    assert_true(vcpu_stats[GUEST].last_exit_tsc != 0U);
    assert_true(vcpu_stats[GUEST].worst[HV_EXIT_CPUID] != 0U);
    assert_int_equal(vcpu_stats[GUEST].worst[HV_EXIT_MSR_READ], 0U);
}

/* REQ-RT-060 REQ-ISO-013 */
static void answered_exits_that_follow_each_other(void **state)
{
    (void)state;
    answers = true;
    repeats = 2U;
    svm_vmcb[GUEST].event_injection = EVENT_VALID | (3ULL << 8) | 6U;
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_INTERRUPT);
    assert_int_equal(vmruns, 4U);
    assert_int_equal(asked, 3U);
    assert_int_equal(vcpu_regs[GUEST].rip, 0x1006U);
    assert_int_equal(then.tlb_control, 0U);
    assert_int_equal(then.event_injection, 0U);
    assert_false(flush_wanted(GUEST));
}

/* A delivery that was cut short may come at any time; whoever waits for a moment to inject does so before the entry. */
/* REQ-RT-060 REQ-INT-016 */
static void after_an_answer_the_next_exit_is_looked_at_as_well(void **state)
{
    struct svm_run run = { &vcpu_regs[GUEST], &svm_vmcb[GUEST], 0U, &kick, &vcpu_stats[GUEST], GUEST, false };
    (void)state;
    answers = true;
    svm_vmcb[GUEST].exit_code = 0x72U;
    assert_ptr_equal(svm_quick(&run, 0U), &svm_vmcb[GUEST]);
    assert_true(run.settled);
    svm_vmcb[GUEST].exit_int_info = EVENT_VALID | 0x31U;
    assert_null(svm_quick(&run, 0U));
    svm_vmcb[GUEST].exit_int_info = 0U;
    svm_vmcb[GUEST].exit_code = 0x60U;
    assert_null(svm_quick(&run, 0U));
    run.settled = false;
    svm_vmcb[GUEST].exit_code = 0x72U;
    svm_vmcb[GUEST].interrupt_control = VINT_IRQ;
    assert_null(svm_quick(&run, 0U));
    assert_false(run.settled);
    assert_int_equal(asked, 1U);
}

/* REQ-RT-060 */
static void an_exit_without_an_answer_goes_the_ordinary_way(void **state)
{
    static const uint64_t codes[] = { 0x81U, 0x7CU, 0x7BU };
    (void)state;
    for (size_t i = 0U; i < 3U; i++) {
        asked = 0U;
        svm_vmcb[GUEST].interrupt_state = INTERRUPT_SHADOW;
        assert_int_not_equal(leave(codes[i], 0x11U, 0x1001U).reason, HV_EXIT_OTHER);
        assert_int_equal(asked, 1U);
        assert_int_equal(vcpu_regs[GUEST].rip, 0x1000U);
        assert_int_equal(svm_vmcb[GUEST].interrupt_state, INTERRUPT_SHADOW);
    }
    assert_int_equal(vmruns, 3U);
    answers = true;
    asked = 0U;
    assert_true(leave(0x7BU, 0x15U, 0x1001U).string); /* INS */
    assert_int_equal(leave(0x8DU, 0U, 0U).reason, HV_EXIT_XSETBV);
    assert_int_equal(asked, 0U);
}

/* REQ-RT-060 REQ-INT-016 REQ-INT-017 */
static void an_event_on_its_way_makes_every_exit_ordinary(void **state)
{
    (void)state;
    answers = true;
    leaves.exit_int_info = EVENT_VALID | 0x31U;
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_CPUID);
    leaves.exit_int_info = 0U;
    svm_vendor.request_window(GUEST, false);
    svm_vmcb[GUEST].interrupt_control = 0U;
    svm_vendor.request_window(GUEST, true); /* someone waits for the moment */
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_CPUID);
    svm_vendor.request_window(GUEST, false);
    deliver_interrupts = false;
    svm_vendor.inject(GUEST, (struct event){ EVENT_INTERRUPT, 0x41U, false, 0U }); /* not gone in yet */
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_CPUID);
    deliver_interrupts = true;
    leave(0x60U, 0U, 0U);
    svm_vendor.inject(GUEST, (struct event){ EVENT_NMI, 2U, false, 0U }); /* in its handler another may wait */
    assert_int_equal(leave(0x72U, 0U, 0U).reason, HV_EXIT_CPUID);
    assert_int_equal(asked, 0U);
}

/* ---- events ---- */

/* REQ-INT-016 */
static void an_event_cut_short_is_queued_again(void **state)
{
    (void)state;
    leaves.exit_int_info = EVENT_VALID | 0x31U; /* interrupt 31H */
    leave(0x400U, 0U, 0U);
    assert_true(svm_vendor.event_queued(GUEST));
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.interrupt_control & (VINT_IRQ | VINT_VECTOR), VINT_IRQ | (0x31ULL << VINT_VECTOR_SHIFT));
    assert_int_equal(entered.event_injection, 0U);
    leaves.exit_int_info = EVENT_VALID | EVENT_HAS_ERROR | (3ULL << 8) | 14U | (2ULL << 32); /* #PF, error 2 */
    leave(0x400U, 0U, 0U);
    leaves.exit_int_info = 0U;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.event_injection, EVENT_VALID | EVENT_HAS_ERROR | (3ULL << 8) | 14U | (2ULL << 32));
    assert_false(svm_vendor.event_queued(GUEST));
}

/* REQ-IO-024 */
static void an_exit_says_what_delivery_it_cut_short(void **state)
{
    (void)state;
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_NOTHING);
    leaves.exit_int_info = (3ULL << 8) | 8U; /* stale: not valid */
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_NOTHING);
    leaves.exit_int_info = EVENT_VALID | 0x31U; /* interrupt 31H */
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_BENIGN);
    leaves.exit_int_info = EVENT_VALID | (4ULL << 8) | 8U; /* INT 8 */
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_BENIGN);
    leaves.exit_int_info = EVENT_VALID | EVENT_HAS_ERROR | (3ULL << 8) | 13U;
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_CONTRIBUTORY);
    leaves.exit_int_info = EVENT_VALID | EVENT_HAS_ERROR | (3ULL << 8) | 8U;
    assert_int_equal(leave(0x400U, 0U, 0U).cut, CUT_DOUBLE_FAULT);
}

/* REQ-IO-024 */
static void a_fault_in_a_delivery_counts_by_what_was_delivered(void **state)
{
    (void)state;
    for (uint32_t vector = 0U; vector < 32U; vector++) {
        const bool contributory = (vector == 0U) || (vector == 10U) || (vector == 11U) || (vector == 12U) || (vector == 13U) || (vector == 14U);
        const enum exit_cut expected = (vector == 8U) ? CUT_DOUBLE_FAULT : (contributory ? CUT_CONTRIBUTORY : CUT_BENIGN);
        assert_int_equal(vendor_cut_exception(vector), expected);
    }
}

/* REQ-INT-016: QEMU's name for a virtual interrupt; injected as an exception it would make VMRUN fail. */
static void an_exception_above_vector_31_is_not_queued(void **state)
{
    (void)state;
    leaves.exit_int_info = EVENT_VALID | (3ULL << 8) | 0xFBU;
    leave(0x400U, 0U, 0U);
    leaves.exit_int_info = 0U;
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.event_injection, 0U);
}

/* REQ-INT-016 */
static void instructions_that_raise_run_again_instead(void **state)
{
    (void)state;
    leaves.exit_int_info = EVENT_VALID | (4ULL << 8) | 0x80U; /* INT 80H */
    leave(0x400U, 0U, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
    leaves.exit_int_info = EVENT_VALID | (3ULL << 8) | 3U; /* INT3 */
    leave(0x400U, 0U, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
}

static void stale_information_without_the_valid_bit_is_ignored(void **state)
{
    (void)state;
    leaves.exit_int_info = 0x31U;
    leave(0x400U, 0U, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
}

/* REQ-INT-017 */
static void interrupts_wait_for_if_shadow_and_queue(void **state)
{
    const struct event interrupt = { EVENT_INTERRUPT, 0x40U, false, 0U };
    (void)state;
    assert_false(svm_vendor.can_accept(GUEST));
    vcpu_regs[GUEST].rflags = 0x202U;
    assert_true(svm_vendor.can_accept(GUEST));
    svm_vmcb[GUEST].interrupt_state = INTERRUPT_SHADOW;
    assert_false(svm_vendor.can_accept(GUEST));
    svm_vendor.clear_shadow(GUEST);
    assert_true(svm_vendor.can_accept(GUEST));
    svm_vendor.inject(GUEST, interrupt);
    assert_false(svm_vendor.can_accept(GUEST));
    assert_int_equal(svm_vmcb[GUEST].interrupt_control & (VINT_IRQ | VINT_VECTOR), VINT_IRQ | (0x40ULL << VINT_VECTOR_SHIFT));
}

/* QEMU delivers an interrupt in EVENTINJ twice when the core leaves its loop right after VMRUN. */
/* REQ-INT-017 */
static void interrupts_never_go_through_eventinj(void **state)
{
    const struct event interrupt = { EVENT_INTERRUPT, 0xECU, false, 0U };
    (void)state;
    svm_vendor.inject(GUEST, interrupt);
    assert_int_equal(svm_vmcb[GUEST].event_injection, 0U);
    leaves.exit_int_info = 0U;
    leave(0x60U, 0U, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
}

static void an_interrupt_not_yet_delivered_stays_and_no_window_replaces_it(void **state)
{
    const struct event interrupt = { EVENT_INTERRUPT, 0x51U, false, 0U };
    (void)state;
    leaves.exit_int_info = 0U;
    svm_vendor.inject(GUEST, interrupt);
    deliver_interrupts = false;
    leave(0x60U, 0U, 0U);
    deliver_interrupts = true;
    assert_true(svm_vendor.event_queued(GUEST));
    svm_vendor.request_window(GUEST, true);
    svm_vendor.request_window(GUEST, false);
    leave(0x60U, 0U, 0U);
    assert_int_equal(entered.interrupt_control & (VINT_IRQ | VINT_VECTOR), VINT_IRQ | (0x51ULL << VINT_VECTOR_SHIFT));
    assert_int_equal(entered.intercept_misc1 & MISC1_VINTR, 0U);
    assert_false(svm_vendor.event_queued(GUEST));
}

static void a_window_is_asked_for_and_taken_back(void **state)
{
    (void)state;
    svm_vendor.request_window(GUEST, true);
    assert_true((svm_vmcb[GUEST].interrupt_control & (VINT_IRQ | VINT_IGNORE_TPR)) == (VINT_IRQ | VINT_IGNORE_TPR));
    assert_int_equal(leave(0x64U, 0U, 0U).reason, HV_EXIT_WINDOW);
    assert_int_equal(svm_vmcb[GUEST].interrupt_control, VINT_MASKING);
    assert_int_equal(svm_vmcb[GUEST].intercept_misc1 & MISC1_VINTR, 0U);
}

/* REQ-RT-008 */
static void a_second_nmi_waits_for_the_iret_of_the_first(void **state)
{
    const struct event nmi = { EVENT_NMI, 2U, false, 0U };
    (void)state;
    assert_true(svm_vendor.can_accept_nmi(GUEST));
    svm_vendor.inject(GUEST, nmi);
    assert_int_equal(svm_vmcb[GUEST].event_injection, EVENT_VALID | (2ULL << 8) | 2U);
    leave(0x60U, 0U, 0U);
    assert_false(svm_vendor.can_accept_nmi(GUEST));
    assert_true((entered.intercept_misc1 & MISC1_IRET) != 0U);
    assert_int_equal(leave(0x74U, 0U, 0U).reason, HV_EXIT_WINDOW); /* before the IRET */
    assert_false(svm_vendor.can_accept_nmi(GUEST));
    leave(0x60U, 0U, 0U); /* an exit that left RIP at the IRET */
    assert_true((entered.intercept_misc1 & MISC1_IRET) == 0U);
    assert_false(svm_vendor.can_accept_nmi(GUEST));
    leaves.rip = 0x2000U;
    leave(0x60U, 0U, 0U);
    assert_true(svm_vendor.can_accept_nmi(GUEST));
}

static void reset_opens_nmis(void **state)
{
    const struct event nmi = { EVENT_NMI, 2U, false, 0U };
    (void)state;
    svm_vendor.inject(GUEST, nmi);
    svm_vendor.vcpu_init(GUEST, false);
    assert_true(svm_vendor.can_accept_nmi(GUEST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_entry_flushes_and_the_next_does_not, setup),
        cmocka_unit_test_setup(a_flush_that_was_asked_for_survives_a_kick, setup),
        cmocka_unit_test_setup(a_core_that_changes_vcpu_flushes, setup),
        cmocka_unit_test_setup(flush_by_asid_is_used_when_present, setup),
        cmocka_unit_test_setup(no_asid_is_the_hosts_or_beyond_the_cpus, setup),
        cmocka_unit_test_setup(reset_keeps_stage_2_and_asid, setup),
        cmocka_unit_test_setup(no_state_is_declared_clean, setup),
        cmocka_unit_test_setup(svme_is_always_set_and_never_shown, setup),
        cmocka_unit_test_setup(segment_access_rights_lose_nothing, setup),
        cmocka_unit_test_setup(a_failed_vmrun_leaves_the_registers_alone, setup),
        cmocka_unit_test_setup(a_shared_vcpu_gives_up_interrupts_hlt_and_tpr, setup),
        cmocka_unit_test_setup(an_exclusive_vcpu_keeps_them, setup),
        cmocka_unit_test_setup(both_kinds_intercept_what_would_break_isolation, setup),
        cmocka_unit_test_setup(only_the_service_vm_exits_on_undefined_opcodes, setup),
        cmocka_unit_test_setup(bitmaps_are_closed_until_opened_one_by_one, setup),
        cmocka_unit_test_setup(lengths_come_from_a_table_without_next_rip, setup),
        cmocka_unit_test_setup(next_rip_is_used_when_present, setup),
        cmocka_unit_test_setup(string_output_with_prefix, setup),
        cmocka_unit_test_setup(cr8_operand_with_and_without_decode_assists, setup),
        cmocka_unit_test_setup(nested_page_fault, setup),
        cmocka_unit_test_setup(instructions_of_hidden_features_are_undefined, setup),
        cmocka_unit_test_setup(every_code_gives_a_reason_in_range, setup),
        cmocka_unit_test_setup(an_exit_that_is_answered_goes_straight_back, setup),
        cmocka_unit_test_setup(a_single_step_is_an_exception_before_any_other_event, setup),
        cmocka_unit_test_setup(a_quick_exit_sees_the_flags_of_a_debugger, setup),
        cmocka_unit_test_setup(a_single_step_goes_in_once, setup),
        cmocka_unit_test_setup(the_cpu_tells_where_the_next_instruction_is, setup),
        cmocka_unit_test_setup(quick_exits_are_counted_as_all_others, setup),
        cmocka_unit_test_setup(answered_exits_that_follow_each_other, setup),
        cmocka_unit_test_setup(after_an_answer_the_next_exit_is_looked_at_as_well, setup),
        cmocka_unit_test_setup(quick_exits_are_traced_when_that_is_on, setup),
        cmocka_unit_test_setup(an_exit_without_an_answer_goes_the_ordinary_way, setup),
        cmocka_unit_test_setup(an_event_on_its_way_makes_every_exit_ordinary, setup),
        cmocka_unit_test_setup(an_event_cut_short_is_queued_again, setup),
        cmocka_unit_test_setup(a_fault_in_a_delivery_counts_by_what_was_delivered, setup),
        cmocka_unit_test_setup(an_exit_says_what_delivery_it_cut_short, setup),
        cmocka_unit_test_setup(an_exception_above_vector_31_is_not_queued, setup),
        cmocka_unit_test_setup(instructions_that_raise_run_again_instead, setup),
        cmocka_unit_test_setup(stale_information_without_the_valid_bit_is_ignored, setup),
        cmocka_unit_test_setup(interrupts_wait_for_if_shadow_and_queue, setup),
        cmocka_unit_test_setup(a_second_nmi_waits_for_the_iret_of_the_first, setup),
        cmocka_unit_test_setup(reset_opens_nmis, setup),
        cmocka_unit_test_setup(interrupts_never_go_through_eventinj, setup),
        cmocka_unit_test_setup(an_interrupt_not_yet_delivered_stays_and_no_window_replaces_it, setup),
        cmocka_unit_test_setup(a_window_is_asked_for_and_taken_back, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
