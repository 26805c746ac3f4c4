/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole of core/ on both backends, over cores whose TLBs remember: what an access leaves behind stays until
 * the hypervisor drops it. Emulators drop everything at each entry, so they show no flush that is missing.
 *
 * A core caches three things, as the manuals allow (APM 2, 15.16; SDM 3, 28.3): where a page is and with which rights (by
 * the whole span of a large leaf), where a last-level table is, and what a page of the guest's own translation is,
 * which belongs to one life of one vCPU. AMD-V tags all by the ASID alone; VT-x by the root of the tables, the last by the VPID, too.
 * An access that the TLB answers otherwise than the tables of now fails the test.
 */
#ifndef TESTS_UNIT_FLUSH_MACHINE_H
#define TESTS_UNIT_FLUSH_MACHINE_H

#include "world.h"

#include "core/exclusive.h"
#include "core/exclusive_life.h"
#include "core/stage2_table.h"
#include "core/stats.h"
#include "x86/fatal.h"

/* Instead of the privileged instructions of x86/asm.h, for x86/vcpu_state.c. */
#define X86_ASM_H
static void asm_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    (void)leaf;
    (void)subleaf;
    memset(out, 0, 4U * sizeof(out[0]));
}
static uint64_t asm_rdmsr(uint32_t msr) { (void)msr; return 0U; }
static void asm_wrmsr(uint32_t msr, uint64_t value) { (void)msr; (void)value; }
static void asm_xsetbv(uint32_t index, uint64_t value) { (void)index; (void)value; }
static uint64_t asm_xgetbv(uint32_t index) { (void)index; return 1U; }
static void asm_xsave(uint8_t *area, uint64_t mask) { (void)area; (void)mask; }
static void asm_xrstor(const uint8_t *area, uint64_t mask) { (void)area; (void)mask; }
static uint64_t asm_read_dr0(void) { return 0U; }
static uint64_t asm_read_dr1(void) { return 0U; }
static uint64_t asm_read_dr2(void) { return 0U; }
static uint64_t asm_read_dr3(void) { return 0U; }
static void asm_write_dr0(uint64_t value) { (void)value; }
static void asm_write_dr1(uint64_t value) { (void)value; }
static void asm_write_dr2(uint64_t value) { (void)value; }
static void asm_write_dr3(uint64_t value) { (void)value; }

#include "x86/vcpu_state.c"

#include "x86/access_maps.h"
#include "x86/core_pages.h"
#include "x86/msr_safe.h"
#include "x86/svm/svm.h"
#include "x86/vmx/core.h"
#include "x86/vmx/vmx.h"

#include "vmx_samples.h"

struct pcpu pcpus[MAX_PCPU];
uint8_t core_pages[MAX_PCPU][2][PAGE_SIZE];
uint8_t access_msr_map[MAX_VM][ACCESS_MSR_BYTES];
uint8_t access_io_map[MAX_VM][ACCESS_IO_BYTES];
struct vmx_apic_page vmx_apic_page[MAX_VCPU];
struct vmx_caps vmx_caps;
const uint64_t vmx_marks[VMX_MARKS];
const struct vendor_ops *vendor;

void fake_vcpus_reset(void);
void fake_vcpus_reset(void) {} /* there are real ones */
uint64_t features_xcr0(void) { return 7U; }
uint64_t hw_xcr0_supported(void) { return 7U; }
NORETURN void fatal_boot(const char *what, const char *detail)
{
    (void)detail;
    fail_msg("%s", what);
    __builtin_unreachable();
}
bool msr_read_safe(uint32_t msr, uint64_t *value)
{
    (void)msr;
    *value = 0U;
    return false;
}
void vmx_core_enable(void) {}
const char *vmx_core_missing(uint32_t *cursor) { return vmx_control_missing(&vmx_caps, cursor); }
void vmx_switch_reset(vcpu_id_t vcpu) { (void)vcpu; }
void vmx_switch_load(vcpu_id_t vcpu) { (void)vcpu; }
void vmx_switch_save(vcpu_id_t vcpu) { (void)vcpu; }
void vmx_switch_debug(vcpu_id_t vcpu, uint64_t qualification) { (void)vcpu; (void)qualification; }
uint64_t vmx_cr2_read(void) { return 0U; }
void vmx_cr2_write(uint64_t value) { (void)value; }
void vmx_nmi_open(void) {}

/* ---- the tables as the CPU reads them ---- */

#define LARGE (1ULL << 7)
#define ADDRESS 0x000FFFFFFFFFF000ULL
#define WAYS 256U

