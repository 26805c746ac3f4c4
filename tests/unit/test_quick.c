/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: all */
/* An exit that is answered at once leaves what the ordinary way would have left; one that is not leaves all as it was. */
#include "world.h"

#include "core/cpuid.h"
#include "core/msr_table.h"
#include "core/quick.h"
#include "devices/vlapic.h"

#define SHARED    SERVICE_BSP
#define EXCLUSIVE (RTVM * MAX_VCPU_PER_VM)
#define ROUNDS    20000U

static const vcpu_id_t both[] = { SHARED, EXCLUSIVE, SHARED + 1U, EXCLUSIVE + 1U };
static uint64_t seed = 0x9E3779B97F4A7C15U;
static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static int boot(void **state)
{
    int result = world_start(state);
    for (uint32_t i = 0U; i < 4U; i++) {
        vcpus[both[i]].state = VCPU_RUNNABLE;
        vcpus[both[i]].run_epoch = vcpus[both[i]].epoch;
    }
    return result;
}

static void some_registers(vcpu_id_t id)
{
    for (uint32_t i = 0U; i < (uint32_t)GPR_COUNT; i++) {
        vcpu_regs[id].gpr[i] = next_random();
    }
    vcpu_regs[id].rip = 0x1000U;
    fake_vcpu[id].event_queued = false;
    fake_vcpu[id].injected = 0U;
    fake_vcpu[id].shadow = true;
    fake_vcpu[id].reg[REG_CPL] = ((next_random() % 4U) == 0U) ? 3U : 0U;
}

static void ordinary(vcpu_id_t id, const struct vm_exit *exit)
{
    if (vms[vcpu_vm(id)].exclusive) {
        fake_current_pcpu = vcpus[id].pcpu;
        (void)core_exclusive_exit(id, exit);
        fake_current_pcpu = 0U;
    } else {
        core_exit(id, exit);
    }
}

static bool quick(vcpu_id_t id, const struct vm_exit *exit)
{
    bool done = true;
    switch (exit->reason) {
    case HV_EXIT_CPUID: cpuid_emulate(id); break;
    case HV_EXIT_HYPERCALL: done = core_quick_hypercall(id, (uint32_t)hw_vcpu_get(id, REG_CPL)); break;
    case HV_EXIT_MSR_READ: done = core_quick_msr_read(id); break;
    case HV_EXIT_MSR_WRITE: done = core_quick_msr_write(id); break;
    default: done = core_quick_port(id, exit->number, exit->size, exit->write); break;
    }
    if (done) { /* as the backend does */
        vcpu_regs[id].rip += exit->length;
        hw_vcpu_skipped(id);
    }
    return done;
}

struct seen {
    struct vcpu_regs regs;
    uint32_t ipis[4], last_ipi[4], injected;
    bool shadow;
    uint64_t icr;
};
static struct seen look(vcpu_id_t id)
{
    struct seen seen;
    memset(&seen, 0, sizeof(seen));
    seen.regs = vcpu_regs[id];
    for (uint32_t i = 0U; i < 4U; i++) {
        seen.ipis[i] = fake_pcpu[i].ipis;
        seen.last_ipi[i] = fake_pcpu[i].last_ipi;
        fake_pcpu[i].ipis = 0U;
        fake_pcpu[i].last_ipi = 0U;
    }
    seen.injected = fake_vcpu[id].injected;
    seen.shadow = fake_vcpu[id].shadow;
    if (vms[vcpu_vm(id)].exclusive) {
        vcpu_regs[id].gpr[GPR_RCX] = 0x830U;
        assert_true(core_quick_msr_read(id));
        seen.icr = (vcpu_regs[id].gpr[GPR_RDX] << 32) | vcpu_regs[id].gpr[GPR_RAX];
        vcpu_regs[id] = seen.regs;
    }
    return seen;
}

/* The registers are set; true: it was answered at once, and as it is otherwise. */
static bool same_both_ways(vcpu_id_t id, const struct vm_exit *exit)
{
    const struct vcpu_regs before = vcpu_regs[id];
    const struct seen start = look(id);
    bool done = quick(id, exit);
    const struct seen at_once = look(id);
    if (done) {
        vcpu_regs[id] = before;
        fake_vcpu[id].shadow = start.shadow;
        ordinary(id, exit);
        const struct seen otherwise = look(id);
        assert_memory_equal(&at_once, &otherwise, sizeof(otherwise));
    } else {
        assert_memory_equal(&at_once, &start, sizeof(start));
    }
    return done;
}

