/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/instruction.c core/trace.c core/decode.c core/guest_walk.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* Intercepted instructions: halt, hypercall, CR8, XSETBV, undefined opcodes, triple faults. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "abi/hypercall.h"
#include "core/crash.h"
#include "core/decode.h"
#include "core/guest_locate.h"
#include "core/hw.h"
#include "core/hypercall.h"
#include "core/instruction.h"
#include "core/ioreq.h"
#include "core/request_wait.h"
#include "core/vm.h"
#include "devices/vlapic.h"
#include "fake/fake.h"
#include "stub_log.h"

#define SERVICE vcpu_id(VM_SERVICE, 0U)
#define USER vcpu_id(4U, 1U)
#define RIP 0x1000U
#define UD 6U
#define GP 13U
#define RAM_SIZE 0x2000U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static vm_id_t waits_for; /* 0: it does not */
static struct { uint32_t count; vcpu_id_t caller; uint64_t id, param1, param2; } call;
static int64_t call_result;
static bool call_resets;
static uint32_t resets, reports;
static struct { uint32_t count; vcpu_id_t id; struct crash_fault fault; uint32_t before; } crashed;
static uint32_t cr8;
static bool event;

void log_chars(const char *text, uint32_t size) { (void)text; (void)size; }
bool vm_may_log(vm_id_t v) { (void)v; return true; }
int64_t hypercall_call(vcpu_id_t caller, uint64_t id, uint64_t param1, uint64_t param2)
{
    call.count++;
    call.caller = caller;
    call.id = id;
    call.param1 = param1;
    call.param2 = param2;
    if (call_resets) {
        vcpus[caller].epoch++;
    }
    return call_result;
}
void ioreq_report_shutdown(vcpu_id_t id) { (void)id; reports++; }
void vm_service_reset(void) { resets++; }
void crash_vm(vcpu_id_t id, const struct crash_fault *fault)
{
    crashed.count++;
    crashed.id = id;
    crashed.fault = *fault;
    crashed.before = resets + reports;
}
bool vcpu_has_event(vcpu_id_t id) { (void)id; return event; }
uint32_t vlapic_cr8(vcpu_id_t id) { (void)id; return cr8; }
void vlapic_set_cr8(vcpu_id_t id, uint32_t value) { (void)id; cr8 = value; }
enum status guest_locate(vcpu_id_t id, uint32_t place, gpa_t gpa, hpa_t *hpa)
{
    (void)id;
    assert_true(place < GUEST_PLACES);
    *hpa = gpa;
    return (gpa < RAM_SIZE) ? STATUS_OK : STATUS_FAULT;
}

void request_wait_begin(vcpu_id_t id, vm_id_t awaited)
{
    assert_int_equal(id, SERVICE);
    waits_for = awaited;
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    waits_for = 0U;
    memset(&call, 0, sizeof(call));
    vms[VM_SERVICE].kind = VM_KIND_SERVICE;
    vms[4].kind = VM_KIND_USER;
    vms[4].state = VM_RUNNING;
    vcpus[USER].state = VCPU_RUNNABLE;
    vcpus[SERVICE].state = VCPU_RUNNABLE;
    vcpu_regs[SERVICE].rip = RIP;
    vcpu_regs[USER].rip = RIP;
    hw_vcpu_set(SERVICE, REG_CR0, 1U);
    hw_vcpu_set(USER, REG_CR0, 1U);
    call_result = 0;
    call_resets = false;
    resets = 0U;
    reports = 0U;
    cr8 = 0U;
    event = false;
    return 0;
}

static bool raised(vcpu_id_t id, uint32_t vector)
{
    return (fake_vcpu[id].injected == (vector + 1U)) && (vcpu_regs[id].rip == RIP);
}

static void put_code(const char *bytes, uint32_t size) { hw_phys_copy_out(RIP, (const uint8_t *)bytes, size); }

/* ---- HLT ---- */