struct place { bool present; hpa_t hpa; uint32_t rights; uint64_t span; hpa_t table; };

static uint64_t entry_of(hpa_t table, gpa_t gpa, uint32_t level)
{
    const uint64_t number = (table - stage2_pool) / PAGE_SIZE;
    return stage2_table[number / STAGE2_PAGES][number % STAGE2_PAGES][(gpa >> (12U + (9U * (level - 1U)))) & 0x1FFU];
}

static uint32_t rights_of(uint64_t entry)
{
    const bool exec = (stage2_format == S2_FORMAT_EPT) ? ((entry & 4U) != 0U) : ((entry >> 63) == 0U);
    return S2_READ | (((entry & 2U) != 0U) ? S2_WRITE : 0U) | (exec ? S2_EXEC : 0U);
}

/* From a table of that level on. */
static struct place walk(hpa_t table, uint32_t level, gpa_t gpa)
{
    struct place found = { .present = true, .rights = S2_READ | S2_WRITE | S2_EXEC, .table = table };
    uint64_t entry = 0U;
    uint32_t l = level + 1U;
    do {
        l--;
        found.table = (l == level) ? table : (entry & ADDRESS);
        entry = entry_of(found.table, gpa, l);
        found.present = (entry & 1U) != 0U;
        found.rights &= rights_of(entry);
    } while (found.present && (l > 1U) && ((entry & LARGE) == 0U));
    found.span = PAGE_SIZE << (9U * (l - 1U));
    found.hpa = ((entry & ADDRESS) & ~(found.span - 1U)) + (gpa & (found.span - 1U));
    return found;
}

/* ---- the TLB ---- */

enum kind { A_PAGE, A_TABLE, A_GUESTS };
static struct way { bool used; enum kind kind; pcpu_id_t core; uint32_t tag; hpa_t root; uint64_t base, span; struct place to; uint32_t life; } tlb[WAYS];
/* Where the core is: what the vCPU in it is tagged with, and which life of it this is. */
static struct { pcpu_id_t core; uint32_t tag; hpa_t root; uint32_t life; } cpu;
static uint32_t lives[MAX_VCPU];
static uint32_t dropped; /* flushes of whatever size */

static bool by_root(void)
{
    return vendor->entry_format == S2_FORMAT_EPT;
}

static struct way *find(enum kind kind, gpa_t gpa)
{
    struct way *found = NULL;
    for (uint32_t i = 0U; i < WAYS; i++) {
        const bool tags = by_root() ? ((tlb[i].root == cpu.root) && ((kind != A_GUESTS) || (tlb[i].tag == cpu.tag))) : (tlb[i].tag == cpu.tag);
        if (tlb[i].used && tags && (tlb[i].core == cpu.core) && (tlb[i].kind == kind) && ((gpa - tlb[i].base) < tlb[i].span)) {
            found = &tlb[i];
        }
    }
    return found;
}

static void remember(enum kind kind, gpa_t gpa, uint64_t span, struct place to)
{
    uint32_t i = 0U;
    while (tlb[i].used) {
        i++;
        assert_in_range(i, 0U, WAYS - 1U);
    }
    to.hpa -= gpa & (span - 1U);
    tlb[i] = (struct way){ true, kind, cpu.core, cpu.tag, cpu.root, gpa & ~(span - 1U), span, to, cpu.life };
}

static void drop(bool all, bool tagged, uint32_t tag, hpa_t root)
{
    dropped++;
    for (uint32_t i = 0U; i < WAYS; i++) {
        const bool hit = all || (tagged ? (tlb[i].tag == tag) : (tlb[i].root == root));
        const bool linear_only = tagged && by_root() && (tlb[i].kind != A_GUESTS); /* INVVPID leaves what is by the root alone */
        tlb[i].used = tlb[i].used && !((tlb[i].core == cpu.core) && hit && !linear_only);
    }
}

/* The guest's access, by what the TLB says first. */
static struct place access_to(gpa_t gpa)
{
    const struct place now = walk(cpu.root, 4U, gpa);
    struct way *const page = find(A_PAGE, gpa);
    struct way *const table = find(A_TABLE, gpa);
    struct way *const guests = find(A_GUESTS, gpa);
    struct place seen = now;
    if (page != NULL) {
        seen = page->to;
        seen.hpa += gpa - page->base;
    } else if (table != NULL) {
        seen = walk(table->to.table, 1U, gpa);
    } else {
        /* from the root */
    }
    if (seen.present) {
        assert_true(now.present); /* else a stale translation */
        assert_int_equal(seen.hpa, now.hpa);
        assert_int_equal(seen.rights, now.rights);
        if (page == NULL) {
            remember(A_PAGE, gpa, seen.span, seen);
        }
        if ((table == NULL) && (seen.span == PAGE_SIZE)) {
            remember(A_TABLE, gpa, 0x200000U, seen);
        }
        if (guests == NULL) {
            remember(A_GUESTS, gpa, PAGE_SIZE, seen);
        } else {
            assert_int_equal(guests->life, cpu.life); /* else a translation of another life or another vCPU */
        }
    } else {
        assert_false(now.present); /* else the last-level table is a stale one */
    }
    return seen;
}

