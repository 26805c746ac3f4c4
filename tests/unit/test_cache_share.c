/* SPDX-License-Identifier: Apache-2.0 */
/* unit-sources: core/cache_offer.c core/cache_share.c fake/hw.c fake/memory.c fake/vcpu_hw.c */
/* Shares of caches and memory bandwidth, on CPUs that no emulator has: what CPUID says, what a scenario may then ask for,
 * and what each class of service gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/cache_share.h"
#include "core/partition.h"
#include "fake/fake.h"
#include "stub_log.h"

#define T partition.table
#define SERVICE T.vm[0].cache
#define RTVM T.vm[1].cache
#define OTHER T.vm[2].cache
#define L2 0U
#define L3 1U
#define INTEL 0x756E6547U /* "Genu" */
#define AMD 0x68747541U   /* "Auth" */
#define HYGON 0x6F677948U

union partition_storage partition;
void log_chars(const char *text, uint32_t size) { (void)text; (void)size; }

static void cpu(uint32_t vendor, uint32_t allocation)
{
    fake_reset();
    memset(&cache_offer, 0, sizeof(cache_offer));
    fake_cpuid_set(0U, 0U, 0x10U, vendor, 0U, 0U);
    fake_cpuid_set(0x80000000U, 0U, 0x80000020U, vendor, 0U, 0U);
    fake_cpuid_set(7U, 0U, 0U, 0x8000U, 0U, 0U);
    fake_cpuid_set(0x10U, 0U, 0U, allocation, 0U, 0U);
}

/* Both caches and linear delays: L2 of 8 ways, L3 of 11 whose upper two devices use, 4 classes for L2. */
static void intel_server(void)
{
    cpu(INTEL, 0xEU);
    fake_cpuid_set(0x10U, 1U, 10U, 0x600U, 0U, 15U);
    fake_cpuid_set(0x10U, 2U, 7U, 0U, 0U, 3U);
    fake_cpuid_set(0x10U, 3U, 89U, 0U, 4U, 7U);
}

/* L3 of 16 ways, and limits of 11 bits. */
static void amd_server(void)
{
    cpu(AMD, 2U);
    fake_cpuid_set(0x10U, 1U, 15U, 0U, 0U, 15U);
    fake_cpuid_set(0x80000008U, 0U, 0U, 0x40U, 0U, 0U);
    fake_cpuid_set(0x80000020U, 0U, 0U, 2U, 0U, 0U);
    fake_cpuid_set(0x80000020U, 1U, 11U, 0U, 0U, 15U);
}

/* Service VM on cores 0 and 1, RTVM alone on core 3, another VM on a shared core. */
static int setup(void **state)
{
    (void)state;
    memset(&partition, 0, sizeof(partition));
    T.vm_count = 3U;
    strcpy(T.vm[0].name, "service");
    T.vm[0].vcpu_count = 2U;
    T.vm[0].pcpu[1] = 1U;
    strcpy(T.vm[1].name, "rtvm");
    T.vm[1].flags = PART_VM_EXCLUSIVE;
    T.vm[1].vcpu_count = 1U;
    T.vm[1].pcpu[0] = 3U;
    strcpy(T.vm[2].name, "other");
    T.vm[2].vcpu_count = 1U;
    T.vm[2].pcpu[0] = 2U;
    intel_server();
    return 0;
}

static struct cache_verdict plan(void)
{
    cache_offer_add();
    return cache_share_plan();
}

static void accepted(void)
{
    const struct cache_verdict verdict = plan();
    assert_string_equal(verdict.reason, "");
    assert_true(verdict.valid);
}

static void refused(const char *reason, uint32_t vm)
{
    const struct cache_verdict verdict = plan();
    assert_false(verdict.valid);
    assert_string_equal(verdict.reason, reason);
    assert_int_equal(verdict.vm, vm);
    cache_share_apply(3U);
    assert_int_equal(fake_class_writes, 0U);
}

static uint32_t class_on(pcpu_id_t pcpu)
{
    cache_share_apply(pcpu);
    return fake_class;
}

