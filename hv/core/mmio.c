/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An instruction that touches emulated memory is a read, a write, or a read and then a write of
 * one element. In a User VM each step may be an I/O request; what remains to be done waits in
 * mmio_pending[] meanwhile.
 */
#include "core/mmio.h"
#include "core/decode.h"
#include "core/emulate.h"
#include "core/hw.h"
#include "core/instruction.h"
#include "core/ioreq.h"
#include "core/log.h"
#include "core/stage2.h"
#include "core/vm.h"
#include "devices/vioapic.h"
#include "devices/vlapic.h"
#include "devices/vpci.h"
#include "devices/vpci_lent.h"

#define RFLAGS_DF 0x400U

enum mmio_step { STEP_READ, STEP_WRITE };
struct mmio_pending {
    struct insn insn;
    enum mmio_step step;    /* that the outstanding request does */
    gpa_t target;           /* of the write */
};
static struct mmio_pending mmio_pending[MAX_VCPU];

static uint64_t mmio_size_mask(uint32_t size)
{
    return (size >= 8U) ? 0xFFFFFFFFFFFFFFFFU : (((uint64_t)1U << (size * 8U)) - 1U);
}

static bool in_page(gpa_t gpa, gpa_t page)
{
    return (gpa & PAGE_MASK) == page;
}

/* Registers of 32 bits at 16-byte steps: a narrow read takes its part of the register. */
static uint64_t apic_part(gpa_t gpa, uint32_t value)
{
    return (uint64_t)value >> ((gpa & 3U) * 8U);
}

static uint64_t device_read(vcpu_id_t id, gpa_t gpa, uint32_t size)
{
    vm_id_t v = vcpu_vm(id);
    uint64_t value = 0xFFFFFFFFFFFFFFFFU;
    if (in_page(gpa, VLAPIC_BASE)) {
        uint32_t reg = 0U;
        if (vlapic_mmio_read(id, (uint32_t)(gpa & 0xFFCU), &reg) == STATUS_OK) {
            value = apic_part(gpa, reg);
        }
    } else if (in_page(gpa, VIOAPIC_BASE)) {
        value = apic_part(gpa, vioapic_mmio_read(v, (uint32_t)(gpa & 0xFFCU)));
    } else if (vpci_mmio_claims(v, gpa)) {
        value = vpci_mmio_read(v, gpa, size);
    } else {
        /* nothing there: the bus floats high */
    }
    return value & mmio_size_mask(size);
}

static void device_write(vcpu_id_t id, gpa_t gpa, uint32_t size, uint64_t value)
{
    vm_id_t v = vcpu_vm(id);
    if (in_page(gpa, VLAPIC_BASE)) {
        if ((size == 4U) && ((gpa & 3U) == 0U)) {
            (void)vlapic_mmio_write(id, (uint32_t)(gpa & 0xFFCU), (uint32_t)value);
        }
    } else if (in_page(gpa, VIOAPIC_BASE)) {
        if ((size == 4U) && ((gpa & 3U) == 0U)) {
            vioapic_mmio_write(v, (uint32_t)(gpa & 0xFFCU), (uint32_t)value);
        }
    } else if (vpci_mmio_claims(v, gpa)) {
        vpci_mmio_write(v, gpa, size, value);
    } else {
        /* dropped: nothing there, or memory that is read-only for this VM */
    }
}

/* The device model's business: a User VM's address that neither memory nor the hypervisor answers. */
static bool is_request(vm_id_t v, gpa_t gpa)
{
    return (vms[v].kind == VM_KIND_USER) && !in_page(gpa, VLAPIC_BASE) && !in_page(gpa, VIOAPIC_BASE) &&
           ((vpci_user_count == 0U) || !vpci_mmio_claims(v, gpa));
}

/* True: *value is there. False: an I/O request is under way. memory: there may be memory at gpa. */
static bool element_read(vcpu_id_t id, gpa_t gpa, uint32_t size, bool memory, uint64_t *value)
{
    vm_id_t v = vcpu_vm(id);
    uint8_t bytes[8] = { 0 };
    bool answered = true;
    *value = 0U;
    if (memory && (guest_read(v, gpa, bytes, size) == STATUS_OK)) {
        for (uint32_t i = 0U; i < size; i++) {
            *value |= (uint64_t)bytes[i] << (i * 8U);
        }
    } else if (is_request(v, gpa)) {
        mmio_pending[id].step = STEP_READ;
        ioreq_mmio(id, gpa, size, false, 0U);
        answered = false;
    } else {
        *value = device_read(id, gpa, size);
    }
    return answered;
}

