/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/msr.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* The MSR policy: what is not listed faults, and what is listed behaves as its row says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/exclusive_lapic.h"
#include "core/kvmclock.h"
#include "core/msr.h"
#include "core/msr_table.h"
#include "core/vm.h"
#include "devices/vlapic.h"
#include "fake/fake.h"
#include "stub_log.h"

#define SHARED 4U
#define RT 1U
#define CPU(v) vcpu_id((v), 1U)
#define EFER_SVME 0x1000U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
static uint32_t last_vlapic, last_xlapic, last_clock;
static enum status device_status;
static bool may_log;

void log_chars(const char *text, uint32_t size) { (void)text; (void)size; }
bool vm_may_log(vm_id_t v) { (void)v; return may_log; }

enum status vlapic_msr_read(vcpu_id_t id, uint32_t msr, uint64_t *value)
{
    assert_int_equal(vcpu_vm(id), SHARED);
    last_vlapic = msr;
    *value = 0x1234U;
    return device_status;
}
enum status vlapic_msr_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    (void)value;
    assert_int_equal(vcpu_vm(id), SHARED);
    last_vlapic = msr;
    return device_status;
}
enum status exclusive_lapic_read(vcpu_id_t id, uint32_t msr, uint64_t *value)
{
    assert_int_equal(vcpu_vm(id), RT);
    last_xlapic = msr;
    *value = 0x5678U;
    return device_status;
}
enum status exclusive_lapic_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    (void)value;
    assert_int_equal(vcpu_vm(id), RT);
    last_xlapic = msr;
    return device_status;
}
static uint32_t clock_resets;
void kvmclock_reset(vcpu_id_t id) { (void)id; clock_resets++; }
enum status kvmclock_msr_read(vcpu_id_t id, uint32_t msr, uint64_t *value)
{
    (void)id;
    last_clock = msr;
    *value = 0U;
    return device_status;
}
enum status kvmclock_msr_write(vcpu_id_t id, uint32_t msr, uint64_t value)
{
    (void)id;
    (void)value;
    last_clock = msr;
    return device_status;
}

static uint64_t eoi_word;
enum status vlapic_eoi_word_read(vcpu_id_t id, uint64_t *value) { (void)id; *value = eoi_word; return device_status; }
enum status vlapic_eoi_word_write(vcpu_id_t id, uint64_t value) { (void)id; eoi_word = value; return device_status; }

/* REQ-INT-031 */
static void an_eoi_word_is_for_shared_vcpus(void **state)
{
    uint64_t value = 0U;
    (void)state;
    device_status = STATUS_OK;
    assert_int_equal(msr_write(CPU(SHARED), MSR_KVM_PV_EOI, 0x5001U), STATUS_OK);
    assert_int_equal(eoi_word, 0x5001U);
    assert_int_equal(msr_read(CPU(SHARED), MSR_KVM_PV_EOI, &value), STATUS_OK);
    assert_int_equal(value, 0x5001U);
    assert_int_not_equal(msr_write(CPU(RT), MSR_KVM_PV_EOI, 0x6001U), STATUS_OK);
    assert_int_not_equal(msr_read(CPU(RT), MSR_KVM_PV_EOI, &value), STATUS_OK);
    assert_int_equal(eoi_word, 0x5001U);
}

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(vms, 0, sizeof(vms));
    memset(vcpus, 0, sizeof(vcpus));
    vms[RT].exclusive = true;
    device_status = STATUS_OK;
    may_log = true;
    log_lines = 0U;
    last_vlapic = 0U;
    last_xlapic = 0U;
    last_clock = 0U;
    msr_reset(CPU(SHARED));
    msr_reset(CPU(RT));
    return 0;
}

static bool reads(vm_id_t v, uint32_t msr)
{
    uint64_t value = 0U;

    return msr_read(CPU(v), msr, &value) == STATUS_OK;
}

static uint64_t value_of(vm_id_t v, uint32_t msr)
{
    uint64_t value = 0U;

    assert_int_equal(msr_read(CPU(v), msr, &value), STATUS_OK);
    return value;
}

static bool writes(vm_id_t v, uint32_t msr, uint64_t value) { return msr_write(CPU(v), msr, value) == STATUS_OK; }