/* REQ-RT-051 */
static void the_offer_is_what_intel_cpus_say(void **state)
{
    (void)state;
    fake_cache_split[L2] = true; /* of a register that CPUID does not announce */
    cache_offer_add();
    assert_false(cache_offer.level[L2].split);
    assert_int_equal(cache_offer.level[L2].length, 8U);
    assert_int_equal(cache_offer.level[L3].length, 11U);
    assert_int_equal(cache_offer.level[L2].foreign, 0U);
    assert_int_equal(cache_offer.level[L3].foreign, 0x600U);
    assert_false(cache_offer.level[L3].sparse);
    assert_int_equal(cache_offer.classes, 4U);
    assert_int_equal(cache_offer.bandwidth, BANDWIDTH_DELAY);
    assert_int_equal(cache_offer.delay_most, 90U);
    assert_int_equal(fake_class_writes, 0U);
}

/* REQ-RT-051 */
static void the_offer_is_what_amd_cpus_say(void **state)
{
    (void)state;
    amd_server();
    cache_offer_add();
    assert_int_equal(cache_offer.level[L2].length, 0U);
    assert_int_equal(cache_offer.level[L3].length, 16U);
    assert_true(cache_offer.level[L3].sparse);
    assert_int_equal(cache_offer.classes, 16U);
    assert_int_equal(cache_offer.bandwidth, BANDWIDTH_RATE);
    assert_int_equal(cache_offer.rate_bits, 11U);
}

static void masks_with_gaps_are_amds_hygons_or_announced(void **state)
{
    (void)state;
    cpu(HYGON, 2U);
    cache_offer_add();
    assert_true(cache_offer.level[L3].sparse);
    cpu(INTEL, 6U);
    fake_cpuid_set(0x10U, 1U, 10U, 0U, 8U, 15U);
    cache_offer_add();
    assert_true(cache_offer.level[L3].sparse);
    assert_false(cache_offer.level[L2].sparse);
}

/* REQ-RT-051 */
static void a_cpu_without_the_feature_offers_nothing(void **state)
{
    (void)state;
    fake_cpuid_set(7U, 0U, 0U, 0x7FFFU, 0U, 0U);
    cache_offer_add();
    assert_int_equal(cache_offer.level[L2].length, 0U);
    assert_int_equal(cache_offer.level[L3].length, 0U);
    assert_int_equal(cache_offer.bandwidth, BANDWIDTH_NONE);
}

/* A leaf beyond the highest one answers with another leaf's data. */
static void leaves_beyond_the_highest_are_not_believed(void **state)
{
    (void)state;
    fake_cpuid_set(0U, 0U, 0xDU, INTEL, 0U, 0U);
    cache_offer_add();
    assert_int_equal(cache_offer.level[L3].length, 0U);
    assert_int_equal(cache_offer.bandwidth, BANDWIDTH_NONE);
    amd_server();
    fake_cpuid_set(0x80000000U, 0U, 0x80000008U, AMD, 0U, 0U);
    cache_offer_add();
    assert_int_equal(cache_offer.level[L3].length, 16U);
    assert_int_equal(cache_offer.bandwidth, BANDWIDTH_NONE);
}

static void amds_rates_need_both_bits_and_a_width(void **state)
{
    (void)state;
    amd_server();
    fake_cpuid_set(0x80000008U, 0U, 0U, 0U, 0U, 0U);
    cache_offer_add();
    assert_int_equal(cache_offer.bandwidth, BANDWIDTH_NONE);
    amd_server();
    fake_cpuid_set(0x80000020U, 0U, 0U, 4U, 0U, 0U);
    cache_offer_add();
    assert_int_equal(cache_offer.bandwidth, BANDWIDTH_NONE);
    amd_server();
    fake_cpuid_set(0x80000020U, 1U, 32U, 0U, 0U, 15U);
    cache_offer_add();
    assert_int_equal(cache_offer.bandwidth, BANDWIDTH_NONE);
    amd_server();
    fake_cpuid_set(0x80000020U, 1U, 11U, 0U, 0U, 0xFFFFFFFFU);
    cache_offer_add();
    assert_int_equal(cache_offer.classes, 16U);
}

