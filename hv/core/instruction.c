/* SPDX-License-Identifier: Apache-2.0 */
#include "core/instruction.h"
#include "abi/hypercall.h"
#include "abi/partition_table.h"
#include "core/crash.h"
#include "core/decode.h"
#include "core/emulate.h"
#include "core/hw.h"
#include "core/hypercall_device.h"
#include "core/ioreq.h"
#include "core/log.h"
#include "core/request_wait.h"
#include "core/trace.h"
#include "core/vm.h"
#include "devices/vlapic.h"

#define CR_TPR            8U
#define CR4_OSXSAVE       0x40000U
#define XCR0_X87          0x1U
#define XCR0_SSE          0x2U
#define XCR0_AVX          0x4U
#define XCR0_AVX512       0xE0U
#define HYPERCALL_LENGTH  3U

void instruction_hlt(vcpu_id_t id, uint32_t length)
{
    emulate_skip(id, length);
    if (!vcpu_has_event(id) && !hw_vcpu_event_queued(id)) { /* a single step ends it at once */
        vcpus[id].state = VCPU_HALTED;
    }
}

/* A hypercall that wants to go on later leaves RIP where it is: the guest executes it again,
 * and its interrupts are served in between. */
/* REQ-HYP-001 */
void instruction_hypercall(vcpu_id_t id, uint32_t length)
{
    struct vcpu_regs *regs = &vcpu_regs[id];
    if (hw_vcpu_get(id, REG_CPL) != 0U) {
        emulate_gp(id);
    } else {
        uint32_t epoch = vcpus[id].epoch;
        int64_t result;
        trace_now(HV_TRACE_HYPERCALL, id, (uint32_t)regs->gpr[GPR_R8] & 0xFFFFU, (uint32_t)regs->gpr[GPR_RDI]);
        result = hypercall_call(id, regs->gpr[GPR_R8], regs->gpr[GPR_RDI], regs->gpr[GPR_RSI]);
        if ((result != HYPERCALL_AGAIN) && (vcpus[id].epoch == epoch)) {
            regs->gpr[GPR_RAX] = (uint64_t)result;
            emulate_skip(id, length);
            if ((regs->gpr[GPR_R8] == HC_FINISH_AND_WAIT) && (result == 0)) {
                request_wait_begin(id, (vm_id_t)regs->gpr[GPR_RDI]);
            }
        }
    }
}

/* The operand and the length, from the exit record where the CPU gives them, else decoded. */
/* REQ-IO-013 */
void instruction_mov_cr(vcpu_id_t id, const struct vm_exit *exit)
{
    uint32_t reg = exit->gpr;
    uint32_t length = exit->length;
    bool known = (reg < (uint32_t)GPR_COUNT) && (length != 0U);
    if (!known) {
        uint8_t bytes[INSN_MAX] = { 0 };
        uint32_t count = guest_fetch(id, bytes);
        struct insn insn = insn_decode(bytes, count, 64U);
        known = (insn.op == INSN_MOV_CR) && (insn.reg < (uint32_t)GPR_COUNT);
        reg = insn.reg;
        length = insn.length;
    }
    if (!known || (exit->number != CR_TPR)) {
        emulate_ud(id);
    } else if (!exit->write) {
        vcpu_regs[id].gpr[reg] = vlapic_cr8(id);
        emulate_skip(id, length);
    } else if (vcpu_regs[id].gpr[reg] > 15U) {
        emulate_gp(id); /* AMD APM 2, 3.1.5: bits 63-4 must be zero */
    } else {
        vlapic_set_cr8(id, (uint32_t)vcpu_regs[id].gpr[reg]);
        emulate_skip(id, length);
    }
}

/* REQ-IO-013 */
bool instruction_xcr0_valid(uint64_t value, uint64_t supported)
{
    bool valid = ((value & XCR0_X87) != 0U) && ((value & ~supported) == 0U);
    if (((value & XCR0_AVX) != 0U) && ((value & XCR0_SSE) == 0U)) {
        valid = false;
    }
    if (((value & XCR0_AVX512) != 0U) && (((value & XCR0_AVX512) != XCR0_AVX512) || ((value & XCR0_AVX) == 0U))) {
        valid = false;
    }
    return valid;
}

void instruction_xsetbv(vcpu_id_t id, uint32_t length)
{
    uint64_t value = emulate_edx_eax(id);
    bool index_zero = (vcpu_regs[id].gpr[GPR_RCX] & 0xFFFFFFFFU) == 0U;
    if ((hw_vcpu_get(id, REG_CR4) & CR4_OSXSAVE) == 0U) {
        emulate_ud(id);
    } else if ((hw_vcpu_get(id, REG_CPL) != 0U) || !index_zero
               || !instruction_xcr0_valid(value, hw_xcr0_supported())) {
        emulate_gp(id);
    } else {
        hw_vcpu_set(id, REG_XCR0, value);
        emulate_skip(id, length);
    }
}

/* Intel's VMCALL is an undefined opcode on AMD CPUs: the ACRN ABI uses it. */
/* REQ-HYP-016 */
static bool is_vmcall(vcpu_id_t id)
{
    uint8_t bytes[INSN_MAX] = { 0 };
    uint32_t count = guest_fetch(id, bytes);
    return (count >= HYPERCALL_LENGTH) && (bytes[0] == 0x0FU) && (bytes[1] == 0x01U) && (bytes[2] == 0xC1U);
}

/* REQ-ISO-026 */
void instruction_exception(vcpu_id_t id, const struct vm_exit *exit)
{
    bool service = (vms[vcpu_vm(id)].kind == VM_KIND_SERVICE);
    if ((exit->number == EXCEPTION_UD) && service && is_vmcall(id)) {
        instruction_hypercall(id, HYPERCALL_LENGTH);
    } else {
        if (exit->number == EXCEPTION_MC) {
            (void)hw_machine_check(); /* the guest cannot: a second one on this core would reset the machine (SDM 3B, 15.3.1.2) */
        }
        bool has_error = (exit->number == 8U) || ((exit->number >= 10U) && (exit->number <= 14U))
                         || (exit->number == 17U);
        hw_vcpu_inject_exception(id, exit->number, has_error, exit->error);
    }
}

static void log_shutdown(vcpu_id_t id)
{
    log_begin("vm");
    log_chars(vms[vcpu_vm(id)].name, sizeof(vms[0].name));
    log_text(": triple fault on vCPU ");
    log_dec(vcpu_index(id));
    log_text(" at ");
    log_hex(vcpu_regs[id].rip);
    log_end();
}

static void record_shutdown(vcpu_id_t id, uint32_t action)
{
    const struct crash_fault fault = { PART_FAULT_SHUTDOWN, action, 0U, 0U, hw_tsc() };
    crash_vm(id, &fault);
}

/* A User VM's triple fault is its device model's business, which takes a write of 0xFE to port
 * 0x64, the keyboard controller's reset pulse, as a request for reset: that is what it gets. */
/* REQ-LIF-010 */
void instruction_shutdown(vcpu_id_t id)
{
    vm_id_t v = vcpu_vm(id);
    if (vm_may_log(v)) {
        log_shutdown(id);
    }
    switch (vms[v].kind) {
    case VM_KIND_SERVICE:
        record_shutdown(id, HV_CRASH_RESET);
        vm_service_reset();
        break;
    case VM_KIND_USER:
        record_shutdown(id, HV_CRASH_REPORTED);
        ioreq_report_shutdown(id);
        break;
    case VM_KIND_PRELAUNCH:
    default:
        record_shutdown(id, HV_CRASH_STOPPED);
        vms[v].state = VM_STOPPED;
        break;
    }
}