/* REQ-RT-060 REQ-ISO-025 */
static void cpuid(void **state)
{
    static const uint32_t bases[] = { 0U, 0x80000000U, 0x40000000U, 0x7FFFFFF0U, 0xFFFFFFF0U };
    const struct vm_exit exit = { .reason = HV_EXIT_CPUID, .length = 2U };
    (void)state;
    for (uint32_t leaf = 0U; leaf < 0xEU; leaf++) {
        fake_cpuid_set(leaf, 0U, 0xFFFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU);
        fake_cpuid_set(0x80000000U + leaf, 0U, 0xFFFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU, 0xFFFFFFFFU);
    }
    for (uint32_t v = 0U; v < 2U; v++) { /* another count of vCPUs, for which the answers are taken anew; then back */
        vms[v].vcpu_count = 3U;
        cpuid_prepare(v);
        vms[v].vcpu_count = 2U;
        cpuid_prepare(v);
    }
    for (uint32_t i = 0U; i < 4U; i++) {
        for (uint32_t n = 0U; n < (5U * 0x20U * 3U); n++) {
            uint32_t out[CPUID_REGS];
            uint32_t leaf = bases[n % 5U] + ((n / 5U) % 0x20U);
            uint32_t subleaf = n / (5U * 0x20U);
            some_registers(both[i]);
            fake_vcpu[both[i]].reg[REG_CR4] = ((n % 7U) < 3U) ? 0x40000U : 0U;
            vcpu_regs[both[i]].gpr[GPR_RAX] = (next_random() << 32) | leaf;
            vcpu_regs[both[i]].gpr[GPR_RCX] = (next_random() << 32) | subleaf;
            cpuid_query(both[i], leaf, subleaf, out);
            assert_true(same_both_ways(both[i], &exit));
            assert_true(vcpu_regs[both[i]].gpr[GPR_RAX] == out[CPUID_EAX]);
            assert_true(vcpu_regs[both[i]].gpr[GPR_RBX] == out[CPUID_EBX]);
            assert_true(vcpu_regs[both[i]].gpr[GPR_RCX] == out[CPUID_ECX]);
            assert_true(vcpu_regs[both[i]].gpr[GPR_RDX] == out[CPUID_EDX]);
        }
    }
}

/* REQ-RT-060 REQ-HYP-001 */
static void hypercalls(void **state)
{
    const struct vm_exit exit = { .reason = HV_EXIT_HYPERCALL, .length = 3U };
    uint32_t at_once = 0U;
    (void)state;
    for (uint32_t n = 0U; n < ROUNDS; n++) {
        vcpu_id_t id = both[next_random() % 4U];
        uint64_t number = HC_BASE - 0x20U + (next_random() % 0x140U);
        bool kernel;
        some_registers(id);
        kernel = fake_vcpu[id].reg[REG_CPL] == 0U;
        vcpu_regs[id].gpr[GPR_R8] = ((n % 3U) == 0U) ? next_random() : number;
        number = vcpu_regs[id].gpr[GPR_R8] - HC_BASE;
        if (same_both_ways(id, &exit)) {
            at_once++;
        } else {
            assert_true(!vms[vcpu_vm(id)].exclusive && (!kernel || (number < 0x100U)));
        }
    }
    assert_in_range(at_once, ROUNDS / 2U, ROUNDS);
}

/* Every MSR of every rule and its neighbours; nothing that another core may change is read without the lock. */
/* REQ-RT-060 REQ-ISO-018 */
static void msr_reads(void **state)
{
    const struct vm_exit exit = { .reason = HV_EXIT_MSR_READ, .length = 2U };
    uint32_t at_once = 0U;
    (void)state;
    for (uint32_t rule = 0U; rule < MSR_RULES; rule++) {
        for (uint32_t msr = msr_rules[rule].first - 1U; msr <= (msr_rules[rule].last + 1U); msr++) {
            for (uint32_t i = 0U; i < 4U; i++) {
                struct vm_exit this = exit;
                bool done;
                this.number = msr;
                some_registers(both[i]);
                vcpu_regs[both[i]].gpr[GPR_RCX] = (next_random() << 32) | msr;
                done = same_both_ways(both[i], &this);
                at_once += done ? 1U : 0U;
                if ((msr >= 0x800U) && (msr <= 0x8FFU) && !vms[vcpu_vm(both[i])].exclusive) {
                    assert_false(done);
                }
            }
        }
    }
    assert_in_range(at_once, 200U, 10000U);
}