/* REQ-RT-051 */
static void cores_that_differ_are_noticed(void **state)
{
    const struct { uint32_t subleaf, a, b, c, d; bool split; } other[] = {
        { 1U, 11U, 0x600U, 0U, 15U, false }, /* longer */
        { 1U, 10U, 0x400U, 0U, 15U, false }, /* other foreign ways */
        { 1U, 10U, 0x600U, 8U, 15U, false }, /* gaps */
        { 1U, 10U, 0x600U, 4U, 15U, true },  /* code and data apart */
        { 1U, 10U, 0x600U, 0U, 2U, false },  /* fewer classes */
        { 2U, 6U, 0U, 0U, 3U, false },       /* the other cache */
        { 3U, 89U, 0U, 0U, 7U, false },      /* not linear */
        { 3U, 79U, 0U, 4U, 7U, false },      /* not so far down */
    };
    (void)state;
    for (uint32_t i = 0U; i < (sizeof(other) / sizeof(other[0])); i++) {
        (void)setup(state);
        cache_offer_add();
        cache_offer_add();
        assert_false(cache_offer.uneven);
        fake_cpuid_set(0x10U, other[i].subleaf, other[i].a, other[i].b, other[i].c, other[i].d);
        fake_cache_split[L3] = other[i].split;
        cache_offer_add();
        assert_true(cache_offer.uneven);
    }
    amd_server();
    cache_offer_add();
    fake_cpuid_set(0x80000020U, 1U, 12U, 0U, 0U, 15U); /* a wider field */
    cache_offer_add();
    assert_true(cache_offer.uneven);
    (void)setup(state);
    RTVM.l3_mask = 1U;
    cache_offer_add();
    fake_cpuid_set(7U, 0U, 0U, 0U, 0U, 0U);
    cache_offer_add();
    fake_cpuid_set(7U, 0U, 0U, 0x8000U, 0U, 0U);
    refused("not all cores of this machine can share out the same: remove cache of VM ", 1U);
}

/* REQ-RT-053 */
static void without_shares_no_register_is_written(void **state)
{
    (void)state;
    accepted();
    cache_share_apply(0U);
    cache_share_apply(3U);
    assert_int_equal(fake_class_writes, 0U);
    fake_cpuid_set(7U, 0U, 0U, 0U, 0U, 0U);
    cache_offer_add();
    assert_true(cache_offer.uneven); /* which concerns nobody */
    accepted();
}

/* REQ-RT-050 REQ-RT-053 REQ-ISO-044 */
static void each_core_has_the_class_of_its_vm(void **state)
{
    (void)state;
    RTVM.l2_mask = 0xFU;
    RTVM.l3_mask = 0xF0U;
    SERVICE.l3_mask = 0x0FU;
    SERVICE.bandwidth = 45U;
    accepted();
    assert_int_equal(class_on(3U), 1U);
    assert_int_equal(class_on(0U), 0U);
    assert_int_equal(class_on(1U), 0U);
    assert_int_equal(class_on(2U), 0U); /* a shared core, whosever vCPUs run there */
    assert_int_equal(class_on(5U), 0U); /* nobody's */
    assert_int_equal(fake_cache_mask[L2][1], 0xFU);
    assert_int_equal(fake_cache_mask[L2][0], 0xF0U); /* what is left */
    assert_int_equal(fake_cache_mask[L2][2], 0xF0U);
    assert_int_equal(fake_cache_mask[L3][0], 0x0FU);
    assert_int_equal(fake_cache_mask[L3][1], 0xF0U);
    assert_int_equal(fake_cache_mask[L3][2], 0x700U);
    assert_int_equal(fake_bandwidth_delay[0], 60U); /* down to 40 per cent, a step of this CPU */
    assert_int_equal(fake_bandwidth_delay[1], 0U);
    assert_int_equal(fake_bandwidth_delay[2], 0U);
    assert_int_equal(fake_bandwidth_delay[3], ID_NONE); /* a class without a VM stays as it was */
    assert_int_equal(fake_bandwidth_rate[0], ID_NONE);
}