static void hlt_halts_behind_the_instruction(void **state)
{
    (void)state;
    fake_vcpu[USER].shadow = true;
    instruction_hlt(USER, 1U);
    assert_int_equal(vcpus[USER].state, VCPU_HALTED);
    assert_int_equal(vcpu_regs[USER].rip, RIP + 1U);
    assert_false(fake_vcpu[USER].shadow); /* STI; HLT wakes */
}

/* REQ-INT-060 */
static void hlt_under_a_single_step_is_over_at_once(void **state)
{
    (void)state;
    vcpu_regs[USER].rflags |= RFLAGS_TF;
    instruction_hlt(USER, 1U);
    assert_int_equal(vcpus[USER].state, VCPU_RUNNABLE);
    assert_int_equal(fake_vcpu[USER].injected, 2U); /* vector 1 */
}

static void hlt_with_a_pending_event_goes_on(void **state)
{
    (void)state;
    event = true;
    instruction_hlt(USER, 1U);
    assert_int_equal(vcpus[USER].state, VCPU_RUNNABLE);
    assert_int_equal(vcpu_regs[USER].rip, RIP + 1U);
}

/* ---- hypercalls ---- */

/* REQ-HYP-016 */
static void a_hypercall_passes_r8_rdi_rsi_and_returns_rax(void **state)
{
    (void)state;
    vcpu_regs[SERVICE].gpr[GPR_R8] = 0x80000010U;
    vcpu_regs[SERVICE].gpr[GPR_RDI] = 11U;
    vcpu_regs[SERVICE].gpr[GPR_RSI] = 22U;
    call_result = -22;
    instruction_hypercall(SERVICE, 3U);
    assert_int_equal(call.id, 0x80000010U);
    assert_int_equal(call.param1, 11U);
    assert_int_equal(call.param2, 22U);
    assert_int_equal(call.caller, SERVICE);
    assert_true(vcpu_regs[SERVICE].gpr[GPR_RAX] == (uint64_t)-22);
    assert_int_equal(vcpu_regs[SERVICE].rip, RIP + 3U);
}

/* REQ-IO-026 */
static void finish_and_wait_waits_behind_the_instruction(void **state)
{
    (void)state;
    vcpu_regs[SERVICE].gpr[GPR_R8] = HC_FINISH_AND_WAIT;
    vcpu_regs[SERVICE].gpr[GPR_RDI] = 4U;
    fake_vcpu[SERVICE].shadow = true;
    instruction_hypercall(SERVICE, 3U);
    assert_int_equal(waits_for, 4U);
    assert_int_equal(vcpu_regs[SERVICE].rip, RIP + 3U);
    assert_int_equal(vcpu_regs[SERVICE].gpr[GPR_RAX], 0U);
    assert_false(fake_vcpu[SERVICE].shadow); /* STI; VMMCALL wakes */
}

/* REQ-IO-026 */
static void what_was_not_finished_is_not_waited_for(void **state)
{
    (void)state;
    vcpu_regs[SERVICE].gpr[GPR_R8] = HC_FINISH_AND_WAIT;
    vcpu_regs[SERVICE].gpr[GPR_RDI] = 4U;
    call_result = -22;
    instruction_hypercall(SERVICE, 3U);
    assert_int_equal(waits_for, 0U);
    assert_true(vcpu_regs[SERVICE].gpr[GPR_RAX] == (uint64_t)-22);
    vcpu_regs[SERVICE].gpr[GPR_R8] = HC_NOTIFY_REQUEST_FINISH;
    call_result = 0;
    instruction_hypercall(SERVICE, 3U);
    assert_int_equal(waits_for, 0U);
}

/* REQ-HYP-001 */
static void user_mode_has_no_hypercalls(void **state)
{
    (void)state;
    for (uint32_t cpl = 1U; cpl <= 3U; cpl++) {
        hw_vcpu_set(SERVICE, REG_CPL, cpl);
        instruction_hypercall(SERVICE, 3U);
        assert_true(raised(SERVICE, GP));
    }
    assert_int_equal(call.count, 0U);
}

