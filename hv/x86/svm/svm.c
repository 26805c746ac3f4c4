/* SPDX-License-Identifier: Apache-2.0 */
/* AMD-V: enabling it, entering a guest, and the vendor table. */
#include "x86/svm/svm.h"

#include <stddef.h>

#include "core/stage2.h"
#include "core/stats.h"
#include "core/vm.h"
#include "x86/address.h"
#include "x86/asm.h"
#include "x86/core_pages.h"
#include "x86/fatal.h"
#include "x86/flush.h"
#include "x86/layout.h"
#include "x86/memory.h"
#include "x86/msr.h"
#include "x86/msr_safe.h"
#include "x86/pcpu.h"
#include "x86/svm/intercept.h"

#define TLB_FLUSH_ALL  1U
#define TLB_FLUSH_ASID 3U
#define NESTED_PAGING  1U
#define EXIT_INVALID   0xFFFFFFFFU
#define HOST_SAVE_AREA 0U /* of the core's pages */
#define HOST_VMCB      1U

struct svm_features svm_features;
struct vmcb svm_vmcb[MAX_VCPU] __attribute__((aligned(4096)));

_Static_assert(offsetof(struct svm_run, regs) == (size_t)RUN_REGS, "assembly layout");
_Static_assert(offsetof(struct svm_run, vmcb) == (size_t)RUN_VMCB, "assembly layout");
_Static_assert(offsetof(struct svm_run, host_vmcb) == (size_t)RUN_HOST, "assembly layout");
_Static_assert(offsetof(struct svm_run, kick) == (size_t)RUN_KICK, "assembly layout");

/* REQ-CFG-010 */
static const char *svm_missing(uint32_t *cursor)
{
    const char *name = NULL;
    uint32_t highest[4];
    uint32_t leaf[4];
    bool npt = false;
    asm_cpuid(0x80000000U, 0U, highest);
    if (highest[0] >= 0x8000000AU) {
        asm_cpuid(0x8000000AU, 0U, leaf);
        npt = (leaf[3] & 0x1U) != 0U;
    }
    asm_cpuid(0x80000001U, 0U, leaf);
    if ((*cursor == 0U) && ((leaf[2] & 0x4U) == 0U)) {
        name = "svm";
        *cursor = 1U;
    } else if ((*cursor <= 1U) && (!npt)) {
        name = "npt";
        *cursor = 2U;
    } else {
        /* nothing (more) */
    }
    return name;
}

/* GIF holds an NMI back between the test of the kick flag and VMRUN: it has nothing to undo. */
static uint64_t svm_nmi_return(uint64_t rip)
{
    return rip;
}

static void svm_core_enable(void)
{
    const pcpu_id_t self = hw_pcpu();
    uint32_t leaf[4];
    uint64_t lock; /* Bochs 2.7 has no such MSR, and no lock */
    (void)msr_read_safe(MSR_VM_CR, &lock);
    if ((lock & VM_CR_SVMDIS) != 0U) {
        fatal_boot("SVM is disabled by the firmware", "");
    }
    asm_cpuid(0x8000000AU, 0U, leaf);
    svm_features.asid_count = leaf[1];
    svm_features.next_rip = (leaf[3] & 0x8U) != 0U;
    svm_features.flush_by_asid = (leaf[3] & 0x40U) != 0U;
    svm_features.decode_assists = (leaf[3] & 0x80U) != 0U;
    asm_wrmsr(MSR_EFER, asm_rdmsr(MSR_EFER) | EFER_SVME);
    asm_wrmsr(MSR_VM_HSAVE_PA, address_of(core_pages[self][HOST_SAVE_AREA]));
    asm_vmsave(address_of(core_pages[self][HOST_VMCB]));
}

/* With GIF set, as in the hypervisor, INIT is taken (APM 2, 15.28). */
static void svm_core_leave(void)
{
}