/* ---- the CPU ---- */

static gpa_t touches[8];         /* by the guest, each time that it runs, until 0 */
static struct place touched[8];
static void (*before_entry)(void); /* on other cores, after this one has done what it flushes */
static void (*meanwhile)(void);  /* on other cores, while the guest runs; it touches its pages again unless it was kicked */
static enum hv_exit_reason leaves_by;
static uint32_t entries;
static _Atomic uint32_t kick;

static void touch_all(void)
{
    for (uint32_t i = 0U; (i < 8U) && (touches[i] != 0U); i++) {
        touched[i] = access_to(touches[i]);
    }
}

static void others(void (*what)(void))
{
    const pcpu_id_t self = fake_current_pcpu;
    const uint64_t tag = cpu.tag, root = cpu.root, life = cpu.life;
    fake_current_pcpu = 0U;
    what();
    fake_current_pcpu = self;
    cpu.core = self;
    cpu.tag = (uint32_t)tag;
    cpu.root = root;
    cpu.life = (uint32_t)life;
}

/* False: a kick came first. */
static bool still_wanted(void)
{
    if (before_entry != NULL) {
        others(before_entry);
    }
    return fake_pcpu[fake_current_pcpu].in_guest;
}

static void guest_runs(vcpu_id_t vcpu, uint32_t tag, hpa_t root)
{
    cpu.core = fake_current_pcpu;
    cpu.tag = tag;
    cpu.root = root;
    cpu.life = (vcpu << 16) + lives[vcpu];
    entries++;
    touch_all();
    if (meanwhile != NULL) {
        others(meanwhile);
        if (fake_pcpu[cpu.core].in_guest) {
            touch_all();
        }
    }
}

uint32_t svm_vmrun(struct svm_run *run)
{
    struct vmcb *const vmcb = run->vmcb;
    uint32_t ran = 0U;
    if (still_wanted()) {
        cpu.core = fake_current_pcpu;
        assert_int_not_equal(vmcb->asid, 0U);
        if (vmcb->tlb_control != 0U) {
            assert_int_equal(vmcb->tlb_control, svm_features.flush_by_asid ? 3U : 1U);
            drop(vmcb->tlb_control == 1U, true, vmcb->asid, 0U);
        }
        guest_runs(run->vcpu, vmcb->asid, vmcb->nested_cr3);
        vmcb->exit_code = (leaves_by == HV_EXIT_NMI) ? 0x61U : ((leaves_by == HV_EXIT_SHUTDOWN) ? 0x7FU : 0x60U);
        vmcb->exit_int_info = 0U;
        assert_null(svm_quick(run, 0U));
        ran = 1U;
    }
    return ran;
}

static uint64_t vmcs[MAX_PCPU][0x8000]; /* by field */
uint64_t vmx_read(uint32_t field) { return vmcs[fake_current_pcpu][field]; }
void vmx_write(uint32_t field, uint64_t value) { vmcs[fake_current_pcpu][field] = value; }

void vmx_off(void) {}
void vmx_invept_one(uint64_t eptp)
{
    cpu.core = fake_current_pcpu;
    drop(false, false, 0U, eptp & ADDRESS);
}

void vmx_invvpid_one(uint32_t vpid)
{
    cpu.core = fake_current_pcpu;
    drop(false, true, vpid, 0U);
}

/* Without VPIDs the CPU drops what the guest's own tables gave at each entry (28.3.3.1); what it knows of stage 2 stays. */
static void entry_without_vpid(void)
{
    for (uint32_t i = 0U; i < WAYS; i++) {
        tlb[i].used = tlb[i].used && !((tlb[i].core == fake_current_pcpu) && (tlb[i].kind == A_GUESTS));
    }
}