/* REQ-HYP-006 */
static void a_hypercall_that_goes_on_later_is_executed_again(void **state)
{
    (void)state;
    vcpu_regs[SERVICE].gpr[GPR_RAX] = 77U;
    call_result = HYPERCALL_AGAIN;
    instruction_hypercall(SERVICE, 3U);
    assert_int_equal(vcpu_regs[SERVICE].rip, RIP);
    assert_int_equal(vcpu_regs[SERVICE].gpr[GPR_RAX], 77U);
}

/* REQ-LIF-004 */
static void a_caller_that_was_reset_keeps_its_new_registers(void **state)
{
    (void)state;
    call_resets = true;
    instruction_hypercall(SERVICE, 3U);
    assert_int_equal(vcpu_regs[SERVICE].rip, RIP);
}

/* REQ-HYP-016 */
static void vmcall_on_amd_is_a_hypercall_of_the_service_vm(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_EXCEPTION, .number = UD };
    (void)state;
    put_code("\x0F\x01\xC1", 3U);
    instruction_exception(SERVICE, &exit);
    assert_int_equal(call.count, 1U);
    assert_int_equal(vcpu_regs[SERVICE].rip, RIP + 3U);
    instruction_exception(USER, &exit);
    assert_int_equal(call.count, 1U);
    assert_true(raised(USER, UD));
}

/* REQ-HYP-001 */
static void vmcall_from_user_mode_is_no_hypercall(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_EXCEPTION, .number = UD };
    (void)state;
    put_code("\x0F\x01\xC1", 3U);
    hw_vcpu_set(SERVICE, REG_CPL, 3U);
    instruction_exception(SERVICE, &exit);
    assert_int_equal(call.count, 0U);
    assert_true(raised(SERVICE, GP));
}

static void other_undefined_opcodes_stay_undefined(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_EXCEPTION, .number = UD };
    (void)state;
    put_code("\x0F\x0B\x90", 3U);
    instruction_exception(SERVICE, &exit);
    assert_true(raised(SERVICE, UD));
    assert_false(fake_vcpu[SERVICE].has_error);
    put_code("\x0F\x01\xC1", 3U);
    vcpu_regs[SERVICE].rip = RAM_SIZE; /* cannot be fetched */
    instruction_exception(SERVICE, &exit);
    assert_int_equal(call.count, 0U);
}

/* REQ-ISO-026 */
static void exceptions_keep_their_error_code(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_EXCEPTION, .error = 0x55U };
    (void)state;
    for (uint32_t vector = 0U; vector < 32U; vector++) {
        bool has_error = (vector == 8U) || ((vector >= 10U) && (vector <= 14U)) || (vector == 17U);
        if (vector != UD) {
            exit.number = vector;
            instruction_exception(USER, &exit);
            assert_true(raised(USER, vector));
            assert_int_equal(fake_vcpu[USER].has_error, has_error);
        }
    }
}

/* Banks and MCIP are the core's: left set, the next machine check there would reset the machine. */
static void a_machine_check_is_settled_before_the_guest_hears_of_it(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_EXCEPTION, .number = 18U };
    (void)state;
    instruction_exception(SERVICE, &exit);
    assert_true(raised(SERVICE, 18U));
    assert_int_equal(fake_machine_checks, 1U);
}

/* ---- CR8 ---- */

static void cr8_is_the_virtual_task_priority(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_CR, .number = 8U, .write = true, .gpr = GPR_RBX, .length = 4U };
    (void)state;
    vcpu_regs[USER].gpr[GPR_RBX] = 9U;
    instruction_mov_cr(USER, &exit);
    assert_int_equal(cr8, 9U);
    vcpu_regs[USER].gpr[GPR_RBX] = 15U;
    vcpu_regs[USER].rip = RIP;
    instruction_mov_cr(USER, &exit);
    assert_int_equal(cr8, 15U);
    assert_int_equal(vcpu_regs[USER].rip, RIP + 4U);
    exit.write = false;
    exit.gpr = GPR_R15;
    cr8 = 5U;
    instruction_mov_cr(USER, &exit);
    assert_int_equal(vcpu_regs[USER].gpr[GPR_R15], 5U);
}