/* ---- the table itself ---- */

/* REQ-ISO-018 */
static void rules_do_not_overlap_and_are_in_order(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < MSR_RULES; i++) {
        assert_true(msr_rules[i].first <= msr_rules[i].last);
        assert_true(msr_rules[i].last < UINT32_MAX); /* loops go one further */
        if (i > 0U) {
            assert_true(msr_rules[i].first > msr_rules[i - 1U].last);
        }
    }
}

/* The gate "exclusive" relies on it: an exclusive core never gets into the code of the shared side's local APIC. */
/* REQ-RT-006 */
static void no_way_of_an_exclusive_vcpu_leads_to_the_virtual_apic(void **state)
{
    (void)state;
    for (uint32_t i = 0U; i < MSR_RULES; i++) {
        assert_int_not_equal(msr_rules[i].x_read, MSR_LAPIC);
        assert_int_not_equal(msr_rules[i].x_write, MSR_LAPIC);
    }
}

static void stored_registers_have_slots_of_their_own(void **state)
{
    bool used[MSR_SLOTS] = { false };
    (void)state;
    for (uint32_t i = 0U; i < MSR_RULES; i++) {
        if (msr_rules[i].read == MSR_STORED) {
            for (uint32_t n = 0U; n <= (msr_rules[i].last - msr_rules[i].first); n++) {
                uint32_t slot = msr_rules[i].slot + n;
                assert_true(slot < MSR_SLOTS);
                assert_false(used[slot]);
                used[slot] = true;
            }
        }
    }
}

/* REQ-ISO-018 */
static void registers_that_reach_beyond_the_vm_are_never_open(void **state)
{
    static const uint32_t closed[] = {
        0x10U, 0x1BU, 0x3BU, 0x79U, 0x8BU, 0x198U, 0x199U, 0x19AU, 0x1A0U, 0x1B0U, 0x277U, 0x38FU, 0x400U, 0x401U,
        0x480U, 0x802U, 0x80DU, 0x80FU, 0x82FU, 0x830U, 0x831U, 0x833U, 0x834U, 0x835U, 0x836U, 0x837U, 0xDA0U,
        0xC0000080U, 0xC0010010U, 0xC0010015U, 0xC0010020U, 0xC0010058U, 0xC0010062U, 0xC0010111U, 0xC0010114U,
        0xC0010117U, 0xC0011020U, 0xC0011029U,
    };
    (void)state;
    for (size_t c = 0U; c < sizeof(closed) / sizeof(closed[0]); c++) {
        for (uint32_t i = 0U; i < MSR_RULES; i++) {
            const struct msr_rule *rule = &msr_rules[i];
            if ((closed[c] >= rule->first) && (closed[c] <= rule->last)) {
                assert_true((rule->read != MSR_OPEN) && (rule->write != MSR_OPEN));
                assert_true((rule->x_read != MSR_OPEN) && (rule->x_write != MSR_OPEN));
            }
        }
    }
}

/* REQ-RT-054 */
static void classes_of_service_are_nobodys(void **state)
{
    static const struct { uint32_t first, last; } blocks[] = {
        { 0xC80U, 0xDFFU },           /* Intel: configuration, monitoring, association, masks, delays */
        { 0xC0000200U, 0xC00003FFU }, /* AMD: rates, slow memory, configuration */
    };
    (void)state;
    msr_open_bitmap(SHARED);
    msr_open_bitmap(RT);
    for (size_t b = 0U; b < (sizeof(blocks) / sizeof(blocks[0])); b++) {
        for (uint32_t msr = blocks[b].first; msr <= blocks[b].last; msr++) {
            uint64_t value = 0U;
            assert_int_equal(fake_msr_open[SHARED][fake_msr_index(msr)] | fake_msr_open[RT][fake_msr_index(msr)], 0U);
            assert_int_equal(msr_read(CPU(SHARED), msr, &value), STATUS_UNKNOWN);
            assert_int_equal(msr_read(CPU(RT), msr, &value), STATUS_UNKNOWN);
            assert_false(writes(SHARED, msr, 0U) || writes(RT, msr, 0U));
        }
    }
}

