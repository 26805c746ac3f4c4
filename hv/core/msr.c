/* SPDX-License-Identifier: Apache-2.0 */
#include "core/msr.h"
#include "abi/partition_table.h"
#include "core/emulate.h"
#include "core/exclusive_lapic.h"
#include "core/hw.h"
#include "core/kvmclock.h"
#include "core/log.h"
#include "core/msr_spec.h"
#include "core/msr_table.h"
#include "core/quick.h"
#include "core/vm.h"
#include "devices/vlapic.h"

#define EFER_LME      0x100U
#define EFER_LMA      0x400U
#define EFER_WRITABLE 0x0D01U /* SCE, LME, LMA, NXE */
#define EFER_FFXSR    0x4000U /* where CPUID has it: reserved on Intel CPUs, whose VM entry refuses it */
#define EFER_VISIBLE  0x4D01U /* SVME is the hypervisor's */
#define CPUID_FFXSR   0x2000000U /* 8000_0001:EDX */
/* What bits of IA32_ARCH_CAPABILITIES say of the CPU itself: RDCL_NO, RSBA, SSB_NO, MDS_NO, IF_PSCHANGE_MC_NO, TAA_NO, SBDR_SSDP_NO, FBSDP_NO, PSDP_NO, FB_CLEAR,
 * RRSBA, BHI_NO, PBRSB_NO, GDS_NO, RFDS_NO, RFDS_CLEAR, ITS_NO. The others announce registers, which guests do not have. */
#define ARCH_CAPABILITIES_SHOWN 0x400000001D1AE175ULL
#define CR0_PG        0x80000000U

_Static_assert(MSR_RULES <= 64U, "the steps of find_rule()");

static uint64_t msr_stored[MAX_VCPU][MSR_SLOTS];

static uint32_t step(uint32_t at, uint32_t by, uint32_t msr)
{
    uint32_t probe = at + by;
    return ((probe < MSR_RULES) && (msr_rules[probe].first <= msr)) ? probe : at;
}

/* Index of the rule, or MSR_RULES. The table is in ascending order (a unit test sees to it): halving steps find
 * the last rule that begins at or below this MSR. */
static uint32_t find_rule(uint32_t msr)
{
    uint32_t at = step(0U, 32U, msr);
    at = step(at, 16U, msr);
    at = step(at, 8U, msr);
    at = step(at, 4U, msr);
    at = step(at, 2U, msr);
    at = step(at, 1U, msr);
    return ((msr_rules[at].first <= msr) && (msr <= msr_rules[at].last)) ? at : MSR_RULES;
}

/* Where the rule keeps this MSR; the table's ranges of slots end at MSR_SLOTS. */
static uint64_t *stored(vcpu_id_t id, const struct msr_rule *rule, uint32_t msr)
{
    return &msr_stored[id][(rule->slot + (msr - rule->first)) % MSR_SLOTS];
}

/* A way other than MSR_FAULT comes with the index of a rule; any other index means none. */
static const struct msr_rule *rule_at(uint32_t index)
{
    return &msr_rules[(index < MSR_RULES) ? index : 0U];
}

/* REQ-ISO-017 */
void msr_open_bitmap(vm_id_t v)
{
    /*@ loop invariant i <= MSR_RULES && msr_opened_by(v, i);
        loop assigns i, proof_opened;
        loop variant MSR_RULES - i; */
    for (uint32_t i = 0U; i < MSR_RULES; i++) {
        enum msr_way read_way = vms[v].exclusive ? msr_rules[i].x_read : msr_rules[i].read;
        enum msr_way write_way = vms[v].exclusive ? msr_rules[i].x_write : msr_rules[i].write;
        bool read = (read_way == MSR_OPEN);
        bool write = (write_way == MSR_OPEN);
        /*@ loop invariant msr_rules[i].first <= msr <= msr_rules[i].last + 1;
            loop invariant opened: msr_opened_within{LoopEntry, Here}(msr_rules[i].first, msr, read, write);
            loop assigns msr, proof_opened;
            loop variant msr_rules[i].last + 1 - msr; */
        for (uint32_t msr = msr_rules[i].first; (read || write) && (msr <= msr_rules[i].last); msr++) {
            hw_msr_open(v, msr, read, write);
        }
    }
}

