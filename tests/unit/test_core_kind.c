/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/cpuid.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* Machines whose cores differ: what is refused at boot, and by which name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "core/cpuid.h"
#include "core/partition.h"
#include "core/vm.h"
#include "fake/fake.h"

#include "core/core_kind.c"

#define PERFORMANCE 0x40U
#define EFFICIENCY  0x20U

struct vm vms[MAX_VM];
struct vcpu vcpus[MAX_VCPU];
union partition_storage partition;

static int setup(void **state)
{
    (void)state;
    fake_reset();
    memset(&partition, 0, sizeof(partition));
    boot_seen = false;
    odd_pcpu = ID_NONE;
    partition.table.vm_count = 2U;
    partition.table.vm[0].vcpu_count = 2U;
    partition.table.vm[0].pcpu[0] = 0U;
    partition.table.vm[0].pcpu[1] = 2U;
    partition.table.vm[1].flags = PART_VM_EXCLUSIVE;
    partition.table.vm[1].vcpu_count = 2U;
    partition.table.vm[1].pcpu[0] = 1U;
    partition.table.vm[1].pcpu[1] = 3U;
    fake_cpuid_set(0U, 0U, 0x20U, 0U, 0U, 0U);
    fake_cpuid_set(0x80000000U, 0U, 0x80000008U, 0U, 0U, 0U);
    return 0;
}

/* The calling core is of this kind now. */
static void core(pcpu_id_t id, uint32_t kind)
{
    fake_cpuid_set(7U, 0U, 0U, 0x219C07ABU, 0x98C007ACU, 0xFC1CC410U);
    fake_cpuid_set(0x1AU, 0U, (kind << 24) | 1U, 0U, 0U, 0U);
    fake_cpuid_set(4U, 0U, kind, kind, kind, 0U); /* each has caches of its own */
    core_kind_add(id);
}

/* REQ-CFG-040 */
static void an_exclusive_vm_on_cores_of_one_kind_may_stand_beside_others(void **state)
{
    (void)state;
    core(0U, PERFORMANCE);
    core(1U, EFFICIENCY);
    core(2U, EFFICIENCY); /* the Service VM has both */
    core(3U, EFFICIENCY);
    assert_true(core_kind_check().valid);
}

/* REQ-CFG-040 */
static void an_exclusive_vm_on_both_kinds_is_refused_by_name(void **state)
{
    struct core_kind_verdict verdict;
    (void)state;
    core(0U, PERFORMANCE);
    core(1U, PERFORMANCE);
    core(2U, PERFORMANCE);
    core(3U, EFFICIENCY);
    verdict = core_kind_check();
    assert_false(verdict.valid);
    assert_int_equal(verdict.vm, 1U);
    assert_string_equal(verdict.reason, "performance and efficiency cores in one exclusive VM: ");
}

/* REQ-CFG-040 */
static void one_core_of_the_other_kind_between_two_is_enough(void **state)
{
    (void)state;
    partition.table.vm[1].vcpu_count = 3U;
    partition.table.vm[1].pcpu[2] = 4U;
    core(0U, PERFORMANCE);
    core(1U, PERFORMANCE);
    core(2U, PERFORMANCE);
    core(3U, EFFICIENCY);
    core(4U, PERFORMANCE);
    assert_int_equal(core_kind_check().vm, 1U);
}

static struct core_kind_verdict with_other(uint32_t leaf, uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
    (void)setup(NULL);
    partition.table.vm[1].vcpu_count = 1U;
    core(0U, PERFORMANCE);
    core(1U, PERFORMANCE);
    fake_cpuid_set(leaf, 0U, a, b, c, d);
    core_kind_add(2U);
    return core_kind_check();
}