static void a_shared_vcpu_has_no_register_of_the_physical_local_apic(void **state)
{
    (void)state;
    msr_open_bitmap(SHARED);
    for (uint32_t msr = MSR_X2APIC; msr <= MSR_X2APIC_LAST; msr++) {
        assert_int_equal(fake_msr_open[SHARED][fake_msr_index(msr)], 0U);
    }
    assert_int_equal(fake_msr_open[SHARED][fake_msr_index(MSR_TSC_DEADLINE)], 0U);
}

/* REQ-RT-003 */
static void an_exclusive_vcpu_has_exactly_the_registers_of_its_timer_and_eoi(void **state)
{
    (void)state;
    msr_open_bitmap(RT);
    for (uint32_t reg = 0U; reg < 0x100U; reg++) {
        bool read = (reg == 0x08U) || (reg == 0x0AU) || ((reg >= 0x10U) && (reg <= 0x27U)) || (reg == 0x32U) ||
                    (reg == 0x38U) || (reg == 0x39U) || (reg == 0x3EU);
        bool write = (reg == 0x08U) || (reg == 0x0BU) || (reg == 0x32U) || (reg == 0x38U) || (reg == 0x3EU) ||
                     (reg == 0x3FU);
        assert_int_equal(fake_msr_open[RT][fake_msr_index(MSR_X2APIC + reg)], (read ? 1U : 0U) | (write ? 2U : 0U));
    }
    assert_int_equal(fake_msr_open[RT][fake_msr_index(MSR_TSC_DEADLINE)], 3U);
}

/* REQ-ISO-018 */
static void what_is_not_listed_faults(void **state)
{
    static const uint32_t none[] = { 0U, 0x11U, 0x1CU, 0x3BU, 0x400U, 0x480U, 0x4B564D02U, 0x7FFFFFFFU, 0xC0000104U,
                                     0xC0010114U, 0xC0010117U, 0xFFFFFFFFU };
    (void)state;
    for (size_t i = 0U; i < sizeof(none) / sizeof(none[0]); i++) {
        assert_false(reads(SHARED, none[i]) || reads(RT, none[i]));
        assert_false(writes(SHARED, none[i], 0U) || writes(RT, none[i], 0U));
    }
}

/* ---- ways ---- */

static void constants_read_their_value_and_ignore_writes(void **state)
{
    (void)state;
    assert_int_equal(value_of(SHARED, 0xFEU), 0x508U);
    assert_false(writes(SHARED, 0xFEU, 0U));
    assert_true(writes(SHARED, 0xC0011029U, 0U));
    assert_int_equal(value_of(SHARED, 0xC0011029U), 2U);
    assert_int_equal(value_of(SHARED, 0x3AU), 1U); /* locked: no virtualisation */
}

static void stored_registers_keep_their_value_for_each_vcpu(void **state)
{
    (void)state;
    assert_int_equal(value_of(SHARED, 0x2FFU), 0xC06U);
    assert_true(writes(SHARED, 0x2FFU, 0x800U));
    assert_true(writes(SHARED, 0x20FU, 0x77U));
    assert_true(writes(SHARED, 0x26FU, 0x99U));
    assert_int_equal(value_of(SHARED, 0x2FFU), 0x800U);
    assert_int_equal(value_of(SHARED, 0x20FU), 0x77U);
    assert_int_equal(value_of(SHARED, 0x26FU), 0x99U);
    assert_int_equal(value_of(RT, 0x2FFU), 0xC06U);
    clock_resets = 0U;
    msr_reset(CPU(SHARED));
    assert_int_equal(clock_resets, 1U);
    assert_int_equal(value_of(SHARED, 0x2FFU), 0xC06U);
    assert_int_equal(value_of(SHARED, 0x20FU), 0U);
    assert_true(value_of(SHARED, 0x26FU) == MSR_WB);
}

static void the_local_apic_is_virtual_on_shared_cores(void **state)
{
    (void)state;
    assert_int_equal(value_of(SHARED, 0x802U), 0x1234U);
    assert_int_equal(last_vlapic, 0x802U);
    assert_true(writes(SHARED, 0x830U, 0U));
    assert_int_equal(last_vlapic, 0x830U);
    assert_true(writes(SHARED, MSR_TSC_DEADLINE, 0U));
    assert_int_equal(last_vlapic, MSR_TSC_DEADLINE);
    device_status = STATUS_INVALID;
    assert_false(writes(SHARED, MSR_APIC_BASE, 0U));
    assert_int_equal(last_xlapic, 0U);
}