/* REQ-RT-060 REQ-INT-008 REQ-INT-009 */
static void interrupts_between_exclusive_vcpus(void **state)
{
    const struct vm_exit exit = { .reason = HV_EXIT_MSR_WRITE, .length = 2U, .number = 0x830U };
    uint32_t at_once = 0U;
    (void)state;
    for (uint32_t n = 0U; n < ROUNDS; n++) {
        vcpu_id_t id = both[next_random() % 4U];
        some_registers(id);
        vcpu_regs[id].gpr[GPR_RCX] = (next_random() << 32) | 0x830U;
        vcpu_regs[id].gpr[GPR_RDX] = (next_random() << 32) | (next_random() % 3U);
        vcpu_regs[id].gpr[GPR_RAX] &= ((n % 2U) == 0U) ? 0xFFFFFFFF000C0FFFU : 0xFFFFFFFF000000FFU;
        if (same_both_ways(id, &exit)) {
            at_once++;
            assert_true(vms[vcpu_vm(id)].exclusive);
        }
    }
    assert_in_range(at_once, ROUNDS / 10U, ROUNDS / 2U);
    some_registers(EXCLUSIVE);
    vcpu_regs[EXCLUSIVE].gpr[GPR_RCX] = 0x80FU; /* any other register */
    assert_false(core_quick_msr_write(EXCLUSIVE));
}

/* The state after the exit and what the core's timer is armed for once the next entry is prepared. */
static void after_timer(uint64_t seen[4])
{
    (void)vlapic_msr_read(SHARED, 0x6E0U, &seen[0]);
    (void)vlapic_msr_read(SHARED, 0x838U, &seen[1]);
    seen[2] = vlapic_deadline(SHARED);
    (void)core_next(0U);
    seen[3] = fake_pcpu[0].timer;
}

/* REQ-RT-060 REQ-INT-015 */
static void timers_of_shared_vcpus(void **state)
{
    static const uint64_t modes[] = { 0x00040U, 0x20040U, 0x40040U, 0x10040U }; /* one-shot, periodic, deadline, masked */
    uint32_t at_once = 0U;
    (void)state;
    assert_int_equal(vlapic_msr_write(SHARED, 0x1BU, 0xFEE00D00U), STATUS_OK); /* x2APIC */
    assert_int_equal(vlapic_msr_write(SHARED, 0x80FU, 0x1FFU), STATUS_OK);
    for (uint32_t n = 0U; n < ROUNDS; n++) {
        const uint32_t msr = ((n % 2U) == 0U) ? 0x838U : 0x6E0U;
        const struct vm_exit exit = { .reason = HV_EXIT_MSR_WRITE, .length = 2U, .number = msr };
        const uint64_t value = ((next_random() % 8U) == 0U) ? 0U
                             : ((msr == 0x838U) ? (1000000U + (next_random() % 1000000U)) : (fake_tsc + 1000U + (next_random() % 1000000U)));
        uint64_t one[4];
        uint64_t other[4];
        bool done = false;
        for (uint32_t way = 0U; way < 2U; way++) {
            uint64_t *seen = (way == 0U) ? one : other;
            /* a state to begin with, the same both times */
            assert_int_equal(vlapic_msr_write(SHARED, 0x832U, modes[(n / 2U) % 4U]), STATUS_OK);
            assert_int_equal(vlapic_msr_write(SHARED, 0x838U, 0U), STATUS_OK);
            assert_int_equal(vlapic_msr_write(SHARED, 0x6E0U, 0U), STATUS_OK);
            if ((n % 3U) == 0U) { /* armed already */
                assert_int_equal(vlapic_msr_write(SHARED, msr, (msr == 0x838U) ? 500000U : (fake_tsc + 500000U)), STATUS_OK);
            }
            (void)core_next(0U);
            some_registers(SHARED);
            fake_vcpu[SHARED].reg[REG_CPL] = 0U;
            vcpu_regs[SHARED].gpr[GPR_RCX] = msr;
            vcpu_regs[SHARED].gpr[GPR_RAX] = value & 0xFFFFFFFFU;
            vcpu_regs[SHARED].gpr[GPR_RDX] = value >> 32;
            vcpus[SHARED].run_epoch = vcpus[SHARED].epoch;
            if (way == 0U) {
                done = core_quick_msr_write(SHARED);
                at_once += done ? 1U : 0U;
                if (!done) {
                    core_exit(SHARED, &exit);
                } else if (vlapic_deadline(SHARED) < TIME_NEVER) {
                    assert_true(fake_pcpu[0].timer <= vlapic_deadline(SHARED)); /* armed now, not at the next exit */
                } else {
                    /* nothing to wait for */
                }
            } else {
                core_exit(SHARED, &exit);
            }
            after_timer(seen);
        }
        assert_memory_equal(one, other, sizeof(one));
    }
    assert_in_range(at_once, ROUNDS / 4U, ROUNDS - 1U);
    vcpu_regs[SHARED].gpr[GPR_RCX] = 0x808U; /* TPR */
    assert_false(core_quick_msr_write(SHARED));
    vcpu_regs[SHARED].gpr[GPR_RCX] = 0x838U;
    vcpu_regs[SHARED].gpr[GPR_RDX] = 1U; /* a count of more than 32 bits */
    assert_false(core_quick_msr_write(SHARED));
}