/* REQ-CFG-040 */
static void a_core_with_other_features_is_refused_with_the_leaf(void **state)
{
    static const struct { uint32_t leaf, reg, bit; } features[] = {
        { 1U, 2U, 0x10000000U }, { 1U, 3U, 0x2000000U }, { 7U, 1U, 0x80000000U }, { 7U, 2U, 0x4U }, { 7U, 3U, 0x400U },
        { 0x80000001U, 2U, 0x20U }, { 0x80000001U, 3U, 0x4000000U }, { 0x80000008U, 0U, 0x30U }, { 0x80000008U, 1U, 0x1U } };
    (void)state;
    for (size_t i = 0U; i < sizeof(features) / sizeof(features[0]); i++) {
        uint32_t reg[4] = { 0U, 0U, 0U, 0U };
        struct core_kind_verdict verdict;
        if (features[i].leaf == 7U) {
            reg[1] = 0x219C07ABU;
            reg[2] = 0x98C007ACU;
            reg[3] = 0xFC1CC410U;
        }
        reg[features[i].reg] ^= features[i].bit;
        verdict = with_other(features[i].leaf, reg[0], reg[1], reg[2], reg[3]);
        assert_false(verdict.valid);
        assert_int_equal(verdict.vm, ID_NONE);
        assert_int_equal(verdict.pcpu, 2U);
        assert_int_equal(verdict.leaf, features[i].leaf);
    }
}

/* REQ-CFG-040 */
static void state_that_a_core_cannot_keep_is_refused(void **state)
{
    struct core_kind_verdict verdict;
    (void)state;
    core(0U, PERFORMANCE);
    fake_xcr0_supported = 3U;
    core(1U, PERFORMANCE);
    fake_xcr0_supported = 7U;
    fake_cpuid_set(1U, 0U, 0U, 0U, 1U, 0U); /* a second difference, elsewhere: the first is told */
    core(2U, PERFORMANCE);
    verdict = core_kind_check();
    assert_false(verdict.valid);
    assert_int_equal(verdict.pcpu, 1U);
    assert_int_equal(verdict.leaf, 0xDU);
}

/* REQ-CFG-040 */
static void what_guests_do_not_see_may_differ(void **state)
{
    (void)state;
    assert_true(with_other(7U, 2U, 0x219C07ABU, 0x98C027ACU, 0xFC1CC410U).valid); /* a subleaf, TME */
    assert_true(with_other(0xAU, 0x7300606U, 0U, 0U, 0U).valid);
    assert_true(with_other(1U, 0x90675U, 0x05000000U, 0x20U, 0U).valid); /* stepping, APIC id, VMX */
}

/* A CPU without leaf 1AH answers there with another leaf's data; one that is not hybrid has no kinds. */
/* REQ-CFG-040 */
static void cores_of_other_cpus_are_of_one_kind(void **state)
{
    (void)state;
    fake_cpuid_set(0U, 0U, 0x16U, 0U, 0U, 0U);
    for (pcpu_id_t id = 0U; id < 4U; id++) {
        core(id, id);
    }
    assert_true(core_kind_check().valid);
    (void)setup(NULL);
    for (pcpu_id_t id = 0U; id < 4U; id++) {
        fake_cpuid_set(0x1AU, 0U, id << 24, 0U, 0U, 0U);
        core_kind_add(id);
    }
    assert_true(core_kind_check().valid);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_exclusive_vm_on_cores_of_one_kind_may_stand_beside_others, setup),
        cmocka_unit_test_setup(an_exclusive_vm_on_both_kinds_is_refused_by_name, setup),
        cmocka_unit_test_setup(one_core_of_the_other_kind_between_two_is_enough, setup),
        cmocka_unit_test_setup(a_core_with_other_features_is_refused_with_the_leaf, setup),
        cmocka_unit_test_setup(state_that_a_core_cannot_keep_is_refused, setup),
        cmocka_unit_test_setup(what_guests_do_not_see_may_differ, setup),
        cmocka_unit_test_setup(cores_of_other_cpus_are_of_one_kind, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