/* REQ-RT-003 */
static void the_closed_part_of_a_passed_through_apic_is_virtual(void **state)
{
    (void)state;
    assert_int_equal(value_of(RT, 0x802U), 0x5678U);
    assert_true(writes(RT, 0x830U, 0U));
    assert_int_equal(last_xlapic, 0x830U);
    assert_true(writes(RT, MSR_APIC_BASE, 0U));
    assert_int_equal(last_xlapic, MSR_APIC_BASE);
    assert_false(reads(RT, 0x80BU)); /* EOI is write-only */
    assert_int_equal(last_vlapic, 0U);
}

/* REQ-RT-009 */
static void the_tsc_is_the_machines(void **state)
{
    (void)state;
    fake_tsc = 123456U;
    assert_int_equal(value_of(SHARED, MSR_TSC), 123456U);
    assert_true(writes(SHARED, MSR_TSC, 0U));
    assert_int_equal(value_of(SHARED, MSR_TSC), 123456U);
}

/* REQ-ISO-033 */
static void the_guest_does_not_see_svme(void **state)
{
    (void)state;
    hw_vcpu_set(CPU(SHARED), REG_EFER, EFER_SVME | 0x501U);
    assert_int_equal(value_of(SHARED, MSR_EFER), 0x501U);
    assert_false(writes(SHARED, MSR_EFER, EFER_SVME));
}

static void efer_keeps_lma_and_refuses_lme_while_paging(void **state)
{
    vcpu_id_t id = CPU(SHARED);
    (void)state;
    assert_true(writes(SHARED, MSR_EFER, 0x901U));
    assert_int_equal(hw_vcpu_get(id, REG_EFER), 0x901U);
    assert_true(writes(SHARED, MSR_EFER, 0x501U)); /* LMA cannot be set ... */
    assert_int_equal(hw_vcpu_get(id, REG_EFER), 0x101U);
    hw_vcpu_set(id, REG_CR0, 0x80000001U);
    hw_vcpu_set(id, REG_EFER, 0x500U);
    assert_false(writes(SHARED, MSR_EFER, 0U)); /* LME while paging */
    assert_true(writes(SHARED, MSR_EFER, 0x901U));
    assert_int_equal(hw_vcpu_get(id, REG_EFER), 0xD01U); /* ... nor cleared */
    assert_false(writes(SHARED, MSR_EFER, 1ULL << 63U));
}

/* FFXSR is AMD's: with it set, VT-x refuses to enter. */
/* REQ-ISO-033 */
static void efer_has_the_bits_that_the_cpu_has(void **state)
{
    (void)state;
    assert_false(writes(SHARED, MSR_EFER, 0x4D01U));
    fake_cpuid_set(0x80000001U, 0U, 0U, 0U, 0U, 0x2000000U);
    assert_true(writes(SHARED, MSR_EFER, 0x4D01U));
    assert_false(writes(SHARED, MSR_EFER, 0x8D01U)); /* TCE */
}

/* REQ-ISO-055 */
static void a_guest_reads_what_the_cpu_says_of_itself_not_what_registers_it_has(void **state)
{
    static const vm_id_t each[] = { SHARED, RT };
    (void)state;
    for (size_t i = 0U; i < 2U; i++) {
        fake_has_arch_capabilities = false;
        assert_false(reads(each[i], MSR_ARCH_CAPABILITIES)); /* as CPUID, which has no bit for it then */
        fake_has_arch_capabilities = true;
        fake_arch_capabilities = UINT64_MAX;
        assert_true(value_of(each[i], MSR_ARCH_CAPABILITIES) == 0x400000001D1AE175U);
        fake_arch_capabilities = 0x80000AEU; /* IBRS_ALL, TSX_CTRL, SKIP_L1DFL hidden */
        assert_true(value_of(each[i], MSR_ARCH_CAPABILITIES) == 0x8000024U);
        assert_false(writes(each[i], MSR_ARCH_CAPABILITIES, 0U));
    }
}