/* REQ-ISO-023 */
void msr_reset(vcpu_id_t id)
{
    for (uint32_t i = 0U; i < MSR_RULES; i++) {
        const struct msr_rule *rule = &msr_rules[i];
        if (rule->read == MSR_STORED) {
            for (uint32_t msr = rule->first; msr <= rule->last; msr++) {
                *stored(id, rule, msr) = rule->value;
            }
        }
    }
    kvmclock_reset(id);
}

static enum status special_read(vcpu_id_t id, uint32_t msr, uint64_t *value)
{
    enum status result = STATUS_OK;
    switch (msr) {
    case MSR_TSC:
        *value = hw_tsc();
        break;
    case MSR_PAT:
        *value = hw_vcpu_get(id, REG_PAT);
        break;
    case MSR_EFER:
        *value = hw_vcpu_get(id, REG_EFER) & EFER_VISIBLE;
        break;
    case MSR_TSC_AUX:
        *value = hw_vcpu_get(id, REG_TSC_AUX);
        break;
    case MSR_ARCH_CAPABILITIES:
        result = hw_arch_capabilities(value) ? STATUS_OK : STATUS_UNKNOWN;
        *value &= ARCH_CAPABILITIES_SHOWN;
        break;
    case MSR_KVM_WALL_CLOCK:
    case MSR_KVM_SYSTEM_TIME:
        result = kvmclock_msr_read(id, msr, value);
        break;
    case MSR_KVM_PV_EOI:
        result = vlapic_eoi_word_read(id, value);
        break;
    default:
        result = STATUS_UNKNOWN;
        break;
    }
    return result;
}

static uint64_t efer_writable(void)
{
    uint32_t leaf[4];
    hw_cpuid(0x80000001U, 0U, leaf);
    return EFER_WRITABLE | (((leaf[3] & CPUID_FFXSR) != 0U) ? EFER_FFXSR : 0U);
}

/* AMD APM 2, 3.1.7: LMA is read-only in effect, LME may not change while paging is on. */
static enum status write_efer(vcpu_id_t id, uint64_t value)
{
    uint64_t old = hw_vcpu_get(id, REG_EFER);
    bool paging = (hw_vcpu_get(id, REG_CR0) & CR0_PG) != 0U;
    bool lme_changes = ((old ^ value) & EFER_LME) != 0U;
    enum status result = STATUS_INVALID;
    if (((value & ~efer_writable()) == 0U) && !(paging && lme_changes)) {
        hw_vcpu_set(id, REG_EFER, (value & ~(uint64_t)EFER_LMA) | (old & EFER_LMA));
        result = STATUS_OK;
    }
    return result;
}

/* Intel SDM 3, 12.12.2: memory types 2 and 3 and set reserved bits fault. */
static enum status write_pat(vcpu_id_t id, uint64_t value)
{
    enum status result = STATUS_OK;
    for (uint32_t i = 0U; i < 8U; i++) {
        uint64_t type = (value >> (i * 8U)) & 0xFFU;
        if ((type > 7U) || (type == 2U) || (type == 3U)) {
            result = STATUS_INVALID;
        }
    }
    if (result == STATUS_OK) {
        hw_vcpu_set(id, REG_PAT, value);
    }
    return result;
}

/* REQ-RT-009 */
static enum status special_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    enum status result = STATUS_OK;
    switch (msr) {
    case MSR_TSC:
        /* The TSC is the machine's: a write has no effect. */
        break;
    case MSR_PAT:
        result = write_pat(id, value);
        break;
    case MSR_EFER:
        result = write_efer(id, value);
        break;
    case MSR_TSC_AUX:
        if (value <= 0xFFFFFFFFU) {
            hw_vcpu_set(id, REG_TSC_AUX, value);
        } else {
            result = STATUS_INVALID;
        }
        break;
    case MSR_KVM_WALL_CLOCK:
    case MSR_KVM_SYSTEM_TIME:
        result = kvmclock_msr_write(id, msr, value);
        break;
    case MSR_KVM_PV_EOI:
        result = vlapic_eoi_word_write(id, value);
        break;
    default:
        result = STATUS_UNKNOWN;
        break;
    }
    return result;
}