/* REQ-RT-053 */
static void what_nobody_asks_for_stays_as_it_was(void **state)
{
    (void)state;
    RTVM.l3_mask = 0x7U;
    accepted();
    assert_int_equal(class_on(3U), 1U);
    assert_int_equal(fake_cache_mask[L2][1], ID_NONE);
    assert_int_equal(fake_bandwidth_delay[1], ID_NONE);
    assert_int_equal(fake_cache_mask[L3][0], 0x7F8U);
    assert_int_equal(fake_class_writes, 4U);
    (void)setup(state);
    SERVICE.bandwidth = 50U;
    accepted();
    assert_int_equal(class_on(3U), 1U);
    assert_int_equal(fake_cache_mask[L3][1], ID_NONE);
    assert_int_equal(fake_bandwidth_delay[0], 50U);
}

/* REQ-RT-052 */
static void amds_limit_is_a_part_of_the_boards_bandwidth(void **state)
{
    (void)state;
    amd_server();
    T.board.memory_gbps = 40U;
    SERVICE.bandwidth = 25U;
    accepted();
    assert_int_equal(class_on(0U), 0U);
    assert_int_equal(fake_bandwidth_rate[0], 80U); /* 10 GB/s in eighths */
    assert_int_equal(fake_bandwidth_rate[1], 0x800U); /* unlimited */
    assert_int_equal(fake_bandwidth_delay[0], ID_NONE);
}

/* REQ-RT-051 */
static void what_the_cpu_does_not_have_is_refused_by_name(void **state)
{
    (void)state;
    cpu(INTEL, 4U);
    fake_cpuid_set(0x10U, 2U, 7U, 0U, 0U, 3U);
    RTVM.l3_mask = 1U;
    refused("this CPU has no L3 cache allocation: remove cache.l3 of VM ", 1U);
    (void)setup(state);
    amd_server();
    RTVM.l2_mask = 1U;
    refused("this CPU has no L2 cache allocation: remove cache.l2 of VM ", 1U);
    (void)setup(state);
    cpu(INTEL, 6U);
    SERVICE.bandwidth = 100U;
    refused("this CPU has no allocation of memory bandwidth: remove cache.bandwidth of VM ", 0U);
}

/* REQ-RT-052 */
static void bandwidth_that_cannot_be_held_is_refused_by_name(void **state)
{
    (void)state;
    SERVICE.bandwidth = 9U;
    refused("this CPU cannot hold memory bandwidth so low: raise cache.bandwidth of VM ", 0U);
    (void)setup(state);
    SERVICE.bandwidth = 50U;
    fake_cpuid_set(0x10U, 3U, 89U, 0U, 0U, 7U);
    refused("the delays of this CPU's memory bandwidth allocation are not linear: remove cache.bandwidth of VM ", 0U);
    (void)setup(state);
    SERVICE.bandwidth = 50U;
    fake_cpuid_set(0x10U, 3U, 99U, 0U, 4U, 7U); /* no step is left between 0 and 100 */
    refused("the delays of this CPU's memory bandwidth allocation are not linear: remove cache.bandwidth of VM ", 0U);
    amd_server();
    refused("this CPU limits memory bandwidth in GB/s: add memory_gbps to the board file, or remove cache.bandwidth of VM ", 0U);
    amd_server();
    T.board.memory_gbps = 1U;
    SERVICE.bandwidth = 12U;
    refused("this CPU cannot hold memory bandwidth so low: raise cache.bandwidth of VM ", 0U);
    amd_server();
    T.board.memory_gbps = 256U;
    SERVICE.bandwidth = 100U;
    refused("this CPU cannot express such a bandwidth: correct memory_gbps of the board, or remove cache.bandwidth of VM ", 0U);
}

/* REQ-RT-050 REQ-RT-051 */
static void ways_that_cannot_be_had_are_refused_by_name(void **state)
{
    (void)state;
    RTVM.l3_mask = 0xC00U;
    refused("the L3 cache of this CPU has fewer ways: change cache.l3 of VM ", 1U);
    RTVM.l3_mask = 0x200U;
    refused("not only cores use these ways of the L3 cache: choose others for cache.l3 of VM ", 1U);
    RTVM.l3_mask = 0x3CU;
    refused("the ways of the L3 cache that are left are in pieces: name those at one end in cache.l3 of the others, for VM ", 0U);
    (void)setup(state);
    RTVM.l2_mask = 0xFFU;
    refused("no way of the L2 cache is left: name fewer in cache.l2 of the others, for VM ", 0U);
    (void)setup(state);
    RTVM.l2_mask = 0xFU;
    fake_cpuid_set(0x10U, 2U, 7U, 0U, 4U, 3U);
    fake_cache_split[L2] = true;
    refused("the firmware has switched on code and data prioritization of L2: switch it off, or remove cache.l2 of VM ", 1U);
}