/* Registers of features that CPUID does not show. */
/* REQ-ISO-018 REQ-ISO-025 */
static void registers_of_hidden_features_fault(void **state)
{
    /* TEST_CTRL, TSC_ADJUST, SPEC_CTRL, PRED_CMD, PPIN, CORE_CAPABILITIES, UMWAIT_CONTROL, FLUSH_CMD, TSX_CTRL, MCU_OPT_CTRL, PERFEVTSEL0, PERF_CAPABILITIES,
     * PERF_GLOBAL_CTRL, VMX_BASIC, RTIT_CTL, U_CET, PKRS, HWP_REQUEST, XSS, XFD, PASID, BNDCFGS, L3_QOS_CFG, PQR_ASSOC, HW_FEEDBACK_PTR, LBR_CTL, UINTR_TT */
    static const uint32_t hidden[] = { 0x33U, 0x3BU, 0x48U, 0x49U, 0x4FU, 0xCFU, 0xE1U, 0x10BU, 0x122U, 0x123U, 0x186U, 0x345U, 0x38FU, 0x480U, 0x570U, 0x6A0U, 0x6E1U, 0x774U,
                                       0xDA0U, 0x1C4U, 0xD93U, 0xD90U, 0xC81U, 0xC8FU, 0x17D0U, 0x14CEU, 0x98AU };
    (void)state;
    for (size_t i = 0U; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        assert_false(reads(SHARED, hidden[i]) || writes(SHARED, hidden[i], 0U));
        assert_false(reads(RT, hidden[i]) || writes(RT, hidden[i], 0U));
    }
}

static void pat_refuses_types_that_do_not_exist(void **state)
{
    (void)state;
    assert_true(writes(SHARED, MSR_PAT, 0x0007040600070406U));
    assert_true(hw_vcpu_get(CPU(SHARED), REG_PAT) == 0x0007040600070406U);
    for (uint32_t i = 0U; i < 8U; i++) {
        assert_false(writes(SHARED, MSR_PAT, 2ULL << (i * 8U)));
        assert_false(writes(SHARED, MSR_PAT, 3ULL << (i * 8U)));
        assert_false(writes(SHARED, MSR_PAT, 8ULL << (i * 8U)));
        assert_true(writes(SHARED, MSR_PAT, 5ULL << (i * 8U)));
    }
    assert_true(value_of(SHARED, MSR_PAT) == (5ULL << 56U));
}

static void tsc_aux_has_32_bits(void **state)
{
    (void)state;
    assert_true(writes(SHARED, MSR_TSC_AUX, 0xFFFFFFFFU));
    assert_false(writes(SHARED, MSR_TSC_AUX, 0x100000000U));
    assert_int_equal(value_of(SHARED, MSR_TSC_AUX), 0xFFFFFFFFU);
}

static void clock_registers_reach_the_clock(void **state)
{
    (void)state;
    assert_true(writes(SHARED, MSR_KVM_SYSTEM_TIME, 1U));
    assert_int_equal(last_clock, MSR_KVM_SYSTEM_TIME);
    device_status = STATUS_UNKNOWN;
    assert_false(reads(SHARED, MSR_KVM_WALL_CLOCK));
}

/* ---- exits ---- */

static void a_read_splits_its_value_over_two_registers(void **state)
{
    vcpu_id_t id = CPU(SHARED);
    struct vm_exit exit = { .reason = HV_EXIT_MSR_READ, .number = 0x250U, .length = 2U };
    (void)state;
    assert_true(writes(SHARED, 0x250U, 0x1122334455667788U));
    vcpu_regs[id].gpr[GPR_RAX] = 0xFFFFFFFFFFFFFFFFU;
    vcpu_regs[id].gpr[GPR_RDX] = 0xFFFFFFFFFFFFFFFFU;
    vcpu_regs[id].rip = 0x1000U;
    msr_exit(id, &exit);
    assert_true(vcpu_regs[id].gpr[GPR_RAX] == 0x55667788U);
    assert_true(vcpu_regs[id].gpr[GPR_RDX] == 0x11223344U);
    assert_int_equal(vcpu_regs[id].rip, 0x1002U);
}