static void svm_vcpu_init(vcpu_id_t id, bool exclusive)
{
    struct vmcb *const vmcb = &svm_vmcb[id];
    const uint32_t asid = vmcb->asid;
    const uint64_t root = vmcb->nested_cr3;
    memory_fill(address_of(vmcb), 0U, sizeof(struct vmcb));
    vmcb->asid = (asid == 0U) ? 1U : asid;
    vmcb->nested_cr3 = root;
    vmcb->nested_control = NESTED_PAGING;
    vmcb->interrupt_control = exclusive ? 0U : VINT_MASKING;
    svm_intercepts_set(vmcb, exclusive, vcpu_vm(id) == VM_SERVICE);
    svm_bitmaps_attach(vmcb, vcpu_vm(id));
    svm_state_reset(vmcb);
    svm_nmi_reset(id);
    flush_note(id, FLUSH_RESET);
}

static void svm_vcpu_load(vcpu_id_t id)
{
    flush_note(id, FLUSH_CORE);
}

static void svm_vcpu_unload(vcpu_id_t id)
{
    (void)id; /* the VMCB is memory: nothing is cached in the core once the guest has left */
}

static void svm_set_stage2(vcpu_id_t id, hpa_t root, uint32_t asid)
{
    svm_vmcb[id].nested_cr3 = root;
    svm_vmcb[id].asid = flush_tag(asid, svm_features.asid_count);
    flush_note(id, FLUSH_STAGE2);
}

static void svm_flush(vcpu_id_t id)
{
    flush_note(id, FLUSH_CHANGED);
}

/* REQ-ISO-013 */
static void svm_prepare(vcpu_id_t id)
{
    struct vmcb *const vmcb = &svm_vmcb[id];
    const struct vcpu_regs *const regs = &vcpu_regs[id];
    vmcb->rip = regs->rip;
    vmcb->rflags = regs->rflags;
    vmcb->rax = regs->gpr[GPR_RAX];
    vmcb->rsp = regs->gpr[GPR_RSP];
    vmcb->clean_bits = 0U;
    vmcb->tlb_control = SVM_TLB_KEEP;
    if (flush_wanted(id)) {
        vmcb->tlb_control = svm_features.flush_by_asid ? TLB_FLUSH_ASID : TLB_FLUSH_ALL;
    }
}

static bool svm_enter(vcpu_id_t id, const shared_u32_t *kick, struct vm_exit *exit)
{
    struct vmcb *const vmcb = &svm_vmcb[id];
    struct vcpu_regs *const regs = &vcpu_regs[id];
    struct svm_run run = { regs, vmcb, address_of(core_pages[hw_pcpu()][HOST_VMCB]), kick, &vcpu_stats[id], id, false };
    bool ran;
    svm_prepare(id);
    ran = svm_vmrun(&run) != 0U;
    if (ran) {
        if ((uint32_t)vmcb->exit_code != EXIT_INVALID) { /* else the save area may hold host state (QEMU) */
            regs->rip = vmcb->rip;
            regs->rflags = vmcb->rflags;
            regs->gpr[GPR_RAX] = vmcb->rax;
            regs->gpr[GPR_RSP] = vmcb->rsp;
            svm_event_requeue(id);
        }
        svm_exit_decode(id, exit);
    }
    return ran;
}

const struct vendor_ops svm_vendor = {
    .name = "AMD-V",
    .entry_format = S2_FORMAT_NPT,
    .missing = svm_missing,
    .core_enable = svm_core_enable,
    .core_leave = svm_core_leave,
    .nmi_return = svm_nmi_return,
    .vcpu_init = svm_vcpu_init,
    .vcpu_load = svm_vcpu_load,
    .vcpu_unload = svm_vcpu_unload,
    .enter = svm_enter,
    .get = svm_get,
    .set = svm_set,
    .get_segment = svm_get_segment,
    .set_segment = svm_set_segment,
    .set_stage2 = svm_set_stage2,
    .flush = svm_flush,
    .can_accept = svm_can_accept,
    .event_queued = svm_event_queued,
    .can_accept_nmi = svm_can_accept_nmi,
    .inject = svm_inject,
    .clear_shadow = svm_clear_shadow,
    .single_step = svm_single_step,
    .request_window = svm_request_window,
    .msr_open = svm_msr_open,
    .port_open = svm_port_open,
    .bitmaps_close = svm_bitmaps_close,
};