static void the_service_vm_may_have_ways_that_devices_use(void **state)
{
    (void)state;
    SERVICE.l3_mask = 0x700U;
    RTVM.l3_mask = 0xF0U;
    accepted();
}

static void what_is_left_may_be_in_pieces_where_the_cpu_takes_it(void **state)
{
    (void)state;
    amd_server();
    RTVM.l3_mask = 0x3CU;
    accepted();
    assert_int_equal(class_on(0U), 0U);
    assert_int_equal(fake_cache_mask[L3][0], 0xFFC3U);
}

/* A mask of 32 bits is the longest that CPUID can express. */
static void masks_may_be_as_long_as_they_can_be(void **state)
{
    (void)state;
    fake_cpuid_set(0x10U, 1U, 31U, 0U, 0U, 15U);
    RTVM.l3_mask = 0xFFFF0000U;
    accepted();
    assert_int_equal(class_on(0U), 0U);
    assert_int_equal(fake_cache_mask[L3][0], 0xFFFFU);
}

static void code_and_data_apart_in_the_other_cache_does_not_matter(void **state)
{
    (void)state;
    fake_cpuid_set(0x10U, 1U, 10U, 0x600U, 4U, 15U);
    fake_cache_split[L3] = true;
    RTVM.l2_mask = 0xFU;
    accepted();
    assert_true(cache_offer.level[L3].split);
    fake_cache_split[L3] = false;
    memset(&cache_offer, 0, sizeof(cache_offer));
    accepted();
    assert_false(cache_offer.level[L3].split);
}

/* REQ-RT-051 */
static void too_few_classes_are_refused_by_name(void **state)
{
    (void)state;
    fake_cpuid_set(0x10U, 2U, 7U, 0U, 0U, 1U);
    RTVM.l3_mask = 0x7U;
    refused("this CPU has fewer classes of service than there are VMs: remove cache of VM ", 1U);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_offer_is_what_intel_cpus_say, setup),
        cmocka_unit_test_setup(the_offer_is_what_amd_cpus_say, setup),
        cmocka_unit_test_setup(masks_with_gaps_are_amds_hygons_or_announced, setup),
        cmocka_unit_test_setup(a_cpu_without_the_feature_offers_nothing, setup),
        cmocka_unit_test_setup(leaves_beyond_the_highest_are_not_believed, setup),
        cmocka_unit_test_setup(amds_rates_need_both_bits_and_a_width, setup),
        cmocka_unit_test_setup(cores_that_differ_are_noticed, setup),
        cmocka_unit_test_setup(without_shares_no_register_is_written, setup),
        cmocka_unit_test_setup(each_core_has_the_class_of_its_vm, setup),
        cmocka_unit_test_setup(what_nobody_asks_for_stays_as_it_was, setup),
        cmocka_unit_test_setup(amds_limit_is_a_part_of_the_boards_bandwidth, setup),
        cmocka_unit_test_setup(what_the_cpu_does_not_have_is_refused_by_name, setup),
        cmocka_unit_test_setup(bandwidth_that_cannot_be_held_is_refused_by_name, setup),
        cmocka_unit_test_setup(ways_that_cannot_be_had_are_refused_by_name, setup),
        cmocka_unit_test_setup(the_service_vm_may_have_ways_that_devices_use, setup),
        cmocka_unit_test_setup(what_is_left_may_be_in_pieces_where_the_cpu_takes_it, setup),
        cmocka_unit_test_setup(masks_may_be_as_long_as_they_can_be, setup),
        cmocka_unit_test_setup(code_and_data_apart_in_the_other_cache_does_not_matter, setup),
        cmocka_unit_test_setup(too_few_classes_are_refused_by_name, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