static bool write_at_once(uint32_t msr, uint64_t value)
{
    vcpu_regs[SHARED].gpr[GPR_RCX] = msr;
    vcpu_regs[SHARED].gpr[GPR_RAX] = value & 0xFFFFFFFFU;
    vcpu_regs[SHARED].gpr[GPR_RDX] = value >> 32;
    return core_quick_msr_write(SHARED);
}

/* REQ-RT-060 REQ-INT-012 */
static void registers_that_xapic_mode_does_not_have(void **state)
{
    (void)state;
    vlapic_reset(SHARED);
    assert_int_equal(vlapic_mmio_write(SHARED, 0xF0U, 0x1FFU), STATUS_OK);
    vlapic_post(SHARED, 0x51U, false);
    vlapic_accepted(SHARED, 0x51U);
    assert_false(write_at_once(0x80BU, 0U));
    assert_false(write_at_once(0x838U, 1000U));
}

/* REQ-RT-060 REQ-INT-031 */
static void an_eoi_that_may_have_been_in_memory_is_settled_first(void **state)
{
    (void)state;
    assert_int_equal(vlapic_msr_write(SHARED, 0x1BU, 0xFEE00D00U), STATUS_OK);
    assert_int_equal(vlapic_msr_write(SHARED, 0x80FU, 0x1FFU), STATUS_OK);
    vms[VM_SERVICE].face = PART_FACE_KVM;
    assert_int_equal(vlapic_eoi_word_write(SHARED, SCRATCH | 1U), STATUS_OK);
    vlapic_post(SHARED, 0x51U, false);
    vlapic_accepted(SHARED, 0x51U);
    vlapic_eoi_offer(SHARED);
    assert_int_equal(hw_phys_read(SCRATCH, 4U), 1U);
    assert_false(write_at_once(0x80BU, 0U));
    vlapic_eoi_settle(SHARED);
    assert_true(write_at_once(0x80BU, 0U));
}

/* REQ-RT-060 REQ-INT-015 */
static void a_timer_that_waits_for_someone_else_is_never_put_off(void **state)
{
    const uint64_t slice = fake_tsc + 5000U;
    (void)state;
    assert_int_equal(vlapic_msr_write(SHARED, 0x1BU, 0xFEE00D00U), STATUS_OK);
    assert_int_equal(vlapic_msr_write(SHARED, 0x80FU, 0x1FFU), STATUS_OK);
    assert_int_equal(vlapic_msr_write(SHARED, 0x832U, 0x40040U), STATUS_OK); /* TSC deadline */
    hw_timer_arm(slice);
    assert_true(write_at_once(0x6E0U, slice + 1000U));
    assert_true(fake_pcpu[0].timer == slice);
    assert_true(write_at_once(0x6E0U, slice - 1000U));
    assert_true(fake_pcpu[0].timer == slice - 1000U);
    assert_false(write_at_once(0x6E0U, slice)); /* it is this vCPU's now: core_next() knows what comes then */
    assert_true(fake_pcpu[0].timer == slice - 1000U);
}