static enum msr_way way_of_read(vcpu_id_t id, uint32_t index)
{
    enum msr_way way = MSR_FAULT;
    if (index < MSR_RULES) {
        way = vms[vcpu_vm(id)].exclusive ? msr_rules[index].x_read : msr_rules[index].read;
    }
    return way;
}

/* way is that of the rule, or MSR_FAULT when there is none. */
static enum status read_by(vcpu_id_t id, enum msr_way way, uint32_t index, uint32_t msr, uint64_t *value)
{
    enum status result = STATUS_UNKNOWN;
    *value = 0U;
    switch (way) {
    case MSR_CONST:
        *value = rule_at(index)->value;
        result = STATUS_OK;
        break;
    case MSR_STORED:
        *value = *stored(id, rule_at(index), msr);
        result = STATUS_OK;
        break;
    case MSR_SPECIAL:
        result = special_read(id, msr, value);
        break;
    case MSR_LAPIC:
        result = vlapic_msr_read(id, msr, value);
        break;
    case MSR_XLAPIC:
        result = exclusive_lapic_read(id, msr, value);
        break;
    case MSR_OPEN: /* never exits; should a backend exit all the same, the guest sees a fault */
    case MSR_FAULT:
    default:
        break;
    }
    return result;
}

/* REQ-ISO-018 */
enum status msr_read(vcpu_id_t id, uint32_t msr, uint64_t *value)
{
    uint32_t index = find_rule(msr);
    return read_by(id, way_of_read(id, index), index, msr, value);
}

/* REQ-RT-060 */
bool core_quick_msr_read(vcpu_id_t id)
{
    uint32_t msr = (uint32_t)vcpu_regs[id].gpr[GPR_RCX];
    uint32_t index = find_rule(msr);
    uint64_t value = 0U;
    enum msr_way way = way_of_read(id, index);
    bool known = (way != MSR_LAPIC) && (read_by(id, way, index, msr, &value) == STATUS_OK);
    if (known) {
        emulate_set_edx_eax(id, value);
    }
    return known;
}

/* REQ-ISO-018 */
enum status msr_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    uint32_t index = find_rule(msr);
    enum status result = STATUS_UNKNOWN;
    enum msr_way way = MSR_FAULT;
    if (index < MSR_RULES) {
        way = vms[vcpu_vm(id)].exclusive ? msr_rules[index].x_write : msr_rules[index].write;
    }
    switch (way) {
    case MSR_CONST:
        result = STATUS_OK;
        break;
    case MSR_STORED:
        *stored(id, rule_at(index), msr) = value;
        result = STATUS_OK;
        break;
    case MSR_SPECIAL:
        result = special_write(id, msr, value);
        break;
    case MSR_LAPIC:
        result = vlapic_msr_write(id, msr, value);
        break;
    case MSR_XLAPIC:
        result = exclusive_lapic_write(id, msr, value);
        break;
    case MSR_OPEN:
    case MSR_FAULT:
    default:
        break;
    }
    return result;
}

static void log_refused(vcpu_id_t id, const struct vm_exit *exit)
{
    log_begin("msr");
    log_chars(vms[vcpu_vm(id)].name, sizeof(vms[0].name));
    log_text((exit->reason == HV_EXIT_MSR_WRITE) ? ": write of " : ": read of ");
    log_hex(exit->number);
    log_text(" refused at ");
    log_hex(vcpu_regs[id].rip);
    log_end();
}

void msr_exit(vcpu_id_t id, const struct vm_exit *exit)
{
    uint64_t value = 0U;
    enum status result;
    if (exit->reason == HV_EXIT_MSR_WRITE) {
        result = msr_write(id, exit->number, emulate_edx_eax(id));
    } else {
        result = msr_read(id, exit->number, &value);
    }
    if (result != STATUS_OK) {
        if ((find_rule(exit->number) == MSR_RULES) && vm_may_log(vcpu_vm(id))) {
            log_refused(id, exit);
        }
        emulate_gp(id);
    } else {
        if (exit->reason == HV_EXIT_MSR_READ) {
            emulate_set_edx_eax(id, value);
        }
        emulate_skip(id, exit->length);
    }
}
