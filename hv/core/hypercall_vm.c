/* SPDX-License-Identifier: Apache-2.0 */
/* CREATE_VM and SET_VCPU_REGS. */
#include "abi/hypercall.h"
#include "core/hypercall_copy.h"
#include "core/hypercall_parts.h"
#include "core/hypercall_spec.h"
#include "core/vcpu_hw.h"
#include "core/vm.h"

#define CR0_PE       0x1U
#define CR0_NW       0x20000000U
#define CR0_CD       0x40000000U
#define CR0_PG       0x80000000U
#define CR0_KNOWN    0xE005003FU
#define CR4_PAE      0x20U
#define CR4_KNOWN    0x003507FFU /* up to SMAP, without VMXE, PCIDE, PKE, LA57 */
#define EFER_LME     0x100U
#define EFER_LMA     0x400U
#define EFER_KNOWN   0x4D01U
#define RFLAGS_KNOWN 0x003F7FD7U
#define RFLAGS_ONE   0x2U
#define SEG_CODE     0x9BU
#define SEG_DATA     0x93U
#define SEG_LDT      0x82U
#define SEG_TSS      0x8BU
#define SEG_FLAT     0xC000U     /* G, D/B */
#define AR_MASK      0xF0FFU

/* REQ-HYP-009 */
int64_t hypercall_create_vm(uint64_t gpa)
{
    struct hc_vm_creation creation;
    vm_id_t v = ID_NONE;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_creation(gpa, &creation) == STATUS_OK) {
        /* vm_flag asks for features of ACRN that are not offered; ioreq_buf is set later, by
         * SET_IOREQ_BUFFER: drivers pass a user address here. */
        result = hypercall_errno(vm_create_user(creation.name, creation.cpu_affinity, &v));
        if (result == 0) {
            hypercall_memory_forget(v);
            creation.vmid = (uint16_t)v;
            creation.vcpu_num = (uint16_t)vms[v].vcpu_count;
            result = hypercall_errno(hypercall_write_creation(gpa, &creation));
            if (result != 0) {
                (void)vm_destroy(v); /* the page is not writable: nobody would know the id */
            }
        }
    }
    return result;
}

/*@ requires \valid_read(regs);
    assigns \nothing;
    exits \false; */
static bool control_valid(const struct hc_regs *regs)
{
    bool known = ((regs->cr0 & ~(uint64_t)CR0_KNOWN) == 0U) && ((regs->cr4 & ~(uint64_t)CR4_KNOWN) == 0U)
                 && ((regs->efer & ~(uint64_t)EFER_KNOWN) == 0U);
    bool paging = (regs->cr0 & CR0_PG) != 0U;
    bool caches = ((regs->cr0 & CR0_NW) == 0U) || ((regs->cr0 & CR0_CD) != 0U);
    bool protected_first = !paging || ((regs->cr0 & CR0_PE) != 0U);
    bool long_needs_pae = !paging || ((regs->efer & EFER_LME) == 0U) || ((regs->cr4 & CR4_PAE) != 0U);
    return known && caches && protected_first && long_needs_pae;
}

/* REQ-HYP-007 */
bool hypercall_regs_valid(const struct hc_regs *regs)
{
    bool flags = (regs->rflags & ~(uint64_t)RFLAGS_KNOWN) == 0U;
    bool cr3 = (regs->cr3 >> 52) == 0U;
    return control_valid(regs) && flags && cr3;
}

/*@ requires id < MAX_VCPU;
    assigns proof_machine;
    exits \false; */
static void set_data_segment(vcpu_id_t id, enum segment_id seg, uint16_t selector, bool protected_mode)
{
    struct segment value = { selector, SEG_DATA, 0xFFFFU, (uint64_t)selector << 4 };
    if (protected_mode) {
        value.access = SEG_DATA | SEG_FLAT;
        value.limit = 0xFFFFFFFFU;
        value.base = 0U;
    }
    hw_vcpu_set_segment(id, seg, value);
}

/*@ requires id < MAX_VCPU && \valid_read(regs);
    assigns proof_machine;
    exits \false; */
static void set_segments(vcpu_id_t id, const struct hc_regs *regs)
{
    bool protected_mode = (regs->cr0 & CR0_PE) != 0U;
    struct segment cs = { regs->cs_sel, (uint16_t)(regs->cs_ar & AR_MASK), regs->cs_limit, regs->cs_base };
    struct segment ldt = { regs->ldt_sel, SEG_LDT, 0xFFFFU, 0U };
    struct segment task = { regs->tr_sel, SEG_TSS, 0xFFFFU, 0U };
    struct segment gdt = { 0U, 0U, regs->gdt.limit, regs->gdt.base };
    struct segment idt = { 0U, 0U, regs->idt.limit, regs->idt.base };
    if (cs.access == 0U) {
        cs.access = SEG_CODE; /* a real-mode caller may leave it out */
    }
    hw_vcpu_set_segment(id, SEG_CS, cs);
    set_data_segment(id, SEG_SS, regs->ss_sel, protected_mode);
    set_data_segment(id, SEG_DS, regs->ds_sel, protected_mode);
    set_data_segment(id, SEG_ES, regs->es_sel, protected_mode);
    set_data_segment(id, SEG_FS, regs->fs_sel, protected_mode);
    set_data_segment(id, SEG_GS, regs->gs_sel, protected_mode);
    hw_vcpu_set_segment(id, SEG_LDTR, ldt);
    hw_vcpu_set_segment(id, SEG_TR, task);
    hw_vcpu_set_segment(id, SEG_GDTR, gdt);
    hw_vcpu_set_segment(id, SEG_IDTR, idt);
}

/*@ requires id < MAX_VCPU && \valid_read(regs);
    assigns proof_machine, vcpu_regs[id];
    exits \false; */
static void apply_regs(vcpu_id_t id, const struct hc_regs *regs)
{
    uint64_t efer = regs->efer & ~(uint64_t)EFER_LMA;
    if (((regs->cr0 & CR0_PG) != 0U) && ((regs->efer & EFER_LME) != 0U)) {
        efer |= EFER_LMA;
    }
    /*@ loop invariant i <= GPR_COUNT;
        loop assigns i, vcpu_regs[id];
        loop variant GPR_COUNT - i; */
    for (uint32_t i = 0U; i < (uint32_t)GPR_COUNT; i++) {
        vcpu_regs[id].gpr[i] = regs->gpr[i];
    }
    vcpu_regs[id].rip = regs->rip;
    vcpu_regs[id].rflags = regs->rflags | RFLAGS_ONE;
    hw_vcpu_set(id, REG_CR0, regs->cr0);
    hw_vcpu_set(id, REG_CR3, regs->cr3);
    hw_vcpu_set(id, REG_CR4, regs->cr4);
    hw_vcpu_set(id, REG_EFER, efer);
    set_segments(id, regs);
}

/* REQ-HYP-007 */
int64_t hypercall_set_vcpu_regs(vm_id_t v, uint64_t gpa)
{
    struct hc_vcpu_regs request;
    int64_t result = -HC_EFAULT;
    if (hypercall_read_regs(gpa, &request) == STATUS_OK) {
        bool stopped = (vms[v].state == VM_CREATED) || (vms[v].state == VM_PAUSED);
        result = -HC_EINVAL;
        if (stopped && (request.vcpu_id < vms[v].vcpu_count) && hypercall_regs_valid(&request.regs)) {
            vcpu_id_t id = vcpu_id(v, request.vcpu_id);
            vcpus[id].epoch++;
            apply_regs(id, &request.regs);
            result = 0;
        }
    }
    return result;
}