uint32_t vmx_run_guest(struct vmx_run *run)
{
    uint64_t *const at = vmcs[fake_current_pcpu];
    uint32_t ended = (uint32_t)VMX_ENDED_KICK;
    if (still_wanted()) {
        if ((at[VMCS_SECONDARY_CONTROLS] & SECONDARY_VPID) == 0U) {
            assert_int_equal(at[VMCS_VPID], 0U);
            entry_without_vpid();
        }
        guest_runs(run->vcpu, (uint32_t)at[VMCS_VPID], at[VMCS_EPT_POINTER] & ADDRESS);
        at[VMCS_EXIT_REASON] = (leaves_by == HV_EXIT_SHUTDOWN) ? VMX_EXIT_TRIPLE_FAULT : ((leaves_by == HV_EXIT_NMI) ? VMX_EXIT_EVENT : VMX_EXIT_INTERRUPT);
        at[VMCS_EXIT_EVENT] = VMX_EVENT_VALID | (2U << 8) | 2U;
        assert_int_equal(vmx_quick(run), 0U);
        run->ran = 1U;
        ended = (uint32_t)VMX_ENDED_EXIT;
    }
    return ended;
}

/* ---- the run loops of x86/run.c, one round ---- */

static bool enters(pcpu_id_t core, vcpu_id_t id, struct vm_exit *exit)
{
    bool ran;
    vcpu_state_load(id);
    fake_pcpu[core].in_guest = true;
    memset(touched, 0, sizeof(touched));
    ran = vendor->enter(id, &kick, exit);
    fake_pcpu[core].in_guest = false;
    return ran;
}

/* A round of a shared core, which picks that vCPU. */
static void runs(pcpu_id_t core, vcpu_id_t id)
{
    const pcpu_id_t self = fake_current_pcpu;
    struct vm_exit exit = { .reason = HV_EXIT_OTHER };
    struct run_plan plan;
    fake_current_pcpu = core;
    plan = core_next(core);
    assert_int_equal(plan.action, RUN_VCPU);
    assert_int_equal(plan.vcpu, id);
    if (enters(core, id, &exit)) {
        core_exit(id, &exit);
    }
    fake_current_pcpu = self;
}

/* A round of an exclusive core. */
static enum run_action runs_exclusive(vcpu_id_t id)
{
    const pcpu_id_t self = fake_current_pcpu;
    struct vm_exit exit = { .reason = HV_EXIT_OTHER };
    enum run_action action;
    fake_current_pcpu = vcpus[id].pcpu;
    action = core_exclusive_next(id);
    if ((action == RUN_VCPU) && enters(vcpus[id].pcpu, id, &exit)) {
        (void)core_exclusive_exit(id, &exit);
    }
    fake_current_pcpu = self;
    return action;
}

static void touch(gpa_t first, gpa_t second, gpa_t third)
{
    touches[0] = first;
    touches[1] = second;
    touches[2] = third;
    touches[3] = 0U;
}

/* ---- the world on it ---- */

static struct vendor_ops spied;
static const struct vendor_ops *machine;
static void vcpu_begins(vcpu_id_t id, bool exclusive)
{
    lives[id]++;
    machine->vcpu_init(id, exclusive);
}

static int boot_on(const struct vendor_ops *ops)
{
    void *none = NULL;
    machine = ops;
    spied = *ops;
    spied.vcpu_init = vcpu_begins;
    vendor = &spied;
    stage2_format = ops->entry_format;
    vmx_caps = skylake;
    svm_features = (struct svm_features){ .asid_count = 16U };
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    memset(tlb, 0, sizeof(tlb));
    memset(vmcs, 0, sizeof(vmcs));
    for (pcpu_id_t p = 0U; p < MAX_PCPU; p++) {
        pcpus[p].id = p;
        pcpus[p].loaded = ID_NONE;
    }
    touch(0U, 0U, 0U);
    before_entry = NULL;
    meanwhile = NULL;
    leaves_by = HV_EXIT_INTERRUPT;
    entries = 0U;
    (void)world_start(&none);
    vcpus[SERVICE_BSP].state = VCPU_HALTED; /* its hypercalls are made by the tests; core 0 is free for others */
    return 0;
}

static int on_svm(void **state)
{
    (void)state;
    return boot_on(&svm_vendor);
}

static int on_vmx(void **state)
{
    (void)state;
    return boot_on(&vmx_vendor);
}

/* All User VMs end, as the next test has a new machine under the same scheduler. */
static int end_users(void **state)
{
    (void)state;
    fake_current_pcpu = 0U;
    for (vm_id_t v = VM_FIRST_USER; v < MAX_VM; v++) {
        if (vms[v].state != VM_FREE) {
            world_destroy(v);
        }
    }
    return 0;
}

#endif