static bool element_write(vcpu_id_t id, gpa_t gpa, uint32_t size, uint64_t value)
{
    vm_id_t v = vcpu_vm(id);
    uint8_t bytes[8];
    bool answered = true;
    for (uint32_t i = 0U; i < 8U; i++) {
        bytes[i] = (uint8_t)(value >> (i * 8U));
    }
    if (guest_write(v, gpa, bytes, size) == STATUS_OK) {
        /* the memory end of a MOVS */
    } else if (is_request(v, gpa) && !stage2_lookup(v, gpa).present) {
        mmio_pending[id].step = STEP_WRITE;
        ioreq_mmio(id, gpa, size, true, value & mmio_size_mask(size));
        answered = false;
    } else {
        device_write(id, gpa, size, value & mmio_size_mask(size));
    }
    return answered;
}

static uint64_t mmio_address_mask(const struct insn *insn)
{
    return mmio_size_mask(insn->address_size);
}

static void step_register(vcpu_id_t id, enum gpr reg, uint64_t step, uint64_t mask)
{
    uint64_t old = vcpu_regs[id].gpr[reg];
    uint64_t kept = (mask == 0xFFFFU) ? (old & ~mask) : 0U;
    vcpu_regs[id].gpr[reg] = kept | ((old + step) & mask);
}

/* RIP stays on a repeated string instruction until its last element is done. */
static void mmio_finish(vcpu_id_t id, const struct insn *insn)
{
    struct vcpu_regs *regs = &vcpu_regs[id];
    bool done = true;
    if ((insn->op == INSN_STOS) || (insn->op == INSN_MOVS)) {
        uint64_t mask = mmio_address_mask(insn);
        uint64_t step = ((regs->rflags & RFLAGS_DF) != 0U) ? (0U - (uint64_t)insn->size) : insn->size;
        step_register(id, GPR_RDI, step, mask);
        if (insn->op == INSN_MOVS) {
            step_register(id, GPR_RSI, step, mask);
        }
        if (insn->repeat) {
            step_register(id, GPR_RCX, 0U - (uint64_t)1U, mask);
            done = (regs->gpr[GPR_RCX] & mask) == 0U;
        }
    }
    if (done) {
        emulate_skip(id, insn->length);
    }
}

/* The read is done: finish a load, or go on to the write. */
/* REQ-IO-010 */
static void after_read(vcpu_id_t id, uint64_t value)
{
    struct insn insn = mmio_pending[id].insn;
    if (!insn_writes_back(&insn)) {
        insn_complete_read(id, &insn, value);
        mmio_finish(id, &insn);
    } else {
        uint64_t result = insn_memory_value(id, &insn, value);
        if (element_write(id, mmio_pending[id].target, insn.size, result)) {
            mmio_finish(id, &insn);
        }
    }
}

/* Segment bases count for 64-bit addresses in FS and GS only (AMD APM 2, 4.5.3). */
static gva_t string_operand(vcpu_id_t id, const struct insn *insn, uint32_t segment, enum gpr reg)
{
    uint64_t offset = vcpu_regs[id].gpr[reg] & mmio_address_mask(insn);
    bool based = (guest_code_mode(id) != 64U) || (segment == (uint32_t)SEG_FS) || (segment == (uint32_t)SEG_GS);
    return based ? (hw_vcpu_segment(id, (enum segment_id)segment).base + offset) : offset; /* DEV-011 */
}

/* One memory operand of MOVS. False: the guest got a fault. */
static bool movs_operand(vcpu_id_t id, const struct operand *operand, gpa_t *gpa)
{
    gva_t fault = operand->gva;
    enum status status = guest_translate_data(id, operand, gpa, &fault);
    if (status == STATUS_INVALID) {
        emulate_gp(id);
    } else if (status != STATUS_OK) {
        emulate_pf(id, fault, operand->write, status == STATUS_DENIED);
    } else {
        /* there */
    }
    return status == STATUS_OK;
}