/* In service, requested and by level: some vectors, from none to many. */
static void some_interrupts(uint64_t pick)
{
    vlapic_reset(SHARED);
    assert_int_equal(vlapic_msr_write(SHARED, 0x1BU, 0xFEE00D00U), STATUS_OK);
    assert_int_equal(vlapic_msr_write(SHARED, 0x80FU, 0x1FFU), STATUS_OK);
    for (uint32_t i = 0U; i < (pick % 4U); i++) {
        uint32_t vector = 0x20U + (uint32_t)((pick >> (8U * (i + 1U))) & 0xDFU);
        vlapic_post(SHARED, vector, ((pick >> (8U + i)) & 0x1FU) == 0U);
        if (((pick >> (40U + i)) & 3U) != 0U) {
            vlapic_accepted(SHARED, vector);
        }
    }
}

static void interrupts_of(uint64_t seen[25])
{
    for (uint32_t i = 0U; i < 24U; i++) {
        assert_int_equal(vlapic_msr_read(SHARED, 0x810U + i, &seen[i]), STATUS_OK);
    }
    seen[24] = vlapic_pending(SHARED);
}

/* REQ-RT-060 REQ-INT-011 */
static void ends_of_interrupts(void **state)
{
    const struct vm_exit exit = { .reason = HV_EXIT_MSR_WRITE, .length = 2U, .number = 0x80BU };
    uint32_t at_once = 0U;
    (void)state;
    for (uint32_t n = 0U; n < ROUNDS; n++) {
        const uint64_t pick = next_random();
        uint64_t before[25];
        uint64_t one[25];
        uint64_t other[25];
        some_registers(SHARED);
        vcpu_regs[SHARED].gpr[GPR_RCX] = 0x80BU;
        vcpu_regs[SHARED].gpr[GPR_RAX] = ((n % 16U) == 0U) ? 1U : 0U; /* not an EOI: faults */
        vcpu_regs[SHARED].gpr[GPR_RDX] = 0U;
        vcpus[SHARED].run_epoch = vcpus[SHARED].epoch;
        some_interrupts(pick);
        interrupts_of(before);
        if (core_quick_msr_write(SHARED)) {
            at_once++;
            interrupts_of(one);
            some_interrupts(pick);
            core_exit(SHARED, &exit);
            interrupts_of(other);
            assert_memory_equal(one, other, sizeof(one));
            assert_int_equal(vlapic_pending(SHARED), VECTOR_NONE);
        } else {
            interrupts_of(one);
            assert_memory_equal(one, before, sizeof(one));
        }
    }
    assert_in_range(at_once, ROUNDS / 20U, ROUNDS / 2U);
}

/* What resets an exclusive VM or switches it off must go the ordinary way. */
/* REQ-RT-060 REQ-IO-005 REQ-LIF-040 */
static void ports(void **state)
{
    static const uint16_t number[] = { 0x500U, PART_PORT_SLEEP_CONTROL, PART_PORT_SLEEP_STATUS, PART_PORT_RESET, PART_PORT_RESET + 1U, 0xCF7U, 0xCF8U, 0xCFCU, 0xCFFU, 0xD00U };
    (void)state;
    for (uint32_t n = 0U; n < ROUNDS; n++) {
        vcpu_id_t id = both[next_random() % 4U];
        const struct vm_exit exit = { .reason = HV_EXIT_IO, .length = 1U, .number = number[next_random() % 10U], .size = 1U << (n % 3U),
                                      .write = (next_random() % 2U) == 0U };
        bool named = exit.write && ((exit.number == PART_PORT_SLEEP_CONTROL) || (exit.number == PART_PORT_RESET));
        bool pci = (exit.number >= 0xCF8U) && (exit.number < 0xD00U);
        some_registers(id);
        assert_int_equal(same_both_ways(id, &exit), vms[vcpu_vm(id)].exclusive && !named && !pci);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(cpuid, boot),
        cmocka_unit_test_setup(hypercalls, boot),
        cmocka_unit_test_setup(msr_reads, boot),
        cmocka_unit_test_setup(interrupts_between_exclusive_vcpus, boot),
        cmocka_unit_test_setup(timers_of_shared_vcpus, boot),
        cmocka_unit_test_setup(registers_that_xapic_mode_does_not_have, boot),
        cmocka_unit_test_setup(an_eoi_that_may_have_been_in_memory_is_settled_first, boot),
        cmocka_unit_test_setup(a_timer_that_waits_for_someone_else_is_never_put_off, boot),
        cmocka_unit_test_setup(ends_of_interrupts, boot),
        cmocka_unit_test_setup(ports, boot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