/* REQ-IO-013 */
static void cr8_refuses_reserved_bits(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_CR, .number = 8U, .write = true, .gpr = GPR_RBX, .length = 4U };
    (void)state;
    vcpu_regs[USER].gpr[GPR_RBX] = 16U;
    instruction_mov_cr(USER, &exit);
    assert_true(raised(USER, GP));
    vcpu_regs[USER].gpr[GPR_RBX] = 0x8000000000000001U;
    instruction_mov_cr(USER, &exit);
    assert_int_equal(cr8, 0U);
}

static void without_decode_assists_the_instruction_is_decoded(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_CR, .number = 8U, .write = true, .gpr = 16U, .length = 0U };
    struct segment code = { .access = 0x2000U };
    (void)state;
    hw_vcpu_set(USER, REG_EFER, 0x400U);
    hw_vcpu_set_segment(USER, SEG_CS, code);
    put_code("\x45\x0F\x22\xC1", 4U); /* mov %r9,%cr8 */
    vcpu_regs[USER].gpr[GPR_R9] = 7U;
    instruction_mov_cr(USER, &exit);
    assert_int_equal(cr8, 7U);
    assert_int_equal(vcpu_regs[USER].rip, RIP + 4U);
    for (uint32_t i = 0U; i < 2U; i++) { /* one of the two known is not enough */
        exit.gpr = (i == 0U) ? (uint32_t)GPR_RAX : 16U;
        exit.length = (i == 0U) ? 0U : 4U;
        cr8 = 0U;
        vcpu_regs[USER].rip = RIP;
        instruction_mov_cr(USER, &exit);
        assert_int_equal(cr8, 7U);
        assert_int_equal(vcpu_regs[USER].rip, RIP + 4U);
    }
    vcpu_regs[USER].rip = RIP;
    put_code("\x90\x90\x90\x90", 4U); /* rewritten by another vCPU */
    instruction_mov_cr(USER, &exit);
    assert_true(raised(USER, UD));
}

static void other_control_registers_are_not_emulated(void **state)
{
    struct vm_exit exit = { .reason = HV_EXIT_CR, .number = 0U, .write = true, .gpr = GPR_RBX, .length = 3U };
    (void)state;
    instruction_mov_cr(USER, &exit);
    assert_true(raised(USER, UD));
}

/* ---- XSETBV ---- */

/* REQ-IO-013 */
static void xcr0_values_follow_the_manual(void **state)
{
    static const struct { uint64_t value, supported; bool valid; } step[] = {
        { 1U, 7U, true }, { 3U, 7U, true }, { 7U, 7U, true }, { 0U, 7U, false }, { 2U, 7U, false },
        { 5U, 7U, false } /* AVX without SSE */, { 7U, 3U, false }, { 0xFFFFFFFFFFFFFFFFU, 7U, false },
        { 0xE7U, 0xE7U, true }, { 0x27U, 0xE7U, false } /* part of AVX-512 */, { 0xE3U, 0xE7U, false },
        { 0x207U, 7U, false },
    };
    (void)state;
    for (size_t i = 0U; i < sizeof(step) / sizeof(step[0]); i++) {
        assert_int_equal(instruction_xcr0_valid(step[i].value, step[i].supported), step[i].valid);
    }
}

/* REQ-IO-013 */
static void xsetbv_needs_osxsave_privilege_and_register_zero(void **state)
{
    (void)state;
    vcpu_regs[USER].gpr[GPR_RAX] = 7U;
    instruction_xsetbv(USER, 3U);
    assert_true(raised(USER, UD));
    hw_vcpu_set(USER, REG_CR4, 0x40000U);
    hw_vcpu_set(USER, REG_CPL, 3U);
    instruction_xsetbv(USER, 3U);
    assert_true(raised(USER, GP));
    hw_vcpu_set(USER, REG_CPL, 0U);
    vcpu_regs[USER].gpr[GPR_RCX] = 1U;
    instruction_xsetbv(USER, 3U);
    assert_true(raised(USER, GP));
    vcpu_regs[USER].gpr[GPR_RCX] = 0xFFFFFFFF00000000U;
    vcpu_regs[USER].gpr[GPR_RDX] = 1U;
    instruction_xsetbv(USER, 3U);
    assert_true(raised(USER, GP));
    assert_int_equal(hw_vcpu_get(USER, REG_XCR0), 0U);
    vcpu_regs[USER].gpr[GPR_RDX] = 0U;
    instruction_xsetbv(USER, 3U);
    assert_int_equal(hw_vcpu_get(USER, REG_XCR0), 7U);
    assert_int_equal(vcpu_regs[USER].rip, RIP + 3U);
}