/* Which of the two faulted does not matter here. The processor has not looked at the target yet when
 * the source is emulated memory. */
static bool movs_addresses(vcpu_id_t id, const struct insn *insn, gpa_t *from, gpa_t *to)
{
    struct operand source = { string_operand(id, insn, insn->segment, GPR_RSI), insn->size, false };
    struct operand target = { string_operand(id, insn, (uint32_t)SEG_ES, GPR_RDI), insn->size, true };
    return movs_operand(id, &source, from) && movs_operand(id, &target, to);
}

/* present: something is mapped at gpa, though not for this access. */
static void execute(vcpu_id_t id, const struct insn *insn, gpa_t gpa, bool present)
{
    gpa_t from = gpa;
    gpa_t to = gpa;
    uint64_t value = 0U;
    bool store = (insn->op == INSN_STORE) || (insn->op == INSN_STORE_IMM) || (insn->op == INSN_STOS);
    mmio_pending[id].insn = *insn;
    if ((insn->op == INSN_MOVS) && !movs_addresses(id, insn, &from, &to)) {
        /* the guest has its page fault */
    } else if (store) {
        value = insn_memory_value(id, insn, 0U);
        if (element_write(id, gpa, insn->size, value)) {
            mmio_finish(id, insn);
        }
    } else {
        mmio_pending[id].target = to;
        if (element_read(id, from, insn->size, present || (insn->op == INSN_MOVS), &value)) {
            after_read(id, value);
        }
    }
}

/* No instruction to emulate, or none that can be. A guest whose tables or stack are where it has nothing would take the
 * same exit for ever: its faults add up to its shutdown, as on the bare machine. */
static void refuse(vcpu_id_t id, const struct vm_exit *exit, const char *why)
{
    if (vm_may_log(vcpu_vm(id))) {
        log_begin("mmio");
        log_chars(vms[vcpu_vm(id)].name, sizeof(vms[0].name));
        log_text(why);
        log_hex(exit->gpa);
        log_text(" at ");
        log_hex(vcpu_regs[id].rip);
        log_end();
    }
    if (exit->cut == CUT_DOUBLE_FAULT) {
        instruction_shutdown(id);
    } else if (exit->cut == CUT_CONTRIBUTORY) {
        hw_vcpu_inject_exception(id, EXCEPTION_DF, true, 0U);
    } else {
        emulate_gp(id);
    }
}

static bool allowed_now(struct stage2_mapping leaf, const struct vm_exit *exit)
{
    uint32_t need = S2_READ;
    if (exit->execute) {
        need |= S2_EXEC;
    }
    if (exit->write) {
        need |= S2_WRITE;
    }
    return leaf.present && ((leaf.attr & need) == need);
}

/* REQ-IO-009 REQ-IO-024 */
void mmio_exit(vcpu_id_t id, const struct vm_exit *exit)
{
    struct stage2_mapping leaf = stage2_lookup(vcpu_vm(id), exit->gpa);
    if (allowed_now(leaf, exit)) {
        hw_vcpu_flush(id); /* mapped since: the access is simply repeated */
    } else if (exit->execute || exit->table_walk) {
        refuse(id, exit, exit->execute ? ": executes from " : ": has page tables at ");
    } else if (exit->cut != CUT_NOTHING) {
        refuse(id, exit, ": has its stack or descriptor table at ");
    } else {
        uint8_t bytes[INSN_MAX] = { 0 };
        uint32_t count = guest_fetch(id, bytes);
        struct insn insn = insn_decode(bytes, count, guest_code_mode(id));
        if ((insn.op == INSN_INVALID) || (insn.op == INSN_MOV_CR)) {
            refuse(id, exit, ": cannot emulate the access to ");
        } else {
            execute(id, &insn, exit->gpa, leaf.present);
        }
    }
}

void mmio_complete(vcpu_id_t id, uint64_t value)
{
    struct insn insn = mmio_pending[id].insn;
    if (mmio_pending[id].step == STEP_READ) {
        after_read(id, value & mmio_size_mask(insn.size));
    } else {
        mmio_finish(id, &insn);
    }
}