static void a_write_joins_two_registers(void **state)
{
    vcpu_id_t id = CPU(SHARED);
    struct vm_exit exit = { .reason = HV_EXIT_MSR_WRITE, .number = 0x250U, .length = 2U };
    (void)state;
    vcpu_regs[id].gpr[GPR_RAX] = 0xFFFFFFFF55667788U;
    vcpu_regs[id].gpr[GPR_RDX] = 0xFFFFFFFF11223344U;
    msr_exit(id, &exit);
    assert_true(value_of(SHARED, 0x250U) == 0x1122334455667788U);
    assert_true(vcpu_regs[id].gpr[GPR_RAX] == 0xFFFFFFFF55667788U);
}

/* REQ-ISO-018 */
static void a_refused_access_is_a_gp_and_one_log_line(void **state)
{
    vcpu_id_t id = CPU(SHARED);
    struct vm_exit exit = { .reason = HV_EXIT_MSR_READ, .number = 0x400U, .length = 2U };
    (void)state;
    vcpu_regs[id].rip = 0x1000U;
    vcpu_regs[id].gpr[GPR_RAX] = 7U;
    msr_exit(id, &exit);
    assert_int_equal(fake_vcpu[id].injected, 13U + 1U);
    assert_true(fake_vcpu[id].has_error && (fake_vcpu[id].error == 0U));
    assert_int_equal(vcpu_regs[id].rip, 0x1000U);
    assert_int_equal(vcpu_regs[id].gpr[GPR_RAX], 7U);
    assert_int_equal(log_lines, 1U);
    may_log = false;
    msr_exit(id, &exit);
    assert_int_equal(log_lines, 1U);
}

#define T(name) cmocka_unit_test_setup(name, setup)

/* REQ-ISO-018 */
static void a_register_that_is_open_faults_where_it_exits_all_the_same(void **state)
{
    uint64_t value = 0U;
    (void)state;
    assert_int_equal(msr_read(CPU(SHARED), 0x174U, &value), STATUS_UNKNOWN);
    assert_int_equal(msr_write(CPU(SHARED), 0x174U, 0U), STATUS_UNKNOWN);
}

static void both_registers_of_the_clock_are_written_to_it(void **state)
{
    (void)state;
    last_clock = 0U;
    assert_true(writes(SHARED, MSR_KVM_WALL_CLOCK, 0x5000U));
    assert_int_equal(last_clock, MSR_KVM_WALL_CLOCK);
    assert_true(writes(SHARED, MSR_KVM_SYSTEM_TIME, 0x5001U));
    assert_int_equal(last_clock, MSR_KVM_SYSTEM_TIME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_eoi_word_is_for_shared_vcpus), T(rules_do_not_overlap_and_are_in_order), T(stored_registers_have_slots_of_their_own),
        T(registers_that_reach_beyond_the_vm_are_never_open), T(no_way_of_an_exclusive_vcpu_leads_to_the_virtual_apic),
        T(classes_of_service_are_nobodys),
        T(a_shared_vcpu_has_no_register_of_the_physical_local_apic),
        T(an_exclusive_vcpu_has_exactly_the_registers_of_its_timer_and_eoi), T(what_is_not_listed_faults),
        T(constants_read_their_value_and_ignore_writes), T(stored_registers_keep_their_value_for_each_vcpu),
        T(the_local_apic_is_virtual_on_shared_cores), T(the_closed_part_of_a_passed_through_apic_is_virtual),
        T(the_tsc_is_the_machines), T(the_guest_does_not_see_svme), T(efer_keeps_lma_and_refuses_lme_while_paging),
        T(efer_has_the_bits_that_the_cpu_has), T(a_guest_reads_what_the_cpu_says_of_itself_not_what_registers_it_has), T(registers_of_hidden_features_fault),
        T(pat_refuses_types_that_do_not_exist), T(tsc_aux_has_32_bits), T(clock_registers_reach_the_clock),
        T(a_read_splits_its_value_over_two_registers), T(a_write_joins_two_registers),
        T(a_refused_access_is_a_gp_and_one_log_line),
        cmocka_unit_test_setup(a_register_that_is_open_faults_where_it_exits_all_the_same, setup),
        cmocka_unit_test_setup(both_registers_of_the_clock_are_written_to_it, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