/* ---- triple faults ---- */

/* REQ-LIF-010 */
static void a_triple_fault_ends_in_the_vm_that_made_it(void **state)
{
    (void)state;
    instruction_shutdown(USER);
    assert_int_equal(reports, 1U);
    assert_int_equal(resets, 0U);
    instruction_shutdown(SERVICE);
    assert_int_equal(resets, 1U);
    vms[1].kind = VM_KIND_PRELAUNCH;
    vms[1].state = VM_RUNNING;
    instruction_shutdown(vcpu_id(1U, 0U));
    assert_int_equal(vms[1].state, VM_STOPPED);
    assert_int_equal(log_lines, 3U);
    assert_int_equal(vms[4].state, VM_RUNNING);
}

#define T(name) cmocka_unit_test_setup(name, setup)

/* REQ-LIF-046 */
static void a_triple_fault_is_on_record_before_it_has_consequences(void **state)
{
    (void)state;
    crashed.count = 0U;
    fake_tsc = 77U;
    instruction_shutdown(USER);
    assert_int_equal(crashed.count, 1U);
    assert_int_equal(crashed.id, USER);
    assert_int_equal(crashed.fault.action, HV_CRASH_REPORTED);
    assert_int_equal(crashed.fault.tsc, 77U);
    assert_int_equal(crashed.before, 0U);
    instruction_shutdown(SERVICE);
    assert_int_equal(crashed.fault.action, HV_CRASH_RESET);
    assert_int_equal(crashed.before, 1U);
    vms[1].kind = VM_KIND_PRELAUNCH;
    instruction_shutdown(vcpu_id(1U, 0U));
    assert_int_equal(crashed.fault.action, HV_CRASH_STOPPED);
    assert_int_equal(crashed.count, 3U);
}

static void a_triple_fault_in_a_vm_of_no_kind_stops_it(void **state)
{
    (void)state;
    vms[4].kind = (enum vm_kind)0;
    instruction_shutdown(USER);
    assert_int_equal(vms[4].state, VM_STOPPED);
    assert_int_equal(resets + reports, 0U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(hlt_halts_behind_the_instruction), T(hlt_with_a_pending_event_goes_on), T(hlt_under_a_single_step_is_over_at_once),
        T(finish_and_wait_waits_behind_the_instruction), T(what_was_not_finished_is_not_waited_for),
        T(a_hypercall_passes_r8_rdi_rsi_and_returns_rax), T(user_mode_has_no_hypercalls),
        T(a_hypercall_that_goes_on_later_is_executed_again), T(a_caller_that_was_reset_keeps_its_new_registers),
        T(vmcall_on_amd_is_a_hypercall_of_the_service_vm), T(vmcall_from_user_mode_is_no_hypercall),
        T(other_undefined_opcodes_stay_undefined), T(exceptions_keep_their_error_code), T(a_machine_check_is_settled_before_the_guest_hears_of_it),
        T(cr8_is_the_virtual_task_priority), T(cr8_refuses_reserved_bits),
        T(without_decode_assists_the_instruction_is_decoded), T(other_control_registers_are_not_emulated),
        T(xcr0_values_follow_the_manual), T(xsetbv_needs_osxsave_privilege_and_register_zero),
        T(a_triple_fault_ends_in_the_vm_that_made_it), T(a_triple_fault_is_on_record_before_it_has_consequences),
        cmocka_unit_test_setup(a_triple_fault_in_a_vm_of_no_kind_stops_it, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
